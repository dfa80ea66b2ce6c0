/**
 * What follows a failure of the whole job while tasks are deployed: all of them are given up, and the strategy says whether the
 * job starts again. Of a region alone, see repair.ts. Pure.
 */
import type { FailureCause } from '../../proto/generated/shapes.ts'
import { decideRestart } from './restart.ts'
import type { Failing, JobAction, JobEvent, JobFacts, Restarting, SlotKey } from './state.ts'
import { wantedTidying } from './tidying.ts'

export interface FailureDecision {
  readonly state: Restarting | Failing
  readonly actions: readonly JobAction[]
}

/** `unreleased`: slots that still hold something of the attempt. `untold`: there are others that nobody can tell that the job ends. */
export function afterFailure(
  cause: FailureCause,
  fatal: boolean,
  unreleased: ReadonlySet<SlotKey>,
  facts: JobFacts,
  untold: boolean,
): FailureDecision {
  const decision = decideRestart(facts.strategy, facts.history, facts.nowMs)
  const cancel: JobAction = { kind: 'cancel-tasks' }
  const symptom = cause.code === symptomCode
  if (fatal || decision.kind === 'give-up') {
    const detail = decision.kind === 'give-up' && !fatal ? `${cause.message}; ${decision.reason}` : cause.message
    return {
      state: { kind: 'failing', unreleased, symptom, detail, tidying: untold ? wantedTidying(facts) : undefined },
      actions: [{ kind: 'record-failure', cause, history: facts.history }, cancel],
    }
  }
  const { delayMs, history } = decision
  return {
    state: {
      kind: 'restarting',
      unreleased,
      delayOver: false,
      symptom,
      detail: `restarts in ${delayMs} ms: ${cause.message}`,
    },
    actions: [{ kind: 'record-failure', cause, history }, cancel, { kind: 'wait', delayMs }],
  }
}

/**
 * What ends a slot or a TaskManager closes its connections too, and those at the other ends may be heard of first: the
 * reason comes behind, while the job waits for its slots. Undefined when the event says nothing new.
 */
export function reasonBehind(state: Restarting | Failing, event: JobEvent): FailureCause | undefined {
  if (!state.symptom || (event.kind !== 'slots-lost' && event.kind !== 'subtask')) return undefined
  // Messages give null for a cause that was not sent.
  const cause = event.cause ?? unknownCause
  return cause.code === symptomCode || cause.code === unknownCause.code ? undefined : cause
}

export const isSymptom = (cause: FailureCause): boolean => cause.code === symptomCode

/** Reported by whoever exchanges records with a slot that is gone. */
const symptomCode = 'NETWORK_CONNECTION_LOST'

/** The cause of a subtask that failed without saying why. */
export const unknownCause: FailureCause = { code: 'UNKNOWN', message: 'the subtask failed and gave no reason' }
