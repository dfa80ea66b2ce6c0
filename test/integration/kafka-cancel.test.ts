/**
 * The end of a job that writes in transactions, as real processes: nobody who reads committed records waits for a job that was
 * canceled or has failed for good, and a run from its last checkpoint goes on as if nothing had been.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
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
    // Nobody is ended by force: what waits for ever waits longer than a test.
    'task.cancellation.timeout': '1h',
  }
  cluster = await ChaosCluster.start({ taskManagers: 1, slots: 2, options })
})
afterAll(async () => {
  await kafka?.close()
  await cluster?.close()
  await broker?.close()
})

function submit(
  topic: string,
  rate: number,
  savepointPath: string,
  more: Readonly<Record<string, string>> = {},
): Promise<string> {
  const given = {
    'execution.checkpointing.interval': '250ms',
    'execution.checkpointing.externalized-checkpoint-retention': 'RETAIN_ON_CANCELLATION',
    'kafka.brokers': broker.address,
    'kafka.role': 'fill',
    'kafka.topic': topic,
    'kafka.records': String(records),
    'kafka.rate': String(rate),
    ...more,
  }
  return cluster.submit(jobFile, given, 2, savepointPath)
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

async function committed(topic: string): Promise<number[]> {
  const from = source.kafka({
    brokers: broker.address,
    topic,
    end: 'latest',
    format: { decode: (_, record) => record() },
  })
  const harness = await new SourceHarness(from).start()
  while (!harness.run()) await pause(5)
  harness.close()
  return (harness.records as KafkaRecord[]).map(({ value }) => (JSON.parse(String(value)) as { n: number }).n)
}

const openTransactions = (): Promise<string[]> => listTransactions(kafka, ['Ongoing', 'PrepareCommit', 'PrepareAbort'])

/** Where a run begins that repeats and loses nothing. */
function newestOf({ checkpoints }: JobInfo): string {
  const completed = checkpoints.filter(({ state }) => state === 'completed')
  return completed.toSorted((a, b) => b.checkpointId - a.checkpointId)[0]?.path ?? ''
}

/** The broker has answered the end of a transaction before its markers are written. */
const noneIsOpen = (when: string): Promise<boolean> =>
  cluster.until(`no open transaction ${when}`, async () => (await openTransactions()).length === 0)

async function expectRestOf(topic: string, path: string): Promise<void> {
  const before = await committed(topic)
  expect(before.length).toBeGreaterThan(0)
  expect(new Set(before).size).toBe(before.length)
  const last = await submit(topic, 50_000, path)
  await cluster.untilJob('the end of the input', last, ({ status }) => status.state === 'finished')
  const all = await committed(topic)
  expect(all).toHaveLength(records)
  expect(new Set(all).size).toBe(records)
}

const someCheckpoints = ({ checkpoints }: JobInfo): boolean =>
  checkpoints.filter(({ state }) => state === 'completed').length > 1

test('a job that is canceled at any moment leaves no transaction open, and a run from its last checkpoint loses and repeats nothing', async () => {
  const topic = 'canceled'
  await new KafkaAdmin(kafka).createTopics([{ name: topic, partitions: 2 }])
  let path = ''
  for (let round = 0; round < cancels; round++) {
    const jobId = await submit(topic, 600, path)
    await cluster.untilJob('two checkpoints', jobId, someCheckpoints)
    // Nothing is waited for: each cancellation meets the job at another moment between two checkpoints.
    await pause(round * 25)
    await cluster.client.cancel(jobId)
    path = newestOf(await cluster.untilJob('the end of the job', jobId, ({ status }) => status.state === 'canceled'))
    await noneIsOpen(`after cancel ${round}`)
  }
  await expectRestOf(topic, path)
})

test('so does a job that fails for good', async () => {
  const topic = 'failed'
  await new KafkaAdmin(kafka).createTopics([{ name: topic, partitions: 2 }])
  let path = ''
  for (const failsAt of [1500, 3100, 4700, 6300]) {
    const more = { 'kafka.fails-at': String(failsAt), 'restart-strategy.type': 'none' }
    const jobId = await submit(topic, 1500, path, more)
    path = newestOf(await cluster.untilJob('the end of the job', jobId, ({ status }) => status.state === 'failed'))
    await noneIsOpen(`after the failure at ${failsAt}`)
  }
  await expectRestOf(topic, path)
})

/** What happens to a job that is canceled at a bad moment: all of it ends within seconds, and no transaction is left. */
const badMoments: readonly (readonly [string, Readonly<Record<string, string>>, (jobId: string) => Promise<void>])[] = [
  [
    'it waits for its restart',
    { 'kafka.fails-at': '2000', 'restart-strategy.type': 'fixed-delay', 'restart-strategy.fixed-delay.delay': '10min' },
    async (jobId) => {
      await cluster.untilJob('the failure', jobId, ({ status }) => status.detail.includes('begin again'))
      await cluster.client.cancel(jobId)
    },
  ],
  [
    'its TaskManager is killed',
    {},
    async (jobId) => {
      const [taskManager] = cluster.taskManagers
      if (taskManager === undefined) throw new Error('a TaskManager is expected')
      cluster.kill(taskManager)
      await cluster.client.cancel(jobId)
      await cluster.restart(taskManager)
    },
  ],
  [
    'the JobManager was started again and has seen no checkpoint complete',
    { 'execution.checkpointing.interval': '4s' },
    async (jobId) => {
      const [jobManager] = cluster.jobManagers
      if (jobManager === undefined) throw new Error('a JobManager is expected')
      cluster.kill(jobManager)
      await cluster.restart(jobManager)
      await cluster.untilJob('that it goes on', jobId, ({ status }) => status.state === 'running')
      await cluster.client.cancel(jobId)
    },
  ],
]
test.each(badMoments)('so does one that is canceled when %s', async (when, more, cancelBadly) => {
  const topic = `bad-${badMoments.findIndex(([each]) => each === when)}`
  await new KafkaAdmin(kafka).createTopics([{ name: topic, partitions: 2 }])
  const jobId = await submit(topic, 600, '', more)
  await cluster.until('open transactions', async () => (await openTransactions()).length > 0)
  const before = newestOf(await cluster.untilJob('two checkpoints', jobId, someCheckpoints))
  await cancelBadly(jobId)
  const last = await cluster.untilJob('the end of the job', jobId, ({ status }) => status.state === 'canceled')
  await noneIsOpen(`after a cancel when ${when}`)
  // A JobManager that was started again shows the checkpoints that it has seen.
  const path = newestOf(last) || before
  await expectRestOf(topic, path)
})

test('a cancel while the broker is away does not wait for it, and says which transactions it leaves open', async () => {
  const topic = 'away'
  await new KafkaAdmin(kafka).createTopics([{ name: topic, partitions: 2 }])
  const jobId = await submit(topic, 600, '')
  await cluster.untilJob('two checkpoints', jobId, someCheckpoints)
  await broker.kill()
  try {
    await cluster.client.cancel(jobId)
    await cluster.untilJob('the end of the job', jobId, ({ status }) => status.state === 'canceled')
    const [taskManager] = cluster.taskManagers
    if (taskManager === undefined) throw new Error('a TaskManager is expected')
    const log = (): string => readFileSync(cluster.logOf(taskManager), 'utf8')
    await cluster.until('the ids in the log', async () => log().includes(`"millrace-${jobId}-in-2-`))
  } finally {
    await broker.start()
  }
})
