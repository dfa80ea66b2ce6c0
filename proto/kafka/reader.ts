/**
 * Reads the fields of a Kafka message from one Buffer. Never reads past the end, whatever a length in the data claims, and
 * refuses an array that could not fit into the bytes left before anything is allocated: it throws a KAFKA_WIRE_* error.
 * `bytes` gives views on the Buffer, strings are copies. Big end first. One reader serves one thread; `reset` reuses it.
 */
import { defineErrors } from '../../core/errors.ts'

export const kafkaWireErrors = defineErrors('KAFKA_WIRE', {
  TRUNCATED: {
    text: 'the message ends at byte {end}, {wanted} more bytes were expected at {offset}',
    blame: 'external',
    retry: 'never',
  },
  ARRAY_TOO_LONG: {
    text: 'an array of {count} items at byte {offset} does not fit into the {left} bytes that follow',
    blame: 'external',
    retry: 'never',
  },
  INT64_RANGE: {
    text: 'the 64-bit number {value} at byte {offset} does not fit into a number without loss',
    blame: 'external',
    retry: 'never',
  },
  VARINT: {
    text: 'the variable-length number at byte {offset} does not end',
    blame: 'external',
    retry: 'never',
  },
  NULL_FIELD: {
    text: 'the field at byte {offset} is null, and must not be',
    blame: 'external',
    retry: 'never',
  },
  NULL_VALUE: {
    text: '{field} is null, which version {version} of the message cannot say',
    blame: 'internal',
    retry: 'never',
  },
  NEGATIVE_LENGTH: {
    text: 'the length {length} at byte {offset} is below zero',
    blame: 'external',
    retry: 'never',
  },
  TAG_SIZE: {
    text: 'the tagged field {tag} ends at byte {offset}, its size said {end}',
    blame: 'external',
    retry: 'never',
  },
  STRING_TOO_LONG: {
    text: 'a string of {length} bytes is too long, 32767 is the limit',
    blame: 'internal',
    retry: 'never',
  },
  VERSION: {
    text: '{message} has no version {version}, only {lowest} to {highest}',
    blame: 'external',
    retry: 'never',
  },
  FRAME_TOO_LARGE: {
    text: 'a frame of {size} bytes is larger than the limit of {limit}, or no frame at all',
    blame: 'external',
    retry: 'never',
  },
})

/** The id that stands for "no id". */
export const zeroUuid = 'AAAAAAAAAAAAAAAAAAAAAA'

const emptyBytes = Buffer.alloc(0)

/** A longer list may be a lie. A list that grows gets room for 17 items with the first. */
const roomAtOnceMax = 64

// Names of topics, clients and groups come again with every request. A small table of strings met before spares decoding
// them, and gives the same string object, whose hash is known already.
const internedBytesMax = 48
const internedSlots = 2048
const internedBytes: (Buffer | undefined)[] = new Array(internedSlots).fill(undefined)
const internedText: string[] = new Array(internedSlots).fill('')

function textOf(bytes: Buffer, at: number, length: number): string {
  if (length === 0) return ''
  if (length > internedBytesMax) return bytes.utf8Slice(at, at + length)
  let hash = length
  for (let index = 0; index < length; index++) hash = (Math.imul(hash, 31) + bytes[at + index]) | 0
  const slot = (hash ^ (hash >>> 15)) & (internedSlots - 1)
  const known = internedBytes[slot]
  if (known !== undefined && known.length === length) {
    let index = 0
    while (index < length && known[index] === bytes[at + index]) index++
    if (index === length) return internedText[slot]
  }
  const text = bytes.utf8Slice(at, at + length)
  const copy = Buffer.allocUnsafeSlow(length)
  bytes.copy(copy, 0, at, at + length)
  internedBytes[slot] = copy
  internedText[slot] = text
  return text
}

export class KafkaReader {
  /** What is read. */
  buffer: Buffer
  /** Place of the next byte, from the start of the Buffer. */
  at: number
  /** First place that does not belong to the message. */
  end: number
  /**
   * 64-bit numbers that are no safe whole numbers are read as the nearest that is, instead of throwing: for a server, which
   * answers what lies outside of any log in its own place.
   */
  saturates = false

  constructor(bytes: Buffer = emptyBytes, at = 0, end: number = bytes.length) {
    this.buffer = bytes
    this.at = at
    this.end = end
  }

  /** Begins again with other bytes. */
  reset(bytes: Buffer, at = 0, end: number = bytes.length): this {
    this.buffer = bytes
    this.at = at
    this.end = end
    return this
  }

  get remaining(): number {
    return this.end - this.at
  }

  bool(): boolean {
    return this.int8() !== 0
  }

  int8(): number {
    const at = this.at
    if (at >= this.end) throw this.#truncated(1)
    this.at = at + 1
    return (this.buffer[at] << 24) >> 24
  }

  int16(): number {
    const at = this.at
    if (this.end - at < 2) throw this.#truncated(2)
    this.at = at + 2
    const bytes = this.buffer
    return (((bytes[at] << 8) | bytes[at + 1]) << 16) >> 16
  }

  uint16(): number {
    return this.int16() & 0xffff
  }

  int32(): number {
    const at = this.at
    if (this.end - at < 4) throw this.#truncated(4)
    this.at = at + 4
    const bytes = this.buffer
    return (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]
  }

  uint32(): number {
    return this.int32() >>> 0
  }

  /** A 64-bit number; outside of the safe whole numbers it throws KAFKA_WIRE_INT64_RANGE, unless it `saturates`. */
  int64(): number {
    const at = this.at
    const high = this.int32()
    const low = this.int32() >>> 0
    const value = high * 0x1_0000_0000 + low
    if (high > 0x1f_ffff || high < -0x20_0000 || value === -0x20_0000_0000_0000) {
      if (!this.saturates) throw this.#int64Range(at, high, low)
      return high < 0 ? Number.MIN_SAFE_INTEGER : Number.MAX_SAFE_INTEGER
    }
    return value
  }

  float64(): number {
    const at = this.at
    if (this.end - at < 8) throw this.#truncated(8)
    this.at = at + 8
    return this.buffer.readDoubleBE(at)
  }

  /** Sixteen bytes in base64url, 22 characters. */
  uuid(): string {
    const at = this.at
    if (this.end - at < 16) throw this.#truncated(16)
    this.at = at + 16
    const bytes = this.buffer
    if (bytes[at] === 0 && bytes[at + 15] === 0) {
      let index = 1
      while (index < 15 && bytes[at + index] === 0) index++
      if (index === 15) return zeroUuid
    }
    return bytes.toString('base64url', at, at + 16)
  }

  /** An unsigned number of at most 32 bits. */
  unsignedVarint(): number {
    const start = this.at
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      if (this.at >= this.end) throw this.#truncated(1)
      const byte = this.buffer[this.at++]
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value >>> 0
    }
    throw kafkaWireErrors.create('VARINT', { offset: start })
  }

  string(flexible: boolean): string {
    const length = this.#stringLength(flexible)
    if (length < 0) throw this.#isNull()
    const at = this.#take(length)
    return textOf(this.buffer, at, length)
  }

  nullableString(flexible: boolean): string | null {
    const length = this.#stringLength(flexible)
    if (length < 0) return null
    const at = this.#take(length)
    return textOf(this.buffer, at, length)
  }

  /** A view, valid as long as the Buffer is. */
  bytes(flexible: boolean): Buffer {
    const value = this.nullableBytes(flexible)
    if (value === null) throw this.#isNull()
    return value
  }

  /** A view, valid as long as the Buffer is. */
  nullableBytes(flexible: boolean): Buffer | null {
    const length = flexible ? this.unsignedVarint() - 1 : this.#signedLength()
    if (length < 0) return null
    const at = this.#take(length)
    return this.buffer.subarray(at, at + length)
  }

  /** Items of an array, each of which takes at least `itemBytesMin` bytes. */
  arrayLength(flexible: boolean, itemBytesMin: number): number {
    const count = this.nullableArrayLength(flexible, itemBytesMin)
    if (count < 0) throw this.#isNull()
    return count
  }

  /** As `arrayLength`; -1 for null. */
  nullableArrayLength(flexible: boolean, itemBytesMin: number): number {
    const offset = this.at
    const count = flexible ? this.unsignedVarint() - 1 : this.#signedLength()
    if (count > 0 && count * itemBytesMin > this.end - this.at) {
      throw kafkaWireErrors.create('ARRAY_TOO_LONG', { count, offset, left: this.end - this.at })
    }
    return count
  }

  /** A list to be filled from its start with `count` items: room for a few is made at once, for many as they come. */
  list<Item>(count: number): Item[] {
    return count > 0 && count <= roomAtOnceMax ? new Array<Item>(count) : []
  }

  /** Skips tagged fields of a structure that knows none. */
  skipTags(): void {
    for (let left = this.unsignedVarint(); left > 0; left--) {
      this.unsignedVarint()
      this.skip(this.unsignedVarint())
    }
  }

  /** The end of the tagged field whose size stands here. */
  tagEnd(): number {
    const size = this.unsignedVarint()
    if (size > this.end - this.at) throw this.#truncated(size)
    return this.at + size
  }

  /** Asserts that a tagged field ended where its size said. */
  endTag(tag: number, end: number): void {
    if (this.at !== end) throw kafkaWireErrors.create('TAG_SIZE', { tag, offset: this.at, end })
  }

  skip(length: number): void {
    this.#take(length)
  }

  // -1 is null; a length below that is a lie.
  #stringLength(flexible: boolean): number {
    if (flexible) return this.unsignedVarint() - 1
    const length = this.int16()
    if (length < -1) throw kafkaWireErrors.create('NEGATIVE_LENGTH', { length, offset: this.at - 2 })
    return length
  }

  #signedLength(): number {
    const length = this.int32()
    if (length < -1) throw kafkaWireErrors.create('NEGATIVE_LENGTH', { length, offset: this.at - 4 })
    return length
  }

  #take(length: number): number {
    const at = this.at
    if (length > this.end - at) throw this.#truncated(length)
    this.at = at + length
    return at
  }

  #truncated(wanted: number): Error {
    return kafkaWireErrors.create('TRUNCATED', { end: this.end, wanted, offset: this.at })
  }

  #isNull(): Error {
    return kafkaWireErrors.create('NULL_FIELD', { offset: this.at })
  }

  #int64Range(offset: number, high: number, low: number): Error {
    const value = (BigInt(high) << 32n) | BigInt(low)
    return kafkaWireErrors.create('INT64_RANGE', { value: value.toString(), offset })
  }
}
