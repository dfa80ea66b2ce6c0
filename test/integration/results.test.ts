/** Results on their way to a client: the JobManager may be restarted, and a client may read slowly or not at all. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { loadJob } from '../../cli/load-job.ts'
import { type RunningJobManager, startJobManager } from '../../jobmanager/main.ts'
import { type ClusterClient, createClusterClient } from '../../proto/client.ts'
import { type RunningTaskManager, startTaskManager } from '../../taskmanager/main.ts'
import { freePort } from '../support/ports.ts'

let directory: string
let options: Record<string, string>
let jobManager: RunningJobManager
let taskManager: RunningTaskManager
let client: ClusterClient

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-results-'))
  options = {
    'jobmanager.rpc.port': String(await freePort()),
    'jobmanager.data-dir': join(directory, 'jobmanager'),
    'taskmanager.data-dir': join(directory, 'taskmanager'),
    'taskmanager.memory.network.size': '16mb',
    'taskmanager.memory.task.heap.size': '128mb',
    'cluster.registration.max-timeout': '100ms',
    'execution.checkpointing.interval': '30ms',
  }
  jobManager = await startJobManager(options)
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
})

test('a sink whose results nobody reads stops its source, and goes on when they are read', async () => {
  const count = 100_000
  const job = await submit('unread', count, 50_000, '64kb')
  // Its input would be over in two seconds: instead it stands, and checkpoints of what stands there go on. Far more than fits
  // into what lies between source and sink, or the source would be at its end, and the checkpoint behind the end waits.
  let first = 0
  await expect
    .poll(async () => {
      const newest = (await client.info(job)).checkpoints.find(({ state }) => state === 'completed')
      first ||= newest?.triggeredMs ?? 0
      return newest !== undefined && newest.triggeredMs - first > 2500
    })
    .toBe(true)
  expect((await client.info(job)).status.state).toBe('running')
  const seen: number[] = []
  for await (const { records } of client.results(job))
    for (const record of records) seen.push((record as { n: number }).n)
  expect(seen).toEqual(Array.from({ length: count }, (_, n) => n))
})

describe('results of a job that has ended', () => {
  const kept = (job: string): string[] =>
    readdirSync(join(directory, 'jobmanager', 'jobs', job)).filter((name) => name.startsWith('results-'))

  async function ended(name: string): Promise<string> {
    const job = await submit(name, 3000, 100_000, '16mb')
    for await (const status of client.watch(job)) if (status.terminal) break
    return job
  }

  async function restart(more: Readonly<Record<string, string>> = {}): Promise<void> {
    await jobManager.close()
    jobManager = await startJobManager({ ...options, ...more })
  }

  async function read(job: string, most = Number.POSITIVE_INFINITY): Promise<number[]> {
    const seen: number[] = []
    for await (const { records } of client.results(job)) {
      for (const record of records) seen.push((record as { n: number }).n)
      if (seen.length >= most) break
    }
    return seen
  }
  const all = Array.from({ length: 3000 }, (_, n) => n)

  test('are there after a restart of the JobManager, and gone from its store when somebody has read them', async () => {
    const job = await ended('kept')
    expect(kept(job)).toHaveLength(1)
    await restart()
    await restart()
    expect(await read(job)).toEqual(all)
    await expect.poll(() => kept(job)).toEqual([])
    await restart()
    // Another reader: there is nothing left for it, and nothing is missing.
    expect(await read(job)).toEqual([])
  })

  test('are read on by a reader that had some of them', async () => {
    const job = await ended('half')
    const seen: number[] = []
    for await (const { records } of client.results(job)) {
      for (const record of records) seen.push((record as { n: number }).n)
      if (seen.length < 3000) await restart()
    }
    expect(seen).toEqual(all)
  })

  test('are named when they were more than may be kept', async () => {
    await restart({ 'jobmanager.results.retained-size': '0' })
    const job = await ended('too-many')
    expect(kept(job)).toEqual([])
    await restart()
    await expect(read(job)).rejects.toThrow('results 0 to 2999 of out (subtask 0) are lost')
  })

  test('that were altered in the store are not given out', async () => {
    const job = await ended('altered')
    const [name = ''] = kept(job)
    const path = join(directory, 'jobmanager', 'jobs', job, name)
    writeFileSync(path, readFileSync(path, 'utf8').replace('"n":7}', '"n":8}'))
    await restart()
    await expect(read(job)).rejects.toMatchObject({
      code: 'JOBMANAGER_STORE_UNREADABLE',
      message: expect.stringContaining(`${name}, which cannot be read: it was altered`),
    })
    expect(kept(job)).toEqual([name])
  })
})
