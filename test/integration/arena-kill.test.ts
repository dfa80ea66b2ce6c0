/** Threads that use an arena are terminated wherever they are, and what they held is taken back. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { Arena } from '../../core/arena/arena.ts'
import { seededRandom } from '../../core/platform/random.ts'
import { type ArenaUserData, type ArenaUserShared, counters, makeShared, ringAt } from '../support/arena-user.ts'

const owners = 3
const killsEach = 67
const segments = 14

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Lets one owner live and die many times, beside the others. */
async function lives(arena: Arena, shared: ArenaUserShared, owner: number, seed: number): Promise<void> {
  const { sending, open, rings } = shared
  const random = seededRandom(seed)
  for (let kill = 0; kill < killsEach; kill++) {
    Atomics.store(open, owner, 1)
    const workerData: ArenaUserData = {
      handle: arena.handle,
      owner,
      seed: random.integer(0x7ffffffe) + 1,
      reportAfter: 1 + random.integer(20_000),
      shared,
    }
    const worker = new Worker(new URL('../support/arena-user.ts', import.meta.url), { workerData })
    // Rejects with what the thread throws.
    await once(worker, 'message')
    await worker.terminate()
    Atomics.store(sending, owner, 0)
    Atomics.store(open, owner, 0)
    for (let peer = 1; peer <= owners; peer++) while (Atomics.load(sending, peer) === owner) await turn()
    // What lies unread in its rings is its own by now.
    for (let peer = 1; peer <= owners; peer++) {
      const ring = ringAt(owners, peer, owner)
      Atomics.store(rings, ring + 1, Atomics.load(rings, ring))
    }
    arena.reclaim(owner)
    for (let segment = 0; segment < segments; segment++) expect(arena.held(segment, owner)).toBe(0)
  }
}

test('200 threads killed while they allocate, retain, transfer and release leave every segment free and none held twice', async () => {
  const arena = Arena.create({ bytes: segments * 65536, segmentBytes: 65536, largeSegments: 0 })
  const shared = makeShared(owners, segments)
  await Promise.all(Array.from({ length: owners }, (_, i) => lives(arena, shared, i + 1, 77 + i)))
  const { counts } = shared
  expect(counts[counters.twice]).toBe(0)
  for (const what of ['allocated', 'retained', 'sent', 'received', 'released'] as const)
    expect(counts[counters[what]]).toBeGreaterThan(1000)
  expect(arena.usedBytes).toBe(0)
  for (let segment = 0; segment < segments; segment++) {
    expect(arena.isFree(segment)).toBe(true)
    expect(arena.references(segment)).toBe(0)
  }
  // Each can be had again, once.
  expect(new Set(Array.from({ length: segments }, () => arena.allocate(9))).size).toBe(segments)
  expect(arena.allocate(9)).toBe(-1)
})
