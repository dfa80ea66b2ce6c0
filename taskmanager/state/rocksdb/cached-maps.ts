/**
 * Maps by key: entries in the cache as they are asked for. What RocksDB has of a key lies side by side there, in the order of the
 * canonical bytes of the map keys: a small map is in the cache as a whole when all of it was asked for, a large one is read past
 * the cache, under what the cache has of it. One thread.
 */
import type { RunCursor } from '../../../proto/checkpoint/runs/run.ts'
import type { MapStore } from '../api.ts'
import { asBuffer, canonicalKey, keyOfBytes } from '../keys.ts'
import { tokenOf } from '../object-state.ts'
import { entryBytes, sizeOfValue } from '../sizes.ts'
import { decodeStateValue, encodeStateValue, expiredValue, isMutable, type Lifetime } from '../values.ts'
import type { CachedKeys } from './cached-keys.ts'
import { acceptValue } from './cached-values.ts'
import { epochBytes, parseEntryKey, prefixEnd, readU32 } from './layout.ts'
import type { SpillCodec, SpillEntry } from './spill.ts'

interface MapEntry extends SpillEntry {
  readonly id: number
  readonly key: unknown
  value: unknown
  writtenMs: number
  bytes: number
}

/** What the cache has of the map of a key, entries included that are not there. */
interface CachedMap {
  readonly entries: Map<unknown, MapEntry>
  /** Whatever is not in the cache is not there. */
  whole: boolean
  /** How many live entries there are, once that was counted; never with a lifetime, which ends without a word. */
  count: number | undefined
}

interface StoredEntry {
  readonly key: unknown
  readonly namespace: Buffer
  /** As in RocksDB. */
  readonly value: Buffer
}

const nothing = new Uint8Array(0)
const entriesPerScan = 512
const entriesPerStep = 128

export class CachedMaps implements MapStore, SpillCodec<MapEntry> {
  readonly state: number
  readonly lifetime: Lifetime
  readonly #name: string
  readonly #keys: CachedKeys
  readonly #maps = new Map<number, CachedMap>()
  #namespace: Buffer = Buffer.allocUnsafeSlow(256)

  constructor(state: number, name: string, keys: CachedKeys, lifetime: Lifetime) {
    this.state = state
    this.lifetime = lifetime
    this.#name = name
    this.#keys = keys
  }

  get(id: number, key: unknown): unknown {
    const entry = this.#entry(id, key)
    if (!this.#isLive(entry)) return undefined
    if (isMutable(entry.value)) this.#keys.spill.guard(entry, this)
    return entry.value
  }

  set(id: number, key: unknown, value: unknown): void {
    const map = this.#map(id)
    const token = tokenOf(key)
    // Whatever RocksDB has is replaced: it is read only where somebody wants to know how many there are.
    const entry =
      map.count !== undefined ? this.#entry(id, key) : (map.entries.get(token) ?? this.#make(map, id, key, token))
    const { spill } = this.#keys
    spill.change(entry, this)
    if (map.count !== undefined && !entry.present) map.count++
    entry.present = true
    entry.value = value
    entry.writtenMs = this.lifetime.stamp()
    const bytes = sizeOfValue(value)
    spill.bytes += bytes - entry.bytes
    entry.bytes = bytes
  }

  has(id: number, key: unknown): boolean {
    return this.#isLive(this.#entry(id, key))
  }

  delete(id: number, key: unknown): boolean {
    const entry = this.#entry(id, key)
    if (!this.#isLive(entry)) return false
    this.#remove(entry)
    return true
  }

  entries(id: number): [unknown, unknown][] {
    const map = this.#map(id)
    const past: [unknown, unknown][] = []
    for (const { key, value } of this.#stored(id, map)) {
      const read = decodeStateValue(value.subarray(epochBytes), this.#name)
      if (!this.lifetime.expired(read.writtenMs)) past.push([key, read.value])
    }
    const result: [unknown, unknown][] = []
    for (const entry of map.entries.values()) {
      if (!this.#isLive(entry)) continue
      if (isMutable(entry.value)) this.#keys.spill.guard(entry, this)
      result.push([entry.key, entry.value])
    }
    for (const entry of past) result.push(entry)
    return result
  }

  size(id: number): number {
    const map = this.#map(id)
    if (map.count !== undefined) return map.count
    let size = 0
    for (const { value } of this.#stored(id, map)) if (!this.expired(value.subarray(epochBytes))) size++
    for (const entry of map.entries.values()) if (this.#isLive(entry)) size++
    if (!this.lifetime.limited) map.count = size
    return size
  }

  clear(id: number): void {
    const { spill } = this.#keys
    const map = this.#map(id)
    const hash = this.#keys.hashOf(id)
    for (const { namespace } of this.#stored(id, map)) {
      // No snapshot waits for it: what is not in the cache, it takes from the log as that was.
      spill.write(hash, this.state, this.#keys.canonicalOf(id), namespace, spill.epoch, undefined)
    }
    for (const entry of map.entries.values()) if (entry.present) this.#remove(entry)
    map.whole = true
    if (!this.lifetime.limited) map.count = 0
  }

  hashOf(entry: MapEntry): number {
    return this.#keys.hashOf(entry.id)
  }

  keyOf(entry: MapEntry): Uint8Array {
    return this.#keys.canonicalOf(entry.id)
  }

  namespace(entry: MapEntry): Uint8Array {
    return this.#namespaceOf(entry.key)
  }

  value(entry: MapEntry): Uint8Array | undefined {
    return this.lifetime.expired(entry.writtenMs) ? undefined : encodeStateValue(entry.value, entry.writtenMs)
  }

  // What the cache asks of it.

  evict(id: number): void {
    const map = this.#maps.get(id)
    if (map === undefined) return
    for (const entry of map.entries.values()) {
      this.#keys.spill.evict(entry, this)
      this.#keys.spill.bytes -= entry.bytes + entryBytes
    }
    this.#keys.spill.bytes -= entryBytes
    this.#maps.delete(id)
  }

  *encode(): Generator<void> {
    let n = 0
    for (const map of this.#maps.values()) {
      for (const entry of map.entries.values()) {
        this.#keys.spill.guard(entry, this)
        if (++n % entriesPerStep === 0) yield
      }
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

  #isLive(entry: MapEntry): boolean {
    if (!entry.present) return false
    if (!this.lifetime.expired(entry.writtenMs)) return true
    this.#remove(entry)
    return false
  }

  #remove(entry: MapEntry): void {
    const map = this.#maps.get(entry.id)
    if (map?.count !== undefined) map.count--
    this.#keys.spill.change(entry, this)
    entry.present = false
    entry.value = undefined
    this.#keys.spill.bytes -= entry.bytes
    entry.bytes = 0
  }

  #map(id: number): CachedMap {
    const map = this.#maps.get(id)
    if (map !== undefined) return map
    const made: CachedMap = { entries: new Map(), whole: false, count: undefined }
    this.#maps.set(id, made)
    this.#keys.spill.bytes += entryBytes
    return made
  }

  /** An entry, which may not be present. */
  #entry(id: number, key: unknown): MapEntry {
    const map = this.#map(id)
    const token = tokenOf(key)
    const cached = map.entries.get(token)
    if (cached !== undefined) return cached
    const entry = this.#make(map, id, key, token)
    if (map.whole) return entry
    const { spill } = this.#keys
    const namespace = this.#namespaceOf(key)
    spill.want(this.#keys.hashOf(id), this.state, this.#keys.canonicalOf(id), namespace)
    const [stored] = spill.fetch()
    if (stored !== undefined) this.#fill(entry, stored)
    return entry
  }

  /** What RocksDB has of a key and the cache does not, unless it is little: then the cache has it from now on. */
  *#stored(id: number, map: CachedMap): Generator<StoredEntry> {
    if (map.whole) return
    const { store, keys } = this.#keys.spill
    store.flush()
    const from = Buffer.from(keys.entry(this.#keys.hashOf(id), this.state, this.#keys.canonicalOf(id), nothing))
    const scan = store.scan(from, prefixEnd(from))
    try {
      let found = scan.next(entriesPerScan)
      if (found.length < 2 * entriesPerScan) {
        this.#keep(id, map, found)
        return
      }
      for (;;) {
        for (let i = 0; i < found.length; i += 2) {
          const { namespace } = parseEntryKey(found[i])
          const key = keyOfBytes(namespace)
          if (!map.entries.has(tokenOf(key))) yield { key, namespace, value: found[i + 1] }
        }
        if (found.length < 2 * entriesPerScan) return
        found = scan.next(entriesPerScan)
      }
    } finally {
      scan.close()
    }
  }

  /** All that RocksDB has of a key. */
  #keep(id: number, map: CachedMap, found: readonly Buffer[]): void {
    for (let i = 0; i < found.length; i += 2) {
      const key = keyOfBytes(parseEntryKey(found[i]).namespace)
      const token = tokenOf(key)
      if (!map.entries.has(token)) this.#fill(this.#make(map, id, key, token), found[i + 1])
    }
    map.whole = true
  }

  #fill(entry: MapEntry, stored: Buffer): void {
    const { value, writtenMs } = decodeStateValue(stored.subarray(epochBytes), this.#name)
    if (this.lifetime.expired(writtenMs)) return
    entry.present = true
    entry.epoch = readU32(stored, 0)
    entry.value = value
    entry.writtenMs = writtenMs
    entry.bytes = sizeOfValue(value)
    this.#keys.spill.bytes += entry.bytes
  }

  #make(map: CachedMap, id: number, key: unknown, token: unknown): MapEntry {
    // Nothing to be written: absent, and covered by every snapshot.
    const entry: MapEntry = {
      present: false,
      epoch: 0,
      guarded: 0,
      stored: true,
      id,
      key,
      value: undefined,
      writtenMs: Number.NaN,
      bytes: 0,
    }
    map.entries.set(token, entry)
    this.#keys.spill.bytes += entryBytes
    return entry
  }

  #namespaceOf(key: unknown): Buffer {
    // A copy: the bytes of the key are lent from the same place.
    const bytes = canonicalKey(key)
    if (bytes.length > this.#namespace.length) this.#namespace = Buffer.allocUnsafeSlow(bytes.length * 2)
    this.#namespace.set(bytes)
    return this.#namespace.subarray(0, bytes.length)
  }
}
