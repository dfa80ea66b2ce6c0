/** What a job waits for stands in its status: partitions that are ahead of others, and brokers that are away. */
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { info } from '../../cli/commands/jobs.ts'
import { KafkaAdmin, KafkaCluster, KafkaProducer } from '../../connectors/kafka/client/index.ts'
import type { JobInfo } from '../../proto/client.ts'
import { type EngineCluster, startEngineCluster } from '../support/engine-cluster.ts'
import { type BrokerProcess, startBrokerProcess } from '../support/kafka-clients/broker.ts'
import { recordingTerminal } from '../support/recording-terminal.ts'
import { until } from '../support/until.ts'

const jobFile = fileURLToPath(new URL('./kafka-waiting-job.ts', import.meta.url))
let cluster: EngineCluster
let broker: BrokerProcess

beforeAll(async () => {
  broker = await startBrokerProcess()
  cluster = await startEngineCluster({ taskManagers: 1, slots: 2 })
})
afterAll(async () => {
  await cluster?.close()
  await broker?.close()
})

const start = 1_700_000_000_000
const fast = 20_000

async function send(partition: number, seconds: readonly number[]): Promise<void> {
  const kafka = new KafkaCluster({ brokers: [broker.address] })
  const producer = new KafkaProducer(kafka)
  await producer.start()
  await producer.prepare('times')
  for (const second of seconds)
    producer.append('times', partition, start, null, Buffer.from(`{"at":${start + second * 1000}}`))
  await producer.flush()
  await kafka.close()
}

/** The first thing that is said of the job that is so. */
const untilJob = (jobId: string, condition: (found: JobInfo) => boolean): Promise<JobInfo> =>
  until(async () => {
    const found = await cluster.client.info(jobId)
    return condition(found) && found
  }, 50)

async function copied(): Promise<number> {
  const kafka = new KafkaCluster({ brokers: [broker.address] })
  const [{ offset }] = await new KafkaAdmin(kafka).listOffsets([{ topic: 'copy', partition: 0, at: 'latest' }], false)
  await kafka.close()
  return offset
}

const untilCopied = (count: number): Promise<boolean> => until(async () => (await copied()) >= count, 100)

const range = (count: number, from = 0): number[] => Array.from({ length: count }, (_, i) => from + i)

test('a partition that is far ahead in event time is not read on until the other has come closer, and brokers that are away are named', async () => {
  const kafka = new KafkaCluster({ brokers: [broker.address] })
  await new KafkaAdmin(kafka).createTopics([
    { name: 'times', partitions: 2, configs: { 'retention.ms': '-1' } },
    { name: 'copy', partitions: 1 },
  ])
  await kafka.close()
  // One partition of a day ago, one record so far; the other goes on with a record each second.
  await send(0, [0])
  await send(1, range(fast))
  const job = await cluster.load(jobFile, { 'kafka.brokers': broker.address }, 2)
  const jobId = await cluster.submit(job)
  const held = await untilJob(jobId, ({ vertices }) => vertices[0].waitingFor !== undefined)
  expect(held.vertices[0].waitingFor).toBe('slower sources of group times (1 of 1 splits are ahead)')
  // What was in one batch may pass before it is seen how far that is, and no more.
  await untilCopied(101)
  // That nothing more comes has no event to wait for: what would come has its time.
  await new Promise((resolve) => setTimeout(resolve, 1500))
  const before = await copied()
  expect(before).toBeLessThan(10_000)
  await send(0, range(fast))
  await untilCopied(2 * fast + 1)
  await untilJob(jobId, ({ vertices }) => vertices[0].waitingFor === undefined)

  const killedMs = Date.now()
  await broker.kill()
  const away = await untilJob(jobId, ({ vertices }) => vertices[0].waitingFor?.startsWith('brokers: ') === true)
  expect(away.vertices[0].waitingSinceMs).toBeGreaterThanOrEqual(killedMs)
  const terminal = recordingTerminal()
  await info(terminal, jobId, { jobmanager: cluster.client.address })
  expect(terminal.outLines.join('\n')).toMatch(/waits for brokers: .* since /)
  await broker.start()
  await untilJob(jobId, ({ vertices }) => vertices[0].waitingFor === undefined)
  await send(0, range(10, fast))
  await send(1, range(10, fast))
  await untilCopied(2 * fast + 21)
  await cluster.client.cancel(jobId)
})
