/**
 * The ends of all logs in memory: what was appended last, within one budget for the whole broker, oldest first out. A batch stays at
 * least until it is written. Batches are copied into shared blocks, so that none pins the buffer that it came in; those that came one
 * after the other lie side by side there and are handed out as one buffer. One thread.
 */
import { type Block, blockBytes, type LentMemory } from './lent-memory.ts'
import type { Segment } from './segment.ts'

/** A larger batch has memory of its own. */
const sharedBytesMax = 256 * 1024

export interface TailEntry {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly bytes: Buffer
  readonly segment: Segment
  /** Bytes appended to the log before it since the log was opened. */
  readonly start: number
  /** Undefined for a batch with memory of its own. */
  readonly block: Block | undefined
}

/** The budget, who has the oldest entry, and the block that is being filled. */
export class TailMemory {
  readonly lent: LentMemory
  readonly #budgetBytes: number
  #usedBytes = 0
  /** One mention per entry of any tail, in the order of appends. */
  #order: (LogTail | undefined)[] = []
  #head = 0
  /** Held for itself while it is filled. */
  #block: Block | undefined
  #blockUsed = 0

  constructor(budgetBytes: number, lent: LentMemory) {
    this.#budgetBytes = budgetBytes
    this.lent = lent
  }

  get usedBytes(): number {
    return this.#usedBytes
  }

  /** A copy of the batch, and the block in which it lies, held for it. */
  adopt(batch: Buffer): { readonly bytes: Buffer; readonly block: Block | undefined } {
    const { length } = batch
    if (length > sharedBytesMax) {
      const own = Buffer.allocUnsafeSlow(length)
      batch.copy(own)
      return { bytes: own, block: undefined }
    }
    let block = this.#block
    if (block === undefined || length > blockBytes - this.#blockUsed) {
      this.lent.drop(block)
      block = this.lent.take()
      this.#block = block
      this.#blockUsed = 0
    }
    const at = this.#blockUsed
    this.#blockUsed += length
    block.holders++
    batch.copy(block.bytes, at)
    return { bytes: block.bytes.subarray(at, at + length), block }
  }

  added(tail: LogTail, bytes: number): void {
    this.#usedBytes += bytes
    this.#order.push(tail)
    while (this.#head < this.#order.length) {
      const oldest = this.#order[this.#head] as LogTail
      if (this.#usedBytes <= this.#budgetBytes && !oldest.hasGone) break
      const freed = oldest.evictOldest()
      if (freed < 0) break
      this.#usedBytes -= freed
      this.#order[this.#head++] = undefined
      if (this.#head > 4096 && this.#head * 2 > this.#order.length) {
        this.#order = this.#order.slice(this.#head)
        this.#head = 0
      }
    }
  }

  dropped(bytes: number): void {
    this.#usedBytes -= bytes
  }
}

/** The end of one log. Offsets from `firstOffset` on are here. */
export class LogTail {
  readonly #memory: TailMemory
  #entries: TailEntry[] = []
  #head = 0
  /** Entries before this one are written. */
  #written = 0
  /** Mentions in the order of the memory whose entries went another way. */
  #gone = 0
  /** Bytes appended since the log was opened. */
  appendedBytes = 0
  firstOffset: number

  constructor(memory: TailMemory, logEndOffset: number) {
    this.#memory = memory
    this.firstOffset = logEndOffset
  }

  /** Copies `batch`. */
  add(baseOffset: number, lastOffset: number, batch: Buffer, segment: Segment): void {
    const { bytes, block } = this.#memory.adopt(batch)
    this.#entries.push({ baseOffset, lastOffset, bytes, segment, start: this.appendedBytes, block })
    this.appendedBytes += bytes.length
    this.#memory.added(this, bytes.length)
  }

  /** Entries that wait to be written, oldest first; `wrote` says that they are. */
  pending(): readonly TailEntry[] {
    return this.#written === this.#head && this.#head === 0 ? this.#entries : this.#entries.slice(this.#written)
  }

  get hasPending(): boolean {
    return this.#written < this.#entries.length
  }

  wrote(): void {
    this.#written = this.#entries.length
  }

  /** True when the memory mentions entries that went another way. */
  get hasGone(): boolean {
    return this.#gone > 0
  }

  /** Bytes that became free; 0 for an entry that went before; -1 when the oldest is not written yet. */
  evictOldest(): number {
    if (this.#gone > 0) {
      this.#gone--
      return 0
    }
    if (this.#head >= this.#written) return -1
    const bytes = this.#entries[this.#head].bytes.length
    this.#remove(1)
    return bytes
  }

  /** Lets go of written entries that end below `offset`. */
  dropBelow(offset: number): void {
    let count = 0
    let bytes = 0
    for (let i = this.#head; i < this.#written && this.#entries[i].lastOffset < offset; i++) {
      count++
      bytes += this.#entries[i].bytes.length
    }
    if (count === 0) return
    this.#gone += count
    this.#memory.dropped(bytes)
    this.#remove(count)
  }

  /** Lets go of everything, written or not. */
  clear(nextOffset: number): void {
    this.#written = this.#entries.length
    this.dropBelow(Number.POSITIVE_INFINITY)
    this.firstOffset = nextOffset
  }

  /** The entry with this offset, as a place for `entryAt`; -1 when it is not here. */
  find(offset: number): number {
    let low = this.#head
    let high = this.#entries.length - 1
    if (low > high || offset < this.#entries[low].baseOffset) return -1
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#entries[middle].lastOffset < offset) low = middle + 1
      else high = middle
    }
    return low
  }

  entryAt(place: number): TailEntry | undefined {
    return this.#entries[place]
  }

  /** Bytes appended since the log was opened before the batch with `offset`; -1 when it is not here. */
  startOf(offset: number): number {
    const place = this.find(offset)
    if (place < 0) return -1
    const entry = this.#entries[place]
    return entry.lastOffset < offset ? entry.start + entry.bytes.length : entry.start
  }

  #remove(count: number): void {
    this.firstOffset = this.#entries[this.#head + count - 1].lastOffset + 1
    for (let i = this.#head; i < this.#head + count; i++) {
      this.#memory.lent.drop(this.#entries[i].block)
      this.#entries[i] = undefined as unknown as TailEntry
    }
    this.#head += count
    if (this.#head > 64 && this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head)
      this.#written -= this.#head
      this.#head = 0
    }
  }

  /** Entries from `place` on that fit, neighbours in memory as one buffer. `lend`: the reader gives them back. */
  gather(
    place: number,
    endOffset: number,
    maxBytes: number,
    atLeastOne: boolean,
    lend: boolean,
  ): { buffers: Buffer[]; sizeBytes: number; nextOffset: number } {
    const buffers: Buffer[] = []
    let sizeBytes = 0
    let nextOffset = -1
    let run: TailEntry | undefined
    let runBytes = 0
    for (let i = place; ; i++) {
      const entry = this.#entries[i]
      if (entry === undefined || entry.baseOffset >= endOffset) break
      const { bytes } = entry
      if (sizeBytes + bytes.length > maxBytes && !(atLeastOne && sizeBytes === 0)) break
      sizeBytes += bytes.length
      nextOffset = entry.lastOffset + 1
      if (run !== undefined && isNext(run.bytes, runBytes, bytes)) {
        runBytes += bytes.length
        continue
      }
      if (run !== undefined) buffers.push(this.#memory.lent.handOut(prefix(run.bytes, runBytes), run.block, lend))
      run = entry
      runBytes = bytes.length
    }
    if (run !== undefined) buffers.push(this.#memory.lent.handOut(prefix(run.bytes, runBytes), run.block, lend))
    return { buffers, sizeBytes, nextOffset }
  }
}

/** Whether `next` begins where the run of `length` bytes from the start of `first` ends. */
export function isNext(first: Buffer, length: number, next: Buffer): boolean {
  return first.buffer === next.buffer && first.byteOffset + length === next.byteOffset
}

/** `length` bytes from the start of `run`, which may be more than it has: its neighbours follow in the same memory. */
export function prefix(run: Buffer, length: number): Buffer {
  return length === run.length ? run : Buffer.from(run.buffer, run.byteOffset, length)
}
