/**
 * canceling and failing: the job ends when nothing is left of its tasks. Where some of them could not end what they had begun
 * outside (transactions that others wait for), a last attempt does it first; see tidying.ts. Pure.
 */
import {
  type Canceling,
  type Decision,
  type Failing,
  type JobEvent,
  type JobFacts,
  none,
  type SlotKey,
  without,
} from './state.ts'
import { tidied, wantedTidying } from './tidying.ts'

/** `cancel-tasks` on the way in is answered by `released` for each slot, or by an empty `slots-lost` when there was none. */
export function decideCanceling(before: Canceling, event: JobEvent, facts: JobFacts): Decision<'canceling'> {
  const state = remaining(before, event, facts)
  if (event.kind === 'cancel' && state.tidying?.phase === 'waiting') return canceled
  return tidied(state, event, facts) ?? (state.unreleased.size === 0 ? canceled : { state, actions: none })
}

const canceled: Decision<'canceling'> = { state: { kind: 'canceled' }, actions: [{ kind: 'end' }] }

export function decideFailing(before: Failing, event: JobEvent, facts: JobFacts): Decision<'failing'> {
  const state = remaining(before, event, facts)
  const { unreleased, tidying, detail } = state
  if (event.kind === 'cancel')
    return { state: { kind: 'canceling', unreleased, tidying }, actions: [{ kind: 'cancel-tasks' }] }
  const tidy = tidied(state, event, facts)
  if (tidy !== undefined) return tidy
  if (unreleased.size === 0) return { state: { kind: 'failed', detail }, actions: [{ kind: 'end' }] }
  return { state, actions: none }
}

/** Who is lost has ended nothing. */
function remaining<S extends Canceling | Failing>(state: S, event: JobEvent, facts: JobFacts): S {
  if (event.kind === 'released') return { ...state, unreleased: without(state.unreleased, event.slot) }
  if (event.kind !== 'slots-lost' || event.slots.length === 0) return state
  const held = event.slots.some((slot: SlotKey) => state.unreleased.has(slot))
  return {
    ...state,
    unreleased: without(state.unreleased, ...event.slots),
    tidying: state.tidying ?? (held ? wantedTidying(facts) : undefined),
  }
}
