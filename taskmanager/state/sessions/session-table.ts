/**
 * The sessions of each key in flat memory. The newest session of a key lies in the key's entry of a key table, older ones in
 * nodes that are laid out like entries and hang off it, newest first: a record of the usual kind finds its session where
 * it finds its key.
 *
 * Layout of an entry or node behind the key and hash: presence u32 at 12 (`session` bits), address of the next node u32 at 16
 * (as a reference it keeps the key's id), marks u32 at 20, start and end float64 at 24 and 32, accumulators from 40. A node
 * has the id of its key at 0.
 *
 * Sessions of a key never touch: who does is joined. One thread.
 */
import type { Aggregates } from '../aggregates/aggregates.ts'
import { entryHeaderBytes, KeyTable, persisted } from '../key-table.ts'
import type { StateMemory } from '../memory.ts'

/** Bits of the presence word. */
export const session = {
  present: 1,
  /** It was emitted, and nothing came since. */
  fired: 2,
  /** It is emitted now and goes then. */
  leaving: 4,
} as const
/** Mark of a key: a session that a snapshot may hold is gone, or begins earlier. */
export const restarted = 2
/** Bytes from the start of an entry or node. */
export const startOffset = entryHeaderBytes
export const endOffset = entryHeaderBytes + 8
export const sessionBytes = 16

export class SessionTable {
  readonly table: KeyTable
  /** What `locate` found: the first session touched (0: none), whether there are more, and the span of the joined session. */
  first = 0
  several = false
  start = 0
  end = 0
  /** What `nextDue` found; 0: nothing. */
  dueSession = 0
  /** Sessions that are not in the entry of their key. */
  nodeCount = 0
  readonly #memory: StateMemory
  readonly #accumulators: Aggregates
  readonly #gapMs: number
  /** Time for which a session is kept after its end. */
  readonly #keepMs: number
  readonly #aheadTo: ((hash: number) => number) | undefined
  /** Keys with a node that may be newer than the session in the entry, and nodes that are not used any more. */
  readonly #disordered: number[] = []
  readonly #dead: number[] = []

  /**
   * `accumulators`: at `entryHeaderBytes + sessionBytes`. `aheadTo`: of keys with this hash, sessions that end up to it are due at
   * once.
   */
  constructor(
    memory: StateMemory,
    options: {
      bytesKeys: boolean
      tracked: boolean
      gapMs: number
      keepMs: number
      aheadTo?: ((hash: number) => number) | undefined
    },
    accumulators: Aggregates,
  ) {
    const { bytesKeys, tracked } = options
    this.table = new KeyTable(memory, { payloadBytes: sessionBytes + accumulators.bytes, bytesKeys, tracked })
    this.#memory = memory
    this.#accumulators = accumulators
    this.#gapMs = options.gapMs
    this.#keepMs = options.keepMs
    this.#aheadTo = options.aheadTo
    accumulators.init(memory, this.table.template)
  }

  /** Finds the sessions of a key that a record of this time joins. Changes nothing. */
  locate(id: number, timeMs: number): void {
    const { u32, f64 } = this.#memory
    const entry = this.table.entry(id)
    this.first = 0
    this.several = false
    this.start = timeMs
    this.end = timeMs + this.#gapMs
    if (u32[(entry >>> 2) + 3] === 0) return
    const ownEnd = this.end
    for (let at = entry; at !== 0; at = u32[(at >>> 2) + 4]) {
      const start = f64[(at >>> 3) + 3]
      const end = f64[(at >>> 3) + 4]
      if (timeMs > end) {
        // Of the nodes all that follow are older.
        if (at === entry) continue
        return
      }
      if (ownEnd < start) continue
      if (this.first === 0) this.first = at
      else this.several = true
      if (start < this.start) this.start = start
      if (end > this.end) this.end = end
    }
  }

  /**
   * Makes what was located one session and returns its address, good until `settle`. `absorb` is told of each session that
   * goes into it, whose accumulators stay where they are until then. The entry was touched.
   */
  join(id: number, absorb: (from: number) => void): number {
    const { u32, f64 } = this.#memory
    const { first } = this
    const entry = this.table.entry(id)
    if (first === 0) return this.#begin(id, entry)
    if (this.several) {
      for (let before = entry, at = u32[(entry >>> 2) + 4]; at !== 0; at = u32[(before >>> 2) + 4]) {
        if (at === first || f64[(at >>> 3) + 3] > this.end || f64[(at >>> 3) + 4] < this.start) {
          before = at
          continue
        }
        u32[(before >>> 2) + 4] = u32[(at >>> 2) + 4]
        absorb(at)
        this.#dead.push(at)
      }
      this.#restart(id)
    }
    if (this.start < f64[(first >>> 3) + 3]) this.#restart(id)
    u32[(first >>> 2) + 3] = session.present
    f64[(first >>> 3) + 3] = this.start
    f64[(first >>> 3) + 4] = this.end
    return first
  }

  /** Whether the session at an address was emitted as it is. */
  hasFired(at: number): boolean {
    return (this.#memory.u32[(at >>> 2) + 3] & session.fired) !== 0
  }

  /** A session as a snapshot has it; returns its address, good until `settle`. */
  restore(id: number, start: number, end: number, fired: boolean): number {
    this.start = start
    this.end = end
    const at = this.#begin(id, this.table.entry(id))
    if (fired) this.#memory.u32[(at >>> 2) + 3] |= session.fired
    return at
  }

  /** Puts the newest session of each key into its entry, and gives back what is not used any more. */
  settle(): void {
    for (const id of this.#disordered) {
      const { u32, f64 } = this.#memory
      const entry = this.table.entry(id)
      const node = u32[(entry >>> 2) + 4]
      if (node === 0 || f64[(node >>> 3) + 3] < f64[(entry >>> 3) + 3]) continue
      u32[(entry >>> 2) + 4] = u32[(node >>> 2) + 4]
      this.#exchange(entry, node)
      this.#insert(entry, node)
    }
    this.#disordered.length = 0
    for (const node of this.#dead) this.#free(node)
    this.#dead.length = 0
  }

  /** When something is due at a key: the end of a session, or that of the time for which it is kept. Infinity: nothing. Sets `dueSession`. */
  nextDue(id: number): number {
    const { u32, f64 } = this.#memory
    const keepMs = this.#keepMs
    this.dueSession = 0
    let due = Number.POSITIVE_INFINITY
    const entry = this.table.entry(id)
    if (u32[(entry >>> 2) + 3] === 0) return due
    for (let at = entry; at !== 0; at = u32[(at >>> 2) + 4]) {
      const state = u32[(at >>> 2) + 3]
      if ((state & session.leaving) !== 0) continue
      const end = f64[(at >>> 3) + 4]
      const time = (state & session.fired) === 0 ? this.dueOf(id, end) : end + keepMs
      if (time >= due) continue
      due = time
      this.dueSession = at
    }
    return due
  }

  /** When a session of a key that has not fired is due. */
  dueOf(id: number, endMs: number): number {
    const isLate = this.#aheadTo !== undefined && endMs <= this.#aheadTo(this.hashOf(id))
    return isLate ? Number.NEGATIVE_INFINITY : endMs
  }

  hashOf(id: number): number {
    return this.#memory.i32[(this.table.entry(id) >>> 2) + 2]
  }

  isEmpty(id: number): boolean {
    return this.#memory.u32[(this.table.entry(id) >>> 2) + 3] === 0
  }

  /** Addresses of the sessions that were located. */
  *touched(id: number): Generator<number> {
    const { u32, f64 } = this.#memory
    for (let at = this.table.entry(id); at !== 0; at = u32[(at >>> 2) + 4])
      if (f64[(at >>> 3) + 3] <= this.end && f64[(at >>> 3) + 4] >= this.start) yield at
  }

  /** Removes the sessions of a key that are leaving, and tells of each. The entry was touched. */
  removeLeaving(id: number, removed: (at: number) => void): void {
    const { u32 } = this.#memory
    const entry = this.table.entry(id)
    for (let before = entry, at = u32[(entry >>> 2) + 4]; at !== 0; at = u32[(before >>> 2) + 4]) {
      if ((u32[(at >>> 2) + 3] & session.leaving) === 0) {
        before = at
        continue
      }
      u32[(before >>> 2) + 4] = u32[(at >>> 2) + 4]
      removed(at)
      this.#free(at)
    }
    if ((u32[(entry >>> 2) + 3] & session.leaving) !== 0) {
      const node = u32[(entry >>> 2) + 4]
      removed(entry)
      u32[(entry >>> 2) + 3] = 0
      if (node !== 0) {
        u32[(entry >>> 2) + 4] = u32[(node >>> 2) + 4]
        this.#exchange(entry, node)
        this.#free(node)
      }
    }
    this.#restart(id)
  }

  /** Addresses of the sessions of a key. */
  *sessionsOf(id: number): Generator<number> {
    if (this.isEmpty(id)) return
    const entry = this.table.entry(id)
    yield entry
    yield* this.nodes(entry)
  }

  /** Forgets the sessions of a key, and tells of each. */
  forget(id: number, removed: (at: number) => void): void {
    const { u32 } = this.#memory
    for (const at of this.sessionsOf(id)) u32[(at >>> 2) + 3] |= session.leaving
    this.removeLeaving(id, removed)
  }

  /** Addresses of the nodes of the entry at `address`, which may be a copy. */
  *nodes(address: number): Generator<number> {
    const { u32 } = this.#memory
    for (let at = u32[(address >>> 2) + 4]; at !== 0; at = u32[(at >>> 2) + 4]) yield at
  }

  #begin(id: number, entry: number): number {
    const { u32 } = this.#memory
    let at = entry
    if (u32[(entry >>> 2) + 3] !== 0) {
      at = this.#memory.allocate(this.table.stride)
      this.nodeCount++
      const words = this.#memory.u32
      words[at >>> 2] = id
      words[(at >>> 2) + 2] = words[(entry >>> 2) + 2]
    }
    const { f64 } = this.#memory
    this.#memory.u32[(at >>> 2) + 3] = session.present
    f64[(at >>> 3) + 3] = this.start
    f64[(at >>> 3) + 4] = this.end
    this.#accumulators.init(this.#memory, at)
    if (at !== entry) {
      this.#insert(entry, at)
      this.#disordered.push(id)
    }
    return at
  }

  /** Hangs a node where it belongs by its time. */
  #insert(entry: number, node: number): void {
    const { u32, f64 } = this.#memory
    const start = f64[(node >>> 3) + 3]
    let before = entry
    let next = u32[(entry >>> 2) + 4]
    while (next !== 0 && f64[(next >>> 3) + 3] > start) {
      before = next
      next = u32[(next >>> 2) + 4]
    }
    u32[(node >>> 2) + 4] = next
    u32[(before >>> 2) + 4] = node
  }

  #free(node: number): void {
    this.#memory.free(node, this.table.stride)
    this.nodeCount--
  }

  /** Exchanges what belongs to a session. */
  #exchange(entry: number, node: number): void {
    const { u32 } = this.#memory
    const exchange = (word: number): void => {
      const value = u32[(entry >>> 2) + word]
      u32[(entry >>> 2) + word] = u32[(node >>> 2) + word]
      u32[(node >>> 2) + word] = value
    }
    exchange(3)
    for (let word = startOffset >>> 2; word < this.table.stride >>> 2; word++) exchange(word)
  }

  #restart(id: number): void {
    const { u32 } = this.#memory
    const marks = (this.table.entry(id) >>> 2) + 5
    if ((u32[marks] & persisted) !== 0 || this.table.isFrozen(id)) u32[marks] |= restarted
  }
}
