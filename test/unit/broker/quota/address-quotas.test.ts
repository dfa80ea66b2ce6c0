import fc from 'fast-check'
import { expect, it } from 'vitest'
import { MetadataImage } from '../../../../broker/metadata/image.ts'
import type { MetadataListener } from '../../../../broker/metadata/metadata-log.ts'
import { AddressQuotas } from '../../../../broker/quota/address-quotas.ts'
import { ManualClock } from '../../../../core/platform/manual-clock.ts'

class Bench {
  readonly clock = new ManualClock()
  readonly image = new MetadataImage()
  readonly quotas: AddressQuotas
  #listener: MetadataListener = () => undefined

  constructor() {
    const subscribe = (listener: MetadataListener): void => {
      this.#listener = listener
    }
    this.quotas = new AddressQuotas({ image: this.image, subscribe }, this.clock)
  }

  set(ip: string | null, value: number | null): void {
    const record = { kind: 'quota', entity: { ip }, key: 'connection_creation_rate', value } as const
    this.image.apply(record, 0)
    this.#listener([record])
  }

  /** How many of `tries` are let in. */
  admitted(address: string, tries: number): number {
    let count = 0
    for (let i = 0; i < tries; i++) if (this.quotas.admits(address)) count++
    return count
  }
}

it("an address opens a second's worth at once, then as many per second as its quota says, whatever it tries", () => {
  const pauses = fc.array(fc.tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 0, max: 700 })), {
    maxLength: 30,
  })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), pauses, (rate, rounds) => {
      const bench = new Bench()
      bench.set('10.0.0.1', rate)
      let [count, passedMs] = [0, 0]
      for (const [tries, pauseMs] of rounds) {
        count += bench.admitted('10.0.0.1', tries)
        expect(count).toBeLessThanOrEqual(rate + (rate * passedMs) / 1000 + 1e-6)
        bench.clock.advance(pauseMs)
        passedMs += pauseMs
      }
      bench.clock.advance(1000)
      expect(bench.admitted('10.0.0.1', 100)).toBe(rate)
    }),
  )
})

it('without a quota of its own it has one of that of all others for itself; without any it is not bounded', () => {
  const bench = new Bench()
  expect(bench.admitted('a', 500)).toBe(500)
  bench.set('a', 5)
  expect([bench.admitted('a', 50), bench.admitted('b', 50)]).toEqual([5, 50])
  bench.set(null, 2)
  expect([bench.admitted('a', 50), bench.admitted('b', 50), bench.admitted('c', 50)]).toEqual([0, 2, 2])
  bench.set('a', null)
  bench.set(null, null)
  expect(bench.admitted('a', 500)).toBe(500)
})

it('addresses without end are not remembered', () => {
  const bench = new Bench()
  bench.set(null, 1)
  for (let i = 0; i < 30_000; i++) expect(bench.quotas.admits(`address-${i}`)).toBe(true)
})
