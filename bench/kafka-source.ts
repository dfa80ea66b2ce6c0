/**
 * What it costs the engine to read a topic: Nexmark bids as JSON from a hot topic into columns, by `source.kafka`, beside the
 * consumer of @platformatic/kafka with JSON.parse. The broker is a process of its own, and its share is told apart. Passes
 * alternate. `--records N`, `--passes N`, `--codec NAME`, `--only ours`
 * or `platformatic`, `--json`.
 */
import { spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Consumer, MessagesStreamModes } from '@platformatic/kafka'
import { KafkaAdmin, KafkaCluster, KafkaProducer } from '../connectors/kafka/client/index.ts'
import { kafka } from '../connectors/kafka/source.ts'
import { Arena } from '../core/arena/arena.ts'
import type { RecordBatch } from '../core/columns/batch.ts'
import { StringPools } from '../core/columns/pools.ts'
import { type BatchWriter, BatchWriters } from '../core/columns/writer.ts'
import { systemDisk } from '../core/platform/disk.ts'
import { Bid } from '../examples/nexmark/model.ts'
import { bid } from '../examples/nexmark/rows.ts'
import type { CodecName } from '../proto/kafka/records/index.ts'
import type { SourceOutput } from '../sdk/source.ts'
import { usageOf } from './lib/processes.ts'

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '1000000' },
    passes: { type: 'string', default: '5' },
    codec: { type: 'string', default: 'none' },
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})
const records = Number(values.records)
const passes = Number(values.passes)
const topic = 'bids'

const directory = systemDisk.makeTemporaryDirectory(join(tmpdir(), 'millrace-bench-kafka-'))
const entry = fileURLToPath(new URL('../bin/millrace.cjs', import.meta.url))
const settings = [
  'broker.listeners=127.0.0.1:0',
  `broker.data-dir=${directory}/data`,
  'broker.group.initial.rebalance.delay=0ms',
]
const broker = spawn(
  process.execPath,
  [entry, 'start', '--role', 'broker', '--json', ...settings.flatMap((each) => ['-D', each])],
  { stdio: ['ignore', 'pipe', 'inherit'] },
)
const address = await new Promise<string>((resolve, reject) => {
  let out = ''
  broker.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString()
    const found = /"address":"([^"]+)"/.exec(out)
    if (found !== null) resolve(found[1])
  })
  broker.once('exit', () => reject(new Error(`the broker ended: ${out}`)))
})
// The command may start another process for its work: the group of both is meant.
const brokerPids = [broker.pid as number]

interface Pass {
  readonly nsPerRow: number
  readonly brokerNsPerRow: number
  readonly rowsPerSecond: number
}

async function measured(run: () => Promise<number>): Promise<Pass> {
  const cpu = process.cpuUsage()
  const theirs = usageOf(brokerPids).cpuSeconds
  const started = performance.now()
  const rows = await run()
  const seconds = (performance.now() - started) / 1000
  const { user, system } = process.cpuUsage(cpu)
  if (rows !== records) throw new Error(`${rows} records instead of ${records}`)
  return {
    nsPerRow: ((user + system) * 1000) / records,
    brokerNsPerRow: ((usageOf(brokerPids).cpuSeconds - theirs) * 1e9) / records,
    rowsPerSecond: records / seconds,
  }
}

const arena = Arena.create({ bytes: 128 * 1024 * 1024 })
const owner = 1

/** Into columns, as the engine's source operator takes them. */
async function ours(): Promise<number> {
  let rows = 0
  let wake = (): void => undefined
  const context = { subtask: 0, parallelism: 1, uid: 'bids', wake: () => wake(), now: () => Date.now() }
  const from = kafka({ brokers: address, topic, value: Bid, end: 'latest' })
  const pools = new StringPools(arena, owner)
  const fields = Bid.dataType.kind === 'struct' ? Bid.dataType.fields : []
  const writers = new BatchWriters({
    arena,
    owner,
    schema: { record: 'object', fields },
    timestampField: 'dateTime',
    pools,
  })
  const taken = (batch: RecordBatch): void => {
    rows += batch.rowCount
    batch.release()
  }
  let writer: BatchWriter | undefined
  const unexpected = (): never => {
    throw new Error('only columns are expected')
  }
  const output: SourceOutput<unknown> = {
    room: 1024,
    collect: unexpected,
    reject: unexpected,
    sideColumns: unexpected,
    collectSide: unexpected,
    columns() {
      writer = writers.open(taken)
      if (writer === undefined) throw new Error('no segment is free')
      return writer
    },
  }
  const reader = from.createReader(context)
  await reader.addSplits(await from.discoverSplits(context))
  for (;;) {
    const status = reader.poll(output)
    if (status === 'end') break
    // Timers and sockets have their turn, as in the slot's loop.
    if (status === 'more') await new Promise((resolve) => setImmediate(resolve))
    else
      await new Promise<void>((resolve) => {
        wake = resolve
      })
  }
  await reader.close()
  writers.close()
  pools.close()
  return rows
}

let groups = 0

async function platformatic(): Promise<number> {
  const consumer = new Consumer({
    clientId: 'bench',
    groupId: `bench-${++groups}`,
    bootstrapBrokers: [address],
    deserializers: { value: (bytes?: Buffer) => (bytes === undefined ? undefined : JSON.parse(bytes.toString())) },
    autocommit: false,
  })
  const stream = await consumer.consume({
    topics: [topic],
    mode: MessagesStreamModes.EARLIEST,
    maxBytes: 8 * 1024 * 1024,
    maxWaitTime: 100,
  })
  let rows = 0
  let sum = 0
  for await (const message of stream) {
    sum += (message.value as unknown as { price: number }).price
    if (++rows === records) break
  }
  await stream.close()
  await consumer.close(true)
  if (!(sum > 0)) throw new Error('the records have no price')
  return rows
}

async function fill(): Promise<number> {
  const cluster = new KafkaCluster({ brokers: [address] })
  await new KafkaAdmin(cluster).createTopics([{ name: topic, partitions: 1 }])
  const producer = new KafkaProducer(cluster, { codec: values.codec as CodecName, batchBytes: 256 * 1024 })
  await producer.start()
  await producer.prepare(topic)
  let bytes = 0
  for (let n = 0, made = 0; made < records; n++) {
    const text = Buffer.from(JSON.stringify(bid(n, 100_000)))
    bytes += text.length
    producer.append(topic, 0, Date.now(), null, text)
    made++
    if (!producer.hasRoom) await producer.room()
  }
  await producer.flush()
  await cluster.close()
  return bytes / records
}

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN
const summary = (runs: readonly Pass[]): Pass & { readonly best: number } => ({
  nsPerRow: Math.round(median(runs.map((each) => each.nsPerRow))),
  best: Math.round(Math.min(...runs.map((each) => each.nsPerRow))),
  brokerNsPerRow: Math.round(median(runs.map((each) => each.brokerNsPerRow))),
  rowsPerSecond: Math.round(median(runs.map((each) => each.rowsPerSecond))),
})

try {
  const bytesPerRow = Math.round(await fill())
  const results: { ours: Pass[]; platformatic: Pass[] } = { ours: [], platformatic: [] }
  for (let pass = 0; pass < passes; pass++) {
    if (values.only !== 'platformatic') results.ours.push(await measured(ours))
    if (values.only !== 'ours') results.platformatic.push(await measured(platformatic))
  }
  const told = {
    records,
    bytesPerRow,
    codec: values.codec,
    ours: summary(results.ours),
    platformatic: summary(results.platformatic),
  }
  if (values.json) process.stdout.write(`${JSON.stringify(told)}\n`)
  else {
    process.stdout.write(`${records} bids as JSON, ${bytesPerRow} bytes each, codec ${values.codec}; CPU ns a row\n`)
    for (const name of ['ours', 'platformatic'] as const) {
      const { nsPerRow, best, brokerNsPerRow, rowsPerSecond } = told[name]
      const rate = (rowsPerSecond / 1e6).toFixed(2)
      process.stdout.write(
        `  ${name.padEnd(13)} ${nsPerRow} (best ${best}), of the broker ${brokerNsPerRow}, ${rate} million a second\n`,
      )
    }
  }
} finally {
  broker.kill('SIGTERM')
  await new Promise((resolve) => broker.once('exit', resolve))
  systemDisk.remove(directory)
}
