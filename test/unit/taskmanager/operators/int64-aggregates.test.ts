/**
 * Sums, least and greatest values of int64 are exact: running, in windows of all kinds, in memory and in RocksDB, through
 * restarts; and state goes from float64 to int64 and back when the type of the field changes.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { avg, count, max, min, sum, t, window } from '../../../../sdk/index.ts'
import type { Stream } from '../../../../sdk/stream.ts'
import { readEntries } from '../../../../taskmanager/state/snapshot/read-snapshot.ts'
import { cases } from '../../../support/nightly.ts'
import { OperatorHarness } from '../../../support/operator-harness.ts'

interface Row {
  k: number
  w?: bigint | undefined
}
interface Result {
  k: number
  n: number
  total: bigint
  least: bigint | null
  most: bigint | null
  mean: number
}

const open: OperatorHarness[] = []
afterEach(async () => {
  for (const harness of open.splice(0)) await harness.close()
})

const columns = { n: count(), total: sum('w'), least: min('w'), most: max('w'), mean: avg('w') }
const kinds = {
  running: (s: Stream<Row>) => s.keyBy('k').aggregate(columns, { uid: 'a' }),
  tumbling: (s: Stream<Row>) => s.keyBy('k').window(window.tumbling('100ms')).aggregate(columns, { uid: 'a' }),
  sliding: (s: Stream<Row>) => s.keyBy('k').window(window.sliding('100ms', '20ms')).aggregate(columns, { uid: 'a' }),
  sessions: (s: Stream<Row>) => s.keyBy('k').window(window.session('30ms')).aggregate(columns, { uid: 'a' }),
} as const
type Kind = keyof typeof kinds

const whole = t.object({ k: t.timestamp(), w: t.optional(t.int64()) })
const floating = t.object({ k: t.timestamp(), w: t.optional(t.float64()) })

function job(kind: Kind, rocksdb: boolean, type: typeof whole | typeof floating = whole): OperatorHarness {
  const made = OperatorHarness.of<Row>((s) => kinds[kind](s) as Stream<unknown>, { type, rocksdb })
  open.push(made)
  return made
}

const push = (
  h: OperatorHarness,
  rows: readonly { k: number; w?: unknown }[],
  how: 'rows' | 'columns' = 'rows',
): void => void h.push(how, rows, { timestamps: rows.map((_, i) => 30 + (i % 5)) })

/** By key, the last result: of a sliding window the one that holds everything. */
function results(h: OperatorHarness, kind: Kind): Map<number, Result> {
  if (kind !== 'running') h.watermark(99)
  return new Map((h.output.records as Result[]).map((result) => [result.k, result]))
}

function model(rows: readonly Row[]): Map<number, Result> {
  const found = new Map<number, Result>()
  for (const { k } of rows) {
    const own = rows.filter((row) => row.k === k)
    const values = own.flatMap(({ w }) => (w === undefined ? [] : [w]))
    const pick = (better: (a: bigint, b: bigint) => boolean): bigint | null =>
      values.length === 0 ? null : values.reduce((a, b) => (better(b, a) ? b : a))
    const mean = values.reduce((a, b) => a + Number(b), 0) / values.length
    const total = values.reduce((a, b) => a + b, 0n)
    found.set(k, { k, n: own.length, total, least: pick((a, b) => a < b), most: pick((a, b) => a > b), mean })
  }
  return found
}

const backends = [false, true]
const everything = (Object.keys(kinds) as Kind[]).flatMap((kind) => backends.map((rocksdb) => ({ kind, rocksdb })))

describe.each(everything)('aggregates of int64 ($kind, RocksDB: $rocksdb)', ({ kind, rocksdb }) => {
  it('equal those of bigints, through a restart', async () => {
    const value = fc.option(fc.oneof(fc.bigInt(-(2n ** 58n), 2n ** 58n), fc.bigInt(-3n, 3n)), { nil: undefined })
    const row = fc.record({ k: fc.integer({ min: 0, max: 3 }), w: value })
    const step = fc.tuple(
      fc.array(row, { minLength: 1, maxLength: 8 }),
      fc.constantFrom('rows' as const, 'columns' as const),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 4 }), fc.nat(3), async (steps, restartAt) => {
        const h = await job(kind, rocksdb).start(2)
        for (const [i, [rows, how]] of steps.entries()) {
          if (i === restartAt) await h.restart(1)
          push(h, rows, how)
        }
        const found = results(h, kind)
        const expected = model(steps.flatMap(([rows]) => rows))
        expect([...found.keys()].sort()).toEqual([...expected.keys()].sort())
        for (const [k, { mean, ...rest }] of expected) {
          expect(found.get(k)).toMatchObject(rest)
          // A mean is a number: the order of the panes rounds it.
          if (Number.isNaN(mean)) expect(found.get(k)?.mean).toBeNaN()
          else expect(Math.abs((found.get(k)?.mean as number) - mean)).toBeLessThanOrEqual(2 ** 12)
        }
        await h.close()
      }),
      { numRuns: cases(rocksdb ? 4 : 8) },
    )
  })

  it('are refused where no int64 holds the sum, and not before', async () => {
    const most = 2n ** 63n - 1n
    const h = await job(kind, rocksdb).start()
    push(h, [{ k: 1, w: most }])
    const passed = (): void => push(h, [{ k: 1, w: 1n }])
    const back = (): void => push(h, [{ k: 1, w: -1n }])
    if (kind === 'running') {
      expect(passed).toThrow(
        expect.objectContaining({ code: 'STATE_SUM_TOO_LARGE', message: expect.stringContaining(`${most + 1n}`) }),
      )
      return
    }
    passed()
    back()
    expect(results(h, kind).get(1)).toMatchObject({ total: most })
    const over = await job(kind, rocksdb).start()
    push(over, [{ k: 1, w: most }, { k: 1, w: 1n }]) // biome-ignore format: one line
    expect(() => results(over, kind)).toThrow(expect.objectContaining({ code: 'STATE_SUM_TOO_LARGE' }))
  })

  it('go on from state of float64, and back', async () => {
    const rows = [{ k: 1, w: 5 }, { k: 2 }, { k: 1, w: -7 }] // biome-ignore format: one line
    const before = await job(kind, !rocksdb, floating).start(2)
    push(before, rows)
    const now = await job(kind, rocksdb).startFrom(before, 3)
    push(now, [{ k: 1, w: 2n ** 53n }, { k: 2 }, { k: 1, w: 3n }])
    // What it writes now is of today's type.
    await now.restart(1)
    push(now, [{ k: 1 }])
    const again = await job(kind, !rocksdb, floating).startFrom(now, 2)
    expect(results(now, kind).get(1)).toMatchObject({ n: 5, total: 2n ** 53n + 1n, least: -7n, most: 2n ** 53n })
    if (kind !== 'running')
      expect(results(now, kind).get(2)).toMatchObject({ n: 2, total: 0n, least: null, most: null })
    push(again, [{ k: 1, w: -7.5 }, { k: 2 }])
    expect(results(again, kind).get(1)).toMatchObject({ n: 6, total: 2 ** 53 - 8, least: -7.5, most: 2 ** 53 })
    expect(results(again, kind).get(2)).toMatchObject({ n: 3, total: 0, least: Number.NaN })
  })

  it('are read from a savepoint', async () => {
    const h = await job(kind, rocksdb).start()
    push(h, [{ k: 1, w: 2n ** 62n }, { k: 1, w: 2n ** 62n - 1n }, { k: 2 }]) // biome-ignore format: one line
    const directory = mkdtempSync(join(tmpdir(), 'millrace-int64-'))
    const snapshot = await h.savepoint(join(directory, 'savepoint'))
    const values = new Map<unknown, unknown>()
    for await (const { uid, key, value } of readEntries(snapshot)) if (uid === 'a') values.set(key, value)
    rmSync(directory, { recursive: true })
    expect(values.get(1)).toEqual({
      n: 2,
      total: 2n ** 63n - 1n,
      least: 2n ** 62n - 1n,
      most: 2n ** 62n,
      mean: 2 ** 62,
    })
    expect(values.get(2)).toEqual({ n: 1, total: 0n, least: null, most: null, mean: null })
  })

  it('do not begin with a fraction', async () => {
    const before = await job(kind, rocksdb, floating).start()
    push(before, [{ k: 1, w: 0.5 }])
    await expect(job(kind, rocksdb).startFrom(before)).rejects.toMatchObject({
      code: 'STATE_MALFORMED',
      message: expect.stringContaining('sum(w) is int64 now, and an entry has 0.5'),
    })
  })
})

it('a record whose value is no int64 is refused alone', async () => {
  const build = (s: Stream<Row>) => s.keyBy('k').aggregate(columns, { uid: 'a', onError: 'skip' }) as Stream<unknown>
  const h = await OperatorHarness.of<Row>(build, { type: whole }).start()
  open.push(h)
  push(h, [
    { k: 1, w: 1n },
    { k: 1, w: 1.5 },
    { k: 1, w: 2n ** 63n },
    { k: 1, w: 'x' },
    { k: 1, w: 3 },
  ])
  expect(h.poisoned.map(({ error }) => (error as Error).message)).toEqual(
    ['1.5', 'bigint', 'string'].map((value) => `sum('w') needs an int64, the record has ${value}`),
  )
  expect(h.output.records.at(-1)).toMatchObject({ n: 2, total: 4n })
})
