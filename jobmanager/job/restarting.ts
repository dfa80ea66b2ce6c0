/**
 * restarting: the job asks for slots again when the pause is over and nothing is left of the failed attempt, so that no two
 * attempts ever write at the same time. Pure.
 */
import { type Decision, type JobEvent, type JobFacts, none, type Restarting, without } from './state.ts'
import { canceling } from './tidying.ts'

export function decideRestarting(state: Restarting, event: JobEvent, facts: JobFacts): Decision<'restarting'> {
  switch (event.kind) {
    case 'released':
      return next({ ...state, unreleased: without(state.unreleased, event.slot) })
    case 'slots-lost':
      return next({ ...state, unreleased: without(state.unreleased, ...event.slots) })
    case 'delay-over':
      return next({ ...state, delayOver: true })
    case 'cancel':
      return canceling(state.unreleased, facts, true)
    default:
      return { state, actions: none }
  }
}

/** Asks for slots when nothing is in the way any more. */
export function next(state: Restarting): Decision<'restarting'> {
  if (!state.delayOver || state.unreleased.size > 0) return { state, actions: none }
  return { state: { kind: 'waiting-for-resources', detail: 'looks for slots' }, actions: [{ kind: 'request-slots' }] }
}
