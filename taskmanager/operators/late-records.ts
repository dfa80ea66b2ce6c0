/** Late records: to their side output when somebody reads it, otherwise dropped and counted. */
import type { RecordBatch } from '../../core/columns/batch.ts'
import type { OperatorContext, RowBatch, Selection } from './operator.ts'
import { RowBuffer } from './rows.ts'

export class LateRecords {
  readonly #context: OperatorContext
  readonly #tag: string | undefined
  readonly #out = new RowBuffer()
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

  emitBatch(batch: RecordBatch, late: Selection): void {
    const side = this.#tag === undefined ? undefined : this.#context.sides.get(this.#tag)
    if (side === undefined) this.#context.metrics.lateDropped += late.count
    else side.batch(batch, late)
  }

  emitRows(batch: RowBatch, late: Int32Array, count: number): void {
    const side = this.#tag === undefined ? undefined : this.#context.sides.get(this.#tag)
    if (side === undefined) {
      this.#context.metrics.lateDropped += count
      return
    }
    for (let i = 0; i < count; i++) this.#out.push(batch.rows[late[i]], batch.timestamps?.[late[i]] ?? Number.NaN)
    this.#out.flush(side)
  }
}
