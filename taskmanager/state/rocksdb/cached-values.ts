/**
 * One value per key: decoded in the cache by id, as it stands in a run in RocksDB. Lists, reduced and aggregated values are
 * built on it (object-state.ts). One thread.
 */
import type { DataType } from '../../../core/columns/schema.ts'
import type { RunCursor } from '../../../proto/checkpoint/runs/run.ts'
import type { ValueStore } from '../api.ts'
import { asBuffer } from '../keys.ts'
import { entryBytes, sizeOfValue } from '../sizes.ts'
import { decodeStateValue, encodeStateValue, expiredValue, isMutable, type Lifetime } from '../values.ts'
import type { CachedKeys } from './cached-keys.ts'
import { checkedType, type ValueCheck } from './checked-type.ts'
import { epochBytes, readU32 } from './layout.ts'
import type { SpillCodec, SpillEntry } from './spill.ts'

interface ValueEntry extends SpillEntry {
  readonly id: number
  value: unknown
  writtenMs: number
  bytes: number
}

const nothing = new Uint8Array(0)

/** What a run has of a value, as it is to be kept now: with the time of its last write where it may expire. Undefined: it has expired. */
export function acceptValue(cursor: RunCursor, lifetime: Lifetime, name: string): Uint8Array | undefined {
  // What is damaged shows when the key is loaded: restoring is a copy of bytes.
  if (!lifetime.limited) return cursor.value
  const { value, writtenMs } = decodeStateValue(cursor.value, name)
  // The lifetime of what was written without one begins now.
  if (Number.isNaN(writtenMs)) return encodeStateValue(value, lifetime.stamp())
  return lifetime.expired(writtenMs) ? undefined : cursor.value
}

export class CachedValues implements ValueStore, SpillCodec<ValueEntry> {
  readonly state: number
  readonly lifetime: Lifetime
  readonly #name: string
  readonly #keys: CachedKeys
  readonly #check: ValueCheck | undefined
  readonly #entries: (ValueEntry | undefined)[] = []

  constructor(state: number, name: string, type: DataType | undefined, keys: CachedKeys, lifetime: Lifetime) {
    this.state = state
    this.lifetime = lifetime
    this.#name = name
    this.#keys = keys
    this.#check = checkedType(type, name)
  }

  get(id: number): unknown {
    const entry = this.#entries[id]
    if (entry === undefined || !entry.present) return undefined
    if (this.lifetime.expired(entry.writtenMs)) {
      this.clear(id)
      return undefined
    }
    if (this.#check !== undefined) return this.#check.copy(entry.value)
    if (isMutable(entry.value)) this.#keys.spill.guard(entry, this)
    return entry.value
  }

  set(id: number, value: unknown): void {
    if (value === undefined) {
      this.clear(id)
      return
    }
    const kept = this.#check === undefined ? value : this.#check.accept(value)
    const entry = this.#entries[id] ?? this.#make(id)
    const { spill } = this.#keys
    spill.change(entry, this)
    entry.present = true
    entry.value = kept
    entry.writtenMs = this.lifetime.stamp()
    const bytes = sizeOfValue(kept)
    spill.bytes += bytes - entry.bytes
    entry.bytes = bytes
  }

  clear(id: number): void {
    const entry = this.#entries[id]
    if (entry === undefined || !entry.present) return
    this.#keys.spill.change(entry, this)
    entry.present = false
    entry.value = undefined
    this.#keys.spill.bytes -= entry.bytes
    entry.bytes = 0
  }

  hashOf(entry: ValueEntry): number {
    return this.#keys.hashOf(entry.id)
  }

  keyOf(entry: ValueEntry): Uint8Array {
    return this.#keys.canonicalOf(entry.id)
  }

  namespace(): Uint8Array {
    return nothing
  }

  value(entry: ValueEntry): Uint8Array | undefined {
    return this.lifetime.expired(entry.writtenMs) ? undefined : encodeStateValue(entry.value, entry.writtenMs)
  }

  // What the cache asks of it.

  load(id: number, stored: Buffer | undefined): void {
    if (stored === undefined) return
    const { value, writtenMs } = decodeStateValue(stored.subarray(epochBytes), this.#name)
    if (this.lifetime.expired(writtenMs)) return
    const entry = this.#make(id)
    entry.present = true
    entry.stored = true
    entry.epoch = readU32(stored, 0)
    entry.value = this.#check === undefined ? value : this.#check.widen(value)
    entry.writtenMs = writtenMs
    entry.bytes = sizeOfValue(entry.value)
    this.#keys.spill.bytes += entry.bytes
  }

  evict(id: number): void {
    const entry = this.#entries[id]
    if (entry === undefined) return
    this.#keys.spill.evict(entry, this)
    this.#keys.spill.bytes -= entry.bytes + entryBytes
    this.#entries[id] = undefined
  }

  *encode(): Generator<void> {
    for (let id = 0; id < this.#entries.length; id++) {
      const entry = this.#entries[id]
      if (entry !== undefined) this.#keys.spill.guard(entry, this)
      if ((id & 127) === 127) yield
    }
  }

  restore(cursor: RunCursor, epoch: number): void {
    const value = acceptValue(cursor, this.lifetime, this.#name)
    if (value !== undefined)
      this.#keys.spill.write(cursor.hash, this.state, cursor.key, cursor.namespace, epoch, asBuffer(value))
  }

  expired(value: Buffer): boolean {
    return expiredValue(value, this.lifetime)
  }

  #make(id: number): ValueEntry {
    while (this.#entries.length <= id) this.#entries.push(undefined)
    // Not stored, and yet nothing to be written: absent and covered by every snapshot.
    const entry: ValueEntry = {
      present: false,
      epoch: 0,
      guarded: 0,
      stored: true,
      id,
      value: undefined,
      writtenMs: Number.NaN,
      bytes: 0,
    }
    this.#entries[id] = entry
    this.#keys.spill.bytes += entryBytes
    return entry
  }
}
