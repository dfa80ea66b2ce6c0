/**
 * Records of a batch as plain objects, and a growing buffer of emitted ones. One of each per operator, reused for every
 * batch: the arrays are the operator's own, the records in them are never reused.
 */
import type { RecordBatch } from '../../core/columns/batch.ts'
import { rowReader } from '../../core/columns/rows.ts'
import type { Schema } from '../../core/columns/schema.ts'
import type { Output, RowBatch, Selection } from './operator.ts'

type ReadRows = ReturnType<typeof rowReader>

/** Turns batches into rows, only with the fields that somebody reads. */
export class RowMaterialiser {
  readonly rows: unknown[] = []
  readonly #fields: readonly string[] | undefined
  #schema: Schema | undefined
  #read: ReadRows | undefined
  #batch: RecordBatch | undefined
  #selection: Selection | undefined

  /** `fields` undefined: all. */
  constructor(fields: readonly string[] | undefined) {
    this.#fields = fields
  }

  /** The rows of the batch (or its selection), valid until the next call. */
  read(batch: RecordBatch, selection?: Selection): unknown[] {
    if (this.#read === undefined || this.#schema !== batch.schema) {
      this.#read = rowReader(batch.schema, this.#fields)
      this.#schema = batch.schema
    }
    this.#read(batch, this.rows, selection?.rows, selection?.count ?? batch.rowCount)
    this.#batch = batch
    this.#selection = selection
    return this.rows
  }

  /** A row of the batch that was read last, with the fields that nobody reads as well. While the batch is there. */
  whole(row: number): unknown {
    const batch = this.#batch
    if (this.#fields === undefined || batch === undefined) return this.rows[row]
    const out: unknown[] = []
    rowReader(batch.schema)(batch, out, Int32Array.of(this.#selection?.rows[row] ?? row), 1)
    return out[0]
  }
}

/** Event times of a batch; with a selection a copy of the selected ones. Undefined: the records have none. */
export function timestampsOf(batch: RecordBatch, selection?: Selection): Float64Array | undefined {
  if (batch.timestamps === 0) return undefined
  const from = batch.timestamps >>> 3
  const all = batch.arena.f64.subarray(from, from + batch.rowCount)
  if (selection === undefined) return all
  const picked = new Float64Array(selection.count)
  for (let i = 0; i < selection.count; i++) picked[i] = all[selection.rows[i]]
  return picked
}

/** Some rows of a batch, in arrays of their own. */
export function pickRows({ rows, timestamps, keys, hashes }: RowBatch, picked: Int32Array): RowBatch {
  return {
    rows: Array.from(picked, (row) => rows[row]),
    count: picked.length,
    timestamps: timestamps && Float64Array.from(picked, (row) => timestamps[row]),
    ...(keys && { keys: Array.from(picked, (row) => keys[row]) }),
    ...(hashes && { hashes: Int32Array.from(picked, (row) => hashes[row]) }),
  }
}

/** Records emitted one by one, passed on as batches of rows. */
export class RowBuffer implements RowBatch {
  readonly rows: unknown[] = []
  count = 0
  timestamps: Float64Array | undefined
  /** Event times so far; the first `count` count. Replaced when it grows. */
  times = new Float64Array(256)
  #timed = false

  /** `timestamp` NaN: none. */
  push(record: unknown, timestamp: number): void {
    const at = this.count++
    this.rows[at] = record
    if (at === this.times.length) {
      const grown = new Float64Array(at * 2)
      grown.set(this.times)
      this.times = grown
    }
    this.times[at] = timestamp
    if (timestamp === timestamp) this.#timed = true
  }

  /** Takes back all but the first `count` records. */
  truncate(count: number): void {
    if (count >= this.count) return
    this.rows.fill(undefined, count, this.count)
    this.count = count
  }

  /** Emits what has been gathered, if anything. */
  flush(output: Output): void {
    if (this.count === 0) return
    this.timestamps = this.#timed ? this.times.subarray(0, this.count) : undefined
    output.rows(this)
    // The array keeps its room, not the records.
    this.rows.fill(undefined, 0, this.count)
    this.count = 0
    this.#timed = false
  }
}
