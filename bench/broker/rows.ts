/**
 * The loads of the comparison. Sizes are those of one round on a small machine, some ten seconds; `scale` multiplies records.
 *
 * Kafka syncs nothing before it answers, unless a topic asks; so ours runs with durability `os` beside it, and rows with `group` stand
 * apart. Topics have one partition unless the row says so.
 */
import { randomInt } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import type { Broker, System } from './brokers.ts'
import * as clients from './clients.ts'

export interface Row {
  readonly name: string
  /** Rows of a section are chosen together. */
  readonly section: string
  readonly partitions?: number
  /** Settings of the topic. */
  readonly settings: Readonly<Record<System, Readonly<Record<string, string>>>>
  /** Payload of one round, GB of 10^9 bytes; 0 where the cost for each byte says nothing. */
  payloadGb(scale: number): number
  /** Fills the topic, before anything is measured. */
  prepare?(broker: Broker, topic: string, scale: number): Promise<unknown>
  run(broker: Broker, topic: string, scale: number): Promise<clients.Told>
}

const large = ['acks=all', 'batch.size=131072', 'linger.ms=5']
const defaults = ['acks=all']
const osOnly = { ours: { 'millrace.durability': 'os' }, kafka: {} }
const synced = { ours: { 'millrace.durability': 'group' }, kafka: { 'flush.messages': '1' } }

type Produced = Omit<clients.Load, 'records' | 'properties'> & {
  readonly records: number
  readonly properties: string[]
}

function producing(
  name: string,
  section: string,
  load: Produced,
  settings: Row['settings'] = osOnly,
  partitions = 1,
): Row {
  return {
    name,
    section,
    partitions,
    settings,
    payloadGb: (scale) => (load.records * scale * load.recordBytes) / 1e9,
    run: (broker, topic, scale) =>
      clients.produce(broker, topic, { ...load, records: Math.round(load.records * scale) }),
  }
}

const small = { records: 2_500_000, recordBytes: 100 }

/** Letters from a file: the tool otherwise draws every byte of every record at random, which costs more than the sending. */
const fromFile: Row = {
  ...producing('produce 1 KB from a payload file, acks=all, 128 KB batches', 'produce', {
    records: 1_000_000,
    recordBytes: 1000,
    properties: large,
  }),
  async run(broker, topic, scale) {
    const directory = mkdtempSync(`${tmpdir()}/millrace-bench-`)
    const payloadFile = `${directory}/payloads`
    const line = (): string => Array.from({ length: 1000 }, () => String.fromCharCode(65 + randomInt(26))).join('')
    writeFileSync(payloadFile, Array.from({ length: 500 }, line).join('\n'))
    try {
      const records = Math.round(1_000_000 * scale)
      return await clients.produce(broker, topic, { records, recordBytes: 1000, payloadFile, properties: large })
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  },
}

function consuming(name: string, records: number, recordBytes: number, read: typeof clients.consume): Row {
  return {
    name,
    section: 'consume',
    settings: osOnly,
    payloadGb: (scale) => (records * scale * recordBytes) / 1e9,
    prepare: (broker, topic, scale) =>
      clients.produce(broker, topic, { records: Math.round(records * scale), recordBytes, properties: large }),
    run: (broker, topic, scale) => read(broker, topic, Math.round(records * scale)),
  }
}

function latencyRow(name: string, settings: Row['settings']): Row {
  return {
    name,
    section: 'latency',
    settings,
    payloadGb: () => 0.12,
    run: (broker, topic) => clients.latency(broker, topic, 10_000, 1000),
  }
}

export const rows: readonly Row[] = [
  producing('produce 100 B, acks=all, 128 KB batches', 'produce', { ...small, properties: large }),
  producing("produce 100 B, acks=all, the client's default batches", 'produce', { ...small, properties: defaults }),
  fromFile,
  producing(
    'produce 100 B over 100 partitions, 128 KB batches',
    'partitions',
    { ...small, properties: large },
    osOnly,
    100,
  ),
  producing(
    'produce 100 B, 128 KB batches; ours group, Kafka flush.messages=1',
    'fsync',
    { ...small, properties: large },
    synced,
  ),
  producing(
    'the same at 200,000 records/s',
    'fsync',
    { records: 2_000_000, recordBytes: 100, rate: 200_000, properties: large },
    synced,
  ),
  producing('produce 100 B in transactions of 10 ms, 128 KB batches', 'transactions', {
    ...small,
    transactionMs: 10,
    properties: large,
  }),
  consuming('consume 100 B, hot, Java', 5_000_000, 100, clients.consume),
  consuming('consume 1 KB, hot, kcat', 1_000_000, 1000, clients.consumeByKcat),
  latencyRow('acknowledgement at 10,000 x 1 KB/s; ours os', osOnly),
  latencyRow('acknowledgement at 10,000 x 1 KB/s; ours group', { ours: { 'millrace.durability': 'group' }, kafka: {} }),
  {
    name: 'end to end, 100 B, one record at a time',
    section: 'latency',
    settings: osOnly,
    payloadGb: () => 0,
    run: (broker, topic) => clients.endToEnd(broker, topic, 4000, 100),
  },
]
