/** The messages that put an attempt into its slots: one per TaskManager. Pure. */
import type { Deploy, SubtaskLocation, ToTaskManager } from '../../proto/generated/shapes.ts'
import type { JobPlan } from '../../proto/jobgraph/plan.ts'
import { assignmentsOf, type RestorePoint } from '../checkpoint/snapshots.ts'
import type { PlacedSlot, Placement } from '../cluster/assign.ts'
import type { JobRecord } from '../job-store.ts'
import { subtaskKey } from './state.ts'

export interface DeploymentInput {
  readonly record: JobRecord
  readonly attempt: number
  readonly epoch: number
  readonly plan: JobPlan
  readonly placement: Placement
  readonly point: RestorePoint | undefined
  /** Empty: no checkpoints. */
  readonly checkpointRoot: string
  readonly options: Readonly<Record<string, string>>
}

/** By id of the TaskManager. */
export function deployMessages(input: DeploymentInput): ReadonlyMap<string, ToTaskManager> {
  const { record, attempt, epoch, plan, placement, point, checkpointRoot, options } = input
  const locations = placement.slots.flatMap((place): SubtaskLocation[] =>
    place.subtasks.map(({ vertex, subtask }) => {
      const { taskManagerId, slot, host, port } = place
      return { vertex, subtask, taskManagerId, slot, host, port }
    }),
  )
  const byTaskManager = Map.groupBy(placement.slots, (place) => place.taskManagerId)
  const restored = point === undefined ? undefined : assignmentsOf(point, plan, record.jobId)
  const shared = {
    jobId: record.jobId,
    jobName: record.name,
    attempt,
    epoch,
    planJson: Buffer.from(JSON.stringify(plan)),
    bundleId: record.bundleId,
    bundleBytes: record.bundleBytes,
    locations,
    restoreCheckpointId: point?.checkpointId ?? 0,
    checkpointRoot,
    options,
  }
  const messages = new Map<string, ToTaskManager>()
  for (const [id, places] of byTaskManager) {
    const slots = places.map(({ slot, subtasks }: PlacedSlot) => ({ slot, subtasks }))
    const own = restored === undefined ? undefined : pick(restored, places)
    const restoreJson = own === undefined ? new Uint8Array(0) : Buffer.from(JSON.stringify(own))
    const deploy: Deploy = { ...shared, slots, restoreJson }
    messages.set(id, { kind: 'deploy', ...deploy })
  }
  return messages
}

/** Only what the subtasks of one TaskManager take over. */
function pick<T>(all: ReadonlyMap<string, T>, places: readonly PlacedSlot[]): Record<string, T> {
  const own: Record<string, T> = {}
  for (const { subtasks } of places) {
    for (const { vertex, subtask } of subtasks) {
      const key = subtaskKey(vertex, subtask)
      const found = all.get(key)
      if (found !== undefined) own[key] = found
    }
  }
  return own
}
