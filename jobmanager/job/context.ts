/** What a job may use of the rest of the JobManager, what it hears of its tasks, and its own options. */
import { type Config, loadConfig } from '../../core/config/index.ts'
import { errorToWire, isMillraceError } from '../../core/errors.ts'
import type { Clock } from '../../core/platform/clock.ts'
import type { FailureCause, FromTaskManager, ToTaskManager } from '../../proto/generated/shapes.ts'
import { checkJobOptions, slotJobOptions } from '../../proto/jobgraph/options.ts'
import type { JobPlan } from '../../proto/jobgraph/plan.ts'
import type { ParallelismChange } from '../../proto/jobgraph/rescale-plan.ts'
import type { CoordinatorSettings } from '../checkpoint/coordinator.ts'
import { JobSnapshots } from '../checkpoint/snapshots.ts'
import type { SlotTable } from '../cluster/slots.ts'
import { haType } from '../ha/options.ts'
import type { CleanTask } from '../ha/work.ts'
import type { JobStore } from '../job-store.ts'
import * as options from '../options.ts'
import { subtaskKey } from './state.ts'

/** What a job may use of the rest of the JobManager. */
export interface JobContext {
  readonly clock: Clock
  readonly store: JobStore
  readonly epoch: number
  readonly config: Config
  readonly slots: SlotTable
  /** Directories for snapshots of jobs that name none. */
  readonly checkpoints: string
  readonly savepoints: string
  send(taskManagerId: string, message: ToTaskManager): void
  /** Deletes, as often as it takes. */
  cleanLater(task: CleanTask): void
  /** Some slots became free, or the job wants some. */
  slotsChanged(): void
  log(level: 'info' | 'warn' | 'error', text: string, fields: Readonly<Record<string, unknown>>): void
}

export type TaskMessage = Extract<
  FromTaskManager,
  { kind: 'taskState' | 'inputEnded' | 'ack' | 'decline' | 'metrics' | 'print' | 'results' }
>

/** What is for one attempt of a job. */
export type ToTasks = Extract<ToTaskManager, { readonly attempt: number }>

/** Options of the job over those of the JobManager; those of other rooms pass by. Throws CONFIG_BAD_VALUE. */
export function jobConfig(config: Config, given: Readonly<Record<string, string>>): Config {
  const own = (values: Readonly<Record<string, string>>): Record<string, string> =>
    Object.fromEntries(Object.entries(values).filter(([key]) => options.jobOptions.some((each) => each.key === key)))
  return loadConfig(options.jobOptions, [
    { name: 'JobManager', values: own(config.toRecord()) },
    { name: 'job', values: own(given) },
  ])
}

/** Refuses keys and values that a new job should not have. Throws CONFIG_… */
export function checkOptions(given: Readonly<Record<string, string>>): void {
  const known = [...options.jobOptions, ...slotJobOptions]
  checkJobOptions(
    known,
    options.jobManagerOptions.filter((each) => each.scope !== 'job'),
    given,
  )
}

export function causeOf(error: unknown): FailureCause {
  const { code, message, hint, stack } = errorToWire(error)
  return { code, message, ...(hint === undefined ? {} : { hint }), ...(stack === undefined ? {} : { stack }) }
}

/**
 * Another JobManager took the job's checkpoints over, and there is none of ours that could have: two clusters run one job over
 * one directory, and here nothing can be kept of it any more. Where several JobManagers belong together, the later one has it.
 */
export function endsJob(error: unknown, { config }: JobContext): boolean {
  return isMillraceError(error, 'CHECKPOINT_POINTER_MOVED') && config.get(haType) === 'none'
}

/** Absent: the job takes no checkpoints. */
export function coordinatorSettings(config: Config): CoordinatorSettings | undefined {
  const intervalMs = config.get(options.checkpointInterval)
  if (intervalMs === undefined || intervalMs <= 0) return undefined
  return {
    intervalMs,
    minPauseMs: config.get(options.checkpointMinPause),
    timeoutMs: config.get(options.checkpointTimeout),
    tolerableFailures: config.get(options.checkpointTolerableFailures),
  }
}

/** Undefined: the job has the parallelism that it was given. */
export function reactiveMax(config: Config): number | undefined {
  return config.get(options.schedulerMode) === 'reactive' ? config.get(options.parallelismLimit) : undefined
}

/** Where the snapshots of a job go. */
export function snapshotsOf(jobId: string, config: Config, context: JobContext): JobSnapshots {
  return new JobSnapshots({
    jobId,
    epoch: context.epoch,
    clock: context.clock,
    root: config.get(options.checkpointDirectory) ?? context.checkpoints,
    savepoints: config.get(options.savepointDirectory) ?? context.savepoints,
    retained: config.get(options.checkpointsRetained),
    timeoutMs: config.get(options.checkpointTimeout),
  })
}

/** By number of the vertex. */
export function parallelismOf(plan: JobPlan): ParallelismChange {
  return Object.fromEntries(plan.vertices.map(({ id, parallelism }) => [id, parallelism]))
}

/** All subtasks of a plan. */
export function subtasksOf(plan: JobPlan): string[] {
  return plan.vertices.flatMap(({ id, parallelism }) =>
    Array.from({ length: parallelism }, (_, subtask) => subtaskKey(id, subtask)),
  )
}

/** Subtasks without input. */
export function sourcesOf(plan: JobPlan): string[] {
  const fed = new Set(plan.edges.map((edge) => edge.to.vertex))
  return subtasksOf({ ...plan, vertices: plan.vertices.filter(({ id }) => !fed.has(id)) })
}

/** A subtask for people. */
export function whereIs(plan: JobPlan, vertex: number, subtask: number, taskManagerId: string): string {
  const found = plan.vertices[vertex]
  return `${found?.name ?? vertex} subtask ${subtask + 1} of ${found?.parallelism ?? '?'} on ${taskManagerId}`
}
