/**
 * running, stopping and redeploying: all subtasks run until each has finished. The difference is who ends them: their input, a
 * savepoint that somebody asked for, or a checkpoint from which they begin again at once. Pure.
 */
import { afterFailure, unknownCause } from './failure.ts'
import { beginRepair, decideRepair, giveUpRepair } from './repair.ts'
import { next } from './restarting.ts'
import {
  added,
  type Decision,
  type JobEvent,
  type JobFacts,
  type JobState,
  none,
  type Redeploying,
  type Running,
  type Stopping,
  slotKey,
  subtaskKey,
  without,
} from './state.ts'
import { canceling } from './tidying.ts'

export function decideRunning(state: Running, event: JobEvent, facts: JobFacts): Decision<'running'> {
  if (event.kind === 'stop') return { state: { ...state, kind: 'stopping' }, actions: none }
  if (event.kind === 'redeploy') {
    return { state: { ...state, kind: 'redeploying', detail: event.detail }, actions: none }
  }
  if (state.repair !== undefined) {
    const decision = decideRepair(state, state.repair, event, facts)
    if (decision !== undefined) return decision
  }
  return failedRegion(state, event, facts) ?? decideTasks(state, event, facts)
}

/** A failure while the job runs: of a region, if there are several, else of the whole. Undefined for other events. */
function failedRegion(state: Running, event: JobEvent, facts: JobFacts): Decision<'running'> | undefined {
  switch (event.kind) {
    case 'subtask': {
      if (event.state !== 'failed' && event.state !== 'canceled') return undefined
      const cause = event.cause ?? unknownCause
      const slots = state.placement.slots.filter(({ subtasks }) =>
        subtasks.some(({ vertex, subtask }) => subtaskKey(vertex, subtask) === event.subtask),
      )
      const failed = new Set(slots.map((each) => slotKey(each.taskManagerId, each.slot)))
      if (cause.fatal === true) return giveUpRepair(state, cause, true, [], facts)
      return beginRepair(state, cause, failed, new Set(), facts) ?? giveUpRepair(state, cause, false, [], facts)
    }
    case 'slots-lost': {
      const all = new Set([...state.unreleased, ...(state.repair?.unreleased ?? [])])
      const lost = new Set(event.slots.filter((slot) => all.has(slot)))
      if (lost.size === 0) return { state, actions: none }
      return (
        beginRepair(state, event.cause, lost, lost, facts) ??
        giveUpRepair(state, event.cause, false, event.slots, facts)
      )
    }
    case 'failure':
      return giveUpRepair(state, event.cause, event.fatal, [], facts)
    case 'cancel': {
      const unreleased = new Set([...state.unreleased, ...(state.repair?.unreleased ?? [])])
      return canceling(unreleased, facts, state.repair !== undefined || facts.newestKnown === false)
    }
    default:
      return undefined
  }
}

export function decideStopping(state: Stopping, event: JobEvent, facts: JobFacts): Decision<'stopping'> {
  return decideTasks(state, event, facts)
}

export function decideRedeploying(state: Redeploying, event: JobEvent, facts: JobFacts): Decision<'redeploying'> {
  const decision = decideTasks(state, event, facts)
  if (decision.state.kind !== 'finished') return { state: decision.state, actions: decision.actions }
  // No failure: nothing is recorded, and there is no pause.
  const { unreleased, detail } = state
  const after = next({ kind: 'restarting', unreleased, delayOver: true, symptom: false, detail })
  return { state: after.state, actions: [{ kind: 'redeployed' }, ...after.actions] }
}

type AfterTasks = Extract<JobState, { kind: 'finished' | 'restarting' | 'failing' | 'canceling' }>

function decideTasks<S extends Running | Stopping | Redeploying>(
  state: S,
  event: JobEvent,
  facts: JobFacts,
): { state: S | AfterTasks; actions: Decision<'running'>['actions'] } {
  const untold = facts.newestKnown === false
  switch (event.kind) {
    case 'subtask':
      if (event.state === 'finished') {
        const finished = added(state.finished, event.subtask)
        if (finished.size === facts.subtasks) return { state: { kind: 'finished' }, actions: [{ kind: 'end' }] }
        return { state: { ...state, finished }, actions: none }
      }
      if (event.state === 'failed' || event.state === 'canceled') {
        return afterFailure(event.cause ?? unknownCause, event.cause?.fatal === true, state.unreleased, facts, untold)
      }
      return { state, actions: none }
    case 'released':
      return { state: { ...state, unreleased: without(state.unreleased, event.slot) }, actions: none }
    case 'slots-lost':
      if (!event.slots.some((slot) => state.unreleased.has(slot))) return { state, actions: none }
      return afterFailure(event.cause, false, without(state.unreleased, ...event.slots), facts, true)
    case 'failure':
      return afterFailure(event.cause, event.fatal, state.unreleased, facts, untold)
    case 'cancel':
      return canceling(state.unreleased, facts, untold)
    default:
      return { state, actions: none }
  }
}
