/**
 * The entries of a run, in any order, encoded in flat memory; and the blocks of the run, whose order kernels make. Entries are dealt to
 * lanes by their hash as they come; a lane is small enough for the processor's cache when it is sorted: its entries are put into
 * buckets, and each bucket is sorted when its turn comes.
 *
 * Promises: of two entries of the same state, key and namespace the later one stands, unless one of them is a drop. Bytes
 * given are copied at once. Each step of `blocks` takes well below a millisecond, but where very many entries share a hash.
 * All snapshots of a thread share one memory, which keeps the size that the largest of them needed. One thread.
 */

import { assert } from '../../../core/assert.ts'
import { filling, fillingBytes, kernelSlack } from '../../../core/kernels/run-signature.ts'
import type { KeyRanges } from '../../../proto/checkpoint/ranges.ts'
import {
  type EntryKind,
  entryKind,
  entryStartBytesMax,
  type WholeBlock,
  writeEntryHead,
} from '../../../proto/checkpoint/runs/run.ts'
import { StateMemory } from '../memory.ts'

const lanesMax = 128
const smallestChunkBytes = 4 * 1024
const chunkBytes = 64 * 1024
const blockBytes = 64 * 1024
const bucketEntries = 1024
/** Bytes of entries that a step of counting or dealing to buckets looks at. */
const stepBytes = 1024 * 1024

interface Chunk {
  readonly address: number
  readonly bytes: number
}

let shared: StateMemory | undefined

/** Makes what snapshots of this thread share, so that the first of them does not wait for it. */
export function threadMemory(): StateMemory {
  shared ??= new StateMemory()
  return shared
}

export class RunEntries {
  /** Entries added, replaced ones included, and their bytes. */
  count = 0
  bytes = 0
  readonly #memory: StateMemory
  /** Hashes begin here; a hash is in lane (hash - low) >>> shift. */
  readonly #low: number
  readonly #laneShift: number
  readonly #laneCount: number
  /** Of the lanes, for the kernel; and their chunks, of which the last is being filled. */
  readonly #lanes: number
  readonly #chunks: Chunk[][]
  /** The ends of chunks that are full. */
  readonly #ends = new Map<Chunk, number>()
  #blocks = new Set<Chunk>()

  /** `memory`: another one than that of the thread. */
  constructor({ from, to }: KeyRanges, memory: StateMemory = threadMemory()) {
    this.#memory = memory
    this.#low = from * 65536
    const hashes = (to - from) * 65536
    this.#laneShift = Math.min(31, Math.max(0, Math.ceil(Math.log2(Math.max(1, hashes / lanesMax)))))
    this.#laneCount = Math.ceil(hashes / 2 ** this.#laneShift)
    this.#lanes = this.#allocate(this.#laneCount * 8, true).address
    this.#chunks = Array.from({ length: this.#laneCount }, () => [])
  }

  /** `hash` may be signed. `value` is ignored unless the kind is put. */
  add(hash: number, state: number, kind: EntryKind, key: Uint8Array, namespace: Uint8Array, value?: Uint8Array): void {
    const valueBytes = value === undefined || kind !== entryKind.put ? 0 : value.length
    const lane = this.#laneOf(hash)
    const start = this.#room(lane, entryStartBytesMax + key.length + namespace.length + valueBytes)
    const { u8, u32 } = this.#memory
    let at = writeEntryHead(u8, start, hash, state, kind, key.length, namespace.length, valueBytes)
    at = copy(u8, at, key)
    at = copy(u8, at, namespace)
    if (value !== undefined && valueBytes > 0) at = copy(u8, at, value)
    u32[this.#word(lane)] = at
    this.bytes += at - start
    this.count++
  }

  /** Entries that are encoded already, one after the other. */
  addEncoded(bytes: Uint8Array, entries: number): void {
    const memory = this.#memory
    const staged = this.#allocate(bytes.length + kernelSlack)
    memory.u8.set(bytes, staged.address)
    const end = staged.address + bytes.length
    for (let at = staged.address; at < end; ) {
      at = memory.kernels.runDeal(at, end, this.#low, this.#laneShift, this.#laneCount, this.#lanes)
      assert(at > 0, outside)
      // No entry is longer than what is left.
      if (at < end) this.#room(this.#laneOf(memory.buffer.readUInt32LE(at)), end - at)
    }
    this.#free(staged)
    this.bytes += bytes.length
    this.count += entries
  }

  /** The blocks of the run in order; undefined after steps that end none. `base`: tombstones are left out. Takes what there is. */
  *blocks(base: boolean): Generator<WholeBlock | undefined, void> {
    const block = new Block(this.#memory, (bytes) => this.#allocate(bytes).address)
    for (let lane = 0; lane < this.#laneCount; lane++) {
      const chunks = this.#chunks[lane]
      if (chunks.length === 0) continue
      yield* this.#laneBlocks(lane, block, base)
      for (const chunk of chunks) this.#memory.free(chunk.address, chunk.bytes)
      chunks.length = 0
    }
    if (block.entries > 0) yield block.take()
  }

  /** Gives the memory back. Nothing may be called afterwards, and no blocks may be taken. */
  free(): void {
    for (const { address, bytes } of [...this.#chunks.flat(), ...this.#blocks]) this.#memory.free(address, bytes)
    this.#chunks.length = 0
    this.#blocks.clear()
  }

  *#laneBlocks(lane: number, block: Block, base: boolean): Generator<WholeBlock | undefined, void> {
    const memory = this.#memory
    const { kernels } = memory
    const chunks = this.#chunks[lane].map((chunk) => ({ ...chunk, end: this.#endOf(lane, chunk) }))
    const bytes = chunks.reduce((sum, { address, end }) => sum + end - address, 0)
    const low = (this.#low + lane * 2 ** this.#laneShift) % 2 ** 32
    const entriesExpected = (bytes / Math.max(1, this.bytes)) * this.count
    const bucketBits = Math.min(this.#laneShift, Math.ceil(Math.log2(Math.max(1, entriesExpected / bucketEntries))))
    const shift = this.#laneShift - bucketBits
    const buckets = 2 ** bucketBits
    const counts = this.#allocate(buckets * 4, true)
    let looked = 0
    for (const { address, end } of chunks) {
      assert(kernels.runCount(address, end, low, shift, buckets, counts.address) >= 0, outside)
      looked += end - address
      if (looked % stepBytes < end - address) yield
    }
    const sizes = memory.u32.slice(counts.address >>> 2, (counts.address >>> 2) + buckets)
    let largest = 0
    let count = 0
    for (let bucket = 0; bucket < buckets; bucket++) {
      memory.u32[(counts.address >>> 2) + bucket] = count
      count += sizes[bucket]
      largest = Math.max(largest, sizes[bucket])
    }
    const pairs = this.#allocate(count * 8)
    for (const { address, end } of chunks) {
      kernels.runScatter(address, end, low, shift, counts.address, pairs.address)
      looked += end - address
      if (looked % stepBytes < end - address) yield
    }
    const scratch = this.#allocate(largest * 8 + 4096)
    for (let bucket = 0, at = pairs.address; bucket < buckets; bucket++) {
      const n = sizes[bucket]
      if (n === 0) continue
      kernels.runOrder(at, n, differingBits(low + bucket * 2 ** shift, 2 ** shift), scratch.address)
      for (let next = block.fill(at, 0, n, base); next < n; next = block.fill(at, next, n, base)) yield block.take()
      at += n * 8
      yield
    }
    for (const each of [counts, pairs, scratch]) this.#free(each)
  }

  #laneOf(hash: number): number {
    const lane = (hash - this.#low) >>> this.#laneShift
    assert(lane < this.#laneCount, outside)
    return lane
  }

  #word(lane: number): number {
    return (this.#lanes >>> 2) + 2 * lane
  }

  /** Where the next entry of a lane goes, which has room for so many bytes. */
  #room(lane: number, bytes: number): number {
    const { u32 } = this.#memory
    const word = this.#word(lane)
    if (u32[word + 1] - u32[word] >= bytes) return u32[word]
    const chunks = this.#chunks[lane]
    const last = chunks.at(-1)
    if (last !== undefined) this.#ends.set(last, u32[word])
    const usual = last === undefined ? smallestChunkBytes : Math.min(chunkBytes, last.bytes * 2)
    const chunk = { bytes: Math.max(usual, bytes + kernelSlack), address: 0 }
    chunk.address = this.#memory.allocate(chunk.bytes)
    chunks.push(chunk)
    this.#memory.u32[word] = chunk.address
    this.#memory.u32[word + 1] = chunk.address + chunk.bytes - kernelSlack
    return chunk.address
  }

  #endOf(lane: number, chunk: Chunk): number {
    return this.#ends.get(chunk) ?? this.#memory.u32[this.#word(lane)]
  }

  #allocate(bytes: number, zeroed = false): Chunk {
    const address = zeroed ? this.#memory.allocateZeroed(bytes) : this.#memory.allocate(bytes)
    const block = { address, bytes }
    this.#blocks.add(block)
    return block
  }

  #free(block: Chunk): void {
    this.#blocks.delete(block)
    this.#memory.free(block.address, block.bytes)
  }
}

/** How many of the lower bits of hashes from `first` on may differ: a range of keys begins at no round number. */
function differingBits(first: number, count: number): number {
  return 32 - Math.clz32(first ^ (first + count - 1))
}

const outside = 'an entry is outside of the ranges of the run'

/** The block that is being filled. */
class Block {
  readonly #memory: StateMemory
  readonly #allocate: (bytes: number) => number
  readonly #control: number
  #address: number
  #bytes = blockBytes
  #lastHash = 0
  #raw = Buffer.allocUnsafeSlow(blockBytes)

  constructor(memory: StateMemory, allocate: (bytes: number) => number) {
    this.#memory = memory
    this.#allocate = allocate
    this.#control = allocate(fillingBytes)
    this.#address = allocate(blockBytes + kernelSlack)
    this.#begin()
  }

  get entries(): number {
    return this.#word(filling.entries)
  }

  /** Appends entries of pairs `from` to n - 1; returns the first for which there was no room, or n. */
  fill(pairs: number, from: number, n: number, base: boolean): number {
    let next = this.#memory.kernels.runFill(pairs, from, n, base ? 1 : 0, this.#control)
    // One entry that is longer than a block is a block.
    while (next < n && this.entries === 0) {
      this.#bytes *= 2
      this.#address = this.#allocate(this.#bytes + kernelSlack)
      this.#begin()
      next = this.#memory.kernels.runFill(pairs, next, n, base ? 1 : 0, this.#control)
    }
    if (next > from) this.#lastHash = this.#memory.u32[(pairs >>> 2) + 2 * (next - 1)]
    return next
  }

  /** What was filled, lent until the next call; begins another. */
  take(): WholeBlock {
    const bytes = this.#word(filling.out) - this.#address
    if (bytes > this.#raw.length) this.#raw = Buffer.allocUnsafeSlow(bytes)
    const raw = this.#raw.subarray(0, bytes)
    // Compression and checksums refuse memory that is shared.
    raw.set(this.#memory.u8.subarray(this.#address, this.#address + bytes))
    const block = { raw, entries: this.entries, lastHash: this.#lastHash }
    this.#begin()
    return block
  }

  #begin(): void {
    const { u32 } = this.#memory
    const at = this.#control >>> 2
    u32[at + filling.out] = this.#address
    u32[at + filling.outEnd] = this.#address + this.#bytes
    u32[at + filling.entries] = 0
  }

  #word(at: number): number {
    return this.#memory.u32[(this.#control >>> 2) + at]
  }
}

/** A loop wins for the few bytes that a key or value usually has. */
function copy(u8: Uint8Array, at: number, bytes: Uint8Array): number {
  if (bytes.length > 64) u8.set(bytes, at)
  else for (let i = 0; i < bytes.length; i++) u8[at + i] = bytes[i]
  return at + bytes.length
}
