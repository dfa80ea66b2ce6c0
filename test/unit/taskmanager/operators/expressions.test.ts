/** Declared conditions over columns and over records: both say the same, and null is neither less nor more than anything. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Arena } from '../../../../core/arena/arena.ts'
import { encodeRows } from '../../../../core/columns/encode.ts'
import type { Schema } from '../../../../core/columns/schema.ts'
import { field, type Where } from '../../../../sdk/field.ts'
import { batchPredicate, recordPredicate } from '../../../../taskmanager/operators/expressions.ts'

const arena = Arena.create({ bytes: 64 * 1024 * 1024, largeSegments: 1, owner: 6 })
const schema: Schema = {
  record: 'object',
  fields: [
    { name: 'a', type: { kind: 'float64' }, nullable: true },
    { name: 'b', type: { kind: 'int32' }, optional: true },
    { name: 'c', type: { kind: 'int32' } },
  ],
}
interface Row {
  a: number | null
  b?: number
  c: number
}

const compared = (name: string, op: (typeof ops)[number], constant: number): Where<unknown> =>
  (field(name)[op] as (constant: number) => Where<unknown>)(constant)
const ops = ['eq', 'ne', 'lt', 'le', 'gt', 'ge'] as const
const comparison = fc
  .tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom(...ops), fc.integer({ min: -2, max: 2 }))
  .map(([name, op, constant]) => compared(name, op, constant))
const condition = fc
  .tuple(comparison, comparison, fc.constantFrom('and', 'or'), fc.boolean())
  .map(([one, other, how, not]) => {
    const both = how === 'and' ? one.and(other) : one.or(other)
    return not ? both.not() : both
  })
const small = fc.integer({ min: -2, max: 2 })
const row: fc.Arbitrary<Row> = fc.record(
  { a: fc.oneof(small, fc.constant(null)), b: small, c: small },
  { requiredKeys: ['a', 'c'] },
)

function selected(where: Where<unknown>, rows: readonly Row[]): { columns: unknown[]; records: unknown[] } {
  const batch = encodeRows(arena, 6, schema, rows, 0, rows.length)?.batch
  const predicate = batchPredicate(where.condition, schema)
  if (batch === undefined || predicate === undefined) throw new Error('not over columns')
  const keep = new Int32Array(rows.length)
  const kept = predicate(batch, undefined, keep)
  batch.release()
  return {
    columns: [...keep.subarray(0, kept)].map((at) => rows[at]),
    records: rows.filter(recordPredicate(where.condition)),
  }
}

describe('a declared condition', () => {
  test('says the same of columns with gaps as of records', () => {
    fc.assert(
      fc.property(condition, fc.array(row, { minLength: 1, maxLength: 30 }), (where, rows) => {
        const { columns, records } = selected(where, rows)
        expect(columns).toEqual(records)
      }),
      { numRuns: 500 },
    )
  })

  test('is false for null and absent values, whichever way it points, and true where it asks for another value', () => {
    const rows: Row[] = [
      { a: null, c: 0 },
      { a: 0, b: 0, c: 0 },
    ]
    for (const name of ['a', 'b']) {
      for (const op of ['lt', 'le', 'gt', 'ge', 'eq'] as const)
        for (const constant of [-1, 0, 1])
          expect(selected(compared(name, op, constant), rows).columns).not.toContain(rows[0])
      expect(selected(field(name).ne(5) as Where<unknown>, rows).columns).toEqual(rows)
    }
  })

  test('goes by records where it needs more than columns say', () => {
    expect(batchPredicate(field('a').plus(1).gt(0).condition, schema)).toBeUndefined()
    expect(batchPredicate(field('a').eq(null).condition, schema)).toBeUndefined()
    expect(recordPredicate(field('a').eq(null).condition)({ a: null })).toBe(true)
  })
})
