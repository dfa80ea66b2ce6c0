/**
 * Restored entries of a state of JavaScript objects that nobody has read yet: they stay as they stand in runs, by key, and become
 * objects when their key is first asked for. What is never asked for costs a restore no more than its bytes, and the garbage
 * collector nothing.
 *
 * Promises: blocks are given oldest run first, and what comes out is what a merge of the runs would give, in the same order. A key is
 * held as long as it has entries here. Bytes go back in pieces as their keys are read: once less than half of a piece is
 * needed, the rest of it is read as well, so that memory never holds much both ways. One thread.
 */
import { restoreRow, restoreRowBytes } from '../../../core/kernels/restore-signature.ts'
import { entryKind, RunEntry } from '../../../proto/checkpoint/runs/run.ts'
import { asBuffer } from '../keys.ts'
import type { StateMemory } from '../memory.ts'
import { expiredValue, type Lifetime } from '../values.ts'

/** A block of a run, and its entries as rows in the state's memory with the ids of their keys. */
export interface BlockRows {
  readonly memory: StateMemory
  readonly bytes: Uint8Array
  /** Where the bytes stand in the memory. */
  readonly address: number
  readonly rows: number
  readonly ids: number
  readonly count: number
}

/** Keys have to stay as long as they have entries. */
export interface HeldKeys {
  hold(id: number): void
  drop(id: number): void
}

/** Makes objects of entries. */
export interface EntryReader {
  readonly state: number
  take(entry: RunEntry, rewrite: boolean, id: number): void
}

/** How entries are read: `one`, each key has one at most; `many`; `at once`, many, and not later than the restore ends. */
export type UnreadKind = 'one' | 'many' | 'at once'

/** Bytes of entries of one block. */
interface Piece {
  bytes: Buffer
  /** Of those, bytes that somebody may still ask for. */
  needed: number
  readonly firstSpan: number
}

/** Words of a span: entries of one key, one behind the other, in a piece. `end` is 0 when they are not needed any more. */
const span = { id: 0, piece: 1, start: 2, end: 3, older: 4 } as const
const spanWords = 5
/** What a step of the end of a restore does, and what reading a key is of it: looking whether there is one to be read is 1. */
const stepWork = 8192
const readWork = 100
const nothing = Buffer.alloc(0)
const noWords = new Uint32Array(0)

export class Unread {
  readonly #reader: EntryReader
  readonly #keys: HeldKeys
  readonly #kind: UnreadKind
  readonly #lifetime: Lifetime | undefined
  /** By id, its newest span: 0 for none, else its number and one. */
  #newest = noWords
  #spans = noWords
  #spanCount = 0
  #pieces: Piece[] = []
  /** Pieces of which little is needed. */
  #sparse: Piece[] = []
  /** Keys that have a span. */
  #keyCount = 0
  /** Keys of which everything may be gone. */
  #doubtful: number[] = []
  /** There are no more blocks. */
  #complete = false
  readonly #entry = new RunEntry()

  constructor(reader: EntryReader, keys: HeldKeys, kind: UnreadKind, lifetime?: Lifetime) {
    this.#reader = reader
    this.#keys = keys
    this.#kind = kind
    this.#lifetime = lifetime
  }

  get state(): number {
    return this.#reader.state
  }

  /** Before anything is asked or said of the state of a key. */
  reading(id: number): void {
    if (this.#keyCount === 0 || id >= this.#newest.length || this.#newest[id] === 0) return
    this.#read(id, false)
    // One at a time: reading the rest of a piece may leave little of others.
    const piece = this.#sparse.pop()
    if (piece !== undefined) this.#readAll(piece)
  }

  /** Keeps the entries of rows of this state, which had the number `oldState`. Whether some key may have nothing. */
  take({ memory, bytes, address, rows, ids, count }: BlockRows, oldState: number): boolean {
    const { u32 } = memory
    const piece: Piece = { bytes: nothing, needed: 0, firstSpan: this.#spanCount }
    const number = this.#pieces.push(piece) - 1
    /** Borders of what is kept. */
    const kept: number[] = []
    let keptBytes = 0
    let gone = false
    for (let i = 0; i < count; i++) {
      const row = (rows + i * restoreRowBytes) >>> 2
      if (u32[row + restoreRow.state] !== oldState) continue
      const id = u32[(ids >>> 2) + i]
      const start = u32[row + restoreRow.start] - address
      const end = u32[row + restoreRow.valueEnd] - address
      const kind = u32[row + restoreRow.kind]
      if (kind !== entryKind.put || this.#expired(bytes, u32[row + restoreRow.valueStart] - address, end)) {
        gone = true
        if (this.#kind === 'one') this.forget(id)
        if (id >= this.#newest.length || this.#newest[id] === 0) continue
        this.#doubtful.push(id)
      } else if (this.#kind === 'one') this.forget(id)
      this.#add(id, number, keptBytes, end - start)
      keptBytes += end - start
      if (kept.at(-1) === start) kept[kept.length - 1] = end
      else kept.push(start, end)
    }
    if (piece.firstSpan === this.#spanCount) this.#pieces.pop()
    else piece.bytes = copyOf(bytes, kept, keptBytes)
    return gone
  }

  /** That were all blocks. Reads what does not wait, and has keys `released` of which nothing was left. `rewrite`: no chain of ours has them. */
  *ended(rewrite: boolean, released: (id: number) => void): Generator<void, void> {
    const all = rewrite || this.#kind === 'at once'
    const ids = all ? this.#newest.keys() : this.#doubtful
    let work = 0
    for (const id of ids) {
      if (this.#newest[id] !== 0) {
        this.#read(id, rewrite)
        released(id)
        work += readWork
      }
      if (++work < stepWork) continue
      work = 0
      yield
    }
    this.#doubtful = []
    this.#complete = true
    if (this.#keyCount === 0) this.#clear()
  }

  /** Nobody asks for the entries of this key any more. */
  forget(id: number): void {
    if (id >= this.#newest.length || this.#newest[id] === 0) return
    for (let number = this.#newest[id]; number !== 0; ) {
      const at = (number - 1) * spanWords
      const piece = this.#pieces[this.#spans[at + span.piece]]
      const wasDense = piece.needed * 2 >= piece.bytes.length
      piece.needed -= this.#spans[at + span.end] - this.#spans[at + span.start]
      this.#spans[at + span.end] = 0
      if (piece.needed === 0) piece.bytes = nothing
      else if (wasDense && piece.needed * 2 < piece.bytes.length) this.#sparse.push(piece)
      number = this.#spans[at + span.older]
    }
    this.#newest[id] = 0
    this.#keys.drop(id)
    if (--this.#keyCount === 0 && this.#complete) this.#clear()
  }

  #add(id: number, piece: number, start: number, bytes: number): void {
    const number = this.#spanCount
    const target = this.#pieces[piece]
    target.needed += bytes
    if (id >= this.#newest.length) this.#newest = grown(this.#newest, id + 1)
    const newest = this.#newest[id]
    // The entry before is of the same key, and of this block.
    if (newest === number && number > target.firstSpan) {
      this.#spans[(number - 1) * spanWords + span.end] += bytes
      return
    }
    if (newest === 0) {
      this.#keyCount++
      this.#keys.hold(id)
    }
    const at = number * spanWords
    if (at === this.#spans.length) this.#spans = grown(this.#spans, at + spanWords)
    this.#spans[at + span.id] = id
    this.#spans[at + span.piece] = piece
    this.#spans[at + span.start] = start
    this.#spans[at + span.end] = start + bytes
    this.#spans[at + span.older] = newest
    this.#spanCount = number + 1
    this.#newest[id] = number + 1
  }

  #expired(bytes: Uint8Array, start: number, end: number): boolean {
    const lifetime = this.#lifetime
    return lifetime?.limited === true && expiredValue(asBuffer(bytes.subarray(start, end)), lifetime)
  }

  #read(id: number, rewrite: boolean): void {
    const entry = this.#entry
    const newest = (this.#newest[id] - 1) * spanWords
    if (this.#spans[newest + span.older] === 0) {
      // Its entries are of the same run: each counts.
      this.#each(newest, () => {
        if (entry.kind === entryKind.put) this.#reader.take(entry, rewrite, id)
      })
    } else {
      for (const { bytes, at } of this.#standing(id)) {
        entry.bytes = bytes
        entry.read(at)
        this.#reader.take(entry, rewrite, id)
      }
    }
    entry.bytes = nothing
    this.forget(id)
  }

  /** Where the entries stand that no newer one replaces or hides, in the order of their namespaces. */
  #standing(id: number): { bytes: Uint8Array; at: number }[] {
    const spans: number[] = []
    for (let number = this.#newest[id]; number !== 0; number = this.#spans[(number - 1) * spanWords + span.older])
      spans.push((number - 1) * spanWords)
    const entry = this.#entry
    const standing = new Map<string, { bytes: Uint8Array; at: number }>()
    for (const each of spans.reverse()) {
      this.#each(each, () => {
        const { bytes, start, keyEnd, namespaceEnd } = entry
        const namespace = asBuffer(bytes).latin1Slice(keyEnd, namespaceEnd)
        if (entry.kind === entryKind.put) standing.set(namespace, { bytes, at: start })
        else if (entry.kind === entryKind.tombstone) standing.delete(namespace)
        else for (const name of standing.keys()) if (name.startsWith(namespace)) standing.delete(name)
      })
    }
    return [...standing].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, place]) => place)
  }

  /** Goes from entry to entry of the span at `at`. */
  #each(at: number, visit: () => void): void {
    const entry = this.#entry
    const end = this.#spans[at + span.end]
    entry.bytes = this.#pieces[this.#spans[at + span.piece]].bytes
    for (let next = this.#spans[at + span.start]; next < end; next = entry.valueEnd) {
      entry.read(next)
      visit()
    }
  }

  #readAll(piece: Piece): void {
    for (let at = piece.firstSpan * spanWords; piece.needed > 0; at += spanWords)
      if (this.#spans[at + span.end] !== 0) this.#read(this.#spans[at + span.id], false)
  }

  #clear(): void {
    this.#newest = noWords
    this.#spans = noWords
    this.#pieces = []
    this.#sparse = []
  }
}

function copyOf(bytes: Uint8Array, borders: readonly number[], length: number): Buffer {
  // Memory of its own, which goes when nobody refers to it. Shared, because other memory that lies outside of V8's heap counts as
  // garbage in the making: the collector would run for every 32 MB of it.
  const copy = Buffer.from(new SharedArrayBuffer(length))
  let at = 0
  for (let i = 0; i < borders.length; i += 2) {
    copy.set(bytes.subarray(borders[i], borders[i + 1]), at)
    at += borders[i + 1] - borders[i]
  }
  return copy
}

function grown(words: Uint32Array<ArrayBuffer>, length: number): Uint32Array<ArrayBuffer> {
  const more = new Uint32Array(Math.max(1024 * spanWords, words.length * 2, length))
  more.set(words)
  return more
}
