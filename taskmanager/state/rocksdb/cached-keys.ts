/**
 * The keys in the cache: which have an id, what of them is loaded, and which go when there is no room.
 *
 * A key is loaded whole but for its map entries and timers: what is missing of the keys of a batch is fetched in one call.
 * Keys leave at the beginning of a batch only, when no id is in use, those first that were not used for a round. One thread.
 */
import { assert } from '../../../core/assert.ts'
import type { RecordBatch } from '../../../core/columns/batch.ts'
import type { KeyedRows, KeyShape } from '../api.ts'
import { KeyIds } from '../key-ids.ts'
import type { StateMemory } from '../memory.ts'
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

export class CachedKeys extends KeyIds {
  readonly spill: Spill
  readonly #bytesMax: number
  readonly #loaded: readonly LoadedState[]
  readonly #evicted: readonly EvictedState[]
  /** By id: not in the cache, or when it was last used. */
  #residence = new Uint8Array(4096)
  #hand = 0
  #missing: number[] = []
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
    super(memory, shape)
    this.spill = spill
    this.#bytesMax = bytesMax
    this.#loaded = loaded
    this.#evicted = evicted
  }

  override open(payloadBytes: number): void {
    super.open(payloadBytes, false)
    this.#keyCost = keyBytes + this.table.stride + (this.type === 'number' ? 0 : 32)
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
    const id = this.idOf(hash, key)
    this.#use(id)
    return id
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
    const { spill } = this
    for (const id of missing) {
      const hash = this.hashOf(id)
      const key = this.canonicalOf(id)
      for (const { state } of this.#loaded) spill.want(hash, state, key, nothing)
    }
    const found = spill.fetch()
    let at = 0
    for (const id of missing) for (const state of this.#loaded) state.load(id, found[at++])
  }

  #resolved(n: number): Int32Array {
    const ids = this.find(n)
    for (let i = 0; i < n; i++) this.#use(ids[i])
    this.loadMissing()
    // The memory may have grown.
    return this.again(n)
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
