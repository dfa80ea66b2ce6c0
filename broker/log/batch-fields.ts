/**
 * Single fields of a record batch (format v2), read where they lie: for loops over many batches, which need three or four of
 * them and no object. Offsets and ids are numbers: callers compare them, and a value above 2^53 comes from damage.
 *
 * Pure; no bounds are checked here, `at + batchHeaderBytes` must lie within the buffer.
 */

/** Bytes before the first record. */
export const batchHeaderBytes = 61
/** Base offset and length: what stands before the part that `length` counts. */
export const batchPrefixBytes = 12
/** Where the checksum's bytes begin. */
export const checksumStart = 21

export const baseOffsetOf = (buffer: Buffer, at: number): number => int64At(buffer, at)
/** Of the whole batch. */
export const batchBytesOf = (buffer: Buffer, at: number): number => int32At(buffer, at + 8) + batchPrefixBytes
export const leaderEpochOf = (buffer: Buffer, at: number): number => int32At(buffer, at + 12)
export const magicOf = (buffer: Buffer, at: number): number => buffer[at + 16]
export const checksumOf = (buffer: Buffer, at: number): number => uint32At(buffer, at + 17)
export const attributesOf = (buffer: Buffer, at: number): number => buffer.readInt16BE(at + 21)
export const lastOffsetDeltaOf = (buffer: Buffer, at: number): number => int32At(buffer, at + 23)
export const lastOffsetOf = (buffer: Buffer, at: number): number => int64At(buffer, at) + int32At(buffer, at + 23)
export const baseTimestampOf = (buffer: Buffer, at: number): number => int64At(buffer, at + 27)
export const maxTimestampOf = (buffer: Buffer, at: number): number => int64At(buffer, at + 35)
export const producerIdOf = (buffer: Buffer, at: number): number => int64At(buffer, at + 43)
export const producerEpochOf = (buffer: Buffer, at: number): number => buffer.readInt16BE(at + 51)
export const baseSequenceOf = (buffer: Buffer, at: number): number => int32At(buffer, at + 53)
export const recordCountOf = (buffer: Buffer, at: number): number => int32At(buffer, at + 57)

export const codecBits = 0x07
export const timestampTypeBit = 0x08
export const transactionalBit = 0x10
export const controlBit = 0x20
export const deleteHorizonBit = 0x40

/** A signed 64-bit number, inexact above 2^53. */
export function int64At(buffer: Buffer, at: number): number {
  return int32At(buffer, at) * 4294967296 + uint32At(buffer, at + 4)
}

// Buffer's own methods are calls, and what they return of large numbers are objects.
const int32At = (buffer: Buffer, at: number): number =>
  (buffer[at] << 24) | (buffer[at + 1] << 16) | (buffer[at + 2] << 8) | buffer[at + 3]
const uint32At = (buffer: Buffer, at: number): number => int32At(buffer, at) >>> 0

export function writeInt64At(buffer: Buffer, value: number, at: number): void {
  buffer.writeInt32BE(Math.floor(value / 4294967296), at)
  buffer.writeUInt32BE(((value % 4294967296) + 4294967296) % 4294967296, at + 4)
}

/** The last sequence of a batch: sequences wrap from 2^31 - 1 to 0. */
export function lastSequenceOf(baseSequence: number, lastOffsetDelta: number): number {
  return baseSequence < 0 ? -1 : (baseSequence + lastOffsetDelta) % 2147483648
}
