/**
 * A thread that allocates, retains, transfers and releases segments until it is terminated. Each life of a segment has a
 * number of its own in `lives`; a holder that finds another one there shares its segment with somebody who should not
 * have it.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { Arena, type ArenaHandle } from '../../core/arena/arena.ts'

export interface ArenaUserData {
  readonly handle: ArenaHandle
  readonly owner: number
  readonly seed: number
  /** Reports after so many steps, and goes on. */
  readonly reportAfter: number
  readonly shared: ArenaUserShared
}

/** Shared by all threads; owners are 1 to `owners`. */
export interface ArenaUserShared {
  readonly owners: number
  /** Number of the life of each segment. */
  readonly lives: Int32Array
  /** Whom an owner is sending to, 0: nobody. */
  readonly sending: Int32Array
  /** 1: this owner takes what is sent. */
  readonly open: Int32Array
  /** Rings of segments from each owner to each other. */
  readonly rings: Int32Array
  readonly counts: Int32Array
}

export const counters = { lives: 0, twice: 1, allocated: 2, retained: 3, sent: 4, received: 5, released: 6 } as const
const ringEntries = 4
const ringWords = 2 + 2 * ringEntries

/** Word index of the ring between two owners: written, read, then pairs of segment and life. */
export const ringAt = (owners: number, from: number, to: number): number => (from * (owners + 1) + to) * ringWords

export const makeShared = (owners: number, segments: number): ArenaUserShared => {
  const words = (count: number): Int32Array => new Int32Array(new SharedArrayBuffer(count * 4))
  return {
    owners,
    lives: words(segments),
    sending: words(owners + 1),
    open: words(owners + 1),
    rings: words((owners + 1) ** 2 * ringWords),
    counts: words(8),
  }
}

function run({ handle, owner, seed, reportAfter, shared }: ArenaUserData): never {
  const { owners, lives, sending, open, rings, counts } = shared
  const arena = Arena.attach(handle, owner)
  const held: { segment: number; life: number }[] = []
  const count = (what: number): void => void Atomics.add(counts, what, 1)
  let state = seed
  const below = (limit: number): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % limit
  }
  const check = ({ segment, life }: { segment: number; life: number }): void => {
    if (Atomics.load(lives, segment) !== life) count(counters.twice)
  }
  const send = (to: number): void => {
    Atomics.store(sending, owner, to)
    const ring = ringAt(owners, owner, to)
    const written = Atomics.load(rings, ring)
    if (to !== owner && Atomics.load(open, to) === 1 && written - Atomics.load(rings, ring + 1) < ringEntries) {
      const at = below(held.length)
      const [given] = held.splice(at, 1)
      check(given)
      arena.transfer(given.segment, owner, to)
      const entry = ring + 2 + 2 * (written % ringEntries)
      Atomics.store(rings, entry, given.segment)
      Atomics.store(rings, entry + 1, given.life)
      Atomics.store(rings, ring, written + 1)
      count(counters.sent)
    }
    Atomics.store(sending, owner, 0)
  }
  const receive = (from: number): void => {
    const ring = ringAt(owners, from, owner)
    const read = Atomics.load(rings, ring + 1)
    if (read === Atomics.load(rings, ring)) return
    const entry = ring + 2 + 2 * (read % ringEntries)
    const got = { segment: Atomics.load(rings, entry), life: Atomics.load(rings, entry + 1) }
    Atomics.store(rings, ring + 1, read + 1)
    check(got)
    held.push(got)
    count(counters.received)
  }
  for (let step = 1; ; step++) {
    if (step === reportAfter) parentPort?.postMessage('working')
    const what = below(5)
    if (what === 0 && held.length < 8) {
      const segment = arena.allocate(owner)
      if (segment < 0) continue
      const life = Atomics.add(counts, counters.lives, 1) + 1
      Atomics.store(lives, segment, life)
      held.push({ segment, life })
      count(counters.allocated)
    } else if (what === 1 && held.length > 0 && held.length < 8) {
      const one = held[below(held.length)]
      arena.retain(one.segment)
      held.push({ ...one })
      count(counters.retained)
    } else if (what === 2 && held.length > 0) send(1 + below(owners))
    else if (what === 3 && held.length < 8) receive(1 + below(owners))
    else if (held.length > 0) {
      const [one] = held.splice(below(held.length), 1)
      check(one)
      arena.release(one.segment)
      count(counters.released)
    }
  }
}

if (parentPort !== null && (workerData as Partial<ArenaUserData> | null)?.shared !== undefined)
  run(workerData as ArenaUserData)
