/** created: the job is stored; nothing has been asked for it yet. Pure. */
import { type Created, type Decision, type JobEvent, none } from './state.ts'

export function decideCreated(state: Created, event: JobEvent): Decision<'created'> {
  switch (event.kind) {
    case 'submitted':
      return {
        state: { kind: 'waiting-for-resources', detail: 'looks for slots' },
        actions: [{ kind: 'request-slots' }],
      }
    case 'adopted': {
      const { placement, unreleased, finished } = event
      return { state: { kind: 'running', placement, unreleased, finished }, actions: [{ kind: 'all-running' }] }
    }
    case 'cancel':
      return { state: { kind: 'canceling', unreleased: new Set() }, actions: [{ kind: 'cancel-tasks' }] }
    default:
      return { state, actions: none }
  }
}
