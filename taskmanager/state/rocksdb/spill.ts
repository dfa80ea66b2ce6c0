/**
 * Between the cache and RocksDB: which version of an entry is where, and what a snapshot takes of it.
 *
 * Time is cut into epochs by snapshots. Each entry knows the epoch of its last change. A snapshot takes every entry whose
 * epoch is not covered by an earlier one: from the cache, and from the log, in files (change-log.ts) and in RocksDB, where an
 * entry that leaves the cache is noted under its epoch. The log goes into the run first, oldest epoch first, the cache after it, and in a run the later
 * of two versions stands: so nothing need be taken out of the log when an entry is loaded or changes again.
 *
 * Promises: what a snapshot writes of an entry is what it was when frozen: an entry is written before it changes, before a
 * mutable value of it is given out and before it leaves the cache, if the snapshot has not passed it yet. A snapshot that
 * does not count leaves its epochs to the next. One thread.
 */
import { assert } from '../../../core/assert.ts'
import type { RunCursor } from '../../../proto/checkpoint/run.ts'
import type { SnapshotRun } from '../snapshot-run.ts'
import type { SnapshotPart } from '../snapshotter.ts'
import type { KeyScan, KeyValues } from './binding.ts'
import type { ChangeLog, LoggedEntries } from './change-log.ts'
import { EntryKeys, epochBytes, type KeyLayout, logStart, writeU32 } from './layout.ts'
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
  /** Its entries expire. */
  readonly expires?: boolean
  /** Writes entries that the snapshot waits for, in steps. */
  encode(): Iterator<void>
  /** Writes into RocksDB, or takes, what a run has; `epoch` is that of its last change. */
  restore(cursor: RunCursor, epoch: number): void
  /** That was the last entry. */
  restoreEnded?(): void
  /** A value, as in a run, whose time is over. */
  expired(value: Buffer): boolean
  /** Writes a version into a run, undefined for one that is gone. Absent: as it stands. */
  put?(run: SnapshotRun, hash: number, key: Uint8Array, value: Uint8Array | undefined): void
}

interface Early {
  readonly hash: number
  readonly state: number
  readonly key: Uint8Array
  readonly namespace: Uint8Array
  readonly value: Uint8Array | undefined
}

interface Encoding {
  readonly checkpointId: number
  readonly from: number
  readonly through: number
  readonly logged: Iterator<LoggedEntries> | undefined
  readonly scan: KeyScan
  /** Written ahead while the log is still on its way; undefined: it is through. */
  early: Early[] | undefined
  run: SnapshotRun | undefined
}

const logEntriesPerStep = 256
const flushAt = 1024
const gone = Uint8Array.of(0)

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
  readonly #pending = new Map<number, { from: number; through: number; changes: number }>()
  #store: KeyValues | undefined
  #files: ChangeLog | undefined
  /** States whose versions may expire before they are taken. */
  #expiring = new Set<number>()
  /** The last epoch that RocksDB has because the files had no room. */
  #overflowed = 0
  /** The last epoch that RocksDB has versions of; 0: it has none. */
  #storedThrough = 0
  readonly #wanted = new Slab()
  #value: Buffer = Buffer.allocUnsafeSlow(512)
  /** The first epoch of the next snapshot. */
  #base = 1
  #snapshots = 0
  #changes = 0
  #encoding: Encoding | undefined

  /** `states` may still grow until the first snapshot. */
  constructor(states: readonly SpilledState[], tracked: boolean, keys: KeyLayout = new EntryKeys()) {
    this.#states = states
    this.tracked = tracked
    this.keys = keys
  }

  /** `files`: where versions wait for snapshots; absent: in RocksDB. */
  attach(store: KeyValues, files?: ChangeLog): void {
    this.#store = store
    this.#files = files
    for (const { state, expires } of this.#states) if (expires === true) this.#expiring.add(state)
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

  /** An entry changed whose epoch the caller keeps. */
  changed(): void {
    this.#changes++
  }

  /** Before a mutable value is given out, or the snapshot passes it: writes what it has yet to write of the entry. */
  guard<E extends SpillEntry>(entry: E, codec: SpillCodec<E>): void {
    // What RocksDB has, the log has.
    if (entry.stored || !this.takes(entry.epoch) || entry.guarded === this.#snapshots) return
    entry.guarded = this.#snapshots
    const namespace = codec.namespace(entry)
    this.snapshotEntry(
      codec.hashOf(entry),
      codec.state,
      codec.keyOf(entry),
      namespace,
      entry.present ? codec.value(entry) : undefined,
    )
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
    else this.store.put(at, this.versioned(epoch, value))
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
    if (!this.tracked || epoch < this.floor) return
    if (this.#files !== undefined && !this.#expiring.has(state)) {
      // What RocksDB has comes behind what the files have.
      const room = this.#overflowed < this.floor
      if (room && this.#files.append(epoch, hash, state, key, namespace, value)) return
      this.#overflowed = this.epoch
    }
    this.#storedThrough = this.epoch
    const at = this.keys.log(epoch, hash, state, key, namespace)
    if (value === undefined) this.store.put(at, gone)
    else
      this.store.put(
        at,
        this.#prefixed(1, value, (buffer) => (buffer[0] = 1)),
      )
  }

  /** A value with its epoch before it; lent. */
  versioned(epoch: number, value: Uint8Array): Buffer {
    return this.#prefixed(epochBytes, value, (buffer) => writeU32(buffer, 0, epoch))
  }

  /** Writes an entry into the run of the snapshot that is being encoded. */
  snapshotEntry(
    hash: number,
    state: number,
    key: Uint8Array,
    namespace: Uint8Array,
    value: Uint8Array | undefined,
  ): void {
    const encoding = this.#encoding
    if (encoding === undefined) return
    if (encoding.early !== undefined) {
      // Copies: what is given is lent.
      encoding.early.push({
        hash,
        state,
        key: new Uint8Array(key),
        namespace: new Uint8Array(namespace),
        value: value === undefined ? undefined : new Uint8Array(value),
      })
    } else this.#put(encoding.run, hash, state, key, namespace, value)
  }

  // Its part in snapshots.

  freeze(checkpointId: number): void {
    this.store.flush()
    const from = this.#base
    const through = this.epoch
    this.epoch++
    this.#base = this.epoch
    this.#snapshots++
    this.#pending.set(checkpointId, { from, through, changes: this.#changes })
    this.#changes = 0
    const logged = this.#files?.read(from, through)
    const scan = this.store.scan(logStart(from), logStart(through + 1))
    this.#encoding = { checkpointId, from, through, logged, scan, early: [], run: undefined }
  }

  encode(run: SnapshotRun): Iterator<void> {
    const encoding = this.#encoding
    assert(encoding !== undefined, 'a frozen set is encoded at once')
    encoding.run = run
    return this.#encode(encoding, run)
  }

  *#encode(encoding: Encoding, run: SnapshotRun): Generator<void> {
    const states = new Map(this.#states.map((state) => [state.state, state]))
    const { logged } = encoding
    for (let next = logged?.next(); next !== undefined && next.done !== true; next = logged?.next()) {
      run.putEncoded(next.value.bytes, next.value.entries, next.value.gone)
      yield
    }
    for (;;) {
      const entries = encoding.scan.next(logEntriesPerStep)
      for (let i = 0; i < entries.length; i += 2) {
        const { hash, state, key, namespace } = this.keys.parseLog(entries[i])
        const stored = entries[i + 1]
        const value = stored[0] === 0 ? undefined : stored.subarray(1)
        const over = value === undefined || (states.get(state)?.expired(value) ?? false)
        this.#put(run, hash, state, key, namespace, over ? undefined : value)
      }
      if (entries.length < 2 * logEntriesPerStep) break
      yield
    }
    encoding.scan.close()
    for (const { hash, state, key, namespace, value } of encoding.early ?? [])
      this.#put(run, hash, state, key, namespace, value)
    encoding.early = undefined
    for (const state of this.#states) yield* { [Symbol.iterator]: () => state.encode() }
    this.#end()
  }

  settle(checkpointId: number, counts: boolean): void {
    if (this.#encoding?.checkpointId === checkpointId) this.#end()
    const pending = this.#pending.get(checkpointId)
    if (pending === undefined) return
    this.#pending.delete(checkpointId)
    if (counts) {
      this.floor = Math.max(this.floor, pending.through + 1)
      this.#files?.dropBefore(this.floor)
      if (this.#storedThrough > 0) {
        this.store.flush()
        this.store.deleteRange(logStart(0), logStart(this.floor))
        if (this.#storedThrough < this.floor) this.#storedThrough = 0
      }
    } else {
      this.#base = Math.min(this.#base, pending.from)
      this.#changes += pending.changes
    }
  }

  restore(number: number, cursor: RunCursor, rewrite: boolean): void {
    for (const state of this.#states) if (state.state === number) state.restore(cursor, rewrite ? this.epoch : 0)
    if (rewrite) this.#changes++
  }

  restoreEnded(): void {
    for (const state of this.#states) state.restoreEnded?.()
  }

  #end(): void {
    this.#encoding?.scan.close()
    this.#encoding = undefined
  }

  #prefixed(bytes: number, value: Uint8Array, head: (buffer: Buffer) => void): Buffer {
    const length = bytes + value.length
    if (length > this.#value.length) this.#value = Buffer.allocUnsafeSlow(length * 2)
    head(this.#value)
    this.#value.set(value, bytes)
    return this.#value.subarray(0, length)
  }

  #put(
    run: SnapshotRun | undefined,
    hash: number,
    state: number,
    key: Uint8Array,
    namespace: Uint8Array,
    value: Uint8Array | undefined,
  ): void {
    assert(run !== undefined, 'a frozen set is encoded at once')
    const own = this.#states.find((candidate) => candidate.state === state)
    if (own?.put !== undefined) own.put(run, hash, key, value)
    else if (value === undefined) run.gone(hash, state, key, namespace)
    else run.put(hash, state, key, namespace, value)
  }
}
