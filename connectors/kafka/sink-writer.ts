/**
 * What both writers of the Kafka sink have: records that wait until their topic is known and the producer has started, in
 * their order; the bound on bytes; what fails. One per subtask, on its slot's thread. Records never wait for brokers here:
 * `ready` says that no more are to be given.
 */
import { inBackground } from '../../core/async/index.ts'
import { createLogger } from '../../core/log.ts'
import { kafkaError } from '../../proto/kafka/error-codes.ts'
import type { SinkContext } from '../../sdk/sink.ts'
import { codeOf, KafkaAdmin, KafkaCluster, KafkaProducer, type NewTopic } from './client/index.ts'
import type { KafkaClientOptions } from './client/options.ts'
import type { ProducerOptions } from './client/producer-options.ts'
import { kafkaConnectorErrors } from './errors.ts'
import { type Append, type RecordOptions, recordAppender } from './outgoing-records.ts'
import { Waits } from './waits.ts'

export interface WriterOptions<T> {
  readonly client: KafkaClientOptions
  readonly records: RecordOptions<T>
  readonly producer: ProducerOptions
  readonly createTopic: Omit<NewTopic, 'name'> | undefined
}

interface Waiting<T> {
  readonly record: T
  readonly timestampMs: number
}

export const sinkLog = createLogger('kafka-sink')

/** Records on their way into one producer. */
export class Outlet<T> {
  producer: KafkaProducer | undefined
  readonly waiting: Waiting<T>[] = []
}

export class SinkTopics<T> {
  readonly cluster: KafkaCluster
  readonly options: WriterOptions<T>
  failure: unknown
  readonly #context: SinkContext
  readonly #append: Append<T>
  readonly #waits: Waits
  readonly #known = new Set<string>()
  readonly #asked = new Map<string, Promise<void>>()
  /** Producers whose room is waited for. */
  readonly #full = new Set<KafkaProducer>()

  constructor(options: WriterOptions<T>, context: SinkContext) {
    this.options = options
    this.#context = context
    this.#append = recordAppender(options.records)
    this.cluster = new KafkaCluster(options.client)
    const waits = new Waits(context.waiting)
    this.cluster.onTrouble = (of, trouble) => waits.set(of, trouble)
    this.#waits = waits
  }

  /** Of a producer of its own; `transactionalId` where it writes in transactions. */
  newProducer(transactionalId?: string): KafkaProducer {
    const { producer, records } = this.options
    const self: object = {}
    const topic = typeof records.topic === 'string' ? records.topic : 'by record'
    return new KafkaProducer(this.cluster, {
      ...producer,
      ...(transactionalId === undefined ? {} : { transactionalId }),
      onTrouble: (trouble) => {
        this.#waits.set(self, trouble)
        if (trouble === undefined) sinkLog.info({ topic }, 'records arrive again')
        else sinkLog.warn({ topic, reason: trouble.message }, 'records do not arrive: trying again')
      },
    })
  }

  /** Fails the writer at the next call of the task. */
  fail(error: unknown): void {
    if (this.cluster.isClosed) return
    this.failure ??= error ?? new Error('unknown')
    this.#context.wake()
  }

  /** Gives a record to the producer, or lets it wait behind others. */
  write(outlet: Outlet<T>, record: T, timestampMs: number): void {
    const { producer } = outlet
    if (producer !== undefined && outlet.waiting.length === 0) {
      const topic = this.#topicOf(record)
      if (this.#known.has(topic)) {
        this.#append(producer, record, timestampMs, topic)
        return
      }
    }
    outlet.waiting.push({ record, timestampMs })
  }

  /** Resolves when no record of the outlet waits any more. It has a producer by then. */
  async drain(outlet: Outlet<T>): Promise<void> {
    const { producer, waiting } = outlet
    if (producer === undefined) throw new Error('an outlet is drained before it has a producer')
    let at = 0
    while (at < waiting.length) {
      const topic = this.#topicOf(waiting[at].record)
      if (!this.#known.has(topic)) await this.learn(topic)
      const { record, timestampMs } = waiting[at++]
      this.#append(producer, record, timestampMs, topic)
      if (!producer.hasRoom) await producer.room()
    }
    waiting.length = 0
  }

  /** Learns a topic, and makes it where that was asked for. */
  learn(topic: string): Promise<void> {
    let asked = this.#asked.get(topic)
    if (asked === undefined) {
      asked = this.#learn(topic)
      this.#asked.set(topic, asked)
    }
    return asked
  }

  async #learn(topic: string): Promise<void> {
    const { createTopic, client } = this.options
    try {
      if (createTopic !== undefined)
        await new KafkaAdmin(this.cluster).createTopics([{ name: topic, ...createTopic }], { ifMissing: true })
      await this.cluster.describeTopic(topic)
    } catch (error) {
      if (codeOf(error) !== kafkaError.UNKNOWN_TOPIC_OR_PARTITION) throw error
      const problem = { connector: 'sink.kafka', topic, brokers: client.brokers.join(', ') }
      throw kafkaConnectorErrors.create('NO_TOPIC', problem, { cause: error })
    }
    this.#known.add(topic)
  }

  #topicOf(record: T): string {
    const { topic } = this.options.records
    return typeof topic === 'string' ? topic : topic(record)
  }

  /** Whether a producer takes more; wakes the task when it does again. */
  hasRoom(producer: KafkaProducer): boolean {
    if (producer.failure !== undefined) throw producer.failure
    if (producer.hasRoom) return true
    if (this.#full.has(producer)) return false
    this.#full.add(producer)
    const room = producer.room().finally(() => this.#full.delete(producer))
    inBackground(
      room.then(() => this.#context.wake()),
      (error) => this.fail(error),
    )
    return false
  }
}
