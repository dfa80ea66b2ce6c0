/** What a piece of state does in snapshots and restores of its operator. One thread. */
import type { KeyRanges } from '../../../proto/checkpoint/ranges.ts'
import type { RunCursor } from '../../../proto/checkpoint/runs/run.ts'
import type { SnapshotRun } from './snapshot-run.ts'

export interface Renewing {
  /** About how many entries there are. */
  readonly held: number
  /** Has all that there is of these ranges handed over with the next frozen set, in steps. */
  mark(ranges: KeyRanges): Iterator<void>
}

/** A piece of state that takes part in snapshots. At most one frozen set is being encoded at a time. */
export interface SnapshotPart {
  /** Hands over what changed. Quick. `all`: all there is, of a part that said that it can do so, or can do nothing else. */
  freeze(checkpointId: number, all?: boolean): void
  /** Does not know what changed: it can hand over only all there is. Absent: it always knows. Of the only part of a state. */
  needsAll?(): boolean
  /** How it hands over all there is, of all ranges or of some. Absent, or undefined: it cannot. */
  renewing?(): Renewing | undefined
  /**
   * Writes the frozen set; a step takes well below a millisecond. Called right after `freeze`: what changes between steps,
   * or before the first, is written before it changes.
   */
  encode(run: SnapshotRun): Iterator<void>
  /** The frozen set of a checkpoint counts for good, or is to be put back. Ends an encoding that is under way. */
  settle(checkpointId: number, counts: boolean): void
  /** An entry of a chain. `rewrite`: no chain of ours has it yet. */
  restore(state: number, entry: RunCursor, rewrite: boolean): void
  /** Where entries are collected first: takes those that were given, whose bytes may be written again from now on. */
  restoreCollected?(): void
  /** That was the last entry. */
  restoreEnded?(): void
}
