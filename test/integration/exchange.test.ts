/** Jobs that exchange records between slots and TaskManagers: none of them stands still, none works for nothing. */
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { JobInfo, SubtaskInfo } from '../../proto/client.ts'
import { type EngineCluster, startEngineCluster } from '../support/engine-cluster.ts'
import { until } from '../support/until.ts'

const file = fileURLToPath(new URL('./exchange-job.ts', import.meta.url))
let cluster: EngineCluster

beforeAll(async () => {
  // Few segments, so that slots wait for memory and room all the time.
  const options = { 'taskmanager.memory.network.size': '2mb', 'taskmanager.memory.segment-size': '32kb' }
  cluster = await startEngineCluster({ taskManagers: 2, slots: 3, options })
})
afterAll(() => cluster.close())

async function start(parallelism: number, given: Readonly<Record<string, string>>): Promise<string> {
  return cluster.submit(await cluster.load(file, given, parallelism))
}

/** Runs a job to its end and counts its results. */
async function run(parallelism: number, records: number, pause: number): Promise<void> {
  const jobId = await start(parallelism, { 'exchange.records': String(records), 'exchange.pause': String(pause) })
  const counted = (async () => {
    let count = 0
    for await (const batch of cluster.client.results(jobId)) count += batch.records.length
    return count
  })()
  const [count] = await Promise.all([counted, cluster.finished(jobId)])
  expect(count).toBe(records)
}

/** From a single record to many batches; some with a slow end. */
const shapes = [
  [1, 0],
  [100, 0],
  [3000, 0],
  [3000, 2000],
  [20_000, 0],
] as const

test('200 short jobs, one after the other and side by side, all come to their end', async () => {
  const series = async (parallelism: readonly number[], count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      const [records, pause] = shapes[i % shapes.length]
      await run(parallelism[i % parallelism.length], records, pause)
    }
  }
  await series([2, 3], 60)
  await Promise.all([series([2], 70), series([3], 70)])
})

const subtasksOf = ({ vertices }: JobInfo): SubtaskInfo[] => vertices.flatMap(({ subtasks }) => subtasks)

/** The job after its next two reports of metrics at least. */
async function later(jobId: string, before: JobInfo, ms: number): Promise<JobInfo> {
  const total = (info: JobInfo): number => Math.min(...subtasksOf(info).map(timeOf))
  const begin = total(before)
  await expect.poll(async () => total(await cluster.client.info(jobId)) - begin).toBeGreaterThan(ms)
  return cluster.client.info(jobId)
}

/** Every subtask has reported its metrics. */
const reported = (jobId: string): Promise<void> =>
  expect.poll(async () => Math.min(...subtasksOf(await cluster.client.info(jobId)).map(timeOf))).toBeGreaterThan(0)

async function cancel(jobId: string): Promise<void> {
  await cluster.client.cancel(jobId)
  await expect.poll(async () => (await cluster.client.info(jobId)).status.state).toBe('canceled')
}

const timeOf = ({ busyMs, idleMs, backpressuredMs }: SubtaskInfo): number => busyMs + idleMs + backpressuredMs

test('busy, idle and backpressured time add up to the time that passes, and say who is slow', async () => {
  const jobId = await start(2, { 'exchange.records': '100000000', 'exchange.pause': '100000' })
  await reported(jobId)
  const [beforeMs, before] = [performance.now(), await cluster.client.info(jobId)]
  const last = before.vertices.length - 1
  await until(async () => {
    const now = await cluster.client.info(jobId)
    const passedMs = performance.now() - beforeMs
    // What is told was true when it was reported: the longer it goes on, the less that counts.
    const shares = subtasksOf(now).map((each, i) => (timeOf(each) - timeOf(subtasksOf(before)[i])) / passedMs)
    const [first, slow] = [0, last].map((v) => {
      const [was, is] = [before.vertices[v].subtasks[0], now.vertices[v].subtasks[0]]
      return {
        busyMs: is.busyMs - was.busyMs,
        idleMs: is.idleMs - was.idleMs,
        backpressuredMs: is.backpressuredMs - was.backpressuredMs,
      }
    })
    const addUp = shares.every((share) => Math.abs(share - 1) < 0.1)
    return addUp && first.backpressuredMs > first.busyMs && slow.busyMs > slow.idleMs
  }, 100)
  await cancel(jobId)
})

test('a job that waits for its source uses next to no CPU', async () => {
  const jobId = await start(3, { 'exchange.records': '1000000', 'exchange.rate': '2' })
  await reported(jobId)
  // What the start has left to do ends after a while.
  await expect
    .poll(async () => {
      const before = await cluster.client.info(jobId)
      const [beforeMs, cpu] = [performance.now(), process.cpuUsage()]
      await later(jobId, before, 1500)
      const { user, system } = process.cpuUsage(cpu)
      return (user + system) / 1000 / (performance.now() - beforeMs)
    })
    .toBeLessThan(0.15)
  await cancel(jobId)
})
