/**
 * What the operators without state share: they pass time on as it comes and own nothing. Also the guard around a loop of
 * user calls, which finds the record that a user's function refused.
 */
import type { RecordBatch } from '../../core/columns/batch.ts'
import { isMillraceError } from '../../core/errors.ts'
import { operatorErrors } from './errors.ts'
import type { Operator, OperatorContext, RowBatch, Selection } from './operator.ts'
import { OperatorFailure } from './operator-failure.ts'

export function forwardWatermark(context: OperatorContext, timestampMs: number): void {
  context.output.watermark(timestampMs)
  for (const side of context.sides.values()) side.watermark(timestampMs)
}

export function forwardIdle(context: OperatorContext, idle: boolean): void {
  context.output.idle(idle)
  for (const side of context.sides.values()) side.idle(idle)
}

export abstract class StatelessOperator implements Operator {
  protected readonly context: OperatorContext

  constructor(context: OperatorContext) {
    this.context = context
  }

  abstract processBatch(batch: RecordBatch, selection: Selection | undefined): void
  abstract processRows(rows: RowBatch): void

  processWatermark(timestampMs: number): boolean {
    forwardWatermark(this.context, timestampMs)
    return true
  }

  processIdle(idle: boolean): void {
    forwardIdle(this.context, idle)
  }

  close(): void {
    // Nothing is held between batches.
  }
}

/** How far a loop came: `at` is the row it was at when it ended or threw. */
export interface LoopCursor {
  at: number
}

const none: readonly number[] = []

/**
 * Calls `run(from)` until it has passed row `count`; a row that throws goes to the error policy and is skipped. Returns the
 * rows that were. `recordAt`: the whole record of a row, for who looks at it later. Errors that every record would repeat
 * end the task.
 */
export function guarded(
  context: OperatorContext,
  cursor: LoopCursor,
  count: number,
  run: (from: number) => void,
  recordAt: (row: number) => unknown,
  timestamps: Float64Array | undefined | (() => Float64Array | undefined),
): readonly number[] {
  let from = 0
  let refused: number[] | undefined
  while (from < count) {
    try {
      run(from)
      break
    } catch (error) {
      // No policy for bad records helps here.
      if (isMillraceError(error, 'OPERATOR_RETURNS_PROMISE')) throw new OperatorFailure(context.operator, error)
      const times = typeof timestamps === 'function' ? timestamps() : timestamps
      const row = cursor.at
      context.poison(error, recordAt(row), times?.[row])
      refused ??= []
      refused.push(row)
      from = row + 1
    }
  }
  return refused ?? none
}

export type RefusePromise = (result: unknown) => void

/** Throws for a promise where none is allowed. A function that makes one does so for every record, so the first of a batch tells. */
export function promiseRefusal(context: OperatorContext): RefusePromise {
  return (result) => {
    if (typeof result !== 'object' || result === null || typeof (result as { then?: unknown }).then !== 'function')
      return // Nobody will wait for it, and its failure must not end the process.
    ;(result as PromiseLike<unknown>).then(undefined, () => undefined)
    throw operatorErrors.create('RETURNS_PROMISE', { operator: context.operator.name })
  }
}
