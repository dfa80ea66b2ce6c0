/** State larger than the memory of a process is written, restored and merged through storage that cannot block. */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { residentMb } from '../../bench/lib/processes.ts'
import { readOutputs, totalOf, writeControl } from '../../bench/lib/state-control.ts'
import { submitStateJob } from '../../bench/state/large-job.ts'
import { ChaosCluster } from '../chaos/cluster.ts'
import { launchedEnvironment } from '../support/launched.ts'

const directory = mkdtempSync(join(tmpdir(), 'millrace-large-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

test('a run of 200 MB is written and restored with 8 MB for RocksDB and 64 MB of heap', async () => {
  const script = fileURLToPath(new URL('../support/large-restore.ts', import.meta.url))
  const stateBytes = 200_000_000
  // Garbage that V8 has not collected yet is none of the state's memory: it may be 12 MB, as slots have a limit for it, too.
  const limits = ['--max-old-space-size=64', '--max-semi-space-size=4']
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--conditions=source', ...limits, script, directory, String(stateBytes), String(8 << 20)],
    { env: launchedEnvironment() },
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
  expect(result.grownBytes).toBeLessThan(120_000_000)
})

test('the resident memory of a TaskManager stays where it is while a count of far more keys than fit into its memory goes on', async () => {
  const keys = 200_000
  const cluster = await ChaosCluster.start({ taskManagers: 1, slots: 1, options: {} })
  try {
    const taskManager = cluster.taskManagers[0]?.child.pid ?? 0
    const emptyMb = residentMb(taskManager)
    const control = join(cluster.directory, 'count')
    mkdirSync(control)
    writeControl(control, { hot: keys })
    const jobId = await submitStateJob(cluster.client, control, 1, {
      'large.shape': 'count',
      'large.keys': String(keys),
      'state.backend.type': 'rocksdb',
      'state.backend.rocksdb.memory': '8mb',
      'execution.checkpointing.interval': '2s',
    })
    // V8 and malloc have then what they come to have.
    await cluster.until('a steady state', async () => totalOf(readOutputs(control)) >= 14 * keys)
    const samples: number[] = []
    for (const end = performance.now() + 14_000; performance.now() < end; samples.push(residentMb(taskManager)))
      await new Promise((resolve) => setTimeout(resolve, 100))
    const { status, checkpoints } = await cluster.client.info(jobId)
    expect(status.state).toBe('running')
    expect(checkpoints.length).toBeGreaterThan(1)
    const mean = (from: number, to: number): number => {
      const part = samples.slice(samples.length * from, samples.length * to)
      return part.reduce((sum, each) => sum + each, 0) / part.length
    }
    const [first, last] = [mean(0, 1 / 2), mean(1 / 2, 1)]
    expect(last / first).toBeLessThan(1.06)
    expect(last - emptyMb).toBeLessThan(130)
  } finally {
    await cluster.close()
  }
})
