/** flatMap: one record in, any number out, returned as an iterable or given to `emit`. */
import type { RecordBatch } from '../../core/columns/batch.ts'
import type { Emit } from '../../sdk/functions.ts'
import { operatorErrors } from './errors.ts'
import type { OperatorContext, RowBatch, Selection } from './operator.ts'
import { RowBuffer, RowMaterialiser, timestampsOf } from './rows.ts'
import { guarded, type LoopCursor, promiseRefusal, type RefusePromise, StatelessOperator } from './stateless.ts'

type FlatMap = (record: unknown, emit: Emit<unknown>) => Iterable<unknown> | void

export class FlatMapOperator extends StatelessOperator {
  readonly #fn: FlatMap
  readonly #input: RowMaterialiser
  readonly #out = new RowBuffer()
  readonly #cursor: LoopCursor = { at: 0 }
  #timestamp = Number.NaN
  readonly #emit: Emit<unknown>
  readonly #refusePromise: RefusePromise

  constructor(context: OperatorContext, fn: FlatMap, reads: readonly string[] | undefined) {
    super(context)
    this.#fn = fn
    this.#input = new RowMaterialiser(reads)
    this.#refusePromise = promiseRefusal(context)
    this.#emit = (record) => this.#out.push(record, this.#timestamp)
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
    metrics.recordsIn += count
    guarded(
      this.context,
      this.#cursor,
      count,
      (from) => this.#loop(rows, timestamps, from, count),
      recordAt,
      timestamps,
    )
    metrics.recordsOut += this.#out.count
    this.#out.flush(output)
  }

  #loop(rows: readonly unknown[], timestamps: Float64Array | undefined, from: number, to: number): void {
    const out = this.#out
    const cursor = this.#cursor
    const fn = this.#fn
    let whole = out.count
    try {
      for (let i = from; i < to; i++) {
        cursor.at = i
        const timestamp = timestamps === undefined ? Number.NaN : timestamps[i]
        this.#timestamp = timestamp
        const result = fn(rows[i], this.#emit)
        if (Array.isArray(result)) {
          for (let r = 0; r < result.length; r++) out.push(result[r], timestamp)
        } else if (result !== undefined) this.#iterate(result, timestamp)
        whole = out.count
      }
    } finally {
      // A record that was refused half-way leaves nothing.
      out.truncate(whole)
    }
  }

  #iterate(result: Iterable<unknown>, timestamp: number): void {
    this.#refusePromise(result)
    if (typeof (result as Iterable<unknown> | null)?.[Symbol.iterator] !== 'function') {
      throw operatorErrors.create('NOT_ITERABLE', { value: String(result) })
    }
    for (const record of result) this.#out.push(record, timestamp)
  }
}
