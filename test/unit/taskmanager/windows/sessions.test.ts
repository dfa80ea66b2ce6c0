/** Session windows against sessions computed from all records at once, through restarts at other parallelisms. */
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { window } from '../../../../sdk/index.ts'
import type { Stream } from '../../../../sdk/stream.ts'
import { cases } from '../../../support/nightly.ts'
import { type HarnessOptions, nowhere, OperatorHarness } from '../../../support/operator-harness.ts'
import {
  declared,
  functions,
  groupBy,
  Hit,
  keyings,
  runSteps,
  type Step,
  sessionsOf,
  sorted,
  totals,
  traffic,
} from './support.ts'

let harness: OperatorHarness | undefined
afterEach(async () => {
  const last = harness
  harness = undefined
  await last?.close()
})
const run = (
  build: (stream: Stream<Hit>) => Stream<unknown>,
  options: HarnessOptions = {},
): Promise<OperatorHarness> => {
  harness = OperatorHarness.of<Hit>(build, options)
  return harness.start()
}

describe.each(keyings)('sessions by %s', (_, keyBy, keyOf) => {
  it.each([3, 8])('of a gap of %i hold what they would hold if all records were there at once', async (gap) => {
    await fc.assert(
      fc.asyncProperty(
        traffic(6, 3),
        fc.boolean(),
        fc.constantFrom({}, { type: Hit }),
        async (steps, byFunctions, options) => {
          const h = await run((s) => {
            const windowed = keyBy(s).window(window.session(`${gap}ms`))
            return byFunctions
              ? windowed.aggregate({ uid: 'w', ...functions })
              : (windowed.aggregate(declared, { uid: 'w' }) as Stream<unknown>)
          }, options)
          await runSteps(h, steps, 6)
          const all = steps.flatMap(({ hits }) => hits)
          const expected = groupBy(all, keyOf).flatMap((hits) =>
            sessionsOf(hits, gap).map((session) => {
              const key = keyOf(hits[0])
              const single = Object.keys(key).length === 1 ? Object.values(key)[0] : key
              const fields = byFunctions ? { key: single } : key
              return { ...fields, ...totals(session.hits), windowStart: session.start, windowEnd: session.end }
            }),
          )
          expect(sorted(h.output.records)).toEqual(sorted(expected))
          for (const { record, timestamp } of h.output.emissions)
            expect(timestamp).toBe((record as { windowEnd: number }).windowEnd - 1)
          await h.close()
        },
      ),
      { numRuns: cases(6) },
    )
  })
})

/** What sessions that are kept for a while emit, step by step. */
function kept(steps: readonly Step[], bound: number, gap: number, lateness: number, keyOf: (hit: Hit) => unknown) {
  interface Kept {
    readonly key: string
    readonly start: number
    readonly end: number
    readonly hits: readonly Hit[]
    fired: boolean
  }
  let sessions: Kept[] = []
  let highest = Number.NEGATIVE_INFINITY
  let watermark = Number.NEGATIVE_INFINITY
  let dropped = 0
  const emitted: Kept[] = []
  const fire = (): void => {
    for (const session of sessions) {
      if (session.fired || session.end - 1 > watermark) continue
      session.fired = true
      emitted.push(session)
    }
    sessions = sessions.filter(({ end }) => end - 1 + lateness > watermark)
  }
  for (const { hits, watermark: send } of steps) {
    for (const hit of hits) {
      highest = Math.max(highest, hit.at)
      const key = JSON.stringify(keyOf(hit))
      const joined = sessions.filter((x) => x.key === key && hit.at <= x.end && hit.at + gap >= x.start)
      const start = Math.min(hit.at, ...joined.map((x) => x.start))
      const end = Math.max(hit.at + gap, ...joined.map((x) => x.end))
      if (end - 1 + lateness <= watermark) dropped++
      else {
        sessions = sessions.filter((x) => !joined.includes(x))
        sessions.push({ key, start, end, hits: [hit, ...joined.flatMap((x) => x.hits)], fired: false })
      }
    }
    fire()
    if (send && highest !== Number.NEGATIVE_INFINITY) watermark = Math.max(watermark, highest - bound - 1)
    fire()
  }
  watermark = Number.POSITIVE_INFINITY
  fire()
  return { emitted, dropped }
}

describe.each(keyings)('late records by %s', (_, keyBy, keyOf) => {
  it.each([0, 7, 60])(
    'join the sessions that are kept for a lateness of %i, which come out again',
    async (lateness) => {
      await fc.assert(
        fc.asyncProperty(
          traffic(30, 3),
          fc.boolean(),
          fc.constantFrom({}, { type: Hit }),
          async (steps, byFunctions, options) => {
            const h = await run((s) => {
              const windowed = keyBy(s).window(window.session('5ms'), { allowedLateness: `${lateness}ms` })
              return byFunctions
                ? windowed.aggregate({ uid: 'w', ...functions })
                : (windowed.aggregate(declared, { uid: 'w' }) as Stream<unknown>)
            }, options)
            let dropped = 0
            const restart = h.restart.bind(h)
            const lost = () => h.subtasks.reduce((sum, { metrics }) => sum + metrics.lateDropped, 0)
            h.restart = (...args) => {
              dropped += lost()
              return restart(...args)
            }
            await runSteps(h, steps, 4)
            const expected = kept(steps, 4, 5, lateness, keyOf)
            const records = expected.emitted.map(({ start, end, hits }) => {
              const key = keyOf(hits[0])
              const single = Object.keys(key).length === 1 ? Object.values(key)[0] : key
              return { ...(byFunctions ? { key: single } : key), ...totals(hits), windowStart: start, windowEnd: end }
            })
            expect(sorted(h.output.records)).toEqual(sorted(records))
            expect(dropped + lost()).toBe(expected.dropped)
            await h.close()
          },
        ),
        { numRuns: cases(10) },
      )
    },
  )
})

describe('sessions', () => {
  const hit = (at: number, page = 1, value = 1): Hit => ({ page, site: 'a', value, at })
  const push = (h: OperatorHarness, hits: readonly Hit[], how: 'rows' | 'columns' = 'columns') =>
    h.push(how, hits, { timestamps: hits.map((x) => x.at) })
  const counted = (h: OperatorHarness) =>
    h.output.records.map((x) => {
      const { count, windowStart, windowEnd } = x as { count: number; windowStart: number; windowEnd: number }
      return [count, windowStart, windowEnd]
    })

  it('fire when the watermark passes their end, and not before', async () => {
    const h = await run((s) => s.keyBy('page').window(window.session('10ms')).count({ uid: 'w' }), { type: Hit })
    push(h, [hit(0), hit(8)])
    h.watermark(16)
    expect(counted(h)).toEqual([])
    h.watermark(17)
    expect(counted(h)).toEqual([[2, 0, 18]])
    expect(h.output.events).toEqual(['watermark 16', 1, 'watermark 17'])
  })

  it('are joined by a record between them', async () => {
    const h = await run((s) => s.keyBy('page').window(window.session('10ms')).count({ uid: 'w' }), { type: Hit })
    push(h, [hit(0), hit(18)])
    await h.restart(2)
    push(h, [hit(9)], 'rows')
    h.watermark(100)
    expect(counted(h)).toEqual([[3, 0, 28]])
  })

  it('of more keys than one turn emits go on where they stopped', async () => {
    const h = await run((s) => s.keyBy('page').window(window.session('10ms')).count({ uid: 'w' }), { type: Hit })
    for (let from = 0; from < 40_000; from += 8000)
      push(
        h,
        Array.from({ length: 8000 }, (_, i) => hit(i % 5, from + i)),
      )
    expect(h.watermark(50)).toBe(2)
    expect(new Set(h.output.records.map((x) => (x as { page: number }).page)).size).toBe(40_000)
    expect(h.output.records).toHaveLength(40_000)
    expect(h.output.emissions.every(({ columns }) => columns)).toBe(true)
  })

  it('leave late records to the side output, or count them', async () => {
    for (const lateOutput of [undefined, 'late'] as const) {
      const h = await run(
        (s) => {
          const keyed = s.keyBy('page')
          if (lateOutput === undefined) return keyed.window(window.session('10ms')).count({ uid: 'w' })
          const made = keyed.window(window.session('10ms'), { lateOutput }).count({ uid: 'w' })
          made.sideOutput('late').to(nowhere, { uid: 'late' })
          return made
        },
        { type: Hit },
      )
      if (lateOutput !== undefined) h.side('late')
      push(h, [hit(50)])
      h.watermark(40)
      push(h, [hit(30), hit(31), hit(45)])
      push(h, [hit(20), hit(35, 2)], 'rows')
      h.watermark(100)
      // The last instant of a session from 31 on would be 40, which the watermark has passed.
      expect(counted(h)).toEqual([
        [1, 35, 45],
        [2, 45, 60],
      ])
      if (lateOutput === undefined) expect(h.subtasks[0].metrics.lateDropped).toBe(3)
      else expect(h.side('late').records).toEqual([hit(30), hit(31), hit(20)])
      await h.close()
    }
  })

  it('within the allowed lateness take late records, and come out again with all they hold', async () => {
    const h = await run(
      (s) => s.keyBy('page').window(window.session('10ms'), { allowedLateness: '20ms' }).count({ uid: 'w' }),
      { type: Hit },
    )
    push(h, [hit(0), hit(30)])
    h.watermark(25)
    push(h, [hit(2), hit(-9)])
    await h.restart(2)
    push(h, [hit(14)], 'rows')
    // Joins what has fired to what has not: once more when that is over.
    push(h, [hit(20)])
    h.watermark(39)
    push(h, [hit(-9)])
    expect(counted(h)).toEqual([
      [1, 0, 10],
      [3, -9, 12],
      [1, 14, 24],
      [3, 14, 40],
    ])
    h.watermark(100)
    push(h, [hit(30)])
    expect(h.subtasks.reduce((sum, { metrics }) => sum + metrics.lateDropped, 0)).toBe(2)
    expect(h.output.records).toHaveLength(4)
  })

  it('refuse records without event time and those for which add throws', async () => {
    for (const how of ['rows', 'columns'] as const) {
      const h = await run(
        (s) =>
          s
            .keyBy('page')
            .window(window.session('10ms'))
            .aggregate({
              uid: 'w',
              onError: 'dead-letter',
              init: () => 0,
              add: (n, x) => {
                if (x.value === 13) throw new Error('add')
                return n + x.value
              },
              merge: (a, b) => a + b,
              emit: (n, { window: w }) => {
                if (n === 99) throw new Error('emit')
                return [n, w.start, w.end]
              },
            }),
        { type: Hit },
      )
      const hits = [hit(1, 1, 5), hit(2, 1, 13), hit(3, 1, 7), hit(4, 2, 99), hit(5)]
      h.push(how, hits, { timestamps: [1, 2, 3, 4, Number.NaN] })
      h.watermark(50)
      expect(h.output.records).toEqual([[12, 1, 13]])
      expect(h.poisoned.map(({ record }) => record)).toEqual([
        hits[1],
        hits[4],
        { key: 2, window: { start: 4, end: 14 } },
      ])
      await h.close()
    }
  })
})
