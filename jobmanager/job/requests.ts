/** Snapshots that people ask of a job: which it can take now, and stopping with one. */
import type { JobStatus } from '../../proto/client.ts'
import type { JobPlan } from '../../proto/jobgraph/plan.ts'
import type { CheckpointCoordinator, CompletedSnapshot } from '../checkpoint/coordinator.ts'
import type { JobSnapshots } from '../checkpoint/snapshots.ts'
import { errors } from '../errors.ts'
import type { Feed } from './journal.ts'
import { isTerminal, type JobEvent, type JobState } from './state.ts'

export interface SnapshotJob {
  readonly plan: JobPlan
  readonly state: JobState
  readonly checkpointing: boolean
  readonly coordinator: CheckpointCoordinator
  readonly changes: Feed<JobStatus>
  dispatch(event: JobEvent): void
}

export function takeSnapshot(
  job: SnapshotJob,
  kind: 'checkpoint' | 'savepoint',
  path: string | undefined,
): Promise<CompletedSnapshot> {
  checkSnapshots(job)
  return job.coordinator.request({ kind, path })
}

/**
 * Resolves when the savepoint is complete and the job has finished. Where no savepoint can be stored nothing is begun: its sources
 * stop for it, and only a restart would lead back.
 */
export async function stopWithSavepoint(
  job: SnapshotJob,
  snapshots: Pick<JobSnapshots, 'checkTarget'>,
  path: string | undefined,
  drain: boolean,
): Promise<CompletedSnapshot> {
  checkSnapshots(job)
  await snapshots.checkTarget(path).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw errors.create('NO_PLACE_FOR_SAVEPOINT', { job: job.plan.name, reason }, { cause })
  })
  checkSnapshots(job)
  const failed = (reason: string, cause?: unknown): Error =>
    errors.create('STOP_FAILED', { job: job.plan.name, reason }, { cause })
  const request = job.coordinator.request({ kind: 'savepoint', stop: drain ? 'drain' : 'suspend', path })
  if (!job.coordinator.ending || job.coordinator.stopping) job.dispatch({ kind: 'stop' })
  let done: CompletedSnapshot
  try {
    done = await request
  } catch (error) {
    throw failed(error instanceof Error ? error.message : String(error), error)
  }
  if (job.state.kind === 'stopping') await job.changes.first(({ state }) => state !== 'stopping')
  const { kind } = job.state
  if (kind === 'finished') return done
  throw failed(`the savepoint is complete at ${done.path}, but the job is ${kind}`)
}

function checkSnapshots({ plan: { name: job }, state: whole, checkpointing }: SnapshotJob): void {
  const state = whole.kind === 'running' && whole.repair !== undefined ? 'restarting in part' : whole.kind
  if (isTerminal(whole.kind)) throw errors.create('JOB_ENDED', { job, state })
  if (!checkpointing) throw errors.create('NO_CHECKPOINTING', { job })
  if (state !== 'running') throw errors.create('NOT_RUNNING', { job, state })
}
