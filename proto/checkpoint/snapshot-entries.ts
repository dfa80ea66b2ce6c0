/**
 * The entries of an operator in a snapshot as they count, whatever the number of runs and subtasks: in order of their hash,
 * from either storage, a stretch of the key space at a time.
 */
import { openStorage } from '../../core/storage/open-storage.ts'
import type { ManifestOperator } from './manifest.ts'
import { rangeCount } from './ranges.ts'
import type { RunCursor } from './runs/run-cursor.ts'
import { openChain } from './runs/run-merge.ts'
import { streamRuns } from './runs/run-stream.ts'

/** The entry is lent until the next step. `root`: what the paths of runs are relative to. */
export async function* snapshotEntries(
  root: string,
  operator: ManifestOperator,
  from = 0,
  to = rangeCount,
): AsyncGenerator<RunCursor, void, void> {
  const runs = await openChain(
    openStorage(root),
    operator.subtasks.flatMap((subtask) => subtask.runs),
  )
  if (runs.length === 0) return
  for (const entry of streamRuns(runs, from, to)) {
    if (entry instanceof Promise) await entry
    else yield entry
  }
}
