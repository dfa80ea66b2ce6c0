import { getHeapSpaceStatistics } from 'node:v8'
import { expect, test } from 'vitest'
import { boundYoungGeneration, giveBackGarbage } from '../../../../core/platform/heap.ts'

test('what nobody holds is gone after it, and no name is left behind', async () => {
  const before = 'gc' in globalThis
  const gone = new WeakRef({ big: new Array(1000).fill('x') })
  // A reference that was made in this turn lives to its end.
  await new Promise((resolve) => setImmediate(resolve))
  giveBackGarbage()
  expect(gone.deref()).toBeUndefined()
  expect('gc' in globalThis).toBe(before)
})

/** The largest that the young generation becomes while much of what is made is alive for a moment. */
async function youngBytes(): Promise<number> {
  const alive: unknown[] = []
  let largest = 0
  // Little in a turn: what bounds it looks between turns, and V8 may double it at each collection of one.
  for (let round = 0; round < 1200; round++) {
    for (let i = 0; i < 5000; i++) alive[(i * 7 + round * 5000) % 60_000] = { i, round }
    const space = getHeapSpaceStatistics().find((each) => each.space_name === 'new_space')
    largest = Math.max(largest, space?.space_size ?? 0)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return largest
}

test('the young generation stays near its bound, and grows again when nothing bounds it', async () => {
  const limitBytes = 8 * 1024 * 1024
  giveBackGarbage()
  const stop = boundYoungGeneration(limitBytes)
  expect(await youngBytes()).toBeLessThanOrEqual(4 * limitBytes)
  stop()
  expect(await youngBytes()).toBeGreaterThan(4 * limitBytes)
})
