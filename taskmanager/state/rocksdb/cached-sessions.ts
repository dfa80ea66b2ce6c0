/**
 * Sessions over RocksDB: the keys in the cache have their sessions in the table, as in memory (session-table.ts); of the others
 * all sessions of a key are one entry in RocksDB, and another entry says when the first of them is due. What is due is
 * loaded before it fires, some keys at a time.
 *
 * In RocksDB: S, key: its sessions (stored-sessions.ts). T: time as a sortable float64, hash, key. An entry of T may be out of
 * date; whoever meets it looks at the key.
 *
 * The log may have several versions of a key, and a run takes sessions one by one: a version names those that are gone since the
 * one before it. One thread.
 */
import { assert } from '../../../core/assert.ts'
import { type Disk, systemDisk } from '../../../core/platform/disk.ts'
import { type RunCursor, RunEntry } from '../../../proto/checkpoint/runs/run.ts'
import type { KeyShape, RocksDbOptions } from '../api.ts'
import { asBuffer } from '../keys.ts'
import type { StateMemory } from '../memory.ts'
import type { SessionContents } from '../sessions/session-contents.ts'
import type { SessionKeeper } from '../sessions/session-keeper.ts'
import type { SessionObjects } from '../sessions/session-objects.ts'
import { type SessionTable, startOffset } from '../sessions/session-table.ts'
import { entryKey } from '../snapshot/flat-part.ts'
import type { SnapshotRun } from '../snapshot/snapshot-run.ts'
import type { DueQueue } from '../timers/due-queue.ts'
import { cacheShare } from './binding.ts'
import type { LoggedEntries } from './change-log.ts'
import { epochBytes, letter, prefixEnd, readSortable, readU32, writeSortable, writeU32 } from './layout.ts'
import { OwnStore } from './own-store.ts'
import { Spill, type SpillCodec, type SpillEntry, type SpilledState } from './spill.ts'
import { packSessions, type StoredSession, sessionMark, storedSessions } from './stored-sessions.ts'

export interface CachedSessionsOptions {
  readonly memory: StateMemory
  readonly sessions: SessionTable
  readonly contents: SessionContents
  readonly objects: SessionObjects | undefined
  readonly queue: DueQueue
  readonly type: KeyShape['type']
  readonly state: number
  readonly tracked: boolean
  /** Id of a key given as in snapshots. */
  readonly idOf: (cursor: { readonly hash: number; readonly key: Uint8Array }) => number
}

const nothing = Buffer.alloc(0)
/** Of an id: not in the cache, or when it was last used. */
const absent = 0
const idle = 1
const used = 2
/** Bits of an id: RocksDB has its version, has any version. */
const current = 1
const row = 2
/** Bytes of a key beside its entry. */
const besideBytes = 64
const dueAtOnce = 1024
const idsPerStep = 128
const timeHead = 13

export class CachedSessions implements SessionKeeper, SpillCodec<SpillEntry>, SpilledState {
  readonly part: Spill
  readonly state: number
  readonly #options: CachedSessionsOptions
  readonly #spill: Spill
  readonly #store: OwnStore
  readonly #cacheBytes: number
  readonly #keyBytes: number
  /** By id. */
  #residence = new Uint8Array(1024)
  #bits = new Uint8Array(1024)
  #epochs = new Uint32Array(1024)
  /** Epoch in which the key began; 0: unknown, snapshots may hold it. */
  #born = new Uint32Array(1024)
  #guarded = new Uint32Array(1024)
  /** Starts of the sessions that the version has which RocksDB has, if the log may have it too. */
  readonly #loggedStarts: (readonly number[] | undefined)[] = []
  readonly #logged = new RunEntry()
  readonly #start = Buffer.alloc(8)
  readonly #entry = { present: false, epoch: 0, guarded: 0, stored: false }
  #id = 0
  #hand = 0
  /** No entry of T is earlier. */
  #earliestMs = Number.POSITIVE_INFINITY
  /** About what an accumulator of functions takes. */
  #objectBytes = 256
  #time = Buffer.allocUnsafeSlow(256)

  constructor(options: CachedSessionsOptions, rocksdb: RocksDbOptions, disk: Disk = systemDisk) {
    this.state = options.state
    this.#options = options
    this.#store = new OwnStore(rocksdb, disk)
    this.#spill = new Spill([this], options.tracked)
    this.part = this.#spill
    this.#cacheBytes = Math.floor(rocksdb.memoryBytes * cacheShare)
    this.#keyBytes = besideBytes + options.sessions.table.stride + (options.type === 'number' ? 0 : 32)
  }

  async open(): Promise<void> {
    this.#store.attach(this.#spill, await this.#store.open())
  }

  restored(): void {
    this.#spill.store.flush()
  }

  begin(): void {
    if (this.#bytes <= this.#cacheBytes) return
    const { table } = this.#options.sessions
    const goal = this.#cacheBytes - (this.#cacheBytes >>> 3)
    const limit = table.idLimit
    // Twice round at most: the first round may find only keys that were used.
    for (let looked = 0; this.#bytes > goal && looked < 2 * limit; looked++) {
      if (this.#hand >= limit) this.#hand = 0
      const id = this.#hand++
      if (this.#residence[id] === used) this.#residence[id] = idle
      else if (this.#residence[id] === idle) this.#evict(id)
    }
    this.#spill.store.flush()
  }

  found(ids: number, n: number): void {
    const of = Int32Array.from(this.#options.memory.i32.subarray(ids >>> 2, (ids >>> 2) + n))
    this.#load(of)
    for (let i = 0; i < n; i++) this.changing(of[i])
  }

  changing(id: number): void {
    const spill = this.#spill
    if (this.#epochs[id] !== spill.epoch) {
      if (spill.encoding !== 0) this.#guard(id)
      this.#epochs[id] = spill.epoch
    }
    this.#bits[id] &= row
  }

  firing(id: number): void {
    this.changing(id)
  }

  due(toMs: number): number {
    if (toMs < this.#earliestMs) return toMs
    this.begin()
    const { store } = this.#spill
    const { sessions, idOf } = this.#options
    store.flush()
    // From the earliest on: what was deleted before it is still in the way.
    const scan = store.scan(timeKey(this.#earliestMs), prefixEnd(timeKey(toMs)))
    const found = scan.next(dueAtOnce)
    scan.close()
    const ids = new Int32Array(found.length / 2)
    for (let i = 0; i < ids.length; i++) {
      const key = found[2 * i]
      store.delete(key)
      ids[i] = idOf({ hash: readU32(key, timeHead - 4), key: key.subarray(timeHead) })
    }
    this.#load(ids)
    for (const id of ids) {
      // The entry of T is gone: it is written with the key again.
      this.#bits[id] &= ~current
      if (this.#residence[id] === absent || !sessions.isEmpty(id)) continue
      this.released(id)
      sessions.table.releaseOne(id)
    }
    const last = found.at(-2)
    const more = ids.length === dueAtOnce && last !== undefined
    this.#earliestMs = more ? readSortable(last, 1) : nextAfter(toMs)
    return more ? this.#earliestMs : toMs
  }

  released(id: number): void {
    if (this.#residence[id] === absent) return
    const spill = this.#spill
    const born = this.#born[id]
    this.#epochs[id] = spill.epoch
    // What began after the last snapshot, and never left the cache, nobody has heard of.
    if ((this.#bits[id] & row) !== 0 || born === 0 || born < spill.base) this.#write(id)
    this.#residence[id] = absent
  }

  get usedBytes(): number {
    return this.#store.memoryBytes
  }

  close(): void {
    this.#store.close()
  }

  // What snapshots ask of it.

  hashOf(): number {
    return this.#hashOf(this.#id)
  }

  keyOf(): Uint8Array {
    return this.#keyOf(this.#id)
  }

  namespace(): Uint8Array {
    return nothing
  }

  value(): Uint8Array {
    return this.#pack(this.#id)
  }

  *encode(): Generator<void> {
    const { table } = this.#options.sessions
    for (let id = 0; id < table.idLimit; id++) {
      if (id % idsPerStep === idsPerStep - 1) yield
      if (this.#residence[id] !== absent && this.#spill.takes(this.#epochs[id])) this.#guard(id)
    }
  }

  take(run: SnapshotRun, { bytes }: LoggedEntries): void {
    const entry = this.#logged
    entry.bytes = bytes
    for (let at = 0; at < bytes.length; at = entry.valueEnd) {
      assert(entry.read(at), 'the log has entries')
      const { hash, key } = entry
      run.drop(hash, this.state, key)
      for (const { start, mark, value } of storedSessions(asBuffer(entry.value))) {
        this.#start.writeDoubleLE(start)
        if (mark === sessionMark.gone) run.gone(hash, this.state, key, this.#start)
        else run.put(hash, this.state, key, this.#start, value)
      }
    }
  }

  restore(cursor: RunCursor, epoch: number): void {
    this.begin()
    const id = this.#options.idOf(cursor)
    this.#load(Int32Array.of(id))
    this.#options.contents.restore(this.state, cursor, id)
    this.#options.sessions.settle()
    this.#epochs[id] = epoch
    this.#born[id] = 0
    this.#bits[id] &= ~current
  }

  expired(): boolean {
    return false
  }

  get #bytes(): number {
    const { sessions, objects } = this.#options
    const { table, nodeCount } = sessions
    return table.size * this.#keyBytes + nodeCount * table.stride + (objects?.count ?? 0) * this.#objectBytes
  }

  /** Ids are in the cache afterwards, with what RocksDB has of them. */
  #load(ids: Int32Array): void {
    let missing: number[] | undefined
    for (const id of ids) {
      if (id >= this.#residence.length) this.#reserve(id)
      if (this.#residence[id] === absent) {
        missing ??= []
        missing.push(id)
        this.#bits[id] = 0
        this.#epochs[id] = this.#spill.epoch
        this.#born[id] = this.#spill.epoch
        this.#guarded[id] = 0
        this.#loggedStarts[id] = undefined
      }
      this.#residence[id] = used
    }
    if (missing === undefined) return
    for (const id of missing) this.#spill.want(this.#hashOf(id), this.state, this.#keyOf(id), nothing)
    const found = this.#spill.fetch()
    for (let i = 0; i < missing.length; i++) {
      const stored = found[i]
      if (stored !== undefined) this.#fill(missing[i], stored)
    }
  }

  #fill(id: number, stored: Buffer): void {
    const { sessions, contents, queue } = this.#options
    const epoch = readU32(stored, 0)
    this.#epochs[id] = epoch
    this.#born[id] = 0
    this.#bits[id] = current | row
    const starts: number[] = []
    for (const { start, mark, value } of storedSessions(stored.subarray(epochBytes))) {
      if (mark === sessionMark.gone) continue
      starts.push(start)
      contents.take(id, start, value, mark === sessionMark.fired)
      sessions.settle()
    }
    if (this.#spill.tracked && epoch >= this.#spill.floor) this.#loggedStarts[id] = starts
    const dueMs = sessions.nextDue(id)
    if (dueMs !== Number.POSITIVE_INFINITY) queue.push(id, dueMs)
  }

  #evict(id: number): void {
    const { sessions, objects, queue } = this.#options
    if (this.#spill.encoding !== 0) this.#guard(id)
    if ((this.#bits[id] & current) === 0) {
      this.#write(id)
      if (!sessions.isEmpty(id)) this.#putTime(id, sessions.nextDue(id))
    }
    this.#residence[id] = absent
    sessions.forget(id, (at) => objects?.remove(at))
    if (sessions.table.releaseOne(id)) queue.forget(id)
  }

  /** RocksDB has the version of a key, and the log. */
  #write(id: number): void {
    const { sessions } = this.#options
    const spill = this.#spill
    const value = this.#pack(id)
    const epoch = this.#epochs[id]
    const hash = this.#hashOf(id)
    const key = this.#keyOf(id)
    spill.keep(spill.keys.entry(hash, this.state, key, nothing), epoch, sessions.isEmpty(id) ? undefined : value)
    spill.log(hash, this.state, key, nothing, epoch, value)
  }

  #putTime(id: number, dueMs: number): void {
    const key = this.#keyOf(id)
    const bytes = timeHead + key.length
    if (bytes > this.#time.length) this.#time = Buffer.allocUnsafeSlow(bytes * 2)
    this.#time[0] = letter.timer
    writeSortable(this.#time, 1, dueMs)
    writeU32(this.#time, timeHead - 4, this.#hashOf(id))
    this.#time.set(key, timeHead)
    this.#spill.store.put(this.#time.subarray(0, bytes), nothing)
    if (dueMs < this.#earliestMs) this.#earliestMs = dueMs
  }

  #guard(id: number): void {
    const entry = this.#at(id)
    this.#spill.guard(entry, this)
    this.#guarded[id] = entry.guarded
  }

  #at(id: number): SpillEntry {
    const entry = this.#entry
    this.#id = id
    // One without sessions says so.
    entry.present = true
    entry.epoch = this.#epochs[id]
    entry.stored = (this.#bits[id] & current) !== 0
    entry.guarded = this.#guarded[id]
    return entry
  }

  #pack(id: number): Uint8Array {
    const { sessions, contents, memory, objects } = this.#options
    const packed: StoredSession[] = []
    for (const at of sessions.sessionsOf(id)) {
      const value = Buffer.from(contents.valueOf(at))
      const mark = sessions.hasFired(at) ? sessionMark.fired : sessionMark.waits
      packed.push({ start: memory.f64[(at + startOffset) >>> 3], mark, value })
    }
    const count = packed.length
    for (const start of this.#loggedStarts[id] ?? [])
      if (!packed.some((session) => session.start === start))
        packed.push({ start, mark: sessionMark.gone, value: nothing })
    const bytes = packSessions(packed)
    if (objects !== undefined && count > 0)
      this.#objectBytes += ((4 * bytes.length) / count + 64 - this.#objectBytes) / 64
    return bytes
  }

  #hashOf(id: number): number {
    return this.#options.memory.i32[(this.#options.sessions.table.entry(id) >>> 2) + 2]
  }

  /** Lent until the next key is read. */
  #keyOf(id: number): Uint8Array {
    const { table } = this.#options.sessions
    return entryKey(table, this.#options.type, table.entry(id))
  }

  #reserve(id: number): void {
    const length = Math.max(id + 1, this.#residence.length * 2)
    const bytes = (from: Uint8Array): Uint8Array<ArrayBuffer> => {
      const to = new Uint8Array(length)
      to.set(from)
      return to
    }
    const words = (from: Uint32Array): Uint32Array<ArrayBuffer> => {
      const to = new Uint32Array(length)
      to.set(from)
      return to
    }
    this.#residence = bytes(this.#residence)
    this.#bits = bytes(this.#bits)
    this.#epochs = words(this.#epochs)
    this.#born = words(this.#born)
    this.#guarded = words(this.#guarded)
  }
}

/** All entries of T of a time begin with this. */
function timeKey(timeMs: number): Buffer {
  const key = Buffer.alloc(timeHead - 4)
  key[0] = letter.timer
  writeSortable(key, 1, timeMs)
  return key
}

/** What is due at `timeMs` or before has been loaded; the next is later. */
const nextAfter = (timeMs: number): number => timeMs + Number.EPSILON * Math.max(1, Math.abs(timeMs))
