/**
 * Merges runs of a chain by their blocks: kernels put the entries of a slice of the key range together as those of a snapshot. An entry
 * hides the older one of the same key, nothing else: where there are drops, compactChain merges entry by entry.
 *
 * Promises: memory is bounded by a slice; when it fails, nothing is left behind. One thread, in slices (`pace`).
 */
import type { BlobStorage } from '../../core/storage/storage.ts'
import type { RunHandle } from '../../proto/checkpoint/manifest.ts'
import { type ChainRun, chainBlocks, chainSlices, openChain, RunWriter } from '../../proto/checkpoint/run.ts'
import type { Pace } from './pace.ts'
import { RunEntries } from './run-entries.ts'
import { RunFile } from './run-file.ts'
import type { KeyRange } from './snapshot-run.ts'

/** Bytes of entries of a slice, about. */
const sliceBytes = 16 << 20

/** The same as `compactChain`; undefined where there are drops. */
export async function mergeBlocks(
  storage: BlobStorage,
  chain: readonly RunHandle[],
  first: number,
  range: KeyRange,
  path: string,
  pace: Pace,
): Promise<RunHandle[] | undefined> {
  const runs = await openChain(storage, chain.slice(first))
  if (runs.some(({ reader }) => reader.drops.length > 0)) return undefined
  const base = first === 0
  const file = new RunFile(storage, path, new RunWriter({ ...range, kind: base ? 'base' : 'delta' }))
  try {
    for (const slice of chainSlices(runs, range.from, range.to, sliceBytes)) {
      const entries = new RunEntries(slice)
      try {
        const collected = { whole: true }
        await pace(collect(runs, entries, slice, collected))
        if (!collected.whole) {
          await file.abort()
          return undefined
        }
        await pace(file.write(entries.blocks(base)))
      } finally {
        entries.free()
      }
    }
    return [...chain.slice(0, first), await file.finish()]
  } catch (error) {
    await file.abort()
    throw error
  }
}

/** Oldest first: of equal entries the last one stands. Not `whole`: there was a drop. */
function* collect(
  runs: readonly ChainRun[],
  entries: RunEntries,
  { from, to }: KeyRange,
  collected: { whole: boolean },
): Generator<void | Promise<void>> {
  for (const block of chainBlocks(runs, from, to)) {
    if (block instanceof Promise) yield block
    else {
      collected.whole = entries.addBlock(block)
      if (!collected.whole) return
      yield
    }
  }
}
