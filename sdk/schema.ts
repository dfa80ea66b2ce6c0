/** From declared types to schemas of batches, and the types of what declared operators emit. Pure. */
import type { DataType, Field, Schema } from '../core/columns/schema.ts'
import type { AggregateFunction } from './aggregates.ts'
import type { Expression } from './graph/nodes.ts'
import { fieldOf, type TypeDef } from './types.ts'

/** The shape of records of a type: one column per field of an object, or the single column ''. */
export function schemaOf(type: TypeDef<unknown>): Schema {
  const { dataType } = type
  if (dataType.kind === 'struct' && !type.nullable && !type.optional)
    return { record: 'object', fields: withoutHistory(dataType.fields) }
  return { record: 'value', fields: withoutHistory([fieldOf('', type)]) }
}

/** What fields were called before concerns restores of state alone: two schemas of a batch must not differ by it. */
function withoutHistory(fields: readonly Field[]): readonly Field[] {
  const cleaned = fields.map((field) => {
    const { was, ...rest } = field
    const type = typeWithoutHistory(field.type)
    return was === undefined && type === field.type ? field : { ...rest, type }
  })
  return cleaned.every((field, i) => field === fields[i]) ? fields : cleaned
}

function typeWithoutHistory(type: DataType): DataType {
  if (type.kind === 'struct') {
    const fields = withoutHistory(type.fields)
    return fields === type.fields ? type : { kind: 'struct', fields }
  }
  if (type.kind !== 'list') return type
  const [item] = withoutHistory([type.item])
  return item === type.item ? type : { kind: 'list', item }
}

/** Fields of the records, where they are declared as objects. */
export function fieldsOf(type: TypeDef<unknown> | undefined): readonly Field[] | undefined {
  if (type === undefined) return undefined
  const schema = schemaOf(type)
  return schema.record === 'object' ? schema.fields : undefined
}

export const objectType = (fields: readonly Field[]): TypeDef<unknown> => ({ dataType: { kind: 'struct', fields } })

export const typeOfField = (field: Field): TypeDef<unknown> => ({
  dataType: field.type,
  ...(field.nullable ? { nullable: true } : {}),
  ...(field.optional ? { optional: true } : {}),
})

export function sameType(a: TypeDef<unknown> | undefined, b: TypeDef<unknown> | undefined): boolean {
  if (a === undefined || b === undefined) return false
  return JSON.stringify(fieldOf('', a)) === JSON.stringify(fieldOf('', b))
}

export const isNumeric = (type: DataType): boolean =>
  type.kind === 'float64' || type.kind === 'int32' || type.kind === 'int64' || type.kind === 'timestamp'

/** Column of an aggregate over a field of that type. */
export function aggregateField(as: string, fn: AggregateFunction, over: Field | undefined): Field {
  if (over === undefined || fn === 'count' || fn === 'avg') return { name: as, type: { kind: 'float64' } }
  // A sum of 32-bit numbers outgrows them.
  if (fn === 'sum') return { name: as, type: over.type.kind === 'int64' ? over.type : { kind: 'float64' } }
  // The least of no values is null where whole numbers have no NaN to say so.
  const none = (over.nullable || over.optional) && (over.type.kind === 'int32' || over.type.kind === 'int64')
  return { name: as, type: over.type, ...(none ? { nullable: true } : {}) }
}

/** Column of a computed expression over these fields; undefined when a field is unknown. */
export function expressionField(name: string, expression: Expression, fields: readonly Field[]): Field | undefined {
  if (expression.kind === 'field') {
    const found = fields.find((each) => each.name === expression.name)
    return found === undefined ? undefined : { ...found, name }
  }
  if (expression.kind === 'arithmetic') return { name, type: { kind: 'float64' } }
  if (expression.value === null) return { name, type: { kind: 'any' } }
  const kind = typeof expression.value
  return { name, type: { kind: kind === 'number' ? 'float64' : kind === 'string' ? 'string' : 'boolean' } }
}
