import fc from 'fast-check'
import { expect, it } from 'vitest'
import { shareDescriptors } from '../../../broker/descriptors.ts'

const wanted = { connectionsMax: 20_000, openFilesMax: 2000 }

it('connections and segment files get what they want where there is room, or nobody knows', () => {
  expect(shareDescriptors(undefined, wanted)).toEqual(wanted)
  expect(shareDescriptors(1_048_576, wanted)).toEqual(wanted)
})

it('both leave room for the rest, and neither is left without', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 64, max: 100_000 }),
      fc.record({
        connectionsMax: fc.integer({ min: 1, max: 50_000 }),
        openFilesMax: fc.integer({ min: 16, max: 50_000 }),
      }),
      (limit, asked) => {
        const { connectionsMax, openFilesMax } = shareDescriptors(limit, asked)
        expect(connectionsMax).toBeGreaterThan(0)
        expect(connectionsMax).toBeLessThanOrEqual(asked.connectionsMax)
        expect(openFilesMax).toBeGreaterThan(0)
        expect(openFilesMax).toBeLessThanOrEqual(asked.openFilesMax)
        if (limit >= 128) expect(connectionsMax + openFilesMax).toBeLessThanOrEqual(limit - 32)
      },
    ),
  )
  expect(shareDescriptors(1024, wanted)).toEqual({ connectionsMax: 640, openFilesMax: 256 })
})
