/** The compiler's word on test/types/*.test-d.ts: every line marked with @ts-expect-error is an error, and nothing else is. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const made: string[] = []

afterAll(async () => {
  for (const directory of made) await rm(directory, { recursive: true })
})

async function compile(files: string[], options: Record<string, unknown> = {}): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-types-'))
  made.push(directory)
  const project = join(directory, 'tsconfig.json')
  await writeFile(
    project,
    JSON.stringify({
      extends: join(root, 'tsconfig.json'),
      compilerOptions: { typeRoots: [join(root, 'node_modules/@types')], ...options },
      include: [],
      files,
    }),
  )
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  return promisify(execFile)(process.execPath, [tsc, '-p', project], { cwd: root }).then(
    ({ stdout }) => stdout,
    (error: { stdout: string }) => error.stdout,
  )
}

it('lets programs ask of a cluster only what it can do', async () => {
  expect(await compile([join(root, 'test/types/client.test-d.ts')])).toBe('')
})

it('refuses wrong fields, states, outputs, sinks, durations and missing uids, and infers the rest', async () => {
  expect(await compile([join(root, 'test/types/job.test-d.ts')])).toBe('')
})

it('refuses migrations that end with another type, or whose functions do not fit', async () => {
  expect(await compile([join(root, 'test/types/migration.test-d.ts')])).toBe('')
})

it('gives the same answers in a project without exactOptionalPropertyTypes', async () => {
  expect(await compile([join(root, 'test/types/job.test-d.ts')], { exactOptionalPropertyTypes: false })).toBe('')
})
