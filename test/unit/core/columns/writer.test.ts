/** Columns written by a source, and declared selections over them. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Arena } from '../../../../core/arena/arena.ts'
import type { RecordBatch } from '../../../../core/columns/batch.ts'
import { encodeRows } from '../../../../core/columns/encode.ts'
import { contiguous } from '../../../../core/columns/layout.ts'
import { readRows } from '../../../../core/columns/rows.ts'
import type { Schema } from '../../../../core/columns/schema.ts'
import { arithmetic, compare, filterBatch, modEquals } from '../../../../core/columns/select.ts'
import { BatchWriters } from '../../../../core/columns/writer.ts'

const arena = Arena.create({ bytes: 64 * 1024 * 1024, largeSegments: 2, owner: 3 })
const schema: Schema = {
  record: 'object',
  fields: [
    { name: 'id', type: { kind: 'float64' } },
    { name: 'n', type: { kind: 'int32' } },
    { name: 'big', type: { kind: 'int64' } },
    { name: 'ok', type: { kind: 'boolean' } },
    { name: 'url', type: { kind: 'string' } },
    { name: 'channel', type: { kind: 'string' } },
    { name: 'extra', type: { kind: 'string' } },
    { name: 'at', type: { kind: 'timestamp' } },
  ],
}
const values = ['apple', 'Ärger', '', 'google']
const dictionary = { values, bytes: Buffer.from(values.join('')), offsets: Int32Array.of(0, 5, 11, 11, 17) }
const pool = Buffer.from('abcdefghij'.repeat(20000))

interface Row {
  id: number
  n: number
  big: bigint
  ok: boolean
  url: string
  channel: string
  extra: string
  at: number
}

function write(writers: BatchWriters, rows: number, length: number): { batch: RecordBatch; expected: Row[] } {
  const emitted: RecordBatch[] = []
  const writer = writers.open((batch) => emitted.push(batch))
  if (writer === undefined) throw new Error('no free segment')
  const n = Math.min(rows, writer.capacity)
  const expected: Row[] = Array.from({ length: n }, (_, i) => ({
    id: i / 2,
    n: ~i,
    big: BigInt(i) << 40n,
    ok: i % 3 === 0,
    url: pool.toString('latin1', i, i + length),
    channel: values[i % 4],
    extra: `é${i}`,
    at: 1000 + i,
  }))
  const id = writer.float64('id')
  const at = writer.float64('at')
  const whole = writer.int32('n')
  const big = writer.int64('big')
  const ok = writer.boolean('ok')
  expected.forEach((row, i) => {
    id[i] = row.id
    at[i] = row.at
    whole[i] = row.n
    big[i] = row.big
    ok[i] = row.ok ? 1 : 0
  })
  writer.slices('url', pool, Int32Array.from(expected.keys()), new Int32Array(n).fill(length), n)
  writer.pick(
    'channel',
    dictionary,
    Int32Array.from(expected, (_, i) => i % 4),
    n,
  )
  writer.strings(
    'extra',
    expected.map((row) => row.extra),
    n,
  )
  writer.commit(n)
  return { batch: emitted[0], expected }
}

test('written columns are the records, whatever the number of rows and the length of strings', () => {
  const writers = new BatchWriters({ arena, owner: 3, schema, timestampField: 'at' })
  fc.assert(
    fc.property(fc.nat(5000), fc.oneof(fc.nat(100), fc.nat(8000)), (rows, length) => {
      const { batch, expected } = write(writers, rows, length)
      expect(readRows(batch)).toStrictEqual(expected)
      expect([...(batch.timestampArray() ?? [])]).toStrictEqual(expected.map((row) => row.at))
      batch.release()
    }),
    { numRuns: 40 },
  )
  writers.close()
  expect(arena.usedBytes).toBe(0)
})

test('a full batch of usual strings is one segment that can be sent as it is, a small one is tight', () => {
  const writers = new BatchWriters({ arena, owner: 3, schema, timestampField: 'at', describe: true })
  write(writers, 5000, 40).batch.release()
  const { batch, expected } = write(writers, 5000, 40)
  expect(contiguous(batch, true)).toBe(true)
  expect(expected.length).toBeGreaterThan(1000)
  batch.release()
  const small = write(writers, 3, 40).batch
  expect(contiguous(small, true)).toBe(true)
  expect(arena.u32[(arena.address(small.segments[0]) >>> 2) + 2]).toBeLessThan(2500)
  small.release()
  writers.close()
  expect(arena.usedBytes).toBe(0)
})

test('a column that suddenly exceeds a large segment is refused, nothing stays held, and the next writer takes fewer rows', () => {
  const writers = new BatchWriters({ arena, owner: 3, schema, timestampField: 'at' })
  expect(() => write(writers, 5000, 20000)).toThrow(expect.objectContaining({ code: 'COLUMNS_NO_SEGMENT' }))
  const { batch, expected } = write(writers, 5000, 20000)
  expect(expected.length).toBeGreaterThan(0)
  expect(readRows(batch)).toStrictEqual(expected)
  batch.release()
  writers.close()
  expect(arena.usedBytes).toBe(0)
})

test('a field that was not written, or is of another type, is named; nothing stays held', () => {
  const writers = new BatchWriters({ arena, owner: 3, schema })
  const writer = writers.open(() => expect.unreachable())
  expect(() => writer?.float64('n')).toThrow(expect.objectContaining({ code: 'COLUMNS_WRONG_COLUMN' }))
  expect(() => writer?.float64('nn')).toThrow(expect.objectContaining({ code: 'COLUMNS_NO_FIELD' }))
  expect(() => writer?.commit(1)).toThrow(expect.objectContaining({ code: 'COLUMNS_NOT_WRITTEN' }))
  writers.close()
  expect(arena.usedBytes).toBe(0)
})

test('declared comparisons select the rows that a lambda would, and never a null', () => {
  const nullable: Schema = {
    record: 'object',
    fields: [
      { name: 'x', type: { kind: 'float64' }, nullable: true },
      { name: 'i', type: { kind: 'int32' } },
      { name: 's', type: { kind: 'string' } },
    ],
  }
  const ops = {
    eq: (a: number, b: number) => a === b,
    ne: (a: number, b: number) => a !== b,
    lt: (a: number, b: number) => a < b,
    le: (a: number, b: number) => a <= b,
    gt: (a: number, b: number) => a > b,
    ge: (a: number, b: number) => a >= b,
  }
  const row = fc.record(
    {
      x: fc.option(fc.integer({ min: -3, max: 3 })),
      i: fc.integer({ min: 0, max: 9 }),
      s: fc.constantFrom('a', 'b', 'ab', ''),
    },
    { noNullPrototype: true },
  )
  fc.assert(
    fc.property(
      fc.array(row, { minLength: 1, maxLength: 100 }),
      fc.constantFrom('eq', 'ne', 'lt', 'le', 'gt', 'ge'),
      fc.integer({ min: -3, max: 3 }),
      (rows, op, constant) => {
        const made = encodeRows(arena, 3, nullable, rows, 0, rows.length)
        if (made === undefined) throw new Error('no free segment')
        const { batch } = made
        const both = compare(batch, 's', 'lt', 'b', modEquals(batch, 'i', 3, 1, compare(batch, 'x', op, constant)))
        const expected = rows.filter(({ x, i, s }) => x !== null && ops[op](x, constant) && i % 3 === 1 && s < 'b')
        const filtered = filterBatch(batch, both)
        expect(filtered && readRows(filtered.batch)).toStrictEqual(expected)
        filtered?.batch.release()
        const dst = arena.allocate(3)
        const column = arithmetic(batch, 'x', 'mul', 2.5, arena.address(dst), 'y')
        const view = batch.withColumns([column], [dst])
        expect(readRows(view)).toStrictEqual(rows.map(({ x }) => ({ y: x === null ? null : x * 2.5 })))
        view.release()
        expect(arena.usedBytes).toBe(0)
      },
    ),
    { numRuns: 100 },
  )
})
