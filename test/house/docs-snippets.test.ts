/** The SDK page compiles, and the page of connectors names tests that exist. */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const page = (name: string): string => readFileSync(`${root}docs/reference/${name}`, 'utf8')

/** Stands before snippets that are not whole files. */
const preamble = `import { avg, count, defineJob, type Environment, field, max, min, sink, source, type Stream, state, sum, type TypeOf, t, window } from 'millrace'
const Bid = t.object({ auction: t.float64(), bidder: t.float64(), price: t.float64(), channel: t.string(), at: t.timestamp() })
export function snippet(env: Environment, bids: Stream<TypeOf<typeof Bid>>): void {
`

async function errorsOf(snippets: readonly string[]): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-docs-'))
  try {
    const files = snippets.map((snippet, index) => {
      const path = join(directory, `snippet-${index + 1}.ts`)
      writeFileSync(path, snippet.startsWith('import ') ? snippet : `${preamble}${snippet}}\n`)
      return path
    })
    const compilerOptions = {
      typeRoots: [`${root}node_modules/@types`],
      paths: { millrace: [`${root}millrace.ts`], 'millrace/client': [`${root}cli/client.ts`] },
    }
    const project = join(directory, 'tsconfig.json')
    // Modules by extension: the directory has no package.json.
    writeFileSync(join(directory, 'package.json'), '{"type":"module"}')
    writeFileSync(
      project,
      JSON.stringify({ extends: `${root}tsconfig.json`, compilerOptions, include: [`${root}core/**/*.d.ts`], files }),
    )
    const tsc = `${root}node_modules/typescript/bin/tsc`
    return await promisify(execFile)(process.execPath, [tsc, '-p', project], { cwd: root }).then(
      ({ stdout }) => stdout,
      (error: { stdout: string }) => error.stdout,
    )
  } finally {
    rmSync(directory, { recursive: true })
  }
}

const snippetsOf = (text: string): string[] =>
  [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code as string)

test('every snippet of the SDK page compiles, and one that does not is noticed', async () => {
  const snippets = snippetsOf(page('sdk.md'))
  expect(snippets.length).toBeGreaterThan(10)
  const errors = (await errorsOf([...snippets, "bids.project('nope')\n"])).split('\n')
  const first = errors.filter((line) => line.includes('error TS'))
  expect(first).toEqual([expect.stringMatching(new RegExp(`snippet-${snippets.length + 1}\\.ts.*'"nope"'`))])
})

test('every test that the page of connectors names exists', () => {
  const named = [...page('connectors.md').matchAll(/\[([\w/.-]+\.test\.ts) "([^"]+)"\]/g)]
  expect(named.length).toBeGreaterThan(15)
  for (const [, file, title] of named) {
    const text = readFileSync(`${root}test/${file}`, 'utf8')
    expect(text.includes(`'${title}'`), `${file} has no test "${title}"`).toBe(true)
  }
})
