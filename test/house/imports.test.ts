/** Holds every source file to the rules of the house. What the rules are, and that they bite, stands in rules.test.ts. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { floors, type HouseFile, rules, wiringRooms } from './rules.ts'
import { readSource } from './source-text.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

function sourceFiles(directory: string): string[] {
  return readdirSync(join(root, directory)).flatMap((name) => {
    const path = `${directory}/${name}`
    if (statSync(join(root, path)).isDirectory()) {
      // Written by generators; nobody reads or edits them.
      return name === 'generated' || path === 'proto/kafka/messages' || name === 'node_modules' || name.startsWith('.')
        ? []
        : sourceFiles(path)
    }
    return /\.(ts|cjs|mjs)$/.test(name) && !name.endsWith('.d.ts') ? [path] : []
  })
}

const rooms = readdirSync(root).filter((name) => name in floors || wiringRooms.includes(name))
const door = readdirSync(root).filter((name) => name === 'millrace.ts')
const files: HouseFile[] = [...door, ...rooms.flatMap(sourceFiles)].map((path) => ({
  path,
  text: readFileSync(join(root, path), 'utf8'),
}))
const sources = files.map((file) => readSource(file.text))

describe('the house', () => {
  it('has something to look at', () => {
    expect(files.length).toBeGreaterThan(50)
    expect(rooms).toContain('core')
  })

  for (const [promise, rule] of Object.entries(rules)) {
    it(promise, () => {
      expect(files.flatMap((file, index) => rule(file, sources[index] as (typeof sources)[number]))).toEqual([])
    })
  }

  it('has decided on each dependency in docs/decisions', () => {
    const decisions = readdirSync(join(root, 'docs/decisions')).map((name) =>
      readFileSync(join(root, 'docs/decisions', name), 'utf8'),
    )
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<
      string,
      Record<string, string>
    >
    const names = Object.keys({
      ...manifest.dependencies,
      ...manifest.optionalDependencies,
      ...manifest.devDependencies,
    })
    expect(names.filter((name) => !decisions.some((text) => text.includes(`\`${name}\``)))).toEqual([])
  })

  it('depends on exact versions', () => {
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<
      string,
      Record<string, string>
    >
    const versions = { ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.devDependencies }
    expect(Object.entries(versions).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([])
  })

  it('locks every package that a locked one asks for, also those of other platforms: else a clean clone does not install', () => {
    const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
      readonly packages: Readonly<
        Record<string, Readonly<Record<string, Readonly<Record<string, string>> | undefined>>>
      >
    }
    const missing = Object.entries(packages).flatMap(([path, { dependencies, optionalDependencies }]) =>
      Object.keys({ ...dependencies, ...optionalDependencies })
        .filter((name) => !placesOf(path, name).some((place) => place in packages))
        .map((name) => `${path || 'package.json'} wants ${name}`),
    )
    expect(missing).toEqual([])
  })
})

/** Where a package at `path` finds the package `name`, nearest first. */
function placesOf(path: string, name: string): string[] {
  const parts = path === '' ? [] : path.split('/node_modules/')
  return parts
    .map((_, at) => `${parts.slice(0, parts.length - at).join('/node_modules/')}/node_modules/${name}`)
    .concat(`node_modules/${name}`)
}
