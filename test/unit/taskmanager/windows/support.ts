/** What the tests of windows share: random traffic, and the results of windows computed plainly from all records at once. */
import fc from 'fast-check'
import { count, max, min, sum, t } from '../../../../sdk/index.ts'
import type { KeyedStream } from '../../../../sdk/keyed-stream.ts'
import type { Stream } from '../../../../sdk/stream.ts'
import type { OperatorHarness } from '../../../support/operator-harness.ts'

export interface Hit {
  readonly page: number
  readonly site: string
  readonly value: number
  readonly at: number
}
export const Hit = t.object({ page: t.float64(), site: t.string(), value: t.float64(), at: t.float64() })

export type AnyKeyed = KeyedStream<Hit, unknown, object>

/** Name, selector, and the key of a record as it stands in results. */
export const keyings: readonly (readonly [
  string,
  (s: Stream<Hit>) => AnyKeyed,
  (x: Hit) => Record<string, unknown>,
])[] = [
  ['a number', (s) => s.keyBy('page') as AnyKeyed, (x) => ({ page: x.page })],
  ['a string', (s) => s.keyBy('site') as AnyKeyed, (x) => ({ site: x.site })],
  ['two fields', (s) => s.keyBy(['site', 'page']) as AnyKeyed, (x) => ({ site: x.site, page: x.page })],
  ['a function', (s) => s.keyBy((x) => `${x.site}/${x.page}`) as AnyKeyed, (x) => ({ key: `${x.site}/${x.page}` })],
]

/** The aggregates of the tests, declared. */
export const declared = { n: count(), total: sum('value'), low: min('value'), high: max('value') }

/** The same by functions, with accumulators that are changed in place. */
export const functions = {
  init: () => ({ n: 0, total: 0, low: Number.POSITIVE_INFINITY, high: Number.NEGATIVE_INFINITY }),
  add: (acc: Totals, x: Hit) => {
    acc.n++
    acc.total += x.value
    acc.low = Math.min(acc.low, x.value)
    acc.high = Math.max(acc.high, x.value)
    return acc
  },
  merge: (a: Totals, b: Totals) => {
    a.n += b.n
    a.total += b.total
    a.low = Math.min(a.low, b.low)
    a.high = Math.max(a.high, b.high)
    return a
  },
  emit: (acc: Totals, { key, window }: { key: unknown; window: { start: number; end: number } }) => ({
    key,
    ...acc,
    windowStart: window.start,
    windowEnd: window.end,
  }),
}

export interface Totals {
  n: number
  total: number
  low: number
  high: number
}

export interface Window {
  readonly start: number
  readonly end: number
}

export const totals = (hits: readonly Hit[]): Totals => ({
  n: hits.length,
  total: hits.reduce((a, x) => a + x.value, 0),
  low: Math.min(...hits.map((x) => x.value)),
  high: Math.max(...hits.map((x) => x.value)),
})

/** All windows of that size and slide that hold a time. */
export function windowsOf(at: number, size: number, slide: number, offset: number): Window[] {
  const windows: Window[] = []
  for (let start = Math.floor((at - offset) / slide) * slide + offset; start > at - size; start -= slide)
    windows.push({ start, end: start + size })
  return windows
}

/** Sessions of the hits of one key. */
export function sessionsOf(hits: readonly Hit[], gap: number): (Window & { hits: Hit[] })[] {
  const sessions: { start: number; end: number; hits: Hit[] }[] = []
  for (const hit of hits.toSorted((a, b) => a.at - b.at)) {
    const last = sessions.at(-1)
    if (last !== undefined && hit.at <= last.end) {
      last.end = Math.max(last.end, hit.at + gap)
      last.hits.push(hit)
    } else sessions.push({ start: hit.at, end: hit.at + gap, hits: [hit] })
  }
  return sessions
}

export const sorted = (records: readonly unknown[]): string[] => records.map((x) => JSON.stringify(x, ordered)).sort()

function ordered(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Groups by the JSON of a key. */
export function groupBy<T>(items: readonly T[], keyOf: (item: T) => unknown): T[][] {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const key = JSON.stringify(keyOf(item))
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return [...groups.values()]
}

export interface Step {
  readonly hits: readonly Hit[]
  readonly how: 'rows' | 'columns'
  readonly watermark: boolean
  /** Checkpoint and restart at this parallelism, before the hits. */
  readonly restart: number | null
}

/** Traffic whose event times rise on average, each at most `jitter` behind the highest before it. */
export function traffic(jitter: number, spread = 4): fc.Arbitrary<Step[]> {
  const hit = fc.record(
    {
      page: fc.integer({ min: -2, max: 3 }),
      site: fc.constantFrom('a', 'b', 'ü'),
      value: fc.integer({ min: -50, max: 50 }),
      behind: fc.integer({ min: 0, max: jitter }),
      ahead: fc.integer({ min: 0, max: spread }),
    },
    { noNullPrototype: true },
  )
  const step = fc.record({
    hits: fc.array(hit, { maxLength: 40 }),
    how: fc.constantFrom('rows' as const, 'columns' as const),
    watermark: fc.boolean(),
    restart: fc.option(fc.integer({ min: 1, max: 3 }), { freq: 3 }),
  })
  return fc.array(step, { maxLength: 6 }).map((steps) => {
    let highest = 1000
    return steps.map(({ hits, ...rest }) => ({
      ...rest,
      hits: hits.map(({ page, site, value, behind, ahead }) => {
        highest += ahead
        return { page, site, value, at: highest - behind }
      }),
    }))
  })
}

/** Runs the steps; a watermark is what a source with that bound would send. Returns the watermark before each step. */
export async function runSteps(h: OperatorHarness, steps: readonly Step[], boundMs: number): Promise<number[]> {
  let highest = Number.NEGATIVE_INFINITY
  let watermark = Number.NEGATIVE_INFINITY
  const before: number[] = []
  for (const { hits, how, watermark: send, restart } of steps) {
    if (restart !== null) await h.restart(restart)
    before.push(watermark)
    if (hits.length > 0) h.push(how, hits, { timestamps: hits.map((x) => x.at) })
    for (const { at } of hits) highest = Math.max(highest, at)
    if (!send || highest === Number.NEGATIVE_INFINITY) continue
    watermark = Math.max(watermark, highest - boundMs - 1)
    h.watermark(watermark)
  }
  h.watermark(Number.POSITIVE_INFINITY)
  return before
}
