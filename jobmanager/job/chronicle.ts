/**
 * What a job tells people of its life: lines in its journal and in the log of the JobManager, its failures, since when it is
 * in its state, and where the time of a recovery went. Decides nothing.
 *
 * Concurrency: belongs to one job.
 */
import type { FailureCause } from '../../proto/generated/shapes.ts'
import * as options from '../options.ts'
import type { JobContext } from './context.ts'
import { FailureLog } from './failure-log.ts'
import { Journal } from './journal.ts'
import type { RecordKeeper } from './record-keeper.ts'
import { RecoveryTimes } from './recovery.ts'
import { detailOf, type JobState } from './state.ts'

export class Chronicle {
  readonly journal: Journal
  readonly failures = new FailureLog()
  readonly recovery: RecoveryTimes
  /** Epoch ms. */
  stateSinceMs: number
  readonly #name: string
  readonly #record: RecordKeeper
  readonly #context: JobContext

  /** `name`: of the job. */
  constructor(name: string, record: RecordKeeper, context: JobContext) {
    this.#name = name
    this.#record = record
    this.#context = context
    this.journal = new Journal(context.config.get(options.logLinesMax))
    this.recovery = new RecoveryTimes(() => context.clock.monotonic())
    const { endedMs, submittedMs, failure } = record.current
    this.stateSinceMs = endedMs ?? submittedMs
    if (failure !== undefined) this.failures.put(failure)
  }

  note(text: string): void {
    this.journal.add(this.#context.clock.now(), 'jobmanager', text)
  }

  entered(before: JobState, state: JobState): void {
    const { jobId, attempt } = this.#record.current
    this.stateSinceMs = this.#context.clock.now()
    this.recovery.entered(state)
    if (state.kind === 'running' && attempt > 1) {
      const text = `attempt ${attempt} runs, ${this.recovery.describe()}`
      this.note(text)
      this.#context.log('info', `job ${this.#name}: ${text}`, { jobId })
    }
    this.note([`${before.kind} -> ${state.kind}`, detailOf(state)].filter(Boolean).join(': '))
    this.#context.log('info', `job ${this.#name} is ${state.kind}`, { jobId, attempt })
  }

  failed(cause: FailureCause & { readonly where?: string }): void {
    const { jobId, attempt } = this.#record.current
    this.failures.add(cause, attempt, this.#context.clock.now())
    this.note(`failure: ${cause.message}${cause.where ? ` (${cause.where})` : ''}`)
    this.#context.log('warn', `job ${this.#name} failed: ${cause.message}`, { jobId, code: cause.code })
  }
}
