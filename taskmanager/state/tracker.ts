/**
 * Entries that are JavaScript objects (values, list, map entries, timers) and their part in snapshots.
 *
 * Promises: what a snapshot writes of an entry is what it was when frozen. An entry is encoded before it is written, and
 * before a mutable value of it is given out, while the snapshot has not passed it (`guard`). An entry whose removal
 * some snapshot must still hear of is kept until that snapshot is complete.
 */
import { assert } from '../../core/assert.ts'
import type { RunCursor, RunEntry } from '../../proto/checkpoint/runs/run.ts'
import { type Change, Changes, change } from './changes.ts'
import type { SnapshotPart } from './snapshot/snapshot-part.ts'
import type { SnapshotRun } from './snapshot/snapshot-run.ts'

export interface TrackedEntry {
  /** Of the key. */
  readonly id: number
  /** False: removed, a snapshot has to hear of it. */
  present: boolean
  /** The tracker's: the snapshots before it was last noted as changed, and before it was last looked at for one. */
  epoch: number
  guarded: number
}

/** What a tracker asks of its owner. */
export interface EntryCodec<E> {
  /** Number of the state in runs. */
  readonly state: number
  hashOf(id: number): number
  /** Canonical bytes of the key; lent until the next call. */
  keyOf(id: number): Uint8Array
  /** Lent until the next call. */
  namespace(entry: E): Uint8Array
  /** Lent until the next call; undefined: the entry has expired. */
  value(entry: E): Uint8Array | undefined
  /** The entry is gone for good: nothing refers to it any more. */
  forget(entry: E): void
  /** `id` of its key, when known. Undefined: there is nothing to keep. */
  restore(entry: RunEntry, id?: number): E | undefined
}

const entriesPerStep = 64

export class Tracker<E extends TrackedEntry> implements SnapshotPart {
  readonly #codec: EntryCodec<E>
  readonly #tracked: boolean
  readonly #changes = new Changes<E>()
  /** Changes of snapshots that are neither complete nor aborted. */
  readonly #unresolved = new Map<number, ReadonlyMap<E, Change>>()
  #frozen: ReadonlyMap<E, Change> | undefined
  /** Number of snapshots so far. */
  #epoch = 0
  #encoding = -1
  #run: SnapshotRun | undefined

  constructor(codec: EntryCodec<E>, tracked: boolean) {
    this.#codec = codec
    this.#tracked = tracked
  }

  /** Before an entry is written, and before it is marked present. */
  put(entry: E): void {
    if (!this.#tracked) {
      entry.present = true
      return
    }
    // Most entries have changed since the last snapshot already.
    if (entry.epoch === this.#epoch && entry.present) return
    if (this.#frozen !== undefined) this.guard(entry)
    this.#changes.put(entry, entry.present)
    entry.present = true
    entry.epoch = this.#epoch
  }

  /** Before the value of an entry that is there goes away. */
  remove(entry: E): void {
    if (this.#tracked) {
      if (this.#frozen !== undefined) this.guard(entry)
      entry.present = false
      if (this.#changes.remove(entry) || this.#isUnresolved(entry)) return
    } else entry.present = false
    this.#codec.forget(entry)
  }

  /** Before a mutable value is given out: writes what a snapshot has yet to write of the entry. */
  guard(entry: E): void {
    if (this.#frozen === undefined || entry.guarded === this.#epoch) return
    entry.guarded = this.#epoch
    const how = this.#frozen.get(entry)
    if (how !== undefined) this.#write(entry, how)
  }

  freeze(checkpointId: number): void {
    this.#frozen = this.#changes.freeze()
    this.#epoch++
    this.#encoding = checkpointId
    this.#unresolved.set(checkpointId, this.#frozen)
  }

  encode(run: SnapshotRun): Iterator<void> {
    this.#run = run
    return this.#encode()
  }

  *#encode(): Generator<void> {
    let n = 0
    for (const [entry, how] of this.#frozen ?? []) {
      if (entry.guarded !== this.#epoch) {
        entry.guarded = this.#epoch
        this.#write(entry, how)
      }
      if (++n % entriesPerStep === 0) yield
    }
    this.#endEncoding()
  }

  settle(checkpointId: number, counts: boolean): void {
    if (this.#encoding === checkpointId) this.#endEncoding()
    const frozen = this.#unresolved.get(checkpointId)
    if (frozen === undefined) return
    this.#unresolved.delete(checkpointId)
    const forgotten = (entry: E): void => {
      if (!entry.present && !this.#isUnresolved(entry)) this.#codec.forget(entry)
    }
    if (!counts) this.#changes.merge(frozen, forgotten)
    else {
      for (const entry of frozen.keys()) if (!entry.present && !this.#changes.entries.has(entry)) forgotten(entry)
    }
  }

  restore(state: number, cursor: RunCursor, rewrite: boolean): void {
    if (state === this.#codec.state) this.take(cursor, rewrite)
  }

  /** Number of the state in runs. */
  get state(): number {
    return this.#codec.state
  }

  /** An entry of this state out of a chain. */
  take(restored: RunEntry, rewrite: boolean, id?: number): void {
    const entry = this.#codec.restore(restored, id)
    if (entry === undefined) return
    entry.present = true
    if (rewrite && this.#tracked) this.#changes.put(entry, false)
  }

  #isUnresolved(entry: E): boolean {
    for (const frozen of this.#unresolved.values()) if (frozen.has(entry)) return true
    return false
  }

  #endEncoding(): void {
    this.#frozen = undefined
    this.#encoding = -1
    this.#run = undefined
  }

  #write(entry: E, how: Change): void {
    const codec = this.#codec
    const run = this.#run
    assert(run !== undefined, 'a frozen set is encoded at once')
    const value = entry.present ? codec.value(entry) : undefined
    if (value !== undefined)
      run.put(codec.hashOf(entry.id), codec.state, codec.keyOf(entry.id), codec.namespace(entry), value)
    else if (how !== change.fresh)
      run.tombstone(codec.hashOf(entry.id), codec.state, codec.keyOf(entry.id), codec.namespace(entry))
  }
}
