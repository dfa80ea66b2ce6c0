/** One event in one state: what follows. Pure; see state.ts. */
import { unreachable } from '../../core/assert.ts'
import { decideCreated } from './created.ts'
import { decideDeploying } from './deploying.ts'
import { decideCanceling, decideFailing } from './ending.ts'
import { decideRestarting } from './restarting.ts'
import { decideRunning, decideStopping } from './running.ts'
import { type JobAction, type JobEvent, type JobFacts, type JobState, none } from './state.ts'
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
    case 'restarting':
      return decideRestarting(state, event)
    case 'canceling':
      return decideCanceling(state, event)
    case 'failing':
      return decideFailing(state, event)
    case 'finished':
    case 'canceled':
    case 'failed':
      return { state, actions: none }
    default:
      return unreachable(state)
  }
}
