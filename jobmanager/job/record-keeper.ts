/**
 * The record of a job and its way to the store. What must survive a restart of the JobManager is in the store before
 * anybody else learns of it.
 *
 * Concurrency: belongs to one job.
 */
import type { Clock } from '../../core/platform/clock.ts'
import type { JobRecord, JobStore } from '../job-store.ts'

const saveRetryMs = 5000

export class RecordKeeper {
  readonly #store: JobStore
  readonly #clock: Clock
  readonly #failed: (error: unknown) => void
  #record: JobRecord
  #closed = false

  /** `failed`: the end of the job could not be stored; it is tried again. */
  constructor(record: JobRecord, store: JobStore, clock: Clock, failed: (error: unknown) => void) {
    this.#record = record
    this.#store = store
    this.#clock = clock
    this.#failed = failed
  }

  get current(): JobRecord {
    return this.#record
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Throws what the disk says; the change counts here all the same, and is stored with the next one. */
  save(change: Partial<JobRecord>): void {
    this.note(change)
    this.#store.save(this.#record)
  }

  /** Resolves when what was saved survives this process. */
  flushed(): Promise<void> {
    return this.#store.flushed()
  }

  /** For people: is stored with the next change. */
  note(change: Partial<JobRecord>): void {
    this.#record = { ...this.#record, ...change }
  }

  /** The end must outlive the JobManager, or the job would begin again: tried until it is stored. */
  saveEnd(change: Partial<JobRecord>): void {
    try {
      this.save(change)
    } catch (error) {
      this.#failed(error)
      this.#clock.setTimeout(() => {
        if (!this.#closed) this.saveEnd({})
      }, saveRetryMs)
    }
  }

  close(): void {
    this.#closed = true
  }
}
