/**
 * Writes fields one after another into a buffer that grows. `finish` gives the bytes; the writer may then be used again
 * after `reset`, which makes the bytes given invalid. Big end first unless the name says `Le`.
 */
import { assert } from '../assert.ts'

export class ByteWriter {
  #bytes: Uint8Array
  #view: DataView
  #length = 0

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity)
    this.#view = new DataView(this.#bytes.buffer)
  }

  get length(): number {
    return this.#length
  }

  uint8(value: number): void {
    const at = this.#grow(1)
    this.#view.setUint8(at, value)
  }

  int16(value: number): void {
    const at = this.#grow(2)
    this.#view.setInt16(at, value)
  }

  int32(value: number): void {
    const at = this.#grow(4)
    this.#view.setInt32(at, value)
  }

  uint32(value: number): void {
    const at = this.#grow(4)
    this.#view.setUint32(at, value)
  }

  uint32Le(value: number): void {
    const at = this.#grow(4)
    this.#view.setUint32(at, value, true)
  }

  int64(value: bigint): void {
    const at = this.#grow(8)
    this.#view.setBigInt64(at, value)
  }

  float64(value: number): void {
    const at = this.#grow(8)
    this.#view.setFloat64(at, value)
  }

  float64Le(value: number): void {
    const at = this.#grow(8)
    this.#view.setFloat64(at, value, true)
  }

  /** Unsigned LEB128; a safe whole number, 0 or more. */
  varint(value: number): void {
    assert(Number.isSafeInteger(value) && value >= 0, 'varint takes a safe whole number, 0 or more')
    let rest = value
    while (rest >= 128) {
      this.uint8((rest % 128) | 0x80)
      rest = Math.floor(rest / 128)
    }
    this.uint8(rest)
  }

  /** Signed (zigzag) LEB128; magnitude below 2^52. */
  zigzag(value: number): void {
    this.varint(value >= 0 ? value * 2 : -value * 2 - 1)
  }

  bytes(value: Uint8Array): void {
    const start = this.#grow(value.length)
    this.#bytes.set(value, start)
  }

  /** UTF-8 without a length. Returns the bytes written. */
  utf8(value: string): number {
    const bytes = Buffer.from(value, 'utf8')
    this.bytes(bytes)
    return bytes.length
  }

  /** Overwrites four bytes written before, for a length that is known only now. */
  patchUint32(offset: number, value: number): void {
    assert(offset + 4 <= this.#length, 'patch inside of what was written')
    this.#view.setUint32(offset, value)
  }

  /** What was written: a view, valid until the next write or `reset`. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  reset(): void {
    this.#length = 0
  }

  // May replace the view: callers ask for room before they touch it.
  #grow(count: number): number {
    const start = this.#length
    const needed = start + count
    if (needed > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
      larger.set(this.#bytes.subarray(0, start))
      this.#bytes = larger
      this.#view = new DataView(larger.buffer)
    }
    this.#length = needed
    return start
  }
}
