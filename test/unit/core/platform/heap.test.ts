import { expect, test } from 'vitest'
import { giveBackGarbage } from '../../../../core/platform/heap.ts'

test('what nobody holds is gone after it, and no name is left behind', async () => {
  const before = 'gc' in globalThis
  const gone = new WeakRef({ big: new Array(1000).fill('x') })
  // A reference that was made in this turn lives to its end.
  await new Promise((resolve) => setImmediate(resolve))
  giveBackGarbage()
  expect(gone.deref()).toBeUndefined()
  expect('gc' in globalThis).toBe(before)
})
