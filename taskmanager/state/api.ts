/**
 * Keyed state as operators see it: one backend per stateful operator and subtask, states by name, dense key ids.
 *
 * How to use it: create, declare every state (`value`, `list`, …, `accumulators`, `timers`), `await open()` (restores), then
 * per batch: `resolve` the keys to ids, work on ids, `releaseUnused` the ids of the batch. An id stands for its key from
 * `resolve` until `releaseUnused` finds it without state and timers. Everything runs on the slot's thread; only what
 * returns a promise waits, and nothing of it may run between `resolve` and `releaseUnused`.
 *
 * Made by `createKeyedStateBackend(options)` of backend.ts, `createWindowStore` of window-store.ts and `createSessionStore` of
 * session-store.ts.
 */
import type { RecordBatch } from '../../core/columns/batch.ts'
import type { DataType } from '../../core/columns/schema.ts'
import type { Clock } from '../../core/platform/clock.ts'
import type { RunHandle } from '../../proto/checkpoint/manifest.ts'
import type { StatePlan } from '../../proto/jobgraph/plan.ts'
import type { AggregateFunctions } from '../../sdk/functions.ts'
import type { DeclaredAggregate } from '../../sdk/graph/nodes.ts'
import type { ResultColumn } from './aggregates/result-column.ts'
import type { Restoring } from './snapshot/restoring.ts'

/**
 * How the key stands in the input. `number` and `string`: one column (or `keys[]`) of that type. `any`: whatever a function
 * computed, or `fields`: several columns, or one of another type (the key is then an object of them, or with `single`
 * the bare value).
 */
export interface KeyShape {
  readonly type: 'number' | 'string' | 'any'
  /** Columns of a RecordBatch that are the key; `['$key']` when a function computed it. */
  readonly fields: readonly string[]
  /** One field whose bare value is the key. */
  readonly single: boolean
}

/** Where runs are written to; absent: no checkpoints are taken. */
export interface SnapshotTarget {
  /** A location for `openStorage`: the job's checkpoint root. */
  readonly root: string
  readonly jobId: string
  readonly epoch: number
  /** Node number of the operator. */
  readonly node: number
  readonly subtask: number
  /** Bytes of entries after which a snapshot goes on in another run. Default 96 MB. */
  readonly runBytesMax?: number
  /** How old a snapshot may be before it takes half of a thread that is busy; until then it takes less. Default 30 s. */
  readonly patienceMs?: number
}

/** `state.backend.type: rocksdb`. */
export interface RocksDbOptions {
  /** Of this operator and subtask alone: emptied at the start, removed at the end. */
  readonly directory: string
  /** For the cache, the memtables and the block cache together. */
  readonly memoryBytes: number
  /** What the log of changes may have on disk, however little state there is. Default: as much as the memory, 1 MB at least. */
  readonly logBytesMin?: number
}

export interface StateBackendOptions {
  readonly key: KeyShape
  /** Key ranges that this subtask owns: [from, to) of 0 to 65536. */
  readonly range: { readonly from: number; readonly to: number }
  /** `OperatorPlan.state`: a state's number in runs is its index here. States that are not in it get numbers after. */
  readonly states: readonly StatePlan[]
  readonly target: SnapshotTarget | undefined
  readonly restored: Restoring | undefined
  readonly clock: Clock
  /** Present: state is in RocksDB. */
  readonly rocksdb?: RocksDbOptions
}

export interface StateSnapshot {
  /** Duration of the synchronous part, on the slot's thread. */
  readonly syncMs: number
  /** The whole chain after this checkpoint, oldest first, when the run is written. Rejected when that fails or was aborted. */
  readonly result: Promise<readonly RunHandle[]>
}

/** What can be snapshotted: the keyed backend and the window store. */
export interface Snapshotting {
  /** Restores what was given as `restored`. Call once, after the states are declared, before anything else. */
  open(): Promise<void>
  /** Freezes the state as it is now, at once; encodes and writes it in slices between turns. */
  snapshot(checkpointId: number): StateSnapshot
  notifyCheckpointComplete(checkpointId: number): void
  notifyCheckpointAborted(checkpointId: number): void
  /** Bytes of flat memory in use. */
  readonly usedBytes: number
  /** Drops the memory. Pending snapshots are rejected. */
  close(): void
}

/** Rows of a batch for `resolve`: keys and their canonical hashes. */
export interface KeyedRows {
  readonly keys: readonly unknown[]
  readonly hashes: Int32Array
}

export interface KeyedStateBackend extends Snapshotting {
  /**
   * Ids of the keys of `n` rows: of all rows of a batch that has a hash column, of the selected ones, or of plain rows.
   * Keys not seen before get an id. The array is reused by the next call. Rows are
   * within the backend's range.
   */
  resolve(batch: RecordBatch, selection: Int32Array | undefined, n: number): Int32Array
  resolveRows(rows: KeyedRows, n: number): Int32Array
  /** Recycles those of the first `n` ids that have neither state nor timer. Duplicates are fine. */
  releaseUnused(ids: Int32Array, n: number): void
  keyOf(id: number): unknown
  hashOf(id: number): number
  /** Keys that have an id. */
  readonly size: number
  /** Ids of all keys. For tests, `finish` and the like: not in an order that means anything. */
  ids(): IterableIterator<number>

  value(name: string, type?: DataType, ttlMs?: number): ValueStore
  list(name: string, type?: DataType, ttlMs?: number): ListStore
  map(name: string, key?: DataType, value?: DataType, ttlMs?: number): MapStore
  reducing(
    name: string,
    reduce: (a: unknown, b: unknown) => unknown,
    type?: DataType,
    ttlMs?: number,
  ): AccumulatingStore
  aggregating(name: string, functions: AggregatingFunctions, accumulator?: DataType, ttlMs?: number): AccumulatingStore
  /** Running declared aggregates. */
  accumulators(name: string, aggregates: readonly DeclaredAggregate[]): AccumulatorStore
  timers(name: string): TimerStore
}

/**
 * Values are kept as they were set (no copy) unless the type is of fixed width. A value that is changed in place has to be
 * `set` again, and not before it was got again: a snapshot encodes a value at latest when it is next got.
 */
export interface ValueStore {
  get(id: number): unknown
  set(id: number, value: unknown): void
  clear(id: number): void
}

export interface ListStore {
  get(id: number): unknown[]
  add(id: number, value: unknown): void
  set(id: number, values: readonly unknown[]): void
  clear(id: number): void
}

/** Keys are compared by their canonical bytes: 1 and 1n are two keys, {a: 1} and another {a: 1} are one. */
export interface MapStore {
  get(id: number, key: unknown): unknown
  set(id: number, key: unknown, value: unknown): void
  has(id: number, key: unknown): boolean
  delete(id: number, key: unknown): boolean
  /** A copy of what is there now: safe against changes while it is walked. */
  entries(id: number): [unknown, unknown][]
  size(id: number): number
  clear(id: number): void
}

export interface AggregatingFunctions {
  readonly init: () => unknown
  readonly add: (accumulator: unknown, value: unknown) => unknown
  readonly result: (accumulator: unknown) => unknown
}

export interface AccumulatingStore {
  /** Undefined when nothing was added. */
  get(id: number): unknown
  add(id: number, value: unknown): void
  clear(id: number): void
}

/**
 * Declared aggregates flat by id. null and undefined are skipped; NaN counts. Of no value at all, min, max and avg are NaN, of
 * int64 null, and sum is 0.
 */
export interface AccumulatorStore {
  /**
   * Adds `n` rows: row i of a batch (or row `selection[i]`) to key `ids[i]`. `out`: one column of at least `n` rows per
   * aggregate, which get the result after each row, in row order.
   */
  update(
    ids: Int32Array,
    n: number,
    batch: RecordBatch,
    selection: Int32Array | undefined,
    out?: readonly ResultColumn[],
  ): void
  /** The same from plain rows. */
  updateRows(ids: Int32Array, n: number, rows: readonly unknown[], out?: readonly ResultColumn[]): void
  has(id: number): boolean
  /** Current value of aggregate `index`. */
  get(id: number, index: number): number | bigint | null
  clear(id: number): void
}

export type TimeDomain = 'event' | 'processing'

export interface TimerStore {
  /** The same id and time fire once. */
  register(domain: TimeDomain, id: number, timestampMs: number): void
  cancel(domain: TimeDomain, id: number, timestampMs: number): void
  /**
   * Fires timers of up to `toMs` in the order of their times, `limit` at most; those registered meanwhile count as well.
   * Returns true when more are due. The id stays valid during the call; afterwards `releaseUnused` the fired ids: the
   * store does so itself for each id after its `fire` has returned.
   */
  advance(domain: TimeDomain, toMs: number, limit: number, fire: (id: number, timestampMs: number) => void): boolean
  /** Time of the earliest timer; Infinity when there is none. */
  next(domain: TimeDomain): number
  readonly size: number
}

/** What windows aggregate. */
export type WindowAggregate =
  | { readonly kind: 'declared'; readonly aggregates: readonly DeclaredAggregate[] }
  | { readonly kind: 'functions'; readonly functions: AggregateFunctions<unknown, unknown, unknown, unknown, unknown> }

export interface WindowStoreOptions extends StateBackendOptions {
  /** Name of the state in `states`. */
  readonly name: string
  readonly aggregate: WindowAggregate
  /** Told of a record for which the user's `add` threw, and that was left out. Absent: the error goes to the caller. */
  readonly poison?: (error: unknown, record: unknown, timestampMs: number) => void
  /** Panes are this long: the size of a tumbling window, the greatest common divisor of size and slide of a sliding one. */
  readonly paneMs: number
  /** Panes start at multiples of `paneMs` plus this. */
  readonly offsetMs: number
}

/**
 * A slice of the result of a window. Valid during the call only. Keys: `numbers` for number keys, otherwise `key(i)`.
 * Declared aggregates: row i of `values[aggregate]`. Functions: `accumulators[i]`.
 */
export interface WindowSlice {
  readonly count: number
  readonly hashes: Int32Array
  readonly numbers: Float64Array | undefined
  key(i: number): unknown
  readonly values: readonly ResultColumn[]
  readonly accumulators: readonly unknown[]
}

/** Tumbling and sliding windows: aggregates by (pane, key). */
export interface WindowStore extends Snapshotting {
  /**
   * Adds rows to the panes of their event times. `selection` and `n` as in `resolve`; timestamps of the batch are used.
   * Rows that are older than `minTimestampMs` are left out: their row numbers go to `late`, whose count is returned.
   */
  add(
    batch: RecordBatch,
    selection: Int32Array | undefined,
    n: number,
    minTimestampMs: number,
    late: Int32Array,
  ): number
  addRows(
    rows: KeyedRows & { readonly rows: readonly unknown[]; readonly timestamps: Float64Array },
    n: number,
    minTimestampMs: number,
    late: Int32Array,
  ): number
  /**
   * Emits the aggregates of [windowStart, windowEnd) per key in slices of at most 4096 rows. Returns false when `emit` did,
   * which means stop here: the next call with the same window goes on behind that slice (nothing may be added meanwhile).
   */
  fire(windowStart: number, windowEnd: number, emit: (slice: WindowSlice) => boolean): boolean
  /** The same for the keys of these rows only (updates after late records): one slice of `n`, in the order of the rows. */
  fireRows(windowStart: number, windowEnd: number, rows: KeyedRows, n: number, emit: (slice: WindowSlice) => void): void
  /** Forgets panes that start before this. */
  dropBefore(paneStart: number): void
  /** Starts of the panes that hold something, ascending. */
  panes(): readonly number[]
}

export interface SessionStoreOptions extends StateBackendOptions {
  readonly name: string
  readonly aggregate: WindowAggregate
  /** Told of a record for which the user's `add` threw, and that was left out. Absent: the error goes to the caller. */
  readonly poison?: (error: unknown, record: unknown, timestampMs: number) => void
  readonly gapMs: number
  /** A session is kept for so long after its end: records that touch it join it, and it fires again. Default 0. */
  readonly keepMs?: number
  /**
   * Sessions of the snapshot that end up to this have fired before it was taken. A function: by the hash of the key; a later
   * session that ends up to what it says by then fires with the next ones.
   */
  readonly firedTo?: number | ((hash: number) => number)
}

/**
 * Sessions per key. A session [start, end) ends `gapMs` after its last record; a record joins the sessions that its own
 * [time, time + gapMs] touches, ends included, as Flink's do. A session that has fired is forgotten after `keepMs`: a later
 * record near it begins another.
 */
export interface SessionStore extends Snapshotting {
  /** As `WindowStore.add`: a row is late when the session it makes or joins would end at or before `minEndMs`. */
  add(batch: RecordBatch, selection: Int32Array | undefined, n: number, minEndMs: number, late: Int32Array): number
  addRows(
    rows: KeyedRows & { readonly rows: readonly unknown[]; readonly timestamps: Float64Array },
    n: number,
    minEndMs: number,
    late: Int32Array,
  ): number
  /**
   * Emits the sessions with end <= `toMs` that are new or have changed since they were last emitted, in slices of at most 4096,
   * in the order of their ends. Returns false when `emit` did; call again to go on.
   */
  fire(toMs: number, emit: (slice: SessionSlice) => boolean): boolean
}

export interface SessionSlice extends WindowSlice {
  readonly starts: Float64Array
  readonly ends: Float64Array
}
