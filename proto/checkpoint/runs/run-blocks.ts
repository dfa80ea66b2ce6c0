/**
 * The blocks of a chain one run after the other, oldest first, as they stand in the runs: for who takes each entry over what older
 * runs said of it. Fetched and inflated on other threads while those before them are taken.
 *
 * Promises: blocks are checked before they are inflated, as everywhere; some 16 MB of them in memory, unless single entries are
 * larger. From every storage in the same way. One thread.
 */

import { rangeCount } from '../ranges.ts'
import { Inflater } from './inflater.ts'
import { malformed } from './run-format.ts'
import type { ChainRun } from './run-merge.ts'
import type { RunReader } from './run-reader.ts'

/** Bytes of the blocks that are fetched together, inflated, about. */
const groupBytes = 4 << 20
/** Groups that are on their way while one is read. */
const groupsAhead = 3

export class RunBlock {
  /** Entries one behind the other, until the next step. */
  readonly bytes: Uint8Array
  readonly entries: number
  /** Ranges in which its entries count: some may be outside. */
  readonly from: number
  readonly to: number
  /** Whether it may say that something is gone. */
  readonly delta: boolean
  /** Of its run. */
  readonly reader: RunReader
  readonly #number: number

  constructor(group: Group, number: number, bytes: Uint8Array) {
    const { reader, from, to } = group
    this.bytes = bytes
    this.entries = reader.blocks[number].entries
    this.from = from
    this.to = to
    this.delta = !reader.footer.base
    this.reader = reader
    this.#number = number
  }

  /** To be called by whoever finds that its bytes are not its entries. */
  broken(): never {
    return malformed(this.reader.where, `an entry of block ${this.#number} is not one`)
  }
}

interface Group {
  readonly reader: RunReader
  readonly from: number
  readonly to: number
  readonly first: number
  readonly end: number
}

/** Steps: blocks, and promises that are to be awaited before the next step. Runs are given newest first, as everywhere. */
export function* chainBlocks(
  runs: readonly ChainRun[],
  from = 0,
  to = rangeCount,
  bytes = groupBytes,
): Generator<RunBlock | Promise<void>, void, void> {
  const groups = runs
    .toReversed()
    .flatMap((run) => groupsOf(run, Math.max(from, run.from), Math.min(to, run.to), bytes))
  const fetches: Promise<Uint8Array[]>[] = []
  const inflater = new Inflater()
  try {
    for (let g = 0; g < groups.length; g++) {
      while (fetches.length < Math.min(groups.length, g + 1 + groupsAhead))
        fetches.push(fetchGroup(groups[fetches.length], inflater))
      let opened: Uint8Array[] = []
      yield fetches[g].then((blocks) => {
        opened = blocks
      })
      fetches[g] = none
      const group = groups[g]
      for (let i = 0; i < opened.length; i++) {
        yield new RunBlock(group, group.first + i, opened[i])
        inflater.free(opened[i])
      }
    }
  } finally {
    inflater.close()
  }
}

const none: Promise<Uint8Array[]> = Promise.resolve([])

/** Inflated bytes of the largest of the blocks that `chainBlocks` gives, and the most entries of one. */
export function largestBlock(runs: readonly ChainRun[], from = 0, to = rangeCount): { bytes: number; entries: number } {
  let bytes = 0
  let entries = 0
  for (const run of runs) {
    const { first, end } = run.reader.blocksOf(Math.max(from, run.from), Math.min(to, run.to))
    for (let number = first; number < end; number++) {
      const block = run.reader.blocks[number]
      bytes = Math.max(bytes, block.raw)
      entries = Math.max(entries, block.entries)
    }
  }
  return { bytes, entries }
}

function groupsOf({ reader }: ChainRun, from: number, to: number, bytes: number): Group[] {
  const { first, end } = reader.blocksOf(from, to)
  const groups: Group[] = []
  let start = first
  let sum = 0
  for (let number = first; number < end; number++) {
    sum += reader.blocks[number].raw
    if (sum < bytes && number + 1 < end) continue
    groups.push({ reader, from, to, first: start, end: number + 1 })
    start = number + 1
    sum = 0
  }
  return groups
}

function fetchGroup({ reader, first, end }: Group, inflater: Inflater): Promise<Uint8Array[]> {
  const fetched = reader.openBlocksLater(first, end, inflater)
  // It is awaited in its turn, or never.
  fetched.catch(() => undefined)
  return fetched
}
