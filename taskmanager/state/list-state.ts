/**
 * List state of the heap backend: the chunks of a list (list-chunks.ts) are entries of their own, so that a snapshot writes only
 * what was added or has gone. One thread.
 */
import type { RunEntry } from '../../proto/checkpoint/runs/run.ts'
import type { ListStore } from './api.ts'
import {
  append,
  chunkIndex,
  chunkNamespace,
  collect,
  decodeChunk,
  encodeChunk,
  isFull,
  isOver,
  type ListChunk,
  newChunk,
} from './list-chunks.ts'
import type { StateKeys } from './object-state.ts'
import { Unread } from './snapshot/unread.ts'
import { type EntryCodec, type TrackedEntry, Tracker } from './tracker.ts'
import { isMutable, type Lifetime } from './values.ts'

interface ChunkEntry extends TrackedEntry {
  readonly index: number
  chunk: ListChunk
}

interface List {
  /** By number, removed ones that a snapshot must hear of included. */
  readonly chunks: Map<number, ChunkEntry>
  /** Numbers of the first and the last that may be there. */
  head: number
  tail: number
}

export class ObjectLists implements ListStore, EntryCodec<ChunkEntry> {
  readonly state: number
  readonly tracker: Tracker<ChunkEntry>
  readonly unread: Unread
  readonly #name: string
  readonly #keys: StateKeys
  readonly #lifetime: Lifetime
  readonly #lists: (List | undefined)[] = []

  constructor(state: number, name: string, keys: StateKeys, lifetime: Lifetime) {
    this.state = state
    this.#name = name
    this.#keys = keys
    this.#lifetime = lifetime
    this.tracker = new Tracker(this, keys.tracked)
    this.unread = new Unread(this.tracker, keys, 'many', lifetime)
  }

  get(id: number): unknown[] {
    this.unread.reading(id)
    const all: unknown[] = []
    const list = this.#lists[id]
    if (list === undefined) return all
    this.#dropExpired(list)
    for (let index = list.head; index <= list.tail; index++) {
      const entry = list.chunks.get(index)
      if (entry === undefined || !entry.present) continue
      if (entry.chunk.values.some(isMutable)) this.tracker.guard(entry)
      collect(entry.chunk, this.#lifetime, all)
    }
    if (all.length === 0) this.clear(id)
    return all
  }

  add(id: number, value: unknown): void {
    this.unread.reading(id)
    const list = this.#lists[id] ?? this.#make(id, 0)
    let entry = list.chunks.get(list.tail)
    if (entry?.present && isFull(entry.chunk)) {
      this.#dropExpired(list)
      entry = list.chunks.get(++list.tail)
    }
    entry ??= this.#makeChunk(id, list, list.tail)
    const fresh = !entry.present
    this.tracker.put(entry)
    if (fresh) entry.chunk = newChunk(this.#lifetime)
    append(entry.chunk, value, this.#lifetime)
  }

  set(id: number, values: readonly unknown[]): void {
    this.clear(id)
    for (const value of values) this.add(id, value)
  }

  clear(id: number): void {
    this.unread.reading(id)
    const list = this.#lists[id]
    if (list === undefined) return
    for (const entry of [...list.chunks.values()]) if (entry.present) this.#remove(entry)
    list.head = 0
    list.tail = 0
  }

  hashOf(id: number): number {
    return this.#keys.hashOf(id)
  }

  keyOf(id: number): Uint8Array {
    return this.#keys.canonicalOf(id)
  }

  namespace(entry: ChunkEntry): Uint8Array {
    return chunkNamespace(entry.index)
  }

  value(entry: ChunkEntry): Uint8Array | undefined {
    return encodeChunk(entry.chunk, this.#lifetime)
  }

  forget(entry: ChunkEntry): void {
    const list = this.#lists[entry.id]
    list?.chunks.delete(entry.index)
    if (list?.chunks.size === 0) {
      this.#lists[entry.id] = undefined
      this.#keys.drop(entry.id)
    }
  }

  restore(restored: RunEntry, known?: number): ChunkEntry | undefined {
    const chunk = decodeChunk(restored.value, this.#name, this.#lifetime)
    if (chunk.values.length === 0) return undefined
    const index = chunkIndex(restored.namespace, this.#name)
    const id = known ?? this.#keys.restoreId(restored)
    const list = this.#lists[id] ?? this.#make(id, index)
    // They come in order.
    list.tail = index
    const entry = list.chunks.get(index) ?? this.#makeChunk(id, list, index)
    entry.chunk = chunk
    return entry
  }

  /** Elements expire in the order in which they came. */
  #dropExpired(list: List): void {
    for (; list.head < list.tail; list.head++) {
      const entry = list.chunks.get(list.head)
      if (entry === undefined || !entry.present) continue
      if (!isOver(entry.chunk, this.#lifetime)) return
      this.#remove(entry)
    }
  }

  #remove(entry: ChunkEntry): void {
    this.tracker.remove(entry)
    entry.chunk = newChunk(this.#lifetime)
  }

  #make(id: number, index: number): List {
    while (this.#lists.length <= id) this.#lists.push(undefined)
    const list: List = { chunks: new Map(), head: index, tail: index }
    this.#lists[id] = list
    this.#keys.hold(id)
    return list
  }

  #makeChunk(id: number, list: List, index: number): ChunkEntry {
    const chunk = newChunk(this.#lifetime)
    const entry: ChunkEntry = { id, present: false, epoch: -1, guarded: -1, index, chunk }
    list.chunks.set(index, entry)
    return entry
  }
}
