/**
 * Bytes that many batches take strings from, brought into the arena once: pools and dictionaries of column writers. They
 * are a cache: without room for them strings are copied from the heap. Batches that refer to a pool hold its segment.
 *
 * Concurrency: belongs to one thread.
 */
import type { Arena } from '../arena/arena.ts'
import { spareOnly } from '../arena/reserves.ts'

/** Strings that many batches pick from, as in the source contract. */
export interface Dictionary {
  readonly bytes: Uint8Array
  readonly offsets: Int32Array
}

export interface Pool {
  readonly address: number
  readonly segment: number
  readonly ascii: boolean
}

export class StringPools {
  readonly #arena: Arena
  readonly #owner: number
  readonly #pools = new WeakMap<object, Pool>()
  readonly #segments: number[] = []
  #segment = -1
  #free = 0
  #left = 0

  constructor(arena: Arena, owner: number) {
    this.#arena = arena
    this.#owner = owner
  }

  /** Where the bytes lie in the arena, copied there at their first use; undefined when there is no room to keep them. */
  pool(bytes: Uint8Array): Pool | undefined {
    const known = this.#pools.get(bytes)
    if (known !== undefined) return known
    const arena = this.#arena
    const size = (bytes.length + 31) & ~15
    if (size > this.#left) {
      const segment = arena.allocate(this.#owner, size, spareOnly)
      if (segment < 0) return undefined
      this.#segments.push(segment)
      this.#segment = segment
      this.#free = arena.address(segment)
      this.#left = arena.capacity(segment)
    }
    const address = this.#free
    this.#free += size
    this.#left -= size
    arena.u8.set(bytes, address)
    const ascii = arena.kernels.isAscii(address, bytes.length) === 1
    const pool = { address, segment: this.#segment, ascii }
    this.#pools.set(bytes, pool)
    return pool
  }

  /** The offsets of a dictionary in the arena; undefined when there is no room to keep them. */
  offsets(dictionary: Dictionary): Pool | undefined {
    const { offsets } = dictionary
    let pool = this.#pools.get(offsets)
    if (pool === undefined) {
      pool = this.pool(new Uint8Array(offsets.buffer, offsets.byteOffset, offsets.byteLength))
      if (pool !== undefined) this.#pools.set(offsets, pool)
    }
    return pool
  }

  /** Starts and lengths of the picked strings in the bytes of their dictionary. */
  static picked(
    { offsets }: Dictionary,
    indices: Int32Array,
    rows: number,
  ): { starts: Int32Array; lengths: Int32Array } {
    const some = indices.subarray(0, rows)
    return { starts: some.map((i) => offsets[i]), lengths: some.map((i) => offsets[i + 1] - offsets[i]) }
  }

  close(): void {
    for (const segment of this.#segments.splice(0)) this.#arena.release(segment, this.#owner)
    this.#left = 0
  }
}
