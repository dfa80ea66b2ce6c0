import {
  Admin,
  Consumer,
  type Message,
  MessagesStreamModes,
  ProduceAcks,
  Producer,
  stringDeserializers,
  stringSerializers,
} from '@platformatic/kafka'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BrokerHarness, startBrokerHarness } from '../support/broker-harness.ts'

let harness: BrokerHarness

beforeAll(async () => {
  harness = await startBrokerHarness()
})

afterAll(() => harness.close())

const common = () => ({ clientId: 'test', bootstrapBrokers: [harness.broker.address], retries: 2, timeout: 60_000 })
const newProducer = () => new Producer({ ...common(), serializers: stringSerializers })

type Text = Message<string, string, string, string>

async function consume(topic: string, count: number, groupId: string, sessions = false): Promise<Text[]> {
  const consumer = new Consumer({ ...common(), groupId, deserializers: stringDeserializers })
  const stream = await consumer.consume({
    topics: [topic],
    mode: MessagesStreamModes.EARLIEST,
    autocommit: true,
    maxWaitTime: 200,
    ...(sessions ? { sessions: true } : {}),
  })
  const got: Text[] = []
  for await (const message of stream) {
    got.push(message as Text)
    if (got.length === count) break
  }
  await stream.close()
  await consumer.close(true)
  return got
}

describe('@platformatic/kafka', () => {
  it('creates and deletes topics, and says what there is', async () => {
    const admin = new Admin(common())
    const [made] = await admin.createTopics({ topics: ['pt-made'], partitions: 2, replicas: 1 })
    expect(made).toMatchObject({ name: 'pt-made', partitions: 2 })
    await expect(admin.createTopics({ topics: ['pt-made'], partitions: 2, replicas: 1 })).rejects.toThrow()
    expect(await admin.listTopics()).toContain('pt-made')
    const metadata = await admin.metadata({ topics: ['pt-made'] })
    expect(metadata.topics.get('pt-made')?.partitionsCount).toBe(2)
    expect(metadata.brokers.size).toBe(1)
    await admin.deleteTopics({ topics: ['pt-made'] })
    expect(await admin.listTopics()).not.toContain('pt-made')
    await admin.close()
  })

  it.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)('produces and consumes with %s', async (compression) => {
    const topic = `pt-${compression}`
    const admin = new Admin(common())
    await admin.createTopics({ topics: [topic], partitions: 1, replicas: 1 })
    await admin.close()
    const producer = newProducer()
    const value = 'v'.repeat(5000)
    const sent = await producer.send({
      acks: ProduceAcks.ALL,
      compression,
      messages: Array.from({ length: 5 }, (_, index) => ({ topic, key: `k${index}`, value, headers: { h: '1' } })),
    })
    expect(sent.offsets?.[0]).toMatchObject({ topic, partition: 0, offset: 0n })
    await producer.close()
    const got = await consume(topic, 5, `pt-${compression}`, true)
    expect(got.map((each) => each.key)).toEqual(['k0', 'k1', 'k2', 'k3', 'k4'])
    expect(got.every((each) => each.value === value)).toBe(true)
    expect(got[0]?.headers).toEqual(new Map([['h', '1']]))
  })

  it('writes with acks=0, which nobody answers', async () => {
    const producer = newProducer()
    const admin = new Admin(common())
    await admin.createTopics({ topics: ['pt-acks'], partitions: 1, replicas: 1 })
    await producer.send({ acks: ProduceAcks.NO_RESPONSE, messages: [{ topic: 'pt-acks', value: 'unanswered' }] })
    expect((await consume('pt-acks', 1, 'pt-acks')).map((each) => each.value)).toEqual(['unanswered'])
    await Promise.all([producer.close(), admin.close()])
  })

  it('waits at the end of many partitions in a fetch session, and gets what comes', async () => {
    const admin = new Admin(common())
    await admin.createTopics({ topics: ['pt-session'], partitions: 6, replicas: 1 })
    const consumer = new Consumer({ ...common(), groupId: 'pt-session', deserializers: stringDeserializers })
    const stream = await consumer.consume({
      topics: ['pt-session'],
      mode: MessagesStreamModes.EARLIEST,
      maxWaitTime: 5000,
      sessionTimeout: 10_000,
    })
    const producer = newProducer()
    const got: string[] = []
    const reading = (async () => {
      for await (const message of stream) {
        got.push(`${message.partition}:${message.value}`)
        if (got.length === 12) break
      }
    })()
    for (let round = 0; round < 2; round++) {
      for (let partition = 0; partition < 6; partition++) {
        await producer.send({
          acks: ProduceAcks.ALL,
          messages: [{ topic: 'pt-session', partition, value: `${round}` }],
        })
      }
    }
    await reading
    expect([...got].sort()).toEqual([0, 1, 2, 3, 4, 5].flatMap((each) => [`${each}:0`, `${each}:1`]))
    await stream.close()
    await Promise.all([consumer.close(true), producer.close(), admin.close()])
  })
})
