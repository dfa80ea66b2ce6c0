/**
 * The tasks of a job in their slots: puts attempts there, tells them things, and takes them away. Knows where each subtask is
 * and of which attempt; what follows from what they say is for others to decide.
 *
 * Concurrency: belongs to one job. What takes time (finding the snapshot) is ignored when the attempt is over by then.
 */
import { inBackground, withTimeout } from '../../core/async/index.ts'
import { isMillraceError } from '../../core/errors.ts'
import { faulty } from '../../core/faults.ts'
import { errors as storageErrors } from '../../core/storage/errors.ts'
import type { JobEnd } from '../../proto/generated/shapes.ts'
import type { JobPlan } from '../../proto/jobgraph/plan.ts'
import type { CheckpointCoordinator } from '../checkpoint/coordinator.ts'
import type { JobSnapshots } from '../checkpoint/snapshots.ts'
import type { PlacedSlot, Placement } from '../cluster/assign.ts'
import type { JobRecord } from '../job-store.ts'
import { awaitTasks } from './adopt.ts'
import { Attempts } from './attempts.ts'
import { causeOf, type JobContext, type TaskMessage, type ToTasks } from './context.ts'
import { unknownCause } from './failure.ts'
import type { JobMetrics } from './metrics.ts'
import { prepareAttempt } from './prepare.ts'
import type { RecordKeeper } from './record-keeper.ts'
import {
  isEnding,
  type JobEvent,
  type JobFacts,
  type JobStateKind,
  type SlotKey,
  type SubtaskKey,
  slotKey,
} from './state.ts'
import type { Takeover } from './takeover.ts'

export interface TasksOptions {
  readonly context: JobContext
  readonly record: RecordKeeper
  readonly coordinator: CheckpointCoordinator
  readonly snapshots: JobSnapshots
  readonly checkpointing: boolean
  readonly options: Readonly<Record<string, string>>
  note(text: string): void
  dispatch(event: JobEvent): void
}

/** How long the end of a job waits for a snapshot that is being stored. */
const storingMs = 5000

export class JobTasks {
  /** This leader has read which checkpoints the job has. */
  recovered = false
  readonly attempts: Attempts
  readonly #options: TasksOptions
  #placement: Placement | undefined
  /** Of which nobody has been told yet. */
  #unsent: Placement | undefined
  /** All that runs was put there by this leader, so it knows which snapshots were taken of it. */
  #isOwn = false

  constructor(options: TasksOptions) {
    this.#options = options
    this.attempts = new Attempts(() => options.record.current.attempt)
  }

  get placement(): Placement | undefined {
    return this.#placement
  }

  /** The newest attempt may run on from before this JobManager led. `settled`: it is the job's now, or is not there. */
  awaitThose(subtasks: readonly SubtaskKey[], metrics: JobMetrics, settled: () => void): Takeover {
    return awaitTasks({
      ...this.#options,
      subtasks,
      metrics,
      toAll: (message) => this.toAll(message),
      taken: (placement) => {
        settled()
        this.#placement = placement
        this.#unsent = undefined
        this.recovered = placement !== undefined && this.#options.checkpointing
      },
    })
  }

  /** A new attempt of the whole job, with `change` in the record as well. `sent`: the slots have been told. */
  deploy(placement: Placement, plan: JobPlan, change: Partial<JobRecord>, sent: () => void): void {
    const { attempt: last, state: before } = this.#options.record.current
    const attempt = last > 0 && faulty('reuse-epoch') ? last : last + 1
    const { epoch } = this.#options.context
    this.#placement = placement
    this.#unsent = placement
    this.#isOwn = true
    const state = isEnding(before) ? before : 'deploying'
    this.#begin(attempt, placement, { ...change, state, restored: undefined, epoch })
    this.attempts.begin(attempt)
    this.#put(placement, plan, sent)
  }

  /** A new attempt of a region, while the rest of `whole` runs on. */
  deployRegion(region: Placement, whole: Placement, plan: JobPlan): void {
    const attempt = this.#options.record.current.attempt + 1
    this.#placement = whole
    this.#unsent = region
    this.#begin(attempt, whole, {})
    this.attempts.beginRegion(attempt, region)
    this.#put(region, plan, () => undefined)
  }

  /** Stored before anybody else hears of it. */
  #begin(attempt: number, { slots }: Placement, change: Partial<JobRecord>): void {
    const { record } = this.#options
    const taskManagers = [...new Set(slots.map((slot) => slot.taskManagerId))]
    const restarts = attempt - 1 - (record.current.redeployments ?? 0)
    record.save({ ...change, attempt, restarts, taskManagers })
  }

  /** Those of the newest attempt are in place: of a region, or of all. */
  start(): void {
    if (this.#placement === undefined) return
    const { jobId, attempt } = this.#options.record.current
    for (const [id, attempts] of this.attempts.byTaskManager(this.#placement)) {
      if (attempts.has(attempt)) this.#options.context.send(id, { kind: 'start', jobId, attempt })
    }
  }

  /** Each gets it with the attempt that it is of. */
  toAll(message: ToTasks): void {
    if (this.#placement === undefined) return
    for (const [id, attempts] of this.attempts.byTaskManager(this.#placement)) {
      for (const attempt of attempts) this.#options.context.send(id, { ...message, attempt })
    }
  }

  /**
   * Answered by `released` for each of `unreleased`, or by `slots-lost` for those that nobody has anything of. `tidying`: the
   * tasks were put there for their end, so they have prepared nothing.
   */
  cancel(unreleased: readonly SlotKey[], tidying: boolean): void {
    const { context, coordinator, dispatch, record } = this.#options
    const { jobId, attempt, state } = record.current
    if (tidying) this.toAll({ kind: 'cancel', jobId, attempt, end: { checkpointId: 0 } })
    else if (isEnding(state) && coordinator.storing) this.#endLater()
    else this.toAll({ kind: 'cancel', jobId, attempt, ...(isEnding(state) && this.#endOfJob()) })
    const silent = this.#takeUnsent()
    const slots = unreleased.filter((slot) => this.#placement === undefined || silent.has(slot))
    if (slots.length === 0 && unreleased.length > 0) return
    context.clock.setImmediate(() => {
      if (record.current.attempt === attempt) dispatch({ kind: 'slots-lost', slots, cause: unknownCause })
      context.slotsChanged()
    })
  }

  /** Gives back slots that nobody has told, and will not now: see `#put`. */
  #takeUnsent(): ReadonlySet<SlotKey> {
    const { context, record } = this.#options
    const { jobId, attempt } = record.current
    const slots = this.#unsent?.slots ?? []
    this.#unsent = undefined
    for (const { taskManagerId, slot } of slots) context.slots.release(taskManagerId, slot, jobId, attempt)
    return new Set(slots.map(({ taskManagerId, slot }) => slotKey(taskManagerId, slot)))
  }

  /** What decisions about the end of the job look at. */
  leavings({ vertices }: JobPlan, state: JobStateKind): Pick<JobFacts, 'leavesOpen' | 'newestKnown'> {
    const { checkpointing, coordinator, record } = this.#options
    const begun = record.current.attempt > (state === 'deploying' ? 1 : 0)
    const marked = vertices.some(({ operators }) => operators.some((operator) => operator.leavesOpen === true))
    return {
      leavesOpen: checkpointing && begun && marked,
      newestKnown: coordinator.storing || this.#endOfJob() !== undefined,
    }
  }

  /** Which snapshot is the newest is about to be known. */
  #endLater(): void {
    const { context, coordinator, record } = this.#options
    const { jobId, attempt } = record.current
    const settled = withTimeout(context.clock, coordinator.settled(), storingMs, 'storing of a snapshot')
    inBackground(
      settled
        .then(() => this.#endOfJob())
        .catch(() => undefined)
        .then((end) => this.toAll({ kind: 'cancel', jobId, attempt, ...end })),
      (error) => context.log('error', 'tasks could not be told that their job ends', { jobId, error }),
    )
  }

  /** Without it sinks leave alone what they prepared: who drops what may count loses records. */
  #endOfJob(): { readonly end: JobEnd } | undefined {
    const { newest } = this.#options.coordinator
    return newest === undefined || (newest === 0 && !this.#isOwn) ? undefined : { end: { checkpointId: newest } }
  }

  /** Answered by `released` for each slot. */
  cancelRegion(region: readonly PlacedSlot[]): void {
    const { context, dispatch, record } = this.#options
    const { jobId, attempt: newest } = record.current
    const silent = this.#takeUnsent()
    for (const { taskManagerId, slot, subtasks } of region) {
      const [first] = subtasks
      if (first === undefined) continue
      const attempt = this.attempts.of(first.vertex, first.subtask)
      const key = slotKey(taskManagerId, slot)
      if (!silent.has(key)) context.send(taskManagerId, { kind: 'cancelSlots', jobId, attempt, slots: [slot] })
      else {
        context.clock.setImmediate(() => {
          if (record.current.attempt === newest) dispatch({ kind: 'released', slot: key })
        })
      }
    }
  }

  /** The message is of tasks that are the job's now. */
  areOf(message: TaskMessage): boolean {
    return 'vertex' in message
      ? this.attempts.of(message.vertex, message.subtask) === message.attempt
      : this.attempts.has(message.attempt)
  }

  /** What runs in a slot is of that attempt. */
  holds(taskManagerId: string, slot: number, attempt: number): boolean {
    const found = this.#placement?.slots.find((each) => each.taskManagerId === taskManagerId && each.slot === slot)
    const [first] = found?.subtasks ?? []
    return (
      attempt ===
      (first === undefined ? this.#options.record.current.attempt : this.attempts.of(first.vertex, first.subtask))
    )
  }

  #put(placement: Placement, plan: JobPlan, sent: () => void): void {
    const { context, record, coordinator, snapshots, checkpointing, options, note, dispatch } = this.#options
    const { jobId, attempt } = record.current
    this.#unsent = placement
    context.slots.take(placement, { jobId, attempt })
    const current = (): boolean => this.#unsent === placement && record.current.attempt === attempt
    const preparation = {
      record,
      coordinator,
      snapshots,
      checkpointing,
      attempt,
      epoch: context.epoch,
      plan,
      placement,
      options,
      recovered: this.recovered,
      startsFrom: (location: string) => note(`attempt ${attempt} starts from ${location}`),
    }
    const prepared = prepareAttempt(preparation).finally(() => {
      this.recovered = preparation.recovered
    })
    prepared.then(
      (messages) => {
        if (!current()) return
        this.#unsent = undefined
        sent()
        for (const [id, message] of messages) context.send(id, message)
      },
      (error: unknown) => {
        // Storage that a job has run with comes back, by hand if need be: its job waits for it.
        const waits = attempt > 1 && storageErrors.is(error)
        const fatal = isMillraceError(error) && error.retry === 'never' && !waits
        if (current()) dispatch({ kind: 'failure', cause: causeOf(error), fatal })
      },
    )
  }
}
