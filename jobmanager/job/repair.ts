/**
 * running, while a region begins again: its slots are given up, free slots are taken, its subtasks start from the newest
 * checkpoint, and the others go on all the time. Regions share no edge, so what the others have done since is not touched by it.
 * One repair at a time: a region that fails meanwhile joins it, and all that it holds begin again together. Pure.
 */
import type { FailureCause } from '../../proto/generated/shapes.ts'
import { describeMissing, type FreeSlot, type PlacedSlot } from '../cluster/assign.ts'
import { afterFailure, isSymptom, unknownCause } from './failure.ts'
import { regionOf } from './regions.ts'
import { decideRestart } from './restart.ts'
import {
  added,
  type Decision,
  type JobAction,
  type JobEvent,
  type JobFacts,
  none,
  type Repair,
  type Running,
  type SlotKey,
  type SubtaskKey,
  slotKey,
  subtaskKey,
  without,
} from './state.ts'

const keyOf = ({ taskManagerId, slot }: FreeSlot): SlotKey => slotKey(taskManagerId, slot)
const subtasksOf = ({ subtasks }: PlacedSlot): SubtaskKey[] => subtasks.map((at) => subtaskKey(at.vertex, at.subtask))
const isIn =
  <T>(set: ReadonlySet<T>) =>
  (each: T): boolean =>
    set.has(each)

/**
 * Undefined: all of the job is concerned, or it does not begin again. `lost`: those of `failed` that are gone. With what is being
 * repaired already, wherever that stands.
 */
export function beginRepair(
  state: Running,
  cause: FailureCause,
  failed: ReadonlySet<SlotKey>,
  lost: ReadonlySet<SlotKey>,
  facts: JobFacts,
): Decision<'running'> | undefined {
  if (facts.regional !== true) return undefined
  const { placement, repair: before } = state
  const repaired = placement.slots.filter(
    (slot) => before !== undefined && subtasksOf(slot).some(isIn(before.subtasks)),
  )
  const region = regionOf(facts.running ?? facts.plan, placement, new Set([...failed, ...repaired.map(keyOf)]))
  if (region.length === 0 || region.length === placement.slots.length) return undefined
  const restart = decideRestart(facts.strategy, facts.history, facts.nowMs)
  if (restart.kind === 'give-up') return undefined
  const subtasks = new Set(region.flatMap(subtasksOf))
  const keys = region.map(keyOf)
  const clearing = before?.unreleased ?? new Set()
  const repair: Repair = {
    region,
    subtasks,
    unreleased: new Set(keys.filter((key) => (state.unreleased.has(key) || clearing.has(key)) && !lost.has(key))),
    phase: 'clearing',
    delayOver: false,
    symptom: isSymptom(cause),
    initialized: new Set(),
    running: new Set(),
  }
  const detail = `${region.length} of ${placement.slots.length} slots begin again in ${restart.delayMs} ms: ${cause.message}`
  return {
    state: {
      ...state,
      unreleased: without(state.unreleased, ...keys),
      finished: without(state.finished, ...subtasks),
      repair,
      detail,
    },
    actions: [
      { kind: 'record-failure', cause, history: restart.history },
      // Slots that are being given up have been told, and those that were may be somebody else's.
      {
        kind: 'cancel-region',
        region: region.filter((slot) => state.unreleased.has(keyOf(slot))),
        subtasks,
        reason: detail,
      },
      { kind: 'wait', delayMs: restart.delayMs },
    ],
  }
}

/** What an event means for the region. Undefined: it is not about it. */
export function decideRepair(
  state: Running,
  repair: Repair,
  event: JobEvent,
  facts: JobFacts,
): Decision<'running'> | undefined {
  switch (event.kind) {
    case 'released':
      if (!repair.unreleased.has(event.slot)) return undefined
      return proceed(state, { ...repair, unreleased: without(repair.unreleased, event.slot) })
    case 'delay-over':
      return repair.phase === 'clearing' ? proceed(state, { ...repair, delayOver: true }) : { state, actions: none }
    case 'slots-lost': {
      if (repair.phase !== 'clearing' || !event.slots.some((slot) => repair.unreleased.has(slot))) return undefined
      // Others went with them.
      if (event.slots.some((slot) => state.unreleased.has(slot))) return undefined
      const next = proceed(state, { ...repair, unreleased: without(repair.unreleased, ...event.slots) })
      return behind(next, repair, event.cause, facts)
    }
    case 'slots':
      return repair.phase === 'waiting' ? takeSlots(state, repair, event) : { state, actions: none }
    case 'subtask':
      if (!repair.subtasks.has(event.subtask)) return undefined
      if (repair.phase === 'deploying') return deploying(state, repair, event, facts)
      // The others of the region, as they are given up.
      return behind({ state, actions: none }, repair, event.cause ?? unknownCause, facts)
    default:
      return undefined
  }
}

/** The reason behind a connection that was lost may come later: it is recorded, too. */
function behind(
  next: Decision<'running'>,
  repair: Repair,
  cause: FailureCause,
  { history }: JobFacts,
): Decision<'running'> {
  if (!repair.symptom || isSymptom(cause) || cause.code === unknownCause.code) return next
  const { state } = next
  const known = state.kind === 'running' && state.repair !== undefined
  return {
    state: known ? { ...state, repair: { ...(state.repair as Repair), symptom: false } } : state,
    actions: [{ kind: 'record-failure', cause, history }, ...next.actions],
  }
}

/** Slots are asked for when the pause is over and nothing is left of what failed. */
function proceed(state: Running, repair: Repair): Decision<'running'> {
  if (!repair.delayOver || repair.unreleased.size > 0) return { state: { ...state, repair }, actions: none }
  return { state: { ...state, repair: { ...repair, phase: 'waiting' } }, actions: [{ kind: 'request-slots' }] }
}

function takeSlots(state: Running, repair: Repair, event: Extract<JobEvent, { kind: 'slots' }>): Decision<'running'> {
  const needed = repair.region.length
  // A slot whose tasks have finished is free and still has its place: two regions in one could not be told apart.
  const others = new Set(state.placement.slots.map(keyOf))
  for (const slot of repair.region) others.delete(keyOf(slot))
  const left = event.free.filter((slot) => !others.has(keyOf(slot)))
  if (left.length < needed) {
    return { state: { ...state, detail: describeMissing(needed, left.length, event.total) }, actions: none }
  }
  // Back to where they were, if that is there: others of the job keep their neighbours.
  const take = (wanted: (slot: FreeSlot) => boolean): FreeSlot => {
    const at = left.findIndex(wanted)
    return left.splice(Math.max(0, at), 1)[0] as FreeSlot
  }
  const slots = repair.region.map((old): PlacedSlot => {
    const same = left.some((slot) => keyOf(slot) === keyOf(old))
    const slot = take(same ? (each) => keyOf(each) === keyOf(old) : (each) => each.taskManagerId === old.taskManagerId)
    return { ...slot, subtasks: old.subtasks }
  })
  const places = new Map(repair.region.map((old, i) => [keyOf(old), slots[i] as PlacedSlot]))
  const whole = { slots: state.placement.slots.map((slot) => places.get(keyOf(slot)) ?? slot) }
  const unreleased = new Set(state.unreleased)
  for (const slot of slots) unreleased.add(keyOf(slot))
  return {
    state: { ...state, placement: whole, unreleased, repair: { ...repair, phase: 'deploying' } },
    actions: [{ kind: 'deploy-region', placement: { slots }, whole }],
  }
}

function deploying(
  state: Running,
  repair: Repair,
  event: Extract<JobEvent, { kind: 'subtask' }>,
  facts: JobFacts,
): Decision<'running'> | undefined {
  switch (event.state) {
    case 'initializing':
    case 'running':
    case 'finished': {
      const initialized = added(repair.initialized, event.subtask)
      const running = event.state === 'initializing' ? repair.running : added(repair.running, event.subtask)
      const finished = event.state === 'finished' ? added(state.finished, event.subtask) : state.finished
      const actions: JobAction[] = []
      if (initialized.size === repair.subtasks.size && repair.initialized.size < initialized.size) {
        actions.push({ kind: 'start-tasks' })
      }
      if (running.size < repair.subtasks.size) {
        return { state: { ...state, finished, repair: { ...repair, initialized, running } }, actions }
      }
      if (finished.size === facts.subtasks) return { state: { kind: 'finished' }, actions: [{ kind: 'end' }] }
      actions.push({ kind: 'region-runs' })
      return { state: { ...state, finished, repair: undefined, detail: '' }, actions }
    }
    case 'failed':
    case 'canceled':
      return undefined
    default:
      return { state, actions: none }
  }
}

/** All of the job begins again, with what is left of the region. */
export function giveUpRepair(
  state: Running,
  cause: FailureCause,
  fatal: boolean,
  gone: readonly SlotKey[],
  facts: JobFacts,
): Decision<'running'> {
  const unreleased = new Set([...state.unreleased, ...(state.repair?.unreleased ?? [])])
  const untold = gone.length > 0 || state.repair !== undefined || facts.newestKnown === false
  const { state: next, actions } = afterFailure(cause, fatal, without(unreleased, ...gone), facts, untold)
  return { state: next, actions }
}
