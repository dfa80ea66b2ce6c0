/**
 * map: one record in, one out. The loop over a batch is generated per operator, so that the call of the user's function
 * stays monomorphic and can be inlined.
 */
import type { RecordBatch } from '../../core/columns/batch.ts'
import type { OperatorContext, RowBatch, Selection } from './operator.ts'
import { RowBuffer, RowMaterialiser, timestampsOf } from './rows.ts'
import { guarded, type LoopCursor, refusePromise, StatelessOperator } from './stateless.ts'

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
    )(fn, refusePromise) as MapLoop
  }

  processBatch(batch: RecordBatch, selection: Selection | undefined): void {
    this.#run(this.#input.read(batch, selection), selection?.count ?? batch.rowCount, timestampsOf(batch, selection))
  }

  processRows(batch: RowBatch): void {
    this.#run(batch.rows, batch.count, batch.timestamps)
  }

  #run(rows: readonly unknown[], count: number, timestamps: Float64Array | undefined): void {
    const { metrics, output } = this.context
    const out = this.#out
    metrics.recordsIn += count
    guarded(
      this.context,
      this.#cursor,
      count,
      (from) => this.#loop(rows, timestamps, from, count, out, this.#cursor),
      (row) => rows[row],
      timestamps,
    )
    metrics.recordsOut += out.count
    out.flush(output)
  }
}
