import { ConfigResourceTypes, type Consumer, Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningBroker, startBroker } from '../../broker/broker.ts'
import { systemDisk } from '../../core/platform/disk.ts'

let broker: RunningBroker
let directory: string
let kafka: Kafka

beforeAll(async () => {
  directory = systemDisk.makeTemporaryDirectory('/tmp/millrace-kafkajs-')
  broker = await startBroker({
    'broker.listeners': '127.0.0.1:0',
    'broker.data-dir': directory,
    'broker.group.initial.rebalance.delay': '0ms',
  })
  kafka = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING, retry: { retries: 3 } })
})

afterAll(async () => {
  await broker.close()
  systemDisk.remove(directory)
})

interface Got {
  readonly partition: number
  readonly offset: string
  readonly key: string | undefined
  readonly value: string | null
  readonly headers: Record<string, string>
}

async function consume(topic: string, count: number, groupId: string, from?: string): Promise<Got[]> {
  const consumer: Consumer = kafka.consumer({ groupId })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  const got: Got[] = []
  await new Promise<void>((resolve, reject) => {
    const run = consumer.run({
      eachMessage: async ({ partition, message }) => {
        const headers = Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)])
        const value = message.value === null ? null : message.value.toString()
        const key = message.key?.toString()
        got.push({ partition, offset: message.offset, key, value, headers: Object.fromEntries(headers) })
        if (got.length === count) resolve()
      },
    })
    run.catch(reject)
    if (from !== undefined) consumer.seek({ topic, partition: 0, offset: from })
  })
  await consumer.disconnect()
  return got
}

describe('kafkajs', () => {
  it('creates, lists, describes and deletes topics', async () => {
    const admin = kafka.admin()
    await admin.connect()
    expect(await admin.createTopics({ topics: [{ topic: 'made', numPartitions: 3 }] })).toBe(true)
    expect(await admin.createTopics({ topics: [{ topic: 'made', numPartitions: 3 }] })).toBe(false)
    expect(await admin.listTopics()).toContain('made')
    const { topics } = await admin.fetchTopicMetadata({ topics: ['made'] })
    expect(topics[0]?.partitions.map((each) => each.partitionId).sort()).toEqual([0, 1, 2])
    await admin.createPartitions({ topicPartitions: [{ topic: 'made', count: 5 }] })
    expect((await admin.fetchTopicOffsets('made')).length).toBe(5)
    await admin.deleteTopics({ topics: ['made'] })
    expect(await admin.listTopics()).not.toContain('made')
    await admin.disconnect()
  })

  it('reads and changes settings', async () => {
    const admin = kafka.admin()
    await admin.connect()
    await admin.createTopics({ topics: [{ topic: 'set', configEntries: [{ name: 'retention.ms', value: '1000' }] }] })
    const resource = { type: ConfigResourceTypes.TOPIC, name: 'set' }
    const before = await admin.describeConfigs({ resources: [resource], includeSynonyms: true })
    const of = (response: typeof before, name: string) =>
      response.resources[0]?.configEntries.find((each) => each.configName === name)?.configValue
    expect(of(before, 'retention.ms')).toBe('1000')
    await admin.alterConfigs({
      validateOnly: false,
      resources: [{ ...resource, configEntries: [{ name: 'cleanup.policy', value: 'compact' }] }],
    })
    const after = await admin.describeConfigs({ resources: [resource], includeSynonyms: false })
    expect(of(after, 'cleanup.policy')).toBe('compact')
    // AlterConfigs replaces all of them.
    expect(of(after, 'retention.ms')).toBe('604800000')
    await admin.disconnect()
  })

  it('produces and consumes: gzip and none, headers, null keys and values', async () => {
    const producer = kafka.producer({ allowAutoTopicCreation: true })
    await producer.connect()
    await producer.send({
      topic: 'records',
      messages: [
        { key: 'a', value: 'plain', headers: { h: 'x' } },
        { key: null, value: 'without key' },
        { key: 'c', value: null },
      ],
    })
    await producer.send({ topic: 'records', compression: 1, messages: [{ key: 'd', value: 'z'.repeat(10_000) }] })
    await producer.disconnect()
    const got = await consume('records', 4, 'records-group')
    expect(got.map((each) => each.value?.slice(0, 11) ?? null)).toEqual(['plain', 'without key', null, 'zzzzzzzzzzz'])
    expect(got[0]?.headers).toEqual({ h: 'x' })
    expect(got.map((each) => each.offset)).toEqual(['0', '1', '2', '3'])
  })

  it('consumes from an offset, also inside of a batch', async () => {
    const producer = kafka.producer()
    await producer.connect()
    await producer.send({ topic: 'seek', messages: Array.from({ length: 10 }, (_, index) => ({ value: `v${index}` })) })
    await producer.disconnect()
    const got = await consume('seek', 3, 'seek-group', '7')
    expect(got.slice(-3).map((each) => each.value)).toEqual(['v7', 'v8', 'v9'])
  })

  it('deletes records, and finds offsets by time', async () => {
    const admin = kafka.admin()
    const producer = kafka.producer()
    await Promise.all([admin.connect(), producer.connect()])
    await admin.createTopics({ topics: [{ topic: 'times' }] })
    const base = Date.now()
    for (let index = 0; index < 3; index++) {
      await producer.send({ topic: 'times', messages: [{ value: `${index}`, timestamp: String(base + index * 1000) }] })
    }
    expect(await admin.fetchTopicOffsetsByTimestamp('times', base + 500)).toEqual([{ partition: 0, offset: '1' }])
    await admin.deleteTopicRecords({ topic: 'times', partitions: [{ partition: 0, offset: '2' }] })
    expect(await admin.fetchTopicOffsets('times')).toEqual([{ partition: 0, offset: '3', high: '3', low: '2' }])
    await Promise.all([admin.disconnect(), producer.disconnect()])
  })

  it('goes on in a group where the group was', async () => {
    const producer = kafka.producer()
    await producer.connect()
    const send = (values: string[]) => producer.send({ topic: 'grouped', messages: values.map((value) => ({ value })) })
    await send(['a', 'b'])
    expect((await consume('grouped', 2, 'stays')).map((each) => each.value)).toEqual(['a', 'b'])
    await send(['c'])
    expect((await consume('grouped', 1, 'stays')).map((each) => each.value)).toEqual(['c'])
    await producer.disconnect()
  })

  it('writes once with an idempotent producer, and in transactions', async () => {
    const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1, transactionalId: 'tx' })
    await producer.connect()
    const aborted = await producer.transaction()
    await aborted.send({ topic: 'once', messages: [{ value: 'no' }] })
    await aborted.abort()
    const committed = await producer.transaction()
    await committed.send({ topic: 'once', messages: [{ value: 'yes' }] })
    await committed.commit()
    await producer.disconnect()
    expect((await consume('once', 1, 'once-group')).map((each) => each.value)).toEqual(['yes'])
  })

  it('shows what was committed and nothing else where it begins to read within transactions that were aborted', async () => {
    const admin = kafka.admin()
    await admin.connect()
    await admin.createTopics({ topics: [{ topic: 'within' }] })
    await admin.disconnect()
    const producers = ['x', 'y', 'z'].map((name) =>
      kafka.producer({ idempotent: true, maxInFlightRequests: 1, transactionalId: `within-${name}` }),
    )
    await Promise.all(producers.map((each) => each.connect()))
    const open = await Promise.all(producers.map((each) => each.transaction()))
    for (const each of open) await each.send({ topic: 'within', messages: [{ value: 'no' }] })
    // From here, offset 3: all three began below it.
    const messages = Array.from({ length: 4 }, () => ({ value: 'no' }))
    await open[2]?.send({ topic: 'within', messages })
    for (const each of open.toReversed()) await each.abort()
    const committed = await producers[2]?.transaction()
    for (const value of ['1', '2', '3', '4']) await committed?.send({ topic: 'within', messages: [{ value }] })
    await committed?.commit()
    await Promise.all(producers.map((each) => each.disconnect()))
    const got = await consume('within', 4, 'within-group', '3')
    expect(got.map((each) => each.value)).toEqual(['1', '2', '3', '4'])
  })
})
