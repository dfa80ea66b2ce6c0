/**
 * Exactly once from end to end, as real processes: a job fills a topic, another counts it into a second one, while a
 * TaskManager and the broker are killed and started again. A client that others wrote looks at the result.
 */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { JobInfo } from '../../proto/client.ts'
import { ChaosCluster } from '../chaos/cluster.ts'
import { type BrokerProcess, startBrokerProcess } from '../support/kafka-clients/broker.ts'
import { readTopic } from '../support/kafka-clients/read-topic.ts'

const jobFile = fileURLToPath(new URL('./kafka-exactly-once-job.ts', import.meta.url))
const records = 24_000
const rate = 3000
let cluster: ChaosCluster
let broker: BrokerProcess
let slow: string

beforeAll(async () => {
  broker = await startBrokerProcess()
  const options = {
    'cluster.registration.max-timeout': '200ms',
    'taskmanager.memory.task.heap.size': '128mb',
    'execution.checkpointing.interval': '250ms',
  }
  cluster = await ChaosCluster.start({ taskManagers: 2, slots: 2, options })
  slow = join(cluster.directory, 'slow')
})
afterAll(async () => {
  await cluster?.close()
  await broker?.close()
})

function submit(role: 'fill' | 'count'): Promise<string> {
  const given = {
    'execution.checkpointing.interval': '250ms',
    'kafka.brokers': broker.address,
    'kafka.role': role,
    'kafka.records': String(records),
    'kafka.rate': String(rate),
    'kafka.slow': slow,
  }
  return cluster.submit(jobFile, given, 2)
}

const isSteady = ({ status, checkpoints }: JobInfo): boolean =>
  status.state === 'running' &&
  checkpoints.some(({ state, triggeredMs }) => state === 'completed' && triggeredMs >= status.stateSinceMs)

interface Row {
  readonly key: string
  readonly n: number
  readonly count?: number
}

const rowsOf = async (topic: string): Promise<Row[]> =>
  (await readTopic(broker.address, topic, records)).map(({ value }) => JSON.parse(value) as Row)

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
  // It does not end before all that is killed has been killed.
  writeFileSync(slow, '')
  const counting = await submit('count')
  await cluster.untilJob('the counting job to run', counting, isSteady)
  const filling = await submit('fill')
  await cluster.untilJob('the filling job to run', filling, isSteady)

  const victim = cluster.taskManagers[0]
  if (victim === undefined) throw new Error('a TaskManager is expected')
  cluster.kill(victim)
  await cluster.restart(victim)
  await cluster.untilJob('a checkpoint after the kill of a TaskManager', counting, isSteady)

  await broker.kill()
  await broker.start()
  await cluster.untilJob('a checkpoint after the kill of the broker', counting, isSteady)

  const other = cluster.taskManagers[1]
  if (other === undefined) throw new Error('a second TaskManager is expected')
  await broker.kill()
  cluster.kill(other)
  await Promise.all([broker.start(), cluster.restart(other)])
  rmSync(slow)
  await cluster.untilJob('the filling job to end', filling, ({ status }) => status.state === 'finished')

  const input = await rowsOf('in')
  expect(input).toHaveLength(records)
  expect(new Set(input.map(({ n }) => n)).size).toBe(records)
  await rowsOf('out')
  // All that was read is written by now, and read to its end: what came twice is there, too.
  await cluster.client.checkpoint(counting)
  const output = await rowsOf('out')
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
  await cluster.untilJob('the counting job to end', counting, ({ status }) => status.state === 'canceled')
})
