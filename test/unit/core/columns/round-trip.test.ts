/** Records to columns and back. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Arena } from '../../../../core/arena/arena.ts'
import type { RecordBatch } from '../../../../core/columns/batch.ts'
import { encodeRows, schemaOfRows } from '../../../../core/columns/encode.ts'
import { gather } from '../../../../core/columns/gather.ts'
import { hashColumns, hashValue } from '../../../../core/columns/hash.ts'
import { inferSchema } from '../../../../core/columns/infer.ts'
import { batchBytes, contiguous } from '../../../../core/columns/layout.ts'
import { openBatch } from '../../../../core/columns/open.ts'
import { readColumn, readRows, rowReader } from '../../../../core/columns/rows.ts'
import type { Schema } from '../../../../core/columns/schema.ts'
import { cases } from '../../../support/nightly.ts'

const arena = Arena.create({ bytes: 64 * 1024 * 1024, largeSegments: 2, owner: 1 })

/** All batches of some rows; the caller's function sees each before it is released. */
function batches(
  rows: readonly unknown[],
  schema: Schema | undefined,
  visit: (batch: RecordBatch, from: number) => void,
): void {
  for (let from = 0; from < rows.length; ) {
    const out = encodeRows(arena, 1, schema, rows, from, rows.length)
    if (out === undefined) throw new Error('no free segment')
    try {
      visit(out.batch, from)
    } finally {
      out.batch.release()
    }
    from += out.consumed
  }
}

function roundTrip(rows: readonly unknown[], schema?: Schema): unknown[] {
  const back: unknown[] = []
  batches(rows, schema, (batch) => {
    const again = openBatch(arena, batch.segments[0], schema)
    back.push(...readRows(again))
  })
  expect(arena.usedBytes).toBe(0)
  return back
}

function same(actual: unknown, expected: unknown): void {
  expect(actual).toStrictEqual(expected)
  // toStrictEqual looks at neither -0 in all places nor the order of properties.
  expect(shape(actual)).toBe(shape(expected))
}

function shape(value: unknown): string {
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'bigint') return `${value}n`
  if (value instanceof Date) return `Date(${value.getTime()})`
  if (value instanceof Uint8Array) return `Bytes(${[...value]})`
  if (value instanceof Map) return `Map(${[...value].map(shape)})`
  if (value instanceof Set) return `Set(${[...value].map(shape)})`
  if (Array.isArray(value))
    return `[${Array.from({ length: value.length }, (_, i) => (i in value ? shape(value[i]) : 'hole')).join()}]`
  if (value !== null && typeof value === 'object')
    return `{${Object.entries(value).map(([k, v]) => `${JSON.stringify(k)}:${shape(v)}`)}}`
  return String(value)
}

describe('an adaptive batch', () => {
  const named: Record<string, unknown[]> = {
    'plain objects': [
      { a: 1, b: 'x', c: true },
      { a: 2.5, b: 'yy', c: false },
    ],
    'odd numbers': [{ a: NaN }, { a: -0 }, { a: Infinity }, { a: -Infinity }, { a: 0 }, { a: 2 ** 53 }, { a: 5e-324 }],
    bigints: [{ a: 1n }, { a: -(2n ** 63n) }, { a: 2n ** 63n - 1n }],
    'bigints of any size': [{ a: 1n }, { a: 2n ** 63n }, { a: -(10n ** 60n) }],
    dates: [{ a: new Date(0) }, { a: new Date(NaN) }, { a: new Date(1.7e12) }],
    'null, undefined and absent': [{ a: null, b: 1 }, { a: undefined, b: 2 }, { b: 3 }, { a: 1, b: 4 }],
    'null, undefined and absent strings': [{ a: null, b: 1 }, { a: undefined, b: 2 }, { b: 3 }, { a: 'x', b: 4 }],
    'nothing but nulls': [{ a: null }, { a: null }],
    'nothing but undefined': [{ a: undefined }, { a: undefined }],
    strings: [{ a: '' }, { a: 'é' }, { a: '日本語' }, { a: '😀' }, { a: 'plain' }],
    'lone surrogates': [{ a: '\ud83d' }, { a: '\ude00' }, { a: 'x\ud83dy\ude00z😀é' }, { a: '' }],
    'halves of a pair in neighbours': [{ a: 'é\ud83d' }, { a: '\ude00' }],
    bytes: [{ a: new Uint8Array([0, 255]) }, { a: new Uint8Array() }],
    'maps and sets': [
      {
        a: new Map<unknown, unknown>([
          [1, { x: [1] }],
          ['k', null],
        ]),
      },
      { a: new Set([1, 'x', undefined]) },
    ],
    'nested objects': [{ a: { b: { c: 1 }, d: ['x'] } }, { a: { b: { c: 2 }, d: [] } }],
    'nested nulls': [{ a: { b: null } }, { a: null }, { a: {} }, { a: { b: undefined } }],
    lists: [{ a: [1, 2, 3] }, { a: [] }, { a: [4] }],
    'lists with gaps': [{ a: [1, undefined, null] }, { a: [] }],
    'arrays with holes': [{ a: Object.assign(new Array(3), { 0: 1, 2: 3 }) }],
    'empty objects': [{}, {}],
    'objects in objects, empty': [{ a: {} }, { a: {} }],
    'mixed types': [{ a: 1 }, { a: 'x' }, { a: { b: 1 } }, { a: [1] }],
    'bare numbers': [1, 2, -0, NaN],
    'bare strings': ['a', 'é', ''],
    'bare nulls': [null, undefined, 1],
    'arrays as records': [[1, 'a'], [2]],
    'mixed records': [1, 'x', { a: 1 }, [2], null],
    'a property named __proto__': [JSON.parse('{"__proto__": 1, "a": 2}'), JSON.parse('{"__proto__": 3, "a": 4}')],
    'keys that are no identifiers': [{ 'a b': 1, '"': 2, 'é\ud83d': 3, 7: 4 }],
    dictionaries: [Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`k${i}`, i]))],
    'other property order': [
      { a: 1, b: 2 },
      { a: 3, b: 4 },
    ],
  }
  for (const [name, rows] of Object.entries(named)) {
    test(`gives back ${name}`, () => {
      same(roundTrip(rows), rows)
      // Again, with the schema remembered.
      same(roundTrip(rows), rows)
    })
  }

  test('does not lose what differs from the batch before', () => {
    same(roundTrip([{ a: 1, b: { c: 1 } }]), [{ a: 1, b: { c: 1 } }])
    const rows = [
      { a: 1, b: { c: 1, d: 2 } },
      { a: 'x', b: { c: 1 } },
      { a: 1, b: { c: 1 }, e: 5 },
    ]
    for (const row of rows) same(roundTrip([row]), [row])
    same(roundTrip(rows), rows)
  })

  test('keeps the order of properties, and the columns where some order is that of all', () => {
    const kinds = (rows: object[]): string[] => inferSchema(rows, 0, rows.length).fields.map(({ name }) => name)
    expect(
      kinds([
        { a: 1, c: 2 },
        { a: 1, b: 2, c: 3 },
      ]),
    ).toEqual(['a', 'b', 'c'])
    expect(
      kinds([
        { a: 1, b: 2 },
        { b: 1, a: 2 },
      ]),
    ).toEqual([''])
    for (const rows of [
      [{ '': 0 }, { '\u0000': new Date(0), '': '' }],
      [{ b: 0 }, { a: 1, b: 2 }],
      [{ b: 0 }, { a: 1, b: 'x' }, { b: 1, a: 'y' }],
      [
        { a: 1, c: 2 },
        { a: 1, b: 2, c: 3 },
        { b: 1, c: 2, d: 3 },
      ],
      [{ x: { a: 1, b: 2 } }, { x: { b: 1, a: 2 } }],
    ])
      same(roundTrip(rows), rows)
  })

  test('gives back anything that is data', () => {
    const value = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withSparseArray: true,
      withNullPrototype: true,
      withUnicodeString: true,
      maxDepth: 3,
    })
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 8 }), (rows) => {
        same(roundTrip(rows), rows)
      }),
      { numRuns: cases(100) },
    )
    fc.assert(
      fc.property(
        fc.array(
          fc.record({ a: value, b: fc.string({ unit: 'binary' }), c: fc.option(fc.double()) }, { requiredKeys: ['b'] }),
          { minLength: 1, maxLength: 20 },
        ),
        (rows) => {
          expect(roundTrip(rows)).toStrictEqual(rows)
        },
      ),
      { numRuns: cases(80) },
    )
  })

  test('refuses functions, symbols and instances of classes, and holds nothing afterwards', () => {
    class Point {
      x = 1
    }
    for (const bad of [() => 1, Symbol('s'), new Point(), new URL('http://x')]) {
      expect(() => roundTrip([{ a: bad }])).toThrow(expect.objectContaining({ code: 'COLUMNS_NOT_A_VALUE' }))
      expect(() => roundTrip([bad])).toThrow(expect.objectContaining({ code: 'COLUMNS_NOT_A_VALUE' }))
    }
    const loop: Record<string, unknown> = {}
    loop.self = loop
    expect(() => roundTrip([loop])).toThrow(expect.objectContaining({ code: 'COLUMNS_TOO_DEEP' }))
    expect(arena.usedBytes).toBe(0)
  })
})

describe('a declared batch', () => {
  const schema: Schema = {
    record: 'object',
    fields: [
      { name: 'id', type: { kind: 'int32' } },
      { name: 'price', type: { kind: 'float64' }, nullable: true },
      { name: 'big', type: { kind: 'int64' }, optional: true },
      { name: 'name', type: { kind: 'string' }, nullable: true, optional: true },
      { name: 'ok', type: { kind: 'boolean' }, nullable: true, optional: true },
      { name: 'at', type: { kind: 'date' }, nullable: true },
      {
        name: 'tags',
        type: { kind: 'list', item: { name: '', type: { kind: 'string' }, nullable: true } },
        optional: true,
      },
      {
        name: 'place',
        type: {
          kind: 'struct',
          fields: [
            { name: 'x', type: { kind: 'timestamp' } },
            { name: 'y', type: { kind: 'any' } },
          ],
        },
        nullable: true,
      },
      { name: 'raw', type: { kind: 'bytes' } },
    ],
  }
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: 'binary' }),
    fc.constant('\ud800x'),
  )
  const record = fc.record(
    {
      id: fc.integer(),
      price: fc.option(fc.double()),
      big: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      name: fc.oneof(text, fc.constant(null), fc.constant(undefined)),
      ok: fc.oneof(fc.boolean(), fc.constant(null), fc.constant(undefined)),
      at: fc.option(fc.date({ noInvalidDate: false })),
      tags: fc.array(fc.option(text), { maxLength: 4 }),
      place: fc.option(
        fc.record({ x: fc.double(), y: fc.oneof(fc.integer(), text, fc.constant(null)) }, { noNullPrototype: true }),
      ),
      raw: fc.uint8Array({ maxLength: 5 }).map((bytes) => new Uint8Array(bytes)),
    },
    { requiredKeys: ['id', 'price', 'at', 'place', 'raw'], noNullPrototype: true },
  )
  const rowsOf = fc.array(record, { minLength: 1, maxLength: 60 })

  test('gives back its records', () => {
    fc.assert(
      fc.property(rowsOf, (rows) => {
        expect(roundTrip(rows, schema)).toStrictEqual(rows)
      }),
      { numRuns: 150 },
    )
  })

  test('gives back selected rows, some fields and single columns', () => {
    fc.assert(
      fc.property(rowsOf, fc.array(fc.nat()), (rows, picks) => {
        const selection = Int32Array.from(picks, (n) => n % rows.length)
        batches(rows, schema, (batch) => {
          const out: unknown[] = []
          expect(rowReader(schema, ['name', 'id'])(batch, out, selection)).toBe(selection.length)
          expect(out).toStrictEqual(
            [...selection].map((row) => ({
              id: rows[row].id,
              ...('name' in rows[row] ? { name: rows[row].name } : {}),
            })),
          )
          expect(readColumn(batch.project(['tags', 'id']), 'tags')).toStrictEqual(rows.map((row) => row.tags))
        })
      }),
      { numRuns: 100 },
    )
  })

  test('gathers selected rows of several batches, with timestamps and hashes, as whole batches that travel as bytes', () => {
    const part = fc.tuple(rowsOf, fc.option(fc.array(fc.nat(), { maxLength: 50 }), { nil: undefined }))
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
        const expected: unknown[] = []
        const times: number[] = []
        const sources = parts.map(([rows, picks]) => {
          const stamps = rows.map((_, i) => i * 1.5)
          const out = encodeRows(
            arena,
            1,
            schema,
            rows,
            0,
            rows.length,
            stamps,
            Int32Array.from(rows, (row) => row.id),
          )
          if (out === undefined) throw new Error('no free segment')
          const selection = picks && Int32Array.from(picks, (n) => n % rows.length)
          for (const row of selection ?? rows.keys()) {
            expected.push(rows[row])
            times.push(stamps[row])
          }
          return { batch: out.batch, selection, count: selection?.length ?? rows.length }
        })
        if (expected.length === 0) {
          for (const { batch } of sources) batch.release()
          return
        }
        const out = gather(arena, 1, sources, schema)
        if (out === undefined) throw new Error('no free segment')
        for (const { batch } of sources) batch.release()
        expect(out.consumed).toBe(expected.length)
        expect(contiguous(out.batch)).toBe(true)
        expect(contiguous(out.batch, true)).toBe(false)
        expect(contiguous(out.batch.project(['id']))).toBe(false)
        const segment = arena.allocate(1)
        arena.u8.set(batchBytes(out.batch), arena.address(segment))
        out.batch.release()
        const arrived = openBatch(arena, segment, schema)
        expect(readRows(arrived)).toStrictEqual(expected)
        expect([...(arrived.timestampArray() ?? [])]).toStrictEqual(times)
        expect([...(arrived.hashArray() ?? [])]).toStrictEqual(expected.map((row) => (row as { id: number }).id))
        arrived.release()
        expect(arena.usedBytes).toBe(0)
      }),
      { numRuns: 100 },
    )
  })

  test('hashes columns as it hashes values', () => {
    fc.assert(
      fc.property(
        rowsOf,
        fc.subarray(
          schema.fields.map((field) => field.name),
          { minLength: 1 },
        ),
        (rows, fields) => {
          batches(rows, schema, (batch) => {
            const dst = arena.scratch(1, 2)
            hashColumns(batch, fields, dst)
            const keys = rows.map((row) => {
              const record = row as Record<string, unknown>
              return fields.length === 1
                ? record[fields[0]]
                : Object.fromEntries(fields.map((name) => [name, record[name]]))
            })
            expect([...arena.i32.subarray(dst >>> 2, (dst >>> 2) + rows.length)]).toStrictEqual(keys.map(hashValue))
          })
        },
      ),
      { numRuns: 150 },
    )
  })

  test('names the field, the type and the value that do not fit', () => {
    const bad = (row: unknown): unknown => {
      try {
        return roundTrip([row], schema)
      } catch (error) {
        expect(arena.usedBytes).toBe(0)
        return (error as { code: string; message: string }).code + (error as Error).message
      }
    }
    const good = { id: 1, price: 1, at: null, place: null, raw: new Uint8Array() }
    expect(bad({ ...good, id: 1.5 })).toMatch(/COLUMNS_WRONG_TYPE.*id.*int32.*1\.5/)
    expect(bad({ ...good, id: -0 })).toMatch(/COLUMNS_WRONG_TYPE.*id.*int32.*-0/)
    expect(bad({ ...good, big: 2n ** 64n })).toMatch(/COLUMNS_WRONG_TYPE.*big.*int64/)
    expect(bad({ ...good, name: 7 })).toMatch(/COLUMNS_WRONG_TYPE.*name.*string.*7/)
    expect(bad({ ...good, raw: undefined })).toMatch(/COLUMNS_WRONG_TYPE.*raw.*bytes/)
    expect(bad({ ...good, place: { x: 'x' } })).toMatch(/COLUMNS_WRONG_TYPE.*place\.x/)
    expect(bad(null)).toMatch(/COLUMNS_WRONG_TYPE/)
  })
})

describe('large records', () => {
  test('take a large segment, come back and can be gathered', () => {
    const rows = [
      { a: 'x'.repeat(10 * 1024 * 1024), b: 1 },
      { a: 'é'.repeat(1024 * 1024), b: 2 },
      { a: 'small', b: 3 },
    ]
    expect(roundTrip(rows)).toStrictEqual(rows)
    batches(rows, schemaOfRows(rows), (batch, from) => {
      const out = gather(arena, 1, [{ batch, selection: Int32Array.of(0), count: 1 }], undefined)
      expect(out && readRows(out.batch)).toStrictEqual([rows[from]])
      out?.batch.release()
    })
  })

  test('that fit nowhere are refused with their size and the limit', () => {
    expect(() => roundTrip([{ a: 'x'.repeat(17 * 1024 * 1024) }])).toThrow(
      expect.objectContaining({
        code: 'COLUMNS_RECORD_TOO_LARGE',
        message: expect.stringMatching(/178\d{5}.*16777216/),
      }),
    )
  })

  test('batches of many rows are cut to what fits', () => {
    const rows = Array.from({ length: 5000 }, (_, i) => ({ i, s: 'y'.repeat(i % 400) }))
    expect(roundTrip(rows)).toStrictEqual(rows)
  })
})

describe('damaged bytes', () => {
  test('are refused or read inside the segment, never outside', () => {
    const rows = Array.from({ length: 20 }, (_, i) => ({
      a: i,
      s: `s${i}é`,
      l: [i, i],
      o: { x: 'y', z: i % 2 === 0 ? null : 1 },
      v: i % 2 === 0 ? 'm' : i,
    }))
    const made = encodeRows(arena, 1, undefined, rows, 0, rows.length)
    if (made === undefined) throw new Error('no free segment')
    const bytes = Uint8Array.from(batchBytes(made.batch))
    made.batch.release()
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        (damage) => {
          const segment = arena.allocate(1)
          const damaged = Uint8Array.from(bytes)
          for (const [at, value] of damage) damaged[at] = value
          arena.u8.set(damaged, arena.address(segment))
          try {
            readRows(openBatch(arena, segment, undefined))
          } catch (error) {
            expect((error as { code?: string }).code).toBe('COLUMNS_CORRUPT')
          } finally {
            arena.release(segment, 1)
          }
        },
      ),
      { numRuns: 3000 },
    )
  })
})
