/**
 * restarting: the job asks for slots again when the pause is over and nothing is left of the failed attempt, so that no two
 * attempts ever write at the same time. Pure.
 */
import { type Decision, type JobEvent, none, type Restarting, without } from './state.ts'

export function decideRestarting(state: Restarting, event: JobEvent): Decision<'restarting'> {
  switch (event.kind) {
    case 'released':
      return next({ ...state, unreleased: without(state.unreleased, event.slot) })
    case 'slots-lost':
      return next({ ...state, unreleased: without(state.unreleased, ...event.slots) })
    case 'delay-over':
      return next({ ...state, delayOver: true })
    case 'cancel':
      return { state: { kind: 'canceling', unreleased: state.unreleased }, actions: [{ kind: 'cancel-tasks' }] }
    default:
      return { state, actions: none }
  }
}

/** Asks for slots when nothing is in the way any more. */
export function next(state: Restarting): Decision<'restarting'> {
  if (!state.delayOver || state.unreleased.size > 0) return { state, actions: none }
  return { state: { kind: 'waiting-for-resources', detail: 'looks for slots' }, actions: [{ kind: 'request-slots' }] }
}
