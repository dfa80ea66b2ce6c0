/**
 * One of several JobManagers: stands by, leads when it gets the lease, and stands by again when it loses it.
 *
 * Promises: it acts as a leader only while it holds the lease and after it has a new epoch from the fence in the storage,
 * has claimed every job with it, and was announced; whatever of this fails, it stands by. What a leader that was deposed
 * still tries is refused by whoever gets it: TaskManagers look at the epoch, the storage at what is to be replaced.
 *
 * Concurrency: the JobManager's thread; an election that was overtaken by its end finds out and stops.
 */
import type { Config } from '../../core/config/index.ts'
import { isMillraceError } from '../../core/errors.ts'
import type { Clock, TimerHandle } from '../../core/platform/clock.ts'
import type { Random } from '../../core/platform/random.ts'
import type { BlobStorage } from '../../core/storage/storage.ts'
import type { ListReply } from '../../proto/generated/shapes.ts'
import type { NewJob } from '../cluster/cluster.ts'
import { checkOptions, jobConfig } from '../job/context.ts'
import type { JobState } from '../job/state.ts'
import { statusOf } from '../job/status.ts'
import * as options from '../options.ts'
import type { Services } from '../rpc/services.ts'
import { standbyServices } from '../rpc/standby-service.ts'
import { BlobJobStore } from './blob-job-store.ts'
import type { Coordination } from './coordination.ts'
import { errors } from './errors.ts'
import { EpochFence, type Fence } from './fence.ts'
import { LeaseKeeper } from './lease.ts'
import { Submissions } from './submissions.ts'
import { type Log, Term } from './term.ts'

export interface ReplicaOptions {
  readonly config: Config
  readonly storage: BlobStorage
  readonly coordination: Coordination
  readonly clock: Clock
  readonly random: Random
  readonly cluster: string
  readonly leaseMs: number
  address(): string
  readonly log: Log
}

/** A leader is given so long to take a job over before the client hears that it was accepted. */
const submissionWaitMs = 10_000
const submissionScanMs = 15_000
const tellAgainMs = 200
const failedElectionPauseMs = 2000

export class Replica {
  readonly #options: ReplicaOptions
  readonly #lease: Coordination['lease']
  readonly #fence: EpochFence
  readonly #queues: Coordination['queues']
  readonly #keeper: LeaseKeeper
  readonly #submissions: Submissions
  readonly #standby: Services
  #term: Term | undefined
  /** Rises with each election and each end of one. */
  #turn = 0
  #epoch = 0
  #beat = 1
  #timers: TimerHandle[] = []
  #unreachable: string | undefined
  #notBeforeMs = Number.NEGATIVE_INFINITY
  /** A leader that Redis does not know: what was seen of it, and since when. */
  #stranger: { readonly fence: Fence; readonly sinceMs: number } | undefined

  constructor(given: ReplicaOptions) {
    const { config, storage, cluster, clock, leaseMs, log } = given
    this.#options = given
    this.#lease = given.coordination.lease
    this.#queues = given.coordination.queues
    this.#fence = new EpochFence(storage, cluster)
    this.#submissions = new Submissions(storage)
    this.#standby = standbyServices({
      bundleBytesMax: config.get(options.bundleBytesMax),
      address: () => given.address(),
      accept: (job) => this.#acceptForLeader(job),
      leader: async () => (await this.#lease.leader().catch(() => undefined))?.address,
      list: () => this.#list(),
    })
    this.#keeper = new LeaseKeeper({
      clock,
      port: this.#lease,
      leaseMs,
      events: {
        elected: () => this.#elected(),
        regained: () => this.#regained(),
        deposed: (reason) => this.#deposed(reason),
        unreachable: (error) => {
          this.#unreachable = messageOf(error)
          log('warn', `who leads cannot be asked: ${this.#unreachable}`, {})
        },
        reachable: () => {
          this.#unreachable = undefined
          log('info', 'Redis answers again', {})
          // Of what was accepted meanwhile no queue has told.
          if (this.#term !== undefined) this.#takeSubmissions(this.#turn)
        },
      },
      stillOurs: async () => (await this.#fence.read())?.epoch === this.#epoch,
      eligible: () => this.#eligible(),
    })
  }

  /** Resolves when it takes part. Throws HA_DIRECTORY_… when the directory is somebody else's, HA_REDIS_CLUSTER, and what the storage says. */
  async start(): Promise<void> {
    await this.#fence.read()
    await this.#options.coordination.connect().catch((error: unknown) => {
      if (isMillraceError(error) && error.retry === 'never') throw error
    })
    await this.#checkAlone()
    this.#keeper.start()
  }

  get term(): Term | undefined {
    return this.#keeper.holds ? this.#term : undefined
  }

  get services(): Services {
    return this.term?.services ?? this.#standby
  }

  /** Why it cannot take part. */
  get unready(): string | undefined {
    return this.#unreachable
  }

  /** Resolves when the job survives this process, and the leader has it or will find it. */
  accept(job: NewJob): Promise<void> {
    return this.term?.accept(job) ?? this.#acceptForLeader(job)
  }

  async close(): Promise<void> {
    const led = this.#term !== undefined
    const epoch = this.#epoch
    await this.#keeper.close()
    if (led) await this.#fence.beat(epoch, 0).catch(() => false)
    await this.#queues.close()
    this.#options.coordination.disconnect()
  }

  #elected(): void {
    const turn = ++this.#turn
    this.#lead(turn).catch((error: unknown) => {
      if (turn !== this.#turn) return
      this.#options.log('error', `could not take over: ${messageOf(error)}`, { error })
      this.#notBeforeMs = this.#options.clock.monotonic() + failedElectionPauseMs
      this.#keeper.stepDown('it could not take over')
    })
  }

  async #lead(turn: number): Promise<void> {
    const { config, storage, clock, random, leaseMs, log } = this.#options
    const over = (): boolean => turn !== this.#turn || !this.#keeper.holds
    const address = this.#options.address()
    const known = await this.#lease.epoch()
    // It may have lost everything since this one was found fit to lead: then the last leader may still be there.
    if (known === 0 && !(await this.#strangerIsGone())) {
      throw errors.create('DEPOSED', { reason: 'Redis has lost what it knew, and the last leader may live' })
    }
    if (over()) return
    const epoch = await this.#fence.claim(address, known)
    this.#epoch = epoch
    if (over()) return
    const store = await BlobJobStore.open({
      storage,
      epoch,
      clock,
      deposed: (reason) => this.#keeper.stepDown(reason),
      trouble: (error) => log('warn', `the job store cannot be written, and is tried again: ${messageOf(error)}`, {}),
      stored: (jobId, record) => {
        this.#lease.putJob(epoch, jobId, record).catch(() => undefined)
      },
    })
    if (over()) return
    if (!(await this.#lease.announce(epoch, address, leaseMs)))
      throw errors.create('DEPOSED', { reason: 'the lease is gone' })
    if (over()) return
    this.#timers.push(
      clock.setInterval(() => this.#sayAlive(epoch), this.#beatMs),
      clock.setInterval(() => this.#takeSubmissions(turn), submissionScanMs),
    )
    const term = new Term({
      clock,
      random,
      config,
      epoch,
      store,
      checkpoints: `${storage.url}/checkpoints`,
      savepoints: `${storage.url}/savepoints`,
      address: () => this.#options.address(),
      work: (handlers) =>
        this.#queues.lead({ ...handlers, submitted: (jobId) => this.#takeSubmission(turn, store, jobId) }),
      log,
    })
    this.#closeTerm = () => {
      store.close('another JobManager leads, or will')
      return term.close()
    }
    for (const jobId of await this.#submissions.waiting()) await this.#take(term, store, jobId)
    if (over()) return
    this.#term = term
    log('info', `leads, with epoch ${epoch}`, { epoch, address, jobs: term.cluster.jobs.length })
  }

  #closeTerm: () => Promise<void> = () => Promise.resolve()

  /** All of it before it returns: nothing of this leader acts afterwards. */
  #deposed(reason: string): void {
    const { log } = this.#options
    this.#turn++
    this.#term = undefined
    for (const timer of this.#timers.splice(0)) this.#options.clock.clearTimeout(timer)
    const close = this.#closeTerm
    this.#closeTerm = () => Promise.resolve()
    close().catch((error: unknown) => log('warn', 'what was left of a term could not be closed', { error }))
    log('warn', `leads no more: ${reason}`, { epoch: this.#epoch })
  }

  #regained(): void {
    const { leaseMs, log } = this.#options
    log('warn', 'Redis had lost everything; the lease is held again', { epoch: this.#epoch })
    this.#lease.announce(this.#epoch, this.#options.address(), leaseMs).then(
      (announced) => {
        const term = this.#term
        if (!announced) this.#keeper.stepDown('another one was announced')
        else if (term !== undefined) {
          for (const { id, record } of term.cluster.jobs)
            this.#lease.putJob(this.#epoch, id, record).catch(() => undefined)
        }
      },
      () => this.#keeper.stepDown('it could not be announced again'),
    )
  }

  get #beatMs(): number {
    return this.#options.leaseMs * 2
  }

  #sayAlive(epoch: number): void {
    this.#beat = (this.#beat % 1_000_000_000) + 1
    this.#fence.beat(epoch, this.#beat).then(
      (ours) => {
        if (!ours && epoch === this.#epoch) this.#keeper.stepDown('a later leader stands in the storage')
      },
      // The storage is away: whether there is a later one shows when it is back.
      () => undefined,
    )
    // A replica of Redis that took over may not have heard of the first time.
    this.#lease.announce(epoch, this.#options.address(), this.#options.leaseMs).catch(() => undefined)
  }

  /**
   * A Redis that knows nothing is new, or has lost everything, or is not the one that the leader of this directory uses. It
   * says that it is alive in the storage: whoever sees that stays away.
   */
  async #eligible(): Promise<boolean> {
    if (this.#options.clock.monotonic() < this.#notBeforeMs) return false
    if ((await this.#lease.epoch()) > 0 || (await this.#lease.held())) {
      this.#stranger = undefined
      return true
    }
    return this.#strangerIsGone()
  }

  /** Of a leader that stands in the storage and that Redis does not know, nothing was seen for long enough. */
  async #strangerIsGone(): Promise<boolean> {
    const fence = await this.#fence.read()
    if (fence === undefined || fence.beat === 0) return true
    const seen = this.#stranger
    const nowMs = this.#options.clock.monotonic()
    if (seen?.fence.epoch !== fence.epoch || seen.fence.beat !== fence.beat) {
      this.#stranger = { fence, sinceMs: nowMs }
      return false
    }
    return nowMs - seen.sinceMs > this.#beatMs * 2
  }

  /** Throws HA_DIRECTORY_IN_USE when a leader lives that this Redis knows nothing of. */
  async #checkAlone(): Promise<void> {
    const first = await this.#fence.read()
    if (first === undefined || first.beat === 0) return
    const known = async (): Promise<boolean> =>
      (await this.#lease.epoch().catch(() => 1)) > 0 || (await this.#lease.held().catch(() => true))
    const untilMs = this.#options.clock.monotonic() + this.#beatMs * 2
    while (!(await known()) && this.#options.clock.monotonic() < untilMs) {
      const now = await this.#fence.read()
      if (now !== undefined && now.beat !== 0 && (now.beat !== first.beat || now.epoch !== first.epoch)) {
        // It may be the leader of this cluster, whose Redis begins anew: then it is known there in a moment.
        await this.#pause(this.#options.leaseMs)
        if (await known()) return
        throw errors.create('DIRECTORY_IN_USE', { directory: this.#options.storage.url, address: now.address })
      }
      await this.#pause(Math.min(200, this.#options.leaseMs / 4))
    }
  }

  /** As a standby: stores the job, tells the leader, and waits a little for it. */
  async #acceptForLeader(job: NewJob): Promise<void> {
    const { config } = this.#options
    checkOptions({ ...job.plan.options, ...job.options })
    jobConfig(config, { ...job.plan.options, ...job.options })
    const leading = this.term
    try {
      await this.#submissions.put(job)
    } catch (cause) {
      throw errors.create('NOT_ACCEPTED', { reason: messageOf(cause) }, { cause })
    }
    if (leading !== undefined) return
    // A queue that is away may not even say no.
    await Promise.race([this.#tellLeader(job.jobId), this.#pause(submissionWaitMs)])
  }

  /** The job is safe in the storage, and a leader finds it there even when no queue tells; but the client is about to ask for it. */
  async #tellLeader(jobId: string): Promise<void> {
    const { clock, log } = this.#options
    const untilMs = clock.monotonic() + submissionWaitMs
    for (let failures = 0; ; failures++) {
      try {
        await this.#queues.submitted(jobId, untilMs - clock.monotonic())
        return
      } catch (error) {
        if (failures === 0) log('warn', `job ${jobId} waits for a leader: ${messageOf(error)}`, {})
        await this.#pause(tellAgainMs)
        if (clock.monotonic() >= untilMs) return
      }
    }
  }

  async #takeSubmission(turn: number, store: BlobJobStore, jobId: string): Promise<void> {
    const term = this.#term
    if (turn !== this.#turn || term === undefined) throw errors.create('DEPOSED', { reason: 'its term is over' })
    await this.#take(term, store, jobId)
  }

  #takeSubmissions(turn: number): void {
    const scan = async (): Promise<void> => {
      for (const jobId of await this.#submissions.waiting()) {
        if (turn === this.#turn) await this.#queues.submitted(jobId, 1)
      }
    }
    scan().catch((error: unknown) =>
      this.#options.log('warn', `jobs that were accepted cannot be listed: ${messageOf(error)}`, {}),
    )
  }

  async #take(term: Term, store: BlobJobStore, jobId: string): Promise<void> {
    const submission = await this.#submissions.get(jobId)
    if (submission === undefined) return
    term.cluster.submit(submission)
    await store.flushed()
    await this.#submissions.remove(jobId)
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#options.clock.setTimeout(resolve, ms))
  }

  async #list(): Promise<ListReply> {
    const records = await this.#lease.jobs()
    const jobs = records
      .sort((a, b) => b.submittedMs - a.submittedMs)
      .map((record) =>
        statusOf({
          record,
          state: { kind: record.state, detail: 'nobody leads at the moment' } as JobState,
          sinceMs: record.endedMs ?? record.submittedMs,
          failure: record.failure,
          running: 0,
          total: 0,
        }),
      )
    return { jobs }
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
