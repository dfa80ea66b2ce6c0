/** Columns written by a source, and declared selections over them. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Arena } from '../../../../core/arena/arena.ts'
import type { RecordBatch } from '../../../../core/columns/batch.ts'
import { contiguous } from '../../../../core/columns/layout.ts'
import { readRows } from '../../../../core/columns/rows.ts'
import type { Schema } from '../../../../core/columns/schema.ts'
import type { EmittedRows } from '../../../../core/columns/split.ts'
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

/** What came out, in its order: batches, or records where there was no room for a batch. */
interface Emitted {
  rows: unknown[]
  times: number[]
  batches: number
  records: number
}

/** Writes rows, checks what comes out and gives it back at once, or when `keep` says so. */
function writeAll(
  writers: BatchWriters,
  rows: number,
  length: number | ((row: number) => number),
  keep = false,
): Emitted {
  const out: Emitted = { rows: [], times: [], batches: 0, records: 0 }
  const kept: RecordBatch[] = []
  const { expected } = fill(
    writers,
    rows,
    length,
    (batch) => {
      expect(contiguous(batch) || out.batches === 0).toBe(true)
      out.rows.push(...readRows(batch))
      out.times.push(...(batch.timestampArray() ?? []))
      out.batches++
      if (keep) kept.push(batch)
      else batch.release()
    },
    (some) => {
      expect(some.rows).toHaveLength(some.count)
      out.rows.push(...some.rows)
      out.times.push(...(some.timestamps ?? []))
      out.records += some.count
    },
  )
  expect(out.rows).toStrictEqual(expected)
  expect(out.times).toStrictEqual(expected.map((row) => row.at))
  for (const batch of kept) batch.release()
  return out
}

/** Writes rows that fit one batch. */
function write(writers: BatchWriters, rows: number, length: number): { batch: RecordBatch; expected: Row[] } {
  const emitted: RecordBatch[] = []
  const { expected } = fill(writers, rows, length, (batch) => emitted.push(batch))
  expect(emitted).toHaveLength(1)
  return { batch: emitted[0], expected }
}

function fill(
  writers: BatchWriters,
  rows: number,
  length: number | ((row: number) => number),
  emit: (batch: RecordBatch) => void,
  emitRows?: (rows: EmittedRows) => void,
): { expected: Row[] } {
  const writer = writers.open(emit, emitRows)
  if (writer === undefined) throw new Error('no free segment')
  const n = Math.min(rows, writer.capacity)
  const lengthOf = typeof length === 'number' ? () => length : length
  // Half of the batches give bytes, in which a lone surrogate cannot be.
  const asBytes = n % 2 === 1
  const expected: Row[] = Array.from({ length: n }, (_, i) => ({
    id: i / 2,
    n: ~i,
    big: BigInt(i) << 40n,
    ok: i % 3 === 0,
    url: pool.toString('latin1', i, i + lengthOf(i)),
    channel: values[i % 4],
    extra: `${i % 7 === 0 && !asBytes ? '\ud800' : 'é'}${i}`,
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
  writer.slices(
    'url',
    pool,
    Int32Array.from(expected.keys()),
    Int32Array.from(expected, (_, i) => lengthOf(i)),
    n,
  )
  writer.pick(
    'channel',
    dictionary,
    Int32Array.from(expected, (_, i) => i % 4),
    n,
  )
  const extras = expected.map((row) => row.extra)
  if (asBytes) {
    const offsets = new Int32Array(n + 1)
    extras.forEach((extra, i) => {
      offsets[i + 1] = offsets[i] + Buffer.byteLength(extra)
    })
    writer.utf8('extra', Buffer.from(extras.join('')), offsets, n)
  } else writer.strings('extra', extras, n)
  if (writers.options.timestampField === undefined)
    writer.commit(
      n,
      Float64Array.from(expected, (row) => row.at),
    )
  else writer.commit(n)
  return { expected }
}

test('written columns are the records, whatever the number of rows and the length of strings', () => {
  const writers = new BatchWriters({ arena, owner: 3, schema, timestampField: 'at' })
  fc.assert(
    fc.property(fc.nat(5000), fc.oneof(fc.nat(100), fc.nat(20000)), (rows, length) => {
      expect(writeAll(writers, rows, length).records).toBe(0)
    }),
    { numRuns: 40 },
  )
  writers.close()
  expect(arena.usedBytes).toBe(0)
})

test('a full batch of copied strings is one segment that can be sent as it is', () => {
  const fields: Schema['fields'] = [{ name: 'text', type: { kind: 'string' } }]
  const writers = new BatchWriters({ arena, owner: 3, schema: { record: 'object', fields }, describe: true })
  const text = Buffer.from('abcdefghij'.repeat(20000))
  const rows: number[] = []
  for (let i = 0; i < 3; i++) {
    const writer = writers.open((batch) => {
      expect(contiguous(batch, true)).toBe(true)
      rows.push(batch.rowCount)
      batch.release()
    })
    const count = writer?.capacity ?? 0
    writer?.utf8(
      'text',
      text,
      new Int32Array(count + 1).map((_, row) => row * 40),
      count,
    )
    writer?.commit(count)
  }
  expect(rows[2]).toBeGreaterThan(3500)
  writers.close()
})

test('a full batch of references takes two segments, a small one is tight in one', () => {
  const writers = new BatchWriters({ arena, owner: 3, schema, timestampField: 'at', describe: true })
  write(writers, 5000, 40).batch.release()
  const { batch, expected } = write(writers, 5000, 40)
  expect(batch.segments).toHaveLength(2)
  expect(expected.length).toBeGreaterThan(2000)
  batch.release()
  const small = write(writers, 3, 40).batch
  expect(contiguous(small, true)).toBe(true)
  expect(arena.u32[(arena.address(small.segments[0]) >>> 2) + 2]).toBeLessThan(2500)
  small.release()
  writers.close()
  expect(arena.usedBytes).toBe(0)
})

describe('strings that outgrow their batch', () => {
  const small = (): Arena =>
    Arena.create({ bytes: 6 * 262144 + 2 * 2097152, largeSegmentBytes: 2097152, largeSegments: 2, owner: 3 })

  test('come as several batches, with one commit, and the next writer takes fewer rows', () => {
    const writers = new BatchWriters({ arena, owner: 3, schema, timestampField: 'at' })
    const { batches, rows } = writeAll(writers, 5000, 20000)
    expect(batches).toBeGreaterThan(100)
    const next = writeAll(writers, 5000, 20000)
    expect(next.batches).toBe(1)
    expect(next.rows.length).toBeLessThan(rows.length)
    writers.close()
    expect(arena.usedBytes).toBe(0)
  })

  test('come whole out of a nearly exhausted arena whose batches others keep, with given timestamps or a field', () => {
    fc.assert(
      fc.property(
        fc.nat(2000),
        fc.nat(3000),
        fc.nat(5),
        fc.nat(2),
        fc.boolean(),
        fc.boolean(),
        (rows, length, held, heldLarge, field, describe) => {
          const tight = small()
          const others = Array.from({ length: held }, () => tight.allocate(9))
          others.push(...Array.from({ length: heldLarge }, () => tight.allocate(9, 2097152)))
          const options = { arena: tight, owner: 3, schema, describe }
          const writers = new BatchWriters(field ? { ...options, timestampField: 'at' } : options)
          // Two segments are what a writer needs to begin.
          if (tight.freeSegments >= 2) writeAll(writers, rows, (row) => (row % 97 === 5 ? length * 60 : length), true)
          else expect(writers.open(() => expect.unreachable())).toBe(undefined)
          writers.close()
          for (const segment of others) tight.release(segment, 9)
          expect(tight.usedBytes).toBe(0)
        },
      ),
      { numRuns: 100 },
    )
  })

  test('with one row too long for every segment are refused with its size and the limit, before anything is emitted', () => {
    const tight = Arena.create({ bytes: 6 * 65536, segmentBytes: 65536, largeSegments: 0, owner: 3 })
    const writers = new BatchWriters({ arena: tight, owner: 3, schema, timestampField: 'at', rowsMax: 40 })
    const never = (): void => expect.unreachable()
    expect(() => fill(writers, 40, (row) => (row === 39 ? 70000 : 3000), never, never)).toThrow(
      expect.objectContaining({
        code: 'COLUMNS_RECORD_TOO_LARGE',
        message: expect.stringMatching(/a record of 70\d{3} bytes .*65536/),
      }),
    )
    writers.close()
    expect(tight.usedBytes).toBe(0)
  })

  test('need rows or segments: with neither that is an error that a retry may heal', () => {
    const tight = small()
    const others = Array.from({ length: 4 }, () => tight.allocate(9))
    others.push(tight.allocate(9, 2097152), tight.allocate(9, 2097152))
    const writers = new BatchWriters({ arena: tight, owner: 3, schema, timestampField: 'at' })
    const kept: RecordBatch[] = []
    expect(() => fill(writers, 5000, 2000, (batch) => kept.push(batch))).toThrow(
      expect.objectContaining({ code: 'COLUMNS_NO_SEGMENT', retry: 'backoff' }),
    )
    for (const batch of kept) batch.release()
    for (const segment of others) tight.release(segment, 9)
    writers.close()
    expect(tight.usedBytes).toBe(0)
  })
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

test('batches have the fields that are wanted, whether the others are written or not', () => {
  const text = Buffer.from('abcdefghij')
  fc.assert(
    fc.property(
      fc.subarray(
        schema.fields.map(({ name }) => name),
        { minLength: 1 },
      ),
      fc.boolean(),
      fc.nat(300),
      (wanted, all, rows) => {
        const writers = new BatchWriters({ arena, owner: 3, schema, wanted })
        const out: unknown[] = []
        const writer = writers.open((batch) => {
          out.push(...readRows(batch))
          batch.release()
        })
        if (writer === undefined) throw new Error('no segment')
        expect(schema.fields.filter(({ name }) => writer.wants(name)).map(({ name }) => name)).toEqual(wanted)
        expect(writer.wants()).toBe(true)
        expect(() => writer.wants('nothing')).toThrow(expect.objectContaining({ code: 'COLUMNS_NO_FIELD' }))
        const starts = Int32Array.from({ length: rows }, (_, i) => i % 7)
        const lengths = new Int32Array(rows).fill(3)
        const writes: Record<string, () => void> = {
          id: () => writer.float64('id').fill(1.5),
          n: () => writer.int32('n').fill(2),
          big: () => writer.int64('big').fill(3n),
          ok: () => writer.boolean('ok').fill(1),
          url: () => writer.slices('url', text, starts, lengths, rows),
          channel: () => writer.pick('channel', dictionary, new Int32Array(rows).fill(1), rows),
          extra: () => writer.strings('extra', new Array<string>(rows).fill('x'), rows),
          at: () => writer.float64('at').fill(4),
        }
        for (const [field, write] of Object.entries(writes)) if (all || wanted.includes(field)) write()
        writer.commit(rows)
        const whole = (i: number): Record<string, unknown> => ({
          id: 1.5,
          n: 2,
          big: 3n,
          ok: true,
          url: text.toString('latin1', i % 7, (i % 7) + 3),
          channel: 'Ärger',
          extra: 'x',
          at: 4,
        })
        const expected = Array.from({ length: rows }, (_, i) =>
          Object.fromEntries(wanted.map((field) => [field, whole(i)[field]])),
        )
        expect(JSON.parse(JSON.stringify(out, plain))).toEqual(JSON.parse(JSON.stringify(expected, plain)))
        writers.close()
        expect(arena.usedBytes).toBe(0)
      },
    ),
    { numRuns: 60 },
  )
})

const plain = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value)

test('a field that is wanted and not written is an error', () => {
  const writers = new BatchWriters({ arena, owner: 3, schema, wanted: ['id', 'at'] })
  const writer = writers.open(() => expect.unreachable())
  writer?.float64('id').fill(1)
  expect(() => writer?.commit(3)).toThrow(expect.objectContaining({ code: 'COLUMNS_NOT_WRITTEN' }))
  writers.close()
})
