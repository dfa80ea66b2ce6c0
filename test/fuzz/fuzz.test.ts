/** Fuzzes every decoder: FUZZ_SEED and FUZZ_RUNS repeat or prolong. */
import { describe, expect, it } from 'vitest'
import { fuzz } from './harness.ts'
import { fuzzTargets } from './targets.ts'

const seed = Number(process.env.FUZZ_SEED ?? 20_261)
const runs = Number(process.env.FUZZ_RUNS ?? 2000)

describe('damaged bytes', () => {
  it.each(fuzzTargets.map((target) => [target.name, target] as const))(
    'of a %s give a value or a coded error',
    (_, target) => {
      const { refused } = fuzz(target, seed, runs)
      expect(Object.keys(refused).length).toBeGreaterThanOrEqual(target.codesMin ?? 2)
    },
  )

  it('are told apart from a decoder that breaks', () => {
    const broken = {
      name: 'broken',
      codes: ['X_'],
      seeds: () => [Buffer.from('abcdef')],
      decode: (bytes: Uint8Array) => bytes[4].toFixed(),
    }
    expect(() => fuzz(broken, 1, 200)).toThrow(/^broken: input \d+ of seed 1 is handled wrongly: TypeError/)
  })
})
