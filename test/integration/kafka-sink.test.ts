/** Kafka topics as a sink, against a broker in this process. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type RunningBroker, startBroker } from '../../broker/broker.ts'
import { sink, source } from '../../connectors/index.ts'
import {
  endTransaction,
  KafkaAdmin,
  KafkaCluster,
  listTransactions,
  murmur2,
} from '../../connectors/kafka/client/index.ts'
import type { KafkaRecord } from '../../connectors/kafka/records.ts'
import type { KafkaSinkOptions } from '../../connectors/kafka/sink.ts'
import { SinkTopics } from '../../connectors/kafka/sink-writer.ts'
import { systemDisk } from '../../core/platform/disk.ts'
import type { SinkContext } from '../../sdk/sink.ts'
import { SourceHarness } from '../support/source-harness.ts'
import { until } from '../support/until.ts'

let broker: RunningBroker
let directory: string
let cluster: KafkaCluster
let admin: KafkaAdmin
let brokers: string
let topics = 0

/** `transactionVersion`: the form of transactions that the broker wants to be used. */
async function open(transactionVersion: '1' | '2'): Promise<void> {
  directory = systemDisk.makeTemporaryDirectory('/tmp/millrace-kafka-sink-')
  broker = await startBroker({
    'broker.listeners': '127.0.0.1:0',
    'broker.data-dir': directory,
    'broker.transaction.version': transactionVersion,
  })
  brokers = broker.address
  cluster = new KafkaCluster({ brokers: [brokers] })
  admin = new KafkaAdmin(cluster)
}

async function close(): Promise<void> {
  await cluster.close()
  await broker.close()
  systemDisk.remove(directory)
}

beforeAll(() => open('2'))
afterAll(close)

async function newTopic(partitions = 1): Promise<string> {
  const name = `topic-${++topics}`
  // Times of tests are long ago: by time nothing may go.
  await admin.createTopics([{ name, partitions, configs: { 'retention.ms': '-1' } }])
  return name
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5))
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const contextOf = (more: Partial<SinkContext> = {}): SinkContext => ({
  jobId: 'job',
  uid: `sink-${topics}`,
  subtask: 0,
  parallelism: 1,
  wake: () => undefined,
  now: () => 5000,
  print: () => undefined,
  deliver: () => undefined,
  checkpointing: true,
  ...more,
})

/** All records that a reader of committed records sees now. */
async function seen(topic: string): Promise<KafkaRecord[]> {
  const from = source.kafka({ brokers, topic, end: 'latest', format: { decode: (_, record) => record() } })
  const harness = await new SourceHarness(from).start()
  while (!harness.run()) await pause()
  harness.close()
  return harness.records as KafkaRecord[]
}

const values = async (topic: string): Promise<unknown[]> =>
  (await seen(topic)).map(({ value }) => JSON.parse(String(value))).sort()

type Options = KafkaSinkOptions<unknown>

class Run {
  readonly context: SinkContext
  readonly sink: ReturnType<typeof sink.kafka<unknown>>
  readonly writer: ReturnType<ReturnType<typeof sink.kafka<unknown>>['createWriter']>

  constructor(options: Options, context = contextOf(), state: readonly { family: string; ids: number }[] = []) {
    this.context = context
    this.sink = sink.kafka<unknown>({ brokers, ...options })
    this.writer = this.sink.createWriter(context, state)
  }

  async write(...records: unknown[]): Promise<void> {
    await until(() => this.writer.ready?.() ?? true)
    this.writer.write(records, [])
  }

  /** A checkpoint as it stands in storage. */
  async checkpoint(id: number) {
    const preparing = this.writer.prepareCommit?.(id) ?? []
    const state = this.writer.snapshot?.(id) ?? []
    return { state, committables: await preparing }
  }

  async complete({ committables }: Awaited<ReturnType<Run['checkpoint']>>): Promise<void> {
    if (committables.length > 0) await this.sink.commit?.(committables, this.context)
  }
}

describe.each(['1', '2'] as const)('sink.kafka, exactly once, transaction.version %s', (version) => {
  beforeAll(async () => {
    await close()
    await open(version)
  })

  it('shows records when their checkpoint is complete, and not before', async () => {
    const topic = await newTopic()
    const run = new Run({ topic })
    await run.write(1, 2)
    const first = await run.checkpoint(1)
    await run.write(3)
    expect(await values(topic)).toEqual([])
    await run.complete(first)
    await until(async () => (await values(topic)).length === 2)
    const second = await run.checkpoint(2)
    await run.complete(second)
    await until(async () => (await values(topic)).length === 3)
    await run.writer.close()
  })

  it('uses few ids over many checkpoints, also where some do not complete', async () => {
    const topic = await newTopic()
    const run = new Run({ topic })
    let waiting: Awaited<ReturnType<Run['checkpoint']>>['committables'] = []
    for (let id = 1; id <= 40; id++) {
      await run.write(id)
      const { state, committables } = await run.checkpoint(id)
      waiting = [...waiting, ...committables]
      expect(state[0]?.ids).toBeLessThan(8)
      if (id % 3 === 0) continue
      for (const each of waiting) await run.complete({ state, committables: [each] })
      waiting = []
    }
    expect(new Set(waiting.map(({ transactionalId }) => transactionalId)).size).toBe(waiting.length)
    await until(async () => (await values(topic)).length === 40)
    await run.writer.close()
  })

  it('commits after a restore what the checkpoint holds, once, and aborts what came behind it', async () => {
    const topic = await newTopic()
    const first = new Run({ topic })
    await first.write('kept')
    const checkpoint = await first.checkpoint(1)
    await first.write('lost with the process')
    await (first.writer.prepareCommit?.(2) ?? [])
    await first.write('lost as well')
    // No close: the process is gone. Three times, so that the same is committed again.
    for (let restart = 0; restart < 3; restart++) {
      const next = new Run({ topic }, first.context, checkpoint.state)
      await next.complete(checkpoint)
      await until(() => next.writer.ready?.() ?? true)
    }
    const last = new Run({ topic }, first.context, checkpoint.state)
    await last.complete(checkpoint)
    await last.write('after')
    await last.complete(await last.checkpoint(3))
    await until(async () => (await values(topic)).includes('after'))
    expect(await values(topic)).toEqual(['after', 'kept'])
    // The one that was thought dead is shut out.
    const zombie = async (): Promise<unknown> => {
      first.writer.write(['zombie'], [])
      return first.checkpoint(4)
    }
    await expect(zombie()).rejects.toThrow()
    expect(await values(topic)).toEqual(['after', 'kept'])
    await last.writer.close()
  })

  it('aborts what was left open behind the checkpoint also where the epochs of ids have run out', async () => {
    const topic = await newTopic()
    const first = new Run({ topic })
    const checkpoint = await first.checkpoint(1)
    // Two transactions that no checkpoint knows of; then the process is gone.
    for (const id of [2, 3]) {
      await first.write(`lost ${id}`)
      await (first.writer.prepareCommit?.(id) ?? [])
    }
    const { transactions } = broker.coordinators
    for (const number of [0, 1]) {
      const id = `millrace-job-${first.context.uid}-1-0-${number}`
      const entry = transactions.shardOf(id).entries.get(id)
      if (entry?.state === undefined) throw new Error(`no ${id}`)
      entry.state = { ...entry.state, producerEpoch: 32_766 }
    }
    const next = new Run({ topic }, first.context, checkpoint.state)
    await until(() => next.writer.ready?.() ?? true)
    const left = await listTransactions(cluster, ['Ongoing'])
    expect(left.filter((id) => id.includes(first.context.uid))).toEqual([])
    await next.writer.close()
  })

  it('commits and aborts after a restore with another parallelism', async () => {
    const topic = await newTopic()
    const uid = 'rescaled'
    const context = (subtask: number, parallelism: number): SinkContext => contextOf({ uid, subtask, parallelism })
    const before = [0, 1, 2].map((subtask) => new Run({ topic }, context(subtask, 3)))
    const checkpoints: Awaited<ReturnType<Run['checkpoint']>>[] = []
    for (const [subtask, run] of before.entries()) {
      await run.write(`kept ${subtask}`)
      checkpoints.push(await run.checkpoint(1))
      await run.write(`lost ${subtask}`)
      await (run.writer.prepareCommit?.(2) ?? [])
    }
    const after = [0, 1].map((subtask) => {
      const mine = checkpoints.filter((_, from) => from % 2 === subtask)
      const state = mine.flatMap((each) => each.state)
      return { mine, run: new Run({ topic }, context(subtask, 2), state) }
    })
    for (const { mine, run } of after) {
      await run.complete({ state: [], committables: mine.flatMap((each) => each.committables) })
      await run.write('new')
    }
    for (const { run } of after) await run.complete(await run.checkpoint(2))
    await until(async () => (await values(topic)).length === 5)
    expect(await values(topic)).toEqual(['kept 0', 'kept 1', 'kept 2', 'new', 'new'])
    for (const { run } of after) await run.writer.close()
  })

  it('tells when a transaction that a checkpoint holds was aborted by the broker', async () => {
    const topic = await newTopic()
    const run = new Run({ topic })
    await run.write(1)
    const checkpoint = await run.checkpoint(1)
    await endTransaction(cluster, checkpoint.committables[0] as never, 'abort')
    await expect(run.complete(checkpoint)).rejects.toMatchObject({ code: 'KAFKA_CONNECTOR_TRANSACTION_LOST' })
    await run.writer.close()
  })

  it('aborts what is open when it is closed', async () => {
    const topic = await newTopic()
    const run = new Run({ topic })
    await run.write('never')
    await until(async () => Number((await admin.listOffsets([{ topic, partition: 0, at: 'latest' }]))[0]?.offset) > 0)
    await run.writer.close()
    // Nothing is open any more: what is decided reaches to the end.
    const end = async (): Promise<unknown> =>
      (await admin.listOffsets([{ topic, partition: 0, at: 'latest' }], true))[0]?.offset
    await until(async () => (await end()) === 2)
    expect(await values(topic)).toEqual([])
  })

  /** Where what is decided ends; the end of all records when nothing is open. */
  const decided = async (topic: string, committed: boolean): Promise<number> =>
    Number((await admin.listOffsets([{ topic, partition: 0, at: 'latest' }], committed))[0]?.offset)
  const nothingIsOpen = async (topic: string): Promise<boolean> =>
    (await decided(topic, true)) === (await decided(topic, false))

  it('discards what was prepared behind a snapshot and what was written since, and nothing before it', async () => {
    const topic = await newTopic()
    const run = new Run({ topic })
    await run.write('kept')
    const first = await run.checkpoint(1)
    await run.write('behind')
    await run.checkpoint(2)
    await run.write('written')
    await until(async () => (await decided(topic, false)) === 3)
    await run.writer.discard?.(1, 4000)
    await run.writer.close()
    // The first is open still: it counts.
    expect(await values(topic)).toEqual([])
    const next = new Run({ topic }, run.context, first.state)
    await next.complete(first)
    await until(() => nothingIsOpen(topic))
    expect(await values(topic)).toEqual(['kept'])
    await next.writer.close()
  })

  it('discards what is on its way at that moment', async () => {
    const topic = await newTopic()
    for (let turn = 0; turn < 20; turn++) {
      const run = new Run({ topic })
      await until(() => run.writer.ready?.() ?? true)
      const prepared: (Promise<unknown> | undefined)[] = []
      for (let id = 1; id <= 3; id++) {
        run.writer.write([`never ${id}`], [])
        prepared.push(Promise.resolve(run.writer.prepareCommit?.(id)).catch(() => undefined))
      }
      run.writer.write(['never'], [])
      for (let pauses = turn % 5; pauses > 0; pauses--) await pause()
      await run.writer.discard?.(0, 4000)
      await run.writer.close()
      await until(() => nothingIsOpen(topic))
    }
    expect(await values(topic)).toEqual([])
  })

  it('refuses transactions that are shorter than the interval of checkpoints', () => {
    const made = sink.kafka({ brokers, topic: 'a', transactionTimeout: '10s' })
    const context = contextOf({ checkpointIntervalMs: 30_000 })
    expect(() => made.createWriter(context, [])).toThrow(/transactions of 10s are too short.*30s/)
  })
})

describe('sink.kafka', () => {
  it('puts keys into the partitions of Java, and writes headers, times, text of any kind', async () => {
    const topic = await newTopic(5)
    const run = new Run(
      {
        topic,
        delivery: 'at-least-once',
        key: (record) => (record as { id: string | null }).id,
        headers: () => ({ kind: 'test', none: null }),
        timestamp: () => 77,
        compression: 'lz4',
      },
      contextOf(),
    )
    const records = [{ id: 'a', n: 1n, set: new Set([1]) }, { id: 'key', bytes: new Uint8Array([1, 2]) }, { id: null }]
    await run.write(...records)
    await run.checkpoint(1)
    const found = await seen(topic)
    expect(found).toHaveLength(3)
    for (const { key, partition, headers, timestamp } of found) {
      if (key !== null) expect(partition).toBe((murmur2(key) & 0x7fffffff) % 5)
      expect(headers).toEqual([
        { key: 'kind', value: Buffer.from('test') },
        { key: 'none', value: null },
      ])
      expect(timestamp).toBe(77)
    }
    const texts = found.map(({ value }) => String(value)).sort()
    expect(texts).toEqual(['{"id":"a","n":1,"set":[1]}', '{"id":"key","bytes":"AQI="}', '{"id":null}'])
    await run.writer.close()
  })

  it('writes without checkpoints what counts at once', async () => {
    const topic = await newTopic()
    const run = new Run(
      { topic, value: (record) => (record === 'gone' ? null : String(record)) },
      contextOf({ checkpointing: false }),
    )
    await run.write('x', 'gone')
    await run.checkpoint(Number.POSITIVE_INFINITY)
    expect((await seen(topic)).map(({ value }) => value?.toString())).toEqual(['x', undefined])
    await run.writer.close()
  })

  it('writes into topics by record, and makes those that are missing', async () => {
    const prefix = `made-${++topics}`
    const run = new Run({ topic: (record) => `${prefix}-${record}`, createTopic: { partitions: 2 } })
    await run.write('a', 'b', 'a')
    await run.write('c')
    await run.complete(await run.checkpoint(1))
    for (const [letter, count] of [
      ['a', 2],
      ['b', 1],
      ['c', 1],
    ] as const) {
      const there = async (): Promise<boolean> => (await values(`${prefix}-${letter}`)).length === count
      await until(there)
      expect(await values(`${prefix}-${letter}`)).toEqual(new Array(count).fill(letter))
    }
    await run.writer.close()
  })

  it('says at once that a topic is missing', async () => {
    const run = new Run({ topic: 'not-there' })
    await expect(until(() => run.writer.ready?.() ?? true)).rejects.toMatchObject({ code: 'KAFKA_CONNECTOR_NO_TOPIC' })
    await run.writer.close()
  })

  it('stops taking records when much waits', async () => {
    const topic = await newTopic()
    const run = new Run({ topic, bufferBytes: 10_000, delivery: 'at-least-once' })
    await run.write('x'.repeat(20_000))
    expect(run.writer.ready?.()).toBe(false)
    await until(() => run.writer.ready?.() ?? true)
    await run.writer.close()
  })

  it('prepares a checkpoint at least once although records go on coming', async () => {
    const topic = await newTopic(3)
    const run = new Run({ topic, delivery: 'at-least-once' })
    const records = Array.from({ length: 500 }, (_, i) => ({ i, text: 'x'.repeat(50) }))
    await run.write(...records)
    let isPrepared = false
    const prepared = run.checkpoint(1).finally(() => {
      isPrepared = true
    })
    while (!isPrepared) {
      if (run.writer.ready?.() === true) run.writer.write(records, [])
      await turn()
    }
    await prepared
    expect((await seen(topic)).length).toBeGreaterThanOrEqual(records.length)
    await run.writer.close()
  })

  it('waits for room once, however often it is asked', async () => {
    const writing = new SinkTopics<unknown>(
      {
        client: { brokers: [brokers] },
        records: { topic: 'any' },
        producer: { bufferBytes: 1 },
        createTopic: undefined,
      },
      contextOf(),
    )
    const producer = writing.newProducer()
    producer.append('any', 0, 0, null, Buffer.alloc(100))
    const room = vi.spyOn(producer, 'room')
    for (let i = 0; i < 100; i++) expect(writing.hasRoom(producer)).toBe(false)
    expect(room).toHaveBeenCalledTimes(1)
    await writing.cluster.close()
  })
})
