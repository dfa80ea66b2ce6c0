/**
 * A key table in flat memory (layout: core/kernels/state-signature.ts): keys to dense ids, ids to entries that never move.
 * Promises that no batch waits for the whole table to grow: above 128 K slots there are 256 sub-tables that grow one by
 * one, at different fillings.
 *
 * Changes are marked per entry. `freeze` hands the marks to a snapshot; pages of 64 entries are copied when they are first
 * written while the snapshot has not passed them. One thread.
 */
import { assert } from '../../core/assert.ts'
import { stateTable as field, stateTableBytes, stopped } from '../../core/kernels/state-signature.ts'
import { blockBytes, blockClass } from '../../core/kernels/state-twin.ts'
import type { StateMemory } from './memory.ts'

const chunkIds = 4096
const firstSlots = 64
const splitSlots = 1 << 17
const subTables = 256
/** Share of the slots of a whole table that may be used. */
const fillOfOne = 0.65
const blockSpaceBytes = 64 * 1024
const shadowSpaceBytes = 1024 * 1024

/** Bytes of an entry before what belongs to the table's maker: key, hash, presence, references, marks. */
export const entryHeaderBytes = 24
/** Mark: a snapshot holds entries of this key; which was the first stands in the upper 24 bits. 0: one that was restored. */
export const persisted = 1
const snapshotsMax = 2 ** 24 - 1

export interface KeyTableOptions {
  /** Bytes behind the header, a multiple of 8. */
  readonly payloadBytes: number
  readonly bytesKeys: boolean
  /** Changes are to be marked for snapshots. */
  readonly tracked: boolean
  /** Slots to begin with. */
  readonly slots?: number
}

export class KeyTable {
  readonly memory: StateMemory
  /** Address of the control block. */
  readonly address: number
  readonly stride: number
  /** Address of the bytes that a new entry begins as: the owner writes its payload. */
  readonly template: number
  /** Slots moved so far by growing, and the most that one find moved: what growth costs. */
  movedSlots = 0
  movedSlotsMax = 0
  /** Number of the last snapshot, and of the last before it that counts or may count. */
  snapshot = 0
  heardTo = 0
  #countsTo = 0
  readonly #blocks: { address: number; bytes: number }[] = []
  readonly #tracked: boolean
  #shadowBlocks: { address: number; bytes: number }[] = []
  /** An id and an address, for calls about one entry. */
  readonly #one: number
  #capacity = 0
  #trackedCapacity = 0
  #chunkCapacity = 64
  #stackCapacity = 0

  constructor(memory: StateMemory, options: KeyTableOptions) {
    this.memory = memory
    this.stride = entryHeaderBytes + options.payloadBytes
    this.#tracked = options.tracked
    this.address = memory.allocateZeroed(stateTableBytes)
    this.template = memory.allocateZeroed(this.stride)
    this.#one = memory.allocate(64)
    this.#set(field.stride, this.stride)
    this.#set(field.template, this.template)
    this.#set(field.bytesKeys, options.bytesKeys ? 1 : 0)
    this.#set(field.chunks, memory.allocateZeroed(this.#chunkCapacity * 4))
    let slots = firstSlots
    while (slots < (options.slots ?? 0)) slots *= 2
    this.#makeSubTables(slots > splitSlots ? 8 : 0, slots)
  }

  /** Makes room in the index of a table without keys: it does not grow on the way to so many. */
  expect(keys: number): void {
    assert(this.idLimit === 0, 'the table is empty')
    let slots = firstSlots
    while (slots * fillOfOne <= keys) slots *= 2
    if (slots < 2 * firstSlots) return
    this.#freeSubTables()
    this.#makeSubTables(slots > splitSlots ? 8 : 0, slots, keys)
  }

  /** Keys in the table. */
  get size(): number {
    return this.#get(field.nextId) - this.#get(field.freeCount)
  }

  /** Ids are below this. */
  get idLimit(): number {
    return this.#get(field.nextId)
  }

  /** Slots of the index. */
  get slots(): number {
    const { u32 } = this.memory
    let slots = 0
    for (let s = 0; s < 2 ** this.#get(field.bits); s++)
      slots += u32[(this.#get(field.directory) >>> 2) + 4 * s + 1] + 1
    return slots
  }

  /** Byte address of an entry; stays valid. */
  entry(id: number): number {
    const { u32 } = this.memory
    return u32[(this.#get(field.chunks) >>> 2) + (id >>> 12)] + (id & 4095) * this.stride
  }

  inUse(id: number): boolean {
    return this.memory.u32[(this.entry(id) >>> 2) + 3] !== 0xffffffff
  }

  /** Ids of `n` float64 keys; -1 for keys that are not there unless `insert`. All arguments but `n` are addresses. */
  findNumbers(keys: number, hashes: number, n: number, insert: boolean, ids: number): void {
    const { kernels } = this.memory
    this.#begin()
    for (let at = 0; ; this.#makeRoom(0)) {
      at = kernels.stateFindF64(this.address, keys, hashes, at, n, insert ? 1 : 0, ids)
      if (at === n) return
    }
  }

  /** The same for strings of bytes: offsets (n + 1 Int32) into `data`. */
  findBytes(offsets: number, data: number, hashes: number, n: number, insert: boolean, ids: number): void {
    const { kernels } = this.memory
    this.#begin()
    for (let at = 0; ; ) {
      at = kernels.stateFindBytes(this.address, offsets, data, hashes, at, n, insert ? 1 : 0, ids)
      if (at === n) return
      const { u32 } = this.memory
      this.#makeRoom(u32[(offsets >>> 2) + at + 1] - u32[(offsets >>> 2) + at])
    }
  }

  /** Finds or inserts the keys of other entries (an address of addresses), bytes keys by sharing their blocks. */
  findEntries(entries: number, keys: number, hashes: number, n: number, ids: number): void {
    if (this.#get(field.bytesKeys) === 0) {
      this.findNumbers(keys, hashes, n, true, ids)
      return
    }
    const { kernels } = this.memory
    this.#begin()
    for (let at = 0; ; this.#makeRoom(0)) {
      at = kernels.stateFindShared(this.address, entries, hashes, at, n, ids)
      if (at === n) return
    }
  }

  /** To be called before entries are written: marks them, sets presence bits, writes their addresses. */
  touch(ids: number, n: number, presence: number, addresses: number): void {
    const { kernels } = this.memory
    for (let at = 0; ; ) {
      at = kernels.stateTouch(this.address, ids, at, n, presence, addresses)
      if (at === n) return
      const bytes = Math.max(shadowSpaceBytes, this.stride * 64)
      const address = this.memory.allocate(bytes)
      this.#shadowBlocks.push({ address, bytes })
      this.#set(field.shadowCursor, address)
      this.#set(field.shadowEnd, address + bytes)
    }
  }

  /** The same for one id; returns its entry's address. */
  touchOne(id: number, presence: number): number {
    const { u8, u32 } = this.memory
    const dirty = this.#get(field.dirty)
    if (dirty !== 0) {
      const frozen = this.#get(field.frozenPages)
      if (frozen !== 0 && u8[frozen + (id >>> 6)] !== 0) {
        u32[this.#one >>> 2] = id
        this.touch(this.#one, 1, presence, this.#one + 4)
        return this.memory.u32[(this.#one >>> 2) + 1]
      }
      u8[dirty + (id >>> 3)] |= 1 << (id & 7)
    }
    const entry = this.entry(id)
    u32[(entry >>> 2) + 3] |= presence
    return entry
  }

  releaseOne(id: number): boolean {
    this.memory.u32[this.#one >>> 2] = id
    return this.release(this.#one, 1) === 1
  }

  /** Recycles those of the ids (an address) that have no presence, references, marks and nothing to be written. */
  release(ids: number, n: number): number {
    this.#reserveStack()
    return this.memory.kernels.stateRelease(this.address, ids, n)
  }

  /** Hands the marks to a snapshot, or `all` entries, and begins new ones. The table must not be frozen. */
  freeze(all: boolean): void {
    this.#reserveTracking()
    const { memory } = this
    const dirty = this.#get(field.dirty)
    // One that no longer fits stands for all later ones: what one of them has heard of is kept, if it counts or not.
    this.snapshot = Math.min(this.snapshot + 1, snapshotsMax)
    this.heardTo = this.#countsTo
    this.#countsTo = this.snapshot
    if (all) this.#markAll()
    this.#set(field.dirty, memory.allocateZeroed(this.#trackedCapacity >>> 3))
    this.#set(field.frozenBits, dirty)
    this.#set(field.shadows, memory.allocateZeroed(this.#trackedCapacity >>> 4))
    const pages = memory.allocateZeroed(this.#trackedCapacity >>> 6)
    this.#set(field.frozenPages, pages)
    memory.kernels.stateMarkedPages(dirty, Math.ceil(this.idLimit / 64), pages)
  }

  /** Bytes of frozen bits, to be kept until the snapshot is complete or aborted. */
  frozenBits(): Uint8Array {
    const at = this.#get(field.frozenBits)
    return this.memory.u8.slice(at, at + Math.ceil(this.idLimit / 64) * 8)
  }

  /** Where the frozen content of a page of 64 entries lies, or -1 when nothing of it is marked. */
  frozenPage(page: number): number {
    const { u32 } = this.memory
    const at = (this.#get(field.frozenBits) >>> 2) + 2 * page
    if ((u32[at] | u32[at + 1]) === 0) return -1
    const shadow = u32[(this.#get(field.shadows) >>> 2) + page]
    return shadow !== 0 ? shadow : this.entry(page * 64)
  }

  /** Whether an entry is in the frozen set, if there is one. */
  isFrozen(id: number): boolean {
    const bits = this.#get(field.frozenBits)
    return bits !== 0 && (this.memory.u8[bits + (id >>> 3)] & (1 << (id & 7))) !== 0
  }

  /** Whether a snapshot before the last one has something of a key with these marks. */
  isHeard(marks: number): boolean {
    return (marks & persisted) !== 0 && marks >>> 8 <= this.heardTo
  }

  /** The last snapshot has something of a key. */
  heard(id: number): void {
    const { u32 } = this.memory
    const at = (this.entry(id) >>> 2) + 5
    if (!this.isHeard(u32[at])) u32[at] = (u32[at] & 0xff) | persisted | (this.snapshot << 8)
  }

  /** The snapshot has read a page: it may be written without a copy. */
  passPage(page: number): void {
    this.memory.u8[this.#get(field.frozenPages) + page] = 0
  }

  /** The snapshot has read everything, or gave up. */
  thaw(): void {
    if (this.#get(field.frozenBits) === 0) return
    this.memory.free(this.#get(field.frozenBits), this.#trackedCapacity >>> 3)
    this.memory.free(this.#get(field.shadows), this.#trackedCapacity >>> 4)
    this.memory.free(this.#get(field.frozenPages), this.#trackedCapacity >>> 6)
    this.#set(field.frozenBits, 0)
    this.#set(field.shadows, 0)
    this.#set(field.frozenPages, 0)
    for (const block of this.#shadowBlocks) this.memory.free(block.address, block.bytes)
    this.#shadowBlocks = []
    this.#set(field.shadowCursor, 0)
    this.#set(field.shadowEnd, 0)
  }

  /** Marks of the last snapshot, which does not count, become marks again. */
  mark(bits: Uint8Array): void {
    this.#reserveTracking()
    this.#countsTo = this.heardTo
    const dirty = this.#get(field.dirty)
    const { u8 } = this.memory
    for (let i = 0; i < bits.length; i++) u8[dirty + i] |= bits[i]
  }

  markOne(id: number): void {
    const dirty = this.#get(field.dirty)
    if (dirty !== 0) this.memory.u8[dirty + (id >>> 3)] |= 1 << (id & 7)
  }

  #markAll(): void {
    const { u8 } = this.memory
    const dirty = this.#get(field.dirty)
    const whole = this.idLimit >>> 3
    u8.fill(255, dirty, dirty + whole)
    u8[dirty + whole] |= (1 << (this.idLimit & 7)) - 1
  }

  isMarked(id: number): boolean {
    const dirty = this.#get(field.dirty)
    return dirty !== 0 && (this.memory.u8[dirty + (id >>> 3)] & (1 << (id & 7))) !== 0
  }

  /** Gives all memory back. Nothing may be called afterwards. */
  drop(): void {
    const { memory } = this
    this.thaw()
    const limit = Math.ceil(this.#capacity / chunkIds)
    const chunks = this.#get(field.chunks)
    for (let c = 0; c < limit; c++) memory.free(memory.u32[(chunks >>> 2) + c], chunkIds * this.stride)
    memory.free(chunks, this.#chunkCapacity * 4)
    this.#freeSubTables()
    for (const block of this.#blocks) memory.free(block.address, block.bytes)
    if (this.#stackCapacity > 0) memory.free(this.#get(field.freeStack), this.#stackCapacity * 4)
    if (this.#trackedCapacity > 0) memory.free(this.#get(field.dirty), this.#trackedCapacity >>> 3)
    memory.free(this.#one, 64)
    memory.free(this.template, this.stride)
    memory.free(this.address, stateTableBytes)
  }

  #begin(): void {
    this.#moved = 0
  }

  #moved = 0

  #makeRoom(keyBytes: number): void {
    const why = this.#get(field.stopped)
    if (why === stopped.ids) this.#addChunk()
    else if (why === stopped.blocks) {
      const bytes = Math.max(blockSpaceBytes, blockBytes(blockClass(keyBytes)))
      const address = this.memory.allocate(bytes)
      this.#blocks.push({ address, bytes })
      this.#set(field.blockCursor, address)
      this.#set(field.blockEnd, address + bytes)
    } else this.#growSubTable(why)
  }

  #addChunk(): void {
    const { memory } = this
    const chunk = this.#capacity / chunkIds
    if (chunk === this.#chunkCapacity) {
      const old = this.#get(field.chunks)
      const to = memory.allocate(chunk * 8)
      memory.u8.copyWithin(to, old, old + chunk * 4)
      memory.free(old, chunk * 4)
      this.#set(field.chunks, to)
      this.#chunkCapacity *= 2
    }
    const address = memory.allocate(chunkIds * this.stride)
    memory.u32[(this.#get(field.chunks) >>> 2) + chunk] = address
    this.#capacity += chunkIds
    this.#set(field.idLimit, this.#capacity)
    this.#reserveTracking()
  }

  #reserveTracking(): void {
    if (!this.#tracked) return
    const { memory } = this
    const old = this.#trackedCapacity
    if (old >= this.#capacity && old > 0) return
    let capacity = Math.max(old, chunkIds)
    while (capacity < this.#capacity) capacity *= 2
    this.#trackedCapacity = capacity
    const move = (at: number, shift: number): void => {
      const from = this.#get(at)
      if (from === 0 && at !== field.dirty) return
      const to = memory.allocateZeroed(capacity >>> shift)
      if (from !== 0) {
        memory.u8.copyWithin(to, from, from + (old >>> shift))
        memory.free(from, old >>> shift)
      }
      this.#set(at, to)
    }
    move(field.dirty, 3)
    move(field.frozenBits, 3)
    move(field.shadows, 4)
    move(field.frozenPages, 6)
  }

  #reserveStack(): void {
    const { memory } = this
    if (this.#stackCapacity >= this.#capacity) return
    const to = memory.allocate(this.#capacity * 4)
    const from = this.#get(field.freeStack)
    if (this.#stackCapacity > 0) {
      memory.u8.copyWithin(to, from, from + this.#get(field.freeCount) * 4)
      memory.free(from, this.#stackCapacity * 4)
    }
    this.#set(field.freeStack, to)
    this.#stackCapacity = this.#capacity
  }

  #growSubTable(sub: number): void {
    const { memory } = this
    const at = (this.#get(field.directory) >>> 2) + 4 * sub
    const slots = memory.u32[at]
    const count = memory.u32[at + 1] + 1
    if (this.#get(field.bits) === 0 && count === splitSlots) {
      const directory = this.#get(field.directory)
      this.#makeSubTables(8, 2 * splitSlots)
      memory.free(directory, 16)
    } else this.#setSubTable(at, sub, count * 2)
    memory.kernels.stateRehash(this.address, slots, count)
    memory.free(slots, count * 8)
    this.movedSlots += count
    this.#moved += count
    this.movedSlotsMax = Math.max(this.movedSlotsMax, this.#moved)
  }

  /** `slots` in all, and so many in each that it does not grow before there are `keys` in all. */
  #makeSubTables(bits: number, slots: number, keys = 0): void {
    const number = 2 ** bits
    const directory = this.memory.allocateZeroed(number * 16)
    this.#set(field.directory, directory)
    this.#set(field.bits, bits)
    // Hashes fall on them with some difference.
    const perTable = number === 1 ? keys : (keys / number) * 1.02 + 4 * Math.sqrt(keys / number)
    for (let s = 0; s < number; s++) {
      let own = keys > 0 && number > 1 ? firstSlots : slots / number
      while (own * this.#filling(s) <= perTable) own *= 2
      this.#setSubTable((directory >>> 2) + 4 * s, s, own)
    }
  }

  /** Share of the slots of a sub-table that may be used. They fill evenly: at different shares they do not all grow in the same batch. */
  #filling(sub: number): number {
    return this.#get(field.bits) === 0 ? fillOfOne : 0.5 + (0.25 * sub) / subTables
  }

  #setSubTable(at: number, sub: number, slots: number): void {
    const address = this.memory.allocateZeroed(slots * 8)
    const { u32 } = this.memory
    u32[at] = address
    u32[at + 1] = slots - 1
    u32[at + 2] = 0
    u32[at + 3] = Math.floor(slots * this.#filling(sub))
  }

  #freeSubTables(): void {
    const { memory } = this
    const directory = this.#get(field.directory)
    const number = 2 ** this.#get(field.bits)
    for (let s = 0; s < number; s++) {
      const at = (directory >>> 2) + 4 * s
      memory.free(memory.u32[at], (memory.u32[at + 1] + 1) * 8)
    }
    memory.free(directory, number * 16)
  }

  #get(at: number): number {
    return this.memory.u32[(this.address >>> 2) + at]
  }

  #set(at: number, value: number): void {
    this.memory.u32[(this.address >>> 2) + at] = value
  }
}
