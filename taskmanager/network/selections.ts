/**
 * Copies of selections that wait with their batch. The arrays are used again: to make one per batch costs more than to
 * fill it, because its memory is not the heap's.
 *
 * Concurrency: one thread. An array belongs to whom `copy` gave it until it comes back.
 */

const arraysMax = 16
/** Rows of an array that is made: most selections fit, so that most arrays fit again. */
const rowsMin = 2048

export class Selections {
  readonly #spare: Int32Array[] = []

  /** The first `count` numbers, in an array that may be longer. */
  copy(rows: Int32Array, count: number): Int32Array {
    const spare = this.#spare.pop()
    const array = spare !== undefined && spare.length >= count ? spare : new Int32Array(Math.max(count, rowsMin))
    array.set(rows.length === count ? rows : rows.subarray(0, count))
    return array
  }

  giveBack(array: Int32Array): void {
    if (this.#spare.length < arraysMax) this.#spare.push(array)
  }
}
