/**
 * Reads a chain of runs as one: of all entries about the same state, key and namespace the newest stands, and what newer
 * tombstones and drops hide is left out.
 *
 * Promises: needs one cursor per run whose ranges are being read, whatever the size of the runs. A chain may hold runs of
 * several old subtasks (after rescaling): each counts in the ranges of its handle only. One thread.
 */
import type { BlobStorage } from '../../core/storage/storage.ts'
import type { RunHandle } from './manifest.ts'
import { type KeyRanges, rangeCount } from './ranges.ts'
import type { RunCursor } from './run-cursor.ts'
import { entryKind, type NamespaceDrop } from './run-format.ts'
import { RunReader } from './run-reader.ts'

/** A run in a chain, and the ranges in which it counts. */
export interface ChainRun {
  readonly reader: RunReader
  readonly from: number
  readonly to: number
}

export interface MergeOptions {
  /** Key ranges `from` to `to` - 1. Default: all. */
  readonly from?: number
  readonly to?: number
  /** True: tombstones and drops of entries are given too, for a run that has older ones below. Default: they are left out. */
  readonly keepTombstones?: boolean
}

/** Opens the runs of a chain, given oldest first as in a handle list; the result is newest first, as `mergeRuns` takes it. */
export async function openChain(storage: BlobStorage, handles: readonly RunHandle[]): Promise<ChainRun[]> {
  const runs: ChainRun[] = []
  for (const handle of handles) {
    runs.unshift({ reader: await RunReader.open(storage, handle), from: handle.from, to: handle.to })
  }
  return runs
}

/** Stored bytes of a slice of a chain, about. */
const sliceBytes = 8 << 20

/** Fetches what a merge of these ranges reads, for storage that cannot block. */
export async function loadChain(runs: readonly ChainRun[], from = 0, to = rangeCount): Promise<void> {
  await Promise.all(runs.map((run) => run.reader.load(Math.max(from, run.from), Math.min(to, run.to))))
}

/**
 * The entries of a chain (newest run first) in order, whatever its size: from storage that cannot block a slice at a time is in
 * memory. Gives cursors, as `mergeRuns`, and promises that are to be awaited before the next step.
 */
export function* streamRuns(
  runs: readonly ChainRun[],
  from = 0,
  to = rangeCount,
): Generator<RunCursor | Promise<void>, void, void> {
  for (const slice of chainSlices(runs, from, to)) {
    yield loadChain(runs, slice.from, slice.to)
    yield* mergeRuns(runs, slice)
  }
}

/** Ranges in order whose blocks are of about `bytes`; all in one where every run can be read block by block. */
export function chainSlices(runs: readonly ChainRun[], from: number, to: number, bytes = sliceBytes): KeyRanges[] {
  const blocks = runs.flatMap(({ reader }) => {
    if (!reader.loads) return []
    const { first, end } = reader.blocksOf(from, to)
    return reader.blocks.slice(first, end).map(({ firstHash, stored }) => ({ range: firstHash >>> 16, stored }))
  })
  blocks.sort((a, b) => a.range - b.range)
  const slices: KeyRanges[] = []
  let start = from
  let sum = 0
  for (const { range, stored } of blocks) {
    sum += stored
    // A block belongs to the ranges that it begins in and to those up to the next one.
    if (sum < bytes || range <= start || range >= to) continue
    slices.push({ from: start, to: range })
    start = range
    sum = stored
  }
  if (start < to) slices.push({ from: start, to })
  return slices
}

/** The entries of a chain (newest run first) in order. It is a cursor whose fields change; valid until the next step. */
export function* mergeRuns(runs: readonly ChainRun[], options: MergeOptions = {}): Generator<RunCursor, void, void> {
  const from = options.from ?? 0
  const to = options.to ?? rangeCount
  const keep = options.keepTombstones ?? false
  const borders = new Set([from, to])
  for (const run of runs) for (const at of [run.from, run.to]) if (at > from && at < to) borders.add(at)
  const sorted = [...borders].sort((a, b) => a - b)
  for (let i = 0; i + 1 < sorted.length; i++) {
    const active = runs.filter((run) => run.from <= sorted[i] && run.to >= sorted[i + 1])
    if (active.length > 0) yield* mergeRange(active, sorted[i], sorted[i + 1], keep)
  }
}

/** Dropped namespaces of runs that all count in the same ranges, each once: for a merged run that has older ones below. */
export function chainDrops(runs: readonly ChainRun[]): NamespaceDrop[] {
  const drops = new Map<string, NamespaceDrop>()
  for (const run of runs) for (const drop of run.reader.drops) drops.set(dropKey(drop.state, drop.namespace), drop)
  return [...drops.values()]
}

function* mergeRange(
  runs: readonly ChainRun[],
  from: number,
  to: number,
  keep: boolean,
): Generator<RunCursor, void, void> {
  const hiding = new Hiding(runs)
  const cursors: RunCursor[] = []
  const ages: number[] = []
  runs.forEach((run, age) => {
    const cursor = run.reader.cursor(from, to)
    if (!cursor.next()) return
    cursors.push(cursor)
    ages.push(age)
  })
  const advance = (i: number): void => {
    if (cursors[i].next()) return
    cursors.splice(i, 1)
    ages.splice(i, 1)
  }
  while (cursors.length > 0) {
    // Newest first, so that among equal ones the newest is found first.
    let best = 0
    let equal = false
    for (let i = 1; i < cursors.length; i++) {
      const order = cursors[i].compare(cursors[best])
      if (order < 0) {
        best = i
        equal = false
      } else if (order === 0) equal = true
    }
    const cursor = cursors[best]
    if (equal) for (let i = cursors.length - 1; i > best; i--) if (cursors[i].compare(cursor) === 0) advance(i)
    const age = ages[best]
    const hidden = hiding.any && hiding.hides(cursor, age)
    if (cursor.kind === entryKind.drop) hiding.add(cursor, age)
    if (!hidden && (keep || cursor.kind === entryKind.put)) yield cursor
    advance(best)
  }
}

/** Which entries newer drops hide. The smaller the age, the newer the run. */
class Hiding {
  any = false
  private readonly namespaces = new Map<string, number>()
  /** Drops of the key that is being read, as copies. */
  private prefixes: { namespace: Uint8Array; age: number }[] = []
  private hash = -1
  private state = -1
  private key: Uint8Array = new Uint8Array(0)

  constructor(runs: readonly ChainRun[]) {
    runs.forEach((run, age) => {
      for (const drop of run.reader.drops) {
        const key = dropKey(drop.state, drop.namespace)
        if (!this.namespaces.has(key)) this.namespaces.set(key, age)
        this.any = true
      }
    })
  }

  hides(cursor: RunCursor, age: number): boolean {
    // A drop reaches further than its own namespace: dropping that one does not make it superfluous.
    if (this.namespaces.size > 0 && cursor.kind !== entryKind.drop) {
      const dropped = this.namespaces.get(dropKey(cursor.state, cursor.namespace))
      if (dropped !== undefined && dropped < age) return true
    }
    if (this.prefixes.length === 0 || !this.sameKey(cursor)) return false
    return this.prefixes.some((prefix) => prefix.age < age && startsWith(cursor, prefix.namespace))
  }

  add(cursor: RunCursor, age: number): void {
    if (!this.sameKey(cursor)) {
      this.hash = cursor.hash
      this.state = cursor.state
      this.key = cursor.key.slice()
      this.prefixes = []
    }
    this.prefixes.push({ namespace: cursor.namespace.slice(), age })
    this.any = true
  }

  private sameKey(cursor: RunCursor): boolean {
    if (cursor.hash !== this.hash || cursor.state !== this.state) return false
    return Buffer.compare(cursor.key, this.key) === 0
  }
}

function startsWith(cursor: RunCursor, prefix: Uint8Array): boolean {
  if (cursor.namespaceEnd - cursor.keyEnd < prefix.length) return false
  for (let i = 0; i < prefix.length; i++) if (cursor.bytes[cursor.keyEnd + i] !== prefix[i]) return false
  return true
}

const dropKey = (state: number, namespace: Uint8Array): string =>
  `${state}:${Buffer.from(namespace).toString('latin1')}`
