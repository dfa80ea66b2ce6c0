/** State larger than the memory of a process is written, restored and merged through storage that cannot block. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { launchedEnvironment } from '../support/launched.ts'

const directory = mkdtempSync(join(tmpdir(), 'millrace-large-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

test('a run of 200 MB is written and restored with 8 MB for RocksDB and 64 MB of heap', async () => {
  const script = fileURLToPath(new URL('../support/large-restore.ts', import.meta.url))
  const stateBytes = 200_000_000
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--conditions=source', '--max-old-space-size=64', script, directory, String(stateBytes), String(8 << 20)],
    { timeout: 240_000, env: launchedEnvironment() },
  )
  const result = JSON.parse(stdout) as {
    found: number
    count: number
    entries: number
    stored: number
    grownBytes: number
  }
  expect(result.entries).toBeGreaterThanOrEqual(result.count)
  expect(result.found).toBe(Math.ceil(result.entries / (256 * 64)) * 256)
  expect(result.stored).toBeGreaterThan(140_000_000)
  // Heap, code and buffers of any process; nothing that grows with the state.
  expect(result.grownBytes).toBeLessThan(150_000_000)
}, 300_000)
