/**
 * Session windows. A batch finds its keys at once; most records then extend the session that lies in the entry of their key.
 * What a record changes in the structure is done record by record, what it adds to aggregates afterwards for the batch:
 * sessions that were joined meanwhile are added up last.
 *
 * Promises and use: api.ts. One thread.
 */
import { assert } from '../../../core/assert.ts'
import type { RecordBatch } from '../../../core/columns/batch.ts'
import { type RowReader, rowReader } from '../../../core/columns/rows.ts'
import type { Schema } from '../../../core/columns/schema.ts'
import type { RunCursor } from '../../../proto/checkpoint/runs/run.ts'
import { Aggregates } from '../aggregates/aggregates.ts'
import type { KeyedRows, SessionSlice, SessionStore, SessionStoreOptions, StateSnapshot } from '../api.ts'
import { entryHeaderBytes } from '../key-table.ts'
import { StateMemory } from '../memory.ts'
import { CachedSessions } from '../rocksdb/cached-sessions.ts'
import { snapshotTarget } from '../rocksdb/own-store.ts'
import { StateRows } from '../rows.ts'
import { Snapshotter } from '../snapshot/snapshotter.ts'
import { DueQueue } from '../timers/due-queue.ts'
import { sliceRows } from '../windows/window-merge.ts'
import { SessionContents } from './session-contents.ts'
import { HeapSessions, type SessionKeeper } from './session-keeper.ts'
import { SessionObjects } from './session-objects.ts'
import { SessionSlices } from './session-slices.ts'
import { SessionTable, session, sessionBytes } from './session-table.ts'

/** Buckets of the queue per gap. */
const bucketsPerGap = 32

/** Open sessions by key. `open` it first. */
export function createSessionStore(options: SessionStoreOptions, twin = false): SessionStore {
  return new FlatSessions(options, twin)
}

class FlatSessions implements SessionStore {
  readonly #options: SessionStoreOptions
  readonly #keepMs: number
  readonly #memory: StateMemory
  readonly #rows: StateRows
  readonly #accumulators: Aggregates
  readonly #objects: SessionObjects | undefined
  readonly #sessions: SessionTable
  readonly #keeper: SessionKeeper
  readonly #snapshotter: Snapshotter
  readonly #queue: DueQueue
  readonly #slices: SessionSlices
  /** Rows of a batch that are not late. */
  #kept: Int32Array<ArrayBuffer> = new Int32Array(0)
  readonly #unused: number[] = []
  /** Sessions that went into others in this batch: pairs of addresses, into and from. */
  readonly #absorbed: number[] = []
  /** Address of two addresses. */
  readonly #pair: number
  #records: unknown[] = []
  #reader: { schema: Schema; read: RowReader } | undefined

  constructor(options: SessionStoreOptions, twin: boolean) {
    const { aggregate, key, states, target, gapMs, firedTo = Number.NEGATIVE_INFINITY } = options
    this.#options = options
    this.#keepMs = options.keepMs ?? 0
    const memory = new StateMemory(twin)
    this.#memory = memory
    this.#rows = new StateRows(memory, key)
    this.#pair = memory.allocate(8)
    // Where functions have their accumulators stands in place of a count.
    const aggregates = aggregate.kind === 'declared' ? aggregate.aggregates : [{ as: '', fn: 'count' } as const]
    this.#accumulators = new Aggregates(aggregates, entryHeaderBytes + sessionBytes)
    this.#objects = aggregate.kind === 'functions' ? new SessionObjects(memory, aggregate.functions) : undefined
    const bytesKeys = key.type !== 'number'
    const { rocksdb } = options
    const tracked = target !== undefined && rocksdb === undefined
    const aheadTo = typeof firedTo === 'number' ? undefined : firedTo
    const shape = { bytesKeys, tracked, gapMs, keepMs: this.#keepMs, aheadTo }
    this.#sessions = new SessionTable(memory, shape, this.#accumulators)
    this.#queue = new DueQueue(Math.max(1, gapMs / bucketsPerGap), (id) => this.#sessions.nextDue(id))
    const { table } = this.#sessions
    const index = states.findIndex((state) => state.name === options.name)
    const contents = new SessionContents(memory, this.#sessions, {
      state: index >= 0 ? index : states.length,
      name: options.name,
      type: key.type,
      accumulators: this.#accumulators,
      objects: this.#objects,
      restored: (id) => this.#queue.push(id, this.#sessions.nextDue(id)),
      firedTo: typeof firedTo === 'number' ? () => firedTo : firedTo,
    })
    const idOf = (cursor: Pick<RunCursor, 'hash' | 'key'>): number => {
      this.#sessions.settle()
      this.#rows.loadCanonical(cursor.hash, cursor.key)
      this.#rows.find(table, 0, 1, true)
      return memory.i32[this.#rows.ids >>> 2]
    }
    this.#keeper =
      rocksdb === undefined
        ? new HeapSessions(this.#sessions, contents, idOf)
        : new CachedSessions(
            {
              memory,
              sessions: this.#sessions,
              contents,
              objects: this.#objects,
              queue: this.#queue,
              type: key.type,
              state: contents.state,
              tracked: target !== undefined,
              idOf,
            },
            rocksdb,
          )
    this.#snapshotter = new Snapshotter([this.#keeper.part], options.range, snapshotTarget(options), options.clock)
    this.#slices = new SessionSlices(
      memory,
      table,
      key.type,
      this.#objects === undefined ? this.#accumulators : undefined,
    )
  }

  async open(): Promise<void> {
    await this.#keeper.open()
    await this.#snapshotter.restore(this.#options.restored)
    this.#sessions.settle()
    this.#keeper.restored()
  }

  add(batch: RecordBatch, selection: Int32Array | undefined, n: number, minEndMs: number, late: Int32Array): number {
    this.#keeper.begin()
    this.#rows.load(batch, selection, n)
    this.#rows.loadTimes(batch, selection, n)
    if (this.#objects !== undefined) {
      this.#readerOf(batch.schema)(batch, this.#records, selection, n)
      const lateCount = this.#addRecords(this.#objects, (i) => this.#records[i], selection, n, minEndMs, late)
      this.#records.fill(undefined, 0, n)
      return lateCount
    }
    const lateCount = this.#join(selection, n, minEndMs, late)
    this.#accumulators.update(this.#rows, n - lateCount, batch, lateCount === 0 ? selection : this.#kept, undefined)
    this.#finish()
    return lateCount
  }

  addRows(
    source: KeyedRows & { readonly rows: readonly unknown[]; readonly timestamps: Float64Array },
    n: number,
    minEndMs: number,
    late: Int32Array,
  ): number {
    this.#keeper.begin()
    this.#rows.loadRows(source.keys, source.hashes, n)
    this.#memory.f64.set(source.timestamps.subarray(0, n), this.#rows.times >>> 3)
    if (this.#objects !== undefined)
      return this.#addRecords(this.#objects, (i) => source.rows[i], undefined, n, minEndMs, late)
    const lateCount = this.#join(undefined, n, minEndMs, late)
    const kept = this.#kept
    const record = lateCount === 0 ? (i: number) => source.rows[i] : (i: number) => source.rows[kept[i]]
    this.#accumulators.updateRows(this.#rows, n - lateCount, record, undefined)
    this.#finish()
    return lateCount
  }

  fire(toMs: number, emit: (slice: SessionSlice) => boolean): boolean {
    for (;;) {
      const untilMs = this.#keeper.due(toMs)
      if (!this.#fireUntil(untilMs, emit)) return false
      if (untilMs >= toMs) return true
    }
  }

  #fireUntil(toMs: number, emit: (slice: SessionSlice) => boolean): boolean {
    const sessions = this.#sessions
    const slices = this.#slices
    const keepMs = this.#keepMs
    for (let more = true; more; ) {
      let taken = 0
      slices.clear()
      for (; taken < sliceRows; taken++) {
        const id = this.#queue.take(toMs)
        if (id < 0) break
        // The queue has just asked for it.
        const at = sessions.dueSession
        this.#keeper.firing(id)
        const { u32, f64 } = this.#memory
        const fires = (u32[(at >>> 2) + 3] & session.fired) === 0
        if (fires) slices.add(id, at, this.#objects?.get(at))
        u32[(at >>> 2) + 3] |= session.fired
        if (f64[(at >>> 3) + 4] + keepMs <= toMs) {
          u32[(at >>> 2) + 3] |= session.leaving
          this.#unused.push(id)
        }
        const nextMs = sessions.nextDue(id)
        if (nextMs !== Number.POSITIVE_INFINITY) this.#queue.push(id, nextMs)
      }
      more = taken === sliceRows
      const goOn = slices.count === 0 || emit(slices.slice())
      for (const id of this.#unused) this.#leave(id)
      this.#release()
      if (!goOn) return false
    }
    return true
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
    return this.#memory.usedBytes + this.#keeper.usedBytes
  }

  close(): void {
    this.#snapshotter.close()
    this.#keeper.close()
  }

  /** Finds or makes the sessions of the loaded rows: their addresses at `rows.addresses`, without those of late rows; the other rows in `kept`. */
  #join(selection: Int32Array | undefined, n: number, minEndMs: number, late: Int32Array): number {
    const { gapMs } = this.#options
    const rows = this.#rows
    this.#find(n)
    if (this.#kept.length < n) this.#kept = new Int32Array(rows.capacity)
    const kept = this.#kept
    // Entries were there before: these views see them even if the memory grows.
    const { f64, u32, i32 } = this.#memory
    const times = rows.times >>> 3
    const ids = rows.ids >>> 2
    const addresses = rows.addresses >>> 2
    let lateCount = 0
    let count = 0
    for (let i = 0; i < n; i++) {
      let at = u32[addresses + i]
      const time = f64[times + i]
      const word = at >>> 2
      const place = at >>> 3
      const node = u32[word + 4]
      // Nodes may be new: they are seen by views of now.
      const newest = node === 0 || this.#memory.f64[(node >>> 3) + 3] < f64[place + 3]
      if (newest && u32[word + 3] === session.present && time >= f64[place + 3] && time <= f64[place + 4]) {
        // The usual case: the newest session of the key goes on.
        const end = time + gapMs
        if (end > f64[place + 4]) {
          if (!(end > minEndMs)) at = 0
          else f64[place + 4] = end
        } else if (!(f64[place + 4] > minEndMs)) at = 0
      } else at = this.#joinOne(i32[ids + i], time, minEndMs)
      const row = selection === undefined ? i : selection[i]
      if (at === 0) late[lateCount++] = row
      else {
        u32[addresses + count] = at
        kept[count++] = row
      }
    }
    return lateCount
  }

  /** The session of a record; 0 when it is late. */
  #joinOne(id: number, timeMs: number, minEndMs: number): number {
    const sessions = this.#sessions
    sessions.locate(id, timeMs)
    if (!(sessions.end > minEndMs)) {
      this.#unused.push(id)
      return 0
    }
    this.#keeper.changing(id)
    const into = sessions.first
    const at = sessions.join(id, (from) => this.#absorbed.push(into, from))
    this.#queue.push(id, sessions.dueOf(id, sessions.end))
    return at
  }

  /** The same for functions, which are called at once: a record that they refuse changes nothing. */
  #addRecords(
    objects: SessionObjects,
    record: (i: number) => unknown,
    selection: Int32Array | undefined,
    n: number,
    minEndMs: number,
    late: Int32Array,
  ): number {
    const { poison } = this.#options
    const { functions } = objects
    const sessions = this.#sessions
    const rows = this.#rows
    this.#find(n)
    const times = Float64Array.from(this.#memory.f64.subarray(rows.times >>> 3, (rows.times >>> 3) + n))
    const ids = Int32Array.from(this.#memory.i32.subarray(rows.ids >>> 2, (rows.ids >>> 2) + n))
    let lateCount = 0
    for (let i = 0; i < n; i++) {
      const id = ids[i]
      sessions.locate(id, times[i])
      const { first, several } = sessions
      if (!(sessions.end > minEndMs)) {
        late[lateCount++] = selection === undefined ? i : selection[i]
        this.#unused.push(id)
        continue
      }
      this.#keeper.changing(id)
      try {
        let value = functions.add(first === 0 || several ? functions.init() : objects.get(first), record(i))
        if (several) for (const at of sessions.touched(id)) value = this.#merged(value, objects.get(at))
        const at = sessions.join(id, (from) => objects.remove(from))
        if (first === 0) objects.set(at, value)
        else objects.replace(at, value)
        this.#queue.push(id, sessions.dueOf(id, sessions.end))
      } catch (error) {
        if (first === 0) this.#unused.push(id)
        if (poison === undefined) throw error
        poison(error, record(i), times[i])
      }
    }
    this.#finish()
    return lateCount
  }

  #merged(into: unknown, other: unknown): unknown {
    const merge = this.#objects?.functions.merge
    assert(merge !== undefined, 'sessions need merge')
    return merge(into, other)
  }

  /** Entries of the keys of the loaded rows, marked as about to change. */
  #find(n: number): void {
    const rows = this.#rows
    const { table } = this.#sessions
    rows.find(table, 0, n, true)
    this.#keeper.found(rows.ids, n)
    table.touch(rows.ids, n, 0, rows.addresses)
  }

  /** Behind a batch: adds up what was joined, and lets go of keys without sessions. */
  #finish(): void {
    const absorbed = this.#absorbed
    for (let i = 0; i < absorbed.length; i += 2) {
      const { u32 } = this.#memory
      u32[this.#pair >>> 2] = absorbed[i]
      u32[(this.#pair >>> 2) + 1] = absorbed[i + 1]
      this.#accumulators.merge(this.#memory, this.#pair, this.#pair + 4, 1)
    }
    absorbed.length = 0
    this.#sessions.settle()
    this.#release()
  }

  /** Removes what has been emitted for the last time. */
  #leave(id: number): void {
    const { table } = this.#sessions
    table.touchOne(id, 0)
    this.#keeper.changing(id)
    this.#sessions.removeLeaving(id, (at) => this.#objects?.remove(at))
  }

  #release(): void {
    const { table } = this.#sessions
    for (const id of this.#unused) {
      if (!this.#sessions.isEmpty(id)) continue
      this.#keeper.released(id)
      if (table.releaseOne(id)) this.#queue.forget(id)
    }
    this.#unused.length = 0
  }

  #readerOf(schema: Schema): RowReader {
    if (this.#reader?.schema !== schema) this.#reader = { schema, read: rowReader(schema) }
    return this.#reader.read
  }
}
