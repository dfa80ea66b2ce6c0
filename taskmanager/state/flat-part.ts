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
  /** Takes a value out of a run into a live entry; false when it has expired. */
  decode(value: Uint8Array, address: number): boolean
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

export class FlatPart implements SnapshotPart {
  readonly #table: KeyTable
  readonly #type: KeyShape['type']
  readonly #states: readonly FlatState[]
  readonly #namespace: Uint8Array
  readonly #released: ((id: number) => void) | undefined
  /** Id of the key of an entry that is being restored. */
  readonly #restoreId: (entry: RunCursor) => number
  /** What snapshots that are neither complete nor aborted took: marks, and ids of keys that were gone. */
  readonly #unresolved = new Map<number, { bits: Uint8Array; gone: readonly number[] }>()
  #encoding = -1
  #gone: number[] = []

  constructor(
    table: KeyTable,
    type: KeyShape['type'],
    states: readonly FlatState[],
    restoreId: (entry: RunCursor) => number,
    released?: (id: number) => void,
    namespace: Uint8Array = nothing,
  ) {
    this.#table = table
    this.#type = type
    this.#states = states
    this.#restoreId = restoreId
    this.#released = released
    this.#namespace = namespace
  }

  freeze(checkpointId: number): void {
    this.#table.freeze()
    this.#encoding = checkpointId
    this.#gone = []
  }

  frozenEntries(): number {
    return this.#table.idLimit
  }

  *encode(run: SnapshotRun): Generator<void> {
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
      yield
    }
    this.#unresolved.set(this.#encoding, { bits: table.frozenBits(), gone: this.#gone })
    this.#encoding = -1
    table.thaw()
  }

  settle(checkpointId: number, counts: boolean): void {
    const table = this.#table
    if (this.#encoding === checkpointId) {
      this.#unresolved.set(checkpointId, { bits: table.frozenBits(), gone: noIds })
      this.#encoding = -1
      table.thaw()
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
      u32[at + 5] &= ~persisted
      this.#released?.(id)
    }
  }

  restore(state: number, cursor: RunCursor, rewrite: boolean): void {
    const flat = this.#states.find((candidate) => candidate.state === state)
    if (flat === undefined) return
    const id = this.#restoreId(cursor)
    const address = this.#table.entry(id)
    if (!flat.decode(cursor.value, address)) return
    const { u32 } = this.#table.memory
    u32[(address >>> 2) + 3] |= flat.presence
    if (rewrite) this.#table.markOne(id)
    else u32[(address >>> 2) + 5] |= persisted
  }

  #write(run: SnapshotRun, id: number, address: number, u32: Uint32Array): void {
    const presence = u32[(address >>> 2) + 3]
    if (presence === 0xffffffff) return
    const marks = (this.#table.entry(id) >>> 2) + 5
    const was = (u32[marks] & persisted) !== 0
    if (presence === 0 && !was) return
    const key = entryKey(this.#table, this.#type, address)
    const hash = u32[(address >>> 2) + 2]
    let any = false
    for (const flat of this.#states) {
      const value = (presence & flat.presence) === 0 ? undefined : flat.encode(address)
      if (value !== undefined) {
        run.put(hash, flat.state, key, this.#namespace, value)
        any = true
      } else if (was) run.tombstone(hash, flat.state, key, this.#namespace)
    }
    if (any) u32[marks] |= persisted
    else this.#gone.push(id)
  }
}
