/**
 * Merges runs of a chain when it has grown too long, or all of it into a new base when it has grown too heavy. The old runs are left alone: whoever owns
 * the checkpoints deletes them when no snapshot refers to them any more.
 *
 * Promises: memory is bounded by a few blocks per run and one write (storage that cannot block: a slice of the runs as
 * stored); other work of the thread gets its turn between slices.
 */
import type { BlobStorage } from '../../../core/storage/storage.ts'
import type { RunHandle } from '../manifest.ts'
import type { KeyRanges } from '../ranges.ts'
import type { RunCursor } from './run-cursor.ts'
import type { RunEntry } from './run-entry.ts'
import { type EntryKind, entryKind } from './run-format.ts'
import { chainDrops, openChain } from './run-merge.ts'
import { streamRuns } from './run-stream.ts'
import { inlineBytesMaxDefault, type RunOptions, RunWriter, saveRun } from './run-writer.ts'

/** A chain with more runs than this is merged. */
export const chainRunsMaxDefault = 8
/** So many are merged at least, or all. */
const mergedMin = 4

export interface CompactOptions {
  /** Ranges of the subtask: those of the new run. */
  readonly from: number
  readonly to: number
  /** Where the new run goes. */
  readonly path: string
  readonly inlineBytesMax?: number
  readonly compression?: RunOptions['compression']
  /** Entries merged between two turns of the event loop. Default 4096. */
  readonly sliceEntries?: number
  /** Awaited between slices; may throw to give up, and then nothing is left behind. */
  readonly pause?: () => Promise<void>
  /** Says of an entry that its time is over: it is left out, and where there are older runs below, it is gone. Default: none. */
  readonly expired?: (entry: RunEntry) => boolean
}

/**
 * What of a chain (oldest first) is to be merged when a subtask of these ranges has written to it: the first run of those that are, up
 * to the newest. All of it, when deltas are heavier than their bases. When there are too many runs, the newest deltas of about
 * the same size: so few entries of large runs are written again because of small ones.
 */
export function compactionOf(
  chain: readonly RunHandle[],
  { from, to }: KeyRanges,
  runsMax: number = chainRunsMaxDefault,
): number | undefined {
  let deltaBytes = 0
  let baseBytes = 0
  for (const run of chain) {
    if (run.kind === 'base') baseBytes += run.bytes
    else deltaBytes += run.bytes
  }
  if (chain.length > 1 && deltaBytes > baseBytes) return 0
  return chain.length <= runsMax ? undefined : (smallDeltas(chain, { from, to }) ?? 0)
}

/** The first of the newest deltas of about the same size, of all ranges of the subtask; undefined: too few to be merged. */
export function smallDeltas(chain: readonly RunHandle[], { from, to }: KeyRanges): number | undefined {
  let first = chain.length
  let bytes = 0
  for (; first > 0; first--) {
    const run = chain[first - 1]
    // Others than one's own count in some ranges only, or stay as they are because a base hides nothing.
    if (run.kind === 'base' || run.from !== from || run.to !== to) break
    const count = chain.length - first
    if (count >= mergedMin && run.bytes * count > 2 * bytes) break
    bytes += run.bytes
  }
  return chain.length - first >= mergedMin ? first : undefined
}

/** Merges the runs of a chain (oldest first) from `first` on: into a base if that is all, otherwise into one delta. */
export async function compactChain(
  storage: BlobStorage,
  chain: readonly RunHandle[],
  options: CompactOptions,
  first = 0,
): Promise<RunHandle[]> {
  const { from, to } = options
  const runs = await openChain(storage, chain.slice(first))
  const compression = options.compression === undefined ? {} : { compression: options.compression }
  const isDelta = first > 0
  const writer = new RunWriter({ from, to, kind: isDelta ? 'delta' : 'base', ...compression })
  if (isDelta) for (const { state, namespace } of chainDrops(runs)) writer.dropNamespace(state, namespace)
  const merged = await storeStream(storage, options, writer, streamRuns(runs, from, to, isDelta, 'lent'))
  return [...chain.slice(0, first), merged]
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
  const { expired = () => false } = options
  let more = await appendSlice(writer, entries, slice, expired)
  while (more && writer.pendingBytes < memoryBytes) {
    await options.pause?.()
    more = await appendSlice(writer, entries, slice, expired)
  }
  if (!more) return saveRun(storage, options.path, writer, inlineBytesMax)
  const file = await storage.openWriter(options.path)
  try {
    while (more) {
      await options.pause?.()
      for (const chunk of writer.take()) await file.write(chunk)
      more = await appendSlice(writer, entries, slice, expired)
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
  expired: (entry: RunEntry) => boolean,
): Promise<boolean> {
  for (let i = 0; i < count; i++) {
    const step = entries.next()
    if (step.done === true) return false
    if (step.value instanceof Promise) await step.value
    else if (step.value.kind !== entryKind.put || !expired(step.value)) appendCursor(writer, step.value)
    // An older version may stand below.
    else if (writer.options.kind === 'delta') appendTombstone(writer, step.value)
  }
  return true
}

function appendTombstone(writer: RunWriter, { hash, state, key, namespace }: RunCursor): void {
  writer.append(hash, state, entryKind.tombstone, key, namespace)
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
