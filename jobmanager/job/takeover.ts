/**
 * Tasks that run on while no JobManager leads, and the next leader that goes on with them: it waits until TaskManagers have
 * shown every subtask of the attempt, all running, and then leads them without having restarted anything. When one is
 * missing for too long, has failed, or cannot be gone on with, the attempt is cancelled and the job starts from its newest
 * checkpoint: never both.
 *
 * What was in flight is settled by storage: a checkpoint that counts is told to the sinks again, one that does not is aborted.
 *
 * Concurrency: belongs to one job; ends once.
 */
import type { Clock, TimerHandle } from '../../core/platform/clock.ts'
import type { SlotStatus, SubtaskStatus, ToTaskManager } from '../../proto/generated/shapes.ts'
import type { PlacedSlot, Placement } from '../cluster/assign.ts'
import type { JobRecord } from '../job-store.ts'
import type { TaskMessage } from './context.ts'
import { type SubtaskKey, subtaskKey } from './state.ts'

export interface TakeoverOptions {
  readonly clock: Clock
  readonly record: JobRecord
  /** All subtasks of the attempt. */
  readonly subtasks: readonly SubtaskKey[]
  readonly timeoutMs: number
  send(taskManagerId: string, message: ToTaskManager): void
  /** All tasks run. `close` says that they were taken over. */
  complete(found: FoundTasks): void
  /** What was found has been cancelled. */
  failed(reason: string): void
}

export interface FoundTasks {
  readonly placement: Placement
  readonly statuses: ReadonlyMap<SubtaskKey, SubtaskStatus>
  /** The highest checkpoint that any of them has heard of. */
  readonly checkpointId: number
}

/** A record whose attempt may still run somewhere. */
export function mayRun({ state, attempt }: JobRecord): boolean {
  return state === 'deploying' && attempt > 0
}

export class Takeover {
  readonly #options: TakeoverOptions
  readonly #expected: ReadonlySet<SubtaskKey>
  readonly #places: PlacedSlot[] = []
  readonly #statuses = new Map<SubtaskKey, SubtaskStatus>()
  readonly #taskManagers = new Set<string>()
  readonly #timer: TimerHandle
  #checkpointId = 0
  #phase: 'waiting' | 'taking' | 'over' = 'waiting'

  constructor(options: TakeoverOptions) {
    this.#options = options
    this.#expected = new Set(options.subtasks)
    this.#timer = options.clock.setTimeout(
      () => this.giveUp(`${this.#expected.size - this.#statuses.size} subtasks did not come back`),
      options.timeoutMs,
    )
  }

  get over(): boolean {
    return this.#phase === 'over'
  }

  /** A TaskManager has registered with these slots. */
  present(taskManagerId: string, host: string, slots: readonly SlotStatus[]): void {
    if (this.#phase !== 'waiting') return
    const { record } = this.#options
    const own = slots.filter(({ jobId, attempt }) => jobId === record.jobId && attempt === record.attempt)
    if (own.length === 0) {
      if (record.taskManagers?.includes(taskManagerId)) this.giveUp(`${taskManagerId} does not run its tasks any more`)
      return
    }
    this.#taskManagers.add(taskManagerId)
    for (const { slot, port, subtasks, checkpointId } of own) {
      this.#places.push({ taskManagerId, slot, host, port, subtasks })
      this.#checkpointId = Math.max(this.#checkpointId, checkpointId)
      for (const status of subtasks) this.#statuses.set(subtaskKey(status.vertex, status.subtask), status)
    }
    this.#look()
  }

  /** What tasks say meanwhile. */
  hear(message: TaskMessage): void {
    if (this.over || (message.kind !== 'taskState' && message.kind !== 'inputEnded')) return
    const key = subtaskKey(message.vertex, message.subtask)
    const before = this.#statuses.get(key)
    if (before === undefined) return
    const change = message.kind === 'taskState' ? { state: message.state } : { inputEnded: true }
    this.#statuses.set(key, { ...before, ...change })
    this.#look()
  }

  /** Cancels what was found. */
  giveUp(reason: string): void {
    if (this.over) return
    this.#end()
    const { record, send, failed } = this.#options
    for (const id of this.#taskManagers) send(id, { kind: 'cancel', jobId: record.jobId, attempt: record.attempt })
    failed(reason)
  }

  /** Leaves everything as it is: it was taken over, or the next leader may go on with it. */
  close(): void {
    this.#end()
  }

  #look(): void {
    for (const [key, { state }] of this.#statuses) {
      if (!this.#expected.has(key)) return this.giveUp(`${key} is no subtask of the plan`)
      if (state !== 'running' && state !== 'finished') return this.giveUp(`${key} is ${state}`)
    }
    if (this.#phase !== 'waiting' || this.#statuses.size < this.#expected.size) return
    // From now on it can still fail, until the job has taken over.
    this.#phase = 'taking'
    this.#options.clock.clearTimeout(this.#timer)
    const placement = { slots: this.#places }
    this.#options.complete({ placement, statuses: this.#statuses, checkpointId: this.#checkpointId })
  }

  #end(): void {
    this.#phase = 'over'
    this.#options.clock.clearTimeout(this.#timer)
  }
}
