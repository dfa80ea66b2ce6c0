/**
 * One channel to all consumers: every frame goes to each of them, a batch as one segment with as many references.
 * Concurrency: one thread.
 */
import type { Arena } from '../../core/arena/arena.ts'
import type { OutputChannel } from './channel.ts'
import type { FrameKind } from './frame.ts'

export class BroadcastChannel implements OutputChannel {
  readonly #arena: Arena
  readonly #channels: readonly OutputChannel[]
  /** Channels that have the control frame already that is being sent. */
  #sent = 0
  #value = Number.NaN

  constructor(arena: Arena, channels: readonly OutputChannel[]) {
    this.#arena = arena
    this.#channels = channels
  }

  room(): number {
    let room = Number.POSITIVE_INFINITY
    for (const channel of this.#channels) room = Math.min(room, channel.room())
    return room
  }

  sendBatch(segment: number): void {
    for (let i = 1; i < this.#channels.length; i++) this.#arena.retain(segment)
    for (const channel of this.#channels) channel.sendBatch(segment)
  }

  /**
   * Must be tried again with the same frame until it is true: some channels have it by then. Only a watermark may be tried
   * again as a newer one, which then goes to all.
   */
  sendControl(kind: FrameKind, detail: number, value: number): boolean {
    if (value !== this.#value) this.#sent = 0
    this.#value = value
    while (this.#sent < this.#channels.length) {
      if (!this.#channels[this.#sent].sendControl(kind, detail, value)) return false
      this.#sent++
    }
    this.#sent = 0
    return true
  }
}
