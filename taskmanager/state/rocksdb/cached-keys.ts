/**
 * The keys in the cache: which have an id, what of them is loaded, and which go when there is no room.
 *
 * A key is loaded whole but for its map entries and timers: what is missing of the keys of a batch is fetched in one call.
 * Keys leave at the beginning of a batch only, when no id is in use, those first that were not used for a round. One thread.
 */
import { assert } from '../../../core/assert.ts'
import type { RecordBatch } from '../../../core/columns/batch.ts'
import type { KeyedRows, KeyShape } from '../api.ts'
import { entryKey } from '../flat-part.ts'
import { KeyTable } from '../key-table.ts'
import { keyInMemory } from '../keys.ts'
import type { StateMemory } from '../memory.ts'
import { StateRows } from '../rows.ts'
import type { Spill } from './spill.ts'

/** A state of which each key in the cache has all there is. */
export interface LoadedState {
  readonly state: number
  /** What RocksDB has of a key that is new in the cache. */
  load(id: number, stored: Buffer | undefined): void
}

/** A state that keeps something of the keys in the cache. */
export interface EvictedState {
  /** Writes what RocksDB does not have, and forgets the key. */
  evict(id: number): void
}

const absent = 0
const idle = 1
const used = 2
/** Bytes of a key besides its entry: its slots in the index, its places in arrays by id. */
const keyBytes = 48
const nothing = new Uint8Array(0)

export class CachedKeys {
  readonly spill: Spill
  readonly memory: StateMemory
  readonly rows: StateRows
  readonly #type: KeyShape['type']
  readonly #bytesMax: number
  readonly #loaded: readonly LoadedState[]
  readonly #evicted: readonly EvictedState[]
  #table: KeyTable | undefined
  /** By id: not in the cache, or when it was last used. */
  #residence = new Uint8Array(4096)
  #hand = 0
  #missing: number[] = []
  #lastIds: Int32Array | undefined
  #key = Buffer.allocUnsafeSlow(256)
  #slab = Buffer.allocUnsafeSlow(64 * 1024)
  #keyCost = keyBytes

  /** `loaded` and `evicted` may still grow until `open`. */
  constructor(
    spill: Spill,
    memory: StateMemory,
    shape: KeyShape,
    bytesMax: number,
    loaded: readonly LoadedState[],
    evicted: readonly EvictedState[],
  ) {
    this.spill = spill
    this.memory = memory
    this.rows = new StateRows(memory, shape)
    this.#type = shape.type
    this.#bytesMax = bytesMax
    this.#loaded = loaded
    this.#evicted = evicted
  }

  open(payloadBytes: number): void {
    const bytesKeys = this.#type !== 'number'
    this.#table = new KeyTable(this.memory, { payloadBytes, bytesKeys, tracked: false })
    this.#keyCost = keyBytes + this.#table.stride + (bytesKeys ? 32 : 0)
  }

  get isOpen(): boolean {
    return this.#table !== undefined
  }

  get table(): KeyTable {
    assert(this.#table !== undefined, 'the backend is open')
    return this.#table
  }

  /** Ids of the keys of a batch, loaded. */
  resolve(batch: RecordBatch, selection: Int32Array | undefined, n: number): Int32Array {
    this.makeRoom()
    this.rows.load(batch, selection, n)
    return this.#resolved(n)
  }

  resolveRows(rows: KeyedRows, n: number): Int32Array {
    this.makeRoom()
    this.rows.loadRows(rows.keys, rows.hashes, n)
    return this.#resolved(n)
  }

  /** Id of a key given as in snapshots, which `loadMissing` loads if it is new. */
  admit(hash: number, key: Uint8Array): number {
    this.rows.loadCanonical(hash, key)
    this.rows.find(this.table, 0, 1, true)
    const id = this.memory.i32[this.rows.ids >>> 2]
    this.#lastIds = undefined
    this.#use(id)
    return id
  }

  /** Where ids lie in the state's memory. */
  idsAddress(ids: Int32Array, n: number): number {
    const { rows } = this
    if (ids !== this.#lastIds) {
      rows.reserve(n)
      this.#lastIds = undefined
      this.memory.i32.set(ids.length === n ? ids : ids.subarray(0, n), rows.ids >>> 2)
    }
    return rows.ids
  }

  get size(): number {
    return this.table.size
  }

  *ids(): IterableIterator<number> {
    for (let id = 0; id < this.table.idLimit; id++) if (this.table.inUse(id)) yield id
  }

  valueOf(id: number): unknown {
    const { f64, u32, buffer } = this.memory
    const entry = this.table.entry(id)
    if (this.#type === 'number') return f64[entry >>> 3]
    return keyInMemory(this.#type, buffer, u32[entry >>> 2], u32[(entry >>> 2) + 1])
  }

  hashOf(id: number): number {
    return this.memory.i32[(this.table.entry(id) >>> 2) + 2]
  }

  /** Canonical bytes; lent until the next call. */
  canonicalOf(id: number): Uint8Array {
    const bytes = entryKey(this.table, this.#type, this.table.entry(id))
    // Keys of maps are encoded in the same place.
    if (bytes.length > this.#key.length) this.#key = Buffer.allocUnsafeSlow(bytes.length * 2)
    this.#key.set(bytes)
    return this.#key.subarray(0, bytes.length)
  }

  /** Lets keys go until the cache is within its limit. No id may be in use. */
  makeRoom(): void {
    const { spill } = this
    if (spill.bytes <= this.#bytesMax) return
    const goal = this.#bytesMax - (this.#bytesMax >>> 3)
    const limit = this.table.idLimit
    // Twice round at most: the first round may find only keys that were used.
    for (let looked = 0; spill.bytes > goal && looked < 2 * limit; looked++) {
      if (this.#hand >= limit) this.#hand = 0
      const id = this.#hand++
      const residence = this.#residence[id]
      if (residence === used) this.#residence[id] = idle
      else if (residence === idle) this.#evict(id)
    }
    spill.store.flush()
  }

  /** Fetches what is to be known of keys that are new in the cache. */
  loadMissing(): void {
    const missing = this.#missing
    if (missing.length === 0) return
    this.#missing = []
    this.spill.bytes += missing.length * this.#keyCost
    if (this.#loaded.length === 0) return
    const { store, keys } = this.spill
    store.flush()
    const wanted: Buffer[] = []
    let end = 0
    for (const id of missing) {
      const hash = this.hashOf(id)
      const key = this.canonicalOf(id)
      for (const { state } of this.#loaded) {
        const bytes = keys.entry(hash, state, key, nothing)
        // What was cut from the old slab keeps it.
        if (end + bytes.length > this.#slab.length) {
          this.#slab = Buffer.allocUnsafeSlow(Math.max(this.#slab.length, bytes.length))
          end = 0
        }
        bytes.copy(this.#slab, end)
        wanted.push(this.#slab.subarray(end, end + bytes.length))
        end += bytes.length
      }
    }
    const found = store.getMany(wanted)
    let at = 0
    for (const id of missing) for (const state of this.#loaded) state.load(id, found[at++])
  }

  #resolved(n: number): Int32Array {
    const { rows, memory } = this
    rows.find(this.table, 0, n, true)
    const at = rows.ids >>> 2
    const { i32 } = memory
    for (let i = 0; i < n; i++) this.#use(i32[at + i])
    this.loadMissing()
    // The memory may have grown.
    this.#lastIds = memory.i32.subarray(at, at + n)
    return this.#lastIds
  }

  #use(id: number): void {
    if (id >= this.#residence.length) {
      const grown = new Uint8Array(Math.max(id + 1, this.#residence.length * 2))
      grown.set(this.#residence)
      this.#residence = grown
    }
    if (this.#residence[id] === absent) this.#missing.push(id)
    this.#residence[id] = used
  }

  #evict(id: number): void {
    for (const state of this.#evicted) state.evict(id)
    this.#residence[id] = absent
    this.spill.bytes -= this.#keyCost
    const recycled = this.table.releaseOne(id)
    assert(recycled, 'nothing keeps the id of a key that has left the cache')
  }
}
