/**
 * Results of a job that has ended and that nobody has read yet: they go into the job store with its end, up to a limit, so that
 * a reader gets them from the next JobManager too. They are read from there when the first reader comes, and deleted when one
 * has all of them, or with the job.
 *
 * Concurrency: belongs to one job.
 */
import type { JobRecord } from '../job-store.ts'
import * as options from '../options.ts'
import type { JobContext } from './context.ts'
import type { RecordKeeper } from './record-keeper.ts'
import { type KeptStream, ResultBuffer, type ResultPosition } from './results.ts'
import { isTerminal } from './state.ts'

const version = 1

/** `tell`: a reader has come so far. */
export function resultsOf(
  record: RecordKeeper,
  context: JobContext,
  tell: (position: ResultPosition) => void,
): ResultBuffer {
  const buffer = new ResultBuffer(context.config.get(options.resultsBufferMax), context.clock, (position) => {
    tell(position)
    if (buffer.allRead) forget(record, context, buffer)
  })
  const { state, jobId, results = [], unread } = record.current
  if (isTerminal(state)) {
    const load = async (id: string): Promise<readonly KeptStream[]> => decode(await context.store.getResults(jobId, id))
    buffer.endedEarlier(results, unread === undefined ? undefined : () => load(unread))
  }
  return buffer
}

/** For the record of a job that ends. What could not be stored is known to be lost when this JobManager goes. */
export function keepResults(record: RecordKeeper, context: JobContext, buffer: ResultBuffer): Partial<JobRecord> {
  const results = buffer.totals
  const streams = buffer.unread(context.config.get(options.resultsRetainedMax))
  if (streams.every(({ batches }) => batches.length === 0)) return { results }
  const { jobId, name } = record.current
  try {
    return { results, unread: context.store.putResults(jobId, encode(streams)) }
  } catch (error) {
    context.log('warn', `results of job ${name} that nobody has read could not be stored`, { jobId, error })
    return { results }
  }
}

function forget(record: RecordKeeper, context: JobContext, buffer: ResultBuffer): void {
  const { jobId, unread, results = [] } = record.current
  if (unread === undefined && results.every(({ read, next }) => read === next)) return
  try {
    record.save({ unread: undefined, results: buffer.totals })
    if (unread !== undefined) context.store.removeResults(jobId, unread)
  } catch (error) {
    // They are there once more for a reader of the next JobManager: harmless, and no reason to fail this one.
    context.log('warn', 'results that were read could not be deleted', { jobId, error })
  }
}

/** JSON: what a sink delivered as JSON is not taken apart. */
function encode(streams: readonly KeptStream[]): Uint8Array {
  const texts = streams.map(({ batches, ...stream }) => {
    const inner = batches.map(
      ({ sequence, recordsJson }) => `{"sequence":${sequence},"records":${Buffer.from(recordsJson).toString()}}`,
    )
    return `${JSON.stringify(stream).slice(0, -1)},"batches":[${inner.join(',')}]}`
  })
  return Buffer.from(`{"version":${version},"streams":[${texts.join(',')}]}`)
}

interface Encoded {
  readonly version: number
  readonly streams: readonly (Omit<KeptStream, 'batches'> & {
    readonly batches: readonly { readonly sequence: number; readonly records: readonly unknown[] }[]
  })[]
}

function decode(bytes: Uint8Array): readonly KeptStream[] {
  const { streams, version: found } = JSON.parse(Buffer.from(bytes).toString()) as Encoded
  if (found !== version) throw new Error(`results are kept in version ${found}, not ${version}`)
  return streams.map(({ batches, ...stream }) => ({
    ...stream,
    batches: batches.map(({ sequence, records }) => ({
      uid: stream.uid,
      subtask: stream.subtask,
      sequence,
      end: sequence + records.length,
      recordsJson: Buffer.from(JSON.stringify(records)),
    })),
  }))
}
