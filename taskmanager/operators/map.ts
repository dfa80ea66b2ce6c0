/** map: one record in, one out. Where nobody looks at the results none is kept. */
import type { RecordBatch } from '../../core/columns/batch.ts'
import type { TypeDef } from '../../sdk/types.ts'
import type { OperatorContext, RowBatch, Selection } from './operator.ts'
import { outputCheckCode } from './output-check.ts'
import { timestampsOf } from './rows.ts'
import { type LoopCursor, StatelessOperator } from './stateless.ts'
import { UserLoop } from './user-loop.ts'

interface MapTarget extends LoopCursor {
  /** The result of each row. */
  rows: unknown[]
}

export class MapOperator extends StatelessOperator {
  readonly #loop: UserLoop<MapTarget>
  readonly #target: MapTarget = { at: 0, rows: [] }
  readonly #keeps: boolean

  /** `type`: declared of the results. */
  constructor(
    context: OperatorContext,
    fn: (record: unknown) => unknown,
    reads: readonly string[] | undefined,
    type?: TypeDef<unknown>,
  ) {
    super(context)
    this.#keeps = context.output.skip === undefined
    const check = outputCheckCode(type, 'result')
    this.#loop = new UserLoop(context, reads, this.#target, {
      bindings: { fn, ...check.bindings },
      head: 'const out = target.rows',
      after: `${check.code}\n${this.#keeps ? 'out[i] = result' : ''}`,
    })
  }

  processBatch(batch: RecordBatch, selection: Selection | undefined): void {
    const count = selection?.count ?? batch.rowCount
    this.#begin(count)
    const refused = this.#loop.batch(batch, selection, count)
    this.#emit(count, this.#keeps ? timestampsOf(batch, selection) : undefined, refused)
  }

  processRows(batch: RowBatch): void {
    this.#begin(batch.count)
    const refused = this.#loop.rows(batch)
    this.#emit(batch.count, batch.timestamps, refused)
  }

  /** A new array for every batch: young results in an old array would all have to be remembered by the collector. */
  #begin(count: number): void {
    if (this.#keeps) this.#target.rows = new Array(count)
  }

  #emit(count: number, timestamps: Float64Array | undefined, refused: readonly number[]): void {
    const { metrics, output } = this.context
    const kept = count - refused.length
    metrics.recordsOut += kept
    const { rows } = this.#target
    this.#target.rows = []
    if (kept === 0) return
    if (output.skip !== undefined) output.skip(kept)
    else if (refused.length === 0) output.rows({ rows, count, timestamps })
    else output.rows(without(rows, count, timestamps, refused))
  }
}

/** All but the refused rows, which ascend. */
function without(
  rows: readonly unknown[],
  count: number,
  timestamps: Float64Array | undefined,
  refused: readonly number[],
): RowBatch {
  const gone = new Set(refused)
  const kept: unknown[] = []
  const times = timestamps && new Float64Array(count - refused.length)
  for (let i = 0; i < count; i++) {
    if (gone.has(i)) continue
    if (times !== undefined && timestamps !== undefined) times[kept.length] = timestamps[i]
    kept.push(rows[i])
  }
  return { rows: kept, count: kept.length, timestamps: times }
}
