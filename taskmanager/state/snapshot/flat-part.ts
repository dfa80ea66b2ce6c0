/**
 * The part of a key table in snapshots: has the marked entries of its pages written, some at a time.
 *
 * A key that some snapshot holds keeps its id, even without any state, until a snapshot with its tombstones is complete.
 */
import type { RunCursor } from '../../../proto/checkpoint/runs/run.ts'
import type { KeyShape } from '../api.ts'
import { type KeyTable, persisted } from '../key-table.ts'
import { canonicalKey, keyInMemory } from '../keys.ts'
import { type Expiry, FlatEncoder, type ValuePiece } from './flat-encoder.ts'
import type { SnapshotPart } from './snapshot-part.ts'
import type { SnapshotRun } from './snapshot-run.ts'

/** A state inside the entries of a table. */
export interface FlatState {
  /** Number of the state in runs. */
  readonly state: number
  /** Bit in the presence word of an entry. */
  readonly presence: number
  /** Where in an entry values of so many bytes go as they stand in a run. Absent, or of other bytes: they are decoded. */
  readonly copied?: { readonly offset: number; readonly bytes: number }
  /** What a value in a run is made of, in order. Absent: of the bytes of `copied`. */
  readonly pieces?: readonly ValuePiece[]
  /** Absent: it does not expire. */
  readonly expiry?: Expiry | undefined
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

/** Something of this key came out of a run. `rewrite`: no chain of ours has it. */
export function markRestored(table: KeyTable, id: number, rewrite: boolean): void {
  if (rewrite) table.markOne(id)
  else table.memory.u32[(table.entry(id) >>> 2) + 5] |= persisted
}

/** Where the value of an entry stands: of a cursor, or of a batch. */
export type RestoredValue = Pick<RunCursor, 'bytes' | 'namespaceEnd' | 'valueEnd'>

/** Writes what is frozen into a run. */
export interface FrozenWriter {
  /** So many at a time take well below a millisecond. A multiple of 64. */
  readonly idsPerStep: number
  /**
   * Writes the frozen entries of ids `from`, a multiple of `idsPerStep`, to `to` - 1, and passes their pages. Adds to `gone` the keys of
   * which it wrote only that they are gone, and to `idle` those that no snapshot has heard of, and need not any more.
   */
  write(from: number, to: number, gone: number[], idle: number[]): void
  free(): void
}

/** What lies in the entries of a table. */
export interface FlatContents {
  accepts(state: number): boolean
  /** A frozen set is going to be written to this run. */
  begun(run: SnapshotRun): FrozenWriter
  /** It has been, or was given up. */
  ended?(): void
  /** Takes what a run has of a key; false when there is nothing to keep. */
  restore(state: number, cursor: RunCursor, id: number): boolean
}

/** States side by side in each entry. */
export class FlatStates implements FlatContents {
  readonly all: readonly FlatState[]
  readonly #table: KeyTable
  readonly #type: KeyShape['type']
  readonly #namespace: Uint8Array

  /** `all` may still grow until the first call. */
  constructor(table: KeyTable, type: KeyShape['type'], all: readonly FlatState[], namespace: Uint8Array = nothing) {
    this.#table = table
    this.#type = type
    this.all = all
    this.#namespace = namespace
  }

  accepts(state: number): boolean {
    return this.find(state) !== undefined
  }

  begun(run: SnapshotRun): FrozenWriter {
    return new FlatEncoder(this.#table, this.#type, this.all, this.#namespace, run)
  }

  restore(state: number, { bytes, namespaceEnd, valueEnd }: RestoredValue, id: number): boolean {
    const address = this.#table.entry(id)
    const flat = this.find(state)
    if (flat === undefined || !flat.decode(bytes, namespaceEnd, valueEnd, address)) return false
    this.#table.memory.u32[(address >>> 2) + 3] |= flat.presence
    return true
  }

  /** The state with this number in runs. */
  find(state: number): FlatState | undefined {
    const { all } = this
    for (let i = 0; i < all.length; i++) if (all[i].state === state) return all[i]
    return undefined
  }
}

export class FlatPart implements SnapshotPart {
  readonly #table: KeyTable
  readonly #contents: FlatContents
  readonly #released: ((id: number) => void) | undefined
  /** Id of the key of an entry that is being restored. */
  readonly #restoreId: (entry: RunCursor) => number
  /** What snapshots that are neither complete nor aborted took: marks, and ids of keys that were gone. */
  readonly #unresolved = new Map<number, { bits: Uint8Array; gone: readonly number[] }>()
  #encoding = -1
  #writer: FrozenWriter | undefined
  /** The next page that the encoding reads. */
  #page = 0
  #gone: number[] = []
  /** Keys that no snapshot has heard of, and need not any more. */
  #idle: number[] = []

  constructor(
    table: KeyTable,
    contents: FlatContents,
    restoreId: (entry: RunCursor) => number,
    released?: (id: number) => void,
  ) {
    this.#table = table
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

  freeze(checkpointId: number, all = false): void {
    this.#table.freeze(all)
    this.#encoding = checkpointId
    this.#page = 0
    this.#gone = []
  }

  encode(run: SnapshotRun): Iterator<void> {
    const writer = this.#contents.begun(run)
    this.#writer = writer
    return this.#encode(writer)
  }

  *#encode(writer: FrozenWriter): Generator<void> {
    const limit = Math.ceil(this.#table.idLimit / 64) * 64
    for (let from = 0; from < limit; from += writer.idsPerStep) {
      const to = Math.min(from + writer.idsPerStep, limit)
      writer.write(from, to, this.#gone, this.#idle)
      this.#page = to >>> 6
      yield
    }
    const table = this.#table
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
    if (this.#contents.restore(state, cursor, id)) markRestored(this.#table, id, rewrite)
  }

  #end(): void {
    this.#encoding = -1
    this.#table.thaw()
    this.#writer?.free()
    this.#writer = undefined
    this.#contents.ended?.()
    for (const id of this.#idle) this.#released?.(id)
    this.#idle = []
  }
}
