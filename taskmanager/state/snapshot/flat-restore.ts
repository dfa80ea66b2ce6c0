/**
 * Restores the flat states of a key table in batches, where blocks cannot be taken as they are (flat-blocks.ts). Entries are collected as they come out of the runs, their keys are found or inserted by one kernel call, and the values
 * are taken from where they stand in the blocks.
 *
 * Promises: nothing is kept of an entry but numbers and its block, which nobody writes to again. Memory is given back with the
 * last batch. One thread.
 */
import type { RunCursor } from '../../../proto/checkpoint/runs/run.ts'
import type { KeyShape } from '../api.ts'
import type { KeyTable } from '../key-table.ts'
import type { StateMemory } from '../memory.ts'
import { StateRows } from '../rows.ts'
import { type FlatPart, type FlatStates, markRestored, type RestoredValue } from './flat-part.ts'
import { entriesIn, markRanges } from './key-ranges.ts'
import type { Renewing, SnapshotPart } from './snapshot-part.ts'

const batchEntries = 2048
/** All of a larger table is not frozen at once: what is written meanwhile is copied. */
const allBytesMax = 512 << 20

/** Stands for a flat part in snapshots, and restores it. */
export class FlatRestore implements SnapshotPart {
  readonly #part: FlatPart
  readonly #states: FlatStates
  readonly #table: KeyTable
  readonly #memory: StateMemory
  readonly #shape: KeyShape
  /** While entries are coming. */
  #rows: StateRows | undefined
  #count = 0
  #rewrite = false
  #blocks: Uint8Array[] = []
  readonly #numbers = new Uint16Array(batchEntries)
  readonly #starts = new Uint32Array(batchEntries)
  readonly #ends = new Uint32Array(batchEntries)

  constructor(part: FlatPart, states: FlatStates, table: KeyTable, shape: KeyShape) {
    this.#part = part
    this.#states = states
    this.#table = table
    this.#memory = table.memory
    this.#shape = shape
  }

  restore(state: number, cursor: RunCursor, rewrite: boolean): void {
    if (!this.#states.accepts(state)) return
    const i = this.#count
    if (i === 0) {
      this.#rows ??= new StateRows(this.#memory, this.#shape)
      this.#rows.begin()
      this.#rewrite = rewrite
    }
    const rows = this.#rows as StateRows
    rows.addCanonical(i, cursor.hash, cursor.bytes, cursor.keyStart, cursor.keyEnd)
    this.#blocks[i] = cursor.bytes
    this.#numbers[i] = state
    this.#starts[i] = cursor.namespaceEnd
    this.#ends[i] = cursor.valueEnd
    this.#count = i + 1
    if (this.#count === batchEntries) this.restoreCollected()
  }

  restoreCollected(): void {
    const n = this.#count
    const rows = this.#rows
    if (n === 0 || rows === undefined) return
    this.#count = 0
    rows.findAdded(this.#table, n)
    const ids = rows.ids >>> 2
    const at: { -readonly [K in keyof RestoredValue]: RestoredValue[K] } = {
      bytes: this.#blocks[0],
      namespaceEnd: 0,
      valueEnd: 0,
    }
    for (let i = 0; i < n; i++) {
      const id = this.#memory.i32[ids + i]
      at.bytes = this.#blocks[i]
      at.namespaceEnd = this.#starts[i]
      at.valueEnd = this.#ends[i]
      if (this.#states.restore(this.#numbers[i], at, id)) markRestored(this.#table, id, this.#rewrite)
    }
  }

  restoreEnded(): void {
    this.restoreCollected()
    this.#rows?.free()
    this.#rows = undefined
    this.#blocks = []
  }

  // The rest is the part's own.

  renewing(): Renewing | undefined {
    const table = this.#table
    if (table.idLimit * table.stride > allBytesMax) return undefined
    return { held: entriesIn(table), mark: (ranges) => markRanges(table, ranges) }
  }

  freeze(checkpointId: number, all?: boolean): void {
    this.#part.freeze(checkpointId, all)
  }

  encode(run: Parameters<FlatPart['encode']>[0]): Iterator<void> {
    return this.#part.encode(run)
  }

  settle(checkpointId: number, counts: boolean): void {
    this.#part.settle(checkpointId, counts)
  }
}
