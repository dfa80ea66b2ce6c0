/**
 * Cuts the bytes of a socket into frames: four bytes of size, then that many. The size is read first, so that a frame gets one
 * buffer of exactly its size, each byte is copied once, and no frame pins the chunk it arrived in.
 *
 * Promises: nothing is allocated for a frame before its size was found sound and the budget has room for it. Not more than
 * one chunk is held besides. One user: its connection.
 */
import type { ByteBudget } from './byte-budget.ts'

/** The shortest frame that can be a request: key, version, correlation id. */
const smallestFrame = 8

/** From here on a frame gets memory of its own; below it shares a slab with its neighbours, which is cheaper. */
const ownMemoryFrom = 4096

export type FrameProblem = { readonly sizeBytes: number; readonly limitBytes: number }

export class FrameReader {
  /** Set when the stream made no sense; nothing is read after that. */
  problem: FrameProblem | undefined
  /** True while the budget has no room for the frame that comes next. */
  starved = false

  #limitBytes: number
  #budget: ByteBudget
  #chunk: Buffer | undefined
  #chunkAt = 0
  #size = 0
  #sizeBytes = 0
  #body: Buffer | undefined
  #bodyBytes = 0

  constructor(limitBytes: number, budget: ByteBudget) {
    this.#limitBytes = limitBytes
    this.#budget = budget
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

  /** Takes a chunk. When the chunk before it was not used up, both are joined: callers stop reading meanwhile. */
  push(chunk: Buffer): void {
    if (this.#chunk === undefined) {
      this.#chunk = chunk
      this.#chunkAt = 0
    } else {
      this.#chunk = Buffer.concat([this.#chunk.subarray(this.#chunkAt), chunk])
      this.#chunkAt = 0
    }
  }

  /** The next whole frame without its size; its bytes stay taken from the budget until the caller gives them back. */
  next(): Buffer | undefined {
    if (this.problem !== undefined) return undefined
    const chunk = this.#chunk
    if (chunk === undefined && this.#body === undefined) return undefined
    if (this.#body === undefined) {
      if (chunk === undefined || !this.#readSize(chunk)) return undefined
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
      this.#body = size < ownMemoryFrom ? Buffer.allocUnsafe(size) : Buffer.allocUnsafeSlow(size)
      this.#bodyBytes = 0
    }
    return this.#fill(this.#body)
  }

  /** Gives the bytes of a frame that will never be complete back to the budget. */
  abandon(): void {
    if (this.#body !== undefined) this.#budget.give(this.#body.length)
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

  #fill(body: Buffer): Buffer | undefined {
    const chunk = this.#chunk
    if (chunk === undefined) return undefined
    const count = Math.min(body.length - this.#bodyBytes, chunk.length - this.#chunkAt)
    chunk.copy(body, this.#bodyBytes, this.#chunkAt, this.#chunkAt + count)
    this.#bodyBytes += count
    this.#chunkAt += count
    if (this.#chunkAt >= chunk.length) this.#chunk = undefined
    if (this.#bodyBytes < body.length) return undefined
    this.#body = undefined
    this.#size = 0
    this.#sizeBytes = 0
    return body
  }
}
