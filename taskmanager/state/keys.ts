/**
 * Keys as bytes. In snapshots a key is its canonical bytes: the value codec of the value with -0 as 0 and with properties in
 * the order of their names. In memory: number keys are float64, string keys WTF-8, all others canonical bytes.
 *
 * Canonical bytes are part of the snapshot format (proto/FORMATS.md). Pure, but results are lent until the next call.
 */
import { fromWtf8, wtf8 } from '../../core/columns/strings.ts'
import { decodeValue, ValueWriter } from '../../core/columns/value-codec.ts'
import type { KeyShape } from './api.ts'
import { stateErrors } from './errors.ts'

/** Of its own, so that a key and a value may be lent at the same time. */
const writer = new ValueWriter()

/** Canonical bytes of any key; lent until the next call. Throws COLUMNS_NOT_A_VALUE. */
export function canonicalKey(key: unknown): Uint8Array {
  writer.end = 0
  writer.write(typeof key === 'object' ? canonical(key) : key === 0 ? 0 : key)
  return writer.buffer.subarray(0, writer.end)
}

/** The key of canonical bytes. */
export function keyOfBytes(bytes: Uint8Array): unknown {
  return decodeValue(asBuffer(bytes))
}

export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function canonical(value: unknown): unknown {
  if (typeof value === 'number') return value === 0 ? 0 : value
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(canonical)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return value
  const result: Record<string, unknown> = {}
  for (const name of Object.keys(value).sort()) {
    const item = canonical((value as Record<string, unknown>)[name])
    if (name === '__proto__') Object.defineProperty(result, name, { value: item, enumerable: true })
    else result[name] = item
  }
  return result
}

/** The bytes of a key in memory, for tables with bytes keys. Throws STATE_WRONG_KEY. */
export function memoryKey(type: KeyShape['type'], key: unknown): Uint8Array {
  if (type !== 'string') return canonicalKey(key)
  if (typeof key !== 'string') throw wrongKey(key, 'string')
  return wtf8(key)
}

/** The key of bytes in memory. */
export function keyInMemory(type: KeyShape['type'], buffer: Buffer, start: number, bytes: number): unknown {
  return type === 'string' ? fromWtf8(buffer, start, start + bytes) : decodeValue(buffer, start, start + bytes)
}

export function wrongKey(key: unknown, expected: string): Error {
  return stateErrors.create('WRONG_KEY', { value: key, expected })
}

const int32Tag = 0x69
const float64Tag = 0x66
const latin1Tag = 0x4c

/** Canonical bytes of a number as float64 to byte address `to` of a memory; false when they are not those of a number. */
export function copyNumber(
  bytes: Uint8Array,
  start: number,
  end: number,
  u8: Uint8Array,
  f64: Float64Array,
  to: number,
): boolean {
  if (bytes[start] === int32Tag && end - start === 5) {
    f64[to >>> 3] = bytes[start + 1] | (bytes[start + 2] << 8) | (bytes[start + 3] << 16) | (bytes[start + 4] << 24)
    return true
  }
  if (bytes[start] !== float64Tag || end - start !== 9) return false
  for (let i = 0; i < 8; i++) u8[to + i] = bytes[start + 1 + i]
  return true
}

/** Where the characters of a canonical string of ASCII begin, which are its WTF-8 too; -1: it is something else. */
export function asciiStart(bytes: Uint8Array, start: number, end: number): number {
  if (bytes[start] !== latin1Tag) return -1
  const length = bytes[start + 1]
  // Longer ones have a longer length.
  if (length > 127 || start + 2 + length !== end) return -1
  for (let i = start + 2; i < end; i++) if (bytes[i] > 127) return -1
  return start + 2
}
