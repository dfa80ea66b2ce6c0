/**
 * Header of a batch of records, format 2: read, checked, changed in place. A batch is 61 bytes of header and the records,
 * which may be compressed; its checksum covers everything behind itself, so offset and leader epoch can be changed without
 * making it again. Numbers are big end first. Pure, apart from `patchBatch`, which writes into the Buffer it is given.
 */
import { crc32c } from '../../../core/bytes/index.ts'
import { kafkaRecordErrors } from './errors.ts'

export const codecNames = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
export type CodecName = (typeof codecNames)[number]

export const batchHeaderBytes = 61
/** Base offset and length: what must be present to know how long a batch is. */
export const batchPrefixBytes = 12

export const batchAt = {
  baseOffset: 0,
  length: 8,
  leaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  recordCount: 57,
} as const

export const attributeBits = {
  codec: 0x07,
  logAppendTime: 0x08,
  transactional: 0x10,
  control: 0x20,
  deleteHorizon: 0x40,
} as const

export interface BatchHeader {
  readonly baseOffset: number
  /** Of the whole batch, header included. */
  readonly sizeBytes: number
  readonly leaderEpoch: number
  readonly magic: number
  readonly crc: number
  readonly attributes: number
  /** Undefined for a number that no codec has. */
  readonly codec: CodecName | undefined
  readonly timestampType: 'create' | 'append'
  readonly isTransactional: boolean
  readonly isControl: boolean
  /** The base timestamp is then the time from which tombstones and markers may go. */
  readonly hasDeleteHorizon: boolean
  readonly lastOffsetDelta: number
  readonly lastOffset: number
  readonly baseTimestamp: number
  readonly maxTimestamp: number
  /** -1 for none. */
  readonly producerId: number
  readonly producerEpoch: number
  /** -1 for none. */
  readonly baseSequence: number
  /** Of the last record; it wraps from 2^31 - 1 to 0. */
  readonly lastSequence: number
  readonly recordCount: number
}

/** A safe 64-bit number; throws KAFKA_RECORDS_INT64_RANGE. */
export function readInt64(bytes: Buffer, at: number, field: string): number {
  const high = bytes.readInt32BE(at)
  const value = high * 0x1_0000_0000 + bytes.readUInt32BE(at + 4)
  if (!Number.isSafeInteger(value)) {
    throw kafkaRecordErrors.create('INT64_RANGE', { field, value: bytes.readBigInt64BE(at).toString() })
  }
  return value
}

export function writeInt64(bytes: Buffer, at: number, value: number): void {
  const high = Math.floor(value / 0x1_0000_0000)
  bytes.writeInt32BE(high, at)
  bytes.writeUInt32BE(value - high * 0x1_0000_0000, at + 4)
}

/** Sequence number `count` steps after `sequence`; numbers go from 2^31 - 1 to 0. */
export function sequenceAfter(sequence: number, count: number): number {
  return (sequence + count) % 0x8000_0000
}

/**
 * Size of the batch that begins at `at`, as it says itself; 0 when not even that is present. Not checked against anything:
 * it may be negative or beyond the Buffer.
 */
export function batchSizeAt(bytes: Buffer, at: number): number {
  return bytes.length - at < batchPrefixBytes ? 0 : bytes.readInt32BE(at + batchAt.length) + batchPrefixBytes
}

/** Reads the header; 61 bytes must be present. Nothing is checked; see `verifyBatch`. */
export function readBatchHeader(bytes: Buffer, at = 0): BatchHeader {
  if (bytes.length - at < batchHeaderBytes) {
    throw kafkaRecordErrors.create('TRUNCATED', { wanted: batchHeaderBytes, offset: at, left: bytes.length - at })
  }
  const attributes = bytes.readInt16BE(at + batchAt.attributes)
  const baseOffset = readInt64(bytes, at + batchAt.baseOffset, 'the base offset')
  const lastOffsetDelta = bytes.readInt32BE(at + batchAt.lastOffsetDelta)
  const baseSequence = bytes.readInt32BE(at + batchAt.baseSequence)
  return {
    baseOffset,
    sizeBytes: bytes.readInt32BE(at + batchAt.length) + batchPrefixBytes,
    leaderEpoch: bytes.readInt32BE(at + batchAt.leaderEpoch),
    magic: bytes.readInt8(at + batchAt.magic),
    crc: bytes.readUInt32BE(at + batchAt.crc),
    attributes,
    codec: codecNames[attributes & attributeBits.codec],
    timestampType: (attributes & attributeBits.logAppendTime) === 0 ? 'create' : 'append',
    isTransactional: (attributes & attributeBits.transactional) !== 0,
    isControl: (attributes & attributeBits.control) !== 0,
    hasDeleteHorizon: (attributes & attributeBits.deleteHorizon) !== 0,
    lastOffsetDelta,
    lastOffset: baseOffset + lastOffsetDelta,
    baseTimestamp: readInt64(bytes, at + batchAt.baseTimestamp, 'the base timestamp'),
    maxTimestamp: readInt64(bytes, at + batchAt.maxTimestamp, 'the highest timestamp'),
    producerId: readInt64(bytes, at + batchAt.producerId, 'the producer id'),
    producerEpoch: bytes.readInt16BE(at + batchAt.producerEpoch),
    baseSequence,
    lastSequence: baseSequence < 0 ? -1 : sequenceAfter(baseSequence, lastOffsetDelta),
    recordCount: bytes.readInt32BE(at + batchAt.recordCount),
  }
}

/** What is wrong with a batch: cut off, a size that cannot be, another format, a wrong checksum, impossible counts. */
export type BatchProblem = 'truncated' | 'size' | 'magic' | 'checksum' | 'count'

/** Checks one batch that begins at `at` and may take `length` bytes. The records inside are not looked at. */
export function verifyBatch(bytes: Buffer, at = 0, length = bytes.length - at): BatchProblem | undefined {
  if (length < batchPrefixBytes) return 'truncated'
  const sizeBytes = bytes.readInt32BE(at + batchAt.length) + batchPrefixBytes
  // Formats before 2 have the number that tells them apart at the same place.
  if (length > batchAt.magic && bytes.readInt8(at + batchAt.magic) !== 2) return 'magic'
  if (sizeBytes < batchHeaderBytes) return 'size'
  if (sizeBytes > length) return 'truncated'
  if (crc32c(bytes.subarray(at + batchAt.attributes, at + sizeBytes)) !== bytes.readUInt32BE(at + batchAt.crc)) {
    return 'checksum'
  }
  const recordCount = bytes.readInt32BE(at + batchAt.recordCount)
  const lastOffsetDelta = bytes.readInt32BE(at + batchAt.lastOffsetDelta)
  // Compaction leaves fewer records than offsets, even none.
  if (recordCount < 0 || lastOffsetDelta < 0 || recordCount - 1 > lastOffsetDelta) return 'count'
  return undefined
}

/** Gives the batch its place in the log. The checksum stays right. */
export function patchBatch(bytes: Buffer, at: number, baseOffset: number, leaderEpoch: number): void {
  writeInt64(bytes, at + batchAt.baseOffset, baseOffset)
  bytes.writeInt32BE(leaderEpoch, at + batchAt.leaderEpoch)
}

/** Makes the batch carry the time of its append instead of its records' own, and its checksum right again. */
export function patchAppendTime(bytes: Buffer, at: number, timestampMs: number): void {
  const attributes = bytes.readInt16BE(at + batchAt.attributes)
  bytes.writeInt16BE(attributes | attributeBits.logAppendTime, at + batchAt.attributes)
  writeInt64(bytes, at + batchAt.maxTimestamp, timestampMs)
  sealBatch(bytes, at)
}

/** Computes the checksum of a batch whose size is right. */
export function sealBatch(bytes: Buffer, at: number): void {
  const sizeBytes = bytes.readInt32BE(at + batchAt.length) + batchPrefixBytes
  bytes.writeUInt32BE(crc32c(bytes.subarray(at + batchAt.attributes, at + sizeBytes)), at + batchAt.crc)
}
