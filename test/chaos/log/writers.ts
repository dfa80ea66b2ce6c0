/** Clients that write without transactions: each one thing at a time, so that the order of its answers is that of its sends. */
import { ProduceAcks, Producer, stringSerializers } from '@platformatic/kafka'
import type { RecordMetadata } from 'kafkajs'
import { type Draft, type Load, partitionNumber, quietly, topicOf, within } from './load.ts'

/** Longer than any time without a broker: the client itself gives up before. */
const patienceMs = 60_000

export const kafkaJsMessage = ({ partition, value, key }: Draft) => ({
  partition: partitionNumber(partition),
  value: String(value),
  ...(key === undefined ? {} : { key }),
})

export function kafkaJsOffsets(results: readonly RecordMetadata[]): Map<string, number> {
  return new Map(results.map((each) => [`${each.topicName}/${each.partition}`, Number(each.baseOffset ?? -1)]))
}

/** kafkajs, idempotent; with keys the values of few keys replace each other. */
export async function kafkaJsWriter(
  load: Load,
  name: string,
  topic: string,
  partitions: number,
  keys = 0,
): Promise<void> {
  while (!load.writersStop) {
    const producer = load.kafka.producer({ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false })
    try {
      await within(patienceMs, producer.connect())
      while (!load.writersStop) {
        const drafts =
          keys === 0
            ? load.drafts(name, topic, partitions)
            : Array.from({ length: 4 }, () => {
                const key = load.random.integer(keys)
                return load.draft(name, `${topic}/${key % partitions}`, { key: `k${key}` })
              })
        const compression = load.random.integer(3) === 0 ? 1 : 0
        const sending = producer.send({ topic, acks: -1, compression, messages: drafts.map(kafkaJsMessage) })
        load.acknowledged(drafts, kafkaJsOffsets(await within(patienceMs, sending)))
        await load.pause(2 + load.random.integer(10))
      }
    } catch (error) {
      // What became of the last send is not known; a new producer, because this one would use its sequences again.
      load.failed(name, error)
      await load.pause(100)
    }
    await quietly(producer.disconnect())
  }
}

/** kafkajs without idempotence, which gives up at once: a send may be there or not, but once. */
export async function plainWriter(load: Load, name: string, topic: string, partitions: number): Promise<void> {
  const producer = load.kafka.producer({ allowAutoTopicCreation: false, retry: { retries: 0 } })
  while (!load.writersStop) {
    try {
      await within(patienceMs, producer.connect())
      while (!load.writersStop) {
        const drafts = load.drafts(name, topic, partitions)
        const sending = producer.send({ topic, acks: -1, messages: drafts.map(kafkaJsMessage) })
        load.acknowledged(drafts, kafkaJsOffsets(await within(patienceMs, sending)))
        await load.pause(2 + load.random.integer(20))
      }
    } catch (error) {
      load.failed(name, error)
      await load.pause(100)
    }
  }
  await quietly(producer.disconnect())
}

export function newPlatformaticProducer(load: Load, more: object = {}) {
  return new Producer({
    clientId: 'chaos',
    bootstrapBrokers: [load.address],
    serializers: stringSerializers,
    idempotent: true,
    acks: ProduceAcks.ALL,
    retries: 60,
    retryDelay: 150,
    timeout: 5000,
    connectTimeout: 1000,
    ...more,
  })
}

export const platformaticMessage = ({ partition, value, key }: Draft) => ({
  topic: topicOf(partition),
  partition: partitionNumber(partition),
  value: String(value),
  ...(key === undefined ? {} : { key }),
})

export function platformaticOffsets(
  offsets: readonly { topic: string; partition: number; offset: bigint }[] | undefined,
): Map<string, number> {
  return new Map((offsets ?? []).map((each) => [`${each.topic}/${each.partition}`, Number(each.offset)]))
}

/** kafkajs reads no others. */
const codecs = ['none', 'gzip'] as const

export async function platformaticWriter(load: Load, name: string, topic: string, partitions: number): Promise<void> {
  while (!load.writersStop) {
    const producer = newPlatformaticProducer(load)
    try {
      while (!load.writersStop) {
        const drafts = load.drafts(name, topic, partitions)
        const compression = codecs[load.random.integer(codecs.length)] ?? 'none'
        const sending = producer.send({ compression, messages: drafts.map(platformaticMessage) })
        load.acknowledged(drafts, platformaticOffsets((await within(patienceMs, sending)).offsets))
        await load.pause(2 + load.random.integer(10))
      }
    } catch (error) {
      load.failed(name, error)
      await load.pause(100)
    }
    await quietly(producer.close())
  }
}
