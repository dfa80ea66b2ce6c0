/**
 * The last attempt of a job that ends: where a slot was lost, or where the job ended between two attempts, nobody has ended what
 * sinks began outside. So its tasks are put into slots once more, from the newest snapshot, are never started, and are told
 * that the job ends: what the snapshot holds is committed, everything else is dropped. Given up after a while. Pure.
 */
import { assignSlots, describeMissing } from '../cluster/assign.ts'
import {
  added,
  type Canceling,
  type Failing,
  type JobAction,
  type JobEvent,
  type JobFacts,
  none,
  type SlotKey,
  slotKey,
  type Tidying,
} from './state.ts'

/** For slots, and for tasks to be in place. */
const tidyingMs = 10_000

export const wantedTidying = ({ leavesOpen }: JobFacts): Tidying | undefined =>
  leavesOpen === true ? { phase: 'wanted', initialized: new Set() } : undefined

/** `untold`: not all that the job began can be ended by the tasks in these slots. */
export const canceling = (
  unreleased: ReadonlySet<SlotKey>,
  facts: JobFacts,
  untold: boolean,
): { readonly state: Canceling; readonly actions: readonly JobAction[] } => ({
  state: { kind: 'canceling', unreleased, tidying: untold ? wantedTidying(facts) : undefined },
  actions: [{ kind: 'cancel-tasks' }],
})

/** Undefined: there is no last attempt, or not yet, or its slots are all that is left of it. */
export function tidied<S extends Canceling | Failing>(
  state: S,
  event: JobEvent,
  facts: JobFacts,
): { readonly state: S; readonly actions: readonly JobAction[] } | undefined {
  const { tidying, unreleased } = state
  switch (tidying?.phase) {
    case 'wanted':
      if (unreleased.size > 0) return undefined
      return {
        state: { ...withDetail(state, 'looks for slots'), tidying: { ...tidying, phase: 'waiting' } },
        actions: [{ kind: 'request-slots' }, { kind: 'wait', delayMs: tidyingMs }],
      }
    case 'waiting':
      if (event.kind === 'delay-over') return undefined
      return event.kind === 'slots' ? takeSlots(state, tidying, event, facts) : { state, actions: none }
    case 'deploying': {
      if (unreleased.size === 0) return undefined
      const comes = event.kind === 'subtask' && event.state !== 'failed' && event.state !== 'canceled'
      const isThere = comes && event.state !== 'deploying'
      const initialized = isThere ? added(tidying.initialized, event.subtask) : tidying.initialized
      if ((comes || event.kind === 'slots') && initialized.size < facts.subtasks)
        return { state: { ...state, tidying: { ...tidying, initialized } }, actions: none }
      return {
        state: { ...state, tidying: { ...tidying, phase: 'over' } },
        actions: [{ kind: 'cancel-tasks', tidying: true }],
      }
    }
    default:
      return undefined
  }
}

/** The parallelism is that of the attempt before: names of what it began say which subtask it was. */
function takeSlots<S extends Canceling | Failing>(
  state: S,
  tidying: Tidying,
  { free, inUse, total }: Extract<JobEvent, { kind: 'slots' }>,
  facts: JobFacts,
): { readonly state: S; readonly actions: readonly JobAction[] } {
  const plan = facts.running ?? facts.plan
  const assignment = assignSlots(plan, free, inUse)
  if (assignment.kind === 'missing')
    return { state: withDetail(state, describeMissing(assignment.needed, assignment.free, total)), actions: none }
  const { placement } = assignment
  const unreleased = new Set(placement.slots.map(({ taskManagerId, slot }) => slotKey(taskManagerId, slot)))
  return {
    state: { ...withDetail(state, ''), unreleased, tidying: { ...tidying, phase: 'deploying' } },
    actions: [{ kind: 'redeployed' }, { kind: 'deploy', placement, plan }],
  }
}

/** A job that fails keeps its reason. */
const withDetail = <S extends Canceling | Failing>(state: S, waitsFor: string): S =>
  state.kind === 'failing' ? state : { ...state, detail: waitsFor && `to end what was left open: ${waitsFor}` }
