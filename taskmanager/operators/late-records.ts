/**
 * Records that a window does not take: late ones go to their side output when somebody reads it, otherwise they are dropped
 * and counted; those without an event time are refused.
 */
import type { RecordBatch } from '../../core/columns/batch.ts'
import { operatorErrors } from './errors.ts'
import type { OperatorContext, RowBatch, Selection } from './operator.ts'
import { RowBuffer, RowMaterialiser } from './rows.ts'

export class LateRecords {
  readonly #context: OperatorContext
  readonly #tag: string | undefined
  readonly #out = new RowBuffer()
  readonly #records = new RowMaterialiser(undefined)
  #rows = new Int32Array(1024)

  constructor(context: OperatorContext, tag: string | undefined) {
    this.#context = context
    this.#tag = tag
  }

  /** Room for the row numbers of `count` late records; reused. */
  rows(count: number): Int32Array {
    if (this.#rows.length < count) this.#rows = new Int32Array(count)
    return this.#rows
  }

  /** Rows of `rows()` that were not taken. */
  emitBatch(batch: RecordBatch, count: number): void {
    const rows = this.#rows
    const times = batch.timestampArray()
    const late = this.#withTime(count, times, (row) => {
      const one = { rows: Int32Array.of(row), count: 1 }
      return this.#records.read(batch, one)[0]
    })
    if (late === 0) return
    const side = this.#tag === undefined ? undefined : this.#context.sides.get(this.#tag)
    if (side === undefined) this.#context.metrics.lateDropped += late
    else side.batch(batch, { rows, count: late })
  }

  emitRows(batch: RowBatch, count: number): void {
    const rows = this.#rows
    const times = batch.timestamps
    const late = this.#withTime(count, times, (row) => batch.rows[row])
    if (late === 0) return
    const side = this.#tag === undefined ? undefined : this.#context.sides.get(this.#tag)
    if (side === undefined) {
      this.#context.metrics.lateDropped += late
      return
    }
    for (let i = 0; i < late; i++) this.#out.push(batch.rows[rows[i]], times?.[rows[i]] ?? Number.NaN)
    this.#out.flush(side)
  }

  /** A batch in which no record has an event time. */
  refuseBatch(batch: RecordBatch, selection: Selection | undefined): void {
    const count = selection?.count ?? batch.rowCount
    const records = this.#records.read(batch, selection)
    for (let i = 0; i < count; i++) this.#refuse(records[i])
  }

  refuseRows(batch: RowBatch): void {
    for (let i = 0; i < batch.count; i++) this.#refuse(batch.rows[i])
  }

  /** Refuses those without event time; the others stay in `rows`. */
  #withTime(count: number, times: Float64Array | undefined, recordAt: (row: number) => unknown): number {
    const rows = this.#rows
    let late = 0
    for (let i = 0; i < count; i++) {
      const row = rows[i]
      if (times !== undefined && !Number.isNaN(times[row])) rows[late++] = row
      else this.#refuse(recordAt(row))
    }
    return late
  }

  #refuse(record: unknown): void {
    const error = operatorErrors.create('NO_EVENT_TIME', { value: 'none', what: 'a window' })
    this.#context.poison(error, record, undefined)
  }
}
