/**
 * The leader's work in memory, for a JobManager without Redis. What was not done when it ends is found again by the next:
 * see work.ts.
 *
 * Concurrency: the JobManager's thread; a task runs once at a time.
 */
import type { Clock, TimerHandle } from '../../core/platform/clock.ts'
import { nextTime } from './cron.ts'
import { type CleanTask, type LeaderWork, nameOf, retryPauseMs, type WorkHandlers } from './work.ts'

export interface LocalWorkOptions {
  readonly clock: Clock
  readonly handlers: Pick<WorkHandlers, 'clean' | 'savepoint'>
  trouble(text: string, error: unknown): void
}

export class LocalWork implements LeaderWork {
  readonly #options: LocalWorkOptions
  readonly #tasks = new Map<string, TimerHandle | undefined>()
  readonly #schedules = new Map<string, { readonly expression: string; timer: TimerHandle }>()
  #closed = false

  constructor(options: LocalWorkOptions) {
    this.#options = options
  }

  cleanLater(task: CleanTask): void {
    if (this.#closed || this.#tasks.has(nameOf(task))) return
    this.#tasks.set(nameOf(task), undefined)
    this.#clean(task, 0)
  }

  schedule(schedules: ReadonlyMap<string, string>): void {
    if (this.#closed) return
    for (const [jobId, { expression, timer }] of this.#schedules) {
      if (schedules.get(jobId) === expression) continue
      this.#options.clock.clearTimeout(timer)
      this.#schedules.delete(jobId)
    }
    for (const [jobId, expression] of schedules) if (!this.#schedules.has(jobId)) this.#wait(jobId, expression)
  }

  async close(): Promise<void> {
    this.#closed = true
    const { clock } = this.#options
    for (const timer of this.#tasks.values()) clock.clearTimeout(timer)
    for (const { timer } of this.#schedules.values()) clock.clearTimeout(timer)
  }

  #clean(task: CleanTask, attempts: number): void {
    const { clock, handlers, trouble } = this.#options
    handlers.clean(task).then(
      () => this.#tasks.delete(nameOf(task)),
      (error: unknown) => {
        if (this.#closed) return
        trouble('something could not be deleted, and is tried again', error)
        const again = (): void => this.#clean(task, attempts + 1)
        this.#tasks.set(nameOf(task), clock.setTimeout(again, retryPauseMs(attempts)))
      },
    )
  }

  #wait(jobId: string, expression: string): void {
    const { clock } = this.#options
    const atMs = nextTime(expression, clock.now())
    const timer = clock.setTimeout(() => this.#due(jobId, expression, atMs), atMs - clock.now())
    this.#schedules.set(jobId, { expression, timer })
  }

  #due(jobId: string, expression: string, atMs: number): void {
    const { clock, handlers, trouble } = this.#options
    if (this.#closed) return
    // The longest timer is shorter than the longest pause of a cron.
    if (clock.now() >= atMs) {
      handlers.savepoint(jobId).catch((error: unknown) => trouble('a savepoint by schedule failed', error))
    }
    this.#wait(jobId, expression)
  }
}
