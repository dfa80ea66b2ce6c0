/**
 * The channel between two slots of one TaskManager: a ring of frames in shared memory with one producer thread and one
 * consumer thread. Batches pass as segment numbers of the arena. Promises that frames arrive in order, that at most
 * `capacity` batches wait in it (its credits), and that control frames have room of their own, so that a barrier can
 * follow the batches before it whatever the consumer does.
 *
 * Concurrency: `RingProducer` belongs to one thread and `RingConsumer` to one other; each writes only its own counter,
 * with a sequentially consistent store after the frame's words. Neither ever waits; see doorbell.ts for waking.
 */

import type { FrameKind } from './frame.ts'
import { frameKind } from './frame.ts'

export const defaultRingCapacity = 8
/** Frames beside the batches: watermarks, idleness, barriers, ends. */
const controlRoom = 16
/** The last of them take barriers and ends only. */
const reservedControl = 4

const wordHead = 16
const wordTail = 32
const wordBatchesRead = 33
const wordProducerWaits = 48
const firstFrame = 64
const frameWords = 8

/** Bytes of the SharedArrayBuffer for a ring of `capacity` batches (1 to 65536). */
export function ringBytes(capacity: number = defaultRingCapacity): number {
  return (firstFrame + (capacity + controlRoom) * frameWords) * 4
}

/** A new, empty ring. The thread that makes it needs to be neither producer nor consumer. */
export function createRing(capacity: number = defaultRingCapacity): SharedArrayBuffer {
  return new SharedArrayBuffer(ringBytes(capacity))
}

const framesOf = (ring: SharedArrayBuffer): number => ring.byteLength / 4 / frameWords - firstFrame / frameWords

export class RingProducer {
  readonly words: Int32Array
  readonly values: Float64Array
  readonly capacity: number
  readonly frames: number
  /** Frames and batches written, modulo 2^32. */
  head: number
  batches: number
  /** Place of the next frame: counters wrap, places must not jump. */
  place: number

  constructor(ring: SharedArrayBuffer) {
    this.words = new Int32Array(ring)
    this.values = new Float64Array(ring)
    this.frames = framesOf(ring)
    this.capacity = this.frames - controlRoom
    this.head = Atomics.load(this.words, wordHead)
    this.place = (this.head >>> 0) % this.frames
    this.batches = Atomics.load(this.words, wordBatchesRead)
  }

  /** Batches that can be pushed now. At 0 the consumer is asked to ring when it has taken some. */
  room(): number {
    const { words } = this
    const room = this.capacity - ((this.batches - Atomics.load(words, wordBatchesRead)) | 0)
    if (room > 0) return room
    Atomics.store(words, wordProducerWaits, 1)
    return this.capacity - ((this.batches - Atomics.load(words, wordBatchesRead)) | 0)
  }

  /** False when there is no room. The segment must have been transferred to the consumer's owner before. */
  pushBatch(segment: number): boolean {
    if (this.room() <= 0) return false
    this.batches = (this.batches + 1) | 0
    this.#write(frameKind.batch, segment, 0)
    return true
  }

  /** False when the room for control frames is used up; then the consumer is asked to ring. `detail` and `value` as frame.ts says. */
  pushControl(kind: FrameKind, detail: number, value: number): boolean {
    const { words } = this
    const reserved = kind === frameKind.barrier || kind === frameKind.end ? 0 : reservedControl
    const limit = this.#controlLimit() - reserved
    if (this.#used() >= limit) {
      Atomics.store(words, wordProducerWaits, 1)
      if (this.#used() >= this.#controlLimit() - reserved) return false
    }
    this.#write(kind, detail, value)
    return true
  }

  /** Frames in the ring at most when a control frame is added: batches that may still come keep their places. */
  #controlLimit(): number {
    const waiting = (this.batches - Atomics.load(this.words, wordBatchesRead)) | 0
    return this.frames - Math.max(0, this.capacity - waiting)
  }

  #used(): number {
    return (this.head - Atomics.load(this.words, wordTail)) | 0
  }

  #write(kind: FrameKind, detail: number, value: number): void {
    const at = firstFrame + this.place * frameWords
    this.place = this.place + 1 === this.frames ? 0 : this.place + 1
    this.words[at] = kind
    this.words[at + 1] = detail
    this.values[(at + 2) >>> 1] = value
    this.head = (this.head + 1) | 0
    Atomics.store(this.words, wordHead, this.head)
  }
}

export class RingConsumer {
  readonly words: Int32Array
  readonly values: Float64Array
  readonly frames: number
  /** Frames in the ring at which a producer that waits is woken. */
  readonly wakeAt: number
  tail: number
  batchesRead: number
  place: number
  /** The frame that `peek` found, valid until `pop`. */
  kind: FrameKind = frameKind.batch
  detail = 0
  value = 0

  constructor(ring: SharedArrayBuffer) {
    this.words = new Int32Array(ring)
    this.values = new Float64Array(ring)
    this.frames = framesOf(ring)
    this.wakeAt = (this.frames - controlRoom) >>> 1
    this.tail = Atomics.load(this.words, wordTail)
    this.place = (this.tail >>> 0) % this.frames
    this.batchesRead = Atomics.load(this.words, wordBatchesRead)
  }

  /** True when a frame waits; its fields are then set. */
  peek(): boolean {
    if (Atomics.load(this.words, wordHead) === this.tail) return false
    const at = firstFrame + this.place * frameWords
    this.kind = this.words[at] as FrameKind
    this.detail = this.words[at + 1] as number
    this.value = this.values[(at + 2) >>> 1] as number
    return true
  }

  /** Calls back for the segments of all batches that wait, in order, until it is told true. */
  someSegment(isIt: (segment: number) => boolean): boolean {
    const head = Atomics.load(this.words, wordHead)
    let place = this.place
    for (let frame = this.tail; frame !== head; frame = (frame + 1) | 0) {
      const at = firstFrame + place * frameWords
      if (this.words[at] === frameKind.batch && isIt(this.words[at + 1] as number)) return true
      place = place + 1 === this.frames ? 0 : place + 1
    }
    return false
  }

  /** Takes the frame that `peek` found out; for the producer it keeps its place, and its credit, until `credit`. */
  lift(): void {
    this.tail = (this.tail + 1) | 0
    this.place = this.place + 1 === this.frames ? 0 : this.place + 1
  }

  /** The oldest frame that was lifted is taken. True: the producer waits for room and must be woken. */
  credit(batch: boolean): boolean {
    if (batch) {
      this.batchesRead = (this.batchesRead + 1) | 0
      Atomics.store(this.words, wordBatchesRead, this.batchesRead)
    }
    Atomics.store(this.words, wordTail, (Atomics.load(this.words, wordTail) + 1) | 0)
    return this.#mustWake()
  }

  /**
   * Removes the frame that `peek` found. True: the producer waits for room and must be woken. That is when the ring is
   * half empty: to wake it for each single place would cost more than the batch it puts there.
   */
  pop(): boolean {
    if (this.kind === frameKind.batch) {
      this.batchesRead = (this.batchesRead + 1) | 0
      Atomics.store(this.words, wordBatchesRead, this.batchesRead)
    }
    this.tail = (this.tail + 1) | 0
    this.place = this.place + 1 === this.frames ? 0 : this.place + 1
    Atomics.store(this.words, wordTail, this.tail)
    return this.#mustWake()
  }

  #mustWake(): boolean {
    if (Atomics.load(this.words, wordProducerWaits) === 0) return false
    if (((Atomics.load(this.words, wordHead) - this.tail) | 0) > this.wakeAt) return false
    return Atomics.exchange(this.words, wordProducerWaits, 0) === 1
  }
}
