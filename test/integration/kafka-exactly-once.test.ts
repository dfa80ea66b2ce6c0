/**
 * Exactly once from end to end, as real processes: a job fills a topic, another counts it into a second one, while a
 * TaskManager and the broker are killed and started again. A client that others wrote looks at the result.
 */
import { fileURLToPath } from 'node:url'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadJob } from '../../cli/load-job.ts'
import type { JobInfo } from '../../proto/client.ts'
import { ChaosCluster } from '../chaos/cluster.ts'
import { type BrokerProcess, startBrokerProcess } from '../support/kafka-clients/broker.ts'

const jobFile = fileURLToPath(new URL('./kafka-exactly-once-job.ts', import.meta.url))
const records = 24_000
const rate = 3000
let cluster: ChaosCluster
let broker: BrokerProcess

beforeAll(async () => {
  broker = await startBrokerProcess()
  const options = {
    'cluster.registration.max-timeout': '200ms',
    'taskmanager.memory.task.heap.size': '128mb',
    'execution.checkpointing.interval': '250ms',
  }
  cluster = await ChaosCluster.start({ taskManagers: 2, slots: 2, options })
}, 60_000)
afterAll(async () => {
  await cluster?.close()
  await broker?.close()
}, 30_000)

async function submit(role: 'fill' | 'count'): Promise<string> {
  const given = {
    'execution.checkpointing.interval': '250ms',
    'kafka.brokers': broker.address,
    'kafka.role': role,
    'kafka.records': String(records),
    'kafka.rate': String(rate),
  }
  const { plan, bundle, options } = await loadJob(jobFile, given, 2)
  const { jobId } = await cluster.client.submit({ plan, bundle: Buffer.from(bundle.code), options })
  return jobId
}

const until = (what: string, jobId: string, condition: (info: JobInfo) => boolean): Promise<JobInfo> =>
  cluster.until(what, async () => {
    const info = await cluster.client.info(jobId)
    return condition(info) && info
  })

const isSteady = ({ status, checkpoints }: JobInfo): boolean =>
  status.state === 'running' &&
  checkpoints.some(({ state, triggeredMs }) => state === 'completed' && triggeredMs >= status.stateSinceMs)

/** What a reader of committed records sees of a topic: reads until `count` records came, and a little longer. */
async function readTopic(
  kafka: Kafka,
  topic: string,
  count: number,
): Promise<{ key: string; n: number; count?: number }[]> {
  const seen: { key: string; n: number; count?: number }[] = []
  const consumer = kafka.consumer({ groupId: `check-${topic}`, readUncommitted: false })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({
    eachBatch: async ({ batch }) => {
      for (const { value } of batch.messages) seen.push(JSON.parse(String(value)))
    },
  })
  const deadline = Date.now() + 60_000
  while (seen.length < count && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 100))
  await new Promise((resolve) => setTimeout(resolve, 1500))
  await consumer.disconnect()
  return seen
}

test('no record is lost and none is counted twice when a TaskManager and the broker are killed', async () => {
  const kafka = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING })
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({
    topics: [
      { topic: 'in', numPartitions: 4 },
      { topic: 'out', numPartitions: 3 },
    ],
  })
  await admin.disconnect()
  const counting = await submit('count')
  await until('the counting job to run', counting, isSteady)
  const filling = await submit('fill')
  await until('the filling job to run', filling, isSteady)

  const victim = cluster.taskManagers[0]
  if (victim === undefined) throw new Error('a TaskManager is expected')
  cluster.kill(victim)
  await cluster.restart(victim)
  await until('a checkpoint after the kill of a TaskManager', counting, isSteady)

  await broker.kill()
  await broker.start()
  await until('a checkpoint after the kill of the broker', counting, isSteady)

  const other = cluster.taskManagers[1]
  if (other === undefined) throw new Error('a second TaskManager is expected')
  await broker.kill()
  cluster.kill(other)
  await Promise.all([broker.start(), cluster.restart(other)])
  await until('the filling job to end', filling, ({ status }) => status.state === 'finished')

  const input = await readTopic(kafka, 'in', records)
  expect(input).toHaveLength(records)
  expect(new Set(input.map(({ n }) => n)).size).toBe(records)
  const output = await readTopic(kafka, 'out', records)
  expect(new Set(output.map(({ n }) => n)).size).toBe(records)
  expect(output).toHaveLength(records)
  const counts = new Map<string, number[]>()
  for (const { key, count } of output) counts.set(key, [...(counts.get(key) ?? []), count as number])
  expect(counts.size).toBe(50)
  // Keys stay in order too: one partition, one subtask.
  for (const list of counts.values()) expect(list).toEqual(list.map((_, index) => index + 1))

  // Lag is visible to others.
  const offsets = await kafka.admin().fetchOffsets({ groupId: 'counting', topics: ['in'] })
  expect(offsets[0]?.partitions.some(({ offset }) => Number(offset) > 0)).toBe(true)
  await cluster.client.cancel(counting)
  await until('the counting job to end', counting, ({ status }) => status.state === 'canceled')
}, 180_000)
