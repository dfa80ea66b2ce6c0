/**
 * The life of a job as data: states, the legal edges between them, what happens to a job, and what is to be done about it.
 * Each state has a file that decides its events; none of them touches anything. `job.ts` applies the decisions.
 *
 *   created ─▶ waiting-for-resources ─▶ deploying ─▶ running ─▶ stopping ─▶ finished
 *                     ▲                     │           │  └──────────────────▲
 *                     ├──── restarting ◀────┴───────────┼── (failure)
 *                     └──── restarting ◀── redeploying ◀┘   (other slots, or another number of them)
 *   failure without restart: failing ─▶ failed          cancel, from everywhere: canceling ─▶ canceled
 *   Either may put the tasks into slots once more, only to end what was left open: see tidying.ts.
 */
import type { FailureCause } from '../../proto/generated/shapes.ts'
import type { JobPlan } from '../../proto/jobgraph/plan.ts'
import type { FreeSlot, PlacedSlot, Placement } from '../cluster/assign.ts'
import type { RestartHistory, RestartStrategy } from './restart.ts'

/** TaskManager and slot: 'id/slot'. */
export type SlotKey = string
/** Vertex and subtask: 'vertex/subtask'. */
export type SubtaskKey = string

export const slotKey = (taskManagerId: string, slot: number): SlotKey => `${taskManagerId}/${slot}`
export const subtaskKey = (vertex: number, subtask: number): SubtaskKey => `${vertex}/${subtask}`

export interface Created {
  readonly kind: 'created'
}
export interface WaitingForResources {
  readonly kind: 'waiting-for-resources'
  /** Which slots are missing, for people. */
  readonly detail: string
}
export interface Deploying {
  readonly kind: 'deploying'
  readonly placement: Placement
  readonly unreleased: ReadonlySet<SlotKey>
  /** Subtasks that are in place, and later those that run. */
  readonly initialized: ReadonlySet<SubtaskKey>
  readonly running: ReadonlySet<SubtaskKey>
  /** Little input may be at its end before the last subtask has started. */
  readonly finished: ReadonlySet<SubtaskKey>
}
export interface Running {
  readonly kind: 'running'
  readonly placement: Placement
  readonly unreleased: ReadonlySet<SlotKey>
  readonly finished: ReadonlySet<SubtaskKey>
  /** A region that begins again while the others go on. */
  readonly repair?: Repair | undefined
  /** What is being repaired, for people; empty when nothing is. */
  readonly detail?: string | undefined
}
/** Slots whose subtasks have no channel to those of other slots, on their way back. */
export interface Repair {
  readonly region: readonly PlacedSlot[]
  readonly subtasks: ReadonlySet<SubtaskKey>
  /** Slots that still hold something of what failed. */
  readonly unreleased: ReadonlySet<SlotKey>
  readonly phase: 'clearing' | 'waiting' | 'deploying'
  readonly delayOver: boolean
  /** As in restarting. */
  readonly symptom: boolean
  readonly initialized: ReadonlySet<SubtaskKey>
  readonly running: ReadonlySet<SubtaskKey>
}
export interface Stopping {
  readonly kind: 'stopping'
  readonly placement: Placement
  readonly unreleased: ReadonlySet<SlotKey>
  readonly finished: ReadonlySet<SubtaskKey>
}
/** A checkpoint is taken after which the tasks end, to begin again in other slots or in another number. */
export interface Redeploying {
  readonly kind: 'redeploying'
  readonly placement: Placement
  readonly unreleased: ReadonlySet<SlotKey>
  readonly finished: ReadonlySet<SubtaskKey>
  readonly detail: string
}
export interface Restarting {
  readonly kind: 'restarting'
  /** Slots that still hold something of the failed attempt. */
  readonly unreleased: ReadonlySet<SlotKey>
  readonly delayOver: boolean
  /** What is known to have failed so far only follows from something else. */
  readonly symptom: boolean
  readonly detail: string
}
export interface Canceling {
  readonly kind: 'canceling'
  readonly unreleased: ReadonlySet<SlotKey>
  readonly tidying?: Tidying | undefined
  /** What a last attempt waits for, for people. */
  readonly detail?: string | undefined
}
export interface Failing {
  readonly kind: 'failing'
  readonly unreleased: ReadonlySet<SlotKey>
  /** As in restarting. */
  readonly symptom: boolean
  readonly detail: string
  readonly tidying?: Tidying | undefined
}
/** A last attempt that only ends what earlier ones may have left open outside: it is put into slots, restored, and canceled. */
export interface Tidying {
  readonly phase: 'wanted' | 'waiting' | 'deploying' | 'over'
  readonly initialized: ReadonlySet<SubtaskKey>
}
export interface Finished {
  readonly kind: 'finished'
}
export interface Canceled {
  readonly kind: 'canceled'
}
export interface Failed {
  readonly kind: 'failed'
  readonly detail: string
}

export type JobState =
  | Created
  | WaitingForResources
  | Deploying
  | Running
  | Stopping
  | Redeploying
  | Restarting
  | Canceling
  | Failing
  | Finished
  | Canceled
  | Failed

export type JobStateKind = JobState['kind']

/** The legal edges. A decision that takes another one does not compile. */
export interface Transitions {
  created: 'waiting-for-resources' | 'running' | 'canceling'
  'waiting-for-resources': 'deploying' | 'canceling'
  deploying: 'running' | 'finished' | 'restarting' | 'failing' | 'canceling'
  running: 'stopping' | 'redeploying' | 'finished' | 'restarting' | 'failing' | 'canceling'
  stopping: 'finished' | 'restarting' | 'failing' | 'canceling'
  redeploying: 'restarting' | 'waiting-for-resources' | 'failing' | 'canceling'
  restarting: 'waiting-for-resources' | 'canceling'
  canceling: 'canceled'
  failing: 'failed' | 'canceling'
  finished: never
  canceled: never
  failed: never
}

/** States that a decision in state `K` may give: to stay is always allowed. */
export type Next<K extends JobStateKind> = Extract<JobState, { kind: K | Transitions[K] }>

export interface Decision<K extends JobStateKind> {
  readonly state: Next<K>
  readonly actions: readonly JobAction[]
}

/** What a decision may look at beside state and event. */
export interface JobFacts {
  /** What the next attempt runs, and the current one if it is deployed. */
  readonly plan: JobPlan
  /** What it runs when there are too few slots for `plan`: the parallelism that it had before. */
  readonly fallback?: JobPlan | undefined
  /** What the current attempt runs. */
  readonly running?: JobPlan | undefined
  /** False: a part of the job cannot begin again alone now, for the snapshot that ends the job is under way. */
  readonly regional?: boolean | undefined
  /** The parallelism follows the slots, up to this number. */
  readonly reactiveMax?: number | undefined
  readonly subtasks: number
  readonly strategy: RestartStrategy
  readonly history: RestartHistory
  /** Monotonic. */
  readonly nowMs: number
  /** What sinks began outside stays in the way of others until the job ends it, and an attempt may have begun something. */
  readonly leavesOpen?: boolean | undefined
  /** False: tasks that are canceled now cannot be told which snapshot counts, and so leave what they prepared. */
  readonly newestKnown?: boolean | undefined
}

export type JobEvent =
  | { readonly kind: 'submitted' }
  /** Its tasks run already, from before this JobManager led. */
  | {
      readonly kind: 'adopted'
      readonly placement: Placement
      readonly unreleased: ReadonlySet<SlotKey>
      readonly finished: ReadonlySet<SubtaskKey>
    }
  /** The slots that are free now; `inUse` counts the others by TaskManager. `behind`: why the job must not have any. */
  | {
      readonly kind: 'slots'
      readonly behind?: string | undefined
      readonly free: readonly FreeSlot[]
      readonly inUse: ReadonlyMap<string, number>
      readonly total: number
    }
  /** `state` of a subtask of the current attempt. */
  | {
      readonly kind: 'subtask'
      readonly subtask: SubtaskKey
      readonly state: string
      readonly cause?: FailureCause | undefined
    }
  | { readonly kind: 'released'; readonly slot: SlotKey }
  /** Slots are gone with what ran in them. */
  | { readonly kind: 'slots-lost'; readonly slots: readonly SlotKey[]; readonly cause: FailureCause }
  /** Something that no subtask reported: a deployment or checkpoints that fail. `fatal`: a restart would not help. */
  | { readonly kind: 'failure'; readonly cause: FailureCause; readonly fatal: boolean }
  | { readonly kind: 'delay-over' }
  | { readonly kind: 'stop' }
  /** A checkpoint after which all tasks end was asked for. `detail`: why, for people. */
  | { readonly kind: 'redeploy'; readonly detail: string }
  | { readonly kind: 'cancel' }

export type JobAction =
  /** Ask for slots now and whenever some become free. */
  | { readonly kind: 'request-slots' }
  /** Take the slots and put a new attempt into them. */
  | { readonly kind: 'deploy'; readonly placement: Placement; readonly plan: JobPlan }
  /** The same for a region; `placement` is that of the region. */
  | { readonly kind: 'deploy-region'; readonly placement: Placement; readonly whole: Placement }
  /** Give a region up, and take no checkpoints until it runs. */
  | {
      readonly kind: 'cancel-region'
      readonly region: readonly PlacedSlot[]
      readonly subtasks: ReadonlySet<SubtaskKey>
      readonly reason: string
    }
  | { readonly kind: 'region-runs' }
  | { readonly kind: 'start-tasks' }
  /** All subtasks run: checkpoints may be taken. */
  | { readonly kind: 'all-running' }
  /** `tidying`: those of a last attempt, which was there only for that. */
  | { readonly kind: 'cancel-tasks'; readonly tidying?: true }
  | { readonly kind: 'wait'; readonly delayMs: number }
  | { readonly kind: 'record-failure'; readonly cause: FailureCause; readonly history: RestartHistory }
  /** The tasks have ended to begin again: the next attempt is no restart after a failure. */
  | { readonly kind: 'redeployed' }
  /** The state is terminal: tidy up. */
  | { readonly kind: 'end' }

export function isTerminal(kind: JobStateKind): kind is 'finished' | 'canceled' | 'failed' {
  return kind === 'finished' || kind === 'canceled' || kind === 'failed'
}

export function isEnding(kind: JobStateKind): boolean {
  return kind === 'canceling' || kind === 'failing' || isTerminal(kind)
}

/** It takes slots that are free. */
export function asksForSlots(state: JobState): boolean {
  if (state.kind === 'running') return state.repair?.phase === 'waiting'
  if (state.kind === 'canceling' || state.kind === 'failing') return state.tidying?.phase === 'waiting'
  return state.kind === 'waiting-for-resources'
}

/** What a state says to people beside its name; '' for nothing. */
export function detailOf(state: JobState): string {
  return ('detail' in state ? state.detail : undefined) ?? ''
}

/** All subtasks run, and some may have finished: checkpoints can be taken. */
export function hasTasks({ kind }: JobState): boolean {
  return kind === 'running' || kind === 'stopping' || kind === 'redeploying'
}

export const none: readonly JobAction[] = []

export function without<T>(set: ReadonlySet<T>, ...gone: readonly T[]): ReadonlySet<T> {
  if (!gone.some((each) => set.has(each))) return set
  const rest = new Set(set)
  for (const each of gone) rest.delete(each)
  return rest
}

export function added<T>(set: ReadonlySet<T>, one: T): ReadonlySet<T> {
  return set.has(one) ? set : new Set(set).add(one)
}
