/**
 * The part of a key table in snapshots: walks the frozen pages and writes the states of the marked entries.
 *
 * A key that some snapshot holds keeps its id, even without any state, until a snapshot with its tombstones is complete.
 */
import type { RunCursor } from '../../proto/checkpoint/run.ts'
import type { KeyShape } from './api.ts'
import { type KeyTable, persisted } from './key-table.ts'
import { canonicalKey, keyInMemory } from './keys.ts'
import type { SnapshotRun } from './snapshot-run.ts'
import type { SnapshotPart } from './snapshotter.ts'

/** A state inside the entries of a table. */
export interface FlatState {
  /** Number of the state in runs. */
  readonly state: number
  /** Bit in the presence word of an entry. */
  readonly presence: number
  /** The value in the entry at `address`, as it stands in a run; lent. Undefined: it has expired. */
  encode(address: number): Uint8Array | undefined
  /** Takes a value of a run, which stands in `bytes`, into a live entry; false when it has expired. */
  decode(bytes: Uint8Array, start: number, end: number, address: number): boolean
}

const nothing = new Uint8Array(0)
const noIds: readonly number[] = []

/** Canonical bytes of the key of the entry at `address`; lent until the next call. */
export function entryKey(table: KeyTable, type: KeyShape['type'], address: number): Uint8Array {
  const { f64, u32, buffer } = table.memory
  if (type === 'number') return canonicalKey(f64[address >>> 3])
  const start = u32[address >>> 2]
  const bytes = u32[(address >>> 2) + 1]
  return type === 'any' ? buffer.subarray(start, start + bytes) : canonicalKey(keyInMemory(type, buffer, start, bytes))
}

/** Where the value of an entry stands: of a cursor, or of a batch. */
export type RestoredValue = Pick<RunCursor, 'bytes' | 'namespaceEnd' | 'valueEnd'>

/** An entry as it was when it was frozen. */
export interface FrozenEntry {
  readonly id: number
  /** Of the entry, or of its copy. */
  readonly address: number
  readonly hash: number
  /** Canonical bytes; lent. */
  readonly key: Uint8Array
  /** Some snapshot may hold some of it. */
  readonly was: boolean
}

/** What lies in the entries of a table. */
export interface FlatContents {
  accepts(state: number): boolean
  /** Writes what the entry holds, and that what it held is gone. Returns false when it holds nothing. */
  write(run: SnapshotRun, entry: FrozenEntry): boolean
  /** Takes what a run has of a key; false when there is nothing to keep. */
  restore(state: number, cursor: RunCursor, id: number): boolean
  /** A frozen set is going to be written to this run. */
  begun?(run: SnapshotRun): void
  /** It has been, or was given up. */
  ended?(): void
}

/** States side by side in each entry. */
export class FlatStates implements FlatContents {
  readonly #table: KeyTable
  readonly #states: readonly FlatState[]
  readonly #namespace: Uint8Array

  /** `states` may still grow until the first call. */
  constructor(table: KeyTable, states: readonly FlatState[], namespace: Uint8Array = nothing) {
    this.#table = table
    this.#states = states
    this.#namespace = namespace
  }

  accepts(state: number): boolean {
    return this.#find(state) !== undefined
  }

  write(run: SnapshotRun, { address, hash, key, was }: FrozenEntry): boolean {
    const presence = this.#table.memory.u32[(address >>> 2) + 3]
    let any = false
    for (const flat of this.#states) {
      const value = (presence & flat.presence) === 0 ? undefined : flat.encode(address)
      if (value !== undefined) {
        run.put(hash, flat.state, key, this.#namespace, value)
        any = true
      } else if (was) run.tombstone(hash, flat.state, key, this.#namespace)
    }
    return any
  }

  restore(state: number, { bytes, namespaceEnd, valueEnd }: RestoredValue, id: number): boolean {
    const address = this.#table.entry(id)
    const flat = this.#find(state)
    if (flat === undefined || !flat.decode(bytes, namespaceEnd, valueEnd, address)) return false
    this.#table.memory.u32[(address >>> 2) + 3] |= flat.presence
    return true
  }

  #find(state: number): FlatState | undefined {
    const states = this.#states
    for (let i = 0; i < states.length; i++) if (states[i].state === state) return states[i]
    return undefined
  }
}

export class FlatPart implements SnapshotPart {
  readonly #table: KeyTable
  readonly #type: KeyShape['type']
  readonly #contents: FlatContents
  readonly #released: ((id: number) => void) | undefined
  /** Id of the key of an entry that is being restored. */
  readonly #restoreId: (entry: RunCursor) => number
  /** What snapshots that are neither complete nor aborted took: marks, and ids of keys that were gone. */
  readonly #unresolved = new Map<number, { bits: Uint8Array; gone: readonly number[] }>()
  #encoding = -1
  /** The next page that the encoding reads. */
  #page = 0
  #gone: number[] = []
  /** Keys that no snapshot has heard of, and need not any more. */
  #idle: number[] = []

  constructor(
    table: KeyTable,
    type: KeyShape['type'],
    contents: FlatContents,
    restoreId: (entry: RunCursor) => number,
    released?: (id: number) => void,
  ) {
    this.#table = table
    this.#type = type
    this.#contents = contents
    this.#restoreId = restoreId
    this.#released = released
  }

  /** Whether a snapshot is being encoded. */
  get encoding(): boolean {
    return this.#encoding >= 0
  }

  /** Whether the snapshot that is being encoded has yet to write this entry. */
  awaits(id: number): boolean {
    return this.#encoding >= 0 && id >>> 6 >= this.#page && this.#table.isFrozen(id)
  }

  freeze(checkpointId: number): void {
    this.#table.freeze()
    this.#encoding = checkpointId
    this.#page = 0
    this.#gone = []
  }

  frozenEntries(): number {
    return this.#table.frozenCount
  }

  encode(run: SnapshotRun): Iterator<void> {
    this.#contents.begun?.(run)
    return this.#encode(run)
  }

  *#encode(run: SnapshotRun): Generator<void> {
    const table = this.#table
    const { memory } = table
    const limit = table.idLimit
    for (let page = 0; page * 64 < limit; page++) {
      const base = table.frozenPage(page)
      if (base < 0) {
        if ((page & 1023) === 1023) yield
        continue
      }
      for (let i = 0; i < 64; i++) {
        const id = page * 64 + i
        if (id < limit && table.isFrozen(id)) this.#write(run, id, base + i * table.stride, memory.u32)
      }
      table.passPage(page)
      this.#page = page + 1
      yield
    }
    this.#unresolved.set(this.#encoding, { bits: table.frozenBits(), gone: this.#gone })
    this.#end()
  }

  settle(checkpointId: number, counts: boolean): void {
    const table = this.#table
    if (this.#encoding === checkpointId) {
      this.#unresolved.set(checkpointId, { bits: table.frozenBits(), gone: noIds })
      this.#end()
    }
    const frozen = this.#unresolved.get(checkpointId)
    if (frozen === undefined) return
    this.#unresolved.delete(checkpointId)
    if (!counts) {
      table.mark(frozen.bits)
      return
    }
    for (const id of frozen.gone) {
      const { u32 } = table.memory
      const at = table.entry(id) >>> 2
      if (u32[at + 3] !== 0 || table.isMarked(id) || (this.#encoding >= 0 && table.isFrozen(id))) continue
      u32[at + 5] = 0
      this.#released?.(id)
    }
  }

  restore(state: number, cursor: RunCursor, rewrite: boolean): void {
    if (!this.#contents.accepts(state)) return
    const id = this.#restoreId(cursor)
    if (this.#contents.restore(state, cursor, id)) this.restored(id, rewrite)
  }

  /** Something of this key came out of a run. */
  restored(id: number, rewrite: boolean): void {
    if (rewrite) this.#table.markOne(id)
    else this.#table.memory.u32[(this.#table.entry(id) >>> 2) + 5] |= persisted
  }

  #end(): void {
    this.#encoding = -1
    this.#table.thaw()
    this.#contents.ended?.()
    for (const id of this.#idle) this.#released?.(id)
    this.#idle = []
  }

  #write(run: SnapshotRun, id: number, address: number, u32: Uint32Array): void {
    const presence = u32[(address >>> 2) + 3]
    if (presence === 0xffffffff) return
    const marks = (this.#table.entry(id) >>> 2) + 5
    const was = (u32[marks] & persisted) !== 0
    if (presence === 0 && !was) {
      u32[marks] = 0
      this.#idle.push(id)
      return
    }
    const key = entryKey(this.#table, this.#type, address)
    const hash = u32[(address >>> 2) + 2]
    if (this.#contents.write(run, { id, address, hash, key, was })) u32[marks] |= persisted
    else this.#gone.push(id)
  }
}
