/**
 * The RocksDB backend (`state.backend.type: rocksdb`): keyed state of one operator and subtask that may be larger than memory.
 * Decoded entries are in a write-back cache bounded in bytes, everything else is in RocksDB, in a directory of its own that
 * is empty at the start and removed at the end: state comes from the snapshot, which is the same as the heap backend's.
 *
 * Promises and use: api.ts; `size` and `ids` know of the keys in the cache only. One thread; the asynchronous part of a
 * snapshot runs in slices between turns.
 */
import { assert } from '../../../core/assert.ts'
import type { RecordBatch } from '../../../core/columns/batch.ts'
import type { DataType } from '../../../core/columns/schema.ts'
import { type Disk, systemDisk } from '../../../core/platform/disk.ts'
import type { DeclaredAggregate } from '../../../sdk/graph/nodes.ts'
import type {
  AccumulatorStore,
  KeyedRows,
  KeyedStateBackend,
  ListStore,
  MapStore,
  RocksDbOptions,
  StateBackendOptions,
  StateSnapshot,
  TimerStore,
  ValueStore,
} from '../api.ts'
import { DeclaredStates } from '../declared-states.ts'
import { entryHeaderBytes } from '../key-table.ts'
import { StateMemory } from '../memory.ts'
import { Snapshotter } from '../snapshot/snapshotter.ts'
import { cacheShare } from './binding.ts'
import { CachedAccumulators } from './cached-accumulators.ts'
import { CachedKeys, type EvictedState, type LoadedState } from './cached-keys.ts'
import { CachedLists } from './cached-lists.ts'
import { CachedMaps } from './cached-maps.ts'
import { CachedValues } from './cached-values.ts'
import { OwnStore, snapshotTarget } from './own-store.ts'
import { Spill, type SpilledState } from './spill.ts'
import { StoredTimers, timerBytes } from './stored-timers.ts'
import { Sweep } from './sweep.ts'

/** Bits of the presence word; all ones stands for an entry that is not in use. */
const accumulatorsMax = 31
/** Of the cache, for timers of each domain. */
const timersShare = 1 / 8

/** Keyed state in RocksDB. Declare the states, then `open`. */
export function createRocksDbBackend(
  options: StateBackendOptions,
  rocksdb: RocksDbOptions,
  twin = false,
  disk: Disk = systemDisk,
): KeyedStateBackend {
  return new RocksDbBackend(options, rocksdb, twin, disk)
}

class RocksDbBackend extends DeclaredStates<CachedKeys> implements KeyedStateBackend {
  readonly #rocksdb: RocksDbOptions
  readonly #store: OwnStore
  readonly #spill: Spill
  readonly #snapshotter: Snapshotter
  readonly #states: SpilledState[]
  readonly #loaded: LoadedState[]
  readonly #evicted: EvictedState[]
  readonly #expiring: SpilledState[] = []
  readonly #accumulators: CachedAccumulators[] = []
  #payloadBytes = 0
  #sweep: Sweep | undefined

  constructor(options: StateBackendOptions, rocksdb: RocksDbOptions, twin: boolean, disk: Disk) {
    const states: SpilledState[] = []
    const loaded: LoadedState[] = []
    const evicted: EvictedState[] = []
    const spill = new Spill(states, options.target !== undefined)
    const cacheBytes = Math.floor(rocksdb.memoryBytes * cacheShare)
    super(options, new CachedKeys(spill, new StateMemory(twin), options.key, cacheBytes, loaded, evicted))
    this.#rocksdb = rocksdb
    this.#store = new OwnStore(rocksdb, disk)
    this.#spill = spill
    this.#states = states
    this.#loaded = loaded
    this.#evicted = evicted
    this.#snapshotter = new Snapshotter(
      [spill],
      options.range,
      snapshotTarget({ ...options, rocksdb }),
      options.clock,
      (entry) => this.expired(entry),
    )
  }

  async open(): Promise<void> {
    const store = await this.#store.open()
    this.#store.attach(this.#spill, store)
    this.keyIds.open(this.#payloadBytes)
    for (const state of this.#accumulators) state.attach()
    this.#sweep = new Sweep(this.#spill, this.#expiring)
    await this.#snapshotter.restore(this.options.restored)
    store.flush()
  }

  resolve(batch: RecordBatch, selection: Int32Array | undefined, n: number): Int32Array {
    this.#sweep?.turn()
    return this.keyIds.resolve(batch, selection, n)
  }

  resolveRows(rows: KeyedRows, n: number): Int32Array {
    this.#sweep?.turn()
    return this.keyIds.resolveRows(rows, n)
  }

  /** Keys leave when there is no room, with or without state. */
  releaseUnused(): void {}

  value(name: string, type?: DataType, ttlMs?: number): ValueStore {
    const number = this.numberOf(name)
    const lifetime = this.lifetime(number, ttlMs)
    const values = new CachedValues(number, name, type, this.keyIds, lifetime)
    this.#states.push(values)
    this.#loaded.push(values)
    this.#evicted.push(values)
    if (lifetime.limited) this.#expiring.push(values)
    return values
  }

  list(name: string, _type?: DataType, ttlMs?: number): ListStore {
    const number = this.numberOf(name)
    const lifetime = this.lifetime(number, ttlMs)
    const lists = new CachedLists(number, name, this.keyIds, lifetime)
    this.#states.push(lists)
    this.#loaded.push(lists)
    this.#evicted.push(lists)
    if (lifetime.limited) this.#expiring.push(lists)
    return lists
  }

  map(name: string, _key?: DataType, _value?: DataType, ttlMs?: number): MapStore {
    const number = this.numberOf(name)
    const lifetime = this.lifetime(number, ttlMs)
    const maps = new CachedMaps(number, name, this.keyIds, lifetime)
    this.#states.push(maps)
    this.#evicted.push(maps)
    if (lifetime.limited) this.#expiring.push(maps)
    return maps
  }

  accumulators(name: string, aggregates: readonly DeclaredAggregate[]): AccumulatorStore {
    assert(this.#accumulators.length < accumulatorsMax, 'at most 31 states of aggregates')
    const offset = entryHeaderBytes + this.#payloadBytes
    const presence = 1 << this.#accumulators.length
    const state = new CachedAccumulators(this.numberOf(name), name, presence, aggregates, offset, this.keyIds)
    this.#payloadBytes += state.bytes
    this.#accumulators.push(state)
    this.#states.push(state)
    this.#loaded.push(state)
    this.#evicted.push(state)
    return state
  }

  timers(name: string): TimerStore {
    const nearMax = Math.floor((this.#rocksdb.memoryBytes * cacheShare * timersShare) / timerBytes)
    const timers = new StoredTimers(this.numberOf(name), this.keyIds, nearMax)
    this.#states.push(timers)
    return timers
  }

  snapshot(checkpointId: number): StateSnapshot {
    return this.#snapshotter.snapshot(checkpointId)
  }

  notifyCheckpointComplete(checkpointId: number): void {
    this.#snapshotter.complete(checkpointId)
  }

  notifyCheckpointAborted(checkpointId: number): void {
    this.#snapshotter.abort(checkpointId)
  }

  get usedBytes(): number {
    return this.#spill.bytes + this.#store.memoryBytes
  }

  close(): void {
    this.#snapshotter.close()
    this.#store.close()
  }
}
