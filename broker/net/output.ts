/**
 * What leaves a connection: the responses of one turn of the event loop in one write. Short ones are copied into memory that is used
 * again, so that they cost neither a Buffer nor a write each; others go by reference, and the owner hears when they have left.
 *
 * Bytes that have not left count in the budget of all connections. One thread; the order of calls is the order on the wire.
 */
import { type Socket, unwrittenBytes } from '../../core/platform/net.ts'
import { type KafkaWriter, referenceBytesMin } from '../../proto/kafka/writer.ts'
import type { ByteBudget } from './byte-budget.ts'
import type { FrameMemory } from './frame-memory.ts'

export interface OutputOwner {
  readonly budget: ByteBudget
  readonly memory: FrameMemory
  /** Monotonic ms, fresh within some seconds: cheap to read. */
  nowMs(): number
  counted(bytesIn: number, bytesOut: number): void
  /** These pieces of a response have left; nobody looks at them any more. */
  sent(pieces: readonly Buffer[]): void
}

/** A frame that is not longer has no part by reference, and is copied. */
export const shortBytes = referenceBytesMin
/** Memory for the short ones of a turn. */
const blockBytes = 2 * shortBytes

export class Output {
  /** Bytes given to `send` and `copy` that have not left. */
  unsentBytes = 0
  readonly #socket: Socket
  readonly #owner: OutputOwner
  readonly #left: () => void
  #block: Buffer | undefined
  #blockUsed = 0
  #corked = false
  #scheduled = false
  #closed = false
  /** When some last left, and what had not left when somebody last looked. */
  #progressMs: number
  #unwritten: number | undefined

  /** `left` is called whenever something has. */
  constructor(socket: Socket, owner: OutputOwner, left: () => void) {
    this.#socket = socket
    this.#owner = owner
    this.#left = left
    this.#progressMs = owner.nowMs()
  }

  /** How long nothing has left, ms; 0 when nothing waits. */
  stalledMs(nowMs: number): number {
    if (this.unsentBytes === 0) return 0
    const unwritten = unwrittenBytes(this.#socket)
    if (unwritten !== this.#unwritten) this.#progressMs = nowMs
    this.#unwritten = unwritten
    return nowMs - this.#progressMs
  }

  /** A response in pieces, which stay as they are until the owner hears that they have left. */
  send(pieces: readonly Buffer[]): void {
    this.#writeBlock()
    if (!this.#corked) {
      this.#corked = true
      this.#socket.cork()
    }
    let bytes = 0
    for (const piece of pieces) bytes += piece.length
    this.#takes(bytes)
    for (let index = 0; index < pieces.length - 1; index++) this.#socket.write(pieces[index] as Buffer)
    this.#socket.write(pieces[pieces.length - 1] as Buffer, () => {
      if (!this.#closed) this.#owner.sent(pieces)
      this.#gone(bytes)
    })
  }

  /** The short response that stands in `writer`, which may begin the next one. */
  copy(writer: KafkaWriter): void {
    const bytes = writer.length
    if (this.#block === undefined || this.#blockUsed + bytes > blockBytes) {
      this.#writeBlock()
      this.#block = this.#owner.memory.take(blockBytes)
    }
    writer.copyTo(this.#block, this.#blockUsed)
    this.#blockUsed += bytes
    this.#takes(bytes)
  }

  /** Nothing counts any more. */
  close(): void {
    this.#closed = true
    this.#owner.budget.give(this.unsentBytes)
  }

  #takes(bytes: number): void {
    if (this.unsentBytes === 0) this.#progressMs = this.#owner.nowMs()
    this.unsentBytes += bytes
    this.#owner.budget.force(bytes)
    this.#owner.counted(0, bytes)
    if (this.#scheduled) return
    this.#scheduled = true
    process.nextTick(this.#endTurn)
  }

  readonly #endTurn = (): void => {
    this.#scheduled = false
    this.#writeBlock()
    if (!this.#corked) return
    this.#corked = false
    this.#socket.uncork()
  }

  #writeBlock(): void {
    const block = this.#block
    if (block === undefined) return
    const bytes = this.#blockUsed
    this.#block = undefined
    this.#blockUsed = 0
    if (this.#closed) {
      this.#owner.memory.give(block)
      return
    }
    this.#socket.write(block.subarray(0, bytes), () => {
      this.#owner.memory.give(block)
      this.#gone(bytes)
    })
  }

  #gone(bytes: number): void {
    if (this.#closed) return
    this.unsentBytes -= bytes
    this.#owner.budget.give(bytes)
    this.#progressMs = this.#owner.nowMs()
    this.#left()
  }
}
