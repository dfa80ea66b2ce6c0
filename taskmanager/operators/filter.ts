/** filter by a function: the rows that stay are a selection of the batch they came in; nothing is copied. */
import type { RecordBatch } from '../../core/columns/batch.ts'
import type { OperatorContext, RowBatch, Selection } from './operator.ts'
import { RowBuffer, RowMaterialiser, timestampsOf } from './rows.ts'
import { guarded, type LoopCursor, promiseRefusal, StatelessOperator } from './stateless.ts'

interface FilterCursor extends LoopCursor {
  /** Rows kept so far. */
  kept: number
}
type FilterLoop = (rows: readonly unknown[], from: number, to: number, keep: Int32Array, cursor: FilterCursor) => void

export class FilterOperator extends StatelessOperator {
  readonly #loop: FilterLoop
  readonly #input: RowMaterialiser
  readonly #out = new RowBuffer()
  readonly #cursor: FilterCursor = { at: 0, kept: 0 }
  #keep = new Int32Array(0)

  constructor(context: OperatorContext, fn: (record: unknown) => boolean, reads: readonly string[] | undefined) {
    super(context)
    this.#input = new RowMaterialiser(reads)
    this.#loop = new Function(
      'fn',
      'refusePromise',
      `return (rows, from, to, keep, cursor) => {
        let i = from, kept = cursor.kept
        try {
          for (; i < to; i++) {
            const result = fn(rows[i])
            if (i === from) refusePromise(result)
            if (result) keep[kept++] = i
          }
        } finally { cursor.at = i; cursor.kept = kept }
      }`,
    )(fn, promiseRefusal(context)) as FilterLoop
  }

  processBatch(batch: RecordBatch, selection: Selection | undefined): void {
    const count = selection?.count ?? batch.rowCount
    const kept = this.#run(
      this.#input.read(batch, selection),
      count,
      () => timestampsOf(batch, selection),
      (row) => this.#input.whole(row),
    )
    if (kept === 0) return
    if (kept === count) {
      this.context.output.batch(batch, selection)
      return
    }
    const keep = this.#keep
    if (selection !== undefined) for (let i = 0; i < kept; i++) keep[i] = selection.rows[keep[i]]
    this.context.output.batch(batch, { rows: keep, count: kept })
  }

  processRows(batch: RowBatch): void {
    const kept = this.#run(
      batch.rows,
      batch.count,
      () => batch.timestamps,
      (row) => batch.rows[row],
    )
    if (kept === batch.count) {
      this.context.output.rows(batch)
      return
    }
    const out = this.#out
    for (let i = 0; i < kept; i++) {
      const row = this.#keep[i]
      out.push(batch.rows[row], batch.timestamps === undefined ? Number.NaN : batch.timestamps[row])
    }
    out.flush(this.context.output)
  }

  #run(
    rows: readonly unknown[],
    count: number,
    timestamps: () => Float64Array | undefined,
    recordAt: (row: number) => unknown,
  ): number {
    if (this.#keep.length < count) this.#keep = new Int32Array(count)
    const cursor = this.#cursor
    cursor.kept = 0
    this.context.metrics.recordsIn += count
    guarded(
      this.context,
      cursor,
      count,
      (from) => this.#loop(rows, from, count, this.#keep, cursor),
      recordAt,
      timestamps,
    )
    this.context.metrics.recordsOut += cursor.kept
    return cursor.kept
  }
}
