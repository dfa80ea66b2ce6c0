/**
 * Sessions in snapshots. A key that some snapshot may hold is written whole: what older runs have of it is dropped when one of
 * its sessions is gone or begins earlier, and the sessions that there are are put.
 *
 * In a run: namespace = start as float64, little-endian. Value: byte 2, end as float64, the accumulators; for functions, and
 * for declared aggregates in snapshots of version 1, flag byte 0 and the value codec of [end, accumulator]. Part of the
 * snapshot format (proto/FORMATS.md).
 *
 * Promises: a run has each session as it was when it was frozen. Copies of pages keep entries; nodes and the accumulators of
 * functions, which are elsewhere, are written by `guard` before they change.
 */
import type { RunCursor } from '../../../proto/checkpoint/runs/run.ts'
import type { Aggregates } from '../aggregates/aggregates.ts'
import type { KeyShape } from '../api.ts'
import { stateErrors } from '../errors.ts'
import { asBuffer } from '../keys.ts'
import type { StateMemory } from '../memory.ts'
import { EachEntry, type FrozenEntry } from '../snapshot/each-entry.ts'
import { entryKey, type FlatContents, type FrozenWriter } from '../snapshot/flat-part.ts'
import type { SnapshotRun } from '../snapshot/snapshot-run.ts'
import { decodeStateValue, encodeStateValue } from '../values.ts'
import type { SessionObjects } from './session-objects.ts'
import { restarted, type SessionTable, session } from './session-table.ts'

/** First byte of a value with the accumulators of declared aggregates, and where they begin: behind the end. */
export const flatSession = 2
export const flatSessionHeadBytes = 9
/** Of an aggregate in a value of version 1: the accumulator, and how many values it has. */
const oldNumbers = 2

export interface SessionContentsOptions {
  /** Number and name of the state. */
  readonly state: number
  readonly name: string
  readonly type: KeyShape['type']
  readonly accumulators: Aggregates
  /** Of functions. */
  readonly objects: SessionObjects | undefined
  /** A session of a snapshot is there again. */
  readonly restored: (id: number) => void
  /** Sessions that end up to this have fired; by the hash of the key. */
  readonly firedTo: (hash: number) => number
}

export class SessionContents implements FlatContents {
  readonly #memory: StateMemory
  readonly #sessions: SessionTable
  readonly #options: SessionContentsOptions
  /** Keys of which `guard` has written what the copy of their page does not keep. */
  readonly #guarded = new Set<number>()
  #run: SnapshotRun | undefined
  readonly #namespace = Buffer.alloc(8)
  readonly #value: Buffer

  constructor(memory: StateMemory, sessions: SessionTable, options: SessionContentsOptions) {
    this.#memory = memory
    this.#sessions = sessions
    this.#options = options
    this.#value = Buffer.alloc(flatSessionHeadBytes + options.accumulators.bytes)
  }

  /** Number of the state in runs. */
  get state(): number {
    return this.#options.state
  }

  /**
   * Before nodes, or accumulators of functions, of a key change that a snapshot has yet to write: writes them, behind the drop
   * of what older runs have: what is written later may go into a run of its own.
   */
  guard(id: number): void {
    if (this.#run === undefined || this.#guarded.has(id)) return
    this.#guarded.add(id)
    const { table } = this.#sessions
    const entry = table.entry(id)
    const hash = this.#memory.i32[(entry >>> 2) + 2]
    const key = new Uint8Array(entryKey(table, this.#options.type, entry))
    const { u32 } = this.#memory
    const present = (u32[(entry >>> 2) + 3] & session.present) !== 0
    const marks = u32[(entry >>> 2) + 5]
    if (table.isHeard(marks) && (!present || (marks & restarted) !== 0)) this.#run.drop(hash, this.#options.state, key)
    if (present && this.#options.objects !== undefined) this.#put(this.#run, hash, key, entry)
    for (const node of this.#sessions.nodes(entry)) this.#put(this.#run, hash, key, node)
  }

  begun(run: SnapshotRun): FrozenWriter {
    this.#run = run
    return new EachEntry(this.#sessions.table, this.#options.type, (entry) => this.#write(run, entry))
  }

  ended(): void {
    this.#run = undefined
    this.#guarded.clear()
  }

  accepts(state: number): boolean {
    return state === this.#options.state
  }

  #write(run: SnapshotRun, { id, address, hash, key, was }: FrozenEntry): boolean {
    const { u32 } = this.#memory
    const { state } = this.#options
    const present = (u32[(address >>> 2) + 3] & session.present) !== 0
    const marks = u32[(this.#sessions.table.entry(id) >>> 2) + 5]
    const guarded = this.#guarded.has(id)
    if (was && !guarded && (!present || (marks & restarted) !== 0)) run.drop(hash, state, key)
    if (!present) return false
    if (!guarded || this.#options.objects === undefined) this.#put(run, hash, key, address)
    if (!guarded) for (const node of this.#sessions.nodes(address)) this.#put(run, hash, key, node)
    return true
  }

  restore(_: number, cursor: RunCursor, id: number): boolean {
    const namespace = asBuffer(cursor.namespace)
    if (namespace.length !== 8) throw this.#malformed()
    this.take(id, namespace.readDoubleLE(0), asBuffer(cursor.value))
    this.#options.restored(id)
    return true
  }

  /** A session of a key as it stands in a run. `fired`: whether it was emitted; what has ended when the snapshot was taken had been. */
  take(id: number, start: number, bytes: Buffer, fired?: boolean): void {
    const { accumulators, objects, name, firedTo } = this.#options
    if (bytes.length < 2 || (bytes[0] === flatSession && bytes.length < flatSessionHeadBytes)) throw this.#malformed()
    const flat = bytes[0] === flatSession
    const value = flat ? undefined : decodeStateValue(bytes, name).value
    const [end, accumulator]: readonly unknown[] = flat
      ? [bytes.readDoubleLE(1), undefined]
      : Array.isArray(value) && value.length === 2
        ? value
        : []
    if (typeof end !== 'number' || (flat && objects !== undefined)) throw this.#malformed()
    const address = this.#sessions.restore(id, start, end, fired ?? end <= firedTo(this.#sessions.hashOf(id)))
    if (flat) accumulators.decode(this.#memory, bytes, flatSessionHeadBytes, bytes.length, address, name)
    else if (objects !== undefined) objects.set(address, accumulator)
    else this.#decodeNumbers(accumulator, address)
  }

  #decodeNumbers(numbers: unknown, address: number): void {
    const { accumulators } = this.#options
    if (!Array.isArray(numbers) || numbers.length !== oldNumbers * accumulators.count) throw this.#malformed()
    for (let a = 0; a < accumulators.count; a++)
      accumulators.set(this.#memory, address, a, Number(numbers[oldNumbers * a]), Number(numbers[oldNumbers * a + 1]))
  }

  #malformed(): Error {
    return stateErrors.create('MALFORMED', { state: this.#options.name, reason: 'an entry is not a session' })
  }

  #put(run: SnapshotRun, hash: number, key: Uint8Array, address: number): void {
    run.put(hash, this.#options.state, key, this.#namespaceOf(address), this.valueOf(address))
  }

  /** Lent until the next call, as is the value. */
  #namespaceOf(address: number): Uint8Array {
    this.#namespace.writeDoubleLE(this.#memory.f64[(address >>> 3) + 3])
    return this.#namespace
  }

  /** A session as it stands in a run; lent until the next call. */
  valueOf(address: number): Uint8Array {
    const end = this.#memory.f64[(address >>> 3) + 4]
    const { objects, accumulators } = this.#options
    if (objects !== undefined) return encodeStateValue([end, objects.get(address)], Number.NaN)
    this.#value[0] = flatSession
    this.#value.writeDoubleLE(end, 1)
    this.#value.set(accumulators.encode(this.#memory, address), flatSessionHeadBytes)
    return this.#value
  }
}
