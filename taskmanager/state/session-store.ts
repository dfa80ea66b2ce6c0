/**
 * Session windows: per key a short list of open sessions. A record makes a session of one gap and joins those that it touches.
 * A session that was extended is found out when its first end is due, so that a record costs no work in the queue.
 *
 * In a run: namespace = start as float64, little-endian; value = value codec of [end, accumulator]. Part of the snapshot
 * format (proto/FORMATS.md). Promises and use: api.ts. One thread.
 */
import { assert } from '../../core/assert.ts'
import type { RecordBatch } from '../../core/columns/batch.ts'
import { type RowReader, rowReader } from '../../core/columns/rows.ts'
import type { Schema } from '../../core/columns/schema.ts'
import type { RunCursor } from '../../proto/checkpoint/run.ts'
import type { KeyedRows, SessionSlice, SessionStore, SessionStoreOptions, StateSnapshot } from './api.ts'
import { declaredFunctions, type NumberAccumulator, type NumberFunctions } from './declared-functions.ts'
import { stateErrors } from './errors.ts'
import { entryKey } from './flat-part.ts'
import { KeyTable } from './key-table.ts'
import { asBuffer, keyInMemory, keyOfBytes } from './keys.ts'
import { StateMemory } from './memory.ts'
import { StateRows } from './rows.ts'
import { type SessionEntry, SessionQueue } from './session-queue.ts'
import { Snapshotter } from './snapshotter.ts'
import { type EntryCodec, Tracker } from './tracker.ts'
import { decodeStateValue, encodeStateValue } from './values.ts'
import { sliceRows } from './window-merge.ts'

/** Open sessions by key. `open` it first. */
export function createSessionStore(options: SessionStoreOptions, twin = false): SessionStore {
  return new ObjectSessions(options, twin)
}

class ObjectSessions implements SessionStore, EntryCodec<SessionEntry> {
  readonly state: number
  readonly #options: SessionStoreOptions
  readonly #memory: StateMemory
  readonly #rows: StateRows
  readonly #table: KeyTable
  readonly #tracker: Tracker<SessionEntry>
  readonly #snapshotter: Snapshotter
  readonly #numbers: NumberFunctions | undefined
  readonly #queue = new SessionQueue()
  /** Sessions by id, those included whose end some snapshot must hear of. */
  readonly #sessions: (SessionEntry[] | undefined)[] = []
  readonly #namespace = Buffer.alloc(8)
  #reader: { schema: Schema; read: RowReader } | undefined
  #records: unknown[] = []
  readonly #aggregateFields: readonly string[] | undefined

  constructor(options: SessionStoreOptions, twin: boolean) {
    this.#options = options
    this.#memory = new StateMemory(twin)
    this.#rows = new StateRows(this.#memory, options.key)
    this.#table = new KeyTable(this.#memory, {
      payloadBytes: 0,
      bytesKeys: options.key.type !== 'number',
      tracked: false,
    })
    const index = options.states.findIndex((state) => state.name === options.name)
    this.state = index >= 0 ? index : options.states.length
    const { aggregate } = options
    this.#numbers = aggregate.kind === 'declared' ? declaredFunctions(aggregate.aggregates) : undefined
    this.#aggregateFields =
      aggregate.kind === 'declared'
        ? aggregate.aggregates.flatMap((each) => (each.field === undefined ? [] : [each.field]))
        : undefined
    this.#tracker = new Tracker(this, options.target !== undefined)
    this.#snapshotter = new Snapshotter([this.#tracker], options.range, options.target, options.clock)
  }

  open(): Promise<void> {
    return this.#snapshotter.restore(this.#options.restored)
  }

  add(batch: RecordBatch, selection: Int32Array | undefined, n: number, minEndMs: number, late: Int32Array): number {
    this.#rows.load(batch, selection, n)
    this.#rows.loadTimes(batch, selection, n)
    // Counting needs no record at all.
    const records = this.#aggregateFields?.length === 0 ? undefined : this.#records
    if (records !== undefined) this.#readerOf(batch.schema)(batch, records, selection, n)
    return this.#add(
      (i) => records?.[i],
      n,
      minEndMs,
      (i) => (selection === undefined ? i : selection[i]),
      late,
    )
  }

  addRows(
    source: KeyedRows & { readonly rows: readonly unknown[]; readonly timestamps: Float64Array },
    n: number,
    minEndMs: number,
    late: Int32Array,
  ): number {
    this.#rows.loadRows(source.keys, source.hashes, n)
    this.#memory.f64.set(source.timestamps.subarray(0, n), this.#rows.times >>> 3)
    return this.#add(
      (i) => source.rows[i],
      n,
      minEndMs,
      (i) => i,
      late,
    )
  }

  fire(toMs: number, emit: (slice: SessionSlice) => boolean): boolean {
    for (;;) {
      const due: SessionEntry[] = []
      while (due.length < sliceRows) {
        const session = this.#queue.take(toMs)
        if (session === undefined) break
        due.push(session)
      }
      if (due.length === 0) return true
      const slice = this.#slice(due)
      for (const session of due) this.#tracker.remove(session)
      if (!emit(slice)) return false
    }
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
    return this.#memory.usedBytes
  }

  close(): void {
    this.#snapshotter.close()
  }

  // What its tracker asks for.

  hashOf(id: number): number {
    return this.#memory.i32[(this.#table.entry(id) >>> 2) + 2]
  }

  keyOf(id: number): Uint8Array {
    return entryKey(this.#table, this.#options.key.type, this.#table.entry(id))
  }

  namespace(session: SessionEntry): Uint8Array {
    this.#namespace.writeDoubleLE(session.start)
    return this.#namespace
  }

  value(session: SessionEntry): Uint8Array {
    return encodeStateValue([session.end, session.accumulator], Number.NaN)
  }

  forget(session: SessionEntry): void {
    const sessions = this.#sessions[session.id]
    if (sessions === undefined) return
    sessions.splice(sessions.indexOf(session), 1)
    if (sessions.length > 0) return
    this.#sessions[session.id] = undefined
    this.#table.releaseOne(session.id)
  }

  restore(cursor: RunCursor): SessionEntry {
    const { value } = decodeStateValue(cursor.value, this.#options.name)
    const namespace = asBuffer(cursor.namespace)
    if (namespace.length !== 8 || !Array.isArray(value) || value.length !== 2 || typeof value[0] !== 'number') {
      throw stateErrors.create('MALFORMED', { state: this.#options.name, reason: 'an entry is not a session' })
    }
    const { key } = cursor
    this.#rows.loadCanonical(cursor.hash, key, () => keyOfBytes(key))
    this.#rows.find(this.#table, 0, 1, true)
    const session = this.#make(this.#memory.i32[this.#rows.ids >>> 2], namespace.readDoubleLE(0), value[0], value[1])
    session.present = true
    this.#queue.push(session)
    return session
  }

  #add(
    record: (i: number) => unknown,
    n: number,
    minEndMs: number,
    rowOf: (i: number) => number,
    late: Int32Array,
  ): number {
    const { gapMs, poison } = this.#options
    this.#rows.find(this.#table, 0, n, true)
    const { f64, i32 } = this.#memory
    const times = this.#rows.times >>> 3
    const ids = this.#rows.ids >>> 2
    let lateCount = 0
    for (let i = 0; i < n; i++) {
      const id = i32[ids + i]
      const time = f64[times + i]
      const sessions = this.#sessions[id]
      // The usual case: the one open session of the key goes on.
      let joined: SessionEntry | undefined
      let end = time + gapMs
      let others = false
      if (sessions !== undefined) {
        for (const session of sessions) {
          if (!session.present || time > session.end || time + gapMs < session.start) continue
          if (joined !== undefined) others = true
          else joined = session
          if (session.end > end) end = session.end
        }
      }
      if (!(end > minEndMs)) {
        late[lateCount++] = rowOf(i)
        if (sessions === undefined) this.#unused.push(id)
        continue
      }
      try {
        if (joined !== undefined && !others && joined.start <= time) this.#extend(joined, end, record(i))
        else this.#join(id, time, end, record(i))
      } catch (error) {
        if (poison === undefined) throw error
        poison(error, record(i), time)
      }
    }
    this.#records.fill(undefined)
    for (const id of this.#unused)
      if (this.#sessions[id] === undefined && this.#table.inUse(id)) this.#table.releaseOne(id)
    this.#unused.length = 0
    return lateCount
  }

  readonly #unused: number[] = []

  #extend(session: SessionEntry, end: number, record: unknown): void {
    this.#tracker.put(session)
    session.accumulator = this.#accumulate(session.accumulator, record)
    session.end = end
  }

  /** A new session for a record and all sessions of its key that it touches. */
  #join(id: number, time: number, end: number, record: unknown): void {
    const { gapMs } = this.#options
    const accumulator = this.#accumulate(this.#init(), record)
    const touched = (this.#sessions[id] ?? []).filter(
      (session) => session.present && time <= session.end && time + gapMs >= session.start,
    )
    let start = time
    let merged = accumulator
    for (const session of touched) {
      start = Math.min(start, session.start)
      merged = this.#merge(merged, session.accumulator)
    }
    // Made before others go, so that the key keeps its id.
    const session =
      touched.find((other) => other.start === start) ?? this.#revive(id, start) ?? this.#make(id, start, end, undefined)
    for (const other of touched) if (other !== session) this.#tracker.remove(other)
    this.#tracker.put(session)
    session.end = end
    session.accumulator = merged
    this.#queue.push(session)
  }

  /** A session of this start that is gone, while a snapshot must still hear of it. */
  #revive(id: number, start: number): SessionEntry | undefined {
    return this.#sessions[id]?.find((session) => session.start === start)
  }

  #make(id: number, start: number, end: number, accumulator: unknown): SessionEntry {
    const session: SessionEntry = { id, present: false, start, end, accumulator, dueMs: Number.NaN }
    const sessions = this.#sessions[id]
    if (sessions !== undefined) sessions.push(session)
    else {
      while (this.#sessions.length <= id) this.#sessions.push(undefined)
      this.#sessions[id] = [session]
    }
    return session
  }

  #init(): unknown {
    const { aggregate } = this.#options
    return aggregate.kind === 'functions' ? aggregate.functions.init() : this.#numbers?.init()
  }

  #accumulate(accumulator: unknown, record: unknown): unknown {
    const { aggregate } = this.#options
    if (aggregate.kind === 'functions') return aggregate.functions.add(accumulator, record)
    this.#numbers?.add(accumulator as NumberAccumulator, record)
    return accumulator
  }

  #merge(into: unknown, other: unknown): unknown {
    const { aggregate } = this.#options
    if (aggregate.kind === 'functions') {
      assert(aggregate.functions.merge !== undefined, 'sessions need merge')
      return aggregate.functions.merge(into, other)
    }
    this.#numbers?.merge(into as NumberAccumulator, other as NumberAccumulator)
    return into
  }

  #slice(due: readonly SessionEntry[]): SessionSlice {
    const { type } = this.#options.key
    const { aggregate } = this.#options
    const { f64, u32, buffer } = this.#memory
    const count = due.length
    const entries = due.map((session) => this.#table.entry(session.id))
    const numbers = type === 'number' ? Float64Array.from(entries, (entry) => f64[entry >>> 3]) : undefined
    const keys =
      type === 'number' ? undefined : entries.map((at) => keyInMemory(type, buffer, u32[at >>> 2], u32[(at >>> 2) + 1]))
    const functions = this.#numbers
    return {
      count,
      hashes: Int32Array.from(due, (session) => this.hashOf(session.id)),
      numbers,
      key: (i) => (numbers === undefined ? keys?.[i] : numbers[i]),
      values:
        aggregate.kind === 'declared'
          ? aggregate.aggregates.map((_, a) =>
              Float64Array.from(
                due,
                (session) => functions?.result(session.accumulator as NumberAccumulator, a) ?? Number.NaN,
              ),
            )
          : [],
      accumulators: aggregate.kind === 'functions' ? due.map((session) => session.accumulator) : [],
      starts: Float64Array.from(due, (session) => session.start),
      ends: Float64Array.from(due, (session) => session.end),
    }
  }

  #readerOf(schema: Schema): RowReader {
    if (this.#reader?.schema !== schema) this.#reader = { schema, read: rowReader(schema, this.#aggregateFields) }
    return this.#reader.read
  }
}
