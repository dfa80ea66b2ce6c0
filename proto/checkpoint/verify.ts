/**
 * Proves a snapshot: the manifest, of every run each checksum, the order and number of its entries, and every checksum of
 * data in flight. Goes on after
 * what is wrong, so that one look tells everything. Reads each run once, in slices; nothing is changed.
 */
import { isMillraceError } from '../../core/errors.ts'
import { openStorage } from '../../core/storage/open-storage.ts'
import { readChannels } from './channels.ts'
import type { ManifestOperator, RunHandle } from './manifest.ts'
import { rangeCount } from './ranges.ts'
import type { RunCursor } from './runs/run-cursor.ts'
import { compareBytes, entryKind, malformed } from './runs/run-format.ts'
import { RunReader } from './runs/run-reader.ts'
import { readSnapshot, type Snapshot } from './savepoint.ts'

/** Key ranges that are in memory at a time where storage cannot be read block by block. */
const sliceRanges = 4096

export interface SnapshotProblem {
  /** The operator's uid. */
  readonly uid: string
  /** What was looked at: a URL, or an inline run. */
  readonly where: string
  readonly code: string
  readonly message: string
}

export interface Verification {
  readonly snapshot: Snapshot
  readonly runs: number
  readonly bytes: number
  readonly entries: number
  /** Empty: the snapshot is complete and nothing in it was altered. */
  readonly problems: readonly SnapshotProblem[]
}

/**
 * `progress` is told after each run. Throws what `readSnapshot` throws: without a manifest there is nothing to prove;
 * and failures of storage that are not about the snapshot (no permission, no network).
 */
export async function verifySnapshot(
  location: string,
  progress: (done: number, of: number) => void = () => {},
): Promise<Verification> {
  const snapshot = await readSnapshot(location)
  const storage = openStorage(snapshot.root)
  const work = distinctRuns(snapshot.manifest.operators)
  const problems: SnapshotProblem[] = []
  let bytes = 0
  let entries = 0
  for (const [index, { operator, run }] of work.entries()) {
    bytes += run.bytes
    try {
      const reader = await RunReader.open(storage, run)
      entries += await countEntries(reader, operator.state.length)
    } catch (error) {
      const where = run.inline === undefined ? `${storage.url}/${run.path}` : 'an inline run'
      problems.push(problemOf(error, operator.uid, where))
    }
    progress(index + 1, work.length)
  }
  for (const handle of snapshot.manifest.channels) {
    bytes += handle.bytes
    try {
      await readChannels(snapshot.root, handle)
    } catch (error) {
      const uid = snapshot.manifest.plan.vertices[handle.vertex]?.operators[0]?.uid ?? ''
      problems.push(problemOf(error, uid, handle.path === '' ? 'data in flight' : `${storage.url}/${handle.path}`))
    }
  }
  return { snapshot, runs: work.length, bytes, entries, problems }
}

/** Each run once, with the first operator that names it. */
function distinctRuns(operators: readonly ManifestOperator[]): { operator: ManifestOperator; run: RunHandle }[] {
  const found = new Map<string, { operator: ManifestOperator; run: RunHandle }>()
  for (const operator of operators) {
    for (const { runs } of operator.subtasks) {
      for (const run of runs) {
        const key = run.inline ?? run.path
        if (!found.has(key)) found.set(key, { operator, run })
      }
    }
  }
  return [...found.values()]
}

function problemOf(error: unknown, uid: string, where: string): SnapshotProblem {
  const aboutSnapshot =
    isMillraceError(error) &&
    (error.code.startsWith('CHECKPOINT_') || ['STORAGE_NOT_FOUND', 'STORAGE_SHORT_READ'].includes(error.code))
  if (!aboutSnapshot) throw error
  return { uid, where, code: error.code, message: error.message }
}

async function countEntries(reader: RunReader, states: number): Promise<number> {
  const order = new OrderCheck(reader.where, states)
  for (let from = 0; from < rangeCount; from += sliceRanges) {
    const to = Math.min(rangeCount, from + sliceRanges)
    await reader.load(from, to)
    for (const entry of reader.ranges(from, to)) order.take(entry)
  }
  if (order.count !== reader.footer.entries)
    malformed(reader.where, `it has ${order.count} entries, and its footer says ${reader.footer.entries}`)
  return order.count
}

/** Entries of a run rise: by hash, state, key and namespace; a drop stands before the rest of its namespace. */
class OrderCheck {
  count = 0
  readonly #where: string
  readonly #states: number
  #hash = -1
  #state = 0
  #kind = 0
  #key: Uint8Array = new Uint8Array(0)
  #namespace: Uint8Array = new Uint8Array(0)

  constructor(where: string, states: number) {
    this.#where = where
    this.#states = states
  }

  take(entry: RunCursor): void {
    if (entry.state >= this.#states) malformed(this.#where, `entry ${this.count} is of state ${entry.state}`)
    if (this.count > 0 && this.#compare(entry) >= 0) malformed(this.#where, `entry ${this.count} stands out of order`)
    this.count++
    this.#hash = entry.hash
    this.#state = entry.state
    this.#kind = entry.kind
    // The views of a cursor end with its next step.
    this.#key = entry.key.slice()
    this.#namespace = entry.namespace.slice()
  }

  /** The entry before against this one. */
  #compare(entry: RunCursor): number {
    if (this.#hash !== entry.hash) return this.#hash - entry.hash
    if (this.#state !== entry.state) return this.#state - entry.state
    const { key, namespace } = entry
    const byKey = compareBytes(this.#key, 0, this.#key.length, key, 0, key.length)
    if (byKey !== 0) return byKey
    const byNamespace = compareBytes(this.#namespace, 0, this.#namespace.length, namespace, 0, namespace.length)
    if (byNamespace !== 0) return byNamespace
    return (this.#kind === entryKind.drop ? 0 : 1) - (entry.kind === entryKind.drop ? 0 : 1)
  }
}
