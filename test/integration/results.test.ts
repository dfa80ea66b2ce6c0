/** Results on their way to a client: the JobManager may be restarted, and a client may read slowly or not at all. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadJob } from '../../cli/load-job.ts'
import { type RunningJobManager, startJobManager } from '../../jobmanager/main.ts'
import { type ClusterClient, createClusterClient } from '../../proto/client.ts'
import { type RunningTaskManager, startTaskManager } from '../../taskmanager/main.ts'

let directory: string
let options: Record<string, string>
let jobManager: RunningJobManager
let taskManager: RunningTaskManager
let client: ClusterClient

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-results-'))
  options = {
    'jobmanager.rpc.port': '0',
    'jobmanager.data-dir': join(directory, 'jobmanager'),
    'taskmanager.data-dir': join(directory, 'taskmanager'),
    'taskmanager.memory.network.size': '16mb',
    'taskmanager.memory.task.heap.size': '128mb',
    'cluster.registration.max-timeout': '100ms',
    'execution.checkpointing.interval': '30ms',
  }
  jobManager = await startJobManager(options)
  options['jobmanager.rpc.port'] = jobManager.address.slice(jobManager.address.lastIndexOf(':') + 1)
  taskManager = await startTaskManager(options)
  client = createClusterClient({ address: jobManager.address })
})
afterEach(async () => {
  client.close()
  await taskManager.close()
  await jobManager.close()
  rmSync(directory, { recursive: true, force: true })
})

async function submit(name: string, count: number, rate: number, buffer: string): Promise<string> {
  const path = join(directory, `${name}.ts`)
  writeFileSync(
    path,
    `import { defineJob, sink, source, t } from 'millrace'
export default defineJob('${name}', (env) => {
  env
    .from(source.generator({ type: t.object({ n: t.float64() }), count: ${count}, rate: ${rate}, create: (n) => ({ n }) }), { uid: 'numbers' })
    .to(sink.collect({ buffer: '${buffer}' }), { uid: 'out' })
})
`,
  )
  const { plan, bundle, options: given } = await loadJob(path, {}, 1)
  return (await client.submit({ plan, bundle: Buffer.from(bundle.code), options: given })).jobId
}

test('a reader has every result once although the JobManager is restarted twice', async () => {
  const job = await submit('restarted', 4000, 2000, '16mb')
  const seen: number[] = []
  const restartAt = [500, 2000]
  for await (const { records } of client.results(job)) {
    for (const record of records) seen.push((record as { n: number }).n)
    if (seen.length < (restartAt[0] ?? Number.POSITIVE_INFINITY)) continue
    restartAt.shift()
    await jobManager.close()
    jobManager = await startJobManager(options)
  }
  expect(seen).toEqual(Array.from({ length: 4000 }, (_, n) => n))
}, 40_000)

test('a sink whose results nobody reads stops its source, and goes on when they are read', async () => {
  const job = await submit('unread', 20_000, 50_000, '64kb')
  // Its input would be over in half a second: instead, a checkpoint waits behind records that nobody takes.
  await expect
    .poll(
      async () => {
        const [newest] = (await client.info(job)).checkpoints
        return newest?.state === 'pending' && Date.now() - newest.triggeredMs > 1000
      },
      { timeout: 15_000 },
    )
    .toBe(true)
  expect((await client.info(job)).status.state).toBe('running')
  const seen: number[] = []
  for await (const { records } of client.results(job))
    for (const record of records) seen.push((record as { n: number }).n)
  expect(seen).toEqual(Array.from({ length: 20_000 }, (_, n) => n))
}, 40_000)

test('results of a job that has ended are gone with the JobManager, and the reader is told which', async () => {
  const job = await submit('ended', 10, 1000, '16mb')
  for await (const status of client.watch(job)) if (status.terminal) break
  await jobManager.close()
  jobManager = await startJobManager(options)
  const reading = async (): Promise<void> => {
    for await (const _ of client.results(job)) break
  }
  await expect(reading()).rejects.toThrow('results 0 to 9 of out (subtask 0) are lost')
})
