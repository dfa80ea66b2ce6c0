/**
 * Merges a chain of runs into a new base when it has grown too long or too heavy. The old runs are left alone: whoever owns
 * the checkpoints deletes them when no snapshot refers to them any more.
 *
 * Promises: memory is bounded by a few blocks per run and one write (storage that cannot block: a slice of the runs as
 * stored); other work of the thread gets its turn between slices.
 */
import type { BlobStorage } from '../../core/storage/storage.ts'
import type { RunHandle } from './manifest.ts'
import type { RunCursor } from './run-cursor.ts'
import type { EntryKind } from './run-format.ts'
import { openChain } from './run-merge.ts'
import { streamRuns } from './run-stream.ts'
import { inlineBytesMaxDefault, type RunOptions, RunWriter, saveRun } from './run-writer.ts'

/** A chain with more runs than this is merged. */
export const chainRunsMaxDefault = 8

export interface CompactOptions {
  /** Ranges of the subtask: those of the new base. */
  readonly from: number
  readonly to: number
  /** Where the new base goes. */
  readonly path: string
  readonly inlineBytesMax?: number
  readonly compression?: RunOptions['compression']
  /** Entries merged between two turns of the event loop. Default 4096. */
  readonly sliceEntries?: number
  /** Awaited between slices; may throw to give up, and then nothing is left behind. */
  readonly pause?: () => Promise<void>
}

/** Whether a chain (oldest first) is to be merged: too many runs, or deltas heavier than their bases. */
export function needsCompaction(chain: readonly RunHandle[], runsMax: number = chainRunsMaxDefault): boolean {
  if (chain.length > runsMax) return true
  let deltas = 0
  let bases = 0
  for (const run of chain) {
    if (run.kind === 'base') bases += run.bytes
    else deltas += run.bytes
  }
  return chain.length > 1 && deltas > bases
}

/** Writes the entries of a chain (oldest first) as one base and gives its handle. */
export async function compactChain(
  storage: BlobStorage,
  chain: readonly RunHandle[],
  options: CompactOptions,
): Promise<RunHandle> {
  const { from, to } = options
  const runs = await openChain(storage, chain)
  const compression = options.compression === undefined ? {} : { compression: options.compression }
  const writer = new RunWriter({ from, to, kind: 'base', ...compression })
  return storeStream(storage, options, writer, streamRuns(runs, from, to))
}

/** Appends the entries of an iterator to `writer` and stores what comes out as it goes. */
async function storeStream(
  storage: BlobStorage,
  options: CompactOptions,
  writer: RunWriter,
  entries: Iterator<RunCursor | Promise<void>, void, void>,
): Promise<RunHandle> {
  const slice = options.sliceEntries ?? 4096
  const inlineBytesMax = options.inlineBytesMax ?? inlineBytesMaxDefault
  const memoryBytes = Math.max(1 << 20, inlineBytesMax)
  let more = await appendSlice(writer, entries, slice)
  while (more && writer.pendingBytes < memoryBytes) {
    await options.pause?.()
    more = await appendSlice(writer, entries, slice)
  }
  if (!more) return saveRun(storage, options.path, writer, inlineBytesMax)
  const file = await storage.openWriter(options.path)
  try {
    while (more) {
      await options.pause?.()
      for (const chunk of writer.take()) await file.write(chunk)
      more = await appendSlice(writer, entries, slice)
    }
    const run = writer.finish()
    for (const chunk of writer.take()) await file.write(chunk)
    await file.finish()
    return { path: options.path, ...run }
  } catch (error) {
    await file.abort()
    throw error
  }
}

async function appendSlice(
  writer: RunWriter,
  entries: Iterator<RunCursor | Promise<void>, void, void>,
  count: number,
): Promise<boolean> {
  for (let i = 0; i < count; i++) {
    const step = entries.next()
    if (step.done === true) return false
    if (step.value instanceof Promise) await step.value
    else appendCursor(writer, step.value)
  }
  return true
}

/** Copies the entry under a cursor. */
export function appendCursor(writer: RunWriter, cursor: RunCursor): void {
  writer.appendEncoded(
    cursor.bytes,
    cursor.start,
    cursor.valueEnd,
    cursor.hash,
    cursor.state,
    cursor.kind as EntryKind,
    cursor.keyStart,
    cursor.keyEnd,
    cursor.namespaceEnd,
  )
}
