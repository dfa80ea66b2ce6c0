/** The newest failures of a job, bounded. The newest first. Concurrency: belongs to one job. */
import type { Failure, FailureCause } from '../../proto/generated/shapes.ts'

const failuresKept = 20

export class FailureLog {
  readonly #failures: Failure[] = []

  get all(): readonly Failure[] {
    return this.#failures
  }

  get newest(): Failure | undefined {
    return this.#failures[0]
  }

  add(cause: FailureCause & { readonly where?: string }, attempt: number, timeMs: number): void {
    this.put({ where: '', ...cause, timeMs, attempt })
  }

  put(failure: Failure): void {
    this.#failures.unshift(failure)
    if (this.#failures.length > failuresKept) this.#failures.pop()
  }
}
