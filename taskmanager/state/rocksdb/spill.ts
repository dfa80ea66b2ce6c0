/**
 * Between the cache and RocksDB: which version of an entry is where, and what a snapshot takes of it.
 *
 * Time is cut into epochs by snapshots. Each entry knows the epoch of its last change. A snapshot takes every entry whose
 * epoch is not covered by an earlier one: from the cache, and from the log (change-log.ts), where an entry that leaves the cache is
 * noted under its epoch. The log goes into the run first, oldest epoch first, the cache after it, and in a run the later
 * of two versions stands: so nothing need be taken out of the log when an entry is loaded or changes again.
 *
 * Promises: what a snapshot writes of an entry is what it was when frozen: an entry is written before it changes, before a
 * mutable value of it is given out and before it leaves the cache, if the snapshot has not passed it yet and the log has not got it. A
 * snapshot that does not count leaves its epochs to the next. One thread.
 */
import { assert } from '../../../core/assert.ts'
import type { RunCursor } from '../../../proto/checkpoint/runs/run.ts'
import type { SnapshotPart } from '../snapshot/snapshot-part.ts'
import type { SnapshotRun } from '../snapshot/snapshot-run.ts'
import type { KeyValues } from './binding.ts'
import type { ChangeLog, LoggedEntries } from './change-log.ts'
import { EncodedEntries } from './encoded-entries.ts'
import { EntryKeys, epochBytes, type KeyLayout, writeU32 } from './layout.ts'
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
  /** Hands on to a run what the log and the cache have. Absent: as it stands. Only for a state that is alone. */
  take?(run: SnapshotRun, entries: LoggedEntries): void
}

interface Encoding {
  readonly checkpointId: number
  readonly from: number
  readonly through: number
  readonly logged: Iterator<LoggedEntries> | undefined
}

const flushAt = 1024
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
  readonly #pending = new Map<number, { from: number; through: number }>()
  #store: KeyValues | undefined
  #log: ChangeLog | undefined
  readonly #wanted = new Slab()
  #value: Buffer = Buffer.allocUnsafeSlow(512)
  /** The first epoch of the next snapshot. */
  #base = 1
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

  /** `log`: where versions wait for snapshots, if there are any. */
  attach(store: KeyValues, log?: ChangeLog): void {
    this.#store = store
    this.#log = log
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
    // What RocksDB has, the log has.
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
    if (this.tracked && epoch >= this.floor) this.#log?.append(epoch, hash, state, key, namespace, value)
  }

  /** How many entries the log has now, by epoch. */
  logged(): ReadonlyMap<number, number> {
    return this.#log?.counts() ?? new Map()
  }

  // Its part in snapshots.

  freeze(checkpointId: number): void {
    this.store.flush()
    const from = this.#base
    const through = this.epoch
    this.epoch++
    this.#base = this.epoch
    this.#snapshots++
    this.#pending.set(checkpointId, { from, through })
    this.#encoding = { checkpointId, from, through, logged: this.#log?.read(from, through) }
  }

  encode(run: SnapshotRun): Iterator<void> {
    const encoding = this.#encoding
    assert(encoding !== undefined, 'a frozen set is encoded at once')
    return this.#encode(encoding, run)
  }

  *#encode({ logged }: Encoding, run: SnapshotRun): Generator<void> {
    for (let next = logged?.next(); next !== undefined && next.done !== true; next = logged?.next()) {
      this.#take(run, next.value)
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

  #takeCached(run: SnapshotRun): void {
    const { bytes, entries, gone } = this.#taken
    if (entries > 0) this.#take(run, { bytes, entries, gone, place: undefined })
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
    } else this.#base = Math.min(this.#base, pending.from)
  }

  restore(number: number, cursor: RunCursor, rewrite: boolean): void {
    for (const state of this.#states) if (state.state === number) state.restore(cursor, rewrite ? this.epoch : 0)
  }

  restoreEnded(): void {
    for (const state of this.#states) state.restoreEnded?.()
  }

  #end(): void {
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
