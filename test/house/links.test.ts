/**
 * Pages lead where they say: every link between pages, with its heading; the files that they name are there; and the indexes
 * name every page of their folder.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
]

const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const outsideOfCode = (text: string): string => text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '')

/** Names that headings have in the address, as code hosts make them. */
function headings(text: string): ReadonlySet<string> {
  const titles = [...text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/^#+ (.*)$/gm)].map(([, title]) => title as string)
  return new Set(
    titles.map((title) =>
      title
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}

/** Links of `text`, standing at `path`, that lead nowhere. */
function broken(path: string, text: string): string[] {
  const targets = [...outsideOfCode(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target as string)
  return targets
    .filter((target) => !/^[a-z]+:/.test(target))
    .filter((target) => {
      const [file = '', heading] = target.split('#')
      const place = file === '' ? path : join(dirname(path), file)
      if (!existsSync(join(root, place))) return true
      return heading !== undefined && !headings(file === '' ? text : read(place)).has(heading)
    })
}

describe('links', () => {
  it.each(pages)('of %s lead somewhere', (path) => {
    expect(broken(path, read(path))).toEqual([])
  })

  it('that lead nowhere are found', () => {
    const text = '# A title\n[a](#a-title) [b](#b) [c](README.md) [d](docs/none.md) [e](https://e.org) `[f](g)`'
    expect(broken('README.md', text)).toEqual(['#b', 'docs/none.md'])
  })
})

const named =
  /`((?:core|proto|sdk|connectors|taskmanager|jobmanager|broker|cli|test|bench|scripts|examples|deploy|docs)\/[\w./-]+\.\w+)`/g

/** Files named in `text` that are not there. */
function missing(text: string): string[] {
  const paths = [...text.replace(/^```[\s\S]*?^```/gm, '').matchAll(named)].map(([, path]) => path as string)
  return paths.filter((path) => !existsSync(join(root, path)))
}

describe('files', () => {
  it.each(pages)('that %s names are there', (path) => {
    expect(missing(read(path))).toEqual([])
  })

  it('that are not there are found', () => {
    expect(missing('`core/assert.ts` `core/none.ts` `test/house/`')).toEqual(['core/none.ts'])
  })
})

describe('indexes', () => {
  it.each(['docs/concepts', 'docs/decisions'])('of %s name every page', (folder) => {
    const index = read(`${folder}/README.md`)
    const left = readdirSync(join(root, folder)).filter((name) => name !== 'README.md' && !index.includes(`(${name})`))
    expect(left, `${folder}/README.md`).toEqual([])
  })

  it('number decisions once each, as their pages do', () => {
    const names = readdirSync(join(root, 'docs/decisions')).filter((name) => name !== 'README.md')
    const numbers = names.map((name) => name.slice(0, 4))
    expect(new Set(numbers).size).toBe(numbers.length)
    for (const name of names)
      expect(read(`docs/decisions/${name}`), name).toMatch(new RegExp(`^# ${name.slice(0, 4)} `))
  })
})
