/**
 * The arena: one shared memory cut into segments, in which all batches of a process live, and the bound on memory in
 * flight. Promises that a segment is given to one holder at a time, returns when the last reference goes, and that the
 * segments of a killed thread can be taken back.
 *
 * Concurrency: every method may be called from any thread at any time, without locks. Free segments are bits of a bit
 * map (lowest first, so that warm memory is reused; a bit has no ABA problem). References are counted per segment and
 * owner beside the total. A thread that is terminated can stop anywhere in JavaScript, between two atomic updates as well;
 * updates that belong together are therefore kernels, straight WebAssembly code in which a thread never stops, so that
 * `reclaim` always finds consistent counts. (A machine that runs the kernels' twin may lose a segment with a killed thread.)
 *
 * The rule that makes killing a slot safe: whoever holds a reference holds it under its own owner number, and a segment
 * passes to another slot by `transfer` before its number becomes visible there. `reclaim(owner)` then drops exactly
 * what the dead owner held, what lies unread in its inbound rings included, and nothing that somebody else still reads.
 * Call it after the thread has ended and its peers have stopped sending to it; calling it again is harmless.
 */
import { defineErrors } from '../errors.ts'
import { createKernels } from '../kernels/kernels.ts'
import type { Kernels } from '../kernels/signature.ts'
import { noAccount, Reserves, reserveTableBytes, spareOnly } from './reserves.ts'

export const maxOwners = 64
/** Bytes of one part of an owner's scratch memory: Int32 row numbers of the largest batch. */
export const scratchPartBytes = 64 * 1024
const scratchBytes = 5 * scratchPartBytes

const reservedBytes = 64 * 1024
const pageBytes = 64 * 1024

const errors = defineErrors('ARENA', {
  TOO_SMALL: {
    text: 'an arena of {bytes} bytes has no room for a segment of {segmentBytes} bytes',
    hint: 'Raise taskmanager.memory.network.size.',
    blame: 'user',
    retry: 'never',
  },
  TOO_LARGE: {
    text: 'an arena of {bytes} bytes is more than one memory can hold (4 GB)',
    hint: 'Lower taskmanager.memory.network.size.',
    blame: 'user',
    retry: 'never',
  },
  NOT_HELD: { text: 'owner {owner} holds no reference to segment {segment}', blame: 'internal', retry: 'never' },
  BAD_OWNER: { text: 'owner {owner} is not between 0 and 63', blame: 'internal', retry: 'never' },
  BAD_SEGMENT: { text: 'segment {segment} does not exist', blame: 'internal', retry: 'never' },
})

export interface ArenaOptions {
  /** Bytes for segments, small and large together. */
  readonly bytes: number
  readonly segmentBytes?: number
  readonly largeSegmentBytes?: number
  /** Default 4, or as many as fit into half of `bytes`. */
  readonly largeSegments?: number
  /** The owner this thread acts as; default 0. */
  readonly owner?: number
}

/** What another thread needs to attach. Passes through `postMessage` and `workerData`. */
export interface ArenaHandle {
  readonly memory: WebAssembly.Memory
  readonly segments: number
  readonly segmentBytes: number
  readonly largeSegments: number
  readonly largeSegmentBytes: number
}

const defaultLargeBytes = 16 * 1024 * 1024
const largeThatFit = (bytes: number, largeBytes: number): number => Math.min(4, Math.floor(bytes / 2 / largeBytes))
const alignUp = (value: number, to: number): number => Math.ceil(value / to) * to

export class Arena {
  readonly handle: ArenaHandle
  /** The owner that `retain` and `release` count for when none is given. */
  readonly owner: number
  /** For whom this thread takes segments at present, among the accounts of its owner (reserves.ts). */
  account = noAccount
  readonly reserves: Reserves
  readonly memory: WebAssembly.Memory
  /** Views of the whole memory. Addresses are byte offsets: `f64[address >>> 3]`. */
  readonly u8: Uint8Array
  readonly i32: Int32Array
  readonly u32: Uint32Array
  readonly f64: Float64Array
  readonly i64: BigInt64Array
  readonly buffer: Buffer
  /** Kernels over this memory. */
  readonly kernels: Kernels
  /** All segments, small ones first; numbers run from 0 to `segments` - 1. */
  readonly segments: number
  readonly segmentBytes: number
  readonly largeSegmentBytes: number
  readonly #small: number
  /** Word indices into `i32`. */
  readonly #free: number
  readonly #totals: number
  readonly #refs: number
  readonly #scratch: number
  readonly #base: number
  readonly #largeBase: number

  private constructor(handle: ArenaHandle, owner: number) {
    checkOwner(owner)
    const buffer = handle.memory.buffer
    this.handle = handle
    this.owner = owner
    this.memory = handle.memory
    this.u8 = new Uint8Array(buffer)
    this.i32 = new Int32Array(buffer)
    this.u32 = new Uint32Array(buffer)
    this.f64 = new Float64Array(buffer)
    this.i64 = new BigInt64Array(buffer)
    this.buffer = Buffer.from(buffer)
    this.#small = handle.segments - handle.largeSegments
    this.segments = handle.segments
    this.segmentBytes = handle.segmentBytes
    this.largeSegmentBytes = handle.largeSegmentBytes
    const layout = layoutOf(handle)
    this.#free = layout.free >>> 2
    this.#totals = layout.totals >>> 2
    this.#refs = layout.refs >>> 2
    this.#scratch = layout.scratch
    this.#base = layout.segments
    this.#largeBase = layout.segments + this.#small * handle.segmentBytes
    this.kernels = createKernels(handle.memory)
    const words = { free: this.#free, marks: layout.marks >>> 2, table: layout.reserves >>> 2 }
    this.reserves = new Reserves(this.i32, words, this.#small, maxOwners)
  }

  /** Reserves the memory (untouched pages cost nothing). Throws ARENA_TOO_SMALL, ARENA_TOO_LARGE. */
  static create(options: ArenaOptions): Arena {
    const { bytes } = options
    const segmentBytes = alignUp(options.segmentBytes ?? 256 * 1024, 64)
    const largeSegmentBytes = alignUp(options.largeSegmentBytes ?? defaultLargeBytes, 64)
    const largeSegments = options.largeSegments ?? largeThatFit(bytes, largeSegmentBytes)
    const small = Math.floor((bytes - largeSegments * largeSegmentBytes) / segmentBytes)
    if (small < 1) throw errors.create('TOO_SMALL', { bytes, segmentBytes })
    const shape = { segments: small + largeSegments, segmentBytes, largeSegments, largeSegmentBytes }
    const pages = Math.ceil(layoutOf(shape).end / pageBytes)
    if (pages > 65536) throw errors.create('TOO_LARGE', { bytes })
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
    const arena = new Arena({ memory, ...shape }, options.owner ?? 0)
    for (let s = 0; s < shape.segments; s++) arena.#markFree(s)
    return arena
  }

  /** Bytes of an arena with so many small segments at least, for `bytes` of `create`, where large ones are as many as fit. */
  static bytesFor(segments: number, segmentBytes: number): number {
    for (let large = 0; ; large++) {
      const bytes = segments * alignUp(segmentBytes, 64) + large * defaultLargeBytes
      if (largeThatFit(bytes, defaultLargeBytes) <= large) return bytes
    }
  }

  /** The same arena on another thread, which acts as `owner` (0 to 63). */
  static attach(handle: ArenaHandle, owner: number): Arena {
    return new Arena(handle, owner)
  }

  /**
   * A segment of at least `minBytes`, held once by `owner`, its content undefined; -1 when none is free, none is that
   * large, or others are to have what is left. Requests up to `segmentBytes` take small segments only. Who can do without
   * it passes `spareOnly`, and never gets the last large one.
   */
  allocate(owner: number, minBytes = 0, account: number = this.account): number {
    if (minBytes > this.largeSegmentBytes && minBytes > this.segmentBytes) return -1
    const isSmall = minBytes <= this.segmentBytes
    const segment = isSmall ? this.#take(owner, 0, this.#small) : this.#take(owner, this.#small, this.segments)
    if (segment < 0) return -1
    const kept = isSmall ? this.reserves.mayKeep(segment, owner, account) : account !== spareOnly || this.hasLarge
    if (kept) return segment
    this.release(segment, owner)
    return -1
  }

  isLarge(segment: number): boolean {
    return segment >= this.#small
  }

  /** There are large segments, and all of them are taken. */
  get largeTaken(): boolean {
    return this.handle.largeSegments > 0 && !this.hasLarge
  }

  /** A large segment is free. */
  get hasLarge(): boolean {
    for (let segment = this.#small; segment < this.segments; segment++) if (this.isFree(segment)) return true
    return false
  }

  /** A free segment of `from` to `to` - 1, or -1. */
  #take(owner: number, from: number, to: number): number {
    const { i32 } = this
    const free = this.#free
    let word = from >>> 5
    // Bits of the other class that share the first or the last word are masked out.
    while (word << 5 < to) {
      const bits = Atomics.load(i32, free + word)
      let usable = bits
      if (word << 5 < from) usable &= -1 << (from & 31)
      if (to - (word << 5) < 32) usable &= (1 << (to & 31)) - 1
      if (usable === 0) {
        word++
        continue
      }
      const bit = usable & -usable
      const segment = (word << 5) + 31 - Math.clz32(bit)
      const took = this.kernels.segmentTake(
        (free + word) * 4,
        bits,
        bit,
        this.#refAt(segment, owner),
        this.#totalAt(segment),
      )
      if (took === 1) return segment
    }
    return -1
  }

  /** One more reference of `owner`. The caller must know that somebody holds the segment meanwhile. */
  retain(segment: number, owner: number = this.owner): void {
    this.kernels.segmentRetain(this.#refAt(segment, owner), this.#totalAt(segment))
  }

  /** Gives one reference of `owner` back; the segment is free when none is left. Throws ARENA_NOT_HELD. */
  release(segment: number, owner: number = this.owner): void {
    const free = (this.#free + (segment >>> 5)) * 4
    const { kernels } = this
    if (kernels.segmentRelease(this.#refAt(segment, owner), this.#totalAt(segment), free, 1 << (segment & 31)) === 0)
      throw errors.create('NOT_HELD', { owner, segment })
  }

  /** Passes one reference from one owner to another, before the segment's number becomes visible there. */
  transfer(segment: number, fromOwner: number, toOwner: number): void {
    if (this.kernels.segmentTransfer(this.#refAt(segment, fromOwner), this.#refAt(segment, toOwner)) === 0)
      throw errors.create('NOT_HELD', { owner: fromOwner, segment })
  }

  /** Drops all references and claims of an owner whose thread has ended. Returns the number of segments that became free. */
  reclaim(owner: number): number {
    checkOwner(owner)
    this.reserves.disclaim(owner)
    let freed = 0
    for (let segment = 0; segment < this.segments; segment++) {
      const held = Atomics.exchange(this.i32, this.#refs + segment * maxOwners + owner, 0)
      if (held > 0 && Atomics.sub(this.i32, this.#totals + segment, held) === held) {
        this.#markFree(segment)
        freed++
      }
    }
    return freed
  }

  /** Byte address of a segment's first byte; a multiple of 64. */
  address(segment: number): number {
    return segment < this.#small
      ? this.#base + segment * this.segmentBytes
      : this.#largeBase + (segment - this.#small) * this.largeSegmentBytes
  }

  capacity(segment: number): number {
    return segment < this.#small ? this.segmentBytes : this.largeSegmentBytes
  }

  /** References of one owner to a segment. */
  held(segment: number, owner: number): number {
    return Atomics.load(this.i32, this.#refs + segment * maxOwners + owner)
  }

  /** References of all owners to a segment. */
  references(segment: number): number {
    return Atomics.load(this.i32, this.#totals + segment)
  }

  isFree(segment: number): boolean {
    return (Atomics.load(this.i32, this.#free + (segment >>> 5)) & (1 << (segment & 31))) !== 0
  }

  /** Throws ARENA_BAD_SEGMENT when `segment` is not a number of this arena; for numbers that come from outside. */
  check(segment: number): void {
    if (!Number.isInteger(segment) || segment < 0 || segment >= this.segments)
      throw errors.create('BAD_SEGMENT', { segment })
  }

  /** Free small segments: the credits of this process. */
  get freeSegments(): number {
    let free = 0
    for (let s = 0; s < this.#small; s++) if (this.isFree(s)) free++
    return free
  }

  /** Bytes of all segments that are held. */
  get usedBytes(): number {
    let used = 0
    for (let s = 0; s < this.segments; s++) if (!this.isFree(s)) used += this.capacity(s)
    return used
  }

  /**
   * Address of an owner's private scratch memory: five parts of `scratchPartBytes`, for the arguments of kernels (0, 4), the
   * results of `partition` (1), the results of selections (2), and readers (3). Content lasts until the next call that
   * uses that part.
   */
  scratch(owner: number, part: 0 | 1 | 2 | 3 | 4 = 0): number {
    return this.#scratch + owner * scratchBytes + part * scratchPartBytes
  }

  /** Byte addresses of counts. */
  #refAt(segment: number, owner: number): number {
    return (this.#refs + segment * maxOwners + owner) * 4
  }

  #totalAt(segment: number): number {
    return (this.#totals + segment) * 4
  }

  #markFree(segment: number): void {
    Atomics.or(this.i32, this.#free + (segment >>> 5), 1 << (segment & 31))
  }
}

function checkOwner(owner: number): void {
  if (!Number.isInteger(owner) || owner < 0 || owner >= maxOwners) throw errors.create('BAD_OWNER', { owner })
}

function layoutOf(
  shape: Omit<ArenaHandle, 'memory'>,
): Record<'free' | 'totals' | 'marks' | 'reserves' | 'refs' | 'scratch' | 'segments' | 'end', number> {
  const free = reservedBytes
  const totals = free + alignUp(Math.ceil(shape.segments / 32) * 4, 64)
  const marks = totals + alignUp(shape.segments * 4, 64)
  const reserves = marks + alignUp(shape.segments * 4, 64)
  const refs = reserves + alignUp(reserveTableBytes(maxOwners), 64)
  const scratch = alignUp(refs + shape.segments * maxOwners * 4, pageBytes)
  const segments = scratch + maxOwners * scratchBytes
  const small = shape.segments - shape.largeSegments
  // A kernel may read 16 bytes past its last buffer.
  const end = segments + small * shape.segmentBytes + shape.largeSegments * shape.largeSegmentBytes + 64
  return { free, totals, marks, reserves, refs, scratch, segments, end }
}
