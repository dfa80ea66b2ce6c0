/**
 * One column from an array of values, of any type and depth. Checks that each value fits its declared type.
 *
 * Concurrency: works on the caller's builder.
 */
import { bitSetBytes, type Column, columnFlags } from './batch.ts'
import { columnErrors } from './errors.ts'
import type { SegmentBuilder } from './layout.ts'
import type { DataType, Field } from './schema.ts'
import { writeStrings } from './strings.ts'
import { encodeValue, notAValue } from './value-codec.ts'

/** In place of a value: the property does not exist. */
export const absent: unique symbol = Symbol('absent')
/** In place of a value: the object around it does not exist; takes the room of a value and is never read. */
export const filler: unique symbol = Symbol('filler')

/** Throws COLUMNS_WRONG_TYPE, COLUMNS_NOT_A_VALUE, `segmentFull`. `path` names the field in errors. */
export function encodeValues(
  builder: SegmentBuilder,
  field: Field,
  values: unknown[],
  count: number,
  path: string,
): Column {
  const bits = encodeNulls(builder, field, values, count, path)
  const { arena } = builder
  const { type } = field
  let data = 0
  let dataBytes = 0
  let offsets = 0
  let { flags } = bits
  let children: readonly Column[] = []
  switch (type.kind) {
    case 'float64':
    case 'timestamp': {
      dataBytes = count * 8
      data = builder.take(dataBytes)
      for (let i = 0, at = data >>> 3; i < count; i++) {
        const v = values[i]
        arena.f64[at + i] = typeof v === 'number' ? v : zeroOf(type, v, path)
      }
      break
    }
    case 'int32': {
      dataBytes = count * 4
      data = builder.take(dataBytes)
      for (let i = 0, at = data >>> 2; i < count; i++) {
        const v = values[i]
        // -0 would come back as 0.
        const fits = typeof v === 'number' && (v | 0) === v && (v !== 0 || 1 / v > 0)
        arena.i32[at + i] = fits ? v : zeroOf(type, v, path)
      }
      break
    }
    case 'int64': {
      dataBytes = count * 8
      data = builder.take(dataBytes)
      for (let i = 0, at = data >>> 3; i < count; i++) {
        const v = values[i]
        arena.i64[at + i] = typeof v === 'bigint' && BigInt.asIntN(64, v) === v ? v : BigInt(zeroOf(type, v, path))
      }
      break
    }
    case 'boolean': {
      dataBytes = bitSetBytes(count)
      data = builder.take(dataBytes)
      arena.u8.fill(0, data, data + dataBytes)
      for (let i = 0; i < count; i++) {
        const v = values[i]
        if (v === true) arena.u8[data + (i >>> 3)] |= 1 << (i & 7)
        else if (v !== false) zeroOf(type, v, path)
      }
      break
    }
    case 'date': {
      dataBytes = count * 8
      data = builder.take(dataBytes)
      for (let i = 0, at = data >>> 3; i < count; i++) {
        const v = values[i]
        arena.f64[at + i] = v instanceof Date ? v.getTime() : zeroOf(type, v, path)
      }
      break
    }
    case 'string': {
      for (let i = 0; i < count; i++) {
        if (typeof values[i] !== 'string') {
          zeroOf(type, values[i], path)
          values[i] = ''
        }
      }
      const strings = writeStrings(builder, values as string[], count)
      ;({ data, dataBytes, offsets } = strings)
      flags |= strings.flags
      break
    }
    case 'bytes':
    case 'any':
      ;({ data, dataBytes, offsets } = encodeBytes(builder, type, values, count, path))
      break
    case 'list': {
      offsets = builder.take(count * 4 + 4)
      const items: unknown[] = []
      for (let i = 0, at = offsets >>> 2; i < count; i++) {
        arena.i32[at + i] = items.length
        const v = values[i]
        if (Array.isArray(v)) for (let j = 0; j < v.length; j++) items.push(v[j])
        else zeroOf(type, v, path)
      }
      arena.i32[(offsets >>> 2) + count] = items.length
      children = [encodeValues(builder, type.item, items, items.length, `${path}[]`)]
      break
    }
    case 'struct':
      children = encodeStruct(builder, type.fields, values, count, path)
      break
  }
  return {
    field,
    rowCount: count,
    data,
    dataBytes,
    offsets,
    validity: bits.validity,
    missing: bits.missing,
    flags,
    children,
  }
}

function encodeStruct(
  builder: SegmentBuilder,
  fields: readonly Field[],
  values: unknown[],
  count: number,
  path: string,
): Column[] {
  for (let i = 0; i < count; i++) {
    const v = values[i]
    if (v !== filler && (v === null || typeof v !== 'object' || Array.isArray(v)))
      throw wrongType(path, { kind: 'struct', fields }, v)
  }
  return fields.map((child) => {
    const inner: unknown[] = new Array(count)
    for (let i = 0; i < count; i++) {
      const v = values[i]
      if (v === filler) inner[i] = filler
      else {
        const value = (v as Record<string, unknown>)[child.name]
        inner[i] = value === undefined && !Object.hasOwn(v as object, child.name) ? absent : value
      }
    }
    return encodeValues(builder, child, inner, count, path === '' ? child.name : `${path}.${child.name}`)
  })
}

function encodeBytes(
  builder: SegmentBuilder,
  type: DataType,
  values: unknown[],
  count: number,
  path: string,
): { data: number; dataBytes: number; offsets: number } {
  const { arena } = builder
  const offsets = builder.take(count * 4 + 4)
  const { room } = builder
  const data = builder.take(room)
  let end = 0
  for (let i = 0, at = offsets >>> 2; i < count; i++) {
    arena.i32[at + i] = end
    const v = values[i]
    if (v === filler) continue
    let bytes: Uint8Array
    if (type.kind === 'any') bytes = encodeAny(v, path)
    else if (v instanceof Uint8Array) bytes = v
    else throw wrongType(path, type, v)
    if (end + bytes.length > room) throw builder.full(end + bytes.length - room)
    arena.u8.set(bytes, data + end)
    end += bytes.length
  }
  arena.i32[(offsets >>> 2) + count] = end
  builder.trim(data + end)
  return { data, dataBytes: end, offsets }
}

function encodeAny(value: unknown, path: string): Uint8Array {
  if (typeof value === 'function' || typeof value === 'symbol')
    throw notAValue(value, path === '' ? '' : ` (field ${path})`)
  return encodeValue(value)
}

/** Takes null, undefined and absent out of `values` (they become `filler`) and writes their bits. */
function encodeNulls(
  builder: SegmentBuilder,
  field: Field,
  values: unknown[],
  count: number,
  path: string,
): { validity: number; missing: number; flags: number } {
  let nulls = false
  let gaps = false
  let explicit = false
  for (let i = 0; i < count; i++) {
    const v = values[i]
    if (v === null) nulls = true
    else if (v === undefined) gaps = explicit = true
    else if (v === absent) gaps = true
  }
  if (!nulls && !gaps) return { validity: 0, missing: 0, flags: 0 }
  const any = field.type.kind === 'any'
  if (nulls && !any && field.nullable !== true) throw wrongType(path, field.type, null)
  if (gaps && !any && field.optional !== true) throw wrongType(path, field.type, undefined)
  const { u8 } = builder.arena
  const bytes = bitSetBytes(count)
  const validity = builder.take(bytes)
  u8.fill(0xff, validity, validity + bytes)
  let missing = 0
  if (gaps) {
    missing = builder.take(explicit ? 2 * bytes : bytes)
    u8.fill(0, missing, missing + (explicit ? 2 * bytes : bytes))
  }
  for (let i = 0; i < count; i++) {
    const v = values[i]
    if (v !== null && v !== undefined && v !== absent) continue
    const bit = 1 << (i & 7)
    u8[validity + (i >>> 3)] &= ~bit
    if (v !== null) u8[missing + (i >>> 3)] |= bit
    if (v === undefined) u8[missing + bytes + (i >>> 3)] |= bit
    values[i] = filler
  }
  return { validity, missing, flags: explicit ? columnFlags.explicitUndefined : 0 }
}

function zeroOf(type: DataType, value: unknown, path: string): number {
  if (value === filler) return 0
  throw wrongType(path, type, value)
}

export function wrongType(path: string, type: DataType, value: unknown): Error {
  return columnErrors.create('WRONG_TYPE', {
    field: path === '' ? '(the record)' : path,
    expected: type.kind,
    value: describe(value),
  })
}

/** What a value is, short enough for a message. */
export function describe(value: unknown): string {
  if (value === undefined || value === absent) return 'nothing (undefined)'
  if (typeof value === 'string')
    return value.length > 40
      ? `the string ${JSON.stringify(value.slice(0, 40))}...`
      : `the string ${JSON.stringify(value)}`
  if (Object.is(value, -0)) return 'the number -0'
  if (typeof value === 'bigint') return `the bigint ${value}n`
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (value !== null && typeof value === 'object') return `an object (${Object.keys(value).slice(0, 5).join(', ')})`
  return `${typeof value === 'number' || typeof value === 'boolean' ? `the ${typeof value} ` : ''}${String(value)}`
}
