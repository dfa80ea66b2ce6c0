/**
 * The ends of a ring (ring.ts) with the arena and the doorbell: segments change their owner before their number becomes
 * visible on the other side, and the other side is woken when it sleeps.
 */
import type { Arena } from '../../core/arena/arena.ts'
import { openBatch } from '../../core/columns/open.ts'
import type { Schema } from '../../core/columns/schema.ts'
import type { InputChannel, InputFrame, OutputChannel } from './channel.ts'
import { emptyFrame } from './channel.ts'
import { wireSchema } from './computed-key.ts'
import type { Doorbells } from './doorbell.ts'
import type { FrameKind } from './frame.ts'
import { frameKind } from './frame.ts'
import { RingConsumer, RingProducer } from './ring.ts'

/** The slot at the other end. */
export interface RingPeer {
  readonly slot: number
  /** Its owner number in the arena. */
  readonly owner: number
}

export class RingOutput implements OutputChannel {
  readonly #ring: RingProducer
  readonly #arena: Arena
  readonly #bells: Doorbells
  readonly #peer: RingPeer

  constructor(ring: SharedArrayBuffer, arena: Arena, bells: Doorbells, peer: RingPeer) {
    this.#ring = new RingProducer(ring)
    this.#arena = arena
    this.#bells = bells
    this.#peer = peer
  }

  room(): number {
    return this.#ring.room()
  }

  sendBatch(segment: number): void {
    this.#arena.transfer(segment, this.#arena.owner, this.#peer.owner)
    this.#ring.pushBatch(segment)
    this.#bells.ring(this.#peer.slot)
  }

  sendControl(kind: FrameKind, detail: number, value: number): boolean {
    if (!this.#ring.pushControl(kind, detail, value)) return false
    this.#bells.ring(this.#peer.slot)
    return true
  }
}

export class RingInput implements InputChannel {
  readonly #ring: RingConsumer
  readonly #arena: Arena
  readonly #bells: Doorbells
  readonly #peer: RingPeer
  readonly #schema: Schema | undefined
  readonly #frame = emptyFrame()

  constructor(ring: SharedArrayBuffer, arena: Arena, bells: Doorbells, peer: RingPeer, schema: Schema | undefined) {
    this.#ring = new RingConsumer(ring)
    this.#arena = arena
    this.#bells = bells
    this.#peer = peer
    this.#schema = schema && wireSchema(schema)
  }

  ready(): boolean {
    return this.#ring.peek()
  }

  take(): InputFrame | undefined {
    const ring = this.#ring
    if (!ring.peek()) return undefined
    const frame = this.#frame
    frame.kind = ring.kind
    frame.detail = ring.detail
    frame.value = ring.value
    if (ring.pop()) this.#bells.ring(this.#peer.slot)
    frame.batch =
      frame.kind === frameKind.batch
        ? openBatch(this.#arena, frame.detail, this.#schema, this.#arena.owner, true)
        : undefined
    return frame
  }

  close(): void {
    while (this.#ring.peek()) {
      if (this.#ring.kind === frameKind.batch) this.#arena.release(this.#ring.detail)
      this.#ring.pop()
    }
  }
}
