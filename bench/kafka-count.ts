/**
 * Keyed count over a topic: records of 100 bytes of a million keys, every new count into another topic, at least once, with
 * checkpoints. The broker is a process of its own and counted apart; JobManager and TaskManager are in this one. With `--peer CMD` a command of another
 * system runs in turn with ours; of its output the last line of JSON counts (`recs_per_s`, `cpu_s_per_million`,
 * `broker_cpu_s`, `records`, as the figures of Kafka Streams are called).
 *
 *   node bench/kafka-count.ts [--records N] [--keys N] [--partitions N] [--rounds N] [--peer 'CMD']
 */
import { fileURLToPath } from 'node:url'
import { loadJob } from '../cli/load-job.ts'
import { KafkaAdmin, KafkaCluster, KafkaProducer } from '../connectors/kafka/client/index.ts'
import { configureLogging } from '../core/log.ts'
import { startBroker } from './broker/brokers.ts'
import { parseArguments } from './lib/arguments.ts'
import { startCluster } from './lib/cluster.ts'
import { inTurn, jsonLineOf, median, type Side } from './lib/in-turn.ts'
import { usageOf } from './lib/processes.ts'

configureLogging({ format: 'text', level: 'error' })
const given = parseArguments(process.argv.slice(2), {
  records: 'number of records (2000000)',
  keys: 'number of keys (1000000)',
  partitions: 'of both topics, and subtasks (2)',
  rounds: 'times that each runs (3)',
  interval: 'of checkpoints (10s)',
  peer: 'the command of another system',
})
const records = Number(given.records ?? 2_000_000)
const keys = Number(given.keys ?? 1_000_000)
const partitions = Number(given.partitions ?? 2)
const rounds = Number(given.rounds ?? 3)
const jobFile = fileURLToPath(new URL('./lib/kafka-count-job.ts', import.meta.url))

interface Round {
  readonly recordsPerSecond: number
  readonly engineCpuSecondsPerMillion: number
  readonly brokerCpuSecondsPerMillion: number
}

const broker = await startBroker('ours')
const client = new KafkaCluster({ brokers: [broker.address] })

async function fill(): Promise<void> {
  await new KafkaAdmin(client).createTopics([{ name: 'in', partitions }])
  const producer = new KafkaProducer(client, { batchBytes: 128 * 1024 })
  await producer.start()
  await producer.prepare('in')
  const pad = 'x'.repeat(74)
  let random = 1
  for (let n = 0; n < records; n++) {
    // A generator of full period over 2^32: every run has the same keys.
    random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0
    const key = Math.floor((random / 2 ** 32) * keys)
    producer.append('in', n % partitions, 0, null, Buffer.from(`{"key":${key},"pad":"${pad}"}`))
    if (!producer.hasRoom) await producer.room()
  }
  await producer.flush()
}

async function ours(round: number): Promise<Round> {
  const out = `out-${round}`
  await new KafkaAdmin(client).createTopics([{ name: out, partitions }])
  const cluster = await startCluster({ slots: partitions, taskManagers: 1 })
  try {
    const options = {
      'kafka.brokers': broker.address,
      'count.in': 'in',
      'count.out': out,
      'execution.checkpointing.interval': given.interval ?? '10s',
    }
    const { plan, bundle, options: submitted } = await loadJob(jobFile, options, partitions)
    const { jobId } = await cluster.client.submit({ plan, bundle: Buffer.from(bundle.code), options: submitted })
    const now = () => ({
      ms: performance.now(),
      engine: usageOf(cluster.pids).cpuSeconds,
      broker: usageOf([broker.pid]).cpuSeconds,
    })
    let started = now()
    let isRunning = false
    for await (const { state } of cluster.client.watch(jobId)) {
      if (state === 'running' && !isRunning) {
        isRunning = true
        started = now()
      }
      if (state === 'failed') throw new Error(JSON.stringify((await cluster.client.info(jobId)).failures))
    }
    const ended = now()
    const places = Array.from({ length: partitions }, (_, partition) => ({
      topic: out,
      partition,
      at: 'latest' as const,
    }))
    const written = (await new KafkaAdmin(client).listOffsets(places, true)).reduce(
      (sum, { offset }) => sum + offset,
      0,
    )
    if (written !== records) throw new Error(`${written} counts were written instead of ${records}`)
    const perMillion = (seconds: number): number => Number(((seconds * 1e6) / records).toFixed(2))
    return {
      recordsPerSecond: Math.round((records * 1000) / (ended.ms - started.ms)),
      engineCpuSecondsPerMillion: perMillion(ended.engine - started.engine),
      brokerCpuSecondsPerMillion: perMillion(ended.broker - started.broker),
    }
  } finally {
    await cluster.close()
  }
}

async function peer(command: string): Promise<Round> {
  const told = (await jsonLineOf(command)) as Readonly<Record<string, number>>
  return {
    recordsPerSecond: told.recs_per_s ?? Number.NaN,
    engineCpuSecondsPerMillion: told.cpu_s_per_million ?? Number.NaN,
    brokerCpuSecondsPerMillion: ((told.broker_cpu_s ?? Number.NaN) * 1e6) / (told.records ?? Number.NaN),
  }
}

try {
  await fill()
  const results: Record<Side, Round[]> = { ours: [], peer: [] }
  for (const { round, side } of inTurn(rounds)) {
    if (side === 'peer' && given.peer === undefined) continue
    const result = side === 'ours' ? await ours(round) : await peer(given.peer ?? '')
    results[side].push(result)
    process.stderr.write(`round ${round + 1} ${side} ${JSON.stringify(result)}\n`)
  }
  const figures = ['recordsPerSecond', 'engineCpuSecondsPerMillion', 'brokerCpuSecondsPerMillion'] as const
  const told = (['ours', 'peer'] as const).map((side) => ({
    side,
    rounds: results[side].length,
    ...Object.fromEntries(figures.map((figure) => [figure, median(results[side].map((each) => each[figure]))])),
  }))
  for (const each of told)
    if (each.rounds > 0) process.stdout.write(`${JSON.stringify({ records, keys, partitions, ...each })}\n`)
} finally {
  await client.close()
  await broker.stop()
}
