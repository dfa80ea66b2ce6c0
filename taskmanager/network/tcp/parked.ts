/**
 * Batches of the inputs of one deployment that wait outside of the arena. What has arrived within its credit is always
 * read off the connection: a channel whose batches find no segment must not stand before the barriers of another. A batch
 * that is wanted now while no segment is free takes that of one which waits (behind a barrier, say), whose bytes move
 * here. Bounded by the credits of the channels.
 *
 * Concurrency: the slot's thread.
 */
import type { Arena } from '../../../core/arena/arena.ts'
import type { FrameHead } from './wire.ts'

/** A frame that waits to be taken. */
export interface WaitingFrame {
  readonly head: FrameHead
  /** Segment with the body; -1: there is none, or the body is in `parked`. */
  segment: number
  parked: Uint8Array | undefined
}

/** Inputs whose frames wait. */
export interface WaitingFrames {
  readonly waiting: readonly WaitingFrame[]
}

export class ParkingLot {
  readonly #arena: Arena
  readonly #inputs: WaitingFrames[] = []

  constructor(arena: Arena) {
    this.#arena = arena
  }

  add(input: WaitingFrames): void {
    this.#inputs.push(input)
  }

  /** A segment for `bytes` bytes, taken for an account (core/arena/reserves.ts); -1 when there is none even so. */
  allocate(bytes: number, account: number): number {
    const arena = this.#arena
    for (;;) {
      const segment = arena.allocate(arena.owner, bytes, account)
      if (segment >= 0 || !this.#park(bytes)) return segment
    }
  }

  /** Frees the segment that will be wanted last: the newest of the longest queue. False: no segment that would help waits. */
  #park(bytes: number): boolean {
    const arena = this.#arena
    let found: WaitingFrame | undefined
    let longest = 0
    for (const { waiting } of this.#inputs) {
      if (waiting.length <= longest) continue
      const last = waiting.findLast(({ segment }) => segment >= 0 && arena.capacity(segment) >= bytes)
      if (last === undefined) continue
      found = last
      longest = waiting.length
    }
    if (found === undefined) return false
    const address = arena.address(found.segment)
    found.parked = arena.u8.slice(address, address + found.head.bodyBytes)
    arena.release(found.segment)
    found.segment = -1
    return true
  }
}
