/**
 * Memory for the keys or values of one call, used again by the next one. Memory of JavaScript's own for each of them is given back
 * when a full garbage collection comes, which is seldom: there would be tens of megabytes of it. One thread.
 */

const bytesMin = 4 * 1024
/** More is given back after the call that needed it. */
const keptBytesMax = 1 << 20

export class Slab {
  #bytes: Buffer = Buffer.alloc(0)
  #end = 0
  /** Views of the last calls: most calls cut the memory as the one before did. */
  #views: Buffer[] = []
  #count = 0

  /** Room for so many bytes, lent until `clear`. */
  take(length: number): Buffer {
    if (this.#end + length > this.#bytes.length) {
      // What was cut from the old memory keeps it.
      this.#bytes = Buffer.allocUnsafeSlow(Math.max(length, bytesMin, 2 * this.#bytes.length))
      this.#end = 0
    }
    const start = this.#end
    this.#end += length
    const at = this.#count++
    const known = this.#views[at]
    if (known?.buffer === this.#bytes.buffer && known.byteOffset === start && known.length === length) return known
    const view = this.#bytes.subarray(start, this.#end)
    this.#views[at] = view
    return view
  }

  /** A copy, lent until `clear`. */
  keep(bytes: Uint8Array): void {
    this.take(bytes.length).set(bytes)
  }

  /** What was taken since `clear`, in order. */
  all(): readonly Buffer[] {
    return this.#views.slice(0, this.#count)
  }

  clear(): void {
    this.#end = 0
    this.#count = 0
    if (this.#bytes.length <= keptBytesMax) return
    this.#bytes = Buffer.alloc(0)
    this.#views = []
  }
}
