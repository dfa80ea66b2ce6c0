/**
 * Reads a buffer field by field. Never reads past the bytes it was given: whatever a length in the data claims, it throws
 * BYTES_TRUNCATED instead. Big end first unless the name says `Le`. Not shared between threads while another writes.
 */
import { defineErrors } from '../errors.ts'

export const bytesErrors = defineErrors('BYTES', {
  TRUNCATED: {
    text: 'the data ends at byte {length}, {wanted} more bytes were expected at {offset}',
    blame: 'external',
    retry: 'never',
  },
  VARINT_TOO_LONG: {
    text: 'the variable-length number at byte {offset} does not end',
    blame: 'external',
    retry: 'never',
  },
  NOT_SAFE: {
    text: '{value} does not fit into a number without loss',
    hint: 'Read the field as a bigint.',
    blame: 'external',
    retry: 'never',
  },
})

/** A 64-bit value as a number; throws BYTES_NOT_SAFE when it would lose digits. */
export function safeNumber(value: bigint): number {
  const result = Number(value)
  if (!Number.isSafeInteger(result)) throw bytesErrors.create('NOT_SAFE', { value })
  return result
}

export class ByteReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #offset = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get offset(): number {
    return this.#offset
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset
  }

  uint8(): number {
    return this.#view.getUint8(this.#take(1))
  }

  int16(): number {
    return this.#view.getInt16(this.#take(2))
  }

  int32(): number {
    return this.#view.getInt32(this.#take(4))
  }

  uint32(): number {
    return this.#view.getUint32(this.#take(4))
  }

  uint32Le(): number {
    return this.#view.getUint32(this.#take(4), true)
  }

  int64(): bigint {
    return this.#view.getBigInt64(this.#take(8))
  }

  float64(): number {
    return this.#view.getFloat64(this.#take(8))
  }

  float64Le(): number {
    return this.#view.getFloat64(this.#take(8), true)
  }

  /** Unsigned LEB128 of at most 53 bits. */
  varint(): number {
    const start = this.#offset
    let result = 0
    let factor = 1
    for (let count = 0; count < 8; count++) {
      const byte = this.uint8()
      result += (byte & 0x7f) * factor
      if (byte < 0x80) {
        if (!Number.isSafeInteger(result)) throw bytesErrors.create('NOT_SAFE', { value: result })
        return result
      }
      factor *= 128
    }
    throw bytesErrors.create('VARINT_TOO_LONG', { offset: start })
  }

  /** Signed (zigzag) LEB128 of at most 53 bits. */
  zigzag(): number {
    const value = this.varint()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  /** A view on the next `length` bytes: valid as long as the buffer is. */
  bytes(length: number): Uint8Array {
    const start = this.#take(length)
    return this.#bytes.subarray(start, start + length)
  }

  /** The next `length` bytes as UTF-8. */
  utf8(length: number): string {
    const { buffer, byteOffset, byteLength } = this.bytes(length)
    return Buffer.from(buffer, byteOffset, byteLength).toString('utf8')
  }

  skip(length: number): void {
    this.#take(length)
  }

  #take(length: number): number {
    const start = this.#offset
    if (!(length >= 0 && length <= this.#bytes.length - start)) {
      throw bytesErrors.create('TRUNCATED', { length: this.#bytes.length, wanted: length, offset: start })
    }
    this.#offset = start + length
    return start
  }
}
