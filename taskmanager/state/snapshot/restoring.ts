/** What a restore of an operator's state starts from. */
import type { RestoredOperator } from '../../../proto/checkpoint/restore-plan.ts'
import type { RunCursor } from '../../../proto/checkpoint/runs/run.ts'

/** The entry as it is today, valid until the next call; undefined: it is left out. Its state has the number that it had. */
export type EntryConverter = (entry: RunCursor) => RunCursor | undefined

/** What a restore starts from, and what its entries go through first. */
export interface Restoring extends RestoredOperator {
  readonly convert?: EntryConverter
}
