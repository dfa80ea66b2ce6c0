/**
 * Memory for frames that arrive in pieces and are gone once they were handled: used again, because a fresh buffer for each would
 * be most of the work of the collector. Sizes are powers of two; what is larger than any of them is allocated and forgotten.
 *
 * Bound: so many bytes lie ready. One thread; whoever takes owns until it gives, and may keep.
 */

const smallestBits = 12
const largestBits = 21

export class FrameMemory {
  readonly #limitBytes: number
  readonly #free: Buffer[][] = []
  #freeBytes = 0

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
    for (let bits = smallestBits; bits <= largestBits; bits++) this.#free.push([])
  }

  /** At least `bytes`, with anything in it. */
  take(bytes: number): Buffer {
    const kind = kindOf(bytes)
    if (kind >= this.#free.length) return Buffer.allocUnsafeSlow(bytes)
    const found = this.#free[kind].pop()
    if (found === undefined) return Buffer.allocUnsafeSlow(1 << (kind + smallestBits))
    this.#freeBytes -= found.length
    return found
  }

  /** What `take` gave. */
  give(memory: Buffer): void {
    const kind = kindOf(memory.length)
    if (kind >= this.#free.length || this.#freeBytes + memory.length > this.#limitBytes) return
    if (memory.length !== 1 << (kind + smallestBits)) return
    this.#freeBytes += memory.length
    this.#free[kind].push(memory)
  }
}

function kindOf(bytes: number): number {
  return Math.max(0, 32 - Math.clz32(bytes - 1) - smallestBits)
}
