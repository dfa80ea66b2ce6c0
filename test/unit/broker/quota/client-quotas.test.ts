import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MetadataImage } from '../../../../broker/metadata/image.ts'
import type { MetadataListener } from '../../../../broker/metadata/metadata-log.ts'
import type { QuotaEntity } from '../../../../broker/metadata/records.ts'
import { ClientQuotas, type Muted } from '../../../../broker/quota/client-quotas.ts'
import { TokenBucket } from '../../../../broker/quota/token-bucket.ts'
import { ManualClock } from '../../../../core/platform/manual-clock.ts'

const key = 'producer_byte_rate'

class Bench {
  readonly clock = new ManualClock()
  readonly image = new MetadataImage()
  readonly quotas: ClientQuotas
  #listener: MetadataListener = () => undefined

  constructor() {
    const subscribe = (listener: MetadataListener): void => {
      this.#listener = listener
    }
    this.quotas = new ClientQuotas({ image: this.image, subscribe }, this.clock)
  }

  set(entity: QuotaEntity, value: number | null, of: string = key): void {
    const record = { kind: 'quota', entity, key: of, value } as const
    this.image.apply(record, 0)
    this.#listener([record])
  }

  rate(user: string, clientId: string): number | undefined {
    return this.quotas.of(user, clientId)?.buckets[key]?.perSecond
  }
}

class Connection implements Muted {
  isClosed = false
  isMuted = false
  mute(): void {
    this.isMuted = true
  }
  unmute(): void {
    this.isMuted = false
  }
}

describe('a rate', () => {
  it('is kept by whoever waits as told, and can be used up', () => {
    const uses = fc.array(fc.tuple(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 0, max: 300 })), {
      minLength: 1,
    })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), uses, (perSecond, each) => {
        const bucket = new TokenBucket(perSecond, 0)
        let nowMs = 0
        let used = 0
        for (const [amount, pauseMs] of each) {
          // Never more than the rate, the second that is kept, and what owed nothing when it began.
          expect(used).toBeLessThanOrEqual((perSecond * nowMs) / 1000 + perSecond + 1e-6 * used)
          bucket.take(amount, nowMs)
          used += amount
          const waitMs = bucket.waitMs(nowMs)
          // Never more of a wait than the rate asks for.
          expect(waitMs).toBeLessThanOrEqual((amount / perSecond) * 1000 * (1 + 1e-9))
          nowMs += waitMs + pauseMs
        }
      }),
    )
  })
})

describe('the quota of a client', () => {
  it('is the most particular one, for each kind by itself', () => {
    const name = fc.constantFrom('a', 'b')
    const named = fc.option(name, { nil: null })
    const entity: fc.Arbitrary<QuotaEntity> = fc.oneof(
      fc.record({ user: named }),
      fc.record({ 'client-id': named }),
      fc.record({ user: named, 'client-id': named }),
    )
    fc.assert(
      fc.property(
        fc.array(fc.tuple(entity, fc.integer({ min: 1, max: 1000 })), { maxLength: 12 }),
        name,
        name,
        (all, user, clientId) => {
          const bench = new Bench()
          for (const [each, value] of all) bench.set(each, value)
          // As Kafka documents it: each place in its order is looked for in what was set last.
          const order: [string | null | undefined, string | null | undefined][] = [
            [user, clientId],
            [user, null],
            [user, undefined],
            [null, clientId],
            [null, null],
            [null, undefined],
            [undefined, clientId],
            [undefined, null],
          ]
          const expected = order
            .map(([u, c]) => all.findLast(([each]) => each.user === u && each['client-id'] === c)?.[1])
            .find((value) => value !== undefined)
          expect(bench.rate(user, clientId)).toBe(expected)
        },
      ),
    )
    const bench = new Bench()
    bench.set({ user: 'a' }, 5, 'consumer_byte_rate')
    bench.set({ user: null }, 7)
    const { consumer_byte_rate, producer_byte_rate, request_percentage } = bench.quotas.of('a', 'x')?.buckets ?? {}
    expect([consumer_byte_rate?.perSecond, producer_byte_rate?.perSecond, request_percentage]).toEqual([
      5,
      7,
      undefined,
    ])
  })

  it("is shared by all client ids of a user where it is the user's, and by none where it is that of the rest", () => {
    const bench = new Bench()
    bench.set({ user: 'shared' }, 100)
    bench.set({ user: null, 'client-id': null }, 100)
    const owes = (user: string, clientId: string): boolean =>
      (bench.quotas.of(user, clientId)?.waitMs(bench.clock.monotonic()) ?? 0) > 0
    const use = (user: string, clientId: string): void => {
      const quota = bench.quotas.of(user, clientId)
      if (quota !== undefined) bench.quotas.use(quota, key, 1000)
    }
    use('shared', 'x')
    expect(owes('shared', 'y')).toBe(true)
    use('other', 'x')
    expect([owes('other', 'x'), owes('other', 'y'), owes('another', 'x')]).toEqual([true, false, false])
  })

  it('costs nothing and is none where none is set, also after the last was taken back', () => {
    const bench = new Bench()
    expect(bench.quotas.of('a', 'b')).toBeUndefined()
    bench.set({ user: 'a' }, 10)
    expect(bench.quotas.of('a', null)).toBeDefined()
    expect(bench.quotas.of('b', 'a')).toBeUndefined()
    bench.set({ user: 'a' }, null)
    expect(bench.quotas.of('a', 'b')).toBeUndefined()
  })

  it('mutes a connection until nothing is owed, and for a second at most when the quota goes', () => {
    const bench = new Bench()
    bench.set({ user: 'a' }, 1000)
    const connection = new Connection()
    const use = (bytes: number): number => {
      const quota = bench.quotas.of('a', 'b')
      if (quota === undefined) return 0
      bench.quotas.use(quota, key, bytes)
      return bench.quotas.throttle(quota, connection)
    }
    expect(use(1000)).toBe(0)
    expect(connection.isMuted).toBe(false)
    expect(use(5000)).toBe(5000)
    bench.clock.advance(3000)
    // Another connection of the same client makes it longer.
    expect(use(1000)).toBe(3000)
    bench.clock.advance(2990)
    expect(connection.isMuted).toBe(true)
    bench.clock.advance(20)
    expect(connection.isMuted).toBe(false)
    expect(use(1e9)).toBeGreaterThan(900_000)
    bench.set({ user: 'a' }, null)
    bench.clock.advance(1000)
    expect(connection.isMuted).toBe(false)
    expect(bench.clock.pending).toBe(0)
  })

  it('that changes keeps what is owed, which is paid at the new rate; one that goes takes it along', () => {
    const bench = new Bench()
    const waits = (user: string): number => bench.quotas.of(user, 'c')?.waitMs(bench.clock.monotonic()) ?? 0
    const use = (user: string, bytes: number): void => {
      const quota = bench.quotas.of(user, 'c')
      if (quota !== undefined) bench.quotas.use(quota, key, bytes)
    }
    bench.set({ user: 'a' }, 1000)
    bench.set({ user: null }, 1000)
    use('a', 11_000)
    use('b', 3000)
    bench.set({ user: 'unrelated' }, 1)
    expect([waits('a'), waits('b')]).toEqual([10_000, 2000])
    bench.set({ user: 'a' }, 5000)
    expect(waits('a')).toBe(2000)
    bench.clock.advance(1000)
    bench.set({ user: 'a' }, 1000)
    expect([waits('a'), waits('b')]).toEqual([5000, 1000])
    // Now the quota of all others is theirs.
    bench.set({ user: 'a' }, null)
    expect(waits('a')).toBe(5000)
    bench.set({ user: null }, null)
    bench.set({ user: null }, 1000)
    expect([waits('a'), waits('b')]).toEqual([0, 0])
  })

  it('does not keep timers for connections that have gone, nor names without end', () => {
    const bench = new Bench()
    bench.set({ 'client-id': null }, 1000)
    const quota = bench.quotas.of('a', 'b')
    const connection = new Connection()
    if (quota !== undefined) bench.quotas.use(quota, key, 1e9)
    if (quota !== undefined) bench.quotas.throttle(quota, connection)
    connection.isClosed = true
    bench.clock.advance(1000)
    expect(bench.clock.pending).toBe(0)
    for (let n = 0; n < 25_000; n++) bench.quotas.of('a', `made-up-${n}`)
    expect(bench.quotas.clientCount).toBeLessThanOrEqual(10_000)
    expect(bench.quotas.of('a', 'made-up-24999')).toBe(bench.quotas.of('a', 'made-up-24999'))
  })
})
