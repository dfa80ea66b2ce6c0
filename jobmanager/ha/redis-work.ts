/**
 * The leader's work in queues of bullmq: it outlives the JobManager that asked for it. Every JobManager may put in; only the
 * leader takes out.
 *
 * Concurrency: one per process for putting in; `lead` makes the workers of one term.
 */
import { createRequire } from 'node:module'
import type { RedisOptions as Connection, JobsOptions, Queue, QueueBase, QueueEvents, Worker } from 'bullmq'
import { withTimeout } from '../../core/async/index.ts'
import { systemClock } from '../../core/platform/clock.ts'
import { patience } from './redis.ts'
import { type RedisSettings, redisOptions } from './redis-options.ts'
import { type CleanTask, type LeaderWork, nameOf, retryPauseMs, type WorkHandlers } from './work.ts'

// A fifth of a JobManager's memory, and one that leads alone has none of it.
const require = createRequire(import.meta.url)
const bullmq = () => require('bullmq') as typeof import('bullmq')

export interface RedisQueuesOptions {
  readonly redis: RedisSettings
  /** Before the names of all keys. */
  readonly prefix: string
  /** Braces keep the keys of a cluster together. */
  readonly cluster: string
  readonly timeoutMs: number
  trouble(text: string, error: unknown): void
}

interface Submitted {
  readonly jobId: string
}

const cleanAttempts = 1000
/** Waiting for work is ten seconds without an answer at most. */
const silenceMs = 30_000
/** Closing waits for what Redis still has to answer, and no longer than this. */
const closingMsMax = 3000
/** Outcomes that are kept, for people and for those who wait for one. */
const kept: JobsOptions = { removeOnComplete: { count: 100, age: 3600 }, removeOnFail: { count: 100, age: 86_400 } }

export class RedisQueues {
  readonly #options: RedisQueuesOptions
  readonly #submissions: Queue<Submitted>
  readonly #events: QueueEvents
  readonly #cleaning: Queue<CleanTask>
  readonly #schedules: Queue<Submitted>
  #closed = false

  constructor(options: RedisQueuesOptions) {
    this.#options = options
    // Whoever puts in is to hear at once when that fails.
    const untilClosed = this.#connection(() => this.#closed)
    const connection = { ...untilClosed, enableOfflineQueue: false, maxRetriesPerRequest: 1 }
    const each = { connection, prefix: this.#prefix, skipVersionCheck: true }
    const { Queue, QueueEvents } = bullmq()
    this.#submissions = new Queue('submissions', each)
    this.#cleaning = new Queue('cleaning', each)
    this.#schedules = new Queue('savepoints', each)
    const waiting = { ...untilClosed, maxRetriesPerRequest: null }
    this.#events = new QueueEvents('submissions', { ...each, connection: waiting })
    // Each call that fails says so itself.
    for (const one of [this.#submissions, this.#cleaning, this.#schedules]) one.on('error', () => undefined)
    this.#events.on('error', () => undefined)
  }

  /** `over`: nobody needs it any more. */
  #connection(over: () => boolean): Connection {
    const { redis, timeoutMs } = this.#options
    // Both mean options of ioredis; what is optional may be undefined for one of them only.
    return {
      ...redisOptions(redis),
      ...patience(timeoutMs),
      socketTimeout: silenceMs,
      // To close a connection, bullmq waits until it is there or has ended.
      retryStrategy: (times: number) => (over() ? null : Math.min(100 * times, 1000)),
    } as Connection
  }

  get #prefix(): string {
    return `${this.#options.prefix}:{${this.#options.cluster}}:queues`
  }

  /** Tells the leader of a job that was accepted; the same job once. True when it has taken it over before the time is up. */
  async submitted(jobId: string, timeoutMs: number): Promise<boolean> {
    const job = await this.#submissions.add('submitted', { jobId }, { jobId, attempts: 100, backoff: 200, ...kept })
    try {
      await job.waitUntilFinished(this.#events, timeoutMs)
      return true
    } catch (error) {
      if ((await job.getState()) === 'failed') throw error
      return false
    }
  }

  /** Takes out, until the answer is closed. */
  lead(handlers: WorkHandlers): LeaderWork {
    const { trouble } = this.#options
    let closed = false
    const connection = { ...this.#connection(() => closed), maxRetriesPerRequest: null }
    const settings = { backoffStrategy: retryPauseMs }
    const each = { connection, prefix: this.#prefix, skipVersionCheck: true, settings, lockDuration: 10_000 }
    const { Worker } = bullmq()
    const workers: Worker[] = [
      new Worker<Submitted>('submissions', ({ data }) => handlers.submitted(data.jobId), each),
      new Worker<CleanTask>('cleaning', ({ data }) => handlers.clean(data), { ...each, concurrency: 4 }),
      new Worker<Submitted>('savepoints', ({ data }) => handlers.savepoint(data.jobId), { ...each, concurrency: 16 }),
    ]
    for (const worker of workers) {
      worker.on('error', () => undefined)
      worker.on('failed', (job, error) => trouble(`${job?.queueName ?? 'work'} failed, and is tried again`, error))
    }
    let synced = Promise.resolve()
    return {
      cleanLater: (task) => {
        // Deduplicated while it waits; Redis may be away for a while.
        const options = { jobId: nameOf(task), attempts: cleanAttempts, backoff: { type: 'custom' } }
        const put = (attempt: number): void => {
          this.#cleaning
            .add(task.kind, task, { ...options, removeOnComplete: true, removeOnFail: { count: 1000 } })
            .catch((error: unknown) => {
              if (closed) return
              if (attempt === 0) trouble('what is to be deleted could not be queued', error)
              systemClock.setTimeout(() => put(attempt + 1), retryPauseMs(attempt))
            })
        }
        put(0)
      },
      schedule: (wanted) => {
        synced = synced
          .then(() => (closed ? undefined : this.#sync(wanted)))
          .catch((error: unknown) => trouble('schedules of savepoints could not be set', error))
      },
      close: async () => {
        closed = true
        // Not in order: what is under way is somebody else's now, and Redis may be away.
        await Promise.all(workers.map((worker) => closing(worker, worker.close(true))))
      },
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    const all = [this.#submissions, this.#cleaning, this.#schedules, this.#events]
    await Promise.all(all.map((each) => closing(each, each.close())))
  }

  async #sync(wanted: ReadonlyMap<string, string>): Promise<void> {
    const found = new Map<string, string>()
    for (const { key, pattern } of await this.#schedules.getJobSchedulers()) found.set(key, pattern ?? '')
    for (const jobId of found.keys()) if (!wanted.has(jobId)) await this.#schedules.removeJobScheduler(jobId)
    for (const [jobId, pattern] of wanted) {
      if (found.get(jobId) === pattern) continue
      const template = { name: 'savepoint', data: { jobId }, opts: { attempts: 1, ...kept } }
      await this.#schedules.upsertJobScheduler(jobId, { pattern, tz: 'UTC' }, template)
    }
  }
}

/** Whatever becomes of it: a connection that is on its way, or waits for an answer, is cut when its time is up. */
async function closing(what: QueueBase, closed: Promise<void>): Promise<void> {
  const cut = (): void => void what.disconnect().catch(() => undefined)
  await withTimeout(systemClock, closed, closingMsMax, 'Redis', cut).catch(() => undefined)
}
