/** filter by a function: the rows that stay are a selection of the batch they came in; nothing is copied. */
import type { RecordBatch } from '../../core/columns/batch.ts'
import type { OperatorContext, RowBatch, Selection } from './operator.ts'
import { RowBuffer } from './rows.ts'
import { type LoopCursor, StatelessOperator } from './stateless.ts'
import { UserLoop } from './user-loop.ts'

interface FilterTarget extends LoopCursor {
  /** The rows that stay. */
  keep: Int32Array
  kept: number
}

export class FilterOperator extends StatelessOperator {
  readonly #loop: UserLoop<FilterTarget>
  readonly #target: FilterTarget = { at: 0, keep: new Int32Array(0), kept: 0 }
  readonly #out = new RowBuffer()

  constructor(context: OperatorContext, fn: (record: unknown) => boolean, reads: readonly string[] | undefined) {
    super(context)
    this.#loop = new UserLoop(context, reads, this.#target, {
      bindings: { fn },
      head: 'const { keep } = target; let { kept } = target',
      after: 'if (result) keep[kept++] = i',
      tail: 'target.kept = kept',
    })
  }

  processBatch(batch: RecordBatch, selection: Selection | undefined): void {
    const count = selection?.count ?? batch.rowCount
    this.#begin(count)
    this.#loop.batch(batch, selection, count)
    const { keep, kept } = this.#target
    this.context.metrics.recordsOut += kept
    if (kept === 0) return
    if (kept === count) {
      this.context.output.batch(batch, selection)
      return
    }
    if (selection !== undefined) for (let i = 0; i < kept; i++) keep[i] = selection.rows[keep[i]]
    this.context.output.batch(batch, { rows: keep, count: kept })
  }

  processRows(batch: RowBatch): void {
    this.#begin(batch.count)
    this.#loop.rows(batch)
    const { keep, kept } = this.#target
    this.context.metrics.recordsOut += kept
    if (kept === batch.count) {
      this.context.output.rows(batch)
      return
    }
    const out = this.#out
    for (let i = 0; i < kept; i++) {
      const row = keep[i]
      out.push(batch.rows[row], batch.timestamps === undefined ? Number.NaN : batch.timestamps[row])
    }
    out.flush(this.context.output)
  }

  #begin(count: number): void {
    if (this.#target.keep.length < count) this.#target.keep = new Int32Array(count)
    this.#target.kept = 0
  }
}
