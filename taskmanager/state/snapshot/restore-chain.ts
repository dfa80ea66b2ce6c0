/**
 * Takes a chain of runs into an operator's state. Where it takes whole blocks, those of the runs go there one run after the other,
 * oldest first; otherwise the runs are merged, and each entry that counts is given to its part.
 *
 * Concurrency: on the slot's thread, in slices between turns; blocks are fetched and inflated on other threads.
 */

import { faulty } from '../../../core/faults.ts'
import { openStorage } from '../../../core/storage/open-storage.ts'
import type { KeyRanges } from '../../../proto/checkpoint/ranges.ts'
import { rangeCount } from '../../../proto/checkpoint/ranges.ts'
import { type ChainRun, ChainStream, chainBlocks, largestBlock, openChain } from '../../../proto/checkpoint/runs/run.ts'
import type { Pace } from './pace.ts'
import type { BlocksToRestore, BlockTaker } from './restored-rows.ts'
import type { Restoring } from './restoring.ts'
import type { SnapshotPart } from './snapshot-part.ts'

export interface RestoredInto {
  /** Is told before the first entry how many there will be, or somewhat less. */
  readonly expecting?: (entries: number) => void
  /** Takes whole blocks instead of the entries; undefined: not those of these runs. */
  readonly blocks?: (restored: BlocksToRestore) => BlockTaker | undefined
}

export async function restoreChain(
  into: RestoredInto & { readonly parts: readonly SnapshotPart[] },
  restored: Restoring,
  range: KeyRanges,
  pace: Pace,
): Promise<void> {
  // Keys that change move: those of this subtask may have been anywhere.
  const ranges = restored.rekey === undefined ? range : { from: 0, to: rangeCount }
  const handles = faulty('drop-delta') && restored.runs.length > 1 ? restored.runs.slice(0, -1) : restored.runs
  const runs = await openChain(openStorage(restored.root), handles)
  let base = 0
  let all = 0
  for (const run of runs) {
    const entries = run.reader.entriesIn(run, ranges)
    all += entries
    if (run.reader.footer.base) base += entries
  }
  // A chain that was renewed has no base, and less than twice the state.
  into.expecting?.(Math.max(base, all / 2))
  const blocks = blocksInto(into, runs, restored, ranges)
  const steps =
    blocks === undefined ? restoreEntries(into.parts, runs, restored, ranges) : restoreBlocks(blocks, runs, ranges)
  await pace.run(steps)
}

/** Undefined: entries have to be merged, or changed. */
function blocksInto(
  into: RestoredInto,
  runs: readonly ChainRun[],
  { states, rewrite, convert }: Restoring,
  { from, to }: KeyRanges,
): BlockTaker | undefined {
  if (convert !== undefined) return undefined
  const largest = largestBlock(runs, from, to)
  return into.blocks?.({ states, rewrite, runs, bytesMax: largest.bytes, entriesMax: largest.entries })
}

function* restoreBlocks(
  into: BlockTaker,
  runs: readonly ChainRun[],
  { from, to }: KeyRanges,
): Generator<void | Promise<void>> {
  for (const block of chainBlocks(runs, from, to)) {
    if (block instanceof Promise) yield block
    else yield into.take(block)
  }
  yield* into.end()
}

function* restoreEntries(
  parts: readonly SnapshotPart[],
  runs: readonly ChainRun[],
  restored: Restoring,
  { from, to }: KeyRanges,
): Generator<void | Promise<void>> {
  const numbers = new Map(restored.states.map((state) => [state.oldId, state.id]))
  const numberOf = (state: number): number => numbers.get(state) ?? (restored.states.length === 0 ? state : -1)
  const { convert, rewrite } = restored
  const stream = new ChainStream(runs, from, to)
  let last = -1
  let number = -1
  for (let n = 1; ; n++) {
    const step = stream.next()
    if (step === undefined) {
      if (stream.waiting === undefined) break
      yield stream.waiting
      continue
    }
    const entry = convert === undefined ? step : convert(step)
    if (entry !== undefined) {
      if (entry.state !== last) {
        last = entry.state
        number = numberOf(last)
      }
      if (number >= 0) {
        for (let p = 0; p < parts.length; p++) parts[p].restore(number, entry, rewrite)
        // What was converted stands where the next one will.
        if (convert !== undefined) for (const part of parts) part.restoreCollected?.()
      }
    }
    if ((n & 255) === 0) yield
  }
  for (const part of parts) part.restoreEnded?.()
}
