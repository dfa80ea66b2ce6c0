/**
 * Records whose key a function computed. Between subtasks the key is one more column, `$key`, behind those of the record, in
 * a batch of objects even where the record is a bare value; for the operators it is a column that the batch has and its
 * schema does not name, so that it never shows in a record. Pure.
 */

import type { Column, RecordBatch } from '../../core/columns/batch.ts'
import { internSchema } from '../../core/columns/batch.ts'
import type { Schema } from '../../core/columns/schema.ts'

export const keyColumn = '$key'

const records = new WeakMap<Schema, Schema>()

/** The schema under which batches of an edge travel. */
export function wireSchema(schema: Schema): Schema {
  const keyed = schema.fields.some((field) => field.name === keyColumn)
  return internSchema(keyed ? { record: 'object', fields: schema.fields } : schema)
}

/** The schema of the record itself. */
export function recordSchema(schema: Schema): Schema {
  let record = records.get(schema)
  if (record === undefined) {
    const fields = schema.fields.filter((field) => field.name !== keyColumn)
    record = internSchema({ record: fields.length === 1 && fields[0].name === '' ? 'value' : schema.record, fields })
    records.set(schema, record)
  }
  return record
}

/** The batch as operators see it: `column('$key')` is there, behind those of the record; the schema is the record's. Lent. */
export function hideKey(batch: RecordBatch): RecordBatch {
  const schema = recordSchema(batch.schema)
  const { columns } = batch
  if (columns[columns.length - 1].field.name === keyColumn) return batch.with({ schema })
  const isKey = (column: Column): boolean => column.field.name === keyColumn
  return batch.with({ schema, columns: [...columns.filter((column) => !isKey(column)), ...columns.filter(isKey)] })
}

/** Plain records as they travel: objects get the key as a property, anything else becomes the property '' beside it. */
export function withKeys(rows: readonly unknown[], keys: readonly unknown[]): unknown[] {
  return rows.every(isPlain)
    ? rows.map((row, at) => ({ [keyColumn]: keys[at], ...(row as object) }))
    : rows.map((row, at) => ({ [keyColumn]: keys[at], '': row }))
}

function isPlain(row: unknown): boolean {
  if (typeof row !== 'object' || row === null) return false
  const prototype: unknown = Object.getPrototypeOf(row)
  return prototype === Object.prototype || prototype === null
}
