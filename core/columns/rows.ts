/**
 * A batch back to JavaScript: plain objects with own properties in schema order.
 *
 * Objects and strings are the caller's for ever. Concurrency: a reader uses the scratch memory of the batch's owner
 * (part 3) and belongs to one thread.
 */
import { internSchema, type RecordBatch } from './batch.ts'
import { RowLoop, type RowLoopCode } from './row-loop.ts'
import type { Schema } from './schema.ts'

export { readColumn, readValue } from './values.ts'

/**
 * Writes the records of a batch to `out[0]` onwards (its length is left alone) and returns how many. `selection`: only
 * these rows, the first `count` of it.
 */
export type RowReader = (batch: RecordBatch, out: unknown[], selection?: Int32Array, count?: number) => number

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
    reader = createReader(fields)
    bySchema.set(key, reader)
  }
  return reader
}

const intoArray: RowLoopCode = { body: (record) => `target[i] = ${record}` }

function createReader(fields: readonly string[] | undefined): RowReader {
  const loop = new RowLoop<unknown[]>(fields, intoArray)
  return (batch, out, selection, count = selection === undefined ? batch.rowCount : selection.length) => {
    loop.prepare(batch, selection, count)
    loop.run(0, count, out)
    loop.done()
    return count
  }
}

/** All records of a batch. */
export function readRows(batch: RecordBatch): unknown[] {
  const out: unknown[] = []
  rowReader(batch.schema)(batch, out)
  return out
}
