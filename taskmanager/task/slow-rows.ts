/**
 * How many rows to give on at a time: as many as the receiver lately managed in a moment, so that a barrier, or whatever
 * else waits for the task, waits for a moment and not for a whole batch of records that take long. Concurrency: one thread.
 */
const sliceMs = 50
/** Above it there is no limit: no batch has more. */
const unlimited = 1 << 16
const firstRows = 256

export class SlowRows {
  rowsMax = firstRows
  readonly #monotonic: () => number
  #beganMs = 0

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic
  }

  begin(): void {
    this.#beganMs = this.#monotonic()
  }

  /** So many rows have been taken since `begin`. */
  end(rows: number): void {
    const tookMs = this.#monotonic() - this.#beganMs
    if (tookMs > 2 * sliceMs) this.rowsMax = Math.max(1, Math.floor((rows * sliceMs) / tookMs))
    else if (tookMs < sliceMs / 2 && rows >= this.rowsMax) this.rowsMax = Math.min(this.rowsMax * 4, unlimited)
  }
}
