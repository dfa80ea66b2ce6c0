/** What operators take from the options that say when checkpoints are taken. Pure. */
import { parseDuration } from '../../core/config/index.ts'

type JobOptions = Readonly<Record<string, string>>

const patienceMsMax = 30_000
/** Checkpoints follow each other: one that takes longer than from one to the next gets more than before, but not yet half. */
const patienceOfInterval = 3
/** A snapshot that gets half of a thread from a tenth of the time-out on has nearly as long as one that gets it at once. */
const patienceOfTimeout = 0.1

/** Undefined: the job does not say. */
export const checkpointIntervalMs = (options: JobOptions): number | undefined =>
  duration(options['execution.checkpointing.interval'])

/** How old a snapshot may be before it takes half of a thread that is busy with records. */
export function snapshotPatienceMs(options: JobOptions): number {
  const intervalMs = checkpointIntervalMs(options) ?? patienceMsMax
  const timeoutMs = duration(options['execution.checkpointing.timeout'])
  return Math.min(
    patienceMsMax,
    intervalMs * patienceOfInterval,
    (timeoutMs ?? Number.POSITIVE_INFINITY) * patienceOfTimeout,
  )
}

const duration = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : parseDuration(text)
