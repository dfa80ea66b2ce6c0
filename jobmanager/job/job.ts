/**
 * A job: applies what `decide` says about each event, and does what the decision asks for. Everything that must survive a
 * restart of the JobManager is in the record before anybody else learns of it.
 *
 * Concurrency: events are applied one after the other on the JobManager's thread; work that takes time (storage) runs
 * beside and comes back as an event, ignored when the attempt it belongs to is over.
 */
import type { Config } from '../../core/config/index.ts'
import { isMillraceError } from '../../core/errors.ts'
import { faulty } from '../../core/faults.ts'
import type { TimerHandle } from '../../core/platform/clock.ts'
import type { JobStatus } from '../../proto/client.ts'
import type { Failure, FailureCause, ToTaskManager } from '../../proto/generated/shapes.ts'
import { slotDefaults } from '../../proto/jobgraph/options.ts'
import type { JobPlan } from '../../proto/jobgraph/plan.ts'
import { CheckpointCoordinator, type CompletedSnapshot, type PendingSnapshot } from '../checkpoint/coordinator.ts'
import { JobSnapshots } from '../checkpoint/snapshots.ts'
import type { Placement } from '../cluster/assign.ts'
import { errors } from '../errors.ts'
import type { JobRecord } from '../job-store.ts'
import * as options from '../options.ts'
import {
  causeOf,
  coordinatorSettings,
  type JobContext,
  jobConfig,
  sourcesOf,
  subtasksOf,
  type TaskMessage,
  toCoordinator,
  whereIs,
} from './context.ts'
import { decide } from './decide.ts'
import { deployMessages } from './deployment.ts'
import { Feed, Journal } from './journal.ts'
import { JobMetrics } from './metrics.ts'
import { noFailures, strategyOf } from './restart.ts'
import { ResultBuffer } from './results.ts'
import {
  isTerminal,
  type JobAction,
  type JobEvent,
  type JobFacts,
  type JobState,
  slotKey,
  subtaskKey,
} from './state.ts'
import { statusOf } from './status.ts'

const failuresKept = 20
/** Of a job that takes no checkpoints. */
const neverAsked = { intervalMs: 0, minPauseMs: 0, timeoutMs: 0, tolerableFailures: 0 }

export class Job {
  readonly id: string
  readonly plan: JobPlan
  readonly options: Readonly<Record<string, string>>
  readonly coordinator: CheckpointCoordinator
  readonly metrics = new JobMetrics()
  readonly results: ResultBuffer
  readonly journal: Journal
  readonly changes = new Feed<JobStatus>()
  readonly checkpointing: boolean
  readonly #context: JobContext
  readonly #config: Config
  readonly #snapshots: JobSnapshots
  readonly #failures: Failure[] = []
  readonly #subtasks: readonly string[]
  #record: JobRecord
  #state: JobState = { kind: 'created' }
  #stateSinceMs: number
  #history = noFailures
  #placement: Placement | undefined
  /** Deploy messages of the current attempt are out. */
  #deployed = false
  #recovered = false
  #timer: TimerHandle | undefined

  constructor(record: JobRecord, plan: JobPlan, context: JobContext) {
    this.id = record.jobId
    this.plan = plan
    this.#record = record
    this.#context = context
    this.#stateSinceMs = record.endedMs ?? record.submittedMs
    this.options = { ...slotDefaults(context.config.toRecord()), ...plan.options, ...record.options }
    this.#config = jobConfig(context.config, this.options)
    this.#subtasks = subtasksOf(plan)
    const settings = coordinatorSettings(this.#config)
    this.checkpointing = settings !== undefined
    this.results = new ResultBuffer(context.config.get(options.resultsBufferMax))
    this.journal = new Journal(context.config.get(options.logLinesMax))
    this.#snapshots = new JobSnapshots({
      jobId: record.jobId,
      plan,
      epoch: context.epoch,
      clock: context.clock,
      root: this.#config.get(options.checkpointDirectory) ?? context.checkpoints,
      savepoints: this.#config.get(options.savepointDirectory) ?? context.savepoints,
      retained: this.#config.get(options.checkpointsRetained),
    })
    this.coordinator = new CheckpointCoordinator(context.clock, settings ?? neverAsked, {
      trigger: (checkpointId, savepoint, stop) =>
        this.#toAll({ kind: 'triggerCheckpoint', ...this.#ids, checkpointId, savepoint, stop: stop ?? '' }),
      abort: (checkpointId) => this.#toAll({ kind: 'abortCheckpoint', ...this.#ids, checkpointId }),
      complete: (checkpointId) => this.#toAll({ kind: 'checkpointComplete', ...this.#ids, checkpointId }),
      store: (pending) => this.#storeSnapshot(pending),
      fail: (error) => this.dispatch({ kind: 'failure', cause: causeOf(error), fatal: false }),
    })
    if (record.failure !== undefined) this.#failures.push(record.failure)
    if (isTerminal(record.state)) {
      const detail = record.detail ?? ''
      this.#state = record.state === 'failed' ? { kind: 'failed', detail } : { kind: record.state }
      this.results.end()
      this.journal.feed.end()
      this.changes.end()
    }
  }

  get record(): JobRecord {
    return this.#record
  }

  get state(): JobState {
    return this.#state
  }

  get placement(): Placement | undefined {
    return this.#placement
  }

  /** The newest first. */
  get failures(): readonly Failure[] {
    return this.#failures
  }

  get terminal(): boolean {
    return isTerminal(this.#state.kind)
  }

  /** Begins, or goes on after a restart of the JobManager. */
  begin(): void {
    if (this.terminal) return
    if (this.#record.state === 'canceling') this.dispatch({ kind: 'cancel' })
    else this.dispatch({ kind: 'submitted' })
  }

  status(): JobStatus {
    return statusOf({
      record: this.#record,
      state: this.#state,
      sinceMs: this.#stateSinceMs,
      failure: this.#failures[0],
      running: this.metrics.count('running'),
      total: this.#subtasks.length,
    })
  }

  snapshot(kind: 'checkpoint' | 'savepoint', path: string | undefined): Promise<CompletedSnapshot> {
    this.#checkSnapshots()
    return this.coordinator.request({ kind, path })
  }

  /** Resolves when the savepoint is complete and the job has finished. */
  async stop(path: string | undefined, drain: boolean): Promise<CompletedSnapshot> {
    this.#checkSnapshots()
    const failed = (reason: string, cause?: unknown): Error =>
      errors.create('STOP_FAILED', { job: this.plan.name, reason }, { cause })
    const request = this.coordinator.request({ kind: 'savepoint', stop: drain ? 'drain' : 'suspend', path })
    if (!this.coordinator.ending || this.coordinator.stopping) this.dispatch({ kind: 'stop' })
    let done: CompletedSnapshot
    try {
      done = await request
    } catch (error) {
      throw failed(error instanceof Error ? error.message : String(error), error)
    }
    if (this.state.kind === 'stopping') await this.changes.first(({ state }) => state !== 'stopping')
    const { kind } = this.state
    if (kind === 'finished') return done
    throw failed(`the savepoint is complete at ${done.path}, but the job is ${kind}`)
  }

  cancel(): void {
    if (this.terminal) throw errors.create('JOB_ENDED', { job: this.plan.name, state: this.#state.kind })
    this.dispatch({ kind: 'cancel' })
  }

  /** The slots that are free: takes what it needs or says what is missing. */
  offerSlots(): void {
    if (this.#state.kind !== 'waiting-for-resources') return
    const { slots } = this.#context
    this.dispatch({ kind: 'slots', free: slots.free(), inUse: slots.inUse(), total: slots.total() })
  }

  released(taskManagerId: string, slot: number, attempt: number): void {
    if (attempt === this.#record.attempt) this.dispatch({ kind: 'released', slot: slotKey(taskManagerId, slot) })
  }

  slotsLost(taskManagerId: string, slots: readonly number[], attempt: number, cause: FailureCause): void {
    if (attempt !== this.#record.attempt) return
    this.dispatch({ kind: 'slots-lost', slots: slots.map((slot) => slotKey(taskManagerId, slot)), cause })
  }

  /** A message of a task; those of earlier attempts are dropped. */
  receive(taskManagerId: string, message: TaskMessage): void {
    if (message.attempt !== this.#record.attempt) return
    switch (message.kind) {
      case 'taskState': {
        const subtask = subtaskKey(message.vertex, message.subtask)
        this.metrics.state(subtask, message.state)
        const cause = message.cause && {
          ...message.cause,
          where: whereIs(this.plan, message.vertex, message.subtask, taskManagerId),
        }
        this.dispatch({ kind: 'subtask', subtask, state: message.state, cause })
        break
      }
      case 'inputEnded':
      case 'ack':
      case 'decline':
        toCoordinator(this.coordinator, message, whereIs(this.plan, message.vertex, message.subtask, taskManagerId))
        break
      case 'metrics':
        this.metrics.report(message.subtasks)
        break
      case 'print':
        for (const line of message.lines) this.journal.add(this.#context.clock.now(), message.uid, line)
        break
      case 'results':
        this.results.add(message.uid, message.subtask, message.sequence, message.recordsJson)
        break
    }
  }

  dispatch(event: JobEvent): void {
    const before = this.#state
    const facts: JobFacts = {
      plan: this.plan,
      subtasks: this.#subtasks.length,
      strategy: strategyOf(this.#config),
      history: this.#history,
      nowMs: this.#context.clock.now(),
    }
    const { state, actions } = decide(before, event, facts)
    this.#state = state
    if (state.kind !== before.kind) this.#entered(before, state)
    for (const action of actions) this.#act(action)
    if (state.kind !== before.kind || ('detail' in state && 'detail' in before && state.detail !== before.detail)) {
      this.changes.emit(this.status())
    }
    if (isTerminal(state.kind) && !isTerminal(before.kind)) this.changes.end()
  }

  /** Detached work of the job stops; the record stays as it is. For the JobManager's own end. */
  close(): void {
    this.coordinator.stop('the JobManager shuts down')
    this.#context.clock.clearTimeout(this.#timer)
    this.results.end()
    this.journal.feed.end()
    this.changes.end()
  }

  #entered(before: JobState, state: JobState): void {
    const { clock } = this.#context
    this.#stateSinceMs = clock.now()
    const detail = 'detail' in state && state.detail !== '' ? `: ${state.detail}` : ''
    this.journal.add(clock.now(), 'jobmanager', `${before.kind} -> ${state.kind}${detail}`)
    this.#context.log('info', `job ${this.plan.name} is ${state.kind}`, {
      jobId: this.id,
      attempt: this.#record.attempt,
    })
    const tasks = state.kind === 'running' || state.kind === 'stopping'
    if (!tasks && (before.kind === 'running' || before.kind === 'stopping')) {
      this.coordinator.stop(`the job is ${state.kind}`)
    }
    if (before.kind === 'restarting') this.#context.clock.clearTimeout(this.#timer)
    if (state.kind === 'canceling' || state.kind === 'failing') this.#save({ state: state.kind })
    if (isTerminal(state.kind)) this.#end(state)
  }

  #act(action: JobAction): void {
    switch (action.kind) {
      case 'request-slots':
        this.#context.slotsChanged()
        break
      case 'deploy':
        this.#deploy(action.placement)
        break
      case 'start-tasks':
        this.#toAll({ kind: 'start', ...this.#ids })
        break
      case 'all-running':
        if (this.checkpointing) this.coordinator.start(this.#subtasks, sourcesOf(this.plan))
        break
      case 'cancel-tasks':
        this.#cancelTasks()
        break
      case 'wait':
        this.#context.clock.clearTimeout(this.#timer)
        this.#timer = this.#context.clock.setTimeout(() => this.dispatch({ kind: 'delay-over' }), action.delayMs)
        break
      case 'record-failure':
        this.#history = action.history
        this.#recordFailure(action.cause)
        break
      case 'end':
        break
    }
  }

  #deploy(placement: Placement): void {
    const { attempt: last } = this.#record
    const attempt = last > 0 && faulty('reuse-epoch') ? last : last + 1
    this.#save({ attempt, state: 'deploying', restarts: attempt - 1 })
    this.#placement = placement
    this.#deployed = false
    this.metrics.reset()
    this.#context.slots.take(placement, { jobId: this.id, attempt })
    const current = (): boolean => this.#state.kind === 'deploying' && this.#record.attempt === attempt
    this.#prepare(attempt, placement).then(
      (messages) => {
        if (!current()) return
        this.#deployed = true
        for (const [id, message] of messages) this.#context.send(id, message)
      },
      (error: unknown) => {
        const fatal = isMillraceError(error) && error.retry === 'never'
        if (current()) this.dispatch({ kind: 'failure', cause: causeOf(error), fatal })
      },
    )
  }

  async #prepare(attempt: number, placement: Placement): Promise<ReadonlyMap<string, ToTaskManager>> {
    await this.coordinator.settled()
    if (this.checkpointing && !this.#recovered) {
      this.coordinator.setNextId(await this.#snapshots.recover())
      this.#recovered = true
    }
    const point = await this.#snapshots.restorePoint(this.#record.stoppedWith, this.#record.savepointPath)
    if (point !== undefined) {
      if (point.manifest.jobId === this.id) this.coordinator.setNextId(point.checkpointId + 1)
      this.journal.add(this.#context.clock.now(), 'jobmanager', `attempt ${attempt} starts from ${point.location}`)
    }
    return deployMessages({
      record: this.#record,
      attempt,
      epoch: this.#context.epoch,
      plan: this.plan,
      placement,
      point,
      checkpointRoot: this.checkpointing ? this.#snapshots.root : '',
      options: this.options,
    })
  }

  #cancelTasks(): void {
    const state = this.#state
    const unreleased = 'unreleased' in state ? [...state.unreleased] : []
    if (this.#deployed) {
      this.#toAll({ kind: 'cancel', ...this.#ids })
      if (unreleased.length > 0) return
    }
    // Nobody has anything of the attempt: nobody will answer.
    const { attempt } = this.#record
    for (const { taskManagerId, slot } of this.#placement?.slots ?? []) {
      this.#context.slots.release(taskManagerId, slot, this.id, attempt)
    }
    const cause = { code: 'UNKNOWN', message: 'never deployed' }
    this.#context.clock.setImmediate(() => {
      if (this.#record.attempt === attempt) this.dispatch({ kind: 'slots-lost', slots: unreleased, cause })
      this.#context.slotsChanged()
    })
  }

  async #storeSnapshot(pending: PendingSnapshot): Promise<string> {
    const path = await this.#snapshots.save(pending)
    // Before any sink commits by it, it must be what a restart goes back to.
    if (pending.request.kind === 'savepoint' && pending.request.stop !== undefined) this.#save({ stoppedWith: path })
    this.journal.add(
      this.#context.clock.now(),
      'jobmanager',
      `${pending.request.kind} ${pending.checkpointId} at ${path}`,
    )
    this.#snapshots.sweep().catch((error: unknown) => {
      this.#context.log('warn', 'old checkpoints could not be deleted', { jobId: this.id, error })
    })
    return path
  }

  #recordFailure(cause: FailureCause & { readonly where?: string }): void {
    const timeMs = this.#context.clock.now()
    const failure: Failure = { where: '', ...cause, timeMs, attempt: this.#record.attempt }
    this.#failures.unshift(failure)
    if (this.#failures.length > failuresKept) this.#failures.pop()
    this.journal.add(timeMs, 'jobmanager', `failure: ${cause.message}${cause.where ? ` (${cause.where})` : ''}`)
    this.#context.log('warn', `job ${this.plan.name} failed: ${cause.message}`, { jobId: this.id, code: cause.code })
  }

  #end(state: JobState): void {
    const failure = this.#failures[0]
    const detail = 'detail' in state ? state.detail : undefined
    this.#save({
      state: state.kind,
      endedMs: this.#context.clock.now(),
      ...(detail === undefined ? {} : { detail }),
      ...(failure === undefined ? {} : { failure }),
    })
    this.results.end()
    this.journal.feed.end()
    const deletes =
      state.kind === 'finished' ||
      (state.kind === 'canceled' && this.#config.get(options.checkpointRetention) === 'DELETE_ON_CANCELLATION')
    if (deletes && this.#recovered) {
      this.coordinator
        .settled()
        .then(() => this.#snapshots.deleteAll())
        .catch((error: unknown) => {
          this.#context.log('warn', 'checkpoints could not be deleted', { jobId: this.id, error })
        })
    }
    this.#context.slotsChanged()
  }

  #checkSnapshots(): void {
    const job = this.plan.name
    if (this.terminal) throw errors.create('JOB_ENDED', { job, state: this.#state.kind })
    if (!this.checkpointing) throw errors.create('NO_CHECKPOINTING', { job })
    if (this.#state.kind !== 'running') throw errors.create('NOT_RUNNING', { job, state: this.#state.kind })
  }

  get #ids(): { readonly jobId: string; readonly attempt: number } {
    return { jobId: this.id, attempt: this.#record.attempt }
  }

  #toAll(message: ToTaskManager): void {
    const ids = new Set((this.#placement?.slots ?? []).map((slot) => slot.taskManagerId))
    for (const id of ids) this.#context.send(id, message)
  }

  #save(change: Partial<JobRecord>): void {
    this.#record = { ...this.#record, ...change }
    this.#context.store.save(this.#record)
  }
}
