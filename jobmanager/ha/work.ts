/**
 * Work of the leader that is not done at once: deletions that may have to be tried again, savepoints by schedule, jobs that
 * another JobManager has accepted. With Redis it lies in queues there (redis-work.ts); without, in memory (local-work.ts).
 *
 * Promise: nothing is lost for good when the queues are. Each kind of work can be found again in the storage (`tidy`,
 * submissions.ts) or in the options of jobs.
 */

/** What is to be deleted. */
export type CleanTask =
  /** All checkpoints of a job that ended and keeps none. */
  | { readonly kind: 'checkpoints'; readonly jobId: string; readonly root: string }
  /** A savepoint that nobody wants any more. */
  | { readonly kind: 'savepoint'; readonly location: string }

export interface WorkHandlers {
  /** Throws: it is tried again later. */
  clean(task: CleanTask): Promise<void>
  /** It is time. Throws: it is time again at the next time. */
  savepoint(jobId: string): Promise<void>
  /** A job was accepted somewhere. */
  submitted(jobId: string): Promise<void>
}

export interface LeaderWork {
  cleanLater(task: CleanTask): void
  /** The schedules that there are to be, cron by job; others end. */
  schedule(schedules: ReadonlyMap<string, string>): void
  close(): Promise<void>
}

/** One name for the same task, fit as a key. */
export function nameOf(task: CleanTask): string {
  const what = task.kind === 'checkpoints' ? `${task.jobId} ${task.root}` : task.location
  return `${task.kind} ${what}`.replaceAll(':', '_')
}

/** Pause before a task is tried again, ms. */
export function retryPauseMs(attempts: number): number {
  return Math.min(300_000, 500 * 2 ** Math.min(attempts, 12))
}
