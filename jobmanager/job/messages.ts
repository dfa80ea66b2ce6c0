/** What the tasks of a job say, given to the part of the job that it is about. Throws for what cannot be understood. */
import type { SubtaskSnapshot } from '../../proto/checkpoint/manifest.ts'
import type { AlignedTime } from '../../proto/generated/shapes.ts'
import type { JobPlan } from '../../proto/jobgraph/plan.ts'
import type { CheckpointCoordinator } from '../checkpoint/coordinator.ts'
import { type TaskMessage, whereIs } from './context.ts'
import type { Journal } from './journal.ts'
import type { JobMetrics } from './metrics.ts'
import type { ResultBuffer } from './results.ts'
import { type JobEvent, subtaskKey } from './state.ts'

/** The parts of a job that messages reach. */
export interface TaskListener {
  readonly plan: JobPlan
  readonly metrics: JobMetrics
  readonly coordinator: CheckpointCoordinator
  readonly journal: Journal
  readonly results: ResultBuffer
  dispatch(event: JobEvent): void
  /** Tells sources that are aligned with others how far the slowest are. */
  align(groups: readonly AlignedTime[]): void
}

export function receiveFromTask(job: TaskListener, message: TaskMessage, taskManagerId: string, nowMs: number): void {
  if ('vertex' in message && !(message.subtask < (job.plan.vertices[message.vertex]?.parallelism ?? 0)))
    throw new Error(`the plan has no subtask ${message.vertex}/${message.subtask}`)
  switch (message.kind) {
    case 'taskState': {
      const subtask = subtaskKey(message.vertex, message.subtask)
      job.metrics.state(subtask, message.state)
      const cause = message.cause && {
        ...message.cause,
        where: whereIs(job.plan, message.vertex, message.subtask, taskManagerId),
      }
      job.dispatch({ kind: 'subtask', subtask, state: message.state, cause })
      break
    }
    case 'inputEnded':
    case 'ack':
    case 'decline':
      toCoordinator(job.coordinator, message, whereIs(job.plan, message.vertex, message.subtask, taskManagerId))
      break
    case 'metrics':
      job.metrics.report(message.subtasks)
      if (message.subtasks.some(({ aligned }) => aligned.length > 0)) job.align(job.metrics.alignedGroups(job.plan))
      break
    case 'print':
      for (const line of message.lines) job.journal.add(nowMs, message.uid, line)
      break
    case 'results':
      job.results.add(message.uid, message.subtask, message.sequence, message.recordsJson)
      break
  }
}

/** What a subtask says about snapshots. `where`: the subtask, for people. */
function toCoordinator(
  coordinator: CheckpointCoordinator,
  message: Extract<TaskMessage, { kind: 'inputEnded' | 'ack' | 'decline' }>,
  where: string,
): void {
  const subtask = subtaskKey(message.vertex, message.subtask)
  switch (message.kind) {
    case 'inputEnded':
      coordinator.sourceEnded(subtask)
      break
    case 'ack':
      coordinator.ack(
        message.checkpointId,
        subtask,
        JSON.parse(Buffer.from(message.snapshotJson).toString()) as SubtaskSnapshot,
      )
      break
    case 'decline':
      coordinator.decline(message.checkpointId, where, message.reason)
      break
  }
}
