/**
 * Savepoints by schedule: which jobs want them and when, taking one, and deleting those that are too many. They lie in
 * `<savepoints>/scheduled/<job id>/`, so that nothing else is ever taken for one of them.
 */
import type { Config } from '../../core/config/index.ts'
import { listSnapshots } from '../../proto/checkpoint/savepoint.ts'
import { jobConfig } from '../job/context.ts'
import type { Job } from '../job/job.ts'
import * as options from '../options.ts'
import { savepointSchedule, savepointsKept } from './options.ts'
import type { CleanTask } from './work.ts'

export interface SchedulesOptions {
  readonly config: Config
  /** Directory for savepoints of jobs that name none. */
  readonly savepoints: string
  jobs(): readonly Job[]
  cleanLater(task: CleanTask): void
}

export class Schedules {
  readonly #options: SchedulesOptions

  constructor(given: SchedulesOptions) {
    this.#options = given
  }

  /** Cron by job. */
  wanted(): ReadonlyMap<string, string> {
    const wanted = new Map<string, string>()
    for (const job of this.#options.jobs()) {
      const cron = job.terminal || !job.checkpointing ? undefined : job.options[savepointSchedule.key]
      if (cron !== undefined && cron.trim() !== '') wanted.set(job.id, cron.trim())
    }
    return wanted
  }

  /** Throws when the job does not run. A job that is gone wants none. */
  async take(jobId: string): Promise<void> {
    const job = this.#options.jobs().find(({ id }) => id === jobId)
    if (job === undefined || job.terminal) return
    const config = jobConfig(this.#options.config, job.options)
    const base = config.get(options.savepointDirectory) ?? this.#options.savepoints
    const directory = `${base.replace(/\/+$/, '')}/scheduled/${jobId}`
    await job.snapshot('savepoint', directory)
    // The newest first, and those that nobody can read last: they are left to people.
    const complete = (await listSnapshots(directory)).filter((entry) => 'snapshot' in entry)
    for (const { location } of complete.slice(config.get(savepointsKept))) {
      this.#options.cleanLater({ kind: 'savepoint', location })
    }
  }
}
