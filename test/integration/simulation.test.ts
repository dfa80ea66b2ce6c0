/** Simulations with fixed seeds and with one of the day, and bugs that they must find. `npm run simulate` runs more of them. */
import { afterAll, expect, test } from 'vitest'
import { turnOnFaults } from '../../core/faults.ts'
import { simulate } from '../simulation/run.ts'

afterAll(() => turnOnFaults([]))

const ofTheDay = Math.floor(Date.now() / 86_400_000)

for (const seed of [1, 2, 3, 18, 1062, 1075, ofTheDay]) {
  test(`nothing is lost, doubled or led by two with seed ${seed}`, async () => {
    const result = await simulate({ seed, minutes: 3, faultsPerMinute: 10 })
    expect(result.violations, `again: npm run simulate -- --seed ${seed} --seeds 1 --minutes 3 --faults 10`).toEqual([])
    expect(result.healthyAfterMs).toBeLessThan(300_000)
    expect(result.checkpoints).toBeGreaterThan(10)
  })
}

test('the same seed gives the same run', async () => {
  const one = await simulate({ seed: 7, minutes: 1, faultsPerMinute: 10 })
  const other = await simulate({ seed: 7, minutes: 1, faultsPerMinute: 10 })
  expect(other.digest).toBe(one.digest)
  expect(other.events).toBe(one.events)
})

/** With each of these one of a few seeds shows it. */
const found: Readonly<Record<string, RegExp>> = {
  'skip-barrier': /committed twice|counts \d+: \S+ is/,
  'commit-early': /committed twice/,
  'acknowledge-before-store,unseen-runs': /counts without/,
  'sweep-needed': /was deleted, checkpoint \d+ needs it/,
  'outstay-lease': /lead at once/,
}

for (const [bugs, violation] of Object.entries(found)) {
  test(`${bugs} is found out`, async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const { violations } = await simulate({ seed, minutes: 3, faultsPerMinute: 10, bugs: bugs.split(',') })
      if (violations.some((each) => violation.test(each))) return
    }
    expect.unreachable(`no seed shows ${bugs}`)
  })
}
