/**
 * What happens to a record that a user's function refused: the operator's error policy. `fail` ends the attempt with the
 * user's own stack; `skip` counts; `dead-letter` also writes the record with its context as a line of JSON.
 *
 * Concurrency: one thread. Lines are gathered and written by `flush`, which the checkpoint and the end of the subtask
 * call, so that what a completed checkpoint passed over is on disk.
 */

import { isMillraceError } from '../../core/errors.ts'
import type { Disk } from '../../core/platform/disk.ts'
import type { OperatorPlan } from '../../proto/jobgraph/plan.ts'
import type { OperatorMetrics } from '../operators/operator.ts'
import { OperatorFailure } from '../operators/operator-failure.ts'

export interface DeadLetterTarget {
  readonly disk: Disk
  /** Directory `dead-letter` of the job. */
  readonly directory: string
}

const linesMax = 256
const recordCharactersMax = 64 * 1024

export class Poison {
  readonly #operator: OperatorPlan
  readonly #subtask: number
  readonly #metrics: OperatorMetrics
  readonly #target: DeadLetterTarget
  readonly #now: () => number
  #lines: string[] = []

  constructor(
    operator: OperatorPlan,
    subtask: number,
    metrics: OperatorMetrics,
    target: DeadLetterTarget,
    now: () => number,
  ) {
    this.#operator = operator
    this.#subtask = subtask
    this.#metrics = metrics
    this.#target = target
    this.#now = now
  }

  /** Throws when the policy is `fail`. */
  take(error: unknown, record: unknown, timestampMs: number | undefined): void {
    const { onError, name, uid } = this.#operator
    if (onError === 'fail') throw new OperatorFailure(this.#operator, error)
    this.#metrics.errorsSkipped++
    if (onError === 'skip') return
    const line = {
      timeMs: this.#now(),
      uid,
      operator: name,
      subtask: this.#subtask,
      error: error instanceof Error ? error.message : String(error),
      ...(isMillraceError(error) && { code: error.code }),
      ...(error instanceof Error && error.stack !== undefined && { stack: error.stack }),
      ...(timestampMs !== undefined && timestampMs === timestampMs && { timestampMs }),
    }
    this.#lines.push(`${JSON.stringify(line).slice(0, -1)},"record":${show(record)}}\n`)
    if (this.#lines.length >= linesMax) this.flush()
  }

  flush(): void {
    if (this.#lines.length === 0) return
    const { disk, directory } = this.#target
    disk.makeDirectory(directory)
    disk.appendFile(
      `${directory}/${encodeURIComponent(this.#operator.uid)}-${this.#subtask}.ndjson`,
      this.#lines.join(''),
    )
    this.#lines = []
  }
}

/** JSON of a record, in full where it has one. */
function show(record: unknown): string {
  let text: string | undefined
  try {
    text = JSON.stringify(record, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value))
  } catch {
    // A cycle: its description has to do.
    text = JSON.stringify(String(record))
  }
  text ??= JSON.stringify(String(record))
  return text.length <= recordCharactersMax
    ? text
    : JSON.stringify({ truncated: text.slice(0, recordCharactersMax), characters: text.length })
}
