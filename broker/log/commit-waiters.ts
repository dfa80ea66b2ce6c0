/** Who waits for an offset to be below the high watermark, in the order in which they came. One thread. */
import { faulty } from '../../core/faults.ts'
import { kafkaError } from '../../proto/kafka/error-codes.ts'

export class CommitWaiters {
  #offsets: number[] = []
  #callbacks: ((error: number) => void)[] = []
  #head = 0

  add(offset: number, done: (error: number) => void): void {
    if (faulty('early-ack')) {
      done(kafkaError.NONE)
      return
    }
    this.#offsets.push(offset)
    this.#callbacks.push(done)
  }

  /** Everything below `highWatermark` is committed. */
  committed(highWatermark: number): void {
    while (this.#head < this.#offsets.length && this.#offsets[this.#head] < highWatermark) {
      this.#callbacks[this.#head++](kafkaError.NONE)
    }
    if (this.#head === this.#offsets.length) {
      this.#offsets = []
      this.#callbacks = []
      this.#head = 0
    } else if (this.#head > 1024) {
      this.#offsets = this.#offsets.slice(this.#head)
      this.#callbacks = this.#callbacks.slice(this.#head)
      this.#head = 0
    }
  }

  fail(error: number): void {
    const waiting = this.#callbacks.slice(this.#head)
    this.#offsets = []
    this.#callbacks = []
    this.#head = 0
    for (const done of waiting) done(error)
  }
}
