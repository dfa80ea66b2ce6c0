/**
 * State whose values are JavaScript objects: value, reducing, aggregating, one entry per key; and map, one entry per map key,
 * so that a snapshot writes only the map keys that changed. Lists: list-state.ts.
 */
import type { RunEntry } from '../../proto/checkpoint/runs/run.ts'
import type { AccumulatingStore, AggregatingFunctions, MapStore, ValueStore } from './api.ts'
import { asBuffer, canonicalKey, keyOfBytes } from './keys.ts'
import { Unread } from './snapshot/unread.ts'
import { type EntryCodec, type TrackedEntry, Tracker } from './tracker.ts'
import { decodeStateValue, encodeStateValue, isMutable, type Lifetime, restoredTime } from './values.ts'

/** What object state needs of its backend. */
export interface StateKeys {
  readonly tracked: boolean
  hashOf(id: number): number
  canonicalOf(id: number): Uint8Array
  /** Id of the key of an entry that is being restored. */
  restoreId(entry: RunEntry): number
  /** The key has one thing more, or less, that keeps its id. */
  hold(id: number): void
  drop(id: number): void
}

interface ObjectEntry extends TrackedEntry {
  value: unknown
  writtenMs: number
}

const nothing = new Uint8Array(0)

export class ObjectValues implements ValueStore, EntryCodec<ObjectEntry> {
  readonly state: number
  readonly tracker: Tracker<ObjectEntry>
  readonly unread: Unread
  readonly #name: string
  readonly #keys: StateKeys
  readonly #lifetime: Lifetime
  readonly #entries: (ObjectEntry | undefined)[] = []

  constructor(state: number, name: string, keys: StateKeys, lifetime: Lifetime) {
    this.state = state
    this.#name = name
    this.#keys = keys
    this.#lifetime = lifetime
    this.tracker = new Tracker(this, keys.tracked)
    this.unread = new Unread(this.tracker, keys, 'one', lifetime)
  }

  get(id: number): unknown {
    this.unread.reading(id)
    const entry = this.#entries[id]
    if (entry === undefined || !entry.present) return undefined
    if (this.#lifetime.expired(entry.writtenMs)) {
      this.clear(id)
      return undefined
    }
    if (isMutable(entry.value)) this.tracker.guard(entry)
    return entry.value
  }

  set(id: number, value: unknown): void {
    if (value === undefined) {
      this.clear(id)
      return
    }
    this.unread.reading(id)
    const entry = this.#entries[id] ?? this.#make(id)
    this.tracker.put(entry)
    entry.value = value
    if (this.#lifetime.limited) entry.writtenMs = this.#lifetime.stamp()
  }

  clear(id: number): void {
    this.unread.reading(id)
    const entry = this.#entries[id]
    if (entry === undefined || !entry.present) return
    this.tracker.remove(entry)
    entry.value = undefined
  }

  hashOf(id: number): number {
    return this.#keys.hashOf(id)
  }

  keyOf(id: number): Uint8Array {
    return this.#keys.canonicalOf(id)
  }

  namespace(): Uint8Array {
    return nothing
  }

  value(entry: ObjectEntry): Uint8Array | undefined {
    return this.#lifetime.expired(entry.writtenMs) ? undefined : encodeStateValue(entry.value, entry.writtenMs)
  }

  forget(entry: ObjectEntry): void {
    this.#entries[entry.id] = undefined
    this.#keys.drop(entry.id)
  }

  restore(restored: RunEntry, known?: number): ObjectEntry | undefined {
    const { value, writtenMs } = decodeStateValue(restored.value, this.#name)
    const time = restoredTime(writtenMs, this.#lifetime)
    if (this.#lifetime.expired(time)) return undefined
    const id = known ?? this.#keys.restoreId(restored)
    const entry = this.#entries[id] ?? this.#make(id)
    entry.value = value
    entry.writtenMs = time
    return entry
  }

  #make(id: number): ObjectEntry {
    while (this.#entries.length <= id) this.#entries.push(undefined)
    const entry: ObjectEntry = { id, present: false, epoch: -1, guarded: -1, value: undefined, writtenMs: Number.NaN }
    this.#entries[id] = entry
    this.#keys.hold(id)
    return entry
  }
}

export class ObjectReducing implements AccumulatingStore {
  readonly #values: ValueStore
  readonly #reduce: (a: unknown, b: unknown) => unknown

  constructor(values: ValueStore, reduce: (a: unknown, b: unknown) => unknown) {
    this.#values = values
    this.#reduce = reduce
  }

  get(id: number): unknown {
    return this.#values.get(id)
  }

  add(id: number, value: unknown): void {
    const old = this.#values.get(id)
    this.#values.set(id, old === undefined ? value : this.#reduce(old, value))
  }

  clear(id: number): void {
    this.#values.clear(id)
  }
}

export class ObjectAggregating implements AccumulatingStore {
  readonly #values: ValueStore
  readonly #functions: AggregatingFunctions

  constructor(values: ValueStore, functions: AggregatingFunctions) {
    this.#values = values
    this.#functions = functions
  }

  get(id: number): unknown {
    const accumulator = this.#values.get(id)
    return accumulator === undefined ? undefined : this.#functions.result(accumulator)
  }

  add(id: number, value: unknown): void {
    this.#values.set(id, this.#functions.add(this.#values.get(id) ?? this.#functions.init(), value))
  }

  clear(id: number): void {
    this.#values.clear(id)
  }
}

interface MapEntry extends ObjectEntry {
  readonly key: unknown
  readonly token: unknown
}

/** What stands for a map key in a JS Map: equal exactly for keys of the same canonical bytes. */
export function tokenOf(key: unknown): unknown {
  if (typeof key === 'string') return key.charCodeAt(0) === 0 ? `\0s${key}` : key
  if (typeof key !== 'object' || key === null) return key
  return `\0o${asBuffer(canonicalKey(key)).toString('latin1')}`
}

export class ObjectMaps implements MapStore, EntryCodec<MapEntry> {
  readonly state: number
  readonly tracker: Tracker<MapEntry>
  readonly unread: Unread
  readonly #name: string
  readonly #keys: StateKeys
  readonly #lifetime: Lifetime
  /** Entries by token, removed ones that a snapshot must hear of included. */
  readonly #maps: (Map<unknown, MapEntry> | undefined)[] = []
  #namespace: Buffer = Buffer.allocUnsafeSlow(256)

  constructor(state: number, name: string, keys: StateKeys, lifetime: Lifetime) {
    this.state = state
    this.#name = name
    this.#keys = keys
    this.#lifetime = lifetime
    this.tracker = new Tracker(this, keys.tracked)
    this.unread = new Unread(this.tracker, keys, 'many', lifetime)
  }

  get(id: number, key: unknown): unknown {
    const entry = this.#live(id, key)
    if (entry === undefined) return undefined
    if (isMutable(entry.value)) this.tracker.guard(entry)
    return entry.value
  }

  set(id: number, key: unknown, value: unknown): void {
    this.unread.reading(id)
    const token = tokenOf(key)
    const entry = this.#maps[id]?.get(token) ?? this.#make(id, key, token)
    this.tracker.put(entry)
    entry.value = value
    if (this.#lifetime.limited) entry.writtenMs = this.#lifetime.stamp()
  }

  has(id: number, key: unknown): boolean {
    return this.#live(id, key) !== undefined
  }

  delete(id: number, key: unknown): boolean {
    const entry = this.#live(id, key)
    if (entry === undefined) return false
    this.#remove(entry)
    return true
  }

  entries(id: number): [unknown, unknown][] {
    this.unread.reading(id)
    const result: [unknown, unknown][] = []
    for (const entry of this.#maps[id]?.values() ?? []) {
      if (!this.#isLive(entry)) continue
      if (isMutable(entry.value)) this.tracker.guard(entry)
      result.push([entry.key, entry.value])
    }
    return result
  }

  size(id: number): number {
    this.unread.reading(id)
    let size = 0
    for (const entry of this.#maps[id]?.values() ?? []) if (this.#isLive(entry)) size++
    return size
  }

  clear(id: number): void {
    this.unread.reading(id)
    for (const entry of [...(this.#maps[id]?.values() ?? [])]) if (entry.present) this.#remove(entry)
  }

  hashOf(id: number): number {
    return this.#keys.hashOf(id)
  }

  keyOf(id: number): Uint8Array {
    return this.#keys.canonicalOf(id)
  }

  namespace(entry: MapEntry): Uint8Array {
    // A copy: the bytes of the key are lent from the same place.
    const bytes = canonicalKey(entry.key)
    if (bytes.length > this.#namespace.length) this.#namespace = Buffer.allocUnsafeSlow(bytes.length * 2)
    this.#namespace.set(bytes)
    return this.#namespace.subarray(0, bytes.length)
  }

  value(entry: MapEntry): Uint8Array | undefined {
    return this.#lifetime.expired(entry.writtenMs) ? undefined : encodeStateValue(entry.value, entry.writtenMs)
  }

  forget(entry: MapEntry): void {
    const map = this.#maps[entry.id]
    map?.delete(entry.token)
    if (map?.size === 0) {
      this.#maps[entry.id] = undefined
      this.#keys.drop(entry.id)
    }
  }

  restore(restored: RunEntry, known?: number): MapEntry | undefined {
    const { value, writtenMs } = decodeStateValue(restored.value, this.#name)
    const time = restoredTime(writtenMs, this.#lifetime)
    if (this.#lifetime.expired(time)) return undefined
    const key = keyOfBytes(restored.namespace)
    const id = known ?? this.#keys.restoreId(restored)
    const token = tokenOf(key)
    const entry = this.#maps[id]?.get(token) ?? this.#make(id, key, token)
    entry.value = value
    entry.writtenMs = time
    return entry
  }

  #live(id: number, key: unknown): MapEntry | undefined {
    this.unread.reading(id)
    const entry = this.#maps[id]?.get(tokenOf(key))
    return entry !== undefined && this.#isLive(entry) ? entry : undefined
  }

  #isLive(entry: MapEntry): boolean {
    if (!entry.present) return false
    if (!this.#lifetime.expired(entry.writtenMs)) return true
    this.#remove(entry)
    return false
  }

  #remove(entry: MapEntry): void {
    this.tracker.remove(entry)
    entry.value = undefined
  }

  #make(id: number, key: unknown, token: unknown): MapEntry {
    let map = this.#maps[id]
    if (map === undefined) {
      while (this.#maps.length <= id) this.#maps.push(undefined)
      map = new Map()
      this.#maps[id] = map
      this.#keys.hold(id)
    }
    const entry: MapEntry = {
      id,
      present: false,
      epoch: -1,
      guarded: -1,
      value: undefined,
      writtenMs: Number.NaN,
      key,
      token,
    }
    map.set(token, entry)
    return entry
  }
}
