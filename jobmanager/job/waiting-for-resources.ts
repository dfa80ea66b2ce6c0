/** waiting-for-resources: the job takes all the slots it needs at once, or says which are missing. Pure. */
import { assignSlots, describeMissing } from '../cluster/assign.ts'
import { type Decision, type JobEvent, type JobFacts, none, slotKey, type WaitingForResources } from './state.ts'

export function decideWaiting(
  state: WaitingForResources,
  event: JobEvent,
  facts: JobFacts,
): Decision<'waiting-for-resources'> {
  switch (event.kind) {
    case 'slots': {
      const assignment = assignSlots(facts.plan, event.free, event.inUse)
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
        actions: [{ kind: 'deploy', placement }],
      }
    }
    case 'cancel':
      return { state: { kind: 'canceling', unreleased: new Set() }, actions: [{ kind: 'cancel-tasks' }] }
    default:
      return { state, actions: none }
  }
}
