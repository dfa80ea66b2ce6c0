/**
 * The loop of a user's function over records: generated per operator, with the making of the record in it, so that the call
 * stays monomorphic, the function is inlined and an object that it does not keep is never made. Knows which record failed.
 *
 * Concurrency: one thread; one run at a time.
 */
import type { RecordBatch } from '../../core/columns/batch.ts'
import { RowLoop } from '../../core/columns/row-loop.ts'
import { rowReader } from '../../core/columns/rows.ts'
import type { OperatorContext, RowBatch, Selection } from './operator.ts'
import { timestampsOf } from './rows.ts'
import { guarded, type LoopCursor, promiseRefusal } from './stateless.ts'

/** Code of a loop that calls `fn` and leaves in `result` what it returned. */
export interface UserLoopCode {
  readonly bindings: Readonly<Record<string, unknown>>
  readonly head?: string
  /** Before the call. */
  readonly before?: string
  /** More arguments of the call, beside the record. */
  readonly argument?: string
  /** After it. */
  readonly after: string
  readonly tail?: string
}

export class UserLoop<T extends LoopCursor> {
  readonly #context: OperatorContext
  readonly #loop: RowLoop<T>
  readonly #target: T

  /** `reads`: the fields that the function needs, undefined for all. `target`: what the code works on. */
  constructor(context: OperatorContext, reads: readonly string[] | undefined, target: T, code: UserLoopCode) {
    const { bindings, head = '', before = '', argument, after, tail = '' } = code
    const more = argument === undefined ? '' : `, ${argument}`
    this.#context = context
    this.#target = target
    // The look at a promise stands in the loop: a call with the result would make every result escape.
    this.#loop = new RowLoop<T>(reads, {
      bindings: { ...bindings, refusePromise: promiseRefusal(context) },
      head,
      body: (record) => `${before}
        const result = fn(${record}${more})
        if (i === from && typeof result === 'object' && result !== null && typeof result.then === 'function') refusePromise(result)
        ${after}`,
      tail: `target.at = i; ${tail}`,
    })
  }

  /** Runs over the records of a batch. The rows that the error policy took out, ascending. */
  batch(batch: RecordBatch, selection: Selection | undefined, count: number): readonly number[] {
    this.#loop.prepare(batch, selection?.rows, count)
    return this.#run(
      count,
      (row) => recordAt(batch, selection?.rows[row] ?? row),
      () => timestampsOf(batch, selection),
    )
  }

  rows(batch: RowBatch): readonly number[] {
    this.#loop.prepareRows(batch.rows)
    return this.#run(
      batch.count,
      (row) => batch.rows[row],
      () => batch.timestamps,
    )
  }

  #run(count: number, record: (row: number) => unknown, timestamps: () => Float64Array | undefined): readonly number[] {
    const loop = this.#loop
    const target = this.#target
    this.#context.metrics.recordsIn += count
    try {
      return guarded(this.#context, target, count, (from) => loop.run(from, count, target), record, timestamps)
    } finally {
      loop.done()
    }
  }
}

/** The whole record, with the fields that the function does not read as well. */
function recordAt(batch: RecordBatch, row: number): unknown {
  const out: unknown[] = []
  rowReader(batch.schema)(batch, out, Int32Array.of(row), 1)
  return out[0]
}
