/** A whole broker under damaged requests, in short: FUZZ_SEED and FUZZ_RUNS repeat or prolong. */
import { expect, test } from 'vitest'
import { RequestFuzz } from './requests.ts'

test('damaged requests of every API and version are answered or refused, soon, and none is a mistake of the broker', async () => {
  const fuzz = await RequestFuzz.start()
  try {
    const inputs = Number(process.env.FUZZ_RUNS ?? 20_000)
    const { answered, closed, left } = await fuzz.run(Number(process.env.FUZZ_SEED ?? 20_265), inputs)
    expect(answered).toBeGreaterThan(inputs / 10)
    expect(closed).toBeGreaterThan(inputs / 10)
    expect(left).toBeLessThan(inputs / 4)
    expect(fuzz.mistakes).toEqual([])
  } finally {
    await fuzz.close()
  }
}, 120_000)
