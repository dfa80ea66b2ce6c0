/**
 * Builds batches of records, format 2. The encoder appends records to one buffer without an object per record; `buildBatch`
 * takes records as objects. A finished batch is handed over: nothing here writes into it again. Not shared between threads.
 */
import { assert } from '../../../core/assert.ts'
import {
  attributeBits,
  batchAt,
  batchHeaderBytes,
  batchPrefixBytes,
  type CodecName,
  sealBatch,
  writeInt64,
} from './batch.ts'
import { codecId, compress } from './codecs.ts'

export interface BatchOptions {
  /** Default `none`. */
  readonly codec?: CodecName
  /** Default -1: no producer. */
  readonly producerId?: number
  readonly producerEpoch?: number
  readonly baseSequence?: number
  /** Default 0: the log decides. */
  readonly baseOffset?: number
  /** Default -1. */
  readonly leaderEpoch?: number
  readonly transactional?: boolean
  readonly control?: boolean
  /** The offsets that the batch covers, less one; default that of the last record. */
  readonly lastOffsetDelta?: number
  /** Makes the batch say that its timestamps are those of the append. */
  readonly appendTimeMs?: number
  /** Takes the place of the base timestamp, which must have been given to `begin`. */
  readonly deleteHorizon?: boolean
}

export interface RecordInput {
  readonly key: Buffer | null
  readonly value: Buffer | null
  /** Milliseconds since 1970. */
  readonly timestamp: number
  readonly headers?: readonly { readonly key: string; readonly value: Buffer | null }[]
}

const capacityBytes = 32_768
const varintBytesMax = 10

export class BatchEncoder {
  count = 0
  #bytes: Buffer = Buffer.allocUnsafeSlow(capacityBytes)
  #at = batchHeaderBytes
  #baseTimestamp = 0
  #maxTimestamp = -1
  #lastDelta = -1
  #fixedBase = false

  /** Bytes of the batch so far, before compression. */
  get sizeBytes(): number {
    return this.#at
  }

  /** Drops what was begun. The base timestamp is that of the first record unless it is given. */
  begin(baseTimestamp?: number): void {
    this.count = 0
    this.#at = batchHeaderBytes
    this.#maxTimestamp = -1
    this.#lastDelta = -1
    this.#fixedBase = baseTimestamp !== undefined
    this.#baseTimestamp = baseTimestamp ?? 0
  }

  /** Appends a record with the next offset. */
  append(
    timestamp: number,
    key: Buffer | null,
    value: Buffer | null,
    headers?: readonly { readonly key: string; readonly value: Buffer | null }[],
  ): void {
    const encoded = headers === undefined || headers.length === 0 ? undefined : encodeHeaders(headers)
    this.appendRange(
      this.#lastDelta + 1,
      timestamp,
      key ?? emptyBytes,
      0,
      key === null ? -1 : key.length,
      value ?? emptyBytes,
      0,
      value === null ? -1 : value.length,
      encoded ?? emptyBytes,
      0,
      encoded === undefined ? 0 : encoded.length,
      headers === undefined ? 0 : headers.length,
    )
  }

  /**
   * Appends a record whose parts lie in other buffers: `keyLength` and `valueLength` are -1 for null, headers are given as
   * they stand in a record, behind their count. Offsets must rise.
   */
  appendRange(
    offsetDelta: number,
    timestamp: number,
    keyBytes: Buffer,
    keyAt: number,
    keyLength: number,
    valueBytes: Buffer,
    valueAt: number,
    valueLength: number,
    headerBytes: Buffer,
    headersAt: number,
    headersLength: number,
    headerCount: number,
  ): void {
    assert(offsetDelta > this.#lastDelta, 'offsets rise within a batch')
    if (this.count === 0 && !this.#fixedBase) this.#baseTimestamp = timestamp
    const delta = timestamp - this.#baseTimestamp
    const key = Math.max(0, keyLength)
    const value = Math.max(0, valueLength)
    const length =
      1 +
      signedBytes(delta) +
      signedBytes(offsetDelta) +
      signedBytes(keyLength) +
      key +
      signedBytes(valueLength) +
      value +
      signedBytes(headerCount) +
      headersLength
    const needed = this.#at + length + varintBytesMax
    if (needed > this.#bytes.length) this.#grow(needed)
    const bytes = this.#bytes
    let at = putSigned(bytes, this.#at, length)
    bytes[at++] = 0
    at = putSigned(bytes, at, delta)
    at = putSigned(bytes, at, offsetDelta)
    at = putSigned(bytes, at, keyLength)
    at = copyBytes(keyBytes, keyAt, key, bytes, at)
    at = putSigned(bytes, at, valueLength)
    at = copyBytes(valueBytes, valueAt, value, bytes, at)
    at = putSigned(bytes, at, headerCount)
    this.#at = copyBytes(headerBytes, headersAt, headersLength, bytes, at)
    this.#lastDelta = offsetDelta
    this.count++
    if (timestamp > this.#maxTimestamp) this.#maxTimestamp = timestamp
  }

  /** The batch, which belongs to the caller. The encoder begins anew. */
  finish(options: BatchOptions = {}): Buffer {
    const codec = options.codec ?? 'none'
    let batch: Buffer
    if (codec === 'none') {
      const used = this.#at
      if (used * 2 > this.#bytes.length) {
        // Handing the buffer over is cheaper than copying it.
        batch = this.#bytes.subarray(0, used)
        this.#bytes = Buffer.allocUnsafeSlow(capacityBytes)
      } else {
        batch = Buffer.allocUnsafeSlow(used)
        this.#bytes.copy(batch, batchHeaderBytes, batchHeaderBytes, used)
      }
    } else {
      const records = compress(codec, this.#bytes.subarray(batchHeaderBytes, this.#at))
      batch = Buffer.allocUnsafeSlow(batchHeaderBytes + records.length)
      records.copy(batch, batchHeaderBytes)
    }
    this.#writeHeader(batch, codec, options)
    this.begin()
    return batch
  }

  #writeHeader(batch: Buffer, codec: CodecName, options: BatchOptions): void {
    let attributes = codecId(codec)
    if (options.appendTimeMs !== undefined) attributes |= attributeBits.logAppendTime
    if (options.transactional === true) attributes |= attributeBits.transactional
    if (options.control === true) attributes |= attributeBits.control
    if (options.deleteHorizon === true) attributes |= attributeBits.deleteHorizon
    const lastOffsetDelta = options.lastOffsetDelta ?? Math.max(0, this.#lastDelta)
    writeInt64(batch, batchAt.baseOffset, options.baseOffset ?? 0)
    batch.writeInt32BE(batch.length - batchPrefixBytes, batchAt.length)
    batch.writeInt32BE(options.leaderEpoch ?? -1, batchAt.leaderEpoch)
    batch[batchAt.magic] = 2
    batch.writeInt16BE(attributes, batchAt.attributes)
    batch.writeInt32BE(lastOffsetDelta, batchAt.lastOffsetDelta)
    writeInt64(batch, batchAt.baseTimestamp, this.#baseTimestamp)
    writeInt64(batch, batchAt.maxTimestamp, options.appendTimeMs ?? this.#maxTimestamp)
    writeInt64(batch, batchAt.producerId, options.producerId ?? -1)
    batch.writeInt16BE(options.producerEpoch ?? -1, batchAt.producerEpoch)
    batch.writeInt32BE(options.baseSequence ?? -1, batchAt.baseSequence)
    batch.writeInt32BE(this.count, batchAt.recordCount)
    sealBatch(batch, 0)
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2))
    this.#bytes.copy(larger, 0, 0, this.#at)
    this.#bytes = larger
  }
}

const emptyBytes = Buffer.alloc(0)
const shared = new BatchEncoder()

/** One batch of the records given, which belongs to the caller. */
export function buildBatch(options: BatchOptions & { readonly records: readonly RecordInput[] }): Buffer {
  shared.begin()
  for (const { timestamp, key, value, headers } of options.records) shared.append(timestamp, key, value, headers)
  return shared.finish(options)
}

/** Headers as they stand in a record, behind their count. */
export function encodeHeaders(headers: readonly { readonly key: string; readonly value: Buffer | null }[]): Buffer {
  let size = 0
  for (const { key, value } of headers) size += 2 * varintBytesMax + key.length * 3 + (value?.length ?? 0)
  const bytes = Buffer.allocUnsafe(size)
  let at = 0
  for (const { key, value } of headers) {
    at = putSigned(bytes, at, Buffer.byteLength(key))
    at += bytes.write(key, at)
    at = putSigned(bytes, at, value === null ? -1 : value.length)
    if (value !== null) at = copyBytes(value, 0, value.length, bytes, at)
  }
  return bytes.subarray(0, at)
}

/** A loop is cheaper than a native call for the keys and values that are common. */
function copyBytes(from: Buffer, fromAt: number, length: number, to: Buffer, toAt: number): number {
  if (length > 32) from.copy(to, toAt, fromAt, fromAt + length)
  else for (let index = 0; index < length; index++) to[toAt + index] = from[fromAt + index]
  return toAt + length
}

/** Bytes of a zigzag number. */
function signedBytes(value: number): number {
  if (value >= -64 && value < 64) return 1
  if (value >= -8192 && value < 8192) return 2
  let rest = value >= 0 ? value * 2 : -value * 2 - 1
  let count = 1
  while (rest >= 128) {
    rest = Math.floor(rest / 128)
    count++
  }
  return count
}

function putSigned(bytes: Buffer, from: number, value: number): number {
  if (value >= -1 && value < 64) {
    // -1 stands for null.
    bytes[from] = value < 0 ? 1 : value << 1
    return from + 1
  }
  if (value >= 0 && value < 8192) {
    bytes[from] = ((value << 1) & 0x7f) | 0x80
    bytes[from + 1] = value >> 6
    return from + 2
  }
  let at = from
  let rest = value >= 0 ? value * 2 : -value * 2 - 1
  // Beyond 31 bits there are no bit operations.
  while (rest >= 0x8000_0000) {
    bytes[at++] = (rest % 128) | 0x80
    rest = Math.floor(rest / 128)
  }
  while (rest >= 128) {
    bytes[at++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  bytes[at++] = rest
  return at
}
