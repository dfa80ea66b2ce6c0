/** canceling and failing: the job ends when nothing is left of its tasks. Pure. */
import { type Canceling, type Decision, type Failing, type JobEvent, none, type SlotKey, without } from './state.ts'

/** `cancel-tasks` on the way in is answered by `released` for each slot, or by an empty `slots-lost` when there was none. */
export function decideCanceling(state: Canceling, event: JobEvent): Decision<'canceling'> {
  const unreleased = remaining(state.unreleased, event)
  if (unreleased.size === 0) return { state: { kind: 'canceled' }, actions: [{ kind: 'end' }] }
  return { state: { ...state, unreleased }, actions: none }
}

export function decideFailing(state: Failing, event: JobEvent): Decision<'failing'> {
  const unreleased = remaining(state.unreleased, event)
  if (event.kind === 'cancel') return { state: { kind: 'canceling', unreleased }, actions: [{ kind: 'cancel-tasks' }] }
  if (unreleased.size === 0) return { state: { kind: 'failed', detail: state.detail }, actions: [{ kind: 'end' }] }
  return { state: { ...state, unreleased }, actions: none }
}

function remaining(unreleased: ReadonlySet<SlotKey>, event: JobEvent): ReadonlySet<SlotKey> {
  if (event.kind === 'released') return without(unreleased, event.slot)
  if (event.kind === 'slots-lost') return without(unreleased, ...event.slots)
  return unreleased
}
