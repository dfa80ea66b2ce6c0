/**
 * The heap backend (`state.backend.type: hashmap`): keyed state of one operator and subtask in flat memory of its own. Values of
 * fixed width and aggregates lie in the entries of the key table, everything else is JavaScript objects by id.
 *
 * Promises and use: api.ts. One thread; the asynchronous part of a snapshot runs in slices between turns.
 */
import { assert } from '../../core/assert.ts'
import type { RecordBatch } from '../../core/columns/batch.ts'
import type { DataType } from '../../core/columns/schema.ts'
import type { RunEntry } from '../../proto/checkpoint/runs/run.ts'
import type { DeclaredAggregate } from '../../sdk/graph/nodes.ts'
import { AccumulatorState } from './accumulator-state.ts'
import type {
  AccumulatorStore,
  KeyedRows,
  KeyedStateBackend,
  ListStore,
  MapStore,
  StateBackendOptions,
  StateSnapshot,
  TimerStore,
  ValueStore,
} from './api.ts'
import { DeclaredStates } from './declared-states.ts'
import { FlatValues, flatBytes, isFlat } from './flat-values.ts'
import { KeyIds } from './key-ids.ts'
import { entryHeaderBytes, type KeyTable } from './key-table.ts'
import { ObjectLists } from './list-state.ts'
import { StateMemory } from './memory.ts'
import { ObjectMaps, ObjectValues, type StateKeys } from './object-state.ts'
import { createRocksDbBackend } from './rocksdb/backend.ts'
import type { StateRows } from './rows.ts'
import { FlatBlocks } from './snapshot/flat-blocks.ts'
import { FlatPart, type FlatState, FlatStates } from './snapshot/flat-part.ts'
import { FlatRestore } from './snapshot/flat-restore.ts'
import type { SnapshotPart } from './snapshot/snapshot-part.ts'
import { Snapshotter } from './snapshot/snapshotter.ts'
import type { Unread } from './snapshot/unread.ts'
import { Timers } from './timers/timers.ts'
import type { Lifetime } from './values.ts'

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

class HeapBackend extends DeclaredStates<KeyIds> implements KeyedStateBackend, StateKeys {
  readonly tracked: boolean
  readonly #parts: SnapshotPart[] = []
  readonly #unread: Unread[] = []
  readonly #flat: FlatState[] = []
  readonly #users: TableUser[] = []
  readonly #snapshotter: Snapshotter
  #payloadBytes = 0
  /** Most entries of a key in a snapshot, unless there may be any number. */
  #valuesPerKey = 0
  #manyPerKey = false
  /** Ids that lost something while a checkpoint was settled. */
  #loose: number[] | undefined

  constructor(options: StateBackendOptions, twin: boolean) {
    super(options, new KeyIds(new StateMemory(twin), options.key))
    this.tracked = options.target !== undefined
    this.#snapshotter = new Snapshotter(this.#parts, options.range, options.target, options.clock, (entry) =>
      this.expired(entry),
    )
  }

  async open(): Promise<void> {
    const { key, restored } = this.options
    this.keyIds.open(this.#payloadBytes, this.tracked)
    const { table, rows } = this.keyIds
    for (const user of this.#users) user.attach(table, rows)
    const flat = new FlatStates(table, key.type, this.#flat)
    if (this.#flat.length > 0) {
      const part = new FlatPart(
        table,
        flat,
        (entry) => this.restoreId(entry),
        (id) => this.release(id),
      )
      this.#parts.unshift(new FlatRestore(part, flat, table, key))
    }
    await this.#snapshotter.restore(restored, {
      expecting: (entries) => {
        // With maps and timers nobody knows.
        if (!this.#manyPerKey) table.expect(entries / Math.max(1, this.#valuesPerKey))
      },
      blocks: (blocks) => {
        const dropped = blocks.runs.some(({ reader }) => reader.drops.length > 0)
        return dropped ? undefined : new FlatBlocks({ table, shape: key, flat, objects: this.#unread }, blocks)
      },
    })
  }

  resolve(batch: RecordBatch, selection: Int32Array | undefined, n: number): Int32Array {
    this.keyIds.rows.load(batch, selection, n)
    return this.keyIds.find(n)
  }

  resolveRows(rows: KeyedRows, n: number): Int32Array {
    this.keyIds.rows.loadRows(rows.keys, rows.hashes, n)
    return this.keyIds.find(n)
  }

  releaseUnused(ids: Int32Array, n: number): void {
    this.keyIds.table.release(this.keyIds.idsAddress(ids, n), n)
  }

  value(name: string, type?: DataType, ttlMs?: number): ValueStore {
    const number = this.numberOf(name)
    const lifetime = this.lifetime(number, ttlMs)
    if (isFlat(type) && this.#flat.length < flatStatesMax) {
      const offset = this.#place(flatBytes(type, lifetime))
      const state = new FlatValues(number, name, type, 1 << this.#flat.length, offset, lifetime)
      this.#flat.push(state)
      this.#valuesPerKey++
      this.#users.push(state)
      return state
    }
    return this.#objects(number, name, lifetime)
  }

  list(name: string, _type?: DataType, ttlMs?: number): ListStore {
    this.#manyPerKey = true
    const number = this.numberOf(name)
    const lists = new ObjectLists(number, name, this, this.lifetime(number, ttlMs))
    return this.#objectState(lists)
  }

  map(name: string, _key?: DataType, _value?: DataType, ttlMs?: number): MapStore {
    this.#manyPerKey = true
    const number = this.numberOf(name)
    const maps = new ObjectMaps(number, name, this, this.lifetime(number, ttlMs))
    return this.#objectState(maps)
  }

  accumulators(name: string, aggregates: readonly DeclaredAggregate[]): AccumulatorStore {
    assert(this.#flat.length < flatStatesMax, 'at most 31 flat states')
    const state = new AccumulatorState(
      this.numberOf(name),
      name,
      1 << this.#flat.length,
      aggregates,
      this.#place(0),
      (ids, n) => this.keyIds.idsAddress(ids, n),
    )
    this.#place(state.bytes)
    this.#flat.push(state)
    this.#valuesPerKey++
    this.#users.push(state)
    return state
  }

  timers(name: string): TimerStore {
    this.#manyPerKey = true
    const timers = new Timers(this.numberOf(name), this)
    return this.#objectState(timers)
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
    return this.keyIds.memory.usedBytes
  }

  close(): void {
    this.#snapshotter.close()
    this.keyIds.close()
  }

  // What its states ask for.

  canonicalOf(id: number): Uint8Array {
    return this.keyIds.canonicalOf(id)
  }

  restoreId(entry: RunEntry): number {
    return this.keyIds.idOf(entry.hash, entry.key)
  }

  hold(id: number): void {
    const { memory, table } = this.keyIds
    memory.u32[(table.entry(id) >>> 2) + 4]++
  }

  drop(id: number): void {
    const { memory, table } = this.keyIds
    const count = --memory.u32[(table.entry(id) >>> 2) + 4]
    if (count === 0) this.#loose?.push(id)
  }

  release(id: number): void {
    this.keyIds.table.releaseOne(id)
  }

  #objects(number: number, name: string, lifetime: Lifetime): ObjectValues {
    this.#valuesPerKey++
    const values = new ObjectValues(number, name, this, lifetime)
    return this.#objectState(values)
  }

  #objectState<S extends { readonly tracker: SnapshotPart; readonly unread: Unread }>(state: S): S {
    this.#parts.push(state.tracker)
    this.#unread.push(state.unread)
    return state
  }

  /** Offset in an entry of `bytes` more bytes. */
  #place(bytes: number): number {
    const offset = entryHeaderBytes + this.#payloadBytes
    this.#payloadBytes += bytes
    return offset
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
