/**
 * The entries of a run, in any order, encoded in flat memory; and the blocks of the run, whose order a kernel makes: entries are put
 * into buckets by their hash, and each bucket is sorted when its turn comes.
 *
 * Promises: of two entries of the same state, key and namespace the later one stands, unless one of them is a drop. Bytes
 * given are copied at once. Each step of `blocks` takes well below a millisecond, but where very many entries share a hash.
 * All snapshots of a thread share one memory, which keeps the size that the largest of them needed. One thread.
 */
import { assert } from '../../core/assert.ts'
import { filling, fillingBytes, kernelSlack } from '../../core/kernels/run-signature.ts'
import {
  type EntryKind,
  entryHeadBytes,
  entryKind,
  type WholeBlock,
  writeEntryHead,
} from '../../proto/checkpoint/run.ts'
import { StateMemory } from './memory.ts'
import type { KeyRange } from './snapshot-run.ts'

const smallestChunkBytes = 64 * 1024
const chunkBytes = 1024 * 1024
const blockBytes = 64 * 1024
const bucketEntries = 1024
/** Of three lengths. */
const varintsBytes = 15

interface Chunk {
  readonly address: number
  readonly bytes: number
  end: number
}

export class RunEntries {
  /** Entries added, replaced ones included, and their bytes. */
  count = 0
  bytes = 0
  readonly #memory: StateMemory
  readonly #chunks: Chunk[] = []
  #allocated: { address: number; bytes: number }[] = []

  /** `memory`: another one than that of the thread. */
  constructor(memory?: StateMemory) {
    this.#memory = memory ?? threadMemory()
  }

  /** `hash` may be signed. `value` is ignored unless the kind is put. */
  add(hash: number, state: number, kind: EntryKind, key: Uint8Array, namespace: Uint8Array, value?: Uint8Array): void {
    const valueBytes = value === undefined || kind !== entryKind.put ? 0 : value.length
    const chunk = this.#room(entryHeadBytes + varintsBytes + key.length + namespace.length + valueBytes)
    const { u8 } = this.#memory
    let at = writeEntryHead(u8, chunk.end, hash, state, kind, key.length, namespace.length, valueBytes)
    at = copy(u8, at, key)
    at = copy(u8, at, namespace)
    if (value !== undefined && valueBytes > 0) at = copy(u8, at, value)
    this.#added(chunk, at, 1)
  }

  /** Entries that are encoded already, one after the other. */
  addEncoded(bytes: Uint8Array, entries: number): void {
    const chunk = this.#room(bytes.length)
    this.#memory.u8.set(bytes, chunk.end)
    this.#added(chunk, chunk.end + bytes.length, entries)
  }

  /** The blocks of a run of these ranges in order; undefined after steps that end none. `base`: tombstones are left out. */
  *blocks({ from, to }: KeyRange, base: boolean): Generator<WholeBlock | undefined, void> {
    const memory = this.#memory
    const { kernels } = memory
    const low = from * 65536
    // A hash is in bucket (hash - low) >>> shift. As a number of 32 bits, a shift by 32 is none.
    const hashBits = Math.max(1, Math.ceil(Math.log2((to - from) * 65536)))
    const shift = Math.max(0, Math.min(31, hashBits - Math.ceil(Math.log2(Math.max(1, this.count / bucketEntries)))))
    const buckets = Math.ceil(((to - from) * 65536) / 2 ** shift)
    const counts = this.#allocateZeroed(buckets * 4)
    for (const { address, end } of this.#chunks) {
      const n = kernels.runCount(address, end, low, shift, buckets, counts)
      assert(n >= 0, 'an entry is outside of the ranges of the run')
      yield
    }
    const sizes = memory.u32.slice(counts >>> 2, (counts >>> 2) + buckets)
    let largest = 0
    for (let bucket = 0, place = 0; bucket < buckets; bucket++) {
      memory.u32[(counts >>> 2) + bucket] = place
      place += sizes[bucket]
      largest = Math.max(largest, sizes[bucket])
    }
    const pairs = this.#allocate(this.count * 8)
    for (const { address, end } of this.#chunks) {
      kernels.runScatter(address, end, low, shift, counts, pairs)
      yield
    }
    const scratch = this.#allocate(largest * 8 + 4096)
    const block = new Block(memory, (bytes) => this.#allocate(bytes))
    for (let bucket = 0, place = 0; bucket < buckets; bucket++) {
      const n = sizes[bucket]
      const at = pairs + place * 8
      place += n
      if (n === 0) continue
      kernels.runOrder(at, n, shift, scratch)
      for (let next = block.fill(at, 0, n, base); next < n; next = block.fill(at, next, n, base)) yield block.take()
      yield
    }
    if (block.entries > 0) yield block.take()
  }

  /** Gives the memory back. Nothing may be called afterwards, and no blocks may be taken. */
  free(): void {
    for (const { address, bytes } of [...this.#chunks, ...this.#allocated]) this.#memory.free(address, bytes)
    this.#chunks.length = 0
    this.#allocated = []
  }

  /** The last chunk, with room for so many bytes more. */
  #room(bytes: number): Chunk {
    const last = this.#chunks.at(-1)
    if (last !== undefined && last.end + bytes <= last.address + last.bytes - kernelSlack) return last
    const usual = last === undefined ? smallestChunkBytes : Math.min(chunkBytes, last.bytes * 2)
    const chunk = { bytes: Math.max(usual, bytes + kernelSlack), address: 0, end: 0 }
    chunk.address = this.#memory.allocate(chunk.bytes)
    chunk.end = chunk.address
    this.#chunks.push(chunk)
    return chunk
  }

  #added(chunk: Chunk, end: number, entries: number): void {
    this.bytes += end - chunk.end
    this.count += entries
    chunk.end = end
  }

  #allocate(bytes: number): number {
    const address = this.#memory.allocate(bytes)
    this.#allocated.push({ address, bytes })
    return address
  }

  #allocateZeroed(bytes: number): number {
    const address = this.#memory.allocateZeroed(bytes)
    this.#allocated.push({ address, bytes })
    return address
  }
}

let shared: StateMemory | undefined

function threadMemory(): StateMemory {
  shared ??= new StateMemory()
  return shared
}

/** The block that is being filled. */
class Block {
  readonly #memory: StateMemory
  readonly #allocate: (bytes: number) => number
  readonly #control: number
  #address: number
  #bytes = blockBytes
  #lastHash = 0

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

  take(): WholeBlock {
    const bytes = this.#word(filling.out) - this.#address
    const raw = Buffer.allocUnsafeSlow(bytes)
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
