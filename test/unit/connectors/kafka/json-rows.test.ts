/** JSON of a declared type into columns: what comes out of the batches is what JSON.parse and the type say of each row. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { jsonParser } from '../../../../connectors/files/parse.ts'
import { JsonRows } from '../../../../connectors/kafka/json-rows.ts'
import { Arena } from '../../../../core/arena/arena.ts'
import type { RecordBatch } from '../../../../core/columns/batch.ts'
import { readRows } from '../../../../core/columns/rows.ts'
import { BatchWriters } from '../../../../core/columns/writer.ts'
import { buildBatch, RecordTable, readBatchHeader } from '../../../../proto/kafka/records/index.ts'
import { schemaOf } from '../../../../sdk/schema.ts'
import type { TypeDef } from '../../../../sdk/types.ts'
import { t } from '../../../../sdk/types.ts'

const arena = Arena.create({ bytes: 64 * 1024 * 1024, largeSegments: 1, owner: 5 })

interface Outcome {
  readonly rows: unknown[]
  readonly refused: string[]
  /** Rows that came as columns. */
  readonly columns: number
}

function tableOf(texts: readonly string[]): RecordTable {
  const records = texts.map((text, i) => ({ key: null, value: Buffer.from(text), timestamp: i, headers: [] }))
  const bytes = buildBatch({ records })
  const table = new RecordTable()
  table.read(bytes, readBatchHeader(bytes), 0)
  return table
}

function throughColumns(type: TypeDef<unknown>, texts: readonly string[], rowsAtATime = 4096): Outcome {
  const rows = new JsonRows(type, false)
  const writers = new BatchWriters({ arena, owner: 5, schema: schemaOf(type) })
  const out: { rows: unknown[]; refused: string[]; columns: number } = { rows: [], refused: [], columns: 0 }
  const table = tableOf(texts)
  const emit = (batch: RecordBatch): void => {
    out.rows.push(...readRows(batch))
    out.columns += batch.rowCount
    batch.release()
  }
  for (let at = 0; at < texts.length; ) {
    const writer = writers.open(emit, (records) => out.rows.push(...records.rows))
    if (writer === undefined) throw new Error('no free segment')
    rows.begin()
    at += rows.add(table, at, texts.length, Math.min(rowsAtATime, writer.capacity))
    const areColumns = rows.decode((_, text) => out.refused.push(text))
    if (areColumns && rows.count > 0) {
      rows.write(writer)
      writer.commit(rows.count, rows.timestamps.subarray(0, rows.count))
    } else {
      writer.discard()
      for (let row = 0; row < rows.count; row++) out.rows.push(rows.recordOf(row))
    }
  }
  writers.close()
  return out
}

/** What a row at a time by JSON.parse makes of it. */
function byParse(type: TypeDef<unknown>, texts: readonly string[]): Omit<Outcome, 'columns'> {
  const parse = jsonParser(type)
  const out: Omit<Outcome, 'columns'> = { rows: [], refused: [] }
  for (const text of texts) {
    try {
      out.rows.push(parse(text))
    } catch {
      out.refused.push(text)
    }
  }
  return out
}

const Thing = t.object({
  id: t.float64(),
  price: t.nullable(t.float64()),
  count: t.optional(t.int32()),
  note: t.optional(t.nullable(t.string())),
  yes: t.nullable(t.boolean()),
  large: t.optional(t.int64()),
  at: t.nullable(t.date()),
  when: t.optional(t.timestamp()),
  tags: t.array(t.string()),
  more: t.optional(t.nullable(t.object({ a: t.float64(), b: t.optional(t.array(t.nullable(t.int32()))) }))),
  raw: t.nullable(t.bytes()),
})

const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: 3, arbitrary }, fc.constant(null))
const text = fc.oneof(fc.string({ maxLength: 12 }), fc.string({ unit: 'grapheme', maxLength: 6 }))
const values = {
  id: fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true })),
  price: maybe(fc.integer()),
  // -0 is no int32: JSON has it, and JSON.parse too.
  count: fc.integer().map((n) => n + 0),
  note: maybe(text),
  yes: maybe(fc.boolean()),
  large: fc.maxSafeInteger(),
  at: maybe(fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) })),
  when: fc.integer(),
  tags: fc.array(text, { maxLength: 3 }),
  more: maybe(
    fc.record({ a: fc.integer(), b: fc.array(maybe(fc.integer()), { maxLength: 3 }) }, { requiredKeys: ['a'] }),
  ),
  raw: maybe(fc.base64String()),
}
const good = fc
  .record(values, { requiredKeys: ['id', 'price', 'yes', 'at', 'tags', 'raw'] })
  .map((value) => JSON.stringify(value))
const wrong = fc.oneof(
  fc.constantFrom('', '{', 'null', '[]', '{"id":1}', '5'),
  fc
    .record({ ...values, tags: fc.constantFrom<unknown>(null, 5, [1], ['a', null], {}) })
    .map((value) => JSON.stringify(value)),
  fc
    .record({ ...values, more: fc.constantFrom<unknown>({}, { a: 'x' }, { a: 1, b: [1.5] }, []) })
    .map((value) => JSON.stringify(value)),
  fc
    .record({ ...values, count: fc.constantFrom<unknown>(null, 1.5, 'x', 2 ** 40) })
    .map((value) => JSON.stringify(value)),
  fc.record(values).map((value) => JSON.stringify(value).slice(0, -1)),
)
const halfPair = fc.record(values).map((value) => JSON.stringify({ ...value, note: '\ud800' }))

describe('JSON into columns', () => {
  test('gives what JSON.parse gives, row by row, for null, absent and nested fields and for broken rows', () => {
    const rows = fc.array(fc.oneof({ weight: 8, arbitrary: good }, wrong, { weight: 1, arbitrary: halfPair }), {
      minLength: 1,
      maxLength: 40,
    })
    fc.assert(
      fc.property(rows, fc.constantFrom(1, 7, 4096), (texts, atATime) => {
        const { rows: got, refused } = throughColumns(Thing, texts, atATime)
        expect({ rows: got, refused }).toStrictEqual(byParse(Thing, texts))
      }),
      { numRuns: 300 },
    )
  })

  test('keeps rows that lack values in columns', () => {
    const texts = fc.sample(good, { numRuns: 3000, seed: 1 })
    const { rows, columns } = throughColumns(Thing, texts)
    expect(columns).toBe(texts.length)
    expect(rows).toStrictEqual(byParse(Thing, texts).rows)
  })

  test('passes rows on whose nested values outgrow a segment', () => {
    const long = (letters: number): string[] => Array.from({ length: 40 }, () => 'x'.repeat(letters))
    const one = JSON.parse(
      fc.sample(fc.record(values), { numRuns: 1, seed: 2 }).map((value) => JSON.stringify(value))[0],
    )
    const texts = Array.from({ length: 300 }, (_, i) =>
      JSON.stringify({ ...one, id: i, note: i % 3 === 0 ? null : 'n', tags: i > 100 ? long(30) : [] }),
    )
    expect(throughColumns(Thing, texts).rows).toStrictEqual(byParse(Thing, texts).rows)
    expect(arena.freeSegments).toBe(free)
  })
})
const free = arena.freeSegments
