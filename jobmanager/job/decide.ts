/** One event in one state: what follows. Pure; see state.ts. */
import { unreachable } from '../../core/assert.ts'
import { decideCreated } from './created.ts'
import { decideDeploying } from './deploying.ts'
import { decideCanceling, decideFailing } from './ending.ts'
import { reasonBehind } from './failure.ts'
import { decideRestarting } from './restarting.ts'
import { decideRedeploying, decideRunning, decideStopping } from './running.ts'
import {
  type Failing,
  type JobAction,
  type JobEvent,
  type JobFacts,
  type JobState,
  none,
  type Restarting,
} from './state.ts'
import { decideWaiting } from './waiting-for-resources.ts'

export function decide(
  state: JobState,
  event: JobEvent,
  facts: JobFacts,
): { readonly state: JobState; readonly actions: readonly JobAction[] } {
  switch (state.kind) {
    case 'created':
      return decideCreated(state, event)
    case 'waiting-for-resources':
      return decideWaiting(state, event, facts)
    case 'deploying':
      return decideDeploying(state, event, facts)
    case 'running':
      return decideRunning(state, event, facts)
    case 'stopping':
      return decideStopping(state, event, facts)
    case 'redeploying':
      return decideRedeploying(state, event, facts)
    case 'restarting':
      return withReason(state, event, facts, decideRestarting)
    case 'canceling':
      return decideCanceling(state, event, facts)
    case 'failing':
      return withReason(state, event, facts, decideFailing)
    case 'finished':
    case 'canceled':
    case 'failed':
      return { state, actions: none }
    default:
      return unreachable(state)
  }
}

/** The reason behind a failure is recorded as a failure too, once. */
function withReason<S extends Restarting | Failing>(
  state: S,
  event: JobEvent,
  facts: JobFacts,
  next: (
    state: S,
    event: JobEvent,
    facts: JobFacts,
  ) => { readonly state: JobState; readonly actions: readonly JobAction[] },
): { readonly state: JobState; readonly actions: readonly JobAction[] } {
  const cause = reasonBehind(state, event)
  if (cause === undefined) return next(state, event, facts)
  const decision = next({ ...state, symptom: false }, event, facts)
  const recorded: JobAction = { kind: 'record-failure', cause, history: facts.history }
  return { state: decision.state, actions: [recorded, ...decision.actions] }
}
