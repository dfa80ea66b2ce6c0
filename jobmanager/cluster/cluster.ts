/**
 * The JobManager's view of everything: TaskManagers that are connected, their slots, and the jobs. Routes what TaskManagers
 * say to the job it is about, offers free slots to the jobs that wait (the oldest first), and knows a TaskManager as lost
 * as soon as its stream ends or its heartbeats stop.
 *
 * Concurrency: everything happens on one thread, one message after the other.
 */
import type { Config } from '../../core/config/index.ts'
import { faulty } from '../../core/faults.ts'
import type { Clock, TimerHandle } from '../../core/platform/clock.ts'
import type { Random } from '../../core/platform/random.ts'
import type {
  FailureCause,
  FromTaskManager,
  Heartbeat,
  Register,
  TaskManagerInfo,
  ToTaskManager,
} from '../../proto/generated/shapes.ts'
import type { JobPlan } from '../../proto/jobgraph/plan.ts'
import { rpcErrors } from '../../proto/rpc/errors.ts'
import { packageVersion, protocolVersion } from '../../proto/rpc/version.ts'
import { errors } from '../errors.ts'
import type { CleanTask } from '../ha/work.ts'
import { causeOf, checkOptions, type JobContext, jobConfig } from '../job/context.ts'
import { Job } from '../job/job.ts'
import { type JobRecord, type JobStore, recordVersion } from '../job-store.ts'
import * as options from '../options.ts'
import { SlotTable } from './slots.ts'
import { turnsOf } from './turns.ts'

/** The stream of one TaskManager. */
export interface TaskManagerLink {
  send(message: ToTaskManager): void
  /** Ends the stream; with an error, that is what the TaskManager gets. */
  close(error?: Error): void
}

interface TaskManager {
  readonly hello: Register
  readonly link: TaskManagerLink
  readonly registeredMs: number
  /** For people; the wall clock may jump. */
  lastHeartbeatMs: number
  /** The same on the monotonic clock: what counts. */
  heardMs: number
  heartbeat: Heartbeat | undefined
}

export interface ClusterOptions {
  readonly clock: Clock
  readonly random: Random
  readonly store: JobStore
  readonly config: Config
  readonly epoch: number
  readonly checkpoints: string
  readonly savepoints: string
  /** Deletes, as often as it takes. */
  cleanLater(task: CleanTask): void
  log(level: 'info' | 'warn' | 'error', text: string, fields: Readonly<Record<string, unknown>>): void
}

export interface NewJob {
  /** Chosen by whoever accepted it; the same one again is the same job. */
  readonly jobId: string
  readonly plan: JobPlan
  readonly bundle: Uint8Array
  readonly options: Readonly<Record<string, string>>
  readonly savepointPath: string | undefined
  readonly allowNonRestoredState: boolean
}

/** Why a TaskManager that was shut down is gone. */
export const goodBye = 'it said good-bye'

export class Cluster {
  readonly slots = new SlotTable()
  readonly startedMs: number
  readonly #options: ClusterOptions
  readonly #taskManagers = new Map<string, TaskManager>()
  readonly #jobs = new Map<string, Job>()
  readonly #context: JobContext
  #watch: TimerHandle
  #offering = false
  #closed = false

  constructor(given: ClusterOptions) {
    this.#options = given
    this.startedMs = given.clock.now()
    this.#context = {
      ...given,
      slots: this.slots,
      cleanLater: (task) => given.cleanLater(task),
      log: (level, text, fields) => given.log(level, text, fields),
      send: (id, message) => this.#taskManagers.get(id)?.link.send(message),
      slotsChanged: () => this.#offerSlots(),
    }
    const intervalMs = given.config.get(options.heartbeatInterval)
    this.#watch = given.clock.setInterval(() => this.#checkHeartbeats(), intervalMs)
  }

  /** Takes the jobs of the store over. Throws rather than forget one. */
  recover(): void {
    const stored = this.#options.store.load().sort((a, b) => a.record.submittedMs - b.record.submittedMs)
    for (const { record, plan } of stored) this.#jobs.set(record.jobId, new Job(record, plan, this.#context))
    for (const job of this.#jobs.values()) job.begin()
  }

  get taskManagers(): readonly TaskManagerInfo[] {
    const inUse = this.slots.inUse()
    return [...this.#taskManagers.values()]
      .map(({ hello, heartbeat, registeredMs, lastHeartbeatMs }) => ({
        id: hello.id,
        host: hello.host,
        slotsTotal: hello.slots.length,
        slotsFree: hello.slots.length - (inUse.get(hello.id) ?? 0),
        registeredMs,
        lastHeartbeatMs,
        rssBytes: heartbeat?.rssBytes ?? 0,
        arenaBytes: hello.arenaBytes,
        arenaUsedBytes: heartbeat?.arenaUsedBytes ?? 0,
        processId: hello.processId,
        version: hello.version,
        leaving: this.slots.isLeaving(hello.id),
      }))
      .sort((a, b) => (a.id < b.id ? -1 : 1))
  }

  /** The newest first. */
  get jobs(): readonly Job[] {
    return [...this.#jobs.values()].sort((a, b) => b.record.submittedMs - a.record.submittedMs)
  }

  /** By id, unique prefix of an id, or name. Throws JOBMANAGER_NO_SUCH_JOB, JOBMANAGER_AMBIGUOUS_JOB. */
  find(job: string): Job {
    const exact = this.#jobs.get(job)
    if (exact !== undefined) return exact
    const named = this.jobs.filter((each) => each.plan.name === job)
    const alive = named.filter((each) => !each.terminal)
    if (alive.length === 1) return alive[0]
    if (alive.length === 0 && named.length > 0) return named[0]
    const found = alive.length > 1 ? alive : this.jobs.filter((each) => job !== '' && each.id.startsWith(job))
    if (found.length === 1) return found[0]
    if (found.length === 0) throw errors.create('NO_SUCH_JOB', { job })
    throw errors.create('AMBIGUOUS_JOB', { job, ids: found.map((each) => each.id) })
  }

  /** What the job was submitted with. */
  async bundleOf(job: Job): Promise<Uint8Array> {
    return this.#options.store.getBundle(job.record.bundleId)
  }

  /** Stores a job and begins it. Throws CONFIG_BAD_VALUE for an option that does not parse. */
  submit(given: NewJob): Job {
    if (this.#closed) throw errors.create('SHUTTING_DOWN')
    const known = this.#jobs.get(given.jobId)
    if (known !== undefined) return known
    const { store, clock, config } = this.#options
    const { plan, bundle, savepointPath, allowNonRestoredState } = given
    checkOptions({ ...plan.options, ...given.options })
    jobConfig(config, { ...plan.options, ...given.options })
    const record: JobRecord = {
      version: recordVersion,
      jobId: given.jobId,
      name: plan.name,
      submittedMs: clock.now(),
      bundleId: store.putBundle(bundle),
      bundleBytes: bundle.byteLength,
      options: given.options,
      state: 'created',
      attempt: 0,
      restarts: 0,
      ...(savepointPath === undefined ? {} : { savepointPath, allowNonRestoredState }),
    }
    store.create(record, plan)
    const job = new Job(record, plan, this.#context)
    this.#jobs.set(job.id, job)
    job.begin()
    this.#forgetOld()
    return job
  }

  /** A TaskManager introduced itself. Throws what it is refused with. */
  register(hello: Register, link: TaskManagerLink): void {
    const { clock, config, epoch, log } = this.#options
    if (this.#closed) throw errors.create('SHUTTING_DOWN')
    checkVersions(hello)
    const { id } = hello
    const before = this.#taskManagers.get(id)
    if (before !== undefined) {
      before.link.close(errors.create('TASKMANAGER_REPLACED', { id }))
      this.lost(before.link, `another one registered with the id ${id}`)
    }
    const nowMs = clock.now()
    const times = { registeredMs: nowMs, lastHeartbeatMs: nowMs, heardMs: clock.monotonic() }
    this.#taskManagers.set(id, { hello, link, ...times, heartbeat: undefined })
    this.slots.add(id, hello.host, hello.slots)
    log('info', `TaskManager ${id} registered with ${hello.slots.length} slots`, { host: hello.host })
    const heartbeatIntervalMs = config.get(options.heartbeatInterval)
    const jobs = this.jobs.some((job) => !job.terminal)
    link.send({ kind: 'registered', epoch, heartbeatIntervalMs, version: packageVersion, jobs })
    // Asked of all: one that is expected here and is not has to know it too.
    const goneOn = new Set(this.jobs.filter((job) => job.present(id, hello.host, hello.slots)).map((job) => job.id))
    for (const { holder } of this.slots.holders(id)) {
      if (goneOn.has(holder.jobId) && this.#jobs.get(holder.jobId)?.record.attempt === holder.attempt) continue
      if (faulty('reuse-epoch') && this.#jobs.get(holder.jobId)?.state.kind === 'running') continue
      // Nothing that ran through a lost connection is gone on with: its job has restarted, or will.
      link.send({ kind: 'cancel', jobId: holder.jobId, attempt: holder.attempt })
    }
    this.#offerSlots()
  }

  receive(link: TaskManagerLink, id: string, message: FromTaskManager): void {
    const taskManager = this.#taskManagers.get(id)
    if (taskManager?.link !== link) return
    const { clock } = this.#options
    taskManager.lastHeartbeatMs = clock.now()
    taskManager.heardMs = clock.monotonic()
    switch (message.kind) {
      case 'register':
        break
      case 'heartbeat':
        taskManager.heartbeat = message
        break
      case 'slotReady': {
        const holder = this.slots.replace(id, message.slot, message.port)
        if (holder !== undefined) {
          const cause = { code: 'TASKMANAGER_SLOT_LOST', message: `slot ${message.slot} of ${id} was restarted` }
          this.#jobs.get(holder.jobId)?.slotsLost(id, [message.slot], holder.attempt, cause)
        }
        this.#offerSlots()
        break
      }
      case 'slotReleased':
        this.slots.release(id, message.slot, message.jobId, message.attempt)
        this.#jobs.get(message.jobId)?.released(id, message.slot, message.attempt)
        this.#offerSlots()
        break
      case 'leaving':
        this.#leave(id, message.timeoutMs)
        break
      default:
        this.#jobs.get(message.jobId)?.receive(id, message)
    }
  }

  /** The stream of a TaskManager ended. */
  lost(link: TaskManagerLink, reason: string): void {
    for (const [id, taskManager] of this.#taskManagers) {
      if (taskManager.link !== link) continue
      this.#taskManagers.delete(id)
      const holders = this.slots.holders(id)
      this.slots.remove(id)
      if (this.#closed) return
      this.#options.log(reason === goodBye ? 'info' : 'warn', `TaskManager ${id} is gone: ${reason}`, {})
      const cause: FailureCause = causeOf(errors.create('TASKMANAGER_LOST', { id, reason }))
      const byJob = Map.groupBy(holders, ({ holder }) => `${holder.jobId} ${holder.attempt}`)
      for (const group of byJob.values()) {
        const { jobId, attempt } = group[0].holder
        const slots = group.map(({ slot }) => slot)
        this.#jobs.get(jobId)?.slotsLost(id, slots, attempt, withoutStack(cause))
      }
    }
  }

  close(): void {
    this.#closed = true
    this.#options.clock.clearTimeout(this.#watch)
    for (const job of this.#jobs.values()) job.close()
    for (const { link } of this.#taskManagers.values()) link.close()
    this.#taskManagers.clear()
  }

  /** What runs there goes elsewhere before the TaskManager ends; what is not quick enough is restarted like after a failure. */
  #leave(id: string, timeoutMs: number): void {
    const { log } = this.#options
    if (this.slots.isLeaving(id)) return
    this.slots.leave(id)
    const jobIds = new Set(this.slots.holders(id).map(({ holder }) => holder.jobId))
    log('info', `TaskManager ${id} is about to end and waits ${timeoutMs} ms for ${jobIds.size} jobs to leave it`, {})
    for (const jobId of jobIds) {
      const cause = errors.create('TASKMANAGER_LEAVES', { id })
      this.#jobs
        .get(jobId)
        ?.redeployments.leave(cause.message)
        .catch((error: unknown) => log('warn', `a job could not leave TaskManager ${id} in time`, { jobId, error }))
    }
  }

  #checkHeartbeats(): void {
    const { clock, config } = this.#options
    const timeoutMs = config.get(options.heartbeatTimeout)
    const deadline = clock.monotonic() - timeoutMs
    for (const { link, heardMs } of [...this.#taskManagers.values()]) {
      if (heardMs >= deadline) continue
      link.close()
      this.lost(link, `no heartbeat for ${timeoutMs} ms`)
    }
  }

  /** A job that takes slots changes what is free for the next: never twice at once. */
  #offerSlots(): void {
    if (this.#offering || this.#closed) return
    this.#offering = true
    this.#options.clock.setImmediate(() => {
      this.#offering = false
      const candidates = this.jobs.toReversed().map((job) => ({
        job,
        name: job.plan.name,
        terminal: job.terminal,
        reactive: job.reactiveMax !== undefined,
        begun: job.record.attempt > 0,
      }))
      for (const { candidate, behind } of turnsOf(candidates)) candidate.job.offerSlots(behind)
    })
  }

  #forgetOld(): void {
    const kept = this.#options.config.get(options.jobsRetained)
    const ended = this.jobs.filter((job) => job.terminal)
    if (ended.length <= kept) return
    for (const job of ended.slice(kept)) {
      this.#jobs.delete(job.id)
      this.#options.store.remove(job.id)
    }
    this.#options.store.sweepBundles(new Set(this.jobs.map((job) => job.record.bundleId)))
  }
}

function checkVersions({ id, protocol, version }: Register): void {
  const versions = { theirVersion: version, ourVersion: packageVersion }
  if (protocol !== protocolVersion) {
    const who = `TaskManager ${id}`
    throw rpcErrors.create('PROTOCOL_MISMATCH', { who, theirs: protocol, ours: protocolVersion, ...versions })
  }
  if (version !== packageVersion) throw rpcErrors.create('VERSION_MISMATCH', { id, ...versions })
}

function withoutStack({ stack: _, ...cause }: FailureCause): FailureCause {
  return cause
}
