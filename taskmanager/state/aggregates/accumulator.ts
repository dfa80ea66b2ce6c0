/**
 * The accumulator of one declared aggregate, in entries of a key table: of numbers (number-accumulator.ts) or of int64
 * (int64-accumulator.ts). One kernel pass per batch; null and undefined are skipped. One thread.
 */
import type { Column, RecordBatch } from '../../../core/columns/batch.ts'
import type { DeclaredAggregate } from '../../../sdk/graph/nodes.ts'
import { stateErrors } from '../errors.ts'
import type { StateMemory } from '../memory.ts'
import type { StateRows } from '../rows.ts'
import type { ResultColumn } from './result-column.ts'

/** Bytes per row that `read` needs for itself. */
export const readBytes = 9

export interface Accumulator {
  readonly aggregate: DeclaredAggregate
  /** In an entry, a multiple of 8. */
  readonly bytes: number
  /** Writes that of a new entry. */
  init(memory: StateMemory, entry: number): void
  /** Brings the values of a column to `rows.values`; false: they have to be put one by one. */
  load(rows: StateRows, batch: RecordBatch, column: Column, selection: Int32Array | undefined, n: number): boolean
  /** Puts the value of row `i`, neither null nor undefined, to `rows.values`. Throws STATE_NOT_NUMBERS. */
  put(rows: StateRows, i: number, value: unknown): void
  /** Adds the values to the entries at `rows.addresses`. `out` gets the result after each row. Throws STATE_SUM_TOO_LARGE. */
  apply(rows: StateRows, n: number, validity: number, out: ResultColumn | undefined): void
  /** Adds those of entries at `sources` to those at `addresses` (addresses of arrays of addresses). */
  merge(memory: StateMemory, addresses: number, sources: number, n: number): void
  /** Results of the entries at `addresses`. `scratch`: address of n * `readBytes` bytes. Throws STATE_SUM_TOO_LARGE. */
  read(memory: StateMemory, addresses: number, n: number, scratch: number, out: ResultColumn): void
  /** Result of one entry; null: an int64 that there is not. Throws STATE_SUM_TOO_LARGE. */
  get(memory: StateMemory, entry: number): number | bigint | null
  /** Makes that of a new entry what `count` values gave: a sum, a least or greatest one, or nothing for a count. */
  set(memory: StateMemory, entry: number, value: number, count: number): void
}

export const notNumbers = ({ as, field }: DeclaredAggregate, actual: string): Error =>
  stateErrors.create('NOT_NUMBERS', { aggregate: as, field, actual })
