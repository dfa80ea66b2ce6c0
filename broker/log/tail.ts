/**
 * The ends of all logs in memory: what was appended last, within one budget for the whole broker, oldest first out. A batch stays at
 * least until it is written. Batches are copied into shared chunks, so that none pins the buffer that it came in; those that came one
 * after the other lie side by side there and are handed out as one buffer.
 *
 * A chunk is filled again when all of its batches have gone and whoever was lent a part has given it back: a fresh one for
 * each would be most of the work of the collector. Who does not say that it gives back keeps the bytes for good. One thread.
 */
import type { Segment } from './segment.ts'

const chunkBytes = 1024 * 1024
/** A larger batch has memory of its own. */
const sharedBytesMax = 256 * 1024
const freeChunksMax = 4
/** A shorter piece is copied for whoever wants to read it. */
const lentBytesMin = 1024

/** Memory of batches that came one after the other. */
interface Chunk {
  readonly bytes: Buffer
  used: number
  /** Batches of tails that lie here. */
  batches: number
  /** Parts that are lent. */
  lent: number
  /** Somebody keeps a part for good. */
  kept: boolean
}

export interface TailEntry {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly bytes: Buffer
  readonly segment: Segment
  /** Bytes appended to the log before it since the log was opened. */
  readonly start: number
  /** Undefined for a batch with memory of its own. */
  readonly chunk: Chunk | undefined
}

/** The budget, who has the oldest entry, and the chunks. */
export class TailMemory {
  readonly #budgetBytes: number
  #usedBytes = 0
  /** One mention per entry of any tail, in the order of appends. */
  #order: (LogTail | undefined)[] = []
  #head = 0
  #chunk: Chunk | undefined
  readonly #free: Chunk[] = []
  readonly #chunks = new WeakMap<ArrayBufferLike, Chunk>()

  constructor(budgetBytes: number) {
    this.#budgetBytes = budgetBytes
  }

  get usedBytes(): number {
    return this.#usedBytes
  }

  /** A copy of the batch, and the chunk in which it lies. */
  adopt(batch: Buffer): { readonly bytes: Buffer; readonly chunk: Chunk | undefined } {
    const { length } = batch
    if (length > sharedBytesMax) {
      const own = Buffer.allocUnsafeSlow(length)
      batch.copy(own)
      return { bytes: own, chunk: undefined }
    }
    let chunk = this.#chunk
    if (chunk === undefined || length > chunkBytes - chunk.used) {
      const full = chunk
      chunk = this.#nextChunk()
      this.#chunk = chunk
      if (full !== undefined) this.#reuse(full)
    }
    const at = chunk.used
    chunk.used += length
    chunk.batches++
    batch.copy(chunk.bytes, at)
    return { bytes: chunk.bytes.subarray(at, at + length), chunk }
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

  /** A tail has let go of a batch. */
  left(chunk: Chunk | undefined): void {
    if (chunk === undefined) return
    chunk.batches--
    this.#reuse(chunk)
  }

  /** What a reader gets of `run`, the first `length` bytes from where it begins; `lend`: the reader gives it back. */
  handOut(run: Buffer, length: number, chunk: Chunk | undefined, lend: boolean): Buffer {
    const { buffer, byteOffset } = run
    const piece = length === run.length ? run : Buffer.from(buffer, byteOffset, length)
    if (chunk === undefined) return piece
    if (!lend) chunk.kept = true
    else if (length < lentBytesMin) return Buffer.from(piece)
    else chunk.lent++
    return piece
  }

  /** Nobody looks at these pieces any more. Others than what was lent are passed over. */
  giveBack(pieces: readonly Buffer[]): void {
    for (let i = 0; i < pieces.length; i++) {
      const chunk = this.#chunks.get(pieces[i].buffer)
      if (chunk === undefined) continue
      chunk.lent--
      this.#reuse(chunk)
    }
  }

  #nextChunk(): Chunk {
    const free = this.#free.pop()
    if (free !== undefined) {
      free.used = 0
      return free
    }
    const chunk = { bytes: Buffer.allocUnsafeSlow(chunkBytes), used: 0, batches: 0, lent: 0, kept: false }
    this.#chunks.set(chunk.bytes.buffer, chunk)
    return chunk
  }

  #reuse(chunk: Chunk): void {
    if (chunk.batches > 0 || chunk.lent > 0 || chunk.kept || chunk === this.#chunk) return
    if (this.#free.length < freeChunksMax) this.#free.push(chunk)
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
    const { bytes, chunk } = this.#memory.adopt(batch)
    this.#entries.push({ baseOffset, lastOffset, bytes, segment, start: this.appendedBytes, chunk })
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
      this.#memory.left(this.#entries[i].chunk)
      this.#entries[i] = undefined as unknown as TailEntry
    }
    this.#head += count
    if (this.#head > 64 && this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head)
      this.#written -= this.#head
      this.#head = 0
    }
  }

  /** Entries from `place` on that fit, neighbours in memory as one buffer. See `TailMemory.handOut` for `lend`. */
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
      if (run !== undefined) buffers.push(this.#memory.handOut(run.bytes, runBytes, run.chunk, lend))
      run = entry
      runBytes = bytes.length
    }
    if (run !== undefined) buffers.push(this.#memory.handOut(run.bytes, runBytes, run.chunk, lend))
    return { buffers, sizeBytes, nextOffset }
  }
}

/** Whether `next` begins where the run of `length` bytes from the start of `first` ends. */
export function isNext(first: Buffer, length: number, next: Buffer): boolean {
  return first.buffer === next.buffer && first.byteOffset + length === next.byteOffset
}
