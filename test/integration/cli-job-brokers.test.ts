/** Where the brokers of a job come from when it names none: a definition, the environment, the file; or a sentence. */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runCliProcess } from '../support/cli-process.ts'

let directory: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-brokers-'))
  copyFileSync(fileURLToPath(new URL('./kafka-waiting-job.ts', import.meta.url)), join(directory, 'job.ts'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

// Nobody listens there: a job that was built is refused by the network only.
const run = (...more: string[]) => runCliProcess(directory, 'run', 'job.ts', '-m', '127.0.0.1:1', '--json', ...more)

test('a job that names no brokers is refused when nobody else does, and told how to', async () => {
  const { code, notes, out } = await run()
  expect(code).toBe(1)
  expect(notes + out).toContain('KAFKA_CONNECTOR_NO_BROKERS')
  expect(notes + out).toContain('MILLRACE_KAFKA_BROKERS')
  // To look at the plan nobody has to know where they are.
  expect(await runCliProcess(directory, 'info', 'job.ts')).toMatchObject({ code: 0, notes: '' })
})

test('a definition, the environment and the file name them', async () => {
  const built = async (more: string[]): Promise<void> => {
    const { notes, out } = await run(...more)
    expect(notes + out).toContain('"code":"RPC_')
  }
  await built(['-D', 'kafka.brokers=127.0.0.1:2'])
  process.env.MILLRACE_KAFKA_BROKERS = '127.0.0.1:3'
  try {
    await built([])
  } finally {
    delete process.env.MILLRACE_KAFKA_BROKERS
  }
  writeFileSync(join(directory, 'millrace.yaml'), 'kafka.brokers: 127.0.0.1:4\n')
  await built([])
})
