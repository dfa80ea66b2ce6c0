/**
 * map: one record in, one out. The loop over a batch is generated per operator, so that the call of the user's function
 * stays monomorphic and can be inlined.
 */
import type { RecordBatch } from '../../core/columns/batch.ts'
import type { OperatorContext, RowBatch, Selection } from './operator.ts'
import { RowBuffer, RowMaterialiser, timestampsOf } from './rows.ts'
import { guarded, type LoopCursor, promiseRefusal, StatelessOperator } from './stateless.ts'

type MapLoop = (
  rows: readonly unknown[],
  timestamps: Float64Array | undefined,
  from: number,
  to: number,
  out: RowBuffer,
  cursor: LoopCursor,
) => void

export class MapOperator extends StatelessOperator {
  readonly #loop: MapLoop
  readonly #input: RowMaterialiser
  readonly #out = new RowBuffer()
  readonly #cursor: LoopCursor = { at: 0 }

  constructor(context: OperatorContext, fn: (record: unknown) => unknown, reads: readonly string[] | undefined) {
    super(context)
    this.#input = new RowMaterialiser(reads)
    this.#loop = new Function(
      'fn',
      'refusePromise',
      `return (rows, timestamps, from, to, out, cursor) => {
        let i = from
        try {
          for (; i < to; i++) {
            const result = fn(rows[i])
            if (i === from) refusePromise(result)
            out.push(result, timestamps === undefined ? NaN : timestamps[i])
          }
        } finally { cursor.at = i }
      }`,
    )(fn, promiseRefusal(context)) as MapLoop
  }

  processBatch(batch: RecordBatch, selection: Selection | undefined): void {
    const count = selection?.count ?? batch.rowCount
    const rows = this.#input.read(batch, selection)
    this.#run(rows, count, timestampsOf(batch, selection), (row) => this.#input.whole(row))
  }

  processRows(batch: RowBatch): void {
    this.#run(batch.rows, batch.count, batch.timestamps, (row) => batch.rows[row])
  }

  #run(
    rows: readonly unknown[],
    count: number,
    timestamps: Float64Array | undefined,
    recordAt: (row: number) => unknown,
  ): void {
    const { metrics, output } = this.context
    const out = this.#out
    metrics.recordsIn += count
    guarded(
      this.context,
      this.#cursor,
      count,
      (from) => this.#loop(rows, timestamps, from, count, out, this.#cursor),
      recordAt,
      timestamps,
    )
    metrics.recordsOut += out.count
    out.flush(output)
  }
}
