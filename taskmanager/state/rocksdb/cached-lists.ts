/**
 * Lists by key, in chunks (list-chunks.ts): the last chunk of a list is in the cache as a value is, those before it are in RocksDB
 * alone, where they are written once. Adding reads and writes the last chunk, however long the list is.
 *
 * In RocksDB: S, key: the last chunk, and behind it the numbers of the first chunk and of itself. S, key, number of a chunk: one
 * that is full. What get has read of a short list stays in the cache with its last chunk. One thread.
 */
import type { RunCursor } from '../../../proto/checkpoint/runs/run.ts'
import type { ListStore } from '../api.ts'
import {
  append,
  chunkIndex,
  chunkNamespace,
  collect,
  decodeChunk,
  encodeChunk,
  isFull,
  type ListChunk,
  newChunk,
} from '../list-chunks.ts'
import { entryBytes } from '../sizes.ts'
import { expiredValue, isMutable, type Lifetime } from '../values.ts'
import type { CachedKeys } from './cached-keys.ts'
import { acceptValue } from './cached-values.ts'
import type { EncodedEntries } from './encoded-entries.ts'
import { type EntryParts, epochBytes, readU32, writeU32 } from './layout.ts'
import type { SpillCodec, SpillEntry } from './spill.ts'

/** A list by its last chunk. */
interface CachedList extends SpillEntry {
  readonly id: number
  /** Numbers of the first chunk and of the last. */
  head: number
  tail: number
  last: ListChunk
  /** The chunks before the last, where they have been read and are small. */
  read: readonly ListChunk[] | undefined
  bytes: number
}

/** An entry of a snapshot that waits to be known as the last of its list or not. */
interface Restored {
  readonly hash: number
  readonly key: Buffer
  readonly head: number
  readonly tail: number
  readonly value: Buffer
  readonly epoch: number
}

const nothing = new Uint8Array(0)
const placeBytes = 8
const chunksAtOnce = 256
/** Of chunks before the last that stay in the cache. */
const readBytesMax = 64 * 1024
const entriesPerStep = 128

export class CachedLists implements ListStore, SpillCodec<CachedList> {
  readonly state: number
  readonly lifetime: Lifetime
  readonly #name: string
  readonly #keys: CachedKeys
  readonly #lists: (CachedList | undefined)[] = []
  readonly #number = Buffer.alloc(4)
  #restored: Restored | undefined

  constructor(state: number, name: string, keys: CachedKeys, lifetime: Lifetime) {
    this.state = state
    this.lifetime = lifetime
    this.#name = name
    this.#keys = keys
  }

  get(id: number): unknown[] {
    const all: unknown[] = []
    const list = this.#lists[id]
    if (list === undefined || !list.present) return all
    for (const chunk of this.#full(list)) collect(chunk, this.lifetime, all)
    collect(list.last, this.lifetime, all)
    if (all.length === 0) this.clear(id)
    else if (list.last.values.some(isMutable)) this.#keys.spill.guard(list, this)
    return all
  }

  add(id: number, value: unknown): void {
    const list = this.#lists[id] ?? this.#make(id)
    if (list.present && isFull(list.last)) this.#close(list)
    this.#keys.spill.change(list, this)
    list.present = true
    this.#grow(list, append(list.last, value, this.lifetime))
  }

  set(id: number, values: readonly unknown[]): void {
    this.clear(id)
    for (const value of values) this.add(id, value)
  }

  clear(id: number): void {
    const list = this.#lists[id]
    if (list === undefined || !list.present) return
    const { spill } = this.#keys
    spill.change(list, this)
    const { head, tail } = list
    for (let index = head; index < tail; index++) this.#dropChunk(id, index)
    // The first is written when the key leaves the cache; what RocksDB has of the last may be of another number.
    if (tail > 0) {
      this.#logGone(id, tail)
      spill.keep(spill.keys.entry(this.#keys.hashOf(id), this.state, this.#keys.canonicalOf(id), nothing), 0, undefined)
    }
    list.present = false
    list.head = 0
    list.tail = 0
    list.last = newChunk(this.lifetime)
    list.read = undefined
    this.#grow(list, -list.bytes)
  }

  hashOf(list: CachedList): number {
    return this.#keys.hashOf(list.id)
  }

  keyOf(list: CachedList): Uint8Array {
    return this.#keys.canonicalOf(list.id)
  }

  namespace(list: CachedList): Uint8Array {
    return chunkNamespace(list.tail)
  }

  value(list: CachedList): Uint8Array | undefined {
    return encodeChunk(list.last, this.lifetime)
  }

  // What the cache asks of it.

  load(id: number, stored: Buffer | undefined): void {
    if (stored === undefined) return
    const place = stored.length - placeBytes
    const list = this.#make(id)
    list.present = true
    list.epoch = readU32(stored, 0)
    list.head = readU32(stored, place)
    list.tail = readU32(stored, place + 4)
    list.last = decodeChunk(stored.subarray(epochBytes, place), this.#name, this.lifetime)
    this.#grow(list, list.last.bytes)
  }

  evict(id: number): void {
    const list = this.#lists[id]
    if (list === undefined) return
    const { spill } = this.#keys
    if (spill.encoding !== 0) spill.guard(list, this)
    if (!list.stored) {
      const value = list.present ? this.value(list) : undefined
      this.#keepLast(this.hashOf(list), this.keyOf(list), list, list.epoch, value)
    }
    spill.bytes -= list.bytes + entryBytes
    this.#lists[id] = undefined
  }

  *encode(): Generator<void> {
    for (let id = 0; id < this.#lists.length; id++) {
      const list = this.#lists[id]
      if (list !== undefined) this.#keys.spill.guard(list, this)
      if (id % entriesPerStep === entriesPerStep - 1) yield
    }
  }

  restore(cursor: RunCursor, epoch: number): void {
    const index = chunkIndex(cursor.namespace, this.#name)
    const value = acceptValue(cursor, this.lifetime, this.#name)
    if (value === undefined) return
    const { hash } = cursor
    const key = Buffer.from(cursor.key)
    const before = this.#restored
    const same = before !== undefined && before.hash === hash && before.key.equals(key)
    if (same) this.#keepChunk(hash, key, before.tail, before.epoch, before.value)
    else this.restoreEnded()
    this.#restored = { hash, key, head: same ? before.head : index, tail: index, value: Buffer.from(value), epoch }
  }

  /** The last entry of a list is its last chunk. */
  restoreEnded(): void {
    const last = this.#restored
    this.#restored = undefined
    if (last !== undefined) this.#keepLast(last.hash, last.key, last, last.epoch, last.value)
  }

  expired(value: Buffer): boolean {
    return expiredValue(value, this.lifetime)
  }

  addStored({ hash, state, key, namespace }: EntryParts, value: Buffer, to: EncodedEntries): void {
    const isLast = namespace.length === 0
    const place = value.length - placeBytes
    const index = isLast ? readU32(value, place + 4) : readU32(namespace, 0)
    to.add(hash, state, key, chunkNamespace(index), isLast ? value.subarray(0, place) : value)
  }

  /** The last chunk is full: it goes to the others, and a new one begins. */
  #close(list: CachedList): void {
    const { spill } = this.#keys
    if (spill.encoding !== 0) spill.guard(list, this)
    const value = this.value(list)
    if (value !== undefined) this.#keepChunk(this.hashOf(list), this.keyOf(list), list.tail, list.epoch, value)
    if (this.lifetime.limited) this.#dropExpired(list)
    if (list.read !== undefined && list.bytes <= readBytesMax) list.read = [...list.read, list.last]
    else {
      list.read = undefined
      this.#grow(list, -list.bytes)
    }
    list.tail++
    list.last = newChunk(this.lifetime)
    // An entry that nobody has heard of.
    list.epoch = 0
    list.guarded = 0
  }

  /** The chunks before the last. */
  #full(list: CachedList): readonly ListChunk[] {
    if (list.read !== undefined || list.head === list.tail) return list.read ?? []
    const chunks: ListChunk[] = []
    let bytes = 0
    for (let from = list.head; from < list.tail; from += chunksAtOnce) {
      for (const stored of this.#fetch(list, from, Math.min(list.tail, from + chunksAtOnce))) {
        // It has expired, and was swept.
        if (stored === undefined) continue
        const chunk = decodeChunk(stored.subarray(epochBytes), this.#name, this.lifetime)
        chunks.push(chunk)
        bytes += chunk.bytes
      }
    }
    if (bytes <= readBytesMax) {
      list.read = chunks
      this.#grow(list, bytes)
    }
    return chunks
  }

  #fetch(list: CachedList, from: number, to: number): readonly (Buffer | undefined)[] {
    const { spill } = this.#keys
    const hash = this.hashOf(list)
    const key = this.keyOf(list)
    for (let index = from; index < to; index++) spill.want(hash, this.state, key, this.#numberOf(index))
    return spill.fetch()
  }

  /** Elements expire in the order in which they came: looks at the first chunks, two for each that is added. */
  #dropExpired(list: CachedList): void {
    for (let looked = 0; looked < 2 && list.head < list.tail; looked++) {
      const [stored] = this.#fetch(list, list.head, list.head + 1)
      if (stored !== undefined && !this.expired(stored.subarray(epochBytes))) return
      this.#dropChunk(list.id, list.head++)
    }
  }

  #dropChunk(id: number, index: number): void {
    const { spill } = this.#keys
    const at = this.#chunkKey(this.#keys.hashOf(id), this.#keys.canonicalOf(id), index)
    spill.keep(at, spill.epoch, undefined)
    this.#logGone(id, index)
  }

  /** The next snapshot hears that a chunk is gone. */
  #logGone(id: number, index: number): void {
    const { spill } = this.#keys
    const key = this.#keys.canonicalOf(id)
    spill.log(this.#keys.hashOf(id), this.state, key, chunkNamespace(index), spill.epoch, undefined)
  }

  #keepChunk(hash: number, key: Uint8Array, index: number, epoch: number, value: Uint8Array): void {
    this.#keys.spill.keep(this.#chunkKey(hash, key, index), epoch, value)
    this.#keys.spill.log(hash, this.state, key, chunkNamespace(index), epoch, value)
  }

  #keepLast(
    hash: number,
    key: Uint8Array,
    { head, tail }: { readonly head: number; readonly tail: number },
    epoch: number,
    value: Uint8Array | undefined,
  ): void {
    const { spill } = this.#keys
    const at = spill.keys.entry(hash, this.state, key, nothing)
    if (value === undefined) spill.keep(at, epoch, undefined)
    else {
      const placed = Buffer.allocUnsafe(value.length + placeBytes)
      placed.set(value)
      writeU32(placed, value.length, head)
      writeU32(placed, value.length + 4, tail)
      spill.keep(at, epoch, placed)
    }
    spill.log(hash, this.state, key, chunkNamespace(tail), epoch, value)
  }

  /** Lent until the next key is made. */
  #chunkKey(hash: number, key: Uint8Array, index: number): Buffer {
    return this.#keys.spill.keys.entry(hash, this.state, key, this.#numberOf(index))
  }

  /** Lent, too. */
  #numberOf(index: number): Buffer {
    writeU32(this.#number, 0, index)
    return this.#number
  }

  #make(id: number): CachedList {
    while (this.#lists.length <= id) this.#lists.push(undefined)
    // Nothing to be written: absent, and covered by every snapshot.
    const list: CachedList = {
      present: false,
      epoch: 0,
      guarded: 0,
      stored: true,
      id,
      head: 0,
      tail: 0,
      last: newChunk(this.lifetime),
      read: undefined,
      bytes: 0,
    }
    this.#lists[id] = list
    this.#keys.spill.bytes += entryBytes
    return list
  }

  #grow(list: CachedList, bytes: number): void {
    list.bytes += bytes
    this.#keys.spill.bytes += bytes
  }
}
