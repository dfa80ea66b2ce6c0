/**
 * Tumbling and sliding windows: aggregates by (pane, key), one key table per pane, dropped whole. A window is the merge of
 * its panes, made when it fires. Panes are in memory or in RocksDB (pane-keeper.ts).
 *
 * Promises and use: api.ts. One thread.
 */

import type { RecordBatch } from '../../../core/columns/batch.ts'
import { type RowReader, rowReader } from '../../../core/columns/rows.ts'
import type { Schema } from '../../../core/columns/schema.ts'
import type { KeyedRows, StateSnapshot, WindowSlice, WindowStore, WindowStoreOptions } from '../api.ts'
import { StateMemory } from '../memory.ts'
import { CachedPanes } from '../rocksdb/cached-panes.ts'
import { snapshotTarget } from '../rocksdb/own-store.ts'
import { StateRows } from '../rows.ts'
import { Snapshotter } from '../snapshot/snapshotter.ts'
import { HeapPanes } from './heap-panes.ts'
import type { PaneKeeper, PaneView } from './pane-keeper.ts'
import { type PaneShape, paneAccumulators, presentBit } from './panes.ts'
import { ScatteredRows } from './scattered-rows.ts'
import { WindowMerge } from './window-merge.ts'

/** After so many runs of rows in one pane, of fewer rows on average than this, the rest is put together by pane. */
const shortRunsMin = 8
const shortRun = 16

/** Aggregates by pane and key. `open` it first. */
export function createWindowStore(options: WindowStoreOptions, twin = false): WindowStore {
  return new PaneStore(options, twin)
}

class PaneStore implements WindowStore {
  readonly #options: WindowStoreOptions
  readonly #memory: StateMemory
  readonly #rows: StateRows
  readonly #shape: PaneShape
  readonly #merge: WindowMerge
  readonly #snapshotter: Snapshotter
  readonly #panes: PaneKeeper
  readonly #paneAddress: number
  readonly #scattered = new ScatteredRows()
  #kept: Int32Array<ArrayBuffer> = new Int32Array(0)
  #positions: Int32Array<ArrayBuffer> = new Int32Array(0)
  #records: unknown[] = []
  #reader: { schema: Schema; read: RowReader } | undefined

  constructor(options: WindowStoreOptions, twin: boolean) {
    this.#options = options
    this.#memory = new StateMemory(twin)
    this.#rows = new StateRows(this.#memory, options.key)
    const index = options.states.findIndex((state) => state.name === options.name)
    this.#shape = {
      memory: this.#memory,
      rows: this.#rows,
      type: options.key.type,
      state: index >= 0 ? index : options.states.length,
      name: options.name,
      aggregate: options.aggregate,
      accumulators: paneAccumulators(options.aggregate),
      tracked: options.target !== undefined,
    }
    this.#panes =
      options.rocksdb === undefined ? new HeapPanes(this.#shape) : new CachedPanes(this.#shape, options.rocksdb)
    this.#merge = new WindowMerge(this.#shape)
    this.#paneAddress = this.#memory.allocate(8)
    this.#snapshotter = new Snapshotter([this.#panes.part], options.range, snapshotTarget(options), options.clock)
  }

  async open(): Promise<void> {
    await this.#panes.open()
    await this.#snapshotter.restore(this.#options.restored, { blocks: (blocks) => this.#panes.blocks?.(blocks) })
    this.#panes.restored()
  }

  add(
    batch: RecordBatch,
    selection: Int32Array | undefined,
    n: number,
    minTimestampMs: number,
    late: Int32Array,
  ): number {
    this.#panes.begin()
    this.#rows.load(batch, selection, n)
    this.#rows.loadTimes(batch, selection, n)
    const lateCount = this.#sortOut(n, selection, minTimestampMs, late)
    const count = n - lateCount
    const rows = lateCount === 0 ? selection : this.#kept
    this.#find(count)
    if (this.#shape.aggregate.kind === 'declared')
      this.#shape.accumulators.update(this.#rows, count, batch, rows, undefined)
    else {
      this.#readerOf(batch.schema)(batch, this.#records, rows, count)
      this.#addRecords((i) => this.#records[i], count)
      this.#records.fill(undefined, 0, count)
    }
    return lateCount
  }

  addRows(
    source: KeyedRows & { readonly rows: readonly unknown[]; readonly timestamps: Float64Array },
    n: number,
    minTimestampMs: number,
    late: Int32Array,
  ): number {
    this.#panes.begin()
    this.#rows.loadRows(source.keys, source.hashes, n)
    this.#memory.f64.set(source.timestamps.subarray(0, n), this.#rows.times >>> 3)
    const lateCount = this.#sortOut(n, undefined, minTimestampMs, late)
    const count = n - lateCount
    this.#find(count)
    const kept = this.#kept
    const record = lateCount === 0 ? (i: number) => source.rows[i] : (i: number) => source.rows[kept[i]]
    if (this.#shape.aggregate.kind === 'declared')
      this.#shape.accumulators.updateRows(this.#rows, count, record, undefined)
    else this.#addRecords(record, count)
    return lateCount
  }

  fire(windowStart: number, windowEnd: number, emit: (slice: WindowSlice) => boolean): boolean {
    const panes = (): PaneView[] => this.#panesIn(windowStart, windowEnd)
    return (
      this.#panes.scan(windowStart, windowEnd, panes, emit) ?? this.#merge.fire(windowStart, windowEnd, panes, emit)
    )
  }

  fireRows(
    windowStart: number,
    windowEnd: number,
    rows: KeyedRows,
    n: number,
    emit: (slice: WindowSlice) => void,
  ): void {
    const panes = this.#panesIn(windowStart, windowEnd)
    this.#rows.loadRows(rows.keys, rows.hashes, n)
    this.#panes.fetch(panes, n)
    this.#merge.fireRows(panes, rows, n, emit)
  }

  dropBefore(paneStart: number): void {
    this.#panes.dropBefore(paneStart)
  }

  panes(): readonly number[] {
    return Array.from(this.#panes.all(), (pane) => pane.start).sort((a, b) => a - b)
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
    return this.#memory.usedBytes + this.#panes.usedBytes
  }

  close(): void {
    this.#snapshotter.close()
    this.#panes.close()
  }

  /** Takes the late rows out of the loaded ones: their numbers go to `late`, those of the others to `kept`. */
  #sortOut(n: number, selection: Int32Array | undefined, minTimestampMs: number, late: Int32Array): number {
    const { f64 } = this.#memory
    const times = this.#rows.times >>> 3
    let first = 0
    while (first < n && f64[times + first] >= minTimestampMs) first++
    if (first === n) return 0
    if (this.#kept.length < n) {
      this.#kept = new Int32Array(this.#rows.capacity)
      this.#positions = new Int32Array(this.#rows.capacity)
    }
    let lateCount = 0
    let count = 0
    for (let i = 0; i < n; i++) {
      const row = selection === undefined ? i : selection[i]
      // Not a number is late too.
      if (f64[times + i] >= minTimestampMs) {
        this.#kept[count] = row
        this.#positions[count++] = i
      } else late[lateCount++] = row
    }
    this.#rows.keep(this.#positions, count)
    return lateCount
  }

  /** Entries of the loaded rows in their panes, at `rows.addresses`, ids at `rows.ids`. */
  #find(n: number): void {
    const { kernels } = this.#memory
    const { paneMs, offsetMs } = this.#options
    const rows = this.#rows
    // With functions an entry counts when its accumulator is made.
    const presence = this.#shape.aggregate.kind === 'declared' ? presentBit : 0
    for (let at = 0, runs = 0; at < n; runs++) {
      if (runs === shortRunsMin && at < runs * shortRun && !rows.bytesKeys) {
        this.#scattered.find(rows, at, n, paneMs, offsetMs, presence, (start) => this.#panes.at(start))
        return
      }
      const end = kernels.statePane(rows.times, at, n, paneMs, offsetMs, this.#paneAddress)
      const pane = this.#panes.at(this.#memory.f64[this.#paneAddress >>> 3])
      rows.find(pane.table, at, end, true)
      pane.found(rows.ids + at * 4, end - at)
      pane.table.touch(rows.ids + at * 4, end - at, presence, rows.addresses + at * 4)
      at = end
    }
  }

  #addRecords(record: (i: number) => unknown, n: number): void {
    const { poison, paneMs, offsetMs } = this.#options
    // These views see what was loaded, even if the memory grows meanwhile.
    const { f64, i32 } = this.#memory
    const times = this.#rows.times >>> 3
    const ids = this.#rows.ids >>> 2
    let start = Number.POSITIVE_INFINITY
    let objects: PaneView['objects']
    for (let i = 0; i < n; i++) {
      const time = f64[times + i]
      if (!(time >= start && time < start + paneMs)) {
        start = Math.floor((time - offsetMs) / paneMs) * paneMs + offsetMs
        objects = this.#panes.at(start).objects
      }
      const value = record(i)
      try {
        objects?.add(i32[ids + i], value)
      } catch (error) {
        if (poison === undefined) throw error
        poison(error, value, time)
      }
    }
  }

  #panesIn(windowStart: number, windowEnd: number): PaneView[] {
    const panes: PaneView[] = []
    for (const pane of this.#panes.all()) if (pane.start >= windowStart && pane.start < windowEnd) panes.push(pane)
    return panes.sort((a, b) => a.start - b.start)
  }

  #readerOf(schema: Schema): RowReader {
    if (this.#reader?.schema !== schema) this.#reader = { schema, read: rowReader(schema) }
    return this.#reader.read
  }
}
