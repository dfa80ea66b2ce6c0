/**
 * Generated code that takes rows apart into columns: one function per schema, so that the reads of a record are
 * monomorphic. Fixed-width columns are written in place, the rest is staged in arrays and written per column.
 *
 * Concurrency: a compiled encoder has staging arrays and belongs to one thread.
 */
import { bitSetBytes, type Column, columnFlags } from './batch.ts'
import { absent, encodeValues, wrongType } from './encode-values.ts'
import { fixedRowBytes, type SegmentBuilder } from './layout.ts'
import type { DataType, Field, Schema } from './schema.ts'
import { writeStrings } from './strings.ts'

/** Thrown by a strict encoder when a row does not have exactly the schema's shape. */
export const shapeMismatch: unique symbol = Symbol('shape mismatch')

export interface CompiledEncoder {
  readonly fixedBytes: number
  /** `strict`: a row with other fields or other types is `shapeMismatch` instead of an error. Throws `segmentFull` as well. */
  encode(builder: SegmentBuilder, rows: readonly unknown[], from: number, count: number, strict: boolean): Column[]
}

/** How a field is handled by the generated loop. */
interface Slot {
  readonly field: Field
  readonly index: number
  /** Written in place; otherwise staged. */
  readonly direct: boolean
  readonly nullable: boolean
}

const directKinds: ReadonlySet<string> = new Set(['float64', 'timestamp', 'date', 'int32', 'int64', 'boolean'])

type Fill = (
  builder: SegmentBuilder,
  rows: readonly unknown[],
  from: number,
  count: number,
  data: Float64Array,
  bits: Float64Array,
  gaps: Int32Array,
  staged: unknown[][],
  strict: boolean,
) => void

export function compileEncoder(schema: Schema): CompiledEncoder {
  const slots: Slot[] = schema.fields.map((field, index) => ({
    field,
    index,
    direct: directKinds.has(field.type.kind),
    nullable: field.nullable === true || field.optional === true,
  }))
  const fail = (index: number, value: unknown, strict: boolean): never => {
    if (strict) throw shapeMismatch
    if (index < 0) throw wrongType('', { kind: 'struct', fields: schema.fields }, value)
    const field = schema.fields[index]
    throw wrongType(field.name, field.type, value)
  }
  const fill = generate(schema, slots)(absent, fail, shapeMismatch) as Fill
  // Byte address of the data and of the null bits per column; what kinds of gaps occurred.
  const data = new Float64Array(slots.length)
  const bits = new Float64Array(slots.length)
  const gaps = new Int32Array(slots.length)
  const staged: unknown[][] = slots.map(() => [])

  const encode = (
    builder: SegmentBuilder,
    rows: readonly unknown[],
    from: number,
    count: number,
    strict: boolean,
  ): Column[] => {
    const { u8 } = builder.arena
    const bitBytes = bitSetBytes(count)
    for (const { field, index, direct, nullable } of slots) {
      gaps[index] = 0
      if (!direct) continue
      const bytes = columnBytes(field.type, count)
      data[index] = builder.take(bytes)
      if (field.type.kind === 'boolean') u8.fill(0, data[index], data[index] + bytes)
      if (!nullable) continue
      // Validity, missing and undefined in a row; unused ones cost their room only.
      bits[index] = builder.take(3 * bitBytes)
      u8.fill(0xff, bits[index], bits[index] + bitBytes)
      u8.fill(0, bits[index] + bitBytes, bits[index] + 3 * bitBytes)
    }
    try {
      fill(builder, rows, from, count, data, bits, gaps, staged, strict)
      return slots.map((slot) => finish(slot, builder, count, bitBytes, strict))
    } finally {
      // Nothing of the records may live on in here.
      for (const array of staged) array.length = 0
    }
  }

  const finish = (slot: Slot, builder: SegmentBuilder, count: number, bitBytes: number, strict: boolean): Column => {
    const { field, index } = slot
    if (slot.direct) {
      const validity = gaps[index] === 0 ? 0 : bits[index]
      return {
        field,
        rowCount: count,
        data: data[index],
        dataBytes: columnBytes(field.type, count),
        offsets: 0,
        validity,
        missing: (gaps[index] & 2) === 0 ? 0 : bits[index] + bitBytes,
        flags: (gaps[index] & 4) === 0 ? 0 : columnFlags.explicitUndefined,
        children: [],
      }
    }
    if (field.type.kind === 'string' && !slot.nullable) {
      return {
        field,
        rowCount: count,
        validity: 0,
        missing: 0,
        children: [],
        ...writeStrings(builder, staged[index] as string[], count),
      }
    }
    // A nested value whose keys are not those of its declared struct would lose them silently.
    if (strict && (field.type.kind === 'struct' || field.type.kind === 'list')) checkNested(field.type, staged[index])
    try {
      return encodeValues(builder, field, staged[index], count, field.name)
    } catch (thrown) {
      if (strict && isWrongType(thrown)) throw shapeMismatch
      throw thrown
    }
  }
  return { fixedBytes: fixedRowBytes(schema.fields), encode }
}

const isWrongType = (thrown: unknown): boolean => (thrown as { code?: unknown } | null)?.code === 'COLUMNS_WRONG_TYPE'

const columnBytes = (type: DataType, count: number): number =>
  type.kind === 'boolean' ? bitSetBytes(count) : type.kind === 'int32' ? count * 4 : count * 8

function checkNested(type: DataType, values: readonly unknown[]): void {
  for (const value of values) {
    if (value === null || typeof value !== 'object') continue
    if (type.kind === 'list') {
      if (!Array.isArray(value) || !dense(value)) throw shapeMismatch
      checkNested(type.item.type, value)
    } else if (type.kind === 'struct') {
      if (Object.getPrototypeOf(value) !== Object.prototype) throw shapeMismatch
      const keys = Object.keys(value)
      let at = 0
      for (const { name, type: inner } of type.fields) {
        if (at === keys.length || keys[at] !== name) continue
        at++
        if (inner.kind === 'struct' || inner.kind === 'list')
          checkNested(inner, [(value as Record<string, unknown>)[name]])
      }
      if (at < keys.length) throw shapeMismatch
    }
    // Items after the first mismatch of kind are caught when they are encoded.
  }
}

function dense(array: readonly unknown[]): boolean {
  for (let i = 0; i < array.length; i++) if (array[i] === undefined && !(i in array)) return false
  return true
}

function generate(schema: Schema, slots: readonly Slot[]): (...args: unknown[]) => unknown {
  const head: string[] = []
  const body: string[] = []
  const tail: string[] = []
  const object = schema.record === 'object'
  for (const slot of slots) {
    const { field, index: c } = slot
    const name = JSON.stringify(field.name)
    if (slot.direct)
      head.push(
        `const d${c} = data[${c}] >>> ${shiftOf(field.type)}; const a${c} = data[${c}]; const b${c} = bits[${c}]; let g${c} = 0`,
      )
    else head.push(`const s${c} = staged[${c}]; s${c}.length = 0`)
    body.push(`v = ${object ? `row[${name}]` : 'row'}`)
    body.push(slot.direct ? directCode(slot, name, object) : stagedCode(slot, name, object))
    if (slot.direct) tail.push(`gaps[${c}] = g${c}`)
  }
  const check = object
    ? `if (row === null || typeof row !== 'object') fail(-1, row, strict); if (strict) {${shapeCode(slots.length)}}`
    : ''
  const source = `'use strict'
const names = ${JSON.stringify(schema.fields.map(({ name }) => name))}
return function encode(builder, rows, from, count, data, bits, gaps, staged, strict) {
  const { f64, i32, i64, u8 } = builder.arena
  const bitBytes = ((count + 127) >>> 7) << 4
  ${head.join('\n')}
  let v
  for (let i = 0; i < count; i++) {
    const row = rows[from + i]
    ${check}
    ${body.join('\n')}
  }
  ${tail.join('\n')}
}`
  return new Function('absent', 'fail', 'mismatch', source) as (...args: unknown[]) => unknown
}

/** Own keys of the row must be the schema's in their order, apart from those that are absent. */
function shapeCode(fields: number): string {
  return `
    if (Object.getPrototypeOf(row) !== Object.prototype) throw mismatch
    let at = 0
    for (const key in row) {
      while (at < ${fields} && key !== names[at]) at++
      if (at === ${fields}) throw mismatch
      at++
    }
  `
}

const shiftOf = (type: DataType): number => (type.kind === 'int32' ? 2 : type.kind === 'boolean' ? 0 : 3)

function directCode({ field, index: c, nullable }: Slot, name: string, object: boolean): string {
  let code: string
  switch (field.type.kind) {
    case 'int32':
      code = `if (typeof v === 'number' && (v | 0) === v && (v !== 0 || 1 / v > 0)) i32[d${c} + i] = v;`
      break
    case 'int64':
      code = `if (typeof v === 'bigint' && BigInt.asIntN(64, v) === v) i64[d${c} + i] = v;`
      break
    case 'boolean':
      code = `if (v === true) u8[a${c} + (i >>> 3)] |= 1 << (i & 7);
      else if (v === false) {}`
      break
    case 'date':
      code = `if (v instanceof Date) f64[d${c} + i] = v.getTime();`
      break
    default:
      code = `if (typeof v === 'number') f64[d${c} + i] = v;`
  }
  if (nullable) {
    const clear = `u8[b${c} + (i >>> 3)] &= ~(1 << (i & 7));`
    const zero =
      field.type.kind === 'boolean'
        ? ''
        : field.type.kind === 'int64'
          ? `i64[d${c} + i] = 0n;`
          : `${shiftOf(field.type) === 2 ? 'i32' : 'f64'}[d${c} + i] = 0;`
    if (field.nullable === true) code += ` else if (v === null) { ${clear} ${zero} g${c} |= 1 }`
    if (field.optional === true) {
      const explicit = object ? `Object.hasOwn(row, ${name})` : 'true'
      code += ` else if (v === undefined) { ${clear} ${zero} u8[b${c} + bitBytes + (i >>> 3)] |= 1 << (i & 7); g${c} |= 3
        if (${explicit}) { u8[b${c} + 2 * bitBytes + (i >>> 3)] |= 1 << (i & 7); g${c} |= 4 } }`
    }
  }
  return `${code} else fail(${c}, v, strict)`
}

function stagedCode({ field, index: c, nullable }: Slot, name: string, object: boolean): string {
  if (field.type.kind === 'string' && !nullable)
    return `if (typeof v === 'string') s${c}.push(v); else fail(${c}, v, strict)`
  return `s${c}.push(v === undefined && ${object ? `!Object.hasOwn(row, ${name})` : 'false'} ? absent : v)`
}
