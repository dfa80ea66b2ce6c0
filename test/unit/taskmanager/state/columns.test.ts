/**
 * State fed from columns is the state fed from plain rows: the same keys, aggregates, windows, sessions.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Arena } from '../../../../core/arena/arena.ts'
import type { RecordBatch } from '../../../../core/columns/batch.ts'
import { encodeRows } from '../../../../core/columns/encode.ts'
import type { Schema } from '../../../../core/columns/schema.ts'
import { systemClock } from '../../../../core/platform/clock.ts'
import { ResultColumn } from '../../../../taskmanager/state/aggregates/result-column.ts'
import type { KeyShape, StateBackendOptions, WindowAggregate, WindowSlice } from '../../../../taskmanager/state/api.ts'
import { createKeyedStateBackend } from '../../../../taskmanager/state/backend.ts'
import { createSessionStore } from '../../../../taskmanager/state/sessions/session-store.ts'
import { createWindowStore } from '../../../../taskmanager/state/windows/window-store.ts'
import { resultsAt, testHash } from './support.ts'

const arena = Arena.create({ bytes: 32 * 1024 * 1024 })

interface Row {
  readonly a: unknown
  readonly b: unknown
  readonly v: number | null
  readonly w: bigint | null
}

const schema = (a: 'float64' | 'int32' | 'string', b: 'float64' | 'string', nullable: boolean): Schema => ({
  record: 'object',
  fields: [
    { name: 'a', type: { kind: a }, nullable },
    { name: 'b', type: { kind: b } },
    { name: 'v', type: { kind: 'float64' }, nullable: true },
    { name: 'w', type: { kind: 'int64' }, nullable: true },
  ],
})

const integer = fc.integer({ min: -3, max: 3 })
const double = fc.oneof(integer, fc.constantFrom(0.5, -0, Number.NaN, 2 ** 40, Number.NEGATIVE_INFINITY))
const string = fc.oneof(fc.constantFrom('', 'a', 'Grüße', '\ud800', 'x'.repeat(200)), fc.string({ maxLength: 3 }))
const ascii = fc.constantFrom('', 'a', 'ab', 'x'.repeat(200))

const shapes: readonly (readonly [string, KeyShape, Schema, fc.Arbitrary<unknown>, fc.Arbitrary<unknown>])[] = [
  ['a number', { type: 'number', fields: ['a'], single: true }, schema('float64', 'float64', false), double, double],
  ['an int32', { type: 'number', fields: ['a'], single: true }, schema('int32', 'float64', false), integer, double],
  ['a string', { type: 'string', fields: ['a'], single: true }, schema('string', 'float64', false), string, double],
  [
    'any single value',
    { type: 'any', fields: ['a'], single: true },
    schema('string', 'float64', false),
    string,
    double,
  ],
  [
    'a nullable number',
    { type: 'any', fields: ['a'], single: true },
    schema('float64', 'float64', true),
    fc.option(double),
    double,
  ],
  ['two fields', { type: 'any', fields: ['b', 'a'], single: false }, schema('int32', 'string', false), integer, ascii],
  [
    'two fields, not ASCII',
    { type: 'any', fields: ['b', 'a'], single: false },
    schema('float64', 'string', false),
    double,
    string,
  ],
]

const options = (key: KeyShape): StateBackendOptions => ({
  key,
  range: { from: 0, to: 65536 },
  states: [],
  target: undefined,
  restored: undefined,
  clock: systemClock,
})

const aggregates = [
  { as: 'n', fn: 'count' },
  { as: 'k', fn: 'count', field: 'v' },
  { as: 's', fn: 'sum', field: 'v' },
  { as: 'hi', fn: 'max', field: 'v' },
  { as: 'mean', fn: 'avg', field: 'v' },
  { as: 'whole', fn: 'sum', field: 'w', int64: true },
  { as: 'least', fn: 'min', field: 'w', int64: true },
  { as: 'round', fn: 'avg', field: 'w' },
] as const
const declared: WindowAggregate = { kind: 'declared', aggregates }

describe.each(shapes)('keys that are %s', (_, shape, of, a, b) => {
  const rowsOf = fc.array(
    fc.record({
      a,
      b,
      v: fc.option(fc.integer({ min: -9, max: 9 })),
      w: fc.option(fc.bigInt(-(2n ** 54n), 2n ** 54n)),
    }),
    {
      minLength: 1,
      maxLength: 40,
    },
  )
  const input = fc.tuple(
    rowsOf,
    fc.infiniteStream(fc.boolean()),
    fc.boolean(),
    fc.infiniteStream(fc.integer({ min: 0, max: 100 })),
  )

  function both(
    [rows, picks, whole, times]: [Row[], Stream<boolean>, boolean, Stream<number>],
    check: (
      batch: RecordBatch,
      selection: Int32Array | undefined,
      n: number,
      plain: { keys: unknown[]; hashes: Int32Array; rows: Row[]; timestamps: Float64Array },
    ) => void,
  ): void {
    const keyOf = (row: Row): unknown => (shape.single ? row.a : { b: row.b, a: row.a })
    const hashes = Int32Array.from(rows, (row) => testHash(keyOf(row)))
    const stamps = Float64Array.from(rows, () => times.next().value as number)
    const { batch } = encodeRows(arena, 0, of, rows, 0, rows.length, stamps, hashes) ?? {}
    if (batch === undefined) throw new Error('the arena is full')
    const picked = rows.flatMap((__, i) => (whole || picks.next().value === true ? [i] : []))
    const chosen = picked.map((i) => rows[i])
    check(batch, whole ? undefined : Int32Array.from(picked), picked.length, {
      keys: chosen.map(keyOf),
      hashes: Int32Array.from(picked, (i) => hashes[i]),
      rows: chosen,
      timestamps: Float64Array.from(picked, (i) => stamps[i]),
    })
    batch.release()
  }

  test('get the same ids and running aggregates', async () => {
    const backend = createKeyedStateBackend(options(shape))
    const columns = backend.accumulators('columns', aggregates)
    const plain = backend.accumulators('plain', aggregates)
    await backend.open()
    fc.assert(
      fc.property(input, (given) => {
        both(given, (batch, selection, n, source) => {
          const ids = backend.resolve(batch, selection, n)
          const out = aggregates.map(() => new ResultColumn(n))
          columns.update(ids, n, batch, selection, out)
          const expected = [...ids]
          const same = backend.resolveRows(source, n)
          expect([...same]).toEqual(expected)
          for (let i = 0; i < n; i++) {
            const { a: first, b: second } = source.rows[i]
            expect(backend.keyOf(same[i])).toEqual(shape.single ? key0(first) : { a: key0(first), b: key0(second) })
          }
          const expectedOut = aggregates.map(() => new ResultColumn(n))
          plain.updateRows(same, n, source.rows, expectedOut)
          expect(out).toEqual(expectedOut)
        })
      }),
      { numRuns: 60 },
    )
    backend.close()
  })

  test('fill the same windows and sessions', () => {
    const window = () =>
      createWindowStore({ ...options(shape), name: 'w', aggregate: declared, paneMs: 10, offsetMs: 0 })
    const session = () => createSessionStore({ ...options(shape), name: 's', aggregate: declared, gapMs: 5 })
    const collect =
      (into: string[]) =>
      (slice: WindowSlice & { starts?: Float64Array }): boolean => {
        for (let i = 0; i < slice.count; i++)
          into.push(`${JSON.stringify(slice.key(i))}@${slice.starts?.[i]}:${resultsAt(slice, aggregates, i)}`)
        return true
      }
    fc.assert(
      fc.property(input, (given) => {
        both(given, (batch, selection, n, source) => {
          const stores = [window(), window()]
          const late = [new Int32Array(n), new Int32Array(n)]
          const lateColumns = stores[0].add(batch, selection, n, 20, late[0])
          const lateRows = stores[1].addRows(source, n, 20, late[1])
          expect(lateColumns).toBe(lateRows)
          const row = (i: number): number => (selection === undefined ? i : selection[i])
          expect([...late[0].subarray(0, lateColumns)]).toEqual([...late[1].subarray(0, lateRows)].map(row))
          const results: string[][] = [[], []]
          stores.forEach((store, i) => {
            for (const start of store.panes()) store.fire(start, start + 10, collect(results[i]))
            store.fire(0, 200, collect(results[i]))
            store.close()
          })
          expect(results[0]).toEqual(results[1])
          const ends: string[][] = [[], []]
          const sessions = [session(), session()]
          sessions[0].add(batch, selection, n, 20, late[0])
          sessions[1].addRows(source, n, 20, late[1])
          sessions.forEach((store, i) => {
            store.fire(1000, collect(ends[i]))
            store.close()
          })
          expect(ends[0]).toEqual(ends[1])
        })
      }),
      { numRuns: 40 },
    )
  })
})

interface Stream<T> {
  next(): IteratorResult<T>
}

/** Keys have one zero. */
const key0 = (value: unknown): unknown => (value === 0 ? 0 : value)
