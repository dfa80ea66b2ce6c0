import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RequestTimes, timeBoundsMs } from '../../../../broker/api/request-times.ts'

test('the number of requests within a bound is that of a plain count', () => {
  const ms = fc.oneof(fc.double({ min: 0, max: 10_000, noNaN: true }), fc.constantFrom(...timeBoundsMs))
  fc.assert(
    fc.property(fc.array(ms), (all) => {
      const times = new RequestTimes()
      for (const each of all) times.add(each)
      expect(times.within()).toEqual(timeBoundsMs.map((bound) => all.filter((each) => each <= bound).length))
      expect(times.count).toBe(all.length)
      expect(times.sumMs).toBeCloseTo(all.reduce((sum, each) => sum + each, 0))
    }),
  )
})
