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

type Text = Message<string, string, string, string>

const common = () => ({
  clientId: 'test',
  bootstrapBrokers: [harness.broker.address],
  retries: 5,
  retryDelay: 100,
  timeout: 60_000,
})

describe('coordinators for @platformatic/kafka', () => {
  it('commit and abort transactions with the offsets that belong to them', async () => {
    const admin = new Admin(common())
    await admin.createTopics({ topics: ['from', 'to'], partitions: 1, replicas: 1 })
    const producer = new Producer({
      ...common(),
      serializers: stringSerializers,
      idempotent: true,
      transactionalId: 'pipe',
      acks: ProduceAcks.ALL,
    })
    const plain = new Producer({ ...common(), serializers: stringSerializers })
    // One aborted transaction: of several of one producer in a response, version 2.12 of this client hides the last only.
    const source = ['a', 'b', 'c'].map((value) => ({ topic: 'from', value }))
    await plain.send({ messages: source, acks: ProduceAcks.ALL })

    const consumer = new Consumer({ ...common(), groupId: 'pipe', deserializers: stringDeserializers })
    const stream = await consumer.consume({
      topics: ['from'],
      mode: MessagesStreamModes.EARLIEST,
      autocommit: false,
      maxWaitTime: 100,
    })
    let seen = 0
    for await (const each of stream) {
      const message = each as Text
      const transaction = await producer.beginTransaction()
      await transaction.addConsumer(consumer)
      await transaction.send({ messages: [{ topic: 'to', value: `${message.value}!` }], acks: ProduceAcks.ALL })
      await transaction.addOffset(message)
      if (seen % 2 === 0) await transaction.commit()
      else await transaction.abort()
      if (++seen === source.length) break
    }
    expect(harness.broker.coordinators.transactions.stateOf('pipe')).toMatchObject({ producerEpoch: 0 })
    await stream.close()
    const committed = await harness.broker.coordinators.offsets.fetch('pipe', null, false)
    expect(committed.topics).toMatchObject([{ name: 'from', partitions: [{ committedOffset: 3 }] }])
    await consumer.close(true)

    const reader = new Consumer({ ...common(), groupId: 'reader', deserializers: stringDeserializers })
    const results = await reader.consume({
      topics: ['to'],
      mode: MessagesStreamModes.EARLIEST,
      isolationLevel: 1,
      maxWaitTime: 100,
    })
    const got: string[] = []
    for await (const message of results) {
      got.push((message as Text).value)
      if (got.length === 2) break
    }
    await results.close()
    await reader.close(true)
    expect(got).toEqual(['a!', 'c!'])
    await Promise.all([producer.close(), plain.close(), admin.close()])
  })
})
