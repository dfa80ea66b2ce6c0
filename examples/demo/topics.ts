/**
 * The demo's outside world: flights come from a client that others wrote (kafkajs), as from any program that has never heard
 * of Millrace, and what the job writes is read by the same client. The producer is idempotent and patient: while the broker
 * is away it tries again, and each flight is in the topic once.
 */
import { Kafka, logLevel, type Producer } from 'kafkajs'

export const flightPartitions = 2
const perBatch = 50

export function client(broker: string): Kafka {
  return new Kafka({
    clientId: 'demo',
    brokers: [broker],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 2000,
    retry: { initialRetryTime: 50, maxRetryTime: 300, retries: 200 },
  })
}

export async function makeTopics(kafka: Kafka): Promise<void> {
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({
    topics: [
      { topic: 'flights', numPartitions: flightPartitions },
      { topic: 'reports', numPartitions: 2 },
      { topic: 'alerts', numPartitions: 1 },
    ],
  })
  await admin.disconnect()
}

/** Offsets at which the partitions of `flights` end when `total` flights are in. */
export function endsOf(total: number): string {
  const ends = Array.from({ length: flightPartitions }, (_, partition) => [
    `flights/${partition}`,
    Math.ceil((total - partition) / flightPartitions),
  ])
  return JSON.stringify(Object.fromEntries(ends))
}

export interface Producing {
  /** Flights that the broker has acknowledged. */
  readonly sent: number
  readonly done: Promise<void>
}

/** Sends flights in order, round the partitions, so many a second. */
export function produceFlights(kafka: Kafka, flights: readonly object[], perSecond: number): Producing {
  const producing = { sent: 0, done: Promise.resolve() }
  const send = async (): Promise<void> => {
    const producer: Producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
    await producer.connect()
    const started = performance.now()
    while (producing.sent < flights.length) {
      const from = producing.sent
      const messages = flights.slice(from, from + perBatch).map((flight, index) => ({
        value: JSON.stringify(flight),
        partition: (from + index) % flightPartitions,
      }))
      await producer.send({ topic: 'flights', messages })
      producing.sent += messages.length
      const aheadMs = (producing.sent / perSecond) * 1000 - (performance.now() - started)
      if (aheadMs > 0) await new Promise((resolve) => setTimeout(resolve, aheadMs))
    }
    await producer.disconnect()
  }
  producing.done = send()
  return producing
}

/**
 * Everything that is committed in a topic, as texts. It has read to the end when nothing came for a second and there are
 * `expected` of them, or for five: records that are lost must not be waited for without end, and none that is too many missed.
 */
export async function readCommitted(kafka: Kafka, topic: string, expected: number): Promise<string[]> {
  const consumer = kafka.consumer({ groupId: `check-${topic}`, readUncommitted: false, maxWaitTimeInMs: 100 })
  const texts: string[] = []
  let newest = performance.now()
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({
    eachMessage: ({ message }) => {
      newest = performance.now()
      texts.push(message.value?.toString() ?? 'null')
      return Promise.resolve()
    },
  })
  // Joining a group takes its time before the first record comes.
  while (performance.now() - newest < (texts.length >= expected ? 1000 : 5000)) {
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await consumer.disconnect()
  return texts
}
