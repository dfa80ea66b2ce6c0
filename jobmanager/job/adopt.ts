/** Going on with an attempt that runs already: from what TaskManagers show to a job that leads it. */
import type { CheckpointCoordinator } from '../checkpoint/coordinator.ts'
import type { JobSnapshots } from '../checkpoint/snapshots.ts'
import type { Placement } from '../cluster/assign.ts'
import { takeoverTimeout } from '../ha/options.ts'
import type { JobContext, ToTasks } from './context.ts'
import type { JobMetrics } from './metrics.ts'
import type { RecordKeeper } from './record-keeper.ts'
import { type JobEvent, type SubtaskKey, slotKey } from './state.ts'
import { type FoundTasks, Takeover } from './takeover.ts'

export interface AdoptionOptions {
  readonly context: JobContext
  readonly record: RecordKeeper
  readonly subtasks: readonly SubtaskKey[]
  readonly snapshots: JobSnapshots
  readonly coordinator: CheckpointCoordinator
  readonly metrics: JobMetrics
  readonly checkpointing: boolean
  note(text: string): void
  toAll(message: ToTasks): void
  dispatch(event: JobEvent): void
  /** The tasks are the job's from now on; undefined: there are none. */
  taken(placement: Placement | undefined): void
}

/** Ends with the event `adopted` or `submitted`, or when it is closed. */
export function awaitTasks(options: AdoptionOptions): Takeover {
  const { context, record, subtasks } = options
  const takeover: Takeover = new Takeover({
    clock: context.clock,
    record: record.current,
    subtasks,
    timeoutMs: context.config.get(takeoverTimeout),
    send: (id, message) => context.send(id, message),
    complete: (found) => {
      adopt(options, takeover, found).catch((error: unknown) => {
        // Storage says that it cannot be: a later leader, or an unreadable checkpoint. A restart says so in words.
        if (!record.closed) takeover.giveUp(error instanceof Error ? error.message : String(error))
      })
    },
    failed: (reason) => {
      options.taken(undefined)
      options.note(`attempt ${record.current.attempt} is not gone on with: ${reason}`)
      options.dispatch({ kind: 'submitted' })
    },
  })
  return takeover
}

async function adopt(options: AdoptionOptions, takeover: Takeover, found: FoundTasks): Promise<void> {
  const { record, snapshots, coordinator, metrics } = options
  const { placement, statuses, checkpointId } = found
  const { jobId, attempt, epoch } = record.current
  if (options.checkpointing) {
    const next = await snapshots.recover(epoch)
    coordinator.setNextId(Math.max(next, checkpointId + 1))
  }
  if (record.closed || takeover.over) return
  takeover.close()
  options.taken(placement)
  const finished = new Set<SubtaskKey>()
  for (const [key, { state, inputEnded }] of statuses) {
    metrics.state(key, state)
    if (state === 'finished') finished.add(key)
    if (inputEnded || state === 'finished') coordinator.sourceEnded(key)
  }
  const unreleased = new Set(placement.slots.map(({ taskManagerId, slot }) => slotKey(taskManagerId, slot)))
  options.note(`attempt ${attempt} runs on`)
  // The last leader may have gone between the two halves of a checkpoint: now it is known which of them counts.
  const latest = snapshots.latestId
  if (checkpointId > latest) options.toAll({ kind: 'abortCheckpoint', jobId, attempt, checkpointId })
  if (latest > 0) options.toAll({ kind: 'checkpointComplete', jobId, attempt, checkpointId: latest })
  options.dispatch({ kind: 'adopted', placement, unreleased, finished })
}
