/** Damaged batches in their segment: prolonged, since they come from a network and are read through addresses. */
import { expect, test } from 'vitest'
import { columnTargets } from './column-targets.ts'
import { fuzz } from './harness.ts'

const seed = Number(process.env.FUZZ_SEED ?? 20_262)

test.each(columnTargets.slice(0, 2).map((target) => [target.name, target] as const))(
  'damaged bytes of a %s, 50,000 times: rows or a coded error, and nothing outside of the segment is read or written',
  (_, target) => {
    const { accepted, refused } = fuzz(target, seed, 50_000)
    expect(accepted).toBeGreaterThan(1000)
    expect(refused.COLUMNS_CORRUPT).toBeGreaterThan(1000)
  },
  120_000,
)
