/** Clients that write in transactions: two libraries, and pairs of which one is replaced and goes on all the same. */
import type { Producer as KafkaJsProducer, Transaction as KafkaJsTransaction } from 'kafkajs'
import { type Draft, type Load, type OpenTransaction, quietly, within } from './load.ts'
import {
  kafkaJsMessage,
  kafkaJsOffsets,
  newPlatformaticProducer,
  platformaticMessage,
  platformaticOffsets,
} from './writers.ts'

const patienceMs = 60_000
/** Of the broker's time-out for transactions that nobody ends. */
export const transactionTimeoutMs = 10_000

export interface Target {
  readonly topic: string
  readonly partitions: number
}

export function transactionalProducer(load: Load, transactionalId: string): KafkaJsProducer {
  return load.kafka.producer({
    transactionalId,
    idempotent: true,
    maxInFlightRequests: 1,
    transactionTimeout: transactionTimeoutMs,
    allowAutoTopicCreation: false,
  })
}

async function sendIn(
  load: Load,
  name: string,
  transaction: KafkaJsTransaction,
  open: OpenTransaction,
  targets: readonly Target[],
): Promise<void> {
  for (const { topic, partitions } of targets) {
    const drafts = load.drafts(name, topic, partitions, { transaction: open.id })
    const sending = transaction.send({ topic, acks: -1, messages: drafts.map(kafkaJsMessage) })
    load.acknowledged(drafts, kafkaJsOffsets(await within(patienceMs, sending)))
  }
}

/** Once it has been asked for, nobody knows what became of it before the answer. */
export async function commit(open: OpenTransaction, committing: () => Promise<unknown>): Promise<void> {
  open.outcome = 'unknown'
  await within(patienceMs, committing())
  open.outcome = 'committed'
}

export async function kafkaJsTransactions(load: Load, name: string, targets: readonly Target[]): Promise<void> {
  let count = 0
  while (!load.writersStop) {
    const producer = transactionalProducer(load, name)
    try {
      await within(patienceMs, producer.connect())
      while (!load.writersStop) {
        const open = load.begin(`${name}-${count++}`)
        const transaction = await within(patienceMs, producer.transaction())
        await sendIn(load, name, transaction, open, targets)
        if (load.random.integer(3) === 0) await within(patienceMs, transaction.abort())
        else await commit(open, () => transaction.commit())
        await load.pause(load.random.integer(20))
      }
    } catch (error) {
      load.failed(name, error)
      await load.pause(100)
    }
    await quietly(producer.disconnect())
  }
}

export async function platformaticTransactions(load: Load, name: string, targets: readonly Target[]): Promise<void> {
  let count = 0
  while (!load.writersStop) {
    const producer = newPlatformaticProducer(load, {
      transactionalId: name,
      transactionTimeout: transactionTimeoutMs,
      // Without them it says that it is producer 0, and whoever has another number is fenced.
      producerId: -1n,
      producerEpoch: -1,
    })
    try {
      while (!load.writersStop) {
        const open = load.begin(`${name}-${count++}`)
        const transaction = await within(patienceMs, producer.beginTransaction())
        const drafts: Draft[] = targets.flatMap(({ topic, partitions }) =>
          load.drafts(name, topic, partitions, { transaction: open.id }),
        )
        const sending = transaction.send({ messages: drafts.map(platformaticMessage) })
        load.acknowledged(drafts, platformaticOffsets((await within(patienceMs, sending)).offsets))
        if (load.random.integer(3) === 0) await within(patienceMs, transaction.abort())
        else await commit(open, () => transaction.commit())
        await load.pause(load.random.integer(20))
      }
    } catch (error) {
      load.failed(name, error)
      await load.pause(100)
    }
    await quietly(producer.close())
  }
}

/**
 * One producer after the other under one id. Each is replaced in the middle of its transaction, and then goes on: it writes, and its
 * end comes late. It must not be heard.
 */
export async function zombies(load: Load, name: string, targets: readonly Target[]): Promise<void> {
  let count = 0
  while (!load.writersStop) {
    const older = transactionalProducer(load, name)
    const newer = transactionalProducer(load, name)
    try {
      await within(patienceMs, older.connect())
      const left = load.begin(`${name}-${count++}`)
      const abandoned = await within(patienceMs, older.transaction())
      await sendIn(load, `${name}-old`, abandoned, left, targets)
      await within(patienceMs, newer.connect())
      const open = load.begin(`${name}-${count++}`)
      const transaction = await within(patienceMs, newer.transaction())
      const late = load.random.integer(2) === 0
      const goOn = async (): Promise<void> => {
        try {
          if (load.random.integer(2) === 0) await sendIn(load, `${name}-old`, abandoned, left, targets)
          await within(patienceMs, abandoned.commit())
          // Nobody may tell it so: what it wrote was aborted when it was replaced.
          left.outcome = 'committed'
        } catch {
          await quietly(older.disconnect())
        }
      }
      if (!late) await goOn()
      await sendIn(load, `${name}-new`, transaction, open, targets)
      await commit(open, () => transaction.commit())
      if (late) await goOn()
    } catch (error) {
      load.failed(name, error)
      await load.pause(100)
    }
    await quietly(older.disconnect())
    await quietly(newer.disconnect())
    await load.pause(load.random.integer(100))
  }
}
