/**
 * One term of one leader: its cluster, its services and its work. Made when a JobManager begins to lead, and closed for good
 * when it does not any more; the next term is another object with a higher epoch.
 */
import type { Config } from '../../core/config/index.ts'
import type { Clock, TimerHandle } from '../../core/platform/clock.ts'
import type { Random } from '../../core/platform/random.ts'
import { Cluster, type NewJob } from '../cluster/cluster.ts'
import type { JobStore } from '../job-store.ts'
import * as options from '../options.ts'
import { clientService } from '../rpc/client-service.ts'
import { controlService } from '../rpc/control-service.ts'
import type { Services } from '../rpc/services.ts'
import { clean } from './clean.ts'
import { Schedules } from './schedules.ts'
import type { LeaderWork, WorkHandlers } from './work.ts'

export type Log = (level: 'info' | 'warn' | 'error', text: string, fields: Readonly<Record<string, unknown>>) => void

export interface TermOptions {
  readonly clock: Clock
  readonly random: Random
  readonly config: Config
  readonly epoch: number
  readonly store: JobStore
  /** Where snapshots of jobs go that say nothing else. */
  readonly checkpoints: string
  readonly savepoints: string
  address(): string
  work(handlers: Omit<WorkHandlers, 'submitted'>): LeaderWork
  readonly log: Log
}

const scheduleIntervalMs = 2000

export class Term {
  readonly cluster: Cluster
  readonly services: Services
  readonly #store: JobStore
  readonly #work: LeaderWork
  readonly #clock: Clock
  readonly #timer: TimerHandle

  /** Takes the jobs of the store over. Throws rather than forget one. */
  constructor(given: TermOptions) {
    const { clock, random, config, epoch, store, checkpoints, savepoints, log } = given
    this.#clock = clock
    const cluster = new Cluster({
      clock,
      random,
      store,
      config,
      epoch,
      checkpoints,
      savepoints,
      cleanLater: (task) => this.#work.cleanLater(task),
      log,
    })
    const schedules = new Schedules({
      config,
      savepoints,
      jobs: () => cluster.jobs,
      cleanLater: (task) => this.#work.cleanLater(task),
    })
    this.#work = given.work({
      clean: (task) => clean(task, epoch, clock),
      savepoint: (jobId) => schedules.take(jobId),
    })
    this.cluster = cluster
    this.#store = store
    cluster.recover()
    const arrange = (): void => this.#work.schedule(schedules.wanted())
    arrange()
    this.#timer = clock.setInterval(arrange, scheduleIntervalMs)
    const bundleBytesMax = config.get(options.bundleBytesMax)
    this.services = {
      control: controlService(cluster, store, log),
      client: clientService({
        cluster,
        epoch,
        bundleBytesMax,
        accept: (job) => this.accept(job),
        address: () => given.address(),
      }),
    }
  }

  /** Resolves when the job survives this process. Throws CONFIG_… for options that it should not have. */
  async accept(job: NewJob): Promise<void> {
    this.cluster.submit(job)
    await this.#store.flushed()
  }

  /** Stops acting before it returns; resolves when nothing is left of it. */
  close(): Promise<void> {
    this.#clock.clearTimeout(this.#timer)
    this.cluster.close()
    return this.#work.close()
  }
}
