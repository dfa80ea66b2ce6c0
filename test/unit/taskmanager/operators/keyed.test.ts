/**
 * Running results per key: rows and columns give the same, whatever the key looks like, through restarts at other
 * parallelisms; a refused record leaves its key as it was.
 */
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { avg, count, max, min, sum, t, window } from '../../../../sdk/index.ts'
import type { KeyedStream } from '../../../../sdk/keyed-stream.ts'
import type { Stream } from '../../../../sdk/stream.ts'
import { cases } from '../../../support/nightly.ts'
import { type HarnessOptions, OperatorHarness } from '../../../support/operator-harness.ts'

interface Bid {
  auction: number
  price: number | null
  channel: string
}
const Bid = t.object({ auction: t.int32(), price: t.nullable(t.float64()), channel: t.string() })

let harness: OperatorHarness | undefined
afterEach(async () => {
  const last = harness
  harness = undefined
  await last?.close()
})
const run = (
  build: (stream: Stream<Bid>) => Stream<unknown>,
  options: HarnessOptions = {},
  parallelism = 1,
): Promise<OperatorHarness> => {
  harness = OperatorHarness.of<Bid>(build, options)
  return harness.start(parallelism)
}

type AnyKeyed = KeyedStream<Bid, unknown, object>
type Key = [string, (s: Stream<Bid>) => AnyKeyed, (x: Bid) => Record<string, unknown>]
const keys = [
  ['a number', (s) => s.keyBy('auction') as AnyKeyed, (x) => ({ auction: x.auction })],
  ['a string', (s) => s.keyBy('channel') as AnyKeyed, (x) => ({ channel: x.channel })],
  ['two fields', (s) => s.keyBy(['auction', 'channel']) as AnyKeyed, ({ auction, channel }) => ({ auction, channel })],
  ['a function that gives a field', (s) => s.keyBy((x) => x.auction) as AnyKeyed, (x) => ({ key: x.auction })],
  ['a function', (s) => s.keyBy((x) => x.auction % 2) as AnyKeyed, (x) => ({ key: x.auction % 2 })],
  [
    'a function that gives a string',
    (s) => s.keyBy((x) => `${x.channel}!`, { returns: t.string() }) as AnyKeyed,
    (x) => ({ key: `${x.channel}!` }),
  ],
  [
    'a function that gives an object',
    (s) => s.keyBy((x) => ({ c: x.channel })) as AnyKeyed,
    (x) => ({ key: { c: x.channel } }),
  ],
  [
    'a function that gives an array',
    (s) => s.keyBy((x) => [x.auction, x.channel]) as AnyKeyed,
    (x) => ({ key: [x.auction, x.channel] }),
  ],
  [
    'a function that gives null at times',
    (s) => s.keyBy((x) => (x.auction > 1 ? x.auction : null)) as AnyKeyed,
    (x) => ({ key: x.auction > 1 ? x.auction : null }),
  ],
] as const satisfies Key[]

const bid: fc.Arbitrary<Bid> = fc.record(
  {
    auction: fc.integer({ min: -3, max: 3 }),
    price: fc.oneof(
      { weight: 5, arbitrary: fc.integer({ min: -100, max: 100 }) },
      { weight: 1, arbitrary: fc.constant(null) },
    ),
    channel: fc.constantFrom('web', 'app', 'ünï', ''),
  },
  { noNullPrototype: true },
)

/** What the aggregates are after each record, computed plainly. */
function plain(bids: readonly Bid[], keyOf: (x: Bid) => Record<string, unknown>): unknown[] {
  const seen = new Map<string, number[]>()
  const counts = new Map<string, number>()
  return bids.map((x) => {
    const key = keyOf(x)
    const id = JSON.stringify(key)
    const values = seen.get(id) ?? []
    seen.set(id, values)
    if (x.price !== null) values.push(x.price)
    counts.set(id, (counts.get(id) ?? 0) + 1)
    const total = values.reduce((a, b) => a + b, 0)
    const none = values.length === 0
    return {
      ...key,
      n: counts.get(id),
      total,
      low: none ? Number.NaN : Math.min(...values),
      high: none ? Number.NaN : Math.max(...values),
      mean: none ? Number.NaN : total / values.length,
    }
  })
}

const price = 'price' as never
const aggregates = { n: count(), total: sum(price), low: min(price), high: max(price), mean: avg(price) }

describe.each(keys)('running aggregates by %s', (_, keyBy, keyOf) => {
  const build = (s: Stream<Bid>): Stream<unknown> => keyBy(s).aggregate(aggregates, { uid: 'a' })

  it.each([[{}], [{ type: Bid }]])(
    'are those of a plain loop, from rows and columns mixed, through restarts (%#)',
    async (options) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(
            fc.record({
              bids: fc.array(bid, { minLength: 1, maxLength: 30 }),
              how: fc.constantFrom('rows' as const, 'columns' as const),
              restart: fc.option(fc.integer({ min: 1, max: 3 })),
            }),
            { minLength: 1, maxLength: 5 },
          ),
          async (steps) => {
            const h = await run(build, options)
            const all: Bid[] = []
            const got: unknown[] = []
            for (const { bids, how, restart } of steps) {
              if (restart !== null) await h.restart(restart)
              const before = h.output.records.length
              h.push(how, bids, { timestamps: bids.map((_x, i) => all.length + i) })
              all.push(...bids)
              // Subtasks one after the other; event times tell which record each result belongs to.
              const made = h.output.emissions.slice(before).sort((a, b) => a.timestamp - b.timestamp)
              got.push(...made.map(({ record }) => record))
            }
            expect(got).toEqual(plain(all, keyOf))
            await h.close()
          },
        ),
        { numRuns: cases(6) },
      )
    },
  )
})

describe('running aggregates', () => {
  it('refuse records whose field is not a number, and count the others', async () => {
    for (const how of ['rows', 'columns'] as const)
      for (const windowed of [false, true]) {
        const h = await run((s) => {
          const keyed = s.keyBy('auction')
          const to = { uid: 'a', onError: 'dead-letter' } as const
          return windowed
            ? keyed.window(window.tumbling('10ms')).aggregate(aggregates, to)
            : keyed.aggregate(aggregates, to)
        })
        const bids = [1, 'two', 3, null, { four: 4 }, 5].map((value, i) => ({
          auction: i % 2,
          price: value as number | null,
          channel: 'x',
        }))
        h.push(how, bids, { timestamps: bids.map((_, i) => i) })
        h.watermark(9)
        expect(h.poisoned.map(({ record, timestampMs }) => [record, timestampMs])).toEqual([
          [bids[1], 1],
          [bids[4], 4],
        ])
        expect(h.output.records.slice(-2)).toMatchObject([
          { n: windowed ? 2 : 1, total: windowed ? 4 : 0 },
          { n: 2, total: 5 },
        ])
        expect(h.subtasks[0].metrics).toMatchObject({ recordsIn: 6, errorsSkipped: 2, recordsOut: windowed ? 2 : 4 })
        await h.close()
      }
  })

  it('come as columns from columns, beside the columns of the key', async () => {
    const h = await run((s) => s.keyBy('channel').count({ uid: 'c' }), { type: Bid })
    h.columns([
      { auction: 1, price: 1, channel: 'a' },
      { auction: 1, price: 1, channel: 'a' },
    ])
    expect(h.output.emissions.every(({ columns }) => columns)).toBe(true)
    expect(h.output.records).toEqual([
      { channel: 'a', count: 1 },
      { channel: 'a', count: 2 },
    ])
  })

  it('of selected rows leave the others out', async () => {
    const h = await run((s) => s.keyBy('auction').sum('price' as never, { uid: 'c' }), { type: Bid })
    const bids = [1, 2, 3, 4, 5].map((price) => ({ auction: price % 2, price, channel: 'x' }))
    h.columns(bids, { selection: [0, 2, 3], timestamps: [1, 2, 3, 4, 5] })
    expect(h.output.records).toEqual([
      { auction: 1, sum: 1 },
      { auction: 1, sum: 4 },
      { auction: 0, sum: 4 },
    ])
    expect(h.output.emissions.map(({ timestamp }) => timestamp)).toEqual([1, 3, 4])
  })

  it('have the types that are declared: a sum of bigints is one, a least int32 is an integer', async () => {
    const Row = t.object({ k: t.timestamp(), big: t.int64(), small: t.int32() })
    for (const how of ['rows', 'columns'] as const) {
      harness = OperatorHarness.of<{ k: number; big: bigint; small: number }>(
        (s) => s.keyBy('k').aggregate({ total: sum('big'), low: min('small') }, { uid: 'a' }),
        { type: Row },
      )
      await harness.start()
      harness.push(how, [
        { k: 5, big: 7n, small: 3 },
        { k: 5, big: 8n, small: 2 },
      ])
      expect(harness.output.records).toEqual([
        { k: 5, total: 7n, low: 3 },
        { k: 5, total: 15n, low: 2 },
      ])
      await harness.close()
    }
  })

  it('are null where whole numbers that may be null gave none yet', async () => {
    const Row = t.object({ k: t.timestamp(), a: t.nullable(t.int32()), b: t.optional(t.int64()) })
    type Row = { k: number; a: number | null; b?: bigint | undefined }
    const rows: Row[] = [
      { k: 5, a: null },
      { k: 6, a: 1, b: 2n },
      { k: 5, a: -3, b: 4n },
      { k: 5, a: null },
    ]
    for (const how of ['rows', 'columns'] as const) {
      harness = OperatorHarness.of<Row>(
        (s) => s.keyBy('k').aggregate({ low: min('a' as never), high: max('b' as never) }, { uid: 'a' }),
        { type: Row },
      )
      await harness.start()
      expect(harness.node.type?.dataType).toMatchObject({
        fields: [{ name: 'k' }, { name: 'low', nullable: true }, { name: 'high', nullable: true }],
      })
      harness.push(how, rows)
      expect(harness.output.records).toEqual([
        { k: 5, low: null, high: null },
        { k: 6, low: 1, high: 2n },
        { k: 5, low: -3, high: 4n },
        { k: 5, low: -3, high: 4n },
      ])
      await harness.close()
    }
  })

  it('that nobody looks at are counted only, and go on from there', async () => {
    const h = await run((s) => s.keyBy('auction').count({ uid: 'c' }), { type: Bid })
    const bids = [1, 2, 1].map((auction) => ({ auction, price: 1, channel: 'x' }))
    let skipped = 0
    Object.assign(h.output, { skip: (n: number) => (skipped += n) })
    for (const how of ['rows', 'columns'] as const) h.push(how, bids)
    Object.assign(h.output, { skip: undefined })
    h.columns(bids, { selection: [0] })
    expect(skipped).toBe(6)
    expect(h.output.records).toEqual([{ auction: 1, count: 5 }])
    expect(h.subtasks[0].metrics).toMatchObject({ recordsIn: 7, recordsOut: 7 })
  })

  it('go on as objects while no segment is free', async () => {
    const h = await run((s) => s.keyBy('auction').count({ uid: 'c' }), { type: Bid })
    const bids = [1, 2, 1].map((auction) => ({ auction, price: 1, channel: 'x' }))
    const held: number[] = []
    h.encode({ records: bids, timestamps: undefined, keys: bids.map((x) => x.auction) }, (batch) => {
      for (let s = h.arena.allocate(2); s >= 0; s = h.arena.allocate(2)) held.push(s)
      h.subtasks[0].operator.processBatch(batch, undefined, 0)
    })
    for (const segment of held) h.arena.release(segment, 2)
    h.columns(bids)
    expect(h.output.records.map((x) => (x as { count: number }).count)).toEqual([1, 1, 2, 3, 2, 4])
    expect(h.output.emissions.map(({ columns }) => columns)).toEqual([false, false, false, true, true, true])
  })
})

describe.each(['rows', 'columns'] as const)('reduce and functions from %s', (how) => {
  const bids = Array.from({ length: 12 }, (_, i) => ({ auction: i % 3, price: i, channel: `c${i}` }))

  it('reduce emits the value so far, and goes on after a restart', async () => {
    const h = await run(
      (s) =>
        s
          .keyBy('auction')
          .reduce((a, b) => ({ auction: a.auction, price: (a.price ?? 0) + (b.price ?? 0), channel: a.channel }), {
            uid: 'r',
          }),
      { type: Bid },
    )
    h.push(how, bids.slice(0, 7))
    await h.restart(2)
    h.push(how, bids.slice(7))
    const latest = new Map(h.output.records.map((x) => [(x as Bid).auction, x]))
    expect([...latest.values()]).toEqual(
      [0, 1, 2].map((auction) => ({ auction, price: 0 + auction * 4 + 18, channel: `c${auction}` })),
    )
    expect(h.output.records).toHaveLength(12)
  })

  it('a refused record leaves the value of its key as it was', async () => {
    const h = await run(
      (s) =>
        s.keyBy('auction').reduce(
          (a, b) => {
            if (b.price === 4) throw new Error('four')
            return { ...b, price: (a.price ?? 0) + (b.price ?? 0) }
          },
          { uid: 'r', onError: 'skip' },
        ),
      { type: Bid },
    )
    h.push(how, bids)
    expect(h.poisoned.map(({ record }) => record)).toEqual([bids[4]])
    expect(h.output.records).toHaveLength(11)
    expect(h.output.records.at(-2)).toEqual({ auction: 1, price: 1 + 7 + 10, channel: 'c10' })
  })

  it('an aggregate by functions is given the key, and emits for each record', async () => {
    const h = await run((s) =>
      s.keyBy('channel').aggregate({
        uid: 'f',
        init: () => ({ n: 0, prices: [] as (number | null)[] }),
        add: (acc, x) => ({ n: acc.n + 1, prices: [...acc.prices, x.price] }),
        emit: (acc, { key }) => ({ key, n: acc.n, last: acc.prices.at(-1) }),
      }),
    )
    const two = bids.map((x) => ({ ...x, channel: `c${x.auction}` }))
    h.push(how, two.slice(0, 6))
    await h.restart()
    h.push(how, two.slice(6))
    expect(h.output.records).toEqual(two.map((x, i) => ({ key: x.channel, n: Math.floor(i / 3) + 1, last: x.price })))
  })

  it('a result that shares the accumulator shows each record its own state', async () => {
    const h = await run((s) =>
      s.keyBy('auction').aggregate({
        uid: 'f',
        init: () => ({ n: 0 }),
        add: (acc) => {
          acc.n++
          return acc
        },
        emit: (acc) => acc.n,
      }),
    )
    h.push(how, bids)
    expect(h.output.records).toEqual(bids.map((_, i) => Math.floor(i / 3) + 1))
  })
})

describe('keys of declared functions', () => {
  it.each([
    ['number', (x: Bid) => x.auction * 2, t.float64()],
    ['string', (x: Bid) => x.channel + x.auction, t.string()],
  ] as const)('restore what was kept when nothing was declared (%s)', async (_, key, returns) => {
    const bids = Array.from({ length: 20 }, (_x, i) => ({ auction: i % 4, price: i, channel: 'x' }))
    let declared = false
    harness = OperatorHarness.of<Bid>((s) =>
      s.keyBy(key as (x: Bid) => string | number, declared ? { returns: returns as never } : {}).count({ uid: 'c' }),
    )
    await harness.start()
    harness.rows(bids)
    declared = true
    await harness.restart(3)
    harness.columns(bids)
    const counts = harness.output.records.slice(20).map((x) => (x as { count: number }).count)
    expect(counts.sort((a, b) => a - b)).toEqual([6, 7, 8, 9, 10].flatMap((n) => [n, n, n, n]))
  })
})
