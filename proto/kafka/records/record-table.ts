/**
 * The records of a batch as places in its bytes: typed arrays, no object per record. A table is filled again and again and
 * keeps its arrays; what it says is valid until it is filled next. For whoever reads many records: sources, compaction.
 */
import { type BatchHeader, batchHeaderBytes } from './batch.ts'
import { decompress, openedBytesMax } from './codecs.ts'
import { kafkaRecordErrors } from './errors.ts'

/** Length, attributes, timestamp, offset, key, value, headers: a byte each at least. */
const recordBytesMin = 7
/** Largest number of bytes that a variable-length number of 64 bits takes. */
const varintBytesMax = 10

export class RecordTable {
  count = 0
  /** What the places refer to: the batch itself, or its records after they were opened. */
  bytes: Buffer = Buffer.alloc(0)
  /** Where the first record begins. */
  start = 0
  baseOffset = 0
  /** Of each record from the base offset. */
  offsetDelta: Int32Array<ArrayBuffer> = new Int32Array(0)
  /** Milliseconds; the time of the append where the batch says so. */
  timestamp: Float64Array<ArrayBuffer> = new Float64Array(0)
  keyAt: Int32Array<ArrayBuffer> = new Int32Array(0)
  /** -1 for null. */
  keyLength: Int32Array<ArrayBuffer> = new Int32Array(0)
  valueAt: Int32Array<ArrayBuffer> = new Int32Array(0)
  /** -1 for null. */
  valueLength: Int32Array<ArrayBuffer> = new Int32Array(0)
  /** Where the first header begins, behind the number of headers. */
  headersAt: Int32Array<ArrayBuffer> = new Int32Array(0)
  headerCount: Int32Array<ArrayBuffer> = new Int32Array(0)
  /** First place behind the record. */
  endAt: Int32Array<ArrayBuffer> = new Int32Array(0)
  /** Behind the number that `varint` read last. */
  private at = 0

  /**
   * Fills the table from the batch whose header is given and which begins at `at`. Throws KAFKA_RECORDS_* for records that
   * are damaged; the table is then empty.
   */
  read(batch: Buffer, header: BatchHeader, at = 0, limitBytes: number = openedBytesMax): void {
    this.count = 0
    if (header.magic !== 2) throw kafkaRecordErrors.create('MAGIC', { magic: header.magic })
    if (header.codec === undefined) {
      throw kafkaRecordErrors.create('UNKNOWN_CODEC', { codec: header.attributes & 7 })
    }
    const { sizeBytes, codec } = header
    if (sizeBytes < batchHeaderBytes || sizeBytes > batch.length - at) {
      throw kafkaRecordErrors.create('TRUNCATED', { wanted: sizeBytes, offset: at, left: batch.length - at })
    }
    if (codec === 'none') this.#scan(batch, at + batchHeaderBytes, at + sizeBytes, header)
    else {
      const opened = decompress(codec, batch.subarray(at + batchHeaderBytes, at + sizeBytes), limitBytes)
      this.#scan(opened, 0, opened.length, header)
    }
  }

  /** Where record `index` begins, its length included. */
  startOf(index: number): number {
    return index === 0 ? this.start : this.endAt[index - 1]
  }

  #scan(bytes: Buffer, from: number, end: number, header: BatchHeader): void {
    const count = header.recordCount
    if (count < 0 || count * recordBytesMin > end - from) {
      throw kafkaRecordErrors.create('MALFORMED', { index: 0, problem: `${count} records do not fit into the batch` })
    }
    if (count > this.offsetDelta.length) this.#grow(count)
    this.bytes = bytes
    this.start = from
    this.baseOffset = header.baseOffset
    const appendTime = header.timestampType === 'append' ? header.maxTimestamp : -1
    const { baseTimestamp, lastOffsetDelta } = header
    const { offsetDelta, timestamp, keyAt, keyLength, valueAt, valueLength, headersAt, headerCount, endAt } = this
    let at = from
    let byte = 0
    let value = 0
    for (let index = 0; index < count; index++) {
      // Numbers of one and two bytes, which nearly all are, are read in place.
      byte = at < end ? bytes[at] : 0x80
      if (byte < 0x80) {
        value = (byte >>> 1) ^ -(byte & 1)
        at++
      } else {
        // Two bytes: bit 7 of the first is taken off by the subtraction.
        const second = at + 1 < end ? bytes[at + 1] : 0x80
        if (second < 0x80) {
          byte = byte - 0x80 + (second << 7)
          value = (byte >>> 1) ^ -(byte & 1)
          at += 2
        } else {
          value = this.varint(bytes, at, end, index)
          at = this.at
        }
      }
      const recordEnd = at + value
      if (value < recordBytesMin - 1 || recordEnd > end) throw malformed(index, 'its length is wrong')
      // The attributes of a record mean nothing yet.
      at++
      byte = at < recordEnd ? bytes[at] : 0x80
      if (byte < 0x80) {
        value = (byte >>> 1) ^ -(byte & 1)
        at++
      } else {
        // Two bytes: bit 7 of the first is taken off by the subtraction.
        const second = at + 1 < recordEnd ? bytes[at + 1] : 0x80
        if (second < 0x80) {
          byte = byte - 0x80 + (second << 7)
          value = (byte >>> 1) ^ -(byte & 1)
          at += 2
        } else {
          value = this.varint(bytes, at, recordEnd, index)
          at = this.at
        }
      }
      timestamp[index] = appendTime >= 0 ? appendTime : baseTimestamp + value
      byte = at < recordEnd ? bytes[at] : 0x80
      if (byte < 0x80) {
        value = (byte >>> 1) ^ -(byte & 1)
        at++
      } else {
        // Two bytes: bit 7 of the first is taken off by the subtraction.
        const second = at + 1 < recordEnd ? bytes[at + 1] : 0x80
        if (second < 0x80) {
          byte = byte - 0x80 + (second << 7)
          value = (byte >>> 1) ^ -(byte & 1)
          at += 2
        } else {
          value = this.varint(bytes, at, recordEnd, index)
          at = this.at
        }
      }
      if (value < 0 || value > lastOffsetDelta) throw malformed(index, 'its offset lies outside of the batch')
      offsetDelta[index] = value
      byte = at < recordEnd ? bytes[at] : 0x80
      if (byte < 0x80) {
        value = (byte >>> 1) ^ -(byte & 1)
        at++
      } else {
        // Two bytes: bit 7 of the first is taken off by the subtraction.
        const second = at + 1 < recordEnd ? bytes[at + 1] : 0x80
        if (second < 0x80) {
          byte = byte - 0x80 + (second << 7)
          value = (byte >>> 1) ^ -(byte & 1)
          at += 2
        } else {
          value = this.varint(bytes, at, recordEnd, index)
          at = this.at
        }
      }
      if (value < -1 || value > recordEnd - at) throw malformed(index, 'its key is longer than the record')
      keyAt[index] = at
      keyLength[index] = value
      if (value > 0) at += value
      byte = at < recordEnd ? bytes[at] : 0x80
      if (byte < 0x80) {
        value = (byte >>> 1) ^ -(byte & 1)
        at++
      } else {
        // Two bytes: bit 7 of the first is taken off by the subtraction.
        const second = at + 1 < recordEnd ? bytes[at + 1] : 0x80
        if (second < 0x80) {
          byte = byte - 0x80 + (second << 7)
          value = (byte >>> 1) ^ -(byte & 1)
          at += 2
        } else {
          value = this.varint(bytes, at, recordEnd, index)
          at = this.at
        }
      }
      if (value < -1 || value > recordEnd - at) throw malformed(index, 'its value is longer than the record')
      valueAt[index] = at
      valueLength[index] = value
      if (value > 0) at += value
      byte = at < recordEnd ? bytes[at] : 0x80
      if (byte < 0x80) {
        value = (byte >>> 1) ^ -(byte & 1)
        at++
      } else {
        // Two bytes: bit 7 of the first is taken off by the subtraction.
        const second = at + 1 < recordEnd ? bytes[at + 1] : 0x80
        if (second < 0x80) {
          byte = byte - 0x80 + (second << 7)
          value = (byte >>> 1) ^ -(byte & 1)
          at += 2
        } else {
          value = this.varint(bytes, at, recordEnd, index)
          at = this.at
        }
      }
      headersAt[index] = at
      headerCount[index] = value
      if (value !== 0) at = this.skipHeaders(bytes, at, recordEnd, value, index)
      if (at !== recordEnd) throw malformed(index, 'bytes are left over')
      endAt[index] = at
    }
    if (at !== end) throw malformed(count, 'bytes are left over behind the last record')
    this.count = count
  }

  private skipHeaders(bytes: Buffer, from: number, end: number, count: number, index: number): number {
    if (count < 0 || count * 2 > end - from) throw malformed(index, 'its headers do not fit')
    let at = from
    for (let left = count; left > 0; left--) {
      const key = this.varint(bytes, at, end, index)
      at = this.at
      if (key < 0 || key > end - at) throw malformed(index, 'the name of a header does not fit')
      const value = this.varint(bytes, at + key, end, index)
      at = this.at
      if (value < -1 || value > end - at) throw malformed(index, 'the value of a header does not fit')
      if (value > 0) at += value
    }
    return at
  }

  /** A zigzag number; leaves the place behind it in `#at`. */
  private varint(bytes: Buffer, from: number, end: number, index: number): number {
    if (end - from >= 4 && bytes[from + 2] < 0x80) {
      const bits = (bytes[from] & 0x7f) | ((bytes[from + 1] & 0x7f) << 7) | (bytes[from + 2] << 14)
      // The first two were found to go on.
      if (bytes[from] >= 0x80 && bytes[from + 1] >= 0x80) {
        this.at = from + 3
        return (bits >>> 1) ^ -(bits & 1)
      }
    }
    let value = 0
    let factor = 1
    let at = from
    for (let left = varintBytesMax; left > 0; left--) {
      if (at >= end) break
      const byte = bytes[at++]
      value += (byte & 0x7f) * factor
      if (byte < 0x80) {
        this.at = at
        if (value > Number.MAX_SAFE_INTEGER) throw malformed(index, 'a number is too large')
        return value % 2 === 0 ? value / 2 : -(value + 1) / 2
      }
      factor *= 128
    }
    throw malformed(index, 'a number does not end')
  }

  #grow(count: number): void {
    const capacity = Math.max(256, count + (count >> 1))
    this.offsetDelta = new Int32Array(capacity)
    this.timestamp = new Float64Array(capacity)
    this.keyAt = new Int32Array(capacity)
    this.keyLength = new Int32Array(capacity)
    this.valueAt = new Int32Array(capacity)
    this.valueLength = new Int32Array(capacity)
    this.headersAt = new Int32Array(capacity)
    this.headerCount = new Int32Array(capacity)
    this.endAt = new Int32Array(capacity)
  }
}

const malformed = (index: number, problem: string): Error => kafkaRecordErrors.create('MALFORMED', { index, problem })
