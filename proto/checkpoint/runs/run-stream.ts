/**
 * Reads a chain of runs of any size: slices of the key range, whose blocks are fetched and inflated on other threads while
 * the slices before them are merged. From every storage in the same way.
 *
 * Promises: some 16 MB of blocks in memory, unless single entries are larger. A chain is streamed by one reader at a time.
 * One thread.
 */
import { type KeyRanges, rangeCount } from '../ranges.ts'
import { BlocksAhead } from './run-ahead.ts'
import type { RunCursor } from './run-cursor.ts'
import { ChainCursor, type ChainRun } from './run-merge.ts'

/** Bytes of the blocks of a slice, inflated, about. */
const sliceBytes = 4 << 20
/** Slices that are on their way while one is read. */
const slicesAhead = 3

export class ChainStream {
  /** When `next` gave nothing: to be awaited before it is called again. Undefined: that was the end. */
  waiting: Promise<void> | undefined
  private readonly runs: readonly ChainRun[]
  private readonly keepTombstones: boolean
  private readonly slices: readonly KeyRanges[]
  private readonly fetches: Promise<void>[] = []
  private slice = -1
  private cursor: ChainCursor | undefined

  /**
   * Newest run first. Ranges `from` to `to` - 1, in slices of about `bytes`, inflated; tombstones as `mergeRuns` says. `results`: the
   * bytes of an entry are lent until the next one, or may be kept.
   */
  constructor(
    runs: readonly ChainRun[],
    from = 0,
    to = rangeCount,
    bytes = sliceBytes,
    keepTombstones = false,
    results: 'lent' | 'copies' = 'copies',
  ) {
    this.runs = runs
    this.keepTombstones = keepTombstones
    this.slices = chainSlices(runs, from, to, bytes)
    for (const { reader } of runs) reader.ahead = new BlocksAhead(reader, results)
  }

  /** The next entry, valid until the next call. */
  next(): RunCursor | undefined {
    const entry = this.cursor?.next()
    if (entry !== undefined) return entry
    return this.nextSlice()
  }

  private nextSlice(): undefined {
    const { slices, fetches } = this
    const at = ++this.slice
    if (at >= slices.length) {
      for (const { reader } of this.runs) {
        reader.ahead?.close()
        reader.ahead = undefined
      }
      this.cursor = undefined
      this.waiting = undefined
      return
    }
    const slice = slices[at]
    for (const { reader } of this.runs) reader.ahead?.dropBefore(slice.from)
    for (let i = fetches.length; i < Math.min(slices.length, at + 1 + slicesAhead); i++)
      fetches.push(this.fetch(slices[i]))
    this.waiting = fetches[at]
    this.cursor = new ChainCursor(this.runs, { ...slice, keepTombstones: this.keepTombstones })
  }

  private fetch({ from, to }: KeyRanges): Promise<void> {
    const fetched = Promise.all(
      this.runs.map((run) => {
        const low = Math.max(from, run.from)
        const high = Math.min(to, run.to)
        return low < high ? run.reader.ahead?.fetch(low, high) : undefined
      }),
    ).then(() => undefined)
    // It is awaited in its turn, or never.
    fetched.catch(() => undefined)
    return fetched
  }
}

/** The same as steps: cursors, and promises that are to be awaited before the next step. */
export function* streamRuns(
  runs: readonly ChainRun[],
  from = 0,
  to = rangeCount,
  keepTombstones = false,
  results: 'lent' | 'copies' = 'copies',
): Generator<RunCursor | Promise<void>, void, void> {
  const stream = new ChainStream(runs, from, to, sliceBytes, keepTombstones, results)
  for (;;) {
    const entry = stream.next()
    if (entry !== undefined) yield entry
    else if (stream.waiting !== undefined) yield stream.waiting
    else return
  }
}

/** Ranges in order whose blocks are of about `bytes`, inflated. */
export function chainSlices(runs: readonly ChainRun[], from: number, to: number, bytes = sliceBytes): KeyRanges[] {
  const blocks = runs.flatMap((run) => {
    const { first, end } = run.reader.blocksOf(Math.max(from, run.from), Math.min(to, run.to))
    return run.reader.blocks.slice(first, end).map(({ firstHash, raw }) => ({ range: firstHash >>> 16, raw }))
  })
  blocks.sort((a, b) => a.range - b.range)
  const slices: KeyRanges[] = []
  let start = from
  let sum = 0
  for (const { range, raw } of blocks) {
    sum += raw
    // A block belongs to the ranges that it begins in and to those up to the next one.
    if (sum < bytes || range <= start || range >= to) continue
    slices.push({ from: start, to: range })
    start = range
    sum = raw
  }
  if (start < to) slices.push({ from: start, to })
  return slices
}
