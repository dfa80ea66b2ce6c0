/**
 * Between the cache and RocksDB: which version of an entry is where, and what a snapshot takes of it.
 *
 * Time is cut into epochs by snapshots. Each entry knows the epoch of its last change. A snapshot takes every entry whose
 * epoch is not covered by an earlier one: from the cache, and from the log (change-log.ts), where an entry that leaves the cache is
 * noted under its epoch. The log goes into the run first, oldest epoch first, the cache after it, and in a run the later
 * of two versions stands: so nothing need be taken out of the log when an entry is loaded or changes again.
 *
 * While snapshots fail the log grows. When it is larger than what RocksDB holds it is given up, and nothing is noted any more: the next
 * snapshot takes all that RocksDB has, as a base, and what is only in the cache, as a delta over it. From then on there is a log again,
 * unless that snapshot does not count either. So it is from the start where nothing of a restored state is in a chain of ours.
 *
 * Promises: what a snapshot writes of an entry is what it was when frozen: an entry is written before it changes, before a
 * mutable value of it is given out and before it leaves the cache, if the snapshot has not passed it yet and the log has not got it. A
 * snapshot that does not count leaves its epochs to the next. One thread.
 */
import { assert } from '../../../core/assert.ts'
import type { RunCursor } from '../../../proto/checkpoint/runs/run.ts'
import type { SnapshotPart } from '../snapshot/snapshot-part.ts'
import type { SnapshotRun } from '../snapshot/snapshot-run.ts'
import type { KeyScan, KeyValues } from './binding.ts'
import type { ChangeLog, LoggedEntries, LogReading } from './change-log.ts'
import { EncodedEntries } from './encoded-entries.ts'
import { EntryKeys, type EntryParts, entriesEnd, entriesStart, epochBytes, type KeyLayout, writeU32 } from './layout.ts'
import { Slab } from './slab.ts'

/** A version of an entry in the cache. */
export interface SpillEntry {
  /** False: gone, or never there. */
  present: boolean
  /** Of the last change; 0: every snapshot has it. */
  epoch: number
  /** The last snapshot that has written it ahead of its turn. */
  guarded: number
  /** RocksDB has this version. */
  stored: boolean
}

/** How the entries of a state are written. What it returns is lent until the next call of the same method. */
export interface SpillCodec<E> {
  /** Number of the state in runs. */
  readonly state: number
  hashOf(entry: E): number
  /** Canonical bytes. */
  keyOf(entry: E): Uint8Array
  namespace(entry: E): Uint8Array
  /** As in a run. Undefined: it has expired. */
  value(entry: E): Uint8Array | undefined
}

/** A state as the whole of them sees it. */
export interface SpilledState {
  readonly state: number
  /** Writes entries that the snapshot waits for, in steps. */
  encode(): Iterator<void>
  /** Writes into RocksDB, or takes, what a run has; `epoch` is that of its last change. */
  restore(cursor: RunCursor, epoch: number): void
  /** That was the last entry. */
  restoreEnded?(): void
  /** A value, as in a run, whose time is over. */
  expired(value: Buffer): boolean
  /** Hands on to a run what the log, RocksDB and the cache have. Absent: as it stands. Only for a state that is alone. */
  take?(run: SnapshotRun, entries: LoggedEntries): void
  /** Adds what a run has of an entry in RocksDB. Absent: as it stands there. */
  addStored?(parts: EntryParts, value: Buffer, to: EncodedEntries): void
  /** What it has in RocksDB beside entries. Absent: nothing that snapshots have. */
  scan?(): readonly StoredScan[]
}

/** Entries of RocksDB as they were when a snapshot began. */
export interface StoredScan {
  readonly scan: KeyScan
  /** Adds what a run has of one of them. */
  add(at: Buffer, value: Buffer, to: EncodedEntries): void
}

interface Encoding {
  readonly checkpointId: number
  readonly from: number
  readonly through: number
  readonly logged: LogReading | undefined
  /** In the place of the log, when the snapshot takes everything. */
  readonly stored: readonly StoredScan[] | undefined
}

interface Pending {
  readonly from: number
  readonly through: number
  readonly all: boolean
}

const flushAt = 1024
/** Of RocksDB, in a step of a snapshot. */
const scannedAtOnce = 256
/** A snapshot reads the log from so many files at most. */
const logFilesMax = 1000
/** Of the cache, which go into a run at once. */
const takenBytes = 16 * 1024

export class Spill implements SnapshotPart {
  readonly keys: KeyLayout
  readonly tracked: boolean
  /** Of changes that are made now. */
  epoch = 1
  /** No complete snapshot covers this epoch or a later one. */
  floor = 1
  /** Bytes in the cache. */
  bytes = 0
  readonly #states: readonly SpilledState[]
  readonly #pending = new Map<number, Pending>()
  #store: KeyValues | undefined
  #log: ChangeLog | undefined
  readonly #wanted = new Slab()
  #value: Buffer = Buffer.allocUnsafeSlow(512)
  /** The first epoch of the next snapshot. */
  #base = 1
  /** Changes from this epoch on are in the log; infinite: it was given up. */
  #noted = 1
  /** The log may have so many bytes, as far as is known, and always so many. */
  #logBytesMax = 0
  #logBytesMin = 0
  #snapshots = 0
  #encoding: Encoding | undefined
  /** Of the cache, for the snapshot that is being encoded: they go into the run behind what the log has. */
  readonly #taken = new EncodedEntries()

  /** `states` may still grow until the first snapshot. */
  constructor(states: readonly SpilledState[], tracked: boolean, keys: KeyLayout = new EntryKeys()) {
    this.#states = states
    this.tracked = tracked
    this.keys = keys
  }

  /** `log`: where versions wait for snapshots, if there are any; it may have so many bytes however little RocksDB has. */
  attach(store: KeyValues, log?: ChangeLog, logBytesMin = 0): void {
    this.#store = store
    this.#log = log
    this.#logBytesMin = logBytesMin
  }

  get store(): KeyValues {
    assert(this.#store !== undefined, 'the backend is open')
    return this.#store
  }

  /** The first epoch that the next snapshot takes. */
  get base(): number {
    return this.#base
  }

  /** Number of the snapshot that is being encoded; 0: none. */
  get encoding(): number {
    return this.#encoding === undefined ? 0 : this.#snapshots
  }

  /** The snapshot that is being encoded takes what RocksDB has instead of the log. */
  get encodesAll(): boolean {
    return this.#encoding?.stored !== undefined
  }

  /** Whether the snapshot that is being encoded takes versions of this epoch. */
  takes(epoch: number): boolean {
    const encoding = this.#encoding
    return encoding !== undefined && epoch >= encoding.from && epoch <= encoding.through
  }

  /** Before an entry changes. */
  change<E extends SpillEntry>(entry: E, codec: SpillCodec<E>): void {
    if (entry.epoch !== this.epoch) {
      if (this.#encoding !== undefined) this.guard(entry, codec)
      entry.epoch = this.epoch
    }
    entry.stored = false
  }

  /** Before a mutable value is given out, or the snapshot passes it: writes what it has yet to write of the entry. */
  guard<E extends SpillEntry>(entry: E, codec: SpillCodec<E>): void {
    // What RocksDB has, the log has, and a scan.
    if (entry.stored || !this.takes(entry.epoch) || entry.guarded === this.#snapshots) return
    entry.guarded = this.#snapshots
    const namespace = codec.namespace(entry)
    const value = entry.present ? codec.value(entry) : undefined
    this.#taken.add(codec.hashOf(entry), codec.state, codec.keyOf(entry), namespace, value)
  }

  /** An entry leaves the cache. */
  evict<E extends SpillEntry>(entry: E, codec: SpillCodec<E>): void {
    if (this.#encoding !== undefined) this.guard(entry, codec)
    if (entry.stored) return
    const namespace = codec.namespace(entry)
    const value = entry.present ? codec.value(entry) : undefined
    this.write(codec.hashOf(entry), codec.state, codec.keyOf(entry), namespace, entry.epoch, value)
  }

  /** Asks for an entry, which comes with the next `fetch`. */
  want(hash: number, state: number, key: Uint8Array, namespace: Uint8Array): void {
    this.#wanted.keep(this.keys.entry(hash, state, key, namespace))
  }

  /** What RocksDB has of the entries that were asked for, in order. Lent until the next call. */
  fetch(): readonly (Buffer | undefined)[] {
    this.store.flush()
    const found = this.store.getMany(this.#wanted.all())
    this.#wanted.clear()
    return found
  }

  /** Puts a version into RocksDB, undefined for one that is gone, and notes it for the snapshots that do not have it. */
  write(
    hash: number,
    state: number,
    key: Uint8Array,
    namespace: Uint8Array,
    epoch: number,
    value: Uint8Array | undefined,
  ): void {
    this.keep(this.keys.entry(hash, state, key, namespace), epoch, value)
    this.log(hash, state, key, namespace, epoch, value)
  }

  /** Puts a version into RocksDB, and nothing else. */
  keep(at: Buffer, epoch: number, value: Uint8Array | undefined): void {
    if (value === undefined) this.store.delete(at)
    else this.store.put(at, this.#versioned(epoch, value))
    if (this.store.waiting >= flushAt) this.store.flush()
  }

  /** Notes a version that is not in the cache any more. */
  log(
    hash: number,
    state: number,
    key: Uint8Array,
    namespace: Uint8Array,
    epoch: number,
    value: Uint8Array | undefined,
  ): void {
    const log = this.#log
    if (log === undefined || !this.tracked || epoch < this.floor || epoch < this.#noted) return
    log.append(epoch, hash, state, key, namespace, value)
    if (log.bytes > this.#logBytesMax || log.files > logFilesMax) this.#boundLog(log)
  }

  /** What the log has now is in frames up to this number. */
  markLog(): number {
    return this.#log?.mark() ?? 0
  }

  /** The log has no frames before this number. */
  get oldestLogged(): number {
    return this.#log?.oldest ?? 1
  }

  // Its part in snapshots.

  needsAll(): boolean {
    return this.#noted === Number.POSITIVE_INFINITY
  }

  freeze(checkpointId: number, all = false): void {
    this.store.flush()
    const from = this.#base
    const through = this.epoch
    this.epoch++
    this.#base = this.epoch
    this.#snapshots++
    this.#pending.set(checkpointId, { from, through, all })
    if (all) {
      this.#noted = this.epoch
      this.#encoding = { checkpointId, from: 0, through, logged: undefined, stored: this.#scanAll() }
    } else {
      const logged = this.#log?.read(from, through)
      this.#encoding = { checkpointId, from, through, logged, stored: undefined }
    }
  }

  encode(run: SnapshotRun): Iterator<void> {
    const encoding = this.#encoding
    assert(encoding !== undefined, 'a frozen set is encoded at once')
    return this.#encode(encoding, run)
  }

  *#encode({ logged, stored }: Encoding, run: SnapshotRun): Generator<void> {
    for (let next = logged?.next(); next !== undefined && next.done !== true; next = logged?.next()) {
      this.#take(run, next.value)
      yield
    }
    for (const each of stored ?? []) yield* this.#encodeStored(each, run)
    if (stored !== undefined) {
      run.goOver()
      yield
    }
    for (const state of this.#states) {
      const steps = state.encode()
      while (steps.next().done !== true) {
        if (this.#taken.length >= takenBytes) this.#takeCached(run)
        yield
      }
    }
    this.#takeCached(run)
    this.#end()
  }

  *#encodeStored({ scan, add }: StoredScan, run: SnapshotRun): Generator<void> {
    const read = new EncodedEntries()
    for (;;) {
      const found = scan.next(scannedAtOnce)
      for (let i = 0; i < found.length; i += 2) add(found[i], found[i + 1].subarray(epochBytes), read)
      const { bytes, entries } = read
      if (entries > 0) this.#take(run, { bytes, entries, gone: false, frame: undefined })
      read.clear()
      if (found.length < 2 * scannedAtOnce) return
      yield
    }
  }

  /** All that RocksDB has now. */
  #scanAll(): readonly StoredScan[] {
    const states = new Map(this.#states.map((state) => [state.state, state]))
    const entries: StoredScan = {
      scan: this.store.scan(entriesStart, entriesEnd),
      add: (at, value, to) => {
        const parts = this.keys.parse(at)
        const state = states.get(parts.state)
        if (state === undefined || state.expired(value)) return
        if (state.addStored !== undefined) state.addStored(parts, value, to)
        else to.add(parts.hash, parts.state, parts.key, parts.namespace, value)
      },
    }
    return [entries, ...this.#states.flatMap((state) => state.scan?.() ?? [])]
  }

  #takeCached(run: SnapshotRun): void {
    const { bytes, entries, gone } = this.#taken
    if (entries > 0) this.#take(run, { bytes, entries, gone, frame: undefined })
    this.#taken.clear()
  }

  #take(run: SnapshotRun, entries: LoggedEntries): void {
    const alone = this.#states.length === 1 ? this.#states[0] : undefined
    if (alone?.take !== undefined) alone.take(run, entries)
    else run.putEncoded(entries.bytes, entries.entries, entries.gone)
  }

  settle(checkpointId: number, counts: boolean): void {
    if (this.#encoding?.checkpointId === checkpointId) this.#end()
    const pending = this.#pending.get(checkpointId)
    if (pending === undefined) return
    this.#pending.delete(checkpointId)
    if (counts) {
      this.floor = Math.max(this.floor, pending.through + 1)
      this.#log?.dropBefore(this.floor)
    } else {
      this.#base = Math.min(this.#base, pending.from)
      if (pending.all) this.#giveUpLog()
    }
  }

  restore(number: number, cursor: RunCursor, rewrite: boolean): void {
    // No chain has anything of it: the first snapshot takes all there is.
    if (rewrite && !this.needsAll()) this.#giveUpLog()
    for (const state of this.#states) if (state.state === number) state.restore(cursor, rewrite ? this.epoch : 0)
  }

  restoreEnded(): void {
    for (const state of this.#states) state.restoreEnded?.()
  }

  /** The log may be as large as what it saves snapshots from reading. */
  #boundLog(log: ChangeLog): void {
    this.#logBytesMax = Math.max(this.#logBytesMin, this.store.dataBytes)
    if (log.bytes > this.#logBytesMax || log.files > logFilesMax) this.#giveUpLog()
  }

  /** From now on nothing is noted, until a snapshot takes everything. */
  #giveUpLog(): void {
    this.#noted = Number.POSITIVE_INFINITY
    this.#log?.clear()
  }

  #end(): void {
    this.#encoding?.logged?.close()
    for (const { scan } of this.#encoding?.stored ?? []) scan.close()
    this.#encoding = undefined
    this.#taken.clear()
  }

  /** A value with its epoch before it; lent. */
  #versioned(epoch: number, value: Uint8Array): Buffer {
    const length = epochBytes + value.length
    if (length > this.#value.length) this.#value = Buffer.allocUnsafeSlow(length * 2)
    writeU32(this.#value, 0, epoch)
    this.#value.set(value, epochBytes)
    return this.#value.subarray(0, length)
  }
}
