/** Operators without state: the same records from rows and from columns, selections that compose, and what refused records do. */
import { afterEach, describe, expect, it } from 'vitest'
import { field, t } from '../../../../sdk/index.ts'
import type { Stream } from '../../../../sdk/stream.ts'
import { type HarnessOptions, OperatorHarness, RecordedOutput } from '../../../support/operator-harness.ts'

interface Bid {
  auction: number
  price: number
  channel: string
  note: string | null
}
const Bid = t.object({
  auction: t.int32(),
  price: t.float64(),
  channel: t.string(),
  note: t.nullable(t.string()),
})
const bids: Bid[] = Array.from({ length: 10 }, (_, i) => ({
  auction: i % 3,
  price: i * 1.5,
  channel: i === 8 ? 'ünï𝄞' : i % 2 === 0 ? 'web' : 'app',
  note: i % 4 === 0 ? null : `n${i}`,
}))
const times = bids.map((_, i) => 1000 + i)

let harness: OperatorHarness | undefined
afterEach(async () => {
  const last = harness
  harness = undefined
  await last?.close()
})
const run = async (
  build: (stream: Stream<Bid>) => Stream<unknown>,
  options: HarnessOptions = {},
): Promise<OperatorHarness> => {
  harness = OperatorHarness.of<Bid>(build, options)
  return harness.start()
}
const inputs = [
  ['rows', undefined],
  ['columns', undefined],
  ['columns', Bid],
] as const

describe.each(inputs)('from %s (%#)', (how, type) => {
  const options = type === undefined ? {} : { type }

  it('map gives what the function returns, with the event time of its record', async () => {
    const h = await run((s) => s.map((x) => ({ id: x.auction, twice: x.price * 2 })), options)
    h.push(how, bids, { timestamps: times })
    expect(h.output.records).toEqual(bids.map((x) => ({ id: x.auction, twice: x.price * 2 })))
    expect(h.output.emissions.map(({ timestamp }) => timestamp)).toEqual(times)
    expect(h.subtasks[0].metrics).toMatchObject({ recordsIn: 10, recordsOut: 10 })
  })

  it('map gives records that may be kept and spread', async () => {
    const kept: Bid[] = []
    const h = await run(
      (s) =>
        s.map((x) => {
          kept.push(x)
          return { ...x, more: 1 }
        }),
      options,
    )
    h.push(how, bids).push(how, bids.toReversed())
    expect(kept).toEqual([...bids, ...bids.toReversed()])
    expect(h.output.records).toEqual(kept.map((x) => ({ ...x, more: 1 })))
  })

  it('map calls its function for every record, and has its results refused, where nobody looks at them', async () => {
    const seen: unknown[] = []
    let skipped = 0
    const output = Object.assign(new RecordedOutput(), { skip: (n: number) => (skipped += n) })
    harness = OperatorHarness.of<Bid>(
      (s) =>
        s.map(
          (x) => {
            seen.push(x.auction)
            if (x.price === 3) throw new Error('no 3')
            return { n: x.price }
          },
          { returns: t.object({ n: t.int32() }), onError: 'skip' },
        ),
      { ...options, output },
    )
    await harness.start()
    harness.push(how, bids)
    expect(seen).toEqual(bids.map((x) => x.auction))
    // Half of the prices are whole, and one of those is refused by the function.
    expect(skipped).toBe(4)
    expect(output.records).toEqual([])
    expect(harness.poisoned).toHaveLength(6)
    expect(harness.subtasks[0].metrics).toMatchObject({ recordsIn: 10, recordsOut: 4, errorsSkipped: 6 })
  })

  it('filter lets through what it is true for', async () => {
    const h = await run((s) => s.filter((x) => x.price > 4 && x.channel === 'web'), options)
    h.push(how, bids, { timestamps: times })
    const expected = bids.filter((x) => x.price > 4 && x.channel === 'web')
    expect(h.output.records).toEqual(expected)
    expect(h.output.emissions.map(({ timestamp }) => timestamp)).toEqual(expected.map((x) => times[bids.indexOf(x)]))
    expect(h.subtasks[0].metrics).toMatchObject({ recordsIn: 10, recordsOut: expected.length })
  })

  it('flatMap gives what is returned and what is emitted, in order', async () => {
    const h = await run(
      (s) =>
        s.flatMap<string>((x, emit) => {
          if (x.auction === 0) return undefined
          if (x.auction === 1) return [`a${x.price}`, `b${x.price}`]
          emit(`c${x.price}`)
          return new Set([`d${x.price}`])
        }),
      options,
    )
    h.push(how, bids, { timestamps: times })
    const expected = bids.flatMap((x) =>
      x.auction === 0 ? [] : x.auction === 1 ? [`a${x.price}`, `b${x.price}`] : [`c${x.price}`, `d${x.price}`],
    )
    expect(h.output.records).toEqual(expected)
    expect(h.output.emissions[0].timestamp).toBe(1001)
  })

  it('project keeps the named fields only', async () => {
    const h = await run((s) => s.project('channel', 'auction'), options)
    h.push(how, bids, { timestamps: times })
    expect(h.output.records).toEqual(bids.map(({ channel, auction }) => ({ channel, auction })))
    expect(h.output.emissions[9].timestamp).toBe(1009)
  })

  it('project gives undefined for a field that the records lack', async () => {
    const h = await run(
      (s) => (s as unknown as Stream<{ absent: string; auction: number }>).project('absent', 'auction'),
      {},
    )
    h.push(how, bids)
    expect(h.output.records).toEqual(bids.map(({ auction }) => ({ absent: undefined, auction })))
  })

  it('select computes columns', async () => {
    const h = await run(
      (s) => s.select({ auction: 'auction', euros: field('price').times(0.9), tag: field('channel') }),
      options,
    )
    h.push(how, bids, { timestamps: times })
    expect(h.output.records).toEqual(bids.map((x) => ({ auction: x.auction, euros: x.price * 0.9, tag: x.channel })))
    expect(h.output.emissions.map(({ timestamp }) => timestamp)).toEqual(times)
  })

  it('select gives fields of any kind under other names, computed beside taken', async () => {
    const h = await run(
      (s) =>
        s.select({
          why: 'note',
          where: field('channel'),
          auction: field('auction'),
          double: field('auction').times(2).plus(field('price')),
          one: field('price').minus(field('price')).plus(1),
        }),
      options,
    )
    h.push(how, bids, { timestamps: times })
    expect(h.output.records).toEqual(
      bids.map((x) => ({
        why: x.note,
        where: x.channel,
        auction: x.auction,
        double: x.auction * 2 + x.price,
        one: 1,
      })),
    )
    expect(h.output.emissions.every(({ columns }) => columns === (how === 'columns'))).toBe(true)
  })

  it('remainders are those of JavaScript', async () => {
    const values = [
      0,
      -0,
      1,
      -1,
      7,
      -7,
      6,
      7.5,
      -7.5,
      2 ** 31,
      2 ** 40 + 3,
      -(2 ** 33),
      1e300,
      Number.NaN,
      1 / 0,
      -1 / 0,
    ]
    const rows = values.map((price) => ({ auction: 1, price, channel: '', note: null }))
    for (const by of [3, 1, -3, 2.5, 0, 2 ** 31, Number.POSITIVE_INFINITY]) {
      const h = await run((s) => s.select({ left: field('price').mod(by) }), options)
      h.push(how, rows)
      expect(h.output.records).toEqual(values.map((x) => ({ left: x % by })))
      await h.close()
      const chosen = await run((s) => s.filter(field('price').mod(by).eq(1)), options)
      chosen.push(how, rows)
      expect(chosen.output.records).toEqual(rows.filter((x) => x.price % by === 1))
      await chosen.close()
    }
  })

  it.each([
    ['numbers', field('price').gt(4).and(field('auction').ne(1)), (x: Bid) => x.price > 4 && x.auction !== 1],
    [
      'arithmetic',
      field('price').times(2).minus(field('auction')).mod(3).eq(0),
      (x: Bid) => (x.price * 2 - x.auction) % 3 === 0,
    ],
    ['a string', field('channel').eq('app'), (x: Bid) => x.channel === 'app'],
    [
      'a string and a number',
      field('channel').ne('app').or(field('price').lt(3)),
      (x: Bid) => x.channel !== 'app' || x.price < 3,
    ],
    ['no string', field('channel').eq('app').not(), (x: Bid) => x.channel !== 'app'],
    [
      'strings with others',
      field('channel').eq('').or(field('note').eq('n1')).or(field('channel').eq('ünï𝄞')),
      (x: Bid) => x.note === 'n1' || x.channel === 'ünï𝄞',
    ],
    [
      'a string and no string',
      field('channel').eq('webb').or(field('channel').ne('web')),
      (x: Bid) => x.channel !== 'web',
    ],
    ['order of strings', field('channel').lt('b'), (x: Bid) => x.channel < 'b'],
    ['null', field('note').eq(null).not(), (x: Bid) => x.note !== null],
    ['nothing at all', field('price').lt(-1), () => false],
    ['everything', field('price').ge(-0), () => true],
  ])('where over %s means what JavaScript would', async (_, condition, plain) => {
    const h = await run((s) => s.filter(condition as never), options)
    h.push(how, bids, { timestamps: times })
    expect(h.output.records).toEqual(bids.filter(plain))
  })

  it('a record for which a function throws is reported whole and left out, the others are not', async () => {
    const h = await run(
      (s) =>
        s.map(
          (x) => {
            if (x.price === 3 || x.price === 4.5) throw new Error(`no ${x.price}`)
            return x.price
          },
          { onError: 'skip' },
        ),
      options,
    )
    h.push(how, bids, { timestamps: times })
    expect(h.output.records).toEqual(bids.map((x) => x.price).filter((x) => x !== 3 && x !== 4.5))
    expect(h.poisoned).toEqual([
      { error: new Error('no 3'), record: bids[2], timestampMs: 1002 },
      { error: new Error('no 4.5'), record: bids[3], timestampMs: 1003 },
    ])
    expect(h.subtasks[0].metrics).toMatchObject({ recordsIn: 10, recordsOut: 8, errorsSkipped: 2 })
  })

  it('a filter that throws leaves the record out', async () => {
    const h = await run(
      (s) =>
        s.filter(
          (x) => {
            if (x.auction === 2) throw new Error('two')
            return x.price > 1
          },
          { onError: 'skip' },
        ),
      options,
    )
    h.push(how, bids)
    expect(h.output.records).toEqual(bids.filter((x) => x.auction !== 2 && x.price > 1))
    expect(h.poisoned.map(({ record }) => record)).toEqual(bids.filter((x) => x.auction === 2))
  })

  it('a flatMap that throws half-way emits nothing of that record', async () => {
    const h = await run(
      (s) =>
        s.flatMap<number>(
          function* (x) {
            yield x.price
            if (x.auction === 1) throw new Error('half-way')
            yield -x.price
          },
          { onError: 'skip' },
        ),
      options,
    )
    h.push(how, bids)
    expect(h.output.records).toEqual(bids.filter((x) => x.auction !== 1).flatMap((x) => [x.price, -x.price]))
    expect(h.poisoned.map(({ record }) => record)).toEqual(bids.filter((x) => x.auction === 1))
  })

  it('the error of a record ends the task under the policy fail', async () => {
    const h = await run(
      (s) =>
        s.map((x) => {
          if (x.price === 3) throw new Error('stop')
          return x
        }),
      options,
    )
    expect(() => h.push(how, bids)).toThrow('stop')
    expect(h.poisoned).toEqual([{ error: new Error('stop'), record: bids[2], timestampMs: undefined }])
  })

  it('a function that returns a promise ends the task whatever the policy', async () => {
    for (const build of [
      (s: Stream<Bid>) => s.map((x) => Promise.reject(new Error(`unheard ${x.price}`)), { onError: 'skip' }),
      (s: Stream<Bid>) => s.filter((x) => Promise.resolve(x.price) as never, { onError: 'skip' }),
      (s: Stream<Bid>) => s.flatMap((x) => Promise.resolve([x.price]) as never, { onError: 'skip' }),
      (s: Stream<Bid>) =>
        s.process({ onElement: (x) => Promise.reject(new Error(`unheard ${x.price}`)), onError: 'skip' }),
    ]) {
      const h = await run(build as never, options)
      expect(() => h.push(how, bids)).toThrow(/promise/)
      await h.close()
    }
  })

  it('process without a key emits to its outputs', async () => {
    const h = await run(
      (s) =>
        s.process({
          sides: { cheap: t.string() },
          onElement(x, context, emit: (record: unknown) => void) {
            if (x.price < 5) context.side('cheap', x.channel)
            else emit({ price: x.price, at: context.timestamp })
          },
        }),
      options,
    )
    const cheap = h.side('cheap')
    h.push(how, bids, { timestamps: times })
    expect(cheap.records).toEqual(bids.filter((x) => x.price < 5).map((x) => x.channel))
    expect(h.output.records).toEqual(bids.flatMap((x, i) => (x.price < 5 ? [] : [{ price: x.price, at: times[i] }])))
    expect(cheap.emissions[1].timestamp).toBe(1001)
  })

  it('time passes through', async () => {
    const h = await run((s) => s.map((x) => x), options)
    h.push(how, bids.slice(0, 3))
    h.watermark(5)
    h.idle(true)
    expect(h.output.events).toEqual([3, 'watermark 5', 'idle'])
  })
})

describe('selections', () => {
  const selection = [1, 2, 5, 6, 9]
  const selected = selection.map((row) => bids[row])

  it.each([undefined, Bid])('of the input are the only rows there are (%#)', async (type) => {
    const options = type === undefined ? {} : { type }
    const builds: [(s: Stream<Bid>) => Stream<unknown>, (x: Bid) => unknown[]][] = [
      [(s) => s.map((x) => x.price), (x) => [x.price]],
      [(s) => s.filter((x) => x.price > 2), (x) => (x.price > 2 ? [x] : [])],
      [(s) => s.filter(field('price').gt(2)), (x) => (x.price > 2 ? [x] : [])],
      [(s) => s.filter(field('channel').eq('app')), (x) => (x.channel === 'app' ? [x] : [])],
      [(s) => s.filter(() => true), (x) => [x]],
      [(s) => s.flatMap((x) => [x.price, x.price]), (x) => [x.price, x.price]],
      [(s) => s.project('price', 'note'), (x) => [{ price: x.price, note: x.note }]],
      [(s) => s.select({ p: field('price').plus(1) }), (x) => [{ p: x.price + 1 }]],
    ]
    for (const [build, expected] of builds) {
      const h = await run(build, options)
      h.columns(bids, { timestamps: times, selection })
      expect(h.output.records).toEqual(selected.flatMap(expected))
      expect(h.output.emissions.every(({ timestamp }) => selection.includes(timestamp - 1000))).toBe(true)
      await h.close()
    }
  })

  it('name the rows of the batch when a record is refused', async () => {
    const h = await run(
      (s) =>
        s.map(
          (x) => {
            if (x.auction === 2) throw new Error('two')
            return x.price
          },
          { onError: 'skip' },
        ),
      { type: Bid },
    )
    h.columns(bids, { timestamps: times, selection })
    const refused = selection.filter((row) => bids[row].auction === 2)
    expect(h.poisoned.map(({ record, timestampMs }) => [record, timestampMs])).toEqual(
      refused.map((row) => [bids[row], times[row]]),
    )
  })
})

describe('records that are bare values', () => {
  it.each(['rows', 'columns'] as const)('pass through functions from %s', async (how) => {
    harness = OperatorHarness.of<number>((s) => s.filter((x) => x % 2 === 1).map((x) => x * 10))
    const h = await harness.start()
    h.push(how, [1, 2, 3])
    // The map alone runs here.
    expect(h.output.records).toEqual([10, 20, 30])
  })

  it('may be null, undefined and of mixed kinds', async () => {
    harness = OperatorHarness.of<unknown>((s) => s.filter(() => true))
    const h = await harness.start()
    const values = [1, 'a', null, undefined, [1], { a: 1 }, true, 5n]
    h.columns(values).rows(values)
    expect(h.output.records).toEqual([...values, ...values])
  })
})
