/** flatMap: one record in, any number out, returned as an iterable or given to `emit`. */
import type { RecordBatch } from '../../core/columns/batch.ts'
import type { Emit } from '../../sdk/functions.ts'
import type { TypeDef } from '../../sdk/types.ts'
import { operatorErrors } from './errors.ts'
import type { OperatorContext, RowBatch, Selection } from './operator.ts'
import { outputCheck } from './output-check.ts'
import { RowBuffer, timestampsOf } from './rows.ts'
import { type LoopCursor, StatelessOperator } from './stateless.ts'
import { UserLoop } from './user-loop.ts'

type FlatMap = (record: unknown, emit: Emit<unknown>) => Iterable<unknown> | void

interface FlatMapTarget extends LoopCursor {
  /** Event times of the rows. */
  timestamps: Float64Array | undefined
  /** That of the record at hand. */
  timestamp: number
  /** Results of the records that are done. */
  whole: number
}

export class FlatMapOperator extends StatelessOperator {
  readonly #loop: UserLoop<FlatMapTarget>
  readonly #target: FlatMapTarget = { at: 0, timestamps: undefined, timestamp: Number.NaN, whole: 0 }
  readonly #out = new RowBuffer()

  /** `type`: declared of the results. */
  constructor(context: OperatorContext, fn: FlatMap, reads: readonly string[] | undefined, type?: TypeDef<unknown>) {
    super(context)
    const target = this.#target
    const out = this.#out
    const check = outputCheck(type)
    const emit: Emit<unknown> =
      check === undefined
        ? (record) => out.push(record, target.timestamp)
        : (record) => {
            check(record)
            out.push(record, target.timestamp)
          }
    this.#loop = new UserLoop(context, reads, target, {
      bindings: { fn, emit, out, emitAll: (result: Iterable<unknown>) => emitAll(result, emit) },
      head: 'const { timestamps } = target',
      before: 'target.timestamp = timestamps === undefined ? NaN : timestamps[i]',
      argument: 'emit',
      after: 'if (result !== undefined) emitAll(result); target.whole = out.count',
      // A record that was refused half-way leaves nothing.
      tail: 'out.truncate(target.whole)',
    })
  }

  processBatch(batch: RecordBatch, selection: Selection | undefined): void {
    this.#begin(timestampsOf(batch, selection))
    this.#loop.batch(batch, selection, selection?.count ?? batch.rowCount)
    this.#flush()
  }

  processRows(batch: RowBatch): void {
    this.#begin(batch.timestamps)
    this.#loop.rows(batch)
    this.#flush()
  }

  #begin(timestamps: Float64Array | undefined): void {
    this.#target.timestamps = timestamps
    this.#target.whole = 0
  }

  #flush(): void {
    this.context.metrics.recordsOut += this.#out.count
    this.#out.flush(this.context.output)
  }
}

function emitAll(result: Iterable<unknown>, emit: Emit<unknown>): void {
  if (Array.isArray(result)) {
    for (let i = 0; i < result.length; i++) emit(result[i])
    return
  }
  if (typeof (result as Iterable<unknown> | null)?.[Symbol.iterator] !== 'function')
    throw operatorErrors.create('NOT_ITERABLE', { value: String(result) })
  for (const record of result) emit(record)
}
