/**
 * Writes records without transactions. At least once: a checkpoint waits until brokers have acknowledged everything before
 * it. None: it does not. One per subtask, on its slot's thread.
 */
import { inBackground } from '../../core/async/index.ts'
import type { SinkContext, SinkWriter } from '../../sdk/sink.ts'
import { reachBrokers } from './reach.ts'
import { Outlet, SinkTopics, sinkLog, type WriterOptions } from './sink-writer.ts'

export class PlainWriter<T> implements SinkWriter<T, never, never> {
  readonly #context: SinkContext
  readonly #topics: SinkTopics<T>
  readonly #outlet = new Outlet<T>()
  readonly #waits: boolean
  readonly #started: Promise<void>
  #draining: Promise<void> | undefined

  constructor(options: WriterOptions<T>, context: SinkContext, waits: boolean) {
    this.#context = context
    this.#waits = waits
    this.#topics = new SinkTopics(options, context)
    this.#started = this.#start()
    inBackground(
      this.#started.then(() => this.#context.wake()),
      (error) => this.#topics.fail(error),
    )
  }

  ready(): boolean {
    if (this.#topics.failure !== undefined) throw this.#topics.failure
    const { producer, waiting } = this.#outlet
    return producer !== undefined && waiting.length === 0 && this.#topics.hasRoom(producer)
  }

  write(records: readonly T[], timestamps: ArrayLike<number>): void {
    const nowMs = this.#context.now()
    for (let i = 0; i < records.length; i++)
      this.#topics.write(this.#outlet, records[i], i < timestamps.length && timestamps[i] > 0 ? timestamps[i] : nowMs)
    if (this.#outlet.waiting.length > 0) inBackground(this.#drain(), (error) => this.#topics.fail(error))
  }

  prepareCommit(): readonly never[] | Promise<readonly never[]> {
    return this.#waits ? this.#flush() : []
  }

  async close(): Promise<void> {
    await this.#topics.cluster.close()
  }

  async #start(): Promise<void> {
    const { topics, options } = { topics: this.#topics, options: this.#topics.options }
    await reachBrokers(topics.cluster, sinkLog)
    if (typeof options.records.topic === 'string') await topics.learn(options.records.topic)
    const producer = topics.newProducer()
    await producer.start()
    this.#outlet.producer = producer
  }

  /** One at a time; what comes meanwhile is taken along. */
  async #drain(): Promise<void> {
    this.#draining ??= this.#started
      .then(() => this.#topics.drain(this.#outlet))
      .finally(() => {
        this.#draining = undefined
        this.#context.wake()
      })
    await this.#draining
  }

  async #flush(): Promise<readonly never[]> {
    if (this.#outlet.waiting.length > 0 || this.#draining !== undefined) await this.#drain()
    await this.#outlet.producer?.flush()
    return []
  }
}
