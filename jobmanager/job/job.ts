/**
 * A job: applies what `decide` says about each event, and does what the decision asks for. Everything that must survive a
 * restart of the JobManager is in the record before anybody else learns of it.
 *
 * Concurrency: events are applied one after the other on the JobManager's thread; work that takes time (storage) runs
 * beside and comes back as an event, ignored when the attempt it belongs to is over.
 */
import type { Config } from '../../core/config/index.ts'
import type { TimerHandle } from '../../core/platform/clock.ts'
import type { JobStatus } from '../../proto/client.ts'
import type { AlignedTime, FailureCause, SlotStatus } from '../../proto/generated/shapes.ts'
import { slotDefaults } from '../../proto/jobgraph/options.ts'
import type { JobPlan } from '../../proto/jobgraph/plan.ts'
import { type ParallelismChange, rescaledPlan } from '../../proto/jobgraph/rescale-plan.ts'
import { CheckpointCoordinator, type CompletedSnapshot, type PendingSnapshot } from '../checkpoint/coordinator.ts'
import type { JobSnapshots } from '../checkpoint/snapshots.ts'
import type { Placement } from '../cluster/assign.ts'
import { errors } from '../errors.ts'
import type { JobRecord } from '../job-store.ts'
import * as options from '../options.ts'
import { Chronicle } from './chronicle.ts'
import {
  causeOf,
  coordinatorSettings,
  endsJob,
  type JobContext,
  jobConfig,
  parallelismOf,
  reactiveMax,
  snapshotsOf,
  sourcesOf,
  subtasksOf,
  type TaskMessage,
} from './context.ts'
import { decide } from './decide.ts'
import type { FailureLog } from './failure-log.ts'
import { Feed, type Journal } from './journal.ts'
import { deleteCheckpoints, type Keeping, storeSnapshot } from './keeping.ts'
import { keepResults, resultsOf } from './kept-results.ts'
import { receiveFromTask } from './messages.ts'
import { JobMetrics } from './metrics.ts'
import { RecordKeeper } from './record-keeper.ts'
import { Redeployments } from './redeploy.ts'
import { stopWithSavepoint, takeSnapshot } from './requests.ts'
import { noFailures, strategyOf } from './restart.ts'
import type { ResultBuffer } from './results.ts'
import {
  asksForSlots,
  detailOf,
  hasTasks,
  isEnding,
  isTerminal,
  type JobAction,
  type JobEvent,
  type JobFacts,
  type JobState,
  slotKey,
} from './state.ts'
import { statusOf } from './status.ts'
import { mayRun, type Takeover } from './takeover.ts'
import { JobTasks } from './tasks.ts'

const troubleDelayMs = 10

export class Job {
  readonly id: string
  /** As it was submitted; what runs may have another parallelism. */
  readonly submitted: JobPlan
  readonly options: Readonly<Record<string, string>>
  readonly coordinator: CheckpointCoordinator
  readonly metrics = new JobMetrics()
  readonly failures: FailureLog
  readonly results: ResultBuffer
  readonly journal: Journal
  readonly changes = new Feed<JobStatus>()
  readonly checkpointing: boolean
  readonly redeployments: Redeployments
  readonly #context: JobContext
  readonly #config: Config
  readonly #snapshots: JobSnapshots
  readonly reactiveMax: number | undefined
  #plan: JobPlan
  #fallback: JobPlan | undefined
  #subtasks: readonly string[]
  readonly #record: RecordKeeper
  #state: JobState = { kind: 'created' }
  #history = noFailures
  readonly #tasks: JobTasks
  #takeover: Takeover | undefined
  #timer: TimerHandle | undefined
  readonly #chronicle: Chronicle

  constructor(record: JobRecord, plan: JobPlan, context: JobContext) {
    this.id = record.jobId
    this.submitted = plan
    this.#plan = rescaledPlan(plan, record.parallelism ?? {})
    this.#record = new RecordKeeper(record, context.store, context.clock, (error) =>
      context.log('error', `the end of job ${plan.name} could not be stored`, { jobId: record.jobId, error }),
    )
    this.#context = context
    this.#chronicle = new Chronicle(plan.name, this.#record, context)
    this.journal = this.#chronicle.journal
    this.failures = this.#chronicle.failures
    this.options = { ...slotDefaults(context.config.toRecord()), ...plan.options, ...record.options }
    this.#config = jobConfig(context.config, this.options)
    this.#subtasks = subtasksOf(this.#plan)
    this.reactiveMax = reactiveMax(this.#config)
    const settings = coordinatorSettings(this.#config)
    this.checkpointing = settings !== undefined
    this.results = resultsOf(this.#record, context, (position) =>
      this.#tasks.toAll({ kind: 'resultsRead', ...this.#ids, ...position }),
    )
    this.#snapshots = snapshotsOf(record.jobId, this.#config, context)
    this.coordinator = new CheckpointCoordinator(context.clock, settings, {
      trigger: (checkpointId, savepoint, stop) =>
        this.#tasks.toAll({ kind: 'triggerCheckpoint', ...this.#ids, checkpointId, savepoint, stop: stop ?? '' }),
      abort: (checkpointId) => this.#tasks.toAll({ kind: 'abortCheckpoint', ...this.#ids, checkpointId }),
      complete: (checkpointId) => this.#tasks.toAll({ kind: 'checkpointComplete', ...this.#ids, checkpointId }),
      store: (pending) => this.#storeSnapshot(pending),
      fail: (error) => this.dispatch({ kind: 'failure', cause: causeOf(error), fatal: endsJob(error, context) }),
    })
    this.#tasks = new JobTasks({
      context,
      record: this.#record,
      coordinator: this.coordinator,
      snapshots: this.#snapshots,
      checkpointing: this.checkpointing,
      options: this.options,
      note: (text) => this.#chronicle.note(text),
      dispatch: (event) => this.dispatch(event),
    })
    this.redeployments = new Redeployments(this, {
      clock: context.clock,
      slots: context.slots,
      reactiveMax: this.reactiveMax,
      stabilizationMs: this.#config.get(options.stabilizationTimeout),
      slotsChanged: () => context.slotsChanged(),
      log: (text, error) => context.log('warn', text, { jobId: this.id, error }),
    })
    if (isTerminal(record.state)) {
      const detail = record.detail ?? ''
      this.#state = record.state === 'failed' ? { kind: 'failed', detail } : { kind: record.state }
      this.journal.feed.end()
      this.changes.end()
    }
  }

  /** What the current attempt runs, or the next one while there is none. */
  get plan(): JobPlan {
    return this.#plan
  }

  get nextPlan(): JobPlan {
    return rescaledPlan(this.submitted, this.record.parallelism ?? {})
  }

  get record(): JobRecord {
    return this.#record.current
  }

  get state(): JobState {
    return this.#state
  }

  get placement(): Placement | undefined {
    return this.#tasks.placement
  }

  get terminal(): boolean {
    return isTerminal(this.#state.kind)
  }

  /** Begins, or goes on after a restart of the JobManager. */
  begin(): void {
    // What a JobManager that went away may have left.
    if (this.terminal) return this.#deleteCheckpoints()
    if (this.record.state === 'canceling') this.dispatch({ kind: 'cancel' })
    else if (mayRun(this.record)) {
      this.#takeover = this.#tasks.awaitThose(this.#subtasks, this.metrics, () => {
        this.#takeover = undefined
      })
    } else this.dispatch({ kind: 'submitted' })
  }

  status(): JobStatus {
    return statusOf({
      record: this.record,
      state: this.#state,
      sinceMs: this.#chronicle.stateSinceMs,
      failure: this.failures.newest,
      running: this.metrics.count('running'),
      total: this.#subtasks.length,
    })
  }

  snapshot(kind: 'checkpoint' | 'savepoint', path: string | undefined): Promise<CompletedSnapshot> {
    return takeSnapshot(this, kind, path)
  }

  /** Resolves when the savepoint is complete and the job has finished. */
  stop(path: string | undefined, drain: boolean): Promise<CompletedSnapshot> {
    return stopWithSavepoint(this, this.#snapshots, path, drain)
  }

  /** Counts at once, and is durable when it resolves. The next attempt has it, or the one before if there are too few slots. */
  async setParallelism(parallelism: ParallelismChange): Promise<void> {
    this.#fallback = this.#state.kind === 'waiting-for-resources' ? undefined : this.#plan
    this.#record.save({ parallelism })
    await this.#context.store.flushed()
  }

  /** A TaskManager has registered. False when nothing of this job is to go on there. */
  present(taskManagerId: string, host: string, slots: readonly SlotStatus[]): boolean {
    this.#takeover?.present(taskManagerId, host, slots)
    return this.#takeover !== undefined
  }

  cancel(): void {
    this.#takeover?.giveUp('it is canceled')
    if (this.terminal) throw errors.create('JOB_ENDED', { job: this.plan.name, state: this.#state.kind })
    this.dispatch({ kind: 'cancel' })
  }

  /** The slots that are free: takes what it needs or says what is missing. `behind`: why none of them is for this job. */
  offerSlots(behind?: string): void {
    if (!asksForSlots(this.#state)) return this.redeployments.slotsChanged()
    const { slots } = this.#context
    this.dispatch({ kind: 'slots', behind, free: slots.free(), inUse: slots.inUse(), total: slots.total() })
  }

  released(taskManagerId: string, slot: number, attempt: number): void {
    if (this.#tasks.holds(taskManagerId, slot, attempt))
      this.dispatch({ kind: 'released', slot: slotKey(taskManagerId, slot) })
  }

  slotsLost(taskManagerId: string, slots: readonly number[], attempt: number, cause: FailureCause): void {
    if (!this.#tasks.attempts.has(attempt)) return
    this.#takeover?.giveUp(cause.message)
    this.dispatch({ kind: 'slots-lost', slots: slots.map((slot) => slotKey(taskManagerId, slot)), cause })
  }

  /** A message of a task; those of earlier attempts are dropped. One that cannot be understood fails the job, and nobody else. */
  receive(taskManagerId: string, message: TaskMessage): void {
    if (!this.#tasks.areOf(message)) return
    try {
      this.#takeover?.hear(message)
      receiveFromTask(this, message, taskManagerId, this.#context.clock.now())
    } catch (error) {
      this.#trouble(
        `a message (${message.kind}) of ${taskManagerId} about ${this.plan.name} could not be handled`,
        error,
      )
    }
  }

  /** Never throws: what goes wrong inside is a failure of this job. */
  dispatch(event: JobEvent): void {
    try {
      this.#dispatch(event)
    } catch (error) {
      this.#trouble(`job ${this.plan.name} could not do what ${event.kind} asks for`, error)
    }
  }

  #dispatch(event: JobEvent): void {
    const before = this.#state
    const facts: JobFacts = {
      plan: this.reactiveMax === undefined ? this.nextPlan : this.submitted,
      fallback: this.#fallback,
      reactiveMax: this.reactiveMax,
      running: this.#plan,
      regional: !this.coordinator.ending,
      subtasks: this.#subtasks.length,
      strategy: strategyOf(this.#config),
      history: this.#history,
      nowMs: this.#context.clock.monotonic(),
      ...this.#tasks.leavings(this.#plan, before.kind),
    }
    const { state, actions } = decide(before, event, facts)
    this.#state = state
    const problems: unknown[] = []
    // One part that fails (a full disk under the record) leaves the others standing: tasks are cancelled all the same.
    const attempt = (part: () => void): void => {
      try {
        part()
      } catch (error) {
        problems.push(error)
      }
    }
    if (state.kind !== before.kind) attempt(() => this.#entered(before, state))
    for (const action of actions) attempt(() => this.#act(action))
    if (state.kind !== before.kind || detailOf(state) !== detailOf(before)) {
      this.changes.emit(this.status())
    }
    if (isTerminal(state.kind) && !isTerminal(before.kind)) this.changes.end()
    if (problems.length > 0) throw problems[0]
  }

  /** Something inside of the JobManager went wrong over this job: the job fails and is restarted, all others go on. */
  #trouble(text: string, error: unknown): void {
    this.#context.log('error', text, { jobId: this.id, error })
    // Not from within the event that failed, and not at once: what fails again must not fail in a circle.
    this.#context.clock.setTimeout(() => {
      if (!isEnding(this.#state.kind) && !this.#record.closed)
        this.dispatch({ kind: 'failure', cause: causeOf(error), fatal: false })
    }, troubleDelayMs)
  }

  /** Detached work of the job stops; the record stays as it is. For the JobManager's own end. */
  close(): void {
    this.#record.close()
    this.#takeover?.close()
    this.redeployments.close()
    this.coordinator.stop('the JobManager shuts down')
    this.#context.clock.clearTimeout(this.#timer)
    this.results.end()
    this.journal.feed.end()
    this.changes.end()
  }

  #entered(before: JobState, state: JobState): void {
    this.#chronicle.entered(before, state)
    if (!hasTasks(state) && hasTasks(before)) this.coordinator.stop(`the job is ${state.kind}`)
    if (before.kind === 'restarting' || isTerminal(state.kind)) this.#context.clock.clearTimeout(this.#timer)
    if (state.kind === 'canceling' || state.kind === 'failing') this.#record.save({ state: state.kind })
    if (isTerminal(state.kind)) this.#end(state)
  }

  #act(action: JobAction): void {
    switch (action.kind) {
      case 'request-slots':
        this.#context.slotsChanged()
        break
      case 'deploy':
        this.#deploy(action.placement, action.plan)
        break
      case 'deploy-region':
        this.#tasks.deployRegion(action.placement, action.whole, this.#plan)
        break
      case 'cancel-region':
        this.coordinator.pause(action.reason, action.subtasks)
        this.metrics.forget(action.subtasks)
        this.#tasks.cancelRegion(action.region)
        break
      case 'region-runs':
        this.#chronicle.note(`attempt ${this.record.attempt} of what had failed runs`)
        this.coordinator.resume()
        break
      case 'start-tasks':
        this.#chronicle.recovery.mark('restore')
        this.#tasks.start()
        break
      case 'all-running':
        this.redeployments.slotsChanged()
        if (this.checkpointing) this.coordinator.start(this.#subtasks, sourcesOf(this.plan))
        break
      case 'cancel-tasks':
        this.#tasks.cancel('unreleased' in this.#state ? [...this.#state.unreleased] : [], action.tidying === true)
        break
      case 'wait':
        this.#context.clock.clearTimeout(this.#timer)
        this.#timer = this.#context.clock.setTimeout(() => this.dispatch({ kind: 'delay-over' }), action.delayMs)
        break
      case 'record-failure':
        this.#history = action.history
        this.#chronicle.failed(action.cause)
        break
      case 'redeployed':
        this.#record.note({ redeployments: (this.record.redeployments ?? 0) + 1 })
        break
      case 'end':
        break
    }
  }

  #deploy(placement: Placement, plan: JobPlan): void {
    const fallsBack = plan === this.#fallback
    if (fallsBack) this.#chronicle.note('there are too few slots for the new parallelism: the job keeps the old one')
    this.#fallback = undefined
    this.#plan = plan
    this.#subtasks = subtasksOf(plan)
    this.metrics.reset()
    const kept = fallsBack ? { parallelism: parallelismOf(plan) } : {}
    this.#tasks.deploy(placement, plan, kept, () => this.#chronicle.recovery.mark('prepare'))
  }

  async #storeSnapshot(pending: PendingSnapshot): Promise<string> {
    const path = await storeSnapshot(this.#keeping, pending, this.#plan)
    this.#chronicle.note(`${pending.request.kind} ${pending.checkpointId} at ${path}`)
    return path
  }

  #end(state: JobState): void {
    const failure = this.failures.newest
    const detail = detailOf(state)
    this.results.end()
    this.journal.feed.end()
    this.#record.saveEnd({
      state: state.kind,
      endedMs: this.#context.clock.now(),
      ...keepResults(this.#record, this.#context, this.results),
      ...(detail === '' ? {} : { detail }),
      ...(failure === undefined ? {} : { failure }),
    })
    if (this.#tasks.recovered) this.#deleteCheckpoints()
    this.#context.slotsChanged()
  }

  #deleteCheckpoints(): void {
    const canceledToo = this.#config.get(options.checkpointRetention) === 'DELETE_ON_CANCELLATION'
    if (this.checkpointing) deleteCheckpoints(this.#keeping, this.coordinator, this.#state.kind, canceledToo)
  }

  get #keeping(): Keeping {
    return { context: this.#context, record: this.#record, snapshots: this.#snapshots }
  }

  get #ids(): { readonly jobId: string; readonly attempt: number } {
    return { jobId: this.id, attempt: this.record.attempt }
  }

  align(groups: readonly AlignedTime[]): void {
    this.#tasks.toAll({ kind: 'alignSources', ...this.#ids, groups })
  }
}
