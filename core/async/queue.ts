/**
 * A bounded queue between one or more producers and one consumer of the same thread. `push` waits while the queue is
 * full, which is the backpressure; the consumer iterates. After `close`, what is queued is still read.
 */
import { type Deferred, deferred } from './deferred.ts'
import { asyncErrors } from './timing.ts'

export class BoundedQueue<T> implements AsyncIterable<T> {
  readonly #capacity: number
  readonly #items: T[] = []
  readonly #blocked: Deferred<void>[] = []
  #reader: Deferred<void> | undefined
  #closed = false
  #failure: unknown

  /** `capacity` is the number of items that wait at most, 1 or more. */
  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get size(): number {
    return this.#items.length
  }

  /** Adds without waiting; false when the queue is full or closed. */
  offer(item: T): boolean {
    if (this.#closed || this.#items.length >= this.#capacity) return false
    this.#items.push(item)
    this.#reader?.resolve()
    return true
  }

  /** Resolves when the item is queued. Rejects with ASYNC_CLOSED when the queue is closed first. */
  async push(item: T): Promise<void> {
    while (!this.offer(item)) {
      if (this.#closed) throw asyncErrors.create('CLOSED', { what: 'the queue' })
      const turn = deferred()
      this.#blocked.push(turn)
      await turn.promise
    }
  }

  /** No more items. With a failure, the reader gets it after what is queued. */
  close(failure?: unknown): void {
    if (this.#closed) return
    this.#closed = true
    this.#failure = failure
    this.#reader?.resolve()
    for (const turn of this.#blocked.splice(0)) turn.resolve()
  }

  /** The next item; undefined when the queue is closed and empty. One reader at a time. */
  async take(): Promise<T | undefined> {
    while (this.#items.length === 0) {
      if (this.#closed) {
        if (this.#failure !== undefined) throw this.#failure
        return undefined
      }
      this.#reader = deferred()
      await this.#reader.promise
      this.#reader = undefined
    }
    const item = this.#items.shift()
    this.#blocked.shift()?.resolve()
    return item
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    try {
      for (;;) {
        const item = await this.take()
        if (item === undefined) return
        yield item
      }
    } finally {
      this.close()
    }
  }
}
