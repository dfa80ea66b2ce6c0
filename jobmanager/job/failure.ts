/**
 * What follows a failure while tasks are deployed: all of them are given up (the whole job is the region), and the strategy
 * says whether the job starts again. Pure.
 */
import type { FailureCause } from '../../proto/generated/shapes.ts'
import { decideRestart } from './restart.ts'
import type { Failing, JobAction, JobFacts, Restarting, SlotKey } from './state.ts'

export interface FailureDecision {
  readonly state: Restarting | Failing
  readonly actions: readonly JobAction[]
}

/** `unreleased`: slots that still hold something of the attempt. */
export function afterFailure(
  cause: FailureCause,
  fatal: boolean,
  unreleased: ReadonlySet<SlotKey>,
  facts: JobFacts,
): FailureDecision {
  const decision = decideRestart(facts.strategy, facts.history, facts.nowMs)
  const cancel: JobAction = { kind: 'cancel-tasks' }
  if (fatal || decision.kind === 'give-up') {
    const detail = decision.kind === 'give-up' && !fatal ? `${cause.message}; ${decision.reason}` : cause.message
    return {
      state: { kind: 'failing', unreleased, detail },
      actions: [{ kind: 'record-failure', cause, history: facts.history }, cancel],
    }
  }
  const { delayMs, history } = decision
  return {
    state: { kind: 'restarting', unreleased, delayOver: false, detail: `restarts in ${delayMs} ms: ${cause.message}` },
    actions: [{ kind: 'record-failure', cause, history }, cancel, { kind: 'wait', delayMs }],
  }
}

/** The cause of a subtask that failed without saying why. */
export const unknownCause: FailureCause = { code: 'UNKNOWN', message: 'the subtask failed and gave no reason' }
