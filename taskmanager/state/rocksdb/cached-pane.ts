/**
 * One pane over RocksDB: what of it is in the cache lies in a key table as in memory (panes.ts), the rest is in RocksDB. An
 * entry is loaded before it changes, and written when it leaves the cache if RocksDB does not have it as it is.
 *
 * Entries of a pane never go one by one: a pane is dropped whole. One thread.
 */
import type { AggregateFunctions } from '../../../sdk/functions.ts'
import type { KeyTable } from '../key-table.ts'
import { sizeOfValue } from '../sizes.ts'
import { entryKey } from '../snapshot/flat-part.ts'
import { decodeStateValue, encodeStateValue } from '../values.ts'
import type { PaneView } from '../windows/pane-keeper.ts'
import { type PaneShape, paneNamespace, paneTable, presentBit } from '../windows/panes.ts'
import { epochBytes, paneStart, prefixEnd, readU32 } from './layout.ts'
import type { Spill, SpillCodec, SpillEntry } from './spill.ts'

/** Bytes of an entry beside itself: its slot in the index, its places in arrays by id. */
const besideBytes = 48
const storedBit = 0x80000000
const idsPerStep = 256
/** Keys that are fetched in one call at most. */
const fetchedAtOnce = 4096

type Functions = AggregateFunctions<unknown, unknown, unknown, unknown, unknown>

export class CachedPane implements PaneView, SpillCodec<SpillEntry> {
  readonly start: number
  readonly state: number
  readonly objects: PaneView['objects']
  table: KeyTable
  /** Number of the last batch that touched it. */
  usedAt = 0
  /** A snapshot may hold some of it. */
  persisted = false
  /** RocksDB may hold some of it. */
  stored = false
  /** No window needs it any more; a snapshot may still be reading it. */
  dropped = false
  readonly #shape: PaneShape
  readonly #spill: Spill
  readonly #namespace: Uint8Array
  readonly #entryBytes: number
  /** By id: 0 when it is not in the cache, else the epoch of the last change, and whether RocksDB has it. */
  #versions = new Uint32Array(256)
  #guarded = new Uint32Array(256)
  /** By id: used since the hand passed. */
  #used = new Uint8Array(256)
  #values: unknown[] = []
  #sizes: number[] = []
  #hand = 0
  /** Bytes of this pane in the cache. */
  #bytes = 0
  readonly #entry = { present: false, epoch: 0, guarded: 0, stored: false }
  #id = 0

  constructor(shape: PaneShape, spill: Spill, start: number, slots: number) {
    this.start = start
    this.state = shape.state
    this.#shape = shape
    this.#spill = spill
    this.#namespace = paneNamespace(start)
    this.table = paneTable(this.#shape, slots)
    this.#entryBytes = besideBytes + this.table.stride + (shape.type === 'number' ? 0 : 32)
    const { aggregate } = shape
    if (aggregate.kind === 'functions')
      this.objects = {
        get: (id) => this.#values[id],
        add: (id, record) => this.#add(aggregate.functions, id, record),
      }
  }

  found(ids: number, n: number): void {
    const { epoch } = this.#spill
    let { i32 } = this.#shape.memory
    const at = ids >>> 2
    let missing: number[] | undefined
    for (let i = 0; i < n; i++) {
      const id = i32[at + i]
      if (id >= this.#versions.length) this.#reserve(id)
      if (this.#versions[id] === 0) {
        this.#versions[id] = epoch
        missing ??= []
        missing.push(id)
      }
      this.#used[id] = 1
    }
    if (missing !== undefined) {
      this.#load(missing)
      i32 = this.#shape.memory.i32
    }
    // Of functions an entry changes when its accumulator does.
    if (this.objects !== undefined) return
    for (let i = 0; i < n; i++) if (this.#versions[i32[at + i]] !== epoch) this.#change(i32[at + i])
  }

  /** Loads those keys of the loaded rows that RocksDB has. Nothing changes by it. */
  fetch(n: number): void {
    const { rows, memory } = this.#shape
    if (!this.stored) return
    rows.find(this.table, 0, n, true)
    const missing = new Set<number>()
    for (const id of memory.i32.subarray(rows.ids >>> 2, (rows.ids >>> 2) + n)) {
      if (id >= this.#versions.length) this.#reserve(id)
      if (this.#versions[id] === 0) missing.add(id)
    }
    for (const id of missing) this.#versions[id] = this.#spill.epoch
    this.#load([...missing])
    for (const id of missing) if (!this.#isPresent(id)) this.#leave(id)
  }

  /** Lets go of what was not used since the last time, until enough is free; `all`: of everything. */
  makeRoom(all: boolean, enough: () => boolean): void {
    const limit = this.table.idLimit
    if (all) {
      for (let id = 0; id < limit; id++) if (this.#versions[id] !== 0) this.#evict(id)
      this.table.drop()
      this.table = paneTable(this.#shape, 0)
      this.#hand = 0
      return
    }
    for (let looked = 0; looked < 2 * limit && !enough(); looked++) {
      if (this.#hand >= limit) this.#hand = 0
      const id = this.#hand++
      if (this.#versions[id] === 0) continue
      if (this.#used[id] === 1) this.#used[id] = 0
      else this.#evict(id)
    }
  }

  /** RocksDB has everything. */
  writeThrough(): void {
    const limit = this.table.idLimit
    for (let id = 0; id < limit; id++) {
      const version = this.#versions[id]
      if (version === 0 || version >= storedBit || !this.#isPresent(id)) continue
      this.#write(id)
      this.#versions[id] = (version | storedBit) >>> 0
    }
  }

  *encode(): Generator<void> {
    const limit = this.table.idLimit
    for (let id = 0; id < limit; id++) {
      if (id % idsPerStep === idsPerStep - 1) yield
      const version = this.#versions[id]
      if (version !== 0 && this.#spill.takes((version & ~storedBit) >>> 0) && this.#isPresent(id)) this.#guard(id)
    }
  }

  /** What a run has of a key. */
  restore(hash: number, key: Uint8Array, value: Uint8Array, epoch: number): void {
    this.persisted ||= epoch === 0
    this.stored = true
    this.#spill.write(hash, this.state, key, this.#namespace, epoch, value)
  }

  /** Forgets what RocksDB has. */
  removeStored(): void {
    if (!this.stored) return
    const { store } = this.#spill
    const prefix = paneStart(this.start)
    store.flush()
    store.deleteRange(prefix, prefixEnd(prefix))
  }

  /** Gives the memory back. */
  free(): void {
    this.table.drop()
    this.#spill.bytes -= this.#bytes
    this.#bytes = 0
  }

  hashOf(): number {
    return this.#hashOf(this.#id)
  }

  keyOf(): Uint8Array {
    return this.#keyOf(this.#id)
  }

  namespace(): Uint8Array {
    return this.#namespace
  }

  value(): Uint8Array {
    const { accumulators, memory } = this.#shape
    if (this.objects !== undefined) return encodeStateValue(this.#values[this.#id], Number.NaN)
    return accumulators.encode(memory, this.table.entry(this.#id))
  }

  #load(missing: readonly number[]): void {
    this.#grow(missing.length * this.#entryBytes)
    if (!this.stored) return
    for (let from = 0; from < missing.length; from += fetchedAtOnce) {
      const ids = missing.slice(from, from + fetchedAtOnce)
      for (const id of ids) this.#spill.want(this.#hashOf(id), this.state, this.#keyOf(id), this.#namespace)
      const found = this.#spill.fetch()
      for (let i = 0; i < ids.length; i++) this.#take(ids[i], found[i])
    }
  }

  /** What RocksDB has of an id that is new here. */
  #take(id: number, stored: Buffer | undefined): void {
    this.#guarded[id] = 0
    if (stored === undefined) return
    const { accumulators, memory, name } = this.#shape
    this.#versions[id] = (storedBit | readU32(stored, 0)) >>> 0
    const bytes = stored.subarray(epochBytes)
    if (this.objects === undefined) accumulators.decode(memory, bytes, 0, bytes.length, this.table.entry(id), name)
    else this.#keep(id, decodeStateValue(bytes, name).value)
    memory.u32[(this.table.entry(id) >>> 2) + 3] = presentBit
  }

  /** Adds a record to the accumulator of a key. Throws what the function throws. */
  #add(functions: Functions, id: number, record: unknown): void {
    const present = this.#isPresent(id)
    // Before the function, which may work in place.
    if (present && this.#versions[id] !== this.#spill.epoch) this.#change(id)
    this.#keep(id, functions.add(present ? this.#values[id] : functions.init(), record))
    this.#shape.memory.u32[(this.table.entry(id) >>> 2) + 3] = presentBit
  }

  #keep(id: number, value: unknown): void {
    while (this.#values.length <= id) {
      this.#values.push(undefined)
      this.#sizes.push(0)
    }
    const bytes = sizeOfValue(value)
    this.#grow(bytes - this.#sizes[id])
    this.#sizes[id] = bytes
    this.#values[id] = value
  }

  #change(id: number): void {
    const { epoch, encoding } = this.#spill
    if (encoding !== 0 && (this.#versions[id] & ~storedBit) !== epoch && this.#isPresent(id)) this.#guard(id)
    this.#versions[id] = epoch
  }

  #guard(id: number): void {
    const entry = this.#at(id)
    this.#spill.guard(entry, this)
    this.#guarded[id] = entry.guarded
  }

  #at(id: number): SpillEntry {
    const entry = this.#entry
    const version = this.#versions[id]
    this.#id = id
    entry.present = true
    entry.epoch = (version & ~storedBit) >>> 0
    entry.stored = version >= storedBit
    entry.guarded = this.#guarded[id]
    return entry
  }

  #evict(id: number): void {
    if (this.#isPresent(id)) {
      if (this.#spill.encoding !== 0) this.#guard(id)
      if (this.#versions[id] < storedBit) this.#write(id)
    }
    this.#leave(id)
  }

  #write(id: number): void {
    this.stored = true
    this.#spill.evict(this.#at(id), this)
  }

  #leave(id: number): void {
    this.#versions[id] = 0
    this.#guarded[id] = 0
    this.#shape.memory.u32[(this.table.entry(id) >>> 2) + 3] = 0
    this.table.releaseOne(id)
    const bytes = this.#entryBytes + (this.#sizes[id] ?? 0)
    this.#grow(-bytes)
    if (id < this.#values.length) {
      this.#values[id] = undefined
      this.#sizes[id] = 0
    }
  }

  #isPresent(id: number): boolean {
    return this.#shape.memory.u32[(this.table.entry(id) >>> 2) + 3] === presentBit
  }

  #hashOf(id: number): number {
    return this.#shape.memory.i32[(this.table.entry(id) >>> 2) + 2]
  }

  #keyOf(id: number): Uint8Array {
    return entryKey(this.table, this.#shape.type, this.table.entry(id))
  }

  #grow(bytes: number): void {
    this.#bytes += bytes
    this.#spill.bytes += bytes
  }

  #reserve(id: number): void {
    const length = Math.max(id + 1, this.#versions.length * 2)
    const grown = (from: Uint32Array): Uint32Array<ArrayBuffer> => {
      const to = new Uint32Array(length)
      to.set(from)
      return to
    }
    this.#versions = grown(this.#versions)
    this.#guarded = grown(this.#guarded)
    const used = new Uint8Array(length)
    used.set(this.#used)
    this.#used = used
  }
}
