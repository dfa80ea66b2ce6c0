/**
 * waiting-for-resources: the job takes all the slots it needs at once, or says which are missing. One that has a parallelism to
 * fall back to takes what is enough for that; one that follows the slots takes what there is. Pure.
 */
import type { JobPlan } from '../../proto/jobgraph/plan.ts'
import { fittedPlan } from '../../proto/jobgraph/rescale-plan.ts'
import { assignSlots, describeMissing, slotsNeeded } from '../cluster/assign.ts'
import { type Decision, type JobEvent, type JobFacts, none, slotKey, type WaitingForResources } from './state.ts'
import { canceling } from './tidying.ts'

export function decideWaiting(
  state: WaitingForResources,
  event: JobEvent,
  facts: JobFacts,
): Decision<'waiting-for-resources'> {
  switch (event.kind) {
    case 'slots': {
      if (event.behind !== undefined) {
        return { state: { kind: 'waiting-for-resources', detail: event.behind }, actions: none }
      }
      const plan = planFor(facts, event.free.length)
      const assignment = assignSlots(plan, event.free, event.inUse)
      if (assignment.kind === 'missing') {
        const detail = describeMissing(assignment.needed, assignment.free, event.total)
        return { state: { kind: 'waiting-for-resources', detail }, actions: none }
      }
      const { placement } = assignment
      const unreleased = new Set(placement.slots.map((slot) => slotKey(slot.taskManagerId, slot.slot)))
      return {
        state: {
          kind: 'deploying',
          placement,
          unreleased,
          initialized: new Set(),
          running: new Set(),
          finished: new Set(),
        },
        actions: [{ kind: 'deploy', placement, plan }],
      }
    }
    case 'cancel':
      return canceling(new Set(), facts, true)
    default:
      return { state, actions: none }
  }
}

function planFor({ plan, fallback, reactiveMax }: JobFacts, free: number): JobPlan {
  if (reactiveMax !== undefined) return fittedPlan(plan, free, reactiveMax)
  return fallback !== undefined && slotsNeeded(plan) > free && slotsNeeded(fallback) <= free ? fallback : plan
}
