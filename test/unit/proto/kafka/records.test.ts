import { createRequire } from 'node:module'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isMillraceError } from '../../../../core/errors.ts'
import {
  BatchEncoder,
  batchSizeAt,
  buildBatch,
  buildControlBatch,
  codecNames,
  compress,
  decompress,
  patchAppendTime,
  patchBatch,
  RecordTable,
  readBatchHeader,
  readControlRecord,
  readRecords,
  sealBatch,
  verifyBatch,
} from '../../../../proto/kafka/records/index.ts'

const require = createRequire(import.meta.url)

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array))
const maybe = fc.option(bytes)
const record = fc.record({
  key: maybe,
  value: maybe,
  timestamp: fc.integer({ min: 0, max: 4_000_000_000_000 }),
  headers: fc.array(fc.record({ key: fc.string({ unit: 'grapheme', maxLength: 9 }), value: maybe }), { maxLength: 4 }),
})
const records = fc.array(record, { minLength: 1, maxLength: 40 })
const some = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    key: Buffer.from(`key-${index}`),
    value: Buffer.from(`value-${index}`.repeat(4)),
    timestamp: 1_700_000_000_000 + index,
    headers: [],
  }))
const codeOf = (act: () => unknown): string => {
  try {
    act()
  } catch (error) {
    if (isMillraceError(error)) return error.code
    throw error
  }
  return 'nothing thrown'
}

describe('a batch of records', () => {
  it.each(codecNames)('comes back as it was built, with codec %s', (codec) => {
    fc.assert(
      fc.property(records, fc.nat(1e15), (given, baseOffset) => {
        const batch = buildBatch({
          records: given,
          codec,
          baseOffset,
          producerId: 7,
          producerEpoch: 3,
          baseSequence: 11,
        })
        const header = readBatchHeader(batch)
        expect(verifyBatch(batch)).toBeUndefined()
        expect(header).toMatchObject({
          baseOffset,
          sizeBytes: batch.length,
          codec,
          recordCount: given.length,
          lastOffset: baseOffset + given.length - 1,
          producerId: 7,
          producerEpoch: 3,
          baseSequence: 11,
          lastSequence: 11 + given.length - 1,
          maxTimestamp: Math.max(...given.map((each) => each.timestamp)),
          isTransactional: false,
          isControl: false,
        })
        expect(readRecords(batch, header)).toEqual(
          given.map((each, index) => ({ ...each, offset: baseOffset + index })),
        )
      }),
      { numRuns: 60 },
    )
  })

  it('keeps its checksum when it is given its place, and gets a new one with the time of its append', () => {
    const batch = buildBatch({ records: some(3) })
    patchBatch(batch, 0, 123_456_789_012, 9)
    expect(verifyBatch(batch)).toBeUndefined()
    expect(readBatchHeader(batch)).toMatchObject({
      baseOffset: 123_456_789_012,
      leaderEpoch: 9,
      lastOffset: 123_456_789_014,
    })
    patchAppendTime(batch, 0, 1_800_000_000_000)
    expect(verifyBatch(batch)).toBeUndefined()
    const header = readBatchHeader(batch)
    expect(header.timestampType).toBe('append')
    expect(readRecords(batch, header).map((each) => each.timestamp)).toEqual(Array(3).fill(1_800_000_000_000))
  })

  it('is found damaged wherever one byte behind the checksum is changed', () => {
    const batch = buildBatch({ records: some(4) })
    for (let at = 17; at < batch.length; at++) {
      const damaged = Buffer.from(batch)
      damaged[at] ^= 0x10
      expect(verifyBatch(damaged), `byte ${at}`).toBe('checksum')
    }
    expect(verifyBatch(batch.subarray(0, batch.length - 1))).toBe('truncated')
    expect(verifyBatch(batch.subarray(0, 5))).toBe('truncated')
    const old = Buffer.from(batch)
    old[16] = 1
    expect(verifyBatch(old)).toBe('magic')
    const short = Buffer.from(batch)
    short.writeInt32BE(10, 8)
    expect(verifyBatch(short)).toBe('size')
    const counts = Buffer.from(batch)
    counts.writeInt32BE(9, 57)
    sealBatch(counts, 0)
    expect(verifyBatch(counts)).toBe('count')
  })

  it('gives its parts as places in a table, which is used again', () => {
    const table = new RecordTable()
    for (const codec of codecNames) {
      for (const count of [1, 700, 3]) {
        const batch = Buffer.concat([Buffer.alloc(5), buildBatch({ records: some(count), codec, baseOffset: 40 })])
        table.read(batch, readBatchHeader(batch, 5), 5)
        expect(table.count).toBe(count)
        const last = count - 1
        expect(table.baseOffset + table.offsetDelta[last]).toBe(40 + last)
        expect(table.timestamp[last]).toBe(1_700_000_000_000 + last)
        expect(table.bytes.toString('latin1', table.keyAt[last], table.keyAt[last] + table.keyLength[last])).toBe(
          `key-${last}`,
        )
        expect(table.endAt[last] - table.startOf(last)).toBeGreaterThan(20)
      }
    }
  })

  it('may have gaps between its offsets, and no records at all, as compaction leaves it', () => {
    const encoder = new BatchEncoder()
    const source = buildBatch({ records: some(9) })
    const table = new RecordTable()
    table.read(source, readBatchHeader(source))
    encoder.begin(readBatchHeader(source).baseTimestamp)
    for (const index of [1, 4, 8]) {
      const { bytes: from, keyAt, keyLength, valueAt, valueLength, headersAt, endAt, headerCount } = table
      encoder.appendRange(
        table.offsetDelta[index],
        table.timestamp[index],
        from,
        keyAt[index],
        keyLength[index],
        from,
        valueAt[index],
        valueLength[index],
        from,
        headersAt[index],
        endAt[index] - headersAt[index],
        headerCount[index],
      )
    }
    const kept = encoder.finish({ baseOffset: 100, lastOffsetDelta: 8 })
    expect(verifyBatch(kept)).toBeUndefined()
    expect(readRecords(kept, readBatchHeader(kept)).map((each) => [each.offset, each.key?.toString()])).toEqual([
      [101, 'key-1'],
      [104, 'key-4'],
      [108, 'key-8'],
    ])
    encoder.begin(5)
    const none = encoder.finish({
      baseOffset: 100,
      lastOffsetDelta: 8,
      producerId: 1,
      producerEpoch: 0,
      baseSequence: 0,
    })
    expect(verifyBatch(none)).toBeUndefined()
    expect(readBatchHeader(none)).toMatchObject({ lastOffset: 108, recordCount: 0, lastSequence: 8 })
    expect(readRecords(none, readBatchHeader(none))).toEqual([])
  })

  it('has sequence numbers that go from the highest to 0', () => {
    const batch = buildBatch({ records: some(3), producerId: 1, producerEpoch: 0, baseSequence: 0x7fff_fffe })
    expect(readBatchHeader(batch).lastSequence).toBe(0)
  })

  it('belongs to whoever built it', () => {
    const encoder = new BatchEncoder()
    const built: Buffer[] = []
    for (let round = 0; round < 5; round++) {
      encoder.begin()
      for (let index = 0; index < 300; index++) encoder.append(round, null, Buffer.alloc(100, round))
      built.push(encoder.finish())
    }
    for (const [round, batch] of built.entries()) {
      expect(verifyBatch(batch)).toBeUndefined()
      expect(readRecords(batch, readBatchHeader(batch)).every((each) => each.value?.[99] === round)).toBe(true)
    }
  })

  it('tells how long it is before it is there', () => {
    const batch = buildBatch({ records: some(3) })
    expect(batchSizeAt(batch, 0)).toBe(batch.length)
    expect(batchSizeAt(batch.subarray(0, 11), 0)).toBe(0)
  })
})

describe('a control batch', () => {
  it.each(['commit', 'abort'] as const)('says that a transaction ended by %s', (kind) => {
    const batch = buildControlBatch(kind, 77, 5, 12, 1_700_000_000_000)
    const header = readBatchHeader(batch)
    expect(verifyBatch(batch)).toBeUndefined()
    expect(header).toMatchObject({
      isControl: true,
      isTransactional: true,
      producerId: 77,
      producerEpoch: 5,
      baseSequence: -1,
    })
    expect(readControlRecord(batch, header)).toEqual({ kind, coordinatorEpoch: 12, timestamp: 1_700_000_000_000 })
  })

  it('of another kind, or a batch of data, says nothing about transactions', () => {
    const data = buildBatch({ records: some(1) })
    expect(readControlRecord(data, readBatchHeader(data))).toBeUndefined()
    const other = buildBatch({
      control: true,
      records: [{ key: Buffer.from([0, 0, 0, 2]), value: null, timestamp: 1 }],
    })
    expect(readControlRecord(other, readBatchHeader(other))).toBeUndefined()
  })
})

describe('damaged records', () => {
  const reread = (change: (batch: Buffer) => void): string => {
    const batch = buildBatch({ records: some(3) })
    change(batch)
    return codeOf(() => readRecords(batch, readBatchHeader(batch)))
  }

  it('are refused with a code', () => {
    expect(reread((batch) => batch.writeInt32BE(4, 57))).toBe('KAFKA_RECORDS_MALFORMED')
    expect(reread((batch) => batch.writeInt32BE(2, 57))).toBe('KAFKA_RECORDS_MALFORMED')
    expect(reread((batch) => batch.writeInt32BE(0x7fff_ffff, 57))).toBe('KAFKA_RECORDS_MALFORMED')
    expect(reread((batch) => batch.writeInt32BE(batch.length, 8))).toBe('KAFKA_RECORDS_TRUNCATED')
    expect(reread((batch) => batch.writeInt8(1, 16))).toBe('KAFKA_RECORDS_MAGIC')
    expect(reread((batch) => batch.writeInt16BE(7, 21))).toBe('KAFKA_RECORDS_UNKNOWN_CODEC')
    expect(reread((batch) => batch.fill(0xff, 61, 70))).toBe('KAFKA_RECORDS_MALFORMED')
    expect(reread((batch) => batch.writeBigInt64BE(0x7fff_ffff_ffff_ffffn, 35))).toBe('KAFKA_RECORDS_INT64_RANGE')
    for (const codec of [1, 2, 3, 4]) {
      expect(reread((batch) => batch.writeInt16BE(codec, 21))).toBe('KAFKA_RECORDS_CORRUPT_COMPRESSION')
    }
  })
})

describe('compression', () => {
  const bomb = Buffer.alloc(8 << 20)

  it.each(codecNames.slice(1))('of %s is not opened beyond its limit', (codec) => {
    const small = compress(codec, bomb)
    expect(small.length).toBeLessThan(bomb.length / 15)
    expect(decompress(codec, small, bomb.length).equals(bomb)).toBe(true)
    expect(codeOf(() => decompress(codec, small, bomb.length - 1))).toBe('KAFKA_RECORDS_TOO_LARGE')
    expect(codeOf(() => decompress(codec, small.subarray(0, small.length >> 1)))).toBe(
      'KAFKA_RECORDS_CORRUPT_COMPRESSION',
    )
  })

  it('of snappy is read without a frame too, and a length that lies is refused before it is believed', () => {
    const { compressSync } = require('snappy') as { compressSync(bytes: Buffer): Buffer }
    const text = Buffer.from('hello hello hello hello')
    expect(decompress('snappy', compressSync(text)).equals(text)).toBe(true)
    expect(codeOf(() => decompress('snappy', Buffer.from([0xff, 0xff, 0xff, 0xff, 7, 0])))).toBe(
      'KAFKA_RECORDS_TOO_LARGE',
    )
    expect(codeOf(() => decompress('snappy', Buffer.from([0xff, 0xff, 0xff, 0x1f, 0])))).toBe(
      'KAFKA_RECORDS_CORRUPT_COMPRESSION',
    )
  })
})
