/** Segments, their references, and what a killed thread leaves behind. */
import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Arena } from '../../../../core/arena/arena.ts'

const make = (): Arena =>
  Arena.create({ bytes: 12 * 65536 + 2 * 1048576, segmentBytes: 65536, largeSegmentBytes: 1048576, largeSegments: 2 })

test('gives each segment to one holder, small and large apart, until none is left', () => {
  const arena = make()
  expect(arena.freeSegments).toBe(12)
  const small = Array.from({ length: 12 }, () => arena.allocate(1))
  expect(new Set(small).size).toBe(12)
  expect(arena.allocate(1)).toBe(-1)
  const large = [arena.allocate(1, 65537), arena.allocate(2, 1048576)]
  expect(large.every((segment) => segment >= 12 && arena.capacity(segment) === 1048576)).toBe(true)
  expect(arena.allocate(1, 65537)).toBe(-1)
  expect(arena.allocate(1, 1048577)).toBe(-1)
  expect(arena.usedBytes).toBe(12 * 65536 + 2 * 1048576)
  const ranges = [...small, ...large]
    .map((s) => [arena.address(s), arena.address(s) + arena.capacity(s)])
    .sort((a, b) => a[0] - b[0])
  for (let i = 1; i < ranges.length; i++) expect(ranges[i][0]).toBeGreaterThanOrEqual(ranges[i - 1][1])
  expect(ranges[0][0]).toBeGreaterThanOrEqual(65536)
  expect(ranges[13][1]).toBeLessThanOrEqual(arena.u8.length - 16)
})

test('frees a segment with its last reference and refuses one more release', () => {
  const arena = make()
  const segment = arena.allocate(1)
  arena.retain(segment, 2)
  arena.release(segment, 1)
  expect(arena.isFree(segment)).toBe(false)
  expect(() => arena.release(segment, 1)).toThrow(expect.objectContaining({ code: 'ARENA_NOT_HELD' }))
  arena.release(segment, 2)
  expect(arena.freeSegments).toBe(12)
})

test('takes back what a dead owner holds, transferred segments included, and nothing that others hold', () => {
  const arena = make()
  const [own, shared, given, received] = Array.from({ length: 4 }, () => arena.allocate(1))
  arena.retain(own, 1)
  arena.retain(shared, 2)
  arena.transfer(given, 1, 2)
  arena.transfer(received, 1, 2)
  arena.transfer(received, 2, 1)
  expect(arena.reclaim(1)).toBe(2)
  expect(arena.reclaim(1)).toBe(0)
  expect([own, shared, given, received].map((s) => arena.isFree(s))).toEqual([true, false, false, true])
  expect(arena.reclaim(2)).toBe(2)
  expect(arena.freeSegments).toBe(12)
})

test('keeps its counts whatever is done in whichever order', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(
          fc.constantFrom('allocate', 'retain', 'release', 'transfer', 'reclaim'),
          fc.nat(3),
          fc.nat(3),
          fc.nat(11),
        ),
        { maxLength: 200 },
      ),
      (steps) => {
        const arena = make()
        const model = Array.from({ length: 14 }, () => [0, 0, 0, 0])
        for (const [step, a, b, segment] of steps) {
          const held = model[segment]
          const live = held.some((n) => n > 0)
          if (step === 'allocate') {
            const got = arena.allocate(a)
            expect(
              got >= 0 ? model[got].every((n) => n === 0) : model.slice(0, 12).every((row) => row.some((n) => n > 0)),
            ).toBe(true)
            if (got >= 0) model[got][a] = 1
          } else if (step === 'retain' && live) {
            arena.retain(segment, a)
            held[a]++
          } else if (step === 'release' && held[a] > 0) {
            arena.release(segment, a)
            held[a]--
          } else if (step === 'transfer' && held[a] > 0) {
            arena.transfer(segment, a, b)
            held[a]--
            held[b]++
          } else if (step === 'reclaim') {
            arena.reclaim(a)
            for (const row of model) row[a] = 0
          }
        }
        model.forEach((row, segment) => {
          expect(arena.isFree(segment)).toBe(row.every((n) => n === 0))
          expect(arena.references(segment)).toBe(row.reduce((sum, n) => sum + n, 0))
        })
      },
    ),
  )
})

test('gives no segment to two threads at once', async () => {
  const arena = make()
  const code = `
    import { workerData, parentPort } from 'node:worker_threads'
    const { Arena } = await import(workerData.module)
    const arena = Arena.attach(workerData.handle, workerData.owner)
    let wrong = 0
    for (let i = 0; i < 30000; i++) {
      const segment = arena.allocate(arena.owner)
      if (segment < 0) continue
      const at = arena.address(segment) >>> 2
      arena.i32[at] = arena.owner
      for (let n = 0; n < 20; n++) if (Atomics.load(arena.i32, at) !== arena.owner) wrong++
      arena.release(segment)
    }
    parentPort.postMessage(wrong)`
  const module = new URL('../../../../core/arena/arena.ts', import.meta.url).href
  const results = [1, 2, 3].map(
    (owner) =>
      new Promise((resolve, reject) => {
        const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), {
          workerData: { handle: arena.handle, owner, module },
        })
        worker.once('message', resolve)
        worker.once('error', reject)
      }),
  )
  expect(await Promise.all(results)).toEqual([0, 0, 0])
  expect(arena.freeSegments).toBe(12)
})
