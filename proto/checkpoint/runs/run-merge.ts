/**
 * Reads a chain of runs as one: of all entries about the same state, key and namespace the newest stands, and what newer
 * tombstones and drops hide is left out.
 *
 * Promises: needs one cursor per run whose ranges are being read, whatever the size of the runs. A chain may hold runs of
 * several old subtasks (after rescaling): each counts in the ranges of its handle only. One thread.
 */
import type { BlobStorage } from '../../../core/storage/storage.ts'
import type { RunHandle } from '../manifest.ts'
import { rangeCount } from '../ranges.ts'
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
  const open = async (handle: RunHandle): Promise<ChainRun> => {
    return { reader: await RunReader.open(storage, handle), from: handle.from, to: handle.to }
  }
  return Promise.all(handles.toReversed().map(open))
}

/** The entries of a chain (newest run first) in order. It is a cursor whose fields change; valid until the next step. */
export function* mergeRuns(runs: readonly ChainRun[], options: MergeOptions = {}): Generator<RunCursor, void, void> {
  const merged = new ChainCursor(runs, options)
  for (let entry = merged.next(); entry !== undefined; entry = merged.next()) yield entry
}

/** Dropped namespaces of runs that all count in the same ranges, each once: for a merged run that has older ones below. */
export function chainDrops(runs: readonly ChainRun[]): NamespaceDrop[] {
  const drops = new Map<string, NamespaceDrop>()
  for (const run of runs) for (const drop of run.reader.drops) drops.set(dropKey(drop.state, drop.namespace), drop)
  return [...drops.values()]
}

/** The same without a generator, for who reads millions of entries. */
export class ChainCursor {
  private readonly runs: readonly ChainRun[]
  private readonly keep: boolean
  /** Where runs begin or cease to count. */
  private readonly borders: readonly number[]
  private border = 0
  private hiding: Hiding
  private cursors: RunCursor[] = []
  private ages: number[] = []
  /** The one that was given last, which has yet to go on; -1: none. */
  private best = -1

  constructor(runs: readonly ChainRun[], options: MergeOptions = {}) {
    const from = options.from ?? 0
    const to = options.to ?? rangeCount
    this.runs = runs
    this.keep = options.keepTombstones ?? false
    const borders = new Set([from, to])
    for (const run of runs) for (const at of [run.from, run.to]) if (at > from && at < to) borders.add(at)
    this.borders = [...borders].sort((a, b) => a - b)
    this.hiding = new Hiding([])
  }

  /** The next entry, valid until the next call; undefined at the end. */
  next(): RunCursor | undefined {
    for (;;) {
      if (this.best >= 0) this.advance(this.best)
      this.best = -1
      if (this.cursors.length === 0) {
        if (!this.nextRange()) return undefined
        continue
      }
      const cursor = this.cursors.length === 1 ? this.cursors[0] : this.least()
      if (this.best < 0) this.best = 0
      let hidden = false
      if (this.hiding.any) hidden = this.hiding.hides(cursor, this.ages[this.best])
      if (cursor.kind === entryKind.drop) this.hiding.add(cursor, this.ages[this.best])
      if (!hidden && (this.keep || cursor.kind === entryKind.put)) return cursor
    }
  }

  /** The least entry of all runs, of equal ones the newest; older ones are passed. */
  private least(): RunCursor {
    const { cursors } = this
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
    if (equal) for (let i = cursors.length - 1; i > best; i--) if (cursors[i].compare(cursor) === 0) this.advance(i)
    this.best = best
    return cursor
  }

  private advance(i: number): void {
    if (this.cursors[i].next()) return
    this.cursors.splice(i, 1)
    this.ages.splice(i, 1)
  }

  /** Begins the next stretch in which the same runs count; false when there is none. */
  private nextRange(): boolean {
    if (this.border + 1 >= this.borders.length) return false
    const from = this.borders[this.border]
    const to = this.borders[++this.border]
    const active = this.runs.filter((run) => run.from <= from && run.to >= to)
    this.hiding = new Hiding(active)
    active.forEach((run, age) => {
      const cursor = run.reader.cursor(from, to)
      if (!cursor.next()) return
      this.cursors.push(cursor)
      this.ages.push(age)
    })
    return true
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
