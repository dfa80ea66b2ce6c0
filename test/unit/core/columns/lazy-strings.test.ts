/** Strings of pools and dictionaries, which a writer gives as references and which are copied when they are read. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Arena } from '../../../../core/arena/arena.ts'
import { type Column, type RecordBatch, withField } from '../../../../core/columns/batch.ts'
import { gather } from '../../../../core/columns/gather.ts'
import { contiguous } from '../../../../core/columns/layout.ts'
import { LazyStrings } from '../../../../core/columns/lazy-strings.ts'
import { readRows } from '../../../../core/columns/rows.ts'
import type { Schema } from '../../../../core/columns/schema.ts'
import { BatchWriters } from '../../../../core/columns/writer.ts'

const arena = Arena.create({ bytes: 64 * 1024 * 1024, largeSegments: 2, owner: 3 })
const values = ['apple', 'Ärger', '', 'google']
const dictionary = { values, bytes: Buffer.from(values.join('')), offsets: Int32Array.of(0, 5, 11, 11, 17) }
const pool = Buffer.from('abcdefghij'.repeat(20000))
const texts: Schema = {
  record: 'object',
  fields: ['channel', 'url', 'text'].map((name) => ({ name, type: { kind: 'string' } })),
}
const some = ['xy', '', 'é😀', 'z'.repeat(40)]
const lengths = some.map((value) => Buffer.byteLength(value))
const bytes = Buffer.from(`??${some.join('')}`)
const offsets = Int32Array.from([0, 1, 2, 3, 4], (i) => 2 + lengths.slice(0, i).reduce((sum, n) => sum + n, 0))
const expected = some.map((text, i) => ({ channel: values[3 - i], url: pool.toString('latin1', i, 2 * i), text }))

function fourRows(emit: (batch: RecordBatch) => void): BatchWriters {
  // A batch that is less than half full is tightened: here it is full.
  const writers = new BatchWriters({ arena, owner: 3, schema: texts, rowsMax: 4 })
  const writer = writers.open(emit)
  const numbers = Int32Array.of(3, 2, 1, 0)
  writer?.pick('channel', dictionary, numbers, 4)
  // What is given is copied at once.
  numbers.fill(0)
  const starts = Int32Array.of(0, 1, 2, 3)
  writer?.slices('url', pool, starts, starts, 4)
  starts.fill(0)
  const made = Buffer.from(bytes)
  writer?.utf8('text', made, offsets, 4)
  made.fill(0)
  writer?.commit(4)
  return writers
}
const written = (batch: RecordBatch): boolean[] =>
  batch.columns.map((column) => {
    const { data, dataBytes } = (column as { reserved?: Column }).reserved ?? column
    return arena.u8.subarray(data, data + dataBytes).some((byte) => byte !== 0)
  })

test('strings are copied when they are first read, column by column, however the batch is looked at', () => {
  const blank = arena.allocate(3)
  arena.u8.fill(0, arena.address(blank), arena.address(blank) + arena.segmentBytes)
  arena.release(blank, 3)
  const writers = fourRows((batch) => {
    expect(batch.columns.map((column) => column instanceof LazyStrings)).toEqual([true, true, false])
    expect(written(batch)).toEqual([false, false, true])
    const urls = batch.project(['url'])
    expect(readRows(urls)).toStrictEqual(expected.map(({ url }) => ({ url })))
    expect(written(batch)).toEqual([false, true, true])
    expect(contiguous(batch)).toBe(true)
    expect(written(batch)).toEqual([true, true, true])
    expect(readRows(batch)).toStrictEqual(expected)
    batch.release()
  })
  writers.close()
  expect(arena.usedBytes).toBe(0)
})

test('strings are gathered from where they come from, without being copied before, as they are when they have been', () => {
  fc.assert(
    fc.property(fc.option(fc.uniqueArray(fc.nat(3))), fc.boolean(), (rows, before) => {
      const selection = rows === null ? undefined : Int32Array.from(rows)
      const count = rows?.length ?? 3
      const writers = fourRows((batch) => {
        if (before) readRows(batch)
        const gathered = gather(
          arena,
          3,
          [
            { batch, selection, count },
            { batch, selection: undefined, count: 4 },
          ],
          texts,
        )
        const chosen = rows === null ? expected.slice(0, 3) : rows.map((row) => expected[row])
        expect(gathered && readRows(gathered.batch)).toStrictEqual([...chosen, ...expected])
        gathered?.batch.release()
        batch.release()
      })
      writers.close()
      expect(arena.usedBytes).toBe(0)
    }),
    { numRuns: 100 },
  )
})

test('strings of a batch that is kept outlive their pools', () => {
  const kept: RecordBatch[] = []
  const writers = fourRows((batch) => {
    kept.push(batch.retain())
    batch.release()
  })
  writers.close()
  const over = arena.allocate(3)
  arena.u8.fill(0xff, arena.address(over), arena.address(over) + arena.segmentBytes)
  expect(readRows(kept[0])).toStrictEqual(expected)
  arena.release(over, 3)
  kept[0].release()
  expect(arena.usedBytes).toBe(0)
})

test('strings keep their rows when fewer are committed, and under another name', () => {
  const writers = new BatchWriters({ arena, owner: 3, schema: texts, rowsMax: 3 })
  const writer = writers.open((batch) => {
    expect(readRows(batch)).toStrictEqual(expected.slice(0, 3))
    const [{ field }, url] = batch.columns
    const renamed = batch.withColumns([withField(url, { ...field, name: 'u' })])
    expect(readRows(renamed)).toStrictEqual(expected.slice(0, 3).map(({ url: u }) => ({ u })))
    batch.release()
  })
  writer?.pick('channel', dictionary, Int32Array.of(3, 2, 1, 0), 4)
  writer?.slices('url', pool, Int32Array.of(0, 1, 2), Int32Array.of(0, 1, 2), 3)
  writer?.utf8('text', bytes, offsets, 4)
  writer?.commit(3)
  writers.close()
  expect(arena.usedBytes).toBe(0)
})

test('strings come whole where there is no room for the times of fewer rows', () => {
  const timed: Schema = { record: 'object', fields: [{ name: 'at', type: { kind: 'timestamp' } }, ...texts.fields] }
  // One segment for the pools and two for the batch, both nearly full.
  const tight = Arena.create({ bytes: 3 * 65536, segmentBytes: 65536, largeSegments: 0, owner: 3 })
  const out: unknown[] = []
  const writers = new BatchWriters({ arena: tight, owner: 3, schema: timed, timestampField: 'at' })
  const letters = Buffer.from('abcdefghij'.repeat(100))
  const writer = writers.open(
    (batch) => {
      out.push(...readRows(batch))
      batch.release()
    },
    ({ rows }) => out.push(...rows),
  )
  const n = writer?.capacity ?? 0
  const numbers = Int32Array.from({ length: n }, (_, i) => i % 4)
  const [textBytes, urlBytes] = [48500, 56800].map((bytes) => Math.floor(bytes / n))
  writer?.float64('at').fill(5)
  writer?.pick('channel', dictionary, numbers, n)
  writer?.slices('text', letters, numbers, new Int32Array(n).fill(textBytes), n)
  writer?.slices('url', letters, numbers, new Int32Array(n).fill(urlBytes), n)
  expect(tight.freeSegments).toBe(0)
  writer?.commit(n - 1, new Float64Array(n).fill(7))
  const cut = (i: number, bytes: number): string => letters.toString('latin1', i % 4, (i % 4) + bytes)
  expect(out).toStrictEqual(
    Array.from({ length: n - 1 }, (_, i) => ({
      at: 5,
      channel: values[i % 4],
      url: cut(i, urlBytes),
      text: cut(i, textBytes),
    })),
  )
  writers.close()
  expect(tight.usedBytes).toBe(0)
})
