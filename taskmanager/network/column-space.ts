/**
 * Small columns that an edge adds to batches that are not its own: key hashes and computed keys. They are laid out one
 * after the other in a segment; each view that needs one holds a reference to that segment. When nobody else does, the
 * space is used again from its start.
 */
import type { Arena } from '../../core/arena/arena.ts'
import { spareOnly } from '../../core/arena/reserves.ts'

export class ColumnSpace {
  readonly #arena: Arena
  #segment = -1
  #used = 0

  constructor(arena: Arena) {
    this.#arena = arena
  }

  /** Segment of the last `take`: views on it list it among their segments. */
  get segment(): number {
    return this.#segment
  }

  /** Address of `bytes` bytes aligned to 16 with slack behind them, or 0 when no segment is free. */
  take(bytes: number): number {
    const arena = this.#arena
    const size = ((bytes + 15) & ~15) + 16
    if (this.#segment >= 0 && arena.references(this.#segment) === 1) this.#used = 0
    if (this.#segment < 0 || this.#used + size > arena.capacity(this.#segment)) {
      const next = arena.allocate(arena.owner, size, spareOnly)
      if (next < 0) return 0
      this.close()
      this.#segment = next
    }
    const address = arena.address(this.#segment) + this.#used
    this.#used += size
    return address
  }

  close(): void {
    if (this.#segment >= 0) this.#arena.release(this.#segment)
    this.#segment = -1
    this.#used = 0
  }
}
