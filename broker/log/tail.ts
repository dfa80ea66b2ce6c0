/**
 * The ends of all logs in memory: what was appended last, within one budget for the whole broker, oldest first out. A batch stays at
 * least until it is written. A small batch that came in a large buffer is copied into a shared chunk, so that it does not pin the
 * buffer; batches that came one after the other lie side by side there and are handed out as one buffer.
 *
 * Chunks are never used again for other bytes: whoever still sends from one keeps it. One thread.
 */
import type { Segment } from './segment.ts'

const chunkBytes = 256 * 1024

export interface TailEntry {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly bytes: Buffer
  readonly segment: Segment
  /** Bytes appended to the log before it since the log was opened. */
  readonly start: number
}

/** The budget, and who has the oldest entry. */
export class TailMemory {
  readonly #budgetBytes: number
  #usedBytes = 0
  /** One mention per entry of any tail, in the order of appends. */
  #order: (LogTail | undefined)[] = []
  #head = 0
  #chunk = Buffer.alloc(0)
  #chunkUsed = 0

  constructor(budgetBytes: number) {
    this.#budgetBytes = budgetBytes
  }

  get usedBytes(): number {
    return this.#usedBytes
  }

  /** The batch where it may stay: itself, or a copy when it is a small part of something larger. */
  adopt(batch: Buffer): Buffer {
    const { length } = batch
    if (length * 4 >= batch.buffer.byteLength * 3) return batch
    if (length * 2 > chunkBytes) {
      const own = Buffer.allocUnsafeSlow(length)
      batch.copy(own)
      return own
    }
    if (length > this.#chunk.length - this.#chunkUsed) {
      this.#chunk = Buffer.allocUnsafeSlow(chunkBytes)
      this.#chunkUsed = 0
    }
    const at = this.#chunkUsed
    this.#chunkUsed += length
    batch.copy(this.#chunk, at)
    return this.#chunk.subarray(at, at + length)
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

  add(baseOffset: number, lastOffset: number, bytes: Buffer, segment: Segment): void {
    this.#entries.push({ baseOffset, lastOffset, bytes, segment, start: this.appendedBytes })
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
    for (let i = 0; i < count; i++) this.#entries[this.#head + i] = undefined as unknown as TailEntry
    this.#head += count
    if (this.#head > 64 && this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head)
      this.#written -= this.#head
      this.#head = 0
    }
  }
}

/** Entries from `place` on that fit, neighbours in memory as one buffer. */
export function gather(
  tail: LogTail,
  place: number,
  endOffset: number,
  maxBytes: number,
  atLeastOne: boolean,
): { buffers: Buffer[]; sizeBytes: number; nextOffset: number } {
  const buffers: Buffer[] = []
  let sizeBytes = 0
  let nextOffset = -1
  let run: Buffer | undefined
  let runBytes = 0
  for (let i = place; ; i++) {
    const entry = tail.entryAt(i)
    if (entry === undefined || entry.baseOffset >= endOffset) break
    const { bytes } = entry
    if (sizeBytes + bytes.length > maxBytes && !(atLeastOne && sizeBytes === 0)) break
    sizeBytes += bytes.length
    nextOffset = entry.lastOffset + 1
    if (run !== undefined && run.buffer === bytes.buffer && run.byteOffset + runBytes === bytes.byteOffset) {
      runBytes += bytes.length
      continue
    }
    if (run !== undefined) buffers.push(joined(run, runBytes))
    run = bytes
    runBytes = bytes.length
  }
  if (run !== undefined) buffers.push(joined(run, runBytes))
  return { buffers, sizeBytes, nextOffset }
}

function joined(first: Buffer, length: number): Buffer {
  return length === first.length ? first : Buffer.from(first.buffer, first.byteOffset, length)
}
