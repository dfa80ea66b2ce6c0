/**
 * Running declared aggregates: flat in the entries of the key table while their key is in the cache, updated by the kernels
 * of the heap backend. One thread.
 */
import type { RecordBatch } from '../../../core/columns/batch.ts'
import type { RunCursor } from '../../../proto/checkpoint/runs/run.ts'
import type { DeclaredAggregate } from '../../../sdk/graph/nodes.ts'
import { AccumulatorState } from '../accumulator-state.ts'
import { wrongLength } from '../aggregates/aggregates.ts'
import type { ResultColumn } from '../aggregates/result-column.ts'
import type { AccumulatorStore } from '../api.ts'
import { asBuffer } from '../keys.ts'
import type { CachedKeys } from './cached-keys.ts'
import { epochBytes, readU32 } from './layout.ts'
import type { SpillCodec, SpillEntry } from './spill.ts'

const nothing = new Uint8Array(0)
const storedBit = 0x80000000

export class CachedAccumulators implements AccumulatorStore, SpillCodec<SpillEntry> {
  readonly state: number
  readonly bytes: number
  readonly #name: string
  readonly #presence: number
  readonly #keys: CachedKeys
  readonly #inner: AccumulatorState
  /** By id: epoch of the last change, and whether RocksDB has it. */
  #versions = new Uint32Array(4096)
  #guarded = new Uint32Array(4096)
  /** Stands for one id at a time where a version is asked for. */
  readonly #entry = { present: false, epoch: 0, guarded: 0, stored: false }
  #id = 0

  /** `offset`: of the accumulators in an entry of the key table. */
  constructor(
    state: number,
    name: string,
    presence: number,
    aggregates: readonly DeclaredAggregate[],
    offset: number,
    keys: CachedKeys,
  ) {
    this.state = state
    this.#name = name
    this.#presence = presence
    this.#keys = keys
    this.#inner = new AccumulatorState(state, name, presence, aggregates, offset, (ids, n) => keys.idsAddress(ids, n))
    this.bytes = this.#inner.bytes
  }

  /** Once the table is there. */
  attach(): void {
    this.#inner.attach(this.#keys.table, this.#keys.rows)
  }

  update(
    ids: Int32Array,
    n: number,
    batch: RecordBatch,
    selection: Int32Array | undefined,
    out?: readonly ResultColumn[],
  ): void {
    this.#change(ids, n)
    this.#inner.update(ids, n, batch, selection, out)
  }

  updateRows(ids: Int32Array, n: number, rows: readonly unknown[], out?: readonly ResultColumn[]): void {
    this.#change(ids, n)
    this.#inner.updateRows(ids, n, rows, out)
  }

  has(id: number): boolean {
    return this.#inner.has(id)
  }

  get(id: number, index: number): number | bigint | null {
    return this.#inner.get(id, index)
  }

  clear(id: number): void {
    if (!this.#inner.has(id)) return
    this.#changeOne(id, this.#keys.spill.epoch)
    this.#inner.clear(id)
  }

  hashOf(): number {
    return this.#keys.hashOf(this.#id)
  }

  keyOf(): Uint8Array {
    return this.#keys.canonicalOf(this.#id)
  }

  namespace(): Uint8Array {
    return nothing
  }

  value(): Uint8Array {
    return this.#inner.encode(this.#keys.table.entry(this.#id))
  }

  // What the cache asks of it.

  load(id: number, stored: Buffer | undefined): void {
    this.#reserve(id)
    this.#guarded[id] = 0
    this.#versions[id] = storedBit
    if (stored === undefined) return
    this.#versions[id] = (storedBit | readU32(stored, 0)) >>> 0
    this.#inner.decode(stored, epochBytes, stored.length, this.#keys.table.touchOne(id, this.#presence))
  }

  evict(id: number): void {
    this.#keys.spill.evict(this.#at(id), this)
    const { memory, table } = this.#keys
    memory.u32[(table.entry(id) >>> 2) + 3] &= ~this.#presence
  }

  *encode(): Generator<void> {
    const { spill, table } = this.#keys
    const versions = this.#versions
    for (let id = 0; id < table.idLimit; id++) {
      if ((id & 255) === 255) yield
      if (id < versions.length && spill.takes(this.#versions[id] & ~storedBit) && table.inUse(id)) this.#guard(id)
    }
  }

  restore(cursor: RunCursor, epoch: number): void {
    const { value } = cursor
    if (value.length !== this.bytes) throw wrongLength(this.#name, value.length, this.bytes)
    this.#keys.spill.write(cursor.hash, this.state, cursor.key, cursor.namespace, epoch, asBuffer(value))
  }

  expired(): boolean {
    return false
  }

  #change(ids: Int32Array, n: number): void {
    const { epoch } = this.#keys.spill
    const versions = this.#versions
    for (let i = 0; i < n; i++) if (versions[ids[i]] !== epoch) this.#changeOne(ids[i], epoch)
  }

  #changeOne(id: number, epoch: number): void {
    if (this.#keys.spill.encoding !== 0 && (this.#versions[id] & ~storedBit) !== epoch) this.#guard(id)
    this.#versions[id] = epoch
  }

  #guard(id: number): void {
    const entry = this.#at(id)
    this.#keys.spill.guard(entry, this)
    this.#guarded[id] = entry.guarded
  }

  #at(id: number): SpillEntry {
    const entry = this.#entry
    const version = this.#versions[id]
    this.#id = id
    entry.present = this.#inner.has(id)
    entry.epoch = (version & ~storedBit) >>> 0
    entry.stored = version >= storedBit
    entry.guarded = this.#guarded[id]
    return entry
  }

  #reserve(id: number): void {
    if (id < this.#versions.length) return
    const length = Math.max(id + 1, this.#versions.length * 2)
    const versions = new Uint32Array(length)
    versions.set(this.#versions)
    this.#versions = versions
    const guarded = new Uint32Array(length)
    guarded.set(this.#guarded)
    this.#guarded = guarded
  }
}
