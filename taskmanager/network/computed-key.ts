/**
 * Records whose key a function computed. Between subtasks the key is one more column, `$key`, behind those of the record, in
 * a batch of objects even where the record is a bare value; for the operators it is a column that the batch has and its
 * schema does not name, so that it never shows in a record. Pure.
 */

import type { RecordBatch } from '../../core/columns/batch.ts'
import { internSchema } from '../../core/columns/batch.ts'
import type { Schema } from '../../core/columns/schema.ts'

export const keyColumn = '$key'

const records = new WeakMap<Schema, Schema>()

/** The schema under which batches of an edge travel. */
export function wireSchema(schema: Schema): Schema {
  const keyed = schema.fields.some((field) => field.name === keyColumn)
  return internSchema(keyed ? { record: 'object', fields: schema.fields } : schema)
}

/** The schema of the record itself. The key is the last field, so columns keep their places. */
export function recordSchema(schema: Schema): Schema {
  let record = records.get(schema)
  if (record === undefined) {
    const fields = schema.fields.filter((field) => field.name !== keyColumn)
    record = internSchema({ record: fields.length === 1 && fields[0].name === '' ? 'value' : schema.record, fields })
    records.set(schema, record)
  }
  return record
}

/** The batch as operators see it: `column('$key')` is there, the schema is the record's. Lent. */
export const hideKey = (batch: RecordBatch): RecordBatch => batch.with({ schema: recordSchema(batch.schema) })
