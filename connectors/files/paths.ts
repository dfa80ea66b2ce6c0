/** Which files a path names: a file, all files of a directory, or a pattern with `*`, `?` and `**`. */
import { basename, dirname, join } from 'node:path'
import type { Disk } from '../../core/platform/disk.ts'

const hidden = (name: string): boolean => name.startsWith('.')

export const isPattern = (path: string): boolean => /[*?]/.test(path)

/** Paths of the files there are now, sorted. Hidden files are never meant. Empty when there is nothing. */
export function findFiles(disk: Disk, path: string): string[] {
  if (!isPattern(path)) {
    const stat = disk.stat(path)
    if (stat === undefined) return []
    if (!stat.isDirectory) return [path]
    return disk
      .list(path)
      .filter((name) => !hidden(name))
      .map((name) => join(path, name))
      .filter((each) => disk.stat(each)?.isDirectory === false)
  }
  let root = path
  while (isPattern(root)) root = dirname(root)
  const matches = patternOf(path)
  const deep = path.includes('**')
    ? Number.POSITIVE_INFINITY
    : path.slice(root.length).split('/').filter(Boolean).length
  const found: string[] = []
  const walk = (directory: string, depth: number): void => {
    for (const name of disk.stat(directory)?.isDirectory ? disk.list(directory) : []) {
      if (hidden(name)) continue
      const each = join(directory, name)
      if (disk.stat(each)?.isDirectory) {
        if (depth < deep) walk(each, depth + 1)
      } else if (matches.test(each)) found.push(each)
    }
  }
  walk(root, 1)
  return found.sort()
}

function patternOf(path: string): RegExp {
  const text = join(dirname(path), basename(path))
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*\*\/|\*\*|\*|\?/g, (wild) =>
      wild === '**/' ? '(?:.*/)?' : wild === '**' ? '.*' : wild === '*' ? '[^/]*' : '[^/]',
    )
  return new RegExp(`^${text}$`)
}
