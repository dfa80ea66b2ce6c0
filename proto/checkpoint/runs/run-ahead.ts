/**
 * Blocks of a run that will be read soon: fetched and inflated on other threads while earlier ones are being read.
 *
 * Promises: a block is checked before it is inflated, as everywhere; what is held is what was asked for and not yet dropped. One
 * thread; any number of fetches at a time, in the order of their ranges.
 */
import { Inflater } from './inflater.ts'
import type { RunReader } from './run-reader.ts'

export class BlocksAhead {
  readonly #reader: RunReader
  readonly #inflater: Inflater
  readonly #blocks = new Map<number, Uint8Array>()
  /** Blocks below this are there or on their way. */
  #asked = 0
  /** The fetch before: it may bring a block that the next one needs too. */
  #last: Promise<void> = Promise.resolve()

  /** `results`: blocks are lent until they are dropped, or copies that may be kept for as long as one likes. */
  constructor(reader: RunReader, results: 'lent' | 'copies') {
    this.#reader = reader
    this.#inflater = new Inflater(results)
  }

  /** A block that is there. */
  get(number: number): Uint8Array | undefined {
    return this.#blocks.get(number)
  }

  /** The blocks of ranges `from` to `to` - 1, which do not begin before those of the last call. */
  fetch(from: number, to: number): Promise<void> {
    const { first, end } = this.#reader.blocksOf(from, to)
    const start = Math.max(first, this.#asked)
    if (start >= end) return this.#last
    this.#asked = end
    const own = this.#fetch(start, end)
    // Whoever gives up before its turn need not hear of it.
    own.catch(() => undefined)
    this.#last = Promise.all([this.#last, own]).then(() => undefined)
    this.#last.catch(() => undefined)
    return this.#last
  }

  /** Nothing before the blocks of range `from` will be read any more. */
  dropBefore(from: number): void {
    const { first } = this.#reader.blocksOf(from, from + 1)
    for (const [number, block] of this.#blocks) {
      if (number >= first) continue
      this.#blocks.delete(number)
      this.#inflater.free(block)
    }
  }

  /** Nothing will be read any more. */
  close(): void {
    this.#inflater.close()
  }

  async #fetch(start: number, end: number): Promise<void> {
    const opened = await this.#reader.openBlocksLater(start, end, this.#inflater)
    for (const [i, raw] of opened.entries()) this.#blocks.set(start + i, raw)
  }
}
