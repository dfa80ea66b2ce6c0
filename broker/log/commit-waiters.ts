/** Who waits for an offset to be below the high watermark, in the order in which they came. One thread. */
import { faulty } from '../../core/faults.ts'
import { kafkaError } from '../../proto/kafka/error-codes.ts'

type Told = (error: number) => void

export class CommitWaiters {
  /** Those from `#head` to `#end` wait; the arrays stay when all have been told. */
  readonly #offsets: number[] = []
  readonly #patienceMs: number[] = []
  readonly #callbacks: (Told | undefined)[] = []
  #head = 0
  #end = 0

  /** `patienceMs`: for `overdue`. */
  add(offset: number, done: Told, patienceMs: number): void {
    if (faulty('early-ack')) done(kafkaError.NONE)
    else this.#put(offset, done, patienceMs)
  }

  /** Everything below `highWatermark` is committed. */
  committed(highWatermark: number): void {
    while (this.#head < this.#end && this.#offsets[this.#head] < highWatermark) this.#take()(kafkaError.NONE)
  }

  /** Nothing that they wait for will be; nobody may be added any more. */
  fail(error: number): void {
    while (this.#head < this.#end) this.#take()(error)
  }

  /** Tells those that would not wait for so long. */
  overdue(waitedMs: number, error: number): void {
    const told: Told[] = []
    for (let left = this.#end - this.#head; left > 0; left--) {
      const [offset, patienceMs] = [this.#offsets[this.#head], this.#patienceMs[this.#head]]
      const done = this.#take()
      if (patienceMs <= waitedMs) told.push(done)
      else this.#put(offset, done, patienceMs)
    }
    for (const done of told) done(error)
  }

  #put(offset: number, done: Told, patienceMs: number): void {
    this.#offsets[this.#end] = offset
    this.#patienceMs[this.#end] = patienceMs
    this.#callbacks[this.#end++] = done
  }

  /** Takes the oldest out; when it is told it may add others. */
  #take(): Told {
    const done = this.#callbacks[this.#head] as Told
    this.#callbacks[this.#head++] = undefined
    if (this.#head === this.#end) this.#head = this.#end = 0
    else if (this.#head >= 1024) this.#moveUp()
    return done
  }

  #moveUp(): void {
    for (const column of [this.#offsets, this.#patienceMs, this.#callbacks]) column.splice(0, this.#head)
    this.#end -= this.#head
    this.#head = 0
  }
}
