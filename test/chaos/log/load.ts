/**
 * What all clients of a chaos run share: where the broker is, whether to go on, the history that they write, and pauses and time-outs, so
 * that no client waits for ever.
 *
 * A draft is in the history as unknown from before it is sent; whoever hears of it says how it went.
 */
import { Kafka, logLevel } from 'kafkajs'
import type { Random } from '../../../core/platform/random.ts'
import { emptyHistory, type Send } from './history.ts'

export type Draft = { -readonly [K in keyof Send]: Send[K] }
export interface OpenTransaction {
  readonly id: string
  outcome: 'committed' | 'aborted' | 'unknown'
  reads: readonly number[]
}

export interface DraftOptions {
  readonly key?: string
  readonly transaction?: string
  readonly source?: number
}

export class Load {
  readonly history = emptyHistory()
  readonly address: string
  readonly random: Random
  readonly kafka: Kafka
  /** No new writes. */
  writersStop = false
  /** No new members of groups: those that are there read to the end. */
  churnStops = false
  /** Everybody ends. */
  readersStop = false
  /** How often each client met an error, by its name and the error's. */
  readonly errors = new Map<string, number>()
  #value = 0
  #now = 0
  readonly #orders = new Map<string, number>()

  constructor(address: string, random: Random) {
    this.address = address
    this.random = random
    this.kafka = new Kafka({
      clientId: 'chaos',
      brokers: [address],
      logLevel: logLevel.NOTHING,
      connectionTimeout: 1000,
      requestTimeout: 5000,
      retry: { initialRetryTime: 50, maxRetryTime: 250, retries: 80 },
    })
  }

  /** Places events of the history in order. */
  now(): number {
    return this.#now++
  }

  draft(producer: string, partition: string, options: DraftOptions = {}): Draft {
    const lane = `${producer} ${partition}`
    const order = this.#orders.get(lane) ?? 0
    this.#orders.set(lane, order + 1)
    const draft: Draft = { value: this.#value++, partition, producer, order, outcome: 'unknown', ...options }
    this.history.sends.push(draft)
    return draft
  }

  /** Drafts of one send, spread over partitions of a topic. */
  drafts(producer: string, topic: string, partitions: number, options: DraftOptions = {}): Draft[] {
    const first = this.random.integer(partitions)
    const spread = 1 + this.random.integer(partitions)
    return Array.from({ length: 1 + this.random.integer(6) }, (_, index) => {
      const partition = (first + (index % spread)) % partitions
      return this.draft(producer, `${topic}/${partition}`, { key: `${producer} ${index}`, ...options })
    })
  }

  /** The drafts of one send were acknowledged; `offsets` are of the first by partition. */
  acknowledged(drafts: readonly Draft[], offsets: ReadonlyMap<string, number>): void {
    const counts = new Map<string, number>()
    for (const draft of drafts) {
      const place = counts.get(draft.partition) ?? 0
      counts.set(draft.partition, place + 1)
      draft.outcome = 'ok'
      const base = offsets.get(draft.partition)
      if (base !== undefined && base >= 0) draft.offset = base + place
    }
  }

  begin(id: string): OpenTransaction {
    const transaction: OpenTransaction = { id, outcome: 'aborted', reads: [] }
    this.history.transactions.push(transaction)
    return transaction
  }

  failed(client: string, error: unknown): void {
    const reasons: string[] = []
    for (let cause = error as AggregateError | undefined; cause !== undefined && reasons.length < 4; ) {
      reasons.push(`${cause.name}: ${cause.message.slice(0, 100)}`)
      cause = (cause.errors?.[0] ?? cause.cause) as AggregateError | undefined
    }
    const key = `${client}: ${reasons.join(' < ')}`
    this.errors.set(key, (this.errors.get(key) ?? 0) + 1)
  }

  pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, milliseconds))
  }
}

export const partitionNumber = (partition: string): number => Number(partition.slice(partition.lastIndexOf('/') + 1))
export const topicOf = (partition: string): string => partition.slice(0, partition.lastIndexOf('/'))

/** Rejects after a time, whatever becomes of the promise then. */
export async function within<T>(milliseconds: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('took too long')), milliseconds)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** For ends of clients that may fail because the broker is not there. */
export async function quietly(promise: Promise<unknown>): Promise<void> {
  await within(3000, promise).catch(() => undefined)
}
