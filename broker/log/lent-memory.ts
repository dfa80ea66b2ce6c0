/**
 * Memory that the log fills, lends to readers, and fills again: blocks of 1 MB for the ends of logs and for what is read from files. A
 * fresh buffer for each would be most of the work of the collector.
 *
 * A block is filled again when the log itself has let go of it (`drop` as often as `hold`) and every piece that was lent has been given
 * back. Whoever does not say that it gives back keeps the bytes for good, and a piece that is never given back costs only its
 * block: the collector takes both. One thread.
 */

import { referenceBytesMin } from '../../proto/kafka/writer.ts'

export const blockBytes = 1024 * 1024
const freeBlocksMax = 8
/** A shorter piece is not lent but shown, until the event loop turns: those who send it copy it anyway and give nothing back. */
export const lentBytesMin = referenceBytesMin

export interface Block {
  readonly bytes: Buffer
  /** How often the log holds it. */
  holders: number
  /** Pieces that are lent. */
  lent: number
  /** Somebody keeps a piece for good. */
  kept: boolean
}

export class LentMemory {
  #free: Block[] = []
  /** The first so many of them have never been taken. */
  #unused = 0
  readonly #blocks = new WeakMap<ArrayBufferLike, Block>()

  /**
   * Makes blocks for so many bytes, which lie ready. They take memory of the system once they are filled. But to V8 a block that is made is
   * memory in use: it collects everything each few of them, over and over until all have been made.
   */
  reserve(bytes: number): void {
    this.#unused = Math.floor(bytes / blockBytes)
    this.#free = Array.from({ length: this.#unused }, () => this.#make())
  }

  /** A block with anything in it, held once. */
  take(): Block {
    const block = this.#free.pop() ?? this.#make()
    this.#unused = Math.min(this.#unused, this.#free.length)
    block.holders = 1
    return block
  }

  /** Memory for something large, held once, that is nobody else's before or after. */
  own(bytes: number): Block {
    return { bytes: Buffer.allocUnsafeSlow(bytes), holders: 1, lent: 0, kept: true }
  }

  /** The log has let go of it once. */
  drop(block: Block | undefined): void {
    if (block === undefined) return
    block.holders--
    this.#reuse(block)
  }

  /** `piece` of `block`, as a reader gets it. `lend`: the reader gives it back. Undefined: memory of its own. */
  handOut(piece: Buffer, block: Block | undefined, lend: boolean): Buffer {
    if (block === undefined) return piece
    if (!lend) block.kept = true
    else if (piece.length >= lentBytesMin) block.lent++
    return piece
  }

  /** Nobody looks at these pieces any more. Others than what was lent are passed over. */
  giveBack(pieces: readonly Buffer[]): void {
    for (let i = 0; i < pieces.length; i++) {
      const block = this.#blocks.get(pieces[i].buffer)
      if (block === undefined) continue
      block.lent--
      this.#reuse(block)
    }
  }

  #make(): Block {
    const block = { bytes: Buffer.allocUnsafeSlow(blockBytes), holders: 0, lent: 0, kept: false }
    this.#blocks.set(block.bytes.buffer, block)
    return block
  }

  #reuse(block: Block): void {
    if (block.holders > 0 || block.lent > 0 || block.kept) return
    if (this.#free.length - this.#unused < freeBlocksMax) this.#free.push(block)
  }
}
