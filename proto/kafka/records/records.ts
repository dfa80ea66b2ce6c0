/**
 * The records of a batch as objects, for whoever reads few of them. Keys and values are views on the batch, or on its opened
 * records: copy what is kept. Not shared between threads.
 */
import type { BatchHeader } from './batch.ts'
import { openedBytesMax } from './codecs.ts'
import { RecordTable } from './record-table.ts'

export interface RecordHeader {
  readonly key: string
  readonly value: Buffer | null
}

export interface RecordView {
  readonly offset: number
  /** Milliseconds since 1970. */
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly RecordHeader[]
}

export interface RecordLimits {
  /** Bytes that compressed records may open to. */
  readonly openedBytesMax?: number
}

const noHeaders: readonly RecordHeader[] = []
const shared = new RecordTable()

/** Every record of the batch at the start of `batch`. Throws KAFKA_RECORDS_* for records that are damaged. */
export function readRecords(batch: Buffer, header: BatchHeader, limits: RecordLimits = {}): RecordView[] {
  shared.read(batch, header, 0, limits.openedBytesMax ?? openedBytesMax)
  const records: RecordView[] = new Array(shared.count)
  for (let index = 0; index < shared.count; index++) records[index] = recordOf(shared, index)
  // The table must not keep the batch in memory.
  shared.count = 0
  shared.bytes = Buffer.alloc(0)
  return records
}

/** Record `index` of a table. */
export function recordOf(table: RecordTable, index: number): RecordView {
  const { bytes, keyAt, keyLength, valueAt, valueLength } = table
  return {
    offset: table.baseOffset + table.offsetDelta[index],
    timestamp: table.timestamp[index],
    key: keyLength[index] < 0 ? null : bytes.subarray(keyAt[index], keyAt[index] + keyLength[index]),
    value: valueLength[index] < 0 ? null : bytes.subarray(valueAt[index], valueAt[index] + valueLength[index]),
    headers: table.headerCount[index] === 0 ? noHeaders : headersOf(table, index),
  }
}

/** The headers of record `index` of a table. */
export function headersOf(table: RecordTable, index: number): RecordHeader[] {
  const { bytes } = table
  const headers: RecordHeader[] = []
  let at = table.headersAt[index]
  // The table has walked over them: lengths are right.
  const length = (): number => {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1)
    }
  }
  for (let left = table.headerCount[index]; left > 0; left--) {
    const keyBytes = length()
    const key = bytes.toString('utf8', at, at + keyBytes)
    at += keyBytes
    const valueBytes = length()
    headers.push({ key, value: valueBytes < 0 ? null : bytes.subarray(at, at + valueBytes) })
    if (valueBytes > 0) at += valueBytes
  }
  return headers
}
