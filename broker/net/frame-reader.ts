/**
 * Cuts the bytes of a socket into frames: four bytes of size, then that many. The size is read first.
 *
 * A frame whose API says that nothing of it is kept (`borrows`) is lent: it lies in the chunk that it arrived in, or in memory that
 * is used again, until `release`, which comes before the event loop turns. Any other frame gets a buffer of exactly its size.
 *
 * Promises: nothing is allocated for a frame before its size was found sound and the budget has room for it. Not more than
 * one chunk is held besides. One user: its connection.
 */
import type { ByteBudget } from './byte-budget.ts'
import type { FrameMemory } from './frame-memory.ts'

/** The shortest frame that can be a request: key, version, correlation id. */
const smallestFrame = 8

/** From here on a frame gets memory of its own; below it shares a slab with its neighbours, which is cheaper. */
const ownMemoryFrom = 4096

export type FrameProblem = { readonly sizeBytes: number; readonly limitBytes: number }

export class FrameReader {
  /** Set when the stream made no sense; nothing is read after that. */
  problem: FrameProblem | undefined
  /** Whole frames so far. */
  frames = 0
  /** True while the budget has no room for the frame that comes next. */
  starved = false

  #limitBytes: number
  readonly #budget: ByteBudget
  readonly #memory: FrameMemory
  /** Whether nothing of the frame is kept after its handler has returned. */
  readonly #borrows: (frame: Buffer) => boolean
  #chunk: Buffer | undefined
  #chunkAt = 0
  #size = 0
  #sizeBytes = 0
  #body: Buffer | undefined
  #bodyBytes = 0
  /** Memory of the frame that is lent, when it does not lie in the chunk. */
  #lent: Buffer | undefined
  #lentFromChunk = false

  constructor(limitBytes: number, budget: ByteBudget, memory: FrameMemory, borrows: (frame: Buffer) => boolean) {
    this.#limitBytes = limitBytes
    this.#budget = budget
    this.#memory = memory
    this.#borrows = borrows
  }

  /** Largest frame from now on: smaller before authentication. */
  limit(bytes: number): void {
    this.#limitBytes = bytes
  }

  /** True when bytes wait here that `next` has not looked at. */
  get hasBytes(): boolean {
    return this.#chunk !== undefined
  }

  /** True when a frame has begun and is not complete. */
  get midFrame(): boolean {
    return this.#sizeBytes > 0
  }

  /** Size of the frame that has begun, as far as its size has arrived. */
  get frameBytes(): number {
    return this.#sizeBytes < 4 ? 0 : this.#size
  }

  /** Takes a chunk. When the chunk before it was not used up, both are joined: callers stop reading meanwhile. */
  push(chunk: Buffer): void {
    this.#chunk = this.#chunk === undefined ? chunk : Buffer.concat([this.#chunk.subarray(this.#chunkAt), chunk])
    this.#chunkAt = 0
  }

  /** The rest of the chunk moves to memory of its own: the chunk's belongs to others from here on. */
  keepRest(): void {
    if (this.#chunk === undefined) return
    this.#chunk = Buffer.from(this.#chunk.subarray(this.#chunkAt))
    this.#chunkAt = 0
  }

  /**
   * The next whole frame without its size; its bytes stay taken from the budget until the caller gives them back. The frame before
   * has been released.
   */
  next(): Buffer | undefined {
    if (this.problem !== undefined) return undefined
    const chunk = this.#chunk
    if (chunk === undefined) return undefined
    if (this.#body === undefined) {
      if (!this.#readSize(chunk)) return undefined
      const size = this.#size
      if (size < smallestFrame || size > this.#limitBytes) {
        this.problem = { sizeBytes: size, limitBytes: this.#limitBytes }
        this.#chunk = undefined
        return undefined
      }
      if (!this.#budget.take(size)) {
        this.starved = true
        return undefined
      }
      this.starved = false
      if (chunk.length - this.#chunkAt >= size) return this.#fromChunk(chunk, size)
      this.#body = this.#memory.take(size)
      this.#bodyBytes = 0
    }
    return this.#fill(this.#body, chunk)
  }

  /** The frame that `next` gave is not needed any more. */
  release(): void {
    this.#lentFromChunk = false
    if (this.#lent === undefined) return
    this.#memory.give(this.#lent)
    this.#lent = undefined
  }

  /** The frame that `next` gave, which has to wait: where it may stay. */
  keep(frame: Buffer): Buffer {
    if (this.#lentFromChunk) {
      this.#lentFromChunk = false
      return owned(frame)
    }
    // The memory is the frame's for good.
    this.#lent = undefined
    return frame
  }

  /** Gives the bytes of a frame that will never be complete back to the budget. */
  abandon(): void {
    if (this.#body !== undefined) this.#budget.give(this.#size)
    this.#body = undefined
    this.#chunk = undefined
  }

  #readSize(chunk: Buffer): boolean {
    while (this.#sizeBytes < 4) {
      if (this.#chunkAt >= chunk.length) {
        this.#chunk = undefined
        return false
      }
      this.#size = (this.#size << 8) | (chunk[this.#chunkAt++] as number)
      this.#sizeBytes++
    }
    return true
  }

  #fromChunk(chunk: Buffer, size: number): Buffer {
    const at = this.#chunkAt
    const frame = chunk.subarray(at, at + size)
    this.#chunkAt = at + size
    if (this.#chunkAt >= chunk.length) this.#chunk = undefined
    this.#size = 0
    this.#sizeBytes = 0
    this.frames++
    this.#lentFromChunk = this.#borrows(frame)
    return this.#lentFromChunk ? frame : owned(frame)
  }

  #fill(body: Buffer, chunk: Buffer): Buffer | undefined {
    const size = this.#size
    const count = Math.min(size - this.#bodyBytes, chunk.length - this.#chunkAt)
    chunk.copy(body, this.#bodyBytes, this.#chunkAt, this.#chunkAt + count)
    this.#bodyBytes += count
    this.#chunkAt += count
    if (this.#chunkAt >= chunk.length) this.#chunk = undefined
    if (this.#bodyBytes < size) return undefined
    this.#body = undefined
    this.#size = 0
    this.#sizeBytes = 0
    this.frames++
    const frame = body.length === size ? body : body.subarray(0, size)
    if (this.#borrows(frame)) {
      this.#lent = body
      return frame
    }
    if (body.length === size) return frame
    const own = owned(frame)
    this.#memory.give(body)
    return own
  }
}

function owned(frame: Buffer): Buffer {
  const own = frame.length < ownMemoryFrom ? Buffer.allocUnsafe(frame.length) : Buffer.allocUnsafeSlow(frame.length)
  frame.copy(own)
  return own
}
