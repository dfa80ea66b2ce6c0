/**
 * The codec of `any`: one JavaScript value as tagged bytes, exactly. Kept apart: NaN, -0, bigint of any size, Date (invalid
 * too), undefined and null, lone surrogates, holes of arrays, Map, Set, Uint8Array, objects with their property order.
 * A typed array or Buffer comes back as Uint8Array only if it was one; what is not data is COLUMNS_NOT_A_VALUE.
 *
 * Format (version 1, little-endian), one tag byte, then: 'f' float64; 'i' int32; 'T' 'F' 'N' 'U' nothing, 'H' a hole; 'L' length,
 * Latin-1 string; 'W' length, UTF-16 string; 'I' int64; 'B' length, decimal bigint; 'D' float64 date; 'b' length, bytes;
 * '[' count, items; '{' count, pairs of key (string value) and value; 'O' the same without prototype; 'M' 'S' count, entries.
 * Lengths and counts are LEB128.
 *
 * Concurrency: the writer reuses one buffer per thread; its result is lent until the next call.
 */
import { columnErrors } from './errors.ts'

const maxDepth = 512

const tag = {
  float64: 0x66,
  int32: 0x69,
  true: 0x54,
  false: 0x46,
  null: 0x4e,
  undefined: 0x55,
  hole: 0x48,
  latin1: 0x4c,
  utf16: 0x57,
  int64: 0x49,
  bigint: 0x42,
  date: 0x44,
  bytes: 0x62,
  array: 0x5b,
  object: 0x7b,
  bare: 0x4f,
  map: 0x4d,
  set: 0x53,
} as const

const oneByte = /^[\0-\xff]*$/

export class ValueWriter {
  buffer: Buffer = Buffer.allocUnsafeSlow(1024)
  /** Bytes written. */
  end = 0

  /** Appends a value. Throws COLUMNS_NOT_A_VALUE, COLUMNS_TOO_DEEP. */
  write(value: unknown, depth = 0): void {
    switch (typeof value) {
      case 'number':
        this.#number(value)
        return
      case 'string':
        this.#string(value)
        return
      case 'boolean':
        this.#byte(value ? tag.true : tag.false)
        return
      case 'undefined':
        this.#byte(tag.undefined)
        return
      case 'bigint':
        this.#bigint(value)
        return
      case 'object':
        if (value === null) this.#byte(tag.null)
        else this.#object(value, depth)
        return
      default:
        throw notAValue(value)
    }
  }

  #object(value: object, depth: number): void {
    if (depth >= maxDepth) throw columnErrors.create('TOO_DEEP', { limit: maxDepth })
    if (Array.isArray(value)) {
      this.#byte(tag.array)
      this.#varint(value.length)
      for (let i = 0; i < value.length; i++) {
        if (value[i] === undefined && !(i in value)) this.#byte(tag.hole)
        else this.write(value[i], depth + 1)
      }
      return
    }
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype === Object.prototype || prototype === null) {
      const keys = Object.keys(value)
      this.#byte(prototype === null ? tag.bare : tag.object)
      this.#varint(keys.length)
      for (const key of keys) {
        this.#string(key)
        this.write((value as Record<string, unknown>)[key], depth + 1)
      }
    } else if (value instanceof Date) {
      this.#byte(tag.date)
      this.#float64(value.getTime())
    } else if (value instanceof Uint8Array) {
      this.#byte(tag.bytes)
      this.#varint(value.length)
      this.#reserve(value.length)
      this.buffer.set(value, this.end)
      this.end += value.length
    } else if (value instanceof Map) {
      this.#byte(tag.map)
      this.#varint(value.size)
      for (const [key, item] of value) {
        this.write(key, depth + 1)
        this.write(item, depth + 1)
      }
    } else if (value instanceof Set) {
      this.#byte(tag.set)
      this.#varint(value.size)
      for (const item of value) this.write(item, depth + 1)
    } else throw notAValue(value)
  }

  #number(value: number): void {
    if ((value | 0) === value && (value !== 0 || 1 / value > 0)) {
      this.#byte(tag.int32)
      this.#reserve(4)
      this.buffer.writeInt32LE(value, this.end)
      this.end += 4
    } else {
      this.#byte(tag.float64)
      this.#float64(value)
    }
  }

  #float64(value: number): void {
    this.#reserve(8)
    this.buffer.writeDoubleLE(value, this.end)
    this.end += 8
  }

  #string(value: string): void {
    if (oneByte.test(value)) {
      this.#byte(tag.latin1)
      this.#varint(value.length)
      this.#reserve(value.length)
      this.end += this.buffer.write(value, this.end, 'latin1')
    } else {
      this.#byte(tag.utf16)
      this.#varint(value.length * 2)
      this.#reserve(value.length * 2)
      this.end += this.buffer.write(value, this.end, 'utf16le')
    }
  }

  #bigint(value: bigint): void {
    if (BigInt.asIntN(64, value) === value) {
      this.#byte(tag.int64)
      this.#reserve(8)
      this.buffer.writeBigInt64LE(value, this.end)
      this.end += 8
    } else {
      const text = value.toString()
      this.#byte(tag.bigint)
      this.#varint(text.length)
      this.#reserve(text.length)
      this.end += this.buffer.write(text, this.end, 'latin1')
    }
  }

  #byte(value: number): void {
    this.#reserve(1)
    this.buffer[this.end++] = value
  }

  #varint(value: number): void {
    this.#reserve(5)
    for (; value >= 128; value >>>= 7) this.buffer[this.end++] = (value & 127) | 128
    this.buffer[this.end++] = value
  }

  #reserve(bytes: number): void {
    if (this.end + bytes <= this.buffer.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(this.buffer.length * 2, this.end + bytes))
    grown.set(this.buffer.subarray(0, this.end))
    this.buffer = grown
  }

  /** Begins an object of so many properties: for each a key and a value follow. */
  writeObjectHead(properties: number): void {
    this.#byte(tag.object)
    this.#varint(properties)
  }
}

const shared = new ValueWriter()
/** A buffer that once held a huge value is not kept. */
const keptBytes = 4 * 1024 * 1024

/** The bytes of a value; lent until the next call. Throws COLUMNS_NOT_A_VALUE, COLUMNS_TOO_DEEP. */
export function encodeValue(value: unknown): Uint8Array {
  shared.end = 0
  if (shared.buffer.length > keptBytes) shared.buffer = Buffer.allocUnsafeSlow(1024)
  shared.write(value)
  return shared.buffer.subarray(0, shared.end)
}

/** The value in bytes `start` to `end` of `buffer`. Reads nothing outside; throws COLUMNS_CORRUPT. */
export function decodeValue(buffer: Buffer, start = 0, end = buffer.length): unknown {
  const reader = new ValueReader(buffer, start, end)
  const value = reader.read(0)
  if (value === hole || reader.at !== end) throw corrupt()
  return value
}

const hole = Symbol('hole')
const corrupt = (): Error => columnErrors.create('CORRUPT', { reason: 'a value is damaged' })

class ValueReader {
  readonly buffer: Buffer
  readonly end: number
  at: number

  constructor(buffer: Buffer, start: number, end: number) {
    this.buffer = buffer
    this.at = start
    this.end = end
  }

  read(depth: number): unknown {
    if (depth > maxDepth) throw corrupt()
    const kind = this.buffer[this.#advance(1)]
    switch (kind) {
      case tag.float64:
        return this.buffer.readDoubleLE(this.#advance(8))
      case tag.int32:
        return this.buffer.readInt32LE(this.#advance(4))
      case tag.true:
        return true
      case tag.false:
        return false
      case tag.null:
        return null
      case tag.undefined:
        return undefined
      case tag.hole:
        return hole
      case tag.latin1: {
        const bytes = this.#varint()
        const from = this.#advance(bytes)
        return this.buffer.latin1Slice(from, from + bytes)
      }
      case tag.utf16: {
        const bytes = this.#varint()
        const from = this.#advance(bytes)
        return this.buffer.ucs2Slice(from, from + bytes)
      }
      case tag.int64:
        return this.buffer.readBigInt64LE(this.#advance(8))
      case tag.bigint: {
        const bytes = this.#varint()
        const from = this.#advance(bytes)
        const text = this.buffer.latin1Slice(from, from + bytes)
        if (!/^-?\d+$/.test(text)) throw corrupt()
        return BigInt(text)
      }
      case tag.date:
        return new Date(this.buffer.readDoubleLE(this.#advance(8)))
      case tag.bytes: {
        const bytes = this.#varint()
        const from = this.#advance(bytes)
        return new Uint8Array(this.buffer.subarray(from, from + bytes))
      }
      case tag.array:
        return this.#array(depth)
      case tag.object:
      case tag.bare:
        return this.#object(kind, depth)
      case tag.map: {
        const map = new Map<unknown, unknown>()
        for (let n = this.#count(2); n > 0; n--) {
          const key = this.#item(depth)
          map.set(key, this.#item(depth))
        }
        return map
      }
      case tag.set: {
        const set = new Set<unknown>()
        for (let n = this.#count(1); n > 0; n--) set.add(this.#item(depth))
        return set
      }
      default:
        throw corrupt()
    }
  }

  #array(depth: number): unknown[] {
    const count = this.#count(1)
    const array: unknown[] = []
    array.length = count
    for (let i = 0; i < count; i++) {
      const item = this.read(depth + 1)
      if (item !== hole) array[i] = item
    }
    return array
  }

  #object(kind: number, depth: number): object {
    const object = (kind === tag.bare ? Object.create(null) : {}) as Record<string, unknown>
    for (let n = this.#count(2); n > 0; n--) {
      const key = this.#item(depth)
      if (typeof key !== 'string') throw corrupt()
      const value = this.#item(depth)
      if (key === '__proto__')
        Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
      else object[key] = value
    }
    return object
  }

  #item(depth: number): unknown {
    const item = this.read(depth + 1)
    if (item === hole) throw corrupt()
    return item
  }

  /** A count of items of at least `bytes` bytes each. */
  #count(bytes: number): number {
    const count = this.#varint()
    if (count * bytes > this.end - this.at) throw corrupt()
    return count
  }

  #varint(): number {
    let value = 0
    for (let scale = 1; scale <= 2 ** 28; scale *= 128) {
      const byte = this.buffer[this.#advance(1)]
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
    throw corrupt()
  }

  #advance(bytes: number): number {
    const at = this.at
    if (at + bytes > this.end) throw corrupt()
    this.at = at + bytes
    return at
  }
}

export function notAValue(value: unknown, where = ''): Error {
  const what = typeof value === 'object' && value !== null ? `value of class ${className(value)}` : typeof value
  return columnErrors.create('NOT_A_VALUE', { what, where })
}

function className(value: object): string {
  const made: unknown = value.constructor
  return typeof made === 'function' && made.name !== '' ? made.name : 'unknown'
}
