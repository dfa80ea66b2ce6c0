/**
 * A batch back to JavaScript: plain objects with own properties in schema order, or single columns as arrays. Code is
 * generated per schema and fields; strings are cut from one joined string per column.
 *
 * Objects and strings are the caller's for ever. Concurrency: a reader uses the scratch memory of the batch's owner
 * (part 3) and belongs to one thread.
 */
import { type Arena, scratchPartBytes } from '../arena/arena.ts'
import { type Column, internSchema, type RecordBatch, undefinedBits } from './batch.ts'
import { absent } from './encode-values.ts'
import type { Field, Schema } from './schema.ts'
import { joinStrings, stringAt } from './strings.ts'
import { decodeValue } from './value-codec.ts'

/**
 * Writes the records of a batch to `out[0]` onwards (its length is left alone) and returns how many. `selection`: only
 * these rows, the first `count` of it.
 */
export type RowReader = (batch: RecordBatch, out: unknown[], selection?: Int32Array, count?: number) => number

/** Selections below this share of the rows read strings one by one instead of joining the column. */
const sparse = 8

type ReadRows = (
  out: unknown[],
  i32: Int32Array,
  f64: Float64Array,
  i64: BigInt64Array,
  u8: Uint8Array,
  sources: readonly Source[],
  selection: Int32Array | undefined,
  count: number,
) => void

/** What the generated code reads a column through. */
interface Source {
  readonly column: Column
  /** Word or byte index of the data; of the offsets for joined strings. */
  readonly at: number
  readonly text: string
  readonly values: readonly unknown[]
  readonly read: (row: number) => unknown
}

/** How each column of this batch is read; the generated code is one per combination met. */
type Mode = 'number' | 'int32' | 'int64' | 'boolean' | 'text' | 'values' | 'read' | 'gaps'

const readers = new WeakMap<Schema, Map<string, RowReader>>()

/**
 * A reader for batches of `schema`. `fields`: the only properties to make, in schema order; names that the schema does not have
 * are left out. A record that is a bare value is read as such.
 */
export function rowReader(schema: Schema, fields?: readonly string[]): RowReader {
  const own = internSchema(schema)
  const key = fields === undefined ? '' : JSON.stringify(fields)
  let bySchema = readers.get(own)
  if (bySchema === undefined) {
    bySchema = new Map()
    readers.set(own, bySchema)
  }
  let reader = bySchema.get(key)
  if (reader === undefined) {
    reader = compile(own, fields)
    bySchema.set(key, reader)
  }
  return reader
}

function compile(schema: Schema, fields: readonly string[] | undefined): RowReader {
  const value = schema.record === 'value'
  const picked = schema.fields
    .map((_, index) => index)
    .filter((index) => value || fields === undefined || fields.includes(schema.fields[index].name))
  const codes = new Map<string, ReadRows>()
  return (batch, out, selection, count = selection === undefined ? batch.rowCount : selection.length) => {
    const { arena } = batch
    const modes: Mode[] = []
    const sources: Source[] = []
    const scratch = { at: arena.scratch(batch.owner, 3), end: arena.scratch(batch.owner, 3) + scratchPartBytes }
    for (const index of picked) {
      const column = batch.columns[index]
      const mode = modeOf(column, count)
      const source = sourceOf(arena, column, mode, scratch)
      // A column whose strings cannot be joined is read one by one.
      modes.push(mode === 'text' && source.text === notJoined ? 'read' : mode)
      sources.push(source)
    }
    const key = modes.join()
    let code = codes.get(key)
    if (code === undefined) {
      code = generate(
        picked.map((index) => schema.fields[index]),
        modes,
        value,
      )
      codes.set(key, code)
    }
    code(out, arena.i32, arena.f64, arena.i64, arena.u8, sources, selection, count)
    return count
  }
}

const notJoined = '\0'

function modeOf(column: Column, count: number): Mode {
  if (column.validity !== 0) return 'gaps'
  switch (column.field.type.kind) {
    case 'float64':
    case 'timestamp':
      return 'number'
    case 'int32':
    case 'int64':
    case 'boolean':
      return column.field.type.kind
    case 'string':
      return count * sparse < column.rowCount ? 'read' : 'text'
    case 'struct':
    case 'list':
      return 'values'
    default:
      return 'read'
  }
}

function sourceOf(arena: Arena, column: Column, mode: Mode, scratch: { at: number; end: number }): Source {
  let at = column.data
  let text = ''
  if (mode === 'number' || mode === 'int64') at = column.data >>> 3
  else if (mode === 'int32') at = column.data >>> 2
  else if (mode === 'text') {
    const bytes = (column.rowCount + 1) * 4
    const fits = scratch.at + bytes <= scratch.end
    const joined = joinStrings(arena, column, fits ? scratch.at : 0)
    text = joined?.text ?? notJoined
    at = joined?.at ?? 0
    if (joined !== undefined && at === scratch.at >>> 2) scratch.at += bytes
  }
  const values = mode === 'values' || (mode === 'gaps' && isNested(column)) ? columnValues(arena, column) : []
  return { column, at, text, values, read: isNested(column) ? (row) => values[row] : valueReader(arena, column) }
}

const isNested = (column: Column): boolean => column.field.type.kind === 'struct' || column.field.type.kind === 'list'

function generate(fields: readonly Field[], modes: readonly Mode[], value: boolean): ReadRows {
  const head = modes.map(
    (_, c) =>
      `const s${c} = sources[${c}]; const a${c} = s${c}.at, t${c} = s${c}.text, v${c} = s${c}.values, r${c} = s${c}.read`,
  )
  const expressions = modes.map((mode, c) => {
    switch (mode) {
      case 'number':
        return `f64[a${c} + row]`
      case 'int32':
        return `i32[a${c} + row]`
      case 'int64':
        return `i64[a${c} + row]`
      case 'boolean':
        return `((u8[a${c} + (row >>> 3)] >>> (row & 7)) & 1) === 1`
      case 'text':
        return `t${c}.substring(i32[a${c} + row], i32[a${c} + row + 1])`
      case 'values':
        return `v${c}[row]`
      default:
        return `r${c}(row)`
    }
  })
  const names = fields.map((field) => JSON.stringify(field.name))
  let make: string
  if (value)
    make =
      modes[0] === 'gaps'
        ? `{ const x = ${expressions[0]}; out[i] = x === absent ? undefined : x }`
        : `out[i] = ${expressions[0]}`
  else if (!modes.includes('gaps'))
    make = `out[i] = { ${names
      .map((name, c) => `[${name}]: ${expressions[c]}`)
      .join(', ')
      .replaceAll(/\[("[A-Za-z_$][\w$]*")\]: /g, (whole, name) => (name === '"__proto__"' ? whole : `${name}: `))} }`
  else {
    const steps = names.map((name, c) => {
      const set = (x: string): string =>
        name === '"__proto__"'
          ? `Object.defineProperty(o, ${name}, { value: ${x}, writable: true, enumerable: true, configurable: true })`
          : `o[${name}] = ${x}`
      return modes[c] === 'gaps' ? `x = ${expressions[c]}; if (x !== absent) ${set('x')}` : set(expressions[c])
    })
    make = `const o = {}; let x; ${steps.join('; ')}; out[i] = o`
  }
  const source = `'use strict'
return function readRows(out, i32, f64, i64, u8, sources, selection, count) {
  ${head.join('\n')}
  if (selection === undefined) for (let i = 0; i < count; i++) { const row = i; ${make} }
  else for (let i = 0; i < count; i++) { const row = selection[i]; ${make} }
}`
  return (new Function('absent', source) as (token: symbol) => ReadRows)(absent)
}

/** The values of a column: null, undefined for what is undefined or absent. Throws COLUMNS_NO_FIELD. */
export function readColumn(batch: RecordBatch, name: string): unknown[] {
  const values = columnValues(batch.arena, batch.column(name))
  for (let i = 0; i < values.length; i++) if (values[i] === absent) values[i] = undefined
  return values
}

/** One value: undefined for what is undefined or absent. */
export function readValue(arena: Arena, column: Column, row: number): unknown {
  const value = readAny(arena, column, row)
  return value === absent ? undefined : value
}

/** All records of a batch. */
export function readRows(batch: RecordBatch): unknown[] {
  const out: unknown[] = []
  rowReader(batch.schema)(batch, out)
  return out
}

function readAny(arena: Arena, column: Column, row: number): unknown {
  const { type } = column.field
  if (type.kind !== 'struct' && type.kind !== 'list') return valueReader(arena, column)(row)
  const gap = gapAt(arena.u8, column, row)
  if (gap !== present) return gap
  if (type.kind === 'list') {
    const at = (column.offsets >>> 2) + row
    const list: unknown[] = []
    for (let i = arena.i32[at]; i < arena.i32[at + 1]; i++) list.push(readValue(arena, column.children[0], i))
    return list
  }
  const object: Record<string, unknown> = {}
  for (const child of column.children) setProperty(object, child.field.name, readAny(arena, child, row))
  return object
}

/** The values of a column with `absent` for absent properties. */
function columnValues(arena: Arena, column: Column): unknown[] {
  const { rowCount } = column
  const { type } = column.field
  const values: unknown[] = new Array(rowCount)
  if (type.kind === 'list') {
    const items = columnValues(arena, column.children[0])
    for (let i = 0; i < items.length; i++) if (items[i] === absent) items[i] = undefined
    const at = column.offsets >>> 2
    for (let i = 0; i < rowCount; i++) {
      const gap = gapAt(arena.u8, column, i)
      values[i] = gap === present ? items.slice(arena.i32[at + i], arena.i32[at + i + 1]) : gap
    }
  } else if (type.kind === 'struct') {
    const children = column.children.map((child) => columnValues(arena, child))
    const names = column.children.map((child) => child.field.name)
    for (let i = 0; i < rowCount; i++) {
      const gap = gapAt(arena.u8, column, i)
      if (gap !== present) {
        values[i] = gap
        continue
      }
      const object: Record<string, unknown> = {}
      for (let c = 0; c < children.length; c++) setProperty(object, names[c], children[c][i])
      values[i] = object
    }
  } else {
    const read = valueReader(arena, column)
    for (let i = 0; i < rowCount; i++) values[i] = read(i)
  }
  return values
}

function setProperty(object: Record<string, unknown>, name: string, value: unknown): void {
  if (value === absent) return
  if (name === '__proto__')
    Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true })
  else object[name] = value
}

const present: unique symbol = Symbol('present')

function gapAt(u8: Uint8Array, column: Column, row: number): null | undefined | typeof absent | typeof present {
  if (column.validity === 0) return present
  const byte = row >>> 3
  const bit = 1 << (row & 7)
  if ((u8[column.validity + byte] & bit) !== 0) return present
  if (column.missing === 0 || (u8[column.missing + byte] & bit) === 0) return null
  const explicit = undefinedBits(column)
  return explicit !== 0 && (u8[explicit + byte] & bit) !== 0 ? undefined : absent
}

/** Reads single values of a column that is not nested. */
function valueReader(arena: Arena, column: Column): (row: number) => unknown {
  const read = presentReader(arena, column)
  if (column.validity === 0) return read
  return (row) => {
    const gap = gapAt(arena.u8, column, row)
    return gap === present ? read(row) : gap
  }
}

function presentReader(arena: Arena, column: Column): (row: number) => unknown {
  const { u8, i32, f64, i64, buffer } = arena
  const { data, offsets } = column
  switch (column.field.type.kind) {
    case 'int32':
      return (row) => i32[(data >>> 2) + row]
    case 'int64':
      return (row) => i64[(data >>> 3) + row]
    case 'boolean':
      return (row) => (u8[data + (row >>> 3)] & (1 << (row & 7))) !== 0
    case 'date':
      return (row) => new Date(f64[(data >>> 3) + row])
    case 'string':
      return (row) => stringAt(arena, column, row)
    case 'bytes':
      return (row) => u8.slice(data + i32[(offsets >>> 2) + row], data + i32[(offsets >>> 2) + row + 1])
    case 'any':
      return (row) => {
        const start = i32[(offsets >>> 2) + row]
        const end = i32[(offsets >>> 2) + row + 1]
        // No bytes: nothing is here because the object around it is null.
        return start === end ? undefined : decodeValue(buffer, data + start, data + end)
      }
    default:
      return (row) => f64[(data >>> 3) + row]
  }
}
