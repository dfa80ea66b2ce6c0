/** What package.json promises to those who install the package is there. */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const manifest = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
  readonly bin: Readonly<Record<string, string>>
  readonly exports: Readonly<
    Record<string, { readonly source: string; readonly types: string; readonly default: string }>
  >
}

test('every export and command of the package has a source', () => {
  for (const path of Object.values(manifest.bin)) expect(existsSync(root + path), path).toBe(true)
  for (const { source } of Object.values(manifest.exports)) expect(existsSync(root + source), source).toBe(true)
})

test('every export is built where it is looked for', () => {
  for (const { source, types, default: built } of Object.values(manifest.exports)) {
    const name = source.replace(/^\.\//, '').replace(/\.ts$/, '')
    expect({ types, built }).toEqual({ types: `./dist/${name}.d.ts`, built: `./dist/${name}.js` })
  }
})
