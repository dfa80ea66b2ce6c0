/** Who waits for an offset to be below the high watermark, in the order in which they came. One thread. */
import { faulty } from '../../core/faults.ts'
import { kafkaError } from '../../proto/kafka/error-codes.ts'

export class CommitWaiters {
  /** Those from `#head` to `#end` wait; the arrays stay when all have been told. */
  readonly #offsets: number[] = []
  readonly #callbacks: (((error: number) => void) | undefined)[] = []
  #head = 0
  #end = 0

  add(offset: number, done: (error: number) => void): void {
    if (faulty('early-ack')) {
      done(kafkaError.NONE)
      return
    }
    this.#offsets[this.#end] = offset
    this.#callbacks[this.#end++] = done
  }

  /** Everything below `highWatermark` is committed. */
  committed(highWatermark: number): void {
    while (this.#head < this.#end && this.#offsets[this.#head] < highWatermark) this.#tell(kafkaError.NONE)
  }

  /** Nothing that they wait for will be; nobody may be added any more. */
  fail(error: number): void {
    while (this.#head < this.#end) this.#tell(error)
  }

  /** The oldest; it may add others. */
  #tell(error: number): void {
    const done = this.#callbacks[this.#head]
    this.#callbacks[this.#head++] = undefined
    if (this.#head === this.#end) this.#head = this.#end = 0
    else if (this.#head >= 1024) this.#moveUp()
    done?.(error)
  }

  #moveUp(): void {
    this.#offsets.splice(0, this.#head)
    this.#callbacks.splice(0, this.#head)
    this.#end -= this.#head
    this.#head = 0
  }
}
