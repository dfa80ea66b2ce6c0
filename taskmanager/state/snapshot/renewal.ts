/**
 * How a chain of runs is kept short without merging: each snapshot writes all there is of some of the ranges, and in these the
 * runs before it do not count any more. So much at a time that a chain holds about half as much again as the state. Pure.
 */
import type { RunHandle } from '../../../proto/checkpoint/manifest.ts'
import type { KeyRanges } from '../../../proto/checkpoint/ranges.ts'
import { chainRunsMaxDefault, smallDeltas } from '../../../proto/checkpoint/runs/run.ts'

/** What a chain may hold, for each entry of the state. */
const chainPerHeld = 1.5
/** With more runs it is renewed, too, however little they have. Each counts in one or two stretches of the ranges. */
const runsMax = 24
/** Of the ranges, at least: to find them takes a look at every key. */
const shareMin = 1 / 8

/**
 * The ranges that the next snapshot is to write as a whole, from range `at` on or from the first; undefined: none. `range`: of the subtask,
 * `held`: entries of its state, `changed`: entries of it that a snapshot has to write anyway.
 */
export function renewalOf(
  chain: readonly RunHandle[],
  range: KeyRanges,
  held: number,
  changed: number,
  at: number,
): KeyRanges | undefined {
  const width = range.to - range.from
  const weight = chain.reduce((sum, { entries, from, to }) => sum + (entries * (to - from)) / width, 0)
  const excess = weight + changed - chainPerHeld * held
  const runs = new Set(chain.map((run) => (run.path === '' ? run.inline : run.path))).size
  if (runs < 2 || (excess <= 0 && runs <= runsMax)) return undefined
  const share = Math.max(shareMin, excess / weight)
  if (share >= 1) return range
  const from = at < range.to ? Math.max(at, range.from) : range.from
  return { from, to: Math.min(range.to, from + Math.ceil(share * width)) }
}

/** The first of those runs at the end of a chain that are to be merged all the same: they are many, and have less than a renewal writes. */
export function worthMerging(chain: readonly RunHandle[], range: KeyRanges, held: number): number | undefined {
  const first = smallDeltas(chain, range)
  if (first === undefined || chain.length - first <= chainRunsMaxDefault) return undefined
  const entries = chain.slice(first).reduce((sum, run) => sum + run.entries, 0)
  return entries <= held * shareMin ? first : undefined
}

/** The chain where the runs do not count in these ranges. */
export function without(chain: readonly RunHandle[], { from, to }: KeyRanges): readonly RunHandle[] {
  return chain
    .flatMap((run) => [
      { ...run, to: Math.min(run.to, from) },
      { ...run, from: Math.max(run.from, to) },
    ])
    .filter((run) => run.from < run.to)
}
