/**
 * Tumbling and sliding windows against the same computed from all records at once: in any order within the bound, in any
 * batches, through restarts at other parallelisms; then what late, refused and numerous records do.
 */
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { count, t, window } from '../../../../sdk/index.ts'
import type { Stream } from '../../../../sdk/stream.ts'
import { cases } from '../../../support/nightly.ts'
import { type HarnessOptions, nowhere, OperatorHarness } from '../../../support/operator-harness.ts'
import { declared, functions, groupBy, Hit, keyings, runSteps, sorted, totals, traffic, windowsOf } from './support.ts'

let harness: OperatorHarness | undefined
afterEach(async () => {
  const last = harness
  harness = undefined
  await last?.close()
})
const run = (
  build: (stream: Stream<Hit>) => Stream<unknown>,
  options: HarnessOptions = {},
  parallelism = 1,
): Promise<OperatorHarness> => {
  harness = OperatorHarness.of<Hit>(build, options)
  return harness.start(parallelism)
}

/** Size, slide, offset. */
const layouts = [
  [10, 10, 0],
  [10, 10, 3],
  [10, 5, 0],
  [10, 3, 1],
  [7, 4, 2],
  [30, 1, 0],
] as const
const assigner = ([size, slide, offset]: readonly [number, number, number]) =>
  size === slide
    ? window.tumbling(`${size}ms`, { offset: `${offset}ms` })
    : window.sliding(`${size}ms`, `${slide}ms`, { offset: `${offset}ms` })

const typed = [{}, { type: Hit }]

describe.each(keyings)('windows by %s', (_, keyBy, keyOf) => {
  it.each(layouts)(
    'of %i by %i from %i hold what they would hold if all records were there at once',
    async (...layout) => {
      await fc.assert(
        fc.asyncProperty(traffic(6), fc.boolean(), fc.constantFrom(...typed), async (steps, byFunctions, options) => {
          const h = await run((s) => {
            const windowed = keyBy(s).window(assigner(layout))
            return byFunctions
              ? windowed.aggregate({ uid: 'w', ...functions })
              : (windowed.aggregate(declared as never, { uid: 'w' }) as Stream<unknown>)
          }, options)
          await runSteps(h, steps, 6)
          const all = steps.flatMap(({ hits }) => hits)
          const assigned = all.flatMap((hit) => windowsOf(hit.at, ...layout).map((w) => ({ hit, w })))
          const expected = groupBy(assigned, ({ hit, w }) => [keyOf(hit), w.start]).map((group) => {
            const { hit, w } = group[0]
            const key = keyOf(hit)
            const single = Object.keys(key).length === 1 ? Object.values(key)[0] : key
            const fields = byFunctions ? { key: single } : key
            return { ...fields, ...totals(group.map((each) => each.hit)), windowStart: w.start, windowEnd: w.end }
          })
          expect(sorted(h.output.records)).toEqual(sorted(expected))
          for (const { record, timestamp } of h.output.emissions)
            expect(timestamp).toBe((record as { windowEnd: number }).windowEnd - 1)
          expect(h.subtasks.every(({ metrics }) => metrics.lateDropped === 0)).toBe(true)
          await h.close()
        }),
        { numRuns: cases(4) },
      )
    },
  )
})

describe('windows', () => {
  const hit = (at: number, page = 1, value = 1): Hit => ({ page, site: 'a', value, at })
  const push = (h: OperatorHarness, hits: readonly Hit[], how: 'rows' | 'columns' = 'columns') =>
    h.push(how, hits, { timestamps: hits.map((x) => x.at) })

  it('fire in the order of their ends, before the watermark is passed on', async () => {
    const h = await run((s) => s.keyBy('page').window(window.sliding('10ms', '5ms')).count({ uid: 'w' }), { type: Hit })
    push(h, [hit(12), hit(3), hit(7)])
    h.watermark(8)
    h.watermark(9)
    h.watermark(14)
    h.watermark(30)
    expect(h.output.records.map((x) => (x as { windowEnd: number }).windowEnd)).toEqual([5, 10, 15, 20])
    expect(h.output.events).toEqual([1, 'watermark 8', 1, 'watermark 9', 1, 'watermark 14', 1, 'watermark 30'])
  })

  it('come as columns where key and results are numbers', async () => {
    const h = await run((s) => s.keyBy('page').window(window.tumbling('10ms')).aggregate(declared, { uid: 'w' }), {
      type: Hit,
    })
    push(h, [hit(1), hit(2, 2)])
    h.watermark(9)
    expect(h.output.emissions.map(({ columns }) => columns)).toEqual([true, true])
  })

  it('have the types that are declared', async () => {
    const Row = t.object({ k: t.int32(), big: t.int64(), at: t.timestamp() })
    for (const by of ['k', 'at'] as const)
      for (const how of ['rows', 'columns'] as const) {
        harness = OperatorHarness.of<{ k: number; big: bigint; at: number }>(
          (s) => s.keyBy(by).window(window.tumbling('10ms')).sum('big', { uid: 'w' }),
          { type: Row },
        )
        await harness.start()
        harness.push(
          how,
          [
            { k: 5, big: 7n, at: 5 },
            { k: 5, big: 8n, at: 5 },
          ],
          { timestamps: [1, 2] },
        )
        harness.watermark(9)
        expect(harness.output.records).toEqual([{ [by]: 5, sum: 15n, windowStart: 0, windowEnd: 10 }])
        await harness.close()
      }
  })

  it.each([{}, { type: Hit }])('of more keys than one turn emits go on where they stopped (%#)', async (options) => {
    const h = await run((s) => s.keyBy('page').window(window.sliding('10ms', '5ms')).count({ uid: 'w' }), options)
    const keys = 40_000
    for (let from = 0; from < keys; from += 8000)
      push(
        h,
        Array.from({ length: 8000 }, (_, i) => hit(6, from + i)),
        from === 0 ? 'rows' : 'columns',
      )
    expect(h.watermark(9)).toBe(2)
    const pages = new Set(h.output.records.map((x) => (x as { page: number }).page))
    expect(pages.size).toBe(keys)
    expect(h.output.records).toHaveLength(keys)
    expect(h.output.events.at(-1)).toBe('watermark 9')
    expect(h.watermark(100)).toBe(2)
    expect(h.output.records).toHaveLength(2 * keys)
  })

  it('that stop exactly behind their last row say so once', async () => {
    const h = await run((s) => s.keyBy('page').window(window.tumbling('10ms')).count({ uid: 'w' }), { type: Hit })
    for (let from = 0; from < 16384; from += 4096)
      push(
        h,
        Array.from({ length: 4096 }, (_, i) => hit(6, from + i)),
      )
    push(h, [hit(11)])
    expect(h.watermark(30)).toBe(1)
    expect(h.output.records).toHaveLength(16385)
  })

  it('go on as objects while no segment is free', async () => {
    const h = await run((s) => s.keyBy('page').window(window.tumbling('10ms')).count({ uid: 'w' }), { type: Hit })
    push(h, [hit(1)])
    const held: number[] = []
    for (let s = h.arena.allocate(2); s >= 0; s = h.arena.allocate(2)) held.push(s)
    h.watermark(9)
    for (const segment of held) h.arena.release(segment, 2)
    expect(h.output.emissions).toMatchObject([{ columns: false, timestamp: 9, record: { page: 1, count: 1 } }])
  })

  it('of many aggregates and keys fit ordinary segments', async () => {
    const many = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`a${i}`, count()]))
    const h = await run((s) => s.keyBy('page').window(window.tumbling('10ms')).aggregate(many, { uid: 'w' }), {
      type: Hit,
    })
    push(
      h,
      Array.from({ length: 5000 }, (_, i) => hit(1, i)),
    )
    h.watermark(9)
    expect(h.output.records).toHaveLength(5000)
    expect(h.output.emissions.every(({ columns }) => columns)).toBe(true)
    expect(h.output.records[4999]).toMatchObject({ page: 4999, a19: 1, windowEnd: 10 })
  })

  it('count nothing twice after a restart between two watermarks', async () => {
    const h = await run((s) => s.keyBy('page').window(window.tumbling('10ms')).count({ uid: 'w' }), { type: Hit })
    push(h, [hit(1), hit(11)])
    h.watermark(12)
    await h.restart()
    h.watermark(5)
    h.watermark(12)
    push(h, [hit(4)])
    expect(h.subtasks[0].metrics.lateDropped).toBe(1)
    push(h, [hit(13)])
    h.watermark(25)
    expect(h.output.records.map((x) => (x as { count: number }).count)).toEqual([1, 2])
  })

  it('take records again after a restart from where the stream had ended', async () => {
    const h = await run((s) => s.keyBy('page').window(window.tumbling('10ms')).count({ uid: 'w' }), { type: Hit })
    push(h, [hit(1)])
    h.watermark(Number.POSITIVE_INFINITY)
    await h.restart()
    push(h, [hit(21)])
    h.watermark(Number.POSITIVE_INFINITY)
    expect(h.output.records.map((x) => (x as { windowEnd: number }).windowEnd)).toEqual([10, 30])
  })

  it('refuse records without event time, one by one', async () => {
    const build = (s: Stream<Hit>) =>
      s.keyBy('page').window(window.tumbling('10ms')).count({ uid: 'w', onError: 'dead-letter' })
    for (const how of ['rows', 'columns'] as const) {
      const h = await run(build, { type: Hit })
      const hits = [hit(1), hit(2), hit(3)]
      h.push(how, hits, { timestamps: [1, Number.NaN, 3] })
      h.push(how, [hit(9)])
      h.watermark(9)
      expect(h.output.records).toMatchObject([{ count: 2 }])
      expect(h.poisoned.map(({ record, error }) => [record, (error as { code: string }).code])).toEqual([
        [hits[1], 'OPERATOR_NO_EVENT_TIME'],
        [hit(9), 'OPERATOR_NO_EVENT_TIME'],
      ])
      expect(h.subtasks[0].metrics.lateDropped).toBe(0)
      await h.close()
    }
  })

  it.each(['rows', 'columns'] as const)(
    'leave out the record for which add throws, and the result for which emit does (%s)',
    async (how) => {
      const h = await run(
        (s) =>
          s
            .keyBy('page')
            .window(window.sliding('10ms', '5ms'))
            .aggregate({
              uid: 'w',
              onError: 'dead-letter',
              init: () => 0,
              add: (n, x) => {
                if (x.value === 13) throw new Error('add')
                return n + x.value
              },
              merge: (a, b) => a + b,
              emit: (n, { key }) => {
                if (key === 2) throw new Error('emit')
                return [key, n]
              },
            }),
        { type: Hit },
      )
      push(h, [hit(1, 1, 5), hit(2, 1, 13), hit(3, 1, 7), hit(3, 2, 1), hit(4, 3, 13)], how)
      h.watermark(6)
      expect(h.output.records).toEqual([[1, 12]])
      expect(h.poisoned.map(({ error, record }) => [(error as Error).message, record])).toEqual([
        ['add', hit(2, 1, 13)],
        ['add', hit(4, 3, 13)],
        ['emit', { key: 2, window: { start: -5, end: 5 } }],
      ])
      expect(h.subtasks[0].metrics).toMatchObject({ errorsSkipped: 3, recordsOut: 1 })
    },
  )
})

describe('late records', () => {
  it.each(layouts)(
    'within the allowed lateness change what came out; others are dropped and counted (%i by %i from %i)',
    async (...layout) => {
      const lateness = 9
      await fc.assert(
        fc.asyncProperty(
          traffic(40, 8),
          fc.boolean(),
          fc.constantFrom(...keyings),
          async (steps, toSide, [, keyBy, keyOf]) => {
            const h = await run(
              (s) => {
                const options = { allowedLateness: `${lateness}ms` } as const
                if (!toSide) return keyBy(s).window(assigner(layout), options).aggregate(declared, { uid: 'w' })
                const made = keyBy(s)
                  .window(assigner(layout), { ...options, lateOutput: 'late' })
                  .aggregate(declared, { uid: 'w' })
                made.sideOutput('late').to(nowhere, { uid: 'late' })
                return made
              },
              { type: Hit },
            )
            const side = toSide ? h.side('late') : undefined
            // Metrics count per attempt.
            const steady = steps.map((step) => ({ ...step, restart: toSide ? step.restart : null }))
            const before = await runSteps(h, steady, 3)
            const late: Hit[] = []
            const taken = steady.flatMap(({ hits }, step) =>
              hits.flatMap((hit) => {
                const open = windowsOf(hit.at, ...layout).filter(({ end }) => end - 1 + lateness > before[step])
                if (open.length === 0) late.push(hit)
                return open.map((w) => ({ hit, w }))
              }),
            )
            const expected = groupBy(taken, ({ hit, w }) => [keyOf(hit), w.start]).map((group) => {
              const { hit, w } = group[0]
              return { ...keyOf(hit), ...totals(group.map((each) => each.hit)), windowStart: w.start, windowEnd: w.end }
            })
            // The last result of a window counts.
            const latest = groupBy(
              h.output.records as { windowStart: number; page: number; site: string; key: string }[],
              ({ windowStart, page, site, key }) => [windowStart, page, site, key],
            ).map((group) => group.at(-1))
            expect(sorted(latest)).toEqual(sorted(expected))
            if (side === undefined) expect(h.subtasks[0].metrics.lateDropped).toBe(late.length)
            else expect(sorted(side.records)).toEqual(sorted(late))
            await h.close()
          },
        ),
        { numRuns: cases(8) },
      )
    },
  )

  it('give one new result per key and batch', async () => {
    const h = await run(
      (s) =>
        s.keyBy(['site', 'page']).window(window.tumbling('10ms'), { allowedLateness: '100ms' }).count({ uid: 'w' }),
      { type: Hit },
    )
    const hits = (n: number, page: number) => Array.from({ length: n }, () => ({ page, site: 'a', value: 1, at: 5 }))
    const times = (all: readonly Hit[]) => ({ timestamps: all.map((x) => x.at) })
    h.columns(hits(2, 1), times(hits(2, 1)))
    h.watermark(20)
    const more = [...hits(3, 1), ...hits(2, 2)]
    h.columns(more, times(more))
    h.rows(more, times(more))
    expect(h.output.records.map((x) => [(x as { page: number }).page, (x as { count: number }).count])).toEqual([
      [1, 2],
      [1, 5],
      [2, 2],
      [1, 8],
      [2, 4],
    ])
  })
})
