/**
 * One output of a source that is written as columns: its open writer, and the event times of what was written. Rows whose
 * time cannot be told are refused and left out of the selection that is passed on. Without a free segment for what is
 * computed the rows are passed on as records.
 */
import type { RecordBatch } from '../../core/columns/batch.ts'
import type { StringPools } from '../../core/columns/pools.ts'
import type { EmittedRows } from '../../core/columns/split.ts'
import { type BatchWriter, BatchWriters } from '../../core/columns/writer.ts'
import { schemaOf } from '../../sdk/schema.ts'
import type { TypeDef } from '../../sdk/types.ts'
import { NumberColumns } from './columns-out.ts'
import { type ColumnTimes, type EventTimes, type Refuse, withTimes } from './event-time.ts'
import type { OperatorContext, Output, Selection } from './operator.ts'
import { RowBuffer, RowMaterialiser } from './rows.ts'

export interface ColumnOutputOptions {
  readonly context: OperatorContext
  readonly type: TypeDef<unknown>
  /** Fields that somebody reads; undefined: all. */
  readonly wanted: readonly string[] | undefined
  readonly side: boolean
  readonly times: EventTimes
  /** Those of the whole source: an output of its own each would take a large segment each. */
  readonly pools: StringPools
  readonly output: Output
  /** Told before rows are passed on. `times` are lent; NaN: none. `highest` of them; NaN: unknown. */
  passed(count: number, times: Float64Array | undefined, splitId: string, highest: number): void
}

/** At most one writer is open. */
export class ColumnOutput {
  readonly #options: ColumnOutputOptions
  readonly #writers: BatchWriters
  readonly #columnTimes: ColumnTimes
  readonly #input = new RowMaterialiser(undefined)
  readonly #out = new RowBuffer()
  readonly #refuse: Refuse
  #opened: BatchWriter | undefined
  #splitId = ''

  constructor(options: ColumnOutputOptions) {
    const { context, type, wanted, side, times, pools } = options
    const schema = schemaOf(type)
    this.#options = options
    this.#columnTimes = times.ofColumns(schema, side)
    this.#refuse = (error, record) => context.poison(error, record, undefined)
    this.#writers = new BatchWriters({
      arena: context.arena,
      owner: context.owner,
      schema,
      wanted,
      pools,
      ...(this.#columnTimes.kind === 'column' ? { timestampField: this.#columnTimes.name } : {}),
    })
  }

  /** False when no segment is free. */
  open(): boolean {
    this.#opened ??= this.#writers.open(
      (batch) => this.#committed(batch),
      (rows) => this.#committedRows(rows),
    )
    return this.#opened !== undefined
  }

  take(splitId: string): BatchWriter | undefined {
    if (!this.open()) return undefined
    this.#splitId = splitId
    return this.#opened
  }

  close(): void {
    this.#opened?.discard()
    this.#opened = undefined
    this.#writers.close()
  }

  #committed(batch: RecordBatch): void {
    this.#opened = undefined
    try {
      if (this.#columnTimes.kind === 'given') this.#pass(batch, undefined)
      else if (this.#columnTimes.kind === 'computed') this.#compute(batch)
      else {
        const { data } = batch.column(this.#columnTimes.name)
        const timed = batch.timestamps === data ? batch : batch.with({ timestamps: data })
        const highest = batch.arena.kernels.greatest(data, batch.rowCount)
        if (highest === highest) {
          this.#pass(timed, undefined, highest)
          return
        }
        const times = timed.timestampArray() as Float64Array
        const recordAt = (row: number): unknown => this.#input.read(batch, { rows: Int32Array.of(row), count: 1 })[0]
        this.#pass(timed, withTimes(timed, times, recordAt, this.#refuse))
      }
    } finally {
      batch.release()
    }
  }

  #pass(batch: RecordBatch, selection: Selection | undefined, highest = Number.NaN): void {
    const count = selection?.count ?? batch.rowCount
    this.#options.passed(count, batch.timestampArray(), this.#splitId, highest)
    if (count > 0) this.#options.output.batch(batch, selection)
  }

  /** Times record by record, in a segment of their own. */
  #compute(batch: RecordBatch): void {
    const { context, times, side } = this.#options
    const { arena, owner } = context
    const { rowCount } = batch
    const rows = this.#input.read(batch)
    const room = NumberColumns.allocate(arena, owner, 1, rowCount)
    if (room === undefined) {
      this.#passRows(rows, rowCount, batch.timestampArray())
      return
    }
    try {
      const timestamps = room.take()
      const timed = batch.with({ timestamps, segments: [...batch.segments, room.segment] })
      const into = timed.timestampArray() as Float64Array
      const given = batch.timestampArray()
      if (given === undefined) into.fill(Number.NaN)
      else into.set(given)
      this.#pass(timed, times.ofRows(rows, rowCount, side, into, this.#refuse))
    } finally {
      arena.release(room.segment, owner)
    }
  }

  #committedRows({ rows, count, timestamps }: EmittedRows): void {
    this.#opened = undefined
    this.#passRows(rows, count, timestamps)
  }

  #passRows(rows: readonly unknown[], count: number, given: Float64Array | undefined): void {
    const { times, side, output, passed } = this.#options
    const into = new Float64Array(count).fill(Number.NaN)
    if (given !== undefined) into.set(given.subarray(0, count))
    const kept = times.ofRows(rows, count, side, into, this.#refuse)
    const out = this.#out
    const passing = kept?.count ?? count
    for (let i = 0; i < passing; i++) {
      const row = kept === undefined ? i : kept.rows[i]
      out.push(rows[row], into[row])
    }
    passed(passing, into, this.#splitId, Number.NaN)
    out.flush(output)
  }
}
