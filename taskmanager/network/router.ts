/**
 * Which channel a row goes to. One router per edge and producer subtask.
 *
 * Promises: the rows of one key always go to the same channel, whether they come as columns or as objects; what `split`
 * and `prepare` return is valid until the next call. Concurrency: one thread.
 */
import type { RecordBatch } from '../../core/columns/batch.ts'
import type { RowBatch, Selection } from '../operators/operator.ts'
import type { Lane } from './lane.ts'

/** Rows of one channel: the first `count` numbers of `rows`. */
export interface Part {
  rows: Int32Array
  count: number
}

export interface Router {
  /** The edge ships a computed key as column `$key`. */
  readonly computedKeys: boolean
  /** The batch with what the edge adds to it; undefined when there is no memory for that. `original` has all fields. */
  prepare(batch: RecordBatch, original: RecordBatch, selection: Selection | undefined): RecordBatch | undefined
  /** The channel for the whole batch, or -1: `split` decides by row. */
  wholeBatch(batch: RecordBatch, count: number): number
  split(batch: RecordBatch, selection: Selection | undefined): readonly Part[]
  routeRows(rows: RowBatch, lanes: readonly Lane[]): void
  /** The batch of the last `prepare` has been given on. */
  done(): void
  /** Gives back memory that it can do without. */
  trim(): void
  close(): void
}
