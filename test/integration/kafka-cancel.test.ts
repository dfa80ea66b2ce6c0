/**
 * The end of a job that writes in transactions, as real processes: nobody who reads committed records waits for a job that was
 * canceled or has failed for good, and a run from its last checkpoint goes on as if nothing had been.
 */
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadJob } from '../../cli/load-job.ts'
import { source } from '../../connectors/index.ts'
import { KafkaAdmin, KafkaCluster } from '../../connectors/kafka/client/index.ts'
import { listTransactions } from '../../connectors/kafka/client/transaction-admin.ts'
import type { KafkaRecord } from '../../connectors/kafka/records.ts'
import type { JobInfo } from '../../proto/client.ts'
import { ChaosCluster } from '../chaos/cluster.ts'
import { type BrokerProcess, startBrokerProcess } from '../support/kafka-clients/broker.ts'
import { SourceHarness } from '../support/source-harness.ts'

const jobFile = fileURLToPath(new URL('./kafka-exactly-once-job.ts', import.meta.url))
const records = 20_000
const cancels = 10
let cluster: ChaosCluster
let broker: BrokerProcess
let kafka: KafkaCluster

beforeAll(async () => {
  broker = await startBrokerProcess()
  kafka = new KafkaCluster({ brokers: [broker.address] })
  const options = {
    'cluster.registration.max-timeout': '200ms',
    'taskmanager.memory.task.heap.size': '128mb',
  }
  cluster = await ChaosCluster.start({ taskManagers: 1, slots: 2, options })
}, 60_000)
afterAll(async () => {
  await kafka?.close()
  await cluster?.close()
  await broker?.close()
}, 30_000)

async function submit(rate: number, savepointPath: string): Promise<string> {
  const given = {
    'execution.checkpointing.interval': '250ms',
    'execution.checkpointing.externalized-checkpoint-retention': 'RETAIN_ON_CANCELLATION',
    'kafka.brokers': broker.address,
    'kafka.role': 'fill',
    'kafka.records': String(records),
    'kafka.rate': String(rate),
  }
  const { plan, bundle, options } = await loadJob(jobFile, given, 2)
  const { jobId } = await cluster.client.submit({ plan, bundle: Buffer.from(bundle.code), options, savepointPath })
  return jobId
}

const until = (what: string, jobId: string, condition: (info: JobInfo) => boolean): Promise<JobInfo> =>
  cluster.until(what, async () => {
    const info = await cluster.client.info(jobId)
    return condition(info) && info
  })

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

async function committed(): Promise<number[]> {
  const from = source.kafka({
    brokers: broker.address,
    topic: 'in',
    end: 'latest',
    format: { decode: (_, record) => record() },
  })
  const harness = await new SourceHarness(from).start()
  while (!harness.run()) await pause(5)
  harness.close()
  return (harness.records as KafkaRecord[]).map(({ value }) => (JSON.parse(String(value)) as { n: number }).n)
}

const openTransactions = (): Promise<string[]> => listTransactions(kafka, ['Ongoing', 'PrepareCommit', 'PrepareAbort'])

test('a job that is canceled at any moment leaves no transaction open, and a run from its last checkpoint loses and repeats nothing', async () => {
  await new KafkaAdmin(kafka).createTopics([{ name: 'in', partitions: 2 }])
  let path = ''
  for (let round = 0; round < cancels; round++) {
    const jobId = await submit(600, path)
    await until(
      'two checkpoints',
      jobId,
      ({ checkpoints }) => checkpoints.filter(({ state }) => state === 'completed').length > 1,
    )
    await pause(round * 25)
    await cluster.client.cancel(jobId)
    const { checkpoints } = await until('the end of the job', jobId, ({ status }) => status.state === 'canceled')
    const completed = checkpoints.filter(({ state }) => state === 'completed')
    const newest = completed.toSorted((a, b) => b.checkpointId - a.checkpointId)[0]
    path = newest?.path ?? ''
    // The broker has answered the end of a transaction before its markers are written.
    await cluster.until(
      `no open transaction after cancel ${round}`,
      async () => (await openTransactions()).length === 0,
    )
  }
  const before = await committed()
  expect(before.length).toBeGreaterThan(0)
  expect(new Set(before).size).toBe(before.length)

  const last = await submit(50_000, path)
  await until('the end of the input', last, ({ status }) => status.state === 'finished')
  const all = await committed()
  expect(all).toHaveLength(records)
  expect(new Set(all).size).toBe(records)
}, 180_000)
