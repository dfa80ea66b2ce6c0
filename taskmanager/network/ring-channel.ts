/**
 * The ends of a ring (ring.ts) with the arena and the doorbell: segments change their owner before their number becomes
 * visible on the other side, and the other side is woken when it sleeps.
 */
import type { Arena } from '../../core/arena/arena.ts'
import type { RecordBatch } from '../../core/columns/batch.ts'
import { batchBytes } from '../../core/columns/layout.ts'
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

/** A frame out of the ring, a large batch as the bytes of its segment. */
interface Lifted {
  readonly kind: FrameKind
  readonly detail: number
  readonly value: number
  readonly bytes: Uint8Array | undefined
}

export class RingInput implements InputChannel {
  readonly #ring: RingConsumer
  readonly #arena: Arena
  readonly #bells: Doorbells
  readonly #peer: RingPeer
  readonly #schema: Schema | undefined
  readonly #frame = emptyFrame()
  /** Frames before those in the ring, for want of large segments. */
  readonly #lifted: Lifted[] = []

  constructor(ring: SharedArrayBuffer, arena: Arena, bells: Doorbells, peer: RingPeer, schema: Schema | undefined) {
    this.#ring = new RingConsumer(ring)
    this.#arena = arena
    this.#bells = bells
    this.#peer = peer
    this.#schema = schema && wireSchema(schema)
  }

  ready(): boolean {
    return this.#lifted.length > 0 || this.#ring.peek()
  }

  take(): InputFrame | undefined {
    if (this.#lifted.length > 0) return this.#takeLifted(this.#lifted[0])
    const ring = this.#ring
    if (!ring.peek()) return undefined
    const frame = this.#frame
    frame.kind = ring.kind
    frame.detail = ring.detail
    frame.value = ring.value
    if (ring.pop()) this.#bells.ring(this.#peer.slot)
    frame.batch = frame.kind === frameKind.batch ? this.#open(frame.detail) : undefined
    return frame
  }

  spill(): void {
    const ring = this.#ring
    const arena = this.#arena
    if (!ring.someSegment((segment) => arena.isLarge(segment))) return
    while (ring.peek()) {
      const { kind, detail, value } = ring
      let bytes: Uint8Array | undefined
      if (kind === frameKind.batch && arena.isLarge(detail)) {
        bytes = batchBytes(this.#open(detail)).slice()
        arena.release(detail)
      }
      this.#lifted.push({ kind, detail, value, bytes })
      ring.lift()
    }
  }

  #takeLifted({ kind, detail, value, bytes }: Lifted): InputFrame | undefined {
    const arena = this.#arena
    let segment = detail
    if (bytes !== undefined) {
      segment = arena.allocate(arena.owner, bytes.length)
      if (segment < 0) return undefined
      arena.u8.set(bytes, arena.address(segment))
    }
    this.#lifted.shift()
    if (this.#ring.credit(kind === frameKind.batch)) this.#bells.ring(this.#peer.slot)
    const frame = this.#frame
    frame.kind = kind
    frame.detail = segment
    frame.value = value
    frame.batch = kind === frameKind.batch ? this.#open(segment) : undefined
    return frame
  }

  #open(segment: number): RecordBatch {
    return openBatch(this.#arena, segment, this.#schema, this.#arena.owner, true)
  }

  close(): void {
    for (const { kind, detail, bytes } of this.#lifted.splice(0))
      if (kind === frameKind.batch && bytes === undefined) this.#arena.release(detail)
    while (this.#ring.peek()) {
      if (this.#ring.kind === frameKind.batch) this.#arena.release(this.#ring.detail)
      this.#ring.pop()
    }
  }
}
