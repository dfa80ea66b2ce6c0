/**
 * The schema of records that nobody declared: from what they are. Same keys and one primitive type become columns, plain
 * objects structs, arrays lists, everything mixed or unusual `any`. Promises that records encoded with the schema inferred from
 * them come back exactly. Pure.
 */
import { internSchema } from './batch.ts'
import type { DataType, Field, Schema } from './schema.ts'

/** An object with more properties than this is a dictionary, and its keys are data. */
const maxFields = 64
const maxDepth = 8

interface Seen {
  /** Undefined: nothing but null and undefined so far. */
  kind: DataType['kind'] | undefined
  nullable: boolean
  optional: boolean
  /** Values seen, nulls included: what is seen less often than the objects around it is optional. */
  count: number
  /** Values that are plain objects. */
  objects: number
  fields: Map<string, Seen>
  /** Names of the fields in an order that that of every object agrees with. */
  order: string[]
  item: Seen | undefined
}

const nothing = (): Seen => ({
  kind: undefined,
  nullable: false,
  optional: false,
  count: 0,
  objects: 0,
  fields: new Map(),
  order: [],
  item: undefined,
})

/** The schema of rows `from` to `to` - 1. */
export function inferSchema(rows: readonly unknown[], from: number, to: number): Schema {
  const seen = nothing()
  for (let i = from; i < to; i++) look(seen, rows[i], 0)
  if (seen.kind === 'struct' && !seen.nullable && !seen.optional) {
    return internSchema({ record: 'object', fields: fieldsOf(seen) })
  }
  return internSchema({ record: 'value', fields: [fieldOf('', seen, seen.optional)] })
}

function look(seen: Seen, value: unknown, depth: number): void {
  seen.count++
  if (value === null) seen.nullable = true
  else if (value === undefined) seen.optional = true
  else if (seen.kind !== 'any') {
    const kind = kindOf(value, depth)
    if (seen.kind === undefined) seen.kind = kind
    else if (seen.kind !== kind) seen.kind = 'any'
    if (seen.kind === 'struct') lookInto(seen, value as Record<string, unknown>, depth)
    else if (seen.kind === 'list') {
      seen.item ??= nothing()
      for (const item of value as unknown[]) look(seen.item, item, depth + 1)
    }
  }
}

function lookInto(seen: Seen, value: Record<string, unknown>, depth: number): void {
  seen.objects++
  const { fields, order } = seen
  let place = -1
  for (const key of Object.keys(value)) {
    let field = fields.get(key)
    if (field === undefined) {
      if (fields.size === maxFields) {
        seen.kind = 'any'
        return
      }
      field = nothing()
      fields.set(key, field)
      order.splice(++place, 0, key)
    } else {
      const next = order[place + 1] === key ? place + 1 : order.indexOf(key, place + 1)
      // Another object has these two the other way round: no order of columns gives both back.
      if (next < 0) {
        seen.kind = 'any'
        return
      }
      place = next
    }
    look(field, value[key], depth + 1)
  }
}

function kindOf(value: unknown, depth: number): DataType['kind'] {
  switch (typeof value) {
    case 'number':
      return 'float64'
    case 'string':
      return 'string'
    case 'boolean':
      return 'boolean'
    case 'bigint':
      return BigInt.asIntN(64, value) === value ? 'int64' : 'any'
    case 'object': {
      if (value === null || depth >= maxDepth) return 'any'
      if (Array.isArray(value)) return isDense(value) ? 'list' : 'any'
      const prototype: unknown = Object.getPrototypeOf(value)
      if (prototype === Object.prototype) return 'struct'
      if (prototype === Date.prototype) return 'date'
      return prototype === Uint8Array.prototype ? 'bytes' : 'any'
    }
    default:
      return 'any'
  }
}

function isDense(array: readonly unknown[]): boolean {
  for (let i = 0; i < array.length; i++) if (array[i] === undefined && !(i in array)) return false
  return true
}

function fieldsOf(seen: Seen): Field[] {
  return seen.order.map((name) => {
    const field = seen.fields.get(name) as Seen
    return fieldOf(name, field, field.optional || field.count < seen.objects)
  })
}

function fieldOf(name: string, seen: Seen, optional: boolean): Field {
  return {
    name,
    type: typeOf(seen),
    ...(seen.nullable ? { nullable: true } : {}),
    ...(optional ? { optional: true } : {}),
  }
}

function typeOf(seen: Seen): DataType {
  switch (seen.kind) {
    case undefined:
      return { kind: 'any' }
    case 'struct':
      return { kind: 'struct', fields: fieldsOf(seen) }
    case 'list':
      return {
        kind: 'list',
        item:
          seen.item === undefined ? { name: '', type: { kind: 'any' } } : fieldOf('', seen.item, seen.item.optional),
      }
    default:
      return { kind: seen.kind }
  }
}
