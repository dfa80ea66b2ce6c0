import { describe, expect, it } from 'vitest'
import { InlineSyncs } from '../../../../broker/log/inline-syncs.ts'

/** Asks for `count` syncs that take `ms` each in place; how many were. */
function sync(syncs: InlineSyncs, count: number, ms: (place: number) => number): number {
  let inPlace = 0
  for (let place = 0; place < count; place++) {
    if (!syncs.allow()) continue
    inPlace++
    syncs.measured(ms(place))
  }
  return inPlace
}

describe('syncs in place', () => {
  it('are done while most of them are short, also when a busy machine makes some long', () => {
    const syncs = new InlineSyncs()
    sync(syncs, 1000, () => 0.1)
    expect(sync(syncs, 1000, (place) => (place % 5 === 0 ? 8 : 0.1))).toBe(1000)
  })

  it('are tried and no more on a slow device', () => {
    expect(sync(new InlineSyncs(), 6400, () => 2)).toBeLessThan(210)
  })

  it('stop at a stall, and come back', () => {
    const syncs = new InlineSyncs()
    sync(syncs, 1000, () => 0.1)
    syncs.measured(500)
    expect(sync(syncs, 320, () => 0.1)).toBeLessThan(11)
    sync(syncs, 2000, () => 0.1)
    expect(sync(syncs, 100, () => 0.1)).toBe(100)
  })
})
