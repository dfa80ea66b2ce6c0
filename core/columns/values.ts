/**
 * Values of single columns as JavaScript has them: one, or all of a column.
 *
 * Objects and strings are the caller's for ever. Pure.
 */
import type { Arena } from '../arena/arena.ts'
import { type Column, type RecordBatch, undefinedBits } from './batch.ts'
import { absent } from './encode-values.ts'
import { stringAt } from './strings.ts'
import { decodeValue } from './value-codec.ts'

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
export function columnValues(arena: Arena, column: Column): unknown[] {
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

/** Reads single values of a column that is not nested; `absent` for absent properties. */
export function valueReader(arena: Arena, column: Column): (row: number) => unknown {
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
