/** Who may take a segment, against a model that counts. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Arena } from '../../../../core/arena/arena.ts'
import { noAccount, spareOnly } from '../../../../core/arena/reserves.ts'

const segmentBytes = 4096
const make = (segments: number, largeSegments = 0): Arena =>
  Arena.create({
    bytes: segments * segmentBytes + largeSegments * 2 * segmentBytes,
    segmentBytes,
    largeSegments,
    largeSegmentBytes: 2 * segmentBytes,
  })

const minimums = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 5 })
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('take'), owner: fc.nat(2), account: fc.integer({ min: -2, max: 4 }) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('give'), owner: fc.nat(2), account: fc.nat(100) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('kill', 'claim'), owner: fc.nat(2), account: fc.nat(0) }) },
)

test('an account below its minimum is never refused, and beyond it takes only what others may not ask for', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 20, max: 70 }),
      fc.tuple(minimums, minimums, minimums),
      fc.array(step, { maxLength: 300 }),
      (segments, claims, steps) => {
        const arena = make(segments)
        const claimed = claims.map((each, owner) => arena.reserves.claim(owner + 1, each))
        const taken: { segment: number; owner: number; account: number }[] = []
        const countOf = (owner: number, account: number): number =>
          taken.filter((each) => each.owner === owner && each.account === account).length
        const dueTo = (owner: number): number =>
          claimed[owner]
            ? claims[owner].reduce((sum, least, account) => sum + Math.max(0, least - countOf(owner, account)), 1)
            : 0
        // Claims come while others hold segments: only from then on it is sure that what is promised is there.
        let sure = true
        for (const { kind, owner, account } of steps) {
          const before = [0, 1, 2].reduce((sum, each) => sum + dueTo(each), 0)
          sure = arena.freeSegments >= before
          if (kind === 'take') {
            const least = claimed[owner] && account >= 0 ? (claims[owner][account] ?? 0) : 0
            const isEntitled = countOf(owner, account) < least
            const segment = arena.allocate(owner + 1, 0, account)
            if (isEntitled && sure) expect(segment).toBeGreaterThanOrEqual(0)
            else if (!isEntitled) expect(segment >= 0).toBe(arena.freeSegments + (segment >= 0 ? 1 : 0) > before)
            if (segment >= 0) taken.push({ segment, owner, account })
          } else if (kind === 'give' && taken.length > 0) {
            const [{ segment, owner: holder }] = taken.splice(account % taken.length, 1)
            arena.release(segment, holder + 1)
          } else if (kind === 'kill') {
            arena.reclaim(owner + 1)
            claimed[owner] = false
            for (let i = taken.length - 1; i >= 0; i--) if (taken[i].owner === owner) taken.splice(i, 1)
          } else if (kind === 'claim' && !claimed[owner])
            claimed[owner] = arena.reserves.claim(owner + 1, claims[owner])
        }
        for (let owner = 1; owner <= 3; owner++) arena.reclaim(owner)
        expect(arena.reserves.claimed).toBe(0)
        expect(arena.freeSegments).toBe(segments)
      },
    ),
    { numRuns: 300 },
  )
})

test('claims that do not fit are refused and change nothing; those of others are told apart', () => {
  const arena = make(10)
  expect(arena.reserves.claim(1, [2, 3])).toBe(true)
  expect(arena.reserves.claim(2, [4])).toBe(false)
  expect(arena.reserves.claimed).toBe(6)
  expect(arena.reserves.claim(2, [3])).toBe(true)
  expect(arena.reserves.claimedBeside(new Set([2]))).toBe(6)
  expect(arena.reserves.claim(1, [1])).toBe(true)
  expect(arena.reserves.claimed).toBe(6)
  arena.reserves.disclaim(1)
  arena.reserves.disclaim(1)
  expect(arena.reserves.claimed).toBe(4)
})

test('the last large segment goes to nobody who can do without', () => {
  const arena = make(4, 2)
  const large = segmentBytes + 1
  expect(arena.allocate(1, large, spareOnly)).toBeGreaterThanOrEqual(0)
  expect(arena.allocate(1, large, spareOnly)).toBe(-1)
  expect(arena.largeTaken).toBe(false)
  expect(arena.allocate(1, large, noAccount)).toBeGreaterThanOrEqual(0)
  expect(arena.largeTaken).toBe(true)
})

test('an arena has the segments that its size was computed for', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4000 }), fc.constantFrom(32 * 1024, 256 * 1024), (segments, size) => {
      const bytes = Arena.bytesFor(segments, size)
      const arena = Arena.create({ bytes, segmentBytes: size })
      expect(arena.reserves.segments).toBeGreaterThanOrEqual(segments)
    }),
    { numRuns: 20 },
  )
})
