/** A job in a line, as clients see it. Pure. */
import type { JobStatus } from '../../proto/client.ts'
import type { Failure } from '../../proto/generated/shapes.ts'
import type { JobRecord } from '../job-store.ts'
import { detailOf, isTerminal, type JobState } from './state.ts'

export interface StatusInput {
  readonly record: JobRecord
  readonly state: JobState
  /** Epoch ms at which the state was entered. */
  readonly sinceMs: number
  /** The newest. */
  readonly failure: Failure | undefined
  readonly running: number
  readonly total: number
}

export function statusOf({ record, state, sinceMs, failure, running, total }: StatusInput): JobStatus {
  const { jobId, name, attempt, submittedMs, restarts, endedMs, stoppedWith } = record
  const terminal = isTerminal(state.kind)
  return {
    jobId,
    name,
    state: state.kind,
    terminal,
    attempt,
    submittedMs,
    stateSinceMs: sinceMs,
    detail: detailOf(state),
    runningSubtasks: terminal ? 0 : running,
    totalSubtasks: total,
    restarts,
    savepointPath: stoppedWith ?? '',
    ...(endedMs === undefined ? {} : { endedMs }),
    ...(failure === undefined ? {} : { failure }),
  }
}
