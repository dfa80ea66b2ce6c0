/** Kafka topics as a source, from a broker in this process. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningBroker, startBroker } from '../../broker/broker.ts'
import { source } from '../../connectors/index.ts'
import { fetchOffsets, KafkaAdmin, KafkaCluster, KafkaProducer } from '../../connectors/kafka/client/index.ts'
import { systemDisk } from '../../core/platform/disk.ts'
import type { CodecName } from '../../proto/kafka/records/index.ts'
import type { Source, SplitState } from '../../sdk/source.ts'
import { t } from '../../sdk/types.ts'
import { RecordingWriter, SourceHarness } from '../support/source-harness.ts'
import { until } from '../support/until.ts'

let broker: RunningBroker
let directory: string
let cluster: KafkaCluster
let admin: KafkaAdmin
let brokers: string
let topics = 0

beforeAll(async () => {
  directory = systemDisk.makeTemporaryDirectory('/tmp/millrace-kafka-source-')
  broker = await startBroker({ 'broker.listeners': '127.0.0.1:0', 'broker.data-dir': directory })
  brokers = broker.address
  cluster = new KafkaCluster({ brokers: [brokers] })
  admin = new KafkaAdmin(cluster)
})
afterAll(async () => {
  await cluster.close()
  await broker.close()
  systemDisk.remove(directory)
})

async function newTopic(partitions = 1, name = `topic-${++topics}`): Promise<string> {
  // Times of tests are long ago: by time nothing may go.
  await admin.createTopics([{ name, partitions, configs: { 'retention.ms': '-1' } }])
  return name
}

interface Sent {
  readonly value: string | Buffer | null
  readonly key?: string
  readonly partition?: number
  readonly timestamp?: number
  readonly headers?: readonly { key: string; value: Buffer | null }[]
}

async function send(topic: string, records: readonly Sent[], codec: CodecName = 'none'): Promise<void> {
  const producer = new KafkaProducer(cluster, { codec, batchBytes: 2000 })
  await producer.start()
  await producer.prepare(topic)
  for (const { value, key, partition = 0, timestamp = 1000, headers } of records) {
    const bytes = value === null || Buffer.isBuffer(value) ? value : Buffer.from(value)
    producer.append(topic, partition, timestamp, key === undefined ? null : Buffer.from(key), bytes, headers)
  }
  await producer.flush()
}

const lines = (count: number, from = 0): Sent[] =>
  Array.from({ length: count }, (_, i) => ({ value: JSON.stringify({ n: from + i, text: `text ${from + i}` }) }))

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5))

/** Runs until all have ended, or until `count` records came. */
async function run<T>(harness: SourceHarness<T>, count = Number.POSITIVE_INFINITY): Promise<SourceHarness<T>> {
  await until(() => harness.run() || harness.emitted.length + harness.rejected.length >= count)
  return harness
}

async function readAll<T>(from: Source<T>, room = 100, restored?: readonly SplitState[]): Promise<SourceHarness<T>> {
  const harness = await run(await new SourceHarness(from, room).start(1, restored))
  harness.close()
  return harness
}

const Line = t.object({ n: t.float64(), text: t.string() })

describe('source.kafka', () => {
  it('reads declared values into columns, whatever the codec and whatever is strange about them', async () => {
    const topic = await newTopic()
    const strange: (string | Buffer)[] = [
      '{"text":"a\\"b","n":1e3}',
      '{"n":7,"more":[1,{"x":null}],"text":"ü€😀"}',
      ' { "n" : -0.5 , "text" : "" } ',
    ]
    for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) await send(topic, lines(300), codec)
    strange.push(Buffer.from('{"n":8,"text":"\xff!"}', 'latin1'))
    await send(
      topic,
      strange.map((value) => ({ value })),
    )
    const { records, rejected, finished } = await readAll(source.kafka({ brokers, topic, value: Line, end: 'latest' }))
    expect(rejected).toEqual([])
    expect(records.slice(0, 1500)).toEqual(
      [0, 1, 2, 3, 4].flatMap(() => lines(300).map(({ value }) => JSON.parse(String(value)))),
    )
    expect(records.slice(1500)).toEqual([
      { n: 1000, text: 'a"b' },
      { n: 7, text: 'ü€😀' },
      { n: -0.5, text: '' },
      { n: 8, text: '\ufffd!' },
    ])
    expect(finished).toEqual([`${topic}/0`])
  })

  it('reads null, absent and nested fields', async () => {
    const topic = await newTopic()
    const type = t.object({ n: t.nullable(t.float64()), tag: t.optional(t.string()) })
    await send(topic, [{ value: '{"n":1,"tag":"a"}' }, { value: '{"n":null}' }, { value: '{"n":3}' }])
    const { records } = await readAll(source.kafka({ brokers, topic, value: type, end: 'latest' }))
    expect(records).toEqual([{ n: 1, tag: 'a' }, { n: null }, { n: 3 }])
    const nested = t.object({ n: t.nullable(t.float64()), list: t.optional(t.array(t.string())) })
    const again = await readAll(source.kafka({ brokers, topic, value: nested, end: 'latest' }))
    expect(again.records).toEqual([{ n: 1 }, { n: null }, { n: 3 }])
  })

  it('refuses what cannot be read, with topic, partition and offset, and goes on behind it', async () => {
    const topic = await newTopic()
    const values = ['{"n":1,"text":"a"}', '{"n":', '{"n":"2","text":"b"}', null, '{"n":5,"text":"e"}']
    await send(
      topic,
      values.map((value) => ({ value })),
    )
    const { records, rejected } = await readAll(source.kafka({ brokers, topic, value: Line, end: 'latest' }))
    expect(records).toEqual([
      { n: 1, text: 'a' },
      { n: 5, text: 'e' },
    ])
    const where = (offset: number): string => `topic ${topic}, partition 0, offset ${offset}`
    expect(rejected.map((each) => each.where)).toEqual([1, 2, 3].map(where))
    expect(rejected[1].error.message).toBe(`${where(2)}: n is "2", declared as float64`)
  })

  it('adds fields of the record, as columns and as records', async () => {
    const topic = await newTopic(2)
    const headers = [{ key: 'h', value: Buffer.from('x') }]
    await send(topic, [
      { value: '{"n":1,"text":"a"}', key: 'k1', timestamp: 5000, headers },
      { value: '{"n":2,"text":"b"}', key: 'k2', timestamp: 6000, partition: 1 },
    ])
    const wanted = [
      { n: 1, text: 'a', key: 'k1', topic, partition: 0, offset: 0, timestamp: 5000 },
      { n: 2, text: 'b', key: 'k2', topic, partition: 1, offset: 0, timestamp: 6000 },
    ]
    const fields = ['key', 'topic', 'partition', 'offset', 'timestamp'] as const
    const typed = await readAll(source.kafka({ brokers, topic, value: Line, end: 'latest', with: fields }))
    expect(typed.records.toSorted((a, b) => Number((a as { n: number }).n) - Number((b as { n: number }).n))).toEqual(
      wanted,
    )
    const untyped = await readAll(source.kafka({ brokers, topic, end: 'latest', with: ['headers', 'offset'] }))
    expect(untyped.records).toContainEqual({ n: 1, text: 'a', headers: { h: 'x' }, offset: 0 })
    await send(topic, [{ value: '{"n":3,"text":"c"}' }])
    const start = { offsets: { [`${topic}/0`]: 1, [`${topic}/1`]: 1 } }
    const keyless = await readAll(source.kafka({ brokers, topic, value: Line, end: 'latest', with: ['key'], start }))
    expect(keyless.records).toEqual([{ n: 3, text: 'c', key: null }])
  })

  it('reads text, bytes and formats of the user', async () => {
    const topic = await newTopic()
    await send(topic, [{ value: 'one', key: 'k' }, { value: 'two' }])
    const common = { brokers, topic, end: 'latest' } as const
    expect((await readAll(source.kafka({ ...common, format: 'string' }))).records).toEqual(['one', 'two'])
    const bytes = await readAll(source.kafka({ ...common, format: 'bytes' }))
    expect(bytes.records).toEqual([new Uint8Array(Buffer.from('one')), new Uint8Array(Buffer.from('two'))])
    const own = await readAll(
      source.kafka({
        ...common,
        format: {
          decode: (value, record) =>
            String(value) === 'two' ? undefined : { value: String(value), key: String(record().key) },
        },
      }),
    )
    expect(own.records).toEqual([{ value: 'one', key: 'k' }])
  })

  it('never shows records of aborted transactions, nor markers', async () => {
    const topic = await newTopic()
    const producer = new KafkaProducer(cluster, { transactionalId: 'source-aborts' })
    await producer.start()
    await producer.prepare(topic)
    for (let round = 0; round < 6; round++) {
      producer.begin()
      producer.append(topic, 0, 1000, null, Buffer.from(`{"n":${round},"text":"x"}`))
      await producer.flush()
      if (round % 2 === 0) await producer.commit()
      else await producer.abort()
    }
    const common = { brokers, topic, value: Line, end: 'latest' } as const
    const numbers = (harness: { records: unknown[] }): number[] =>
      harness.records.map((each) => (each as { n: number }).n)
    expect(numbers(await readAll(source.kafka(common)))).toEqual([0, 2, 4])
    expect(numbers(await readAll(source.kafka({ ...common, isolation: 'read-uncommitted' })))).toEqual([
      0, 1, 2, 3, 4, 5,
    ])
  })

  it('goes on from a checkpoint at each record, with another parallelism', async () => {
    const topic = await newTopic(3)
    await send(
      topic,
      lines(90).map((each, i) => ({ ...each, partition: i % 3 })),
    )
    const make = () => source.kafka({ brokers, topic, value: Line, end: 'latest' })
    const first = await new SourceHarness(make(), 7).start(2)
    await run(first, 21)
    const state = first.snapshot()
    const before = first.records.length
    first.close()
    expect(before).toBeLessThan(90)
    const second = await run(await new SourceHarness(make(), 7).start(3, state))
    second.close()
    const all = [...first.records, ...second.records].map((each) => (each as { n: number }).n)
    expect(all.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 90 }, (_, i) => i))
  })

  it('starts where it is told: latest, a time, offsets, what a group has committed', async () => {
    const topic = await newTopic()
    await send(
      topic,
      lines(10).map((each, i) => ({ ...each, timestamp: 1000 + i })),
    )
    const numbers = async (more: object): Promise<number[]> =>
      (await readAll(source.kafka({ brokers, topic, value: Line, end: 'latest', ...more }))).records.map(
        (each) => (each as { n: number }).n,
      )
    expect(await numbers({ start: { timestamp: 1007 } })).toEqual([7, 8, 9])
    expect(await numbers({ start: { timestamp: new Date(5000) } })).toEqual([])
    expect(await numbers({ start: { offsets: { [`${topic}/0`]: 8 } } })).toEqual([8, 9])
    expect(await numbers({ start: 'latest' })).toEqual([])
    expect(await numbers({ end: { timestamp: 1002 } })).toEqual([0, 1])
    expect(await numbers({ end: { offsets: { [`${topic}/0`]: 3 } } })).toEqual([0, 1, 2])
    expect(await numbers({ start: 'committed', group: 'nobody' })).toHaveLength(10)
  })

  it('publishes the offsets of complete checkpoints for its group, and starts from them when told', async () => {
    const topic = await newTopic()
    await send(topic, lines(10))
    const from = source.kafka({ brokers, topic, value: Line, group: 'shown' })
    const context = { subtask: 0, parallelism: 1, uid: 'source', wake: () => undefined, now: () => 0 }
    const reader = from.createReader(context)
    await reader.addSplits(await from.discoverSplits(context))
    const emitted: unknown[] = []
    const columns = (): RecordingWriter => new RecordingWriter(4, (record) => emitted.push(record))
    const none = (): never => {
      throw new Error('only columns are expected')
    }
    const output = { room: 4, columns, collect: none, reject: none, sideColumns: none, collectSide: none }
    while (emitted.length < 4) {
      reader.poll(output)
      await pause()
    }
    reader.snapshot(5)
    reader.notifyCheckpointComplete?.(5)
    const committed = async (): Promise<number | undefined> => (await fetchOffsets(cluster, 'shown', null))[0]?.offset
    while ((await committed()) === undefined) await pause()
    expect(await committed()).toBe(4)
    await reader.close()
    const rest = await readAll(
      source.kafka({ brokers, topic, value: Line, start: 'committed', group: 'shown', end: 'latest' }),
    )
    expect(rest.records).toHaveLength(6)
  })

  it('finds topics by pattern and new partitions while it runs, and reads them from their start', async () => {
    const prefix = `found-${++topics}`
    await newTopic(1, `${prefix}-a`)
    await newTopic(1, `x${prefix}-a`)
    const from = source.kafka({ brokers, pattern: new RegExp(`${prefix}-.`, 'g'), value: Line, start: 'latest' })
    const context = { subtask: 0, parallelism: 1, uid: 'source', wake: () => undefined, now: () => 0 }
    const reader = from.createReader(context)
    const first = await from.discoverSplits(context)
    expect(first.map(({ splitId }) => splitId)).toEqual([`${prefix}-a/0`])
    await reader.addSplits(first)
    await newTopic(1, `${prefix}-b`)
    await send(`${prefix}-b`, lines(3))
    const second = await from.discoverSplits(context)
    expect(second).toHaveLength(2)
    await reader.addSplits(second.slice(1))
    expect(reader.snapshot()).toMatchObject([{ offset: { next: 0 } }, { offset: { next: 0 } }])
    await reader.close()
  })

  it('says at once that a topic is missing or an option is wrong', async () => {
    const missing = new SourceHarness(source.kafka({ brokers, topic: 'not-there', value: Line }))
    await expect(missing.start()).rejects.toMatchObject({ code: 'KAFKA_CONNECTOR_NO_TOPIC', retry: 'never' })
    expect(() => source.kafka({ brokers: 'host:0', topic: 'a' })).toThrow('host:port')
    expect(() => source.kafka({ brokers })).toThrow('either topic or pattern')
    expect(() => source.kafka({ brokers, topic: 'a', start: 'committed' })).toThrow('group')
    expect(() => source.kafka({ brokers, topic: 'a', value: t.object({ key: t.string() }), with: ['key'] })).toThrow(
      'with',
    )
    expect(() => source.kafka({ brokers, topic: 'a b' })).toThrow('the name of a topic')
  })

  it('fails where the next record was deleted, unless told where to go on', async () => {
    const topic = await newTopic()
    await send(topic, lines(10))
    await admin.deleteRecords([{ topic, partition: 0, offset: 6 }])
    const start = { offsets: { [`${topic}/0`]: 2 } }
    const failing = await new SourceHarness(source.kafka({ brokers, topic, value: Line, start, end: 'latest' })).start()
    await expect(run(failing)).rejects.toMatchObject({ code: 'KAFKA_CONNECTOR_OFFSET_GONE' })
    failing.close()
    const going = await readAll(
      source.kafka({ brokers, topic, value: Line, start, end: 'latest', outOfRange: 'earliest' }),
    )
    expect(going.records).toHaveLength(4)
  })

  it('does not go on in a topic that was made anew under the same name, while it runs and after a restore', async () => {
    const topic = await newTopic()
    await send(topic, lines(10))
    const from = (): Source<unknown> => source.kafka({ brokers, topic, value: Line, maxWait: '20ms' })
    const harness = await run(await new SourceHarness(from()).start(), 10)
    const kept = harness.snapshot()
    await admin.deleteTopics([topic])
    await newTopic(1, topic)
    await send(topic, lines(20))
    await expect(run(harness)).rejects.toMatchObject({ code: expect.stringMatching(/OTHER_TOPIC|OFFSET_GONE/) })
    harness.close()
    await expect(new SourceHarness(from()).start(1, kept)).rejects.toMatchObject({
      code: 'KAFKA_CONNECTOR_OTHER_TOPIC',
      retry: 'never',
    })
    // Checkpoints of before the ids are taken as they are.
    const old = kept.map(({ splitId }) => ({ splitId, offset: { next: 15 } }))
    const again = await run(await new SourceHarness(from()).start(1, old), 5)
    expect(again.records).toHaveLength(5)
    again.close()
  })

  it('waits for a topic that is deleted while it is read, and says so', async () => {
    const topic = await newTopic()
    await send(topic, lines(3))
    const said: (string | undefined)[] = []
    const from = source.kafka({ brokers, topic, value: Line, maxWait: '20ms' })
    const context = { subtask: 0, parallelism: 1, uid: 'source', wake: () => undefined, now: () => 0 }
    const reader = from.createReader({ ...context, waiting: (what) => void said.push(what) })
    await reader.addSplits([{ splitId: `${topic}/0`, offset: {} }])
    await admin.deleteTopics([topic])
    const output = { columns: () => new RecordingWriter(100, () => undefined) } as never
    await until(() => {
      reader.poll(output)
      return said.at(-1)?.includes('UNKNOWN_TOPIC')
    })
    expect(said.at(-1)).toMatch(/^brokers: .*UNKNOWN_TOPIC_OR_PARTITION/)
    await reader.close()
  })

  it('reads no split that is paused, and goes on in it where it was', async () => {
    const topic = await newTopic(2)
    const numbers = (partition: number): Sent[] => lines(500, partition * 1000).map((each) => ({ ...each, partition }))
    await send(topic, [...numbers(0), ...numbers(1)])
    const from = source.kafka({
      brokers,
      topic,
      value: Line,
      end: 'latest',
      maxPartitionBytes: 2000,
      prefetchBytes: 4096,
    })
    const context = { subtask: 0, parallelism: 1, uid: 'source', wake: () => undefined, now: () => 0 }
    const reader = from.createReader(context)
    await reader.addSplits(await from.discoverSplits(context))
    const seen: number[] = []
    const output = {
      columns: () => new RecordingWriter(7, (record) => seen.push((record as { n: number }).n)),
      splitFinished: () => undefined,
    } as never
    const read = (enough: () => boolean): Promise<boolean> =>
      until(() => {
        for (let i = 0; i < 20; i++) if (reader.poll(output) === 'end') return true
        return enough()
      })
    await read(() => seen.some((n) => n < 1000) && seen.some((n) => n >= 1000))
    for (const paused of [0, 1]) {
      reader.pauseSplits?.(new Set([`${topic}/${paused}`]))
      const of = (partition: number): number => seen.filter((n) => n >= 1000 === (partition === 1)).length
      const before = of(paused)
      const other = of(1 - paused)
      await read(() => of(1 - paused) >= Math.min(500, other + 200))
      expect(of(paused)).toBe(before)
      expect(of(1 - paused)).toBeGreaterThan(Math.min(499, other))
    }
    reader.pauseSplits?.(new Set())
    await read(() => false)
    expect(seen.toSorted((a, b) => a - b)).toEqual(
      [...numbers(0), ...numbers(1)].map(({ value }) => JSON.parse(String(value)).n),
    )
    await reader.close()
  })
})
