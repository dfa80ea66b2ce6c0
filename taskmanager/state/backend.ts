/**
 * The heap backend (`state.backend.type: hashmap`): keyed state of one operator and subtask in flat memory of its own. Values of
 * fixed width and aggregates lie in the entries of the key table, everything else is JavaScript objects by id.
 *
 * Promises and use: api.ts. One thread; the asynchronous part of a snapshot runs in slices between turns.
 */
import { assert } from '../../core/assert.ts'
import type { RecordBatch } from '../../core/columns/batch.ts'
import type { DataType } from '../../core/columns/schema.ts'
import type { RunCursor } from '../../proto/checkpoint/run.ts'
import type { DeclaredAggregate } from '../../sdk/graph/nodes.ts'
import { AccumulatorState } from './accumulator-state.ts'
import type {
  AccumulatingStore,
  AccumulatorStore,
  AggregatingFunctions,
  KeyedRows,
  KeyedStateBackend,
  ListStore,
  MapStore,
  StateBackendOptions,
  StateSnapshot,
  TimerStore,
  ValueStore,
} from './api.ts'
import { entryKey, FlatPart, type FlatState, FlatStates } from './flat-part.ts'
import { FlatRestore } from './flat-restore.ts'
import { FlatValues, flatBytes, isFlat } from './flat-values.ts'
import { entryHeaderBytes, KeyTable } from './key-table.ts'
import { keyInMemory } from './keys.ts'
import { ObjectLists } from './list-state.ts'
import { StateMemory } from './memory.ts'
import { ObjectAggregating, ObjectMaps, ObjectReducing, ObjectValues, type StateKeys } from './object-state.ts'
import { createRocksDbBackend } from './rocksdb/backend.ts'
import { StateRows } from './rows.ts'
import { type SnapshotPart, Snapshotter } from './snapshotter.ts'
import { Timers } from './timers.ts'
import { Lifetime } from './values.ts'

/** Keyed state in memory, or in RocksDB where the options say so. Declare the states, then `open`. */
export function createKeyedStateBackend(options: StateBackendOptions, twin = false): KeyedStateBackend {
  const { rocksdb } = options
  return rocksdb === undefined ? new HeapBackend(options, twin) : createRocksDbBackend(options, rocksdb, twin)
}

/** Bits of the presence word; all ones stands for an entry that is not in use. */
const flatStatesMax = 31

interface TableUser {
  attach(table: KeyTable, rows: StateRows): void
}

class HeapBackend implements KeyedStateBackend, StateKeys {
  readonly tracked: boolean
  readonly #options: StateBackendOptions
  readonly #memory: StateMemory
  readonly #rows: StateRows
  readonly #parts: SnapshotPart[] = []
  readonly #flat: FlatState[] = []
  readonly #users: TableUser[] = []
  readonly #snapshotter: Snapshotter
  #payloadBytes = 0
  #numbers: number
  /** Most entries of a key in a snapshot, unless there may be any number. */
  #valuesPerKey = 0
  #manyPerKey = false
  #table: KeyTable | undefined
  #lastIds: Int32Array | undefined
  /** Ids that lost something while a checkpoint was settled. */
  #loose: number[] | undefined
  #key = Buffer.allocUnsafeSlow(256)

  constructor(options: StateBackendOptions, twin: boolean) {
    this.#options = options
    this.tracked = options.target !== undefined
    this.#memory = new StateMemory(twin)
    this.#rows = new StateRows(this.#memory, options.key)
    this.#numbers = options.states.length
    this.#snapshotter = new Snapshotter(this.#parts, options.range, options.target, options.clock)
  }

  async open(): Promise<void> {
    const { key, restored } = this.#options
    const table = new KeyTable(this.#memory, {
      payloadBytes: this.#payloadBytes,
      bytesKeys: key.type !== 'number',
      tracked: this.tracked,
    })
    this.#table = table
    for (const user of this.#users) user.attach(table, this.#rows)
    if (this.#flat.length > 0) {
      const states = new FlatStates(table, key.type, this.#flat)
      const part = new FlatPart(
        table,
        states,
        (entry) => this.restoreId(entry),
        (id) => this.release(id),
      )
      this.#parts.unshift(new FlatRestore(part, states, table, key))
    }
    await this.#snapshotter.restore(restored, (entries) => {
      // With maps and timers nobody knows.
      if (!this.#manyPerKey) table.expect(entries / Math.max(1, this.#valuesPerKey))
    })
  }

  resolve(batch: RecordBatch, selection: Int32Array | undefined, n: number): Int32Array {
    this.#rows.load(batch, selection, n)
    return this.#resolved(n)
  }

  resolveRows(rows: KeyedRows, n: number): Int32Array {
    this.#rows.loadRows(rows.keys, rows.hashes, n)
    return this.#resolved(n)
  }

  releaseUnused(ids: Int32Array, n: number): void {
    this.keys.release(this.#idsAddress(ids, n), n)
  }

  keyOf(id: number): unknown {
    const { keys } = this
    const { f64, u32, buffer } = this.#memory
    const entry = keys.entry(id)
    const { type } = this.#options.key
    if (type === 'number') return f64[entry >>> 3]
    return keyInMemory(type, buffer, u32[entry >>> 2], u32[(entry >>> 2) + 1])
  }

  hashOf(id: number): number {
    return this.#memory.i32[(this.keys.entry(id) >>> 2) + 2]
  }

  get size(): number {
    return this.keys.size
  }

  *ids(): IterableIterator<number> {
    for (let id = 0; id < this.keys.idLimit; id++) if (this.keys.inUse(id)) yield id
  }

  value(name: string, type?: DataType, ttlMs?: number): ValueStore {
    const lifetime = new Lifetime(ttlMs, this.#options.clock)
    if (isFlat(type) && this.#flat.length < flatStatesMax) {
      const offset = this.#place(flatBytes(type, lifetime))
      const state = new FlatValues(this.#numberOf(name), name, type, 1 << this.#flat.length, offset, lifetime)
      this.#flat.push(state)
      this.#valuesPerKey++
      this.#users.push(state)
      return state
    }
    return this.#objects(name, lifetime)
  }

  list(name: string, _type?: DataType, ttlMs?: number): ListStore {
    this.#declaring()
    this.#manyPerKey = true
    const lists = new ObjectLists(this.#numberOf(name), name, this, new Lifetime(ttlMs, this.#options.clock))
    this.#parts.push(lists.tracker)
    return lists
  }

  map(name: string, _key?: DataType, _value?: DataType, ttlMs?: number): MapStore {
    this.#declaring()
    this.#manyPerKey = true
    const maps = new ObjectMaps(this.#numberOf(name), name, this, new Lifetime(ttlMs, this.#options.clock))
    this.#parts.push(maps.tracker)
    return maps
  }

  reducing(
    name: string,
    reduce: (a: unknown, b: unknown) => unknown,
    type?: DataType,
    ttlMs?: number,
  ): AccumulatingStore {
    return new ObjectReducing(this.value(name, type, ttlMs), reduce)
  }

  aggregating(
    name: string,
    functions: AggregatingFunctions,
    accumulator?: DataType,
    ttlMs?: number,
  ): AccumulatingStore {
    return new ObjectAggregating(this.value(name, accumulator, ttlMs), functions)
  }

  accumulators(name: string, aggregates: readonly DeclaredAggregate[]): AccumulatorStore {
    assert(this.#flat.length < flatStatesMax, 'at most 31 flat states')
    const state = new AccumulatorState(
      this.#numberOf(name),
      name,
      1 << this.#flat.length,
      aggregates,
      this.#place(0),
      (ids, n) => this.#idsAddress(ids, n),
    )
    this.#place(state.bytes)
    this.#flat.push(state)
    this.#valuesPerKey++
    this.#users.push(state)
    return state
  }

  timers(name: string): TimerStore {
    this.#declaring()
    this.#manyPerKey = true
    const timers = new Timers(this.#numberOf(name), this)
    this.#parts.push(timers.tracker)
    return timers
  }

  snapshot(checkpointId: number): StateSnapshot {
    return this.#snapshotter.snapshot(checkpointId)
  }

  notifyCheckpointComplete(checkpointId: number): void {
    this.#settling(() => this.#snapshotter.complete(checkpointId))
  }

  notifyCheckpointAborted(checkpointId: number): void {
    this.#settling(() => this.#snapshotter.abort(checkpointId))
  }

  get usedBytes(): number {
    return this.#memory.usedBytes
  }

  close(): void {
    this.#snapshotter.close()
    this.#table = undefined
  }

  // What its states ask for.

  get keys(): KeyTable {
    assert(this.#table !== undefined, 'the backend is open')
    return this.#table
  }

  canonicalOf(id: number): Uint8Array {
    const bytes = entryKey(this.keys, this.#options.key.type, this.keys.entry(id))
    // Keys of maps are encoded in the same place.
    if (bytes.length > this.#key.length) this.#key = Buffer.allocUnsafeSlow(bytes.length * 2)
    this.#key.set(bytes)
    return this.#key.subarray(0, bytes.length)
  }

  restoreId(entry: RunCursor): number {
    this.#rows.loadCanonical(entry.hash, entry.key)
    this.#rows.find(this.keys, 0, 1, true)
    return this.#memory.i32[this.#rows.ids >>> 2]
  }

  hold(id: number): void {
    this.#memory.u32[(this.keys.entry(id) >>> 2) + 4]++
  }

  drop(id: number): void {
    const count = --this.#memory.u32[(this.keys.entry(id) >>> 2) + 4]
    if (count === 0) this.#loose?.push(id)
  }

  release(id: number): void {
    this.keys.releaseOne(id)
  }

  #resolved(n: number): Int32Array {
    const rows = this.#rows
    rows.find(this.keys, 0, n, true)
    const at = rows.ids >>> 2
    this.#lastIds = this.#memory.i32.subarray(at, at + n)
    return this.#lastIds
  }

  #idsAddress(ids: Int32Array, n: number): number {
    const rows = this.#rows
    if (ids !== this.#lastIds) {
      rows.reserve(n)
      this.#lastIds = undefined
      this.#memory.i32.set(ids.length === n ? ids : ids.subarray(0, n), rows.ids >>> 2)
    }
    return rows.ids
  }

  #objects(name: string, lifetime: Lifetime): ObjectValues {
    this.#declaring()
    this.#valuesPerKey++
    const values = new ObjectValues(this.#numberOf(name), name, this, lifetime)
    this.#parts.push(values.tracker)
    return values
  }

  #numberOf(name: string): number {
    const index = this.#options.states.findIndex((state) => state.name === name)
    return index >= 0 ? index : this.#numbers++
  }

  /** Offset in an entry of `bytes` more bytes. */
  #place(bytes: number): number {
    this.#declaring()
    const offset = entryHeaderBytes + this.#payloadBytes
    this.#payloadBytes += bytes
    return offset
  }

  #declaring(): void {
    assert(this.#table === undefined, 'states are declared before the backend is opened')
  }

  #settling(settle: () => void): void {
    const loose: number[] = []
    this.#loose = loose
    try {
      settle()
    } finally {
      this.#loose = undefined
    }
    for (const id of loose) this.release(id)
  }
}
