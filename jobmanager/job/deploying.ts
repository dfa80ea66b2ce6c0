/**
 * deploying: slots build the subtasks. When all are in place they are started together; when all run, the job runs. Pure.
 */
import { afterFailure, unknownCause } from './failure.ts'
import {
  added,
  type Decision,
  type Deploying,
  type JobAction,
  type JobEvent,
  type JobFacts,
  none,
  without,
} from './state.ts'
import { canceling } from './tidying.ts'

export function decideDeploying(state: Deploying, event: JobEvent, facts: JobFacts): Decision<'deploying'> {
  switch (event.kind) {
    case 'subtask':
      return subtaskChanged(state, event, facts)
    case 'released':
      return {
        state: { ...state, unreleased: without(state.unreleased, event.slot) },
        actions: none,
      }
    case 'slots-lost': {
      if (!event.slots.some((slot) => state.unreleased.has(slot))) return { state, actions: none }
      return afterFailure(event.cause, false, without(state.unreleased, ...event.slots), facts, true)
    }
    case 'failure':
      return afterFailure(event.cause, event.fatal, state.unreleased, facts, true)
    case 'cancel':
      return canceling(state.unreleased, facts, true)
    default:
      return { state, actions: none }
  }
}

function subtaskChanged(
  state: Deploying,
  event: Extract<JobEvent, { kind: 'subtask' }>,
  facts: JobFacts,
): Decision<'deploying'> {
  switch (event.state) {
    case 'initializing':
    case 'running':
    case 'finished': {
      const initialized = added(state.initialized, event.subtask)
      const running = event.state === 'initializing' ? state.running : added(state.running, event.subtask)
      const finished = event.state === 'finished' ? added(state.finished, event.subtask) : state.finished
      if (finished.size === facts.subtasks) return { state: { kind: 'finished' }, actions: [{ kind: 'end' }] }
      const actions: JobAction[] = []
      if (initialized.size === facts.subtasks && state.initialized.size < facts.subtasks) {
        actions.push({ kind: 'start-tasks' })
      }
      if (running.size === facts.subtasks) {
        const { placement, unreleased } = state
        actions.push({ kind: 'all-running' })
        return { state: { kind: 'running', placement, unreleased, finished }, actions }
      }
      return { state: { ...state, initialized, running, finished }, actions }
    }
    case 'failed':
    case 'canceled':
      return afterFailure(event.cause ?? unknownCause, event.cause?.fatal === true, state.unreleased, facts, true)
    default:
      return { state, actions: none }
  }
}
