/** What a new attempt needs before its slots can be told: the snapshot that it starts from, and the messages to them. */
import type { ToTaskManager } from '../../proto/generated/shapes.ts'
import type { JobPlan } from '../../proto/jobgraph/plan.ts'
import type { CheckpointCoordinator } from '../checkpoint/coordinator.ts'
import type { JobSnapshots } from '../checkpoint/snapshots.ts'
import type { Placement } from '../cluster/assign.ts'
import { deployMessages } from './deployment.ts'
import type { RecordKeeper } from './record-keeper.ts'

export interface Preparation {
  readonly record: RecordKeeper
  readonly coordinator: CheckpointCoordinator
  readonly snapshots: JobSnapshots
  readonly checkpointing: boolean
  readonly attempt: number
  readonly epoch: number
  readonly plan: JobPlan
  readonly placement: Placement
  readonly options: Readonly<Record<string, string>>
  /** This leader has read which checkpoints the job has. */
  recovered: boolean
  /** Of an attempt that does not start from nothing. */
  startsFrom(location: string): void
}

/** By id of the TaskManager. Throws what the storage says. */
export async function prepareAttempt(at: Preparation): Promise<ReadonlyMap<string, ToTaskManager>> {
  const { record, coordinator, snapshots, checkpointing, attempt, epoch, plan, placement, options } = at
  // The number of the attempt must outlive this process before anybody hears it.
  await record.flushed()
  // What is being stored may be what the attempt starts from.
  await coordinator.settled()
  if (checkpointing && !at.recovered) {
    coordinator.setNextId(await snapshots.recover())
    at.recovered = true
  }
  const { jobId, stoppedWith, savepointPath } = record.current
  const point = await snapshots.restorePoint(stoppedWith, savepointPath)
  if (point !== undefined) {
    const { checkpointId, location: path, manifest } = point
    record.note({ restored: { checkpointId, path, kind: manifest.kind, jobId: manifest.jobId } })
    if (manifest.jobId === jobId) coordinator.setNextId(checkpointId + 1)
    at.startsFrom(path)
  }
  const checkpointRoot = checkpointing ? snapshots.root : ''
  return deployMessages({ record: record.current, attempt, epoch, plan, placement, point, checkpointRoot, options })
}
