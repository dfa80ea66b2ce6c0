/**
 * Plain records that wait for a channel, with their event times, key hashes and computed keys. It is a `RowBatch` itself,
 * so that inside a slot it passes on as it is; then the receiver owns it.
 */
import type { RowBatch } from '../operators/operator.ts'

export class PendingRows implements RowBatch {
  readonly rows: unknown[] = []
  count = 0
  #times: Float64Array | undefined
  #hashes: Int32Array | undefined
  keys: unknown[] | undefined

  get timestamps(): Float64Array | undefined {
    return this.#times?.subarray(0, this.count)
  }

  get hashes(): Int32Array {
    return this.#hashes?.subarray(0, this.count) as Int32Array
  }

  get hashed(): boolean {
    return this.#hashes !== undefined
  }

  /** `timestamp` NaN: none. */
  push(row: unknown, timestamp: number): void {
    const at = this.count++
    this.rows.push(row)
    if (timestamp === timestamp || this.#times !== undefined) {
      this.#times = grown64(this.#times, at)
      this.#times[at] = timestamp
    }
  }

  pushKeyed(row: unknown, timestamp: number, hash: number, key: unknown): void {
    const at = this.count
    this.push(row, timestamp)
    this.#hashes = grown32(this.#hashes, at)
    this.#hashes[at] = hash
    this.keys ??= []
    this.keys.push(key)
  }
}

/** The array with room at `at`; what was there before the first time is NaN. */
function grown64(array: Float64Array | undefined, at: number): Float64Array {
  if (array !== undefined && at < array.length) return array
  const next = new Float64Array(Math.max(64, at * 2))
  if (array === undefined) next.fill(Number.NaN, 0, at)
  else next.set(array)
  return next
}

function grown32(array: Int32Array | undefined, at: number): Int32Array {
  if (array !== undefined && at < array.length) return array
  const next = new Int32Array(Math.max(64, at * 2))
  if (array !== undefined) next.set(array)
  return next
}
