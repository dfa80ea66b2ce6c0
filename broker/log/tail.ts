/**
 * The ends of all logs in memory: what was appended last, within one budget for the whole broker, oldest first out. A batch stays at
 * least until it is written. Batches are copied into shared blocks, so that none pins the buffer that it came in; those that came one
 * after the other lie side by side there and are handed out as one buffer.
 *
 * What is known of a batch are numbers in columns that are used again: an object for each would live just long enough to be
 * moved to the old generation, and make full collections of what is else garbage. One thread.
 */
import { type Block, blockBytes, type LentMemory } from './lent-memory.ts'
import type { Segment } from './segment.ts'

/** Of one entry in the columns of a log. */
const entryBytes = 24
const smallestCapacity = 16
/** The columns of the many logs that have no entry. */
const noNumbers = new Float64Array(0)
const noIntegers = new Int32Array(0)

/** A block, and whose batches lie in it. */
interface HeldBlock {
  readonly block: Block
  readonly tails: LogTail[]
}

/** The budget, and the blocks in the order in which they were filled. */
export class TailMemory {
  readonly lent: LentMemory
  /** Of blocks and columns. */
  usedBytes = 0
  readonly #budgetBytes: number
  /** A larger batch has a block of its own. */
  readonly #sharedBytesMax: number
  readonly #held: HeldBlock[] = []
  /** Number of the oldest of them. */
  #oldest = 0
  /** The one that is being filled. */
  #filling: HeldBlock | undefined
  #filledBytes = 0
  /** Where the batch that was adopted last begins in its block. */
  adoptedAt = 0

  constructor(budgetBytes: number, lent: LentMemory) {
    this.#budgetBytes = budgetBytes
    // With less than two blocks each batch comes and goes alone.
    this.#sharedBytesMax = budgetBytes < 2 * blockBytes ? 0 : blockBytes
    this.lent = lent
  }

  /** For a process that has one: makes its memory now, which the system gives when it is filled. */
  reserve(): void {
    this.lent.reserve(this.#budgetBytes)
  }

  /** The block with this number. */
  block(number: number): Block {
    return this.#held[number - this.#oldest].block
  }

  /** Copies a batch of `tail`. The number of the block, the newest; in `adoptedAt` where it lies there. */
  adopt(tail: LogTail, batch: Buffer): number {
    const { length } = batch
    let held = this.#filling
    let at = this.#filledBytes
    if (length > this.#sharedBytesMax) {
      this.evict(length)
      held = this.#hold(this.lent.own(length))
      at = 0
      // Blocks go in the order of their batches.
      this.#filling = undefined
    } else {
      if (held === undefined || length > blockBytes - at) {
        this.evict(blockBytes)
        held = this.#hold(this.lent.take())
        this.#filling = held
        at = 0
      }
      this.#filledBytes = at + length
    }
    const { block, tails } = held
    const number = this.#oldest + this.#held.length - 1
    if (tail.newestBlock !== number) tails.push(tail)
    batch.copy(block.bytes, at)
    this.adoptedAt = at
    return number
  }

  /** Lets go of the oldest blocks until the budget has room for `bytes`, as far as they are written. */
  evict(bytes: number): void {
    while (this.usedBytes + bytes > this.#budgetBytes) {
      const oldest: HeldBlock | undefined = this.#held[0]
      if (oldest === undefined) return
      const { block, tails } = oldest
      while (tails.length > 0 && tails[tails.length - 1].evict(this.#oldest)) tails.pop()
      if (tails.length > 0) return
      this.#held.shift()
      this.#oldest++
      if (oldest === this.#filling) this.#filling = undefined
      this.usedBytes -= block.bytes.length
      this.lent.drop(block)
    }
  }

  #hold(block: Block): HeldBlock {
    const held = { block, tails: [] }
    this.#held.push(held)
    this.usedBytes += block.bytes.length
    return held
  }
}

/** What waits to be written to one segment. */
export interface PendingWrite {
  readonly segment: Segment
  /** In order; neighbours in memory as one. */
  readonly buffers: readonly Buffer[]
  readonly bytes: number
  /** For `wrote`. */
  readonly to: number
}

/**
 * The end of one log. Offsets from `firstOffset` on are here. Entries have places: numbers that go up for ever; the columns are rings.
 */
export class LogTail {
  readonly #memory: TailMemory
  #baseOffsets = noNumbers
  /** Bytes appended to the log before the entry, since the log was opened. */
  #starts = noNumbers
  /** Where it lies in its block. */
  #positions = noIntegers
  /** The number of its block. */
  #blocks = noIntegers
  #mask = -1
  /** Places of the oldest entry, of the oldest that is not written, and behind the newest. */
  #head = 0
  #written = 0
  #end = 0
  #endOffset: number
  /** Where entries wait to be written to: segments in order, and the places of their first entries. */
  #targets: { readonly segment: Segment; readonly from: number }[] = []
  /** Bytes appended since the log was opened. */
  appendedBytes = 0
  firstOffset: number

  constructor(memory: TailMemory, logEndOffset: number) {
    this.#memory = memory
    this.firstOffset = logEndOffset
    this.#endOffset = logEndOffset
  }

  /** Number of the block in which the newest entry lies; -1. */
  get newestBlock(): number {
    return this.#end > this.#head ? this.#blocks[(this.#end - 1) & this.#mask] : -1
  }

  get hasPending(): boolean {
    return this.#written < this.#end
  }

  /** Copies `batch`, which begins where the one before ended. */
  add(baseOffset: number, lastOffset: number, batch: Buffer, segment: Segment): void {
    const block = this.#memory.adopt(this, batch)
    if (this.#end - this.#head > this.#mask) this.#resize(Math.max(smallestCapacity, 2 * (this.#mask + 1)))
    if (this.#targets.at(-1)?.segment !== segment) {
      if (!this.hasPending) this.#targets = []
      this.#targets.push({ segment, from: this.#end })
    }
    const slot = this.#end++ & this.#mask
    this.#baseOffsets[slot] = baseOffset
    this.#starts[slot] = this.appendedBytes
    this.#positions[slot] = this.#memory.adoptedAt
    this.#blocks[slot] = block
    this.#endOffset = lastOffset + 1
    this.appendedBytes += batch.length
  }

  /** The next entries that wait, those of one segment; undefined when none does. */
  pending(): PendingWrite | undefined {
    if (!this.hasPending) return undefined
    const { segment } = this.#targets[0]
    const from = this.#written
    const to = this.#targets[1]?.from ?? this.#end
    const buffers: Buffer[] = []
    for (let at = from; at < to; ) {
      const next = this.#runEnd(at, to)
      buffers.push(this.#bytes(at, next))
      at = next
    }
    return { segment, buffers, bytes: this.#startAt(to) - this.#startAt(from), to }
  }

  /** What `pending` gave is in the file. */
  wrote(pending: PendingWrite): void {
    this.#written = pending.to
    // The segment stays the target: what comes next mostly goes there too.
    if (this.#targets.length > 1) this.#targets.shift()
    this.#memory.evict(0)
  }

  /** Lets go of the entries that lie in this block, the oldest; false when one is not written yet. */
  evict(block: number): boolean {
    let to = this.#head
    while (to < this.#written && this.#blocks[to & this.#mask] === block) to++
    this.#remove(to)
    return to === this.#end || this.#blocks[to & this.#mask] !== block
  }

  /** Lets go of written entries that end below `offset`. */
  dropBelow(offset: number): void {
    let to = this.#head
    while (to < this.#written && this.#offsetAt(to + 1) <= offset) to++
    this.#remove(to)
  }

  /** Lets go of everything, written or not. */
  clear(nextOffset: number): void {
    this.#written = this.#end
    this.#targets = []
    this.#remove(this.#end)
    this.firstOffset = nextOffset
    this.#endOffset = nextOffset
  }

  /** Lets go of what is not written and never will be. */
  dropPending(): void {
    this.#endOffset = this.#offsetAt(this.#written)
    this.appendedBytes = this.#startAt(this.#written)
    this.#end = this.#written
    this.#targets = []
  }

  /** The place of the entry with this offset, of the last one for an offset above; -1 when it is not here. */
  find(offset: number): number {
    let low = this.#head
    let high = this.#end - 1
    if (low > high || offset < this.#offsetAt(low)) return -1
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#offsetAt(middle + 1) <= offset) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Bytes appended since the log was opened before the batch with `offset`; -1 when it is not here. */
  startOf(offset: number): number {
    const place = this.find(offset)
    if (place < 0) return -1
    return this.#startAt(offset < this.#offsetAt(place + 1) ? place : place + 1)
  }

  /** Entries from `place` on that fit, neighbours in memory as one buffer. `lend`: the reader gives them back. */
  gather(
    place: number,
    endOffset: number,
    maxBytes: number,
    atLeastOne: boolean,
    lend: boolean,
  ): { buffers: Buffer[]; sizeBytes: number; nextOffset: number } {
    const start = this.#startAt(place)
    let to = place
    while (to < this.#end && this.#offsetAt(to) < endOffset) {
      if (this.#startAt(to + 1) - start > maxBytes && !(atLeastOne && to === place)) break
      to++
    }
    const buffers: Buffer[] = []
    for (let at = place; at < to; ) {
      const next = this.#runEnd(at, to)
      const block = this.#memory.block(this.#blocks[at & this.#mask])
      buffers.push(this.#memory.lent.handOut(this.#bytes(at, next), block, lend))
      at = next
    }
    return { buffers, sizeBytes: this.#startAt(to) - start, nextOffset: to === place ? -1 : this.#offsetAt(to) }
  }

  /** First offset of the entry at `place`; behind the last, the offset after it. */
  #offsetAt(place: number): number {
    return place < this.#end ? this.#baseOffsets[place & this.#mask] : this.#endOffset
  }

  #startAt(place: number): number {
    return place < this.#end ? this.#starts[place & this.#mask] : this.appendedBytes
  }

  /** Behind the last entry before `to` that lies in memory right behind those from `from` on. */
  #runEnd(from: number, to: number): number {
    const block = this.#blocks[from & this.#mask]
    const shift = this.#positions[from & this.#mask] - this.#startAt(from)
    let end = from + 1
    while (
      end < to &&
      this.#blocks[end & this.#mask] === block &&
      this.#positions[end & this.#mask] === this.#startAt(end) + shift
    ) {
      end++
    }
    return end
  }

  /** The bytes of neighbours. */
  #bytes(from: number, to: number): Buffer {
    const { bytes } = this.#memory.block(this.#blocks[from & this.#mask])
    const at = this.#positions[from & this.#mask]
    return bytes.subarray(at, at + this.#startAt(to) - this.#startAt(from))
  }

  /** Lets go of the entries before `to`. */
  #remove(to: number): void {
    if (to === this.#head) return
    this.firstOffset = this.#offsetAt(to)
    this.#head = to
    const count = this.#end - this.#head
    if (count === 0) this.#resize(0)
    else if (count * 8 < this.#mask) this.#resize(Math.max(smallestCapacity, (this.#mask + 1) / 4))
  }

  #resize(capacity: number): void {
    this.#memory.usedBytes += (capacity - this.#mask - 1) * entryBytes
    this.#baseOffsets = this.#moved(this.#baseOffsets, capacity === 0 ? noNumbers : new Float64Array(capacity))
    this.#starts = this.#moved(this.#starts, capacity === 0 ? noNumbers : new Float64Array(capacity))
    this.#positions = this.#moved(this.#positions, capacity === 0 ? noIntegers : new Int32Array(capacity))
    this.#blocks = this.#moved(this.#blocks, capacity === 0 ? noIntegers : new Int32Array(capacity))
    this.#mask = capacity - 1
  }

  /** The column `from` as the ring `to`. */
  #moved<Column extends Float64Array | Int32Array>(from: Column, to: Column): Column {
    for (let place = this.#head; place < this.#end; ) {
      const [source, target] = [place & (from.length - 1), place & (to.length - 1)]
      const count = Math.min(this.#end - place, from.length - source, to.length - target)
      to.set(from.subarray(source, source + count), target)
      place += count
    }
    return to
  }
}
