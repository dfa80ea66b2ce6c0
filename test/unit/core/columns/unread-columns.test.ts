/** Columns that nobody reads. */
import { expect, it } from 'vitest'
import type { Schema } from '../../../../core/columns/schema.ts'
import { UnreadColumns } from '../../../../core/columns/unread-columns.ts'

const schema: Schema = {
  record: 'object',
  fields: [
    { name: 'at', type: { kind: 'timestamp' } },
    { name: 'n', type: { kind: 'int32' } },
    { name: 'big', type: { kind: 'int64' } },
    { name: 'ok', type: { kind: 'boolean' } },
    { name: 'a', type: { kind: 'string' } },
    { name: 'b', type: { kind: 'string' } },
  ],
}

function fill(columns: UnreadColumns): void {
  columns.float64('at')[0] = 1
  columns.int32('n')[0] = 1
  columns.int64('big')[0] = 1n
  columns.boolean('ok')[0] = 1
  columns.utf8('a')
}

it('counts the rows of every batch, whatever was written of them, and its arrays have room for all that may be', () => {
  const counts: number[] = []
  const columns = new UnreadColumns(schema.fields, (count) => counts.push(count))
  for (const rows of [3, 0, 5]) {
    fill(columns)
    columns.commit(rows)
  }
  columns.commit(7)
  expect(counts).toEqual([3, 0, 5, 7])
  expect(columns.float64('at')).toHaveLength(columns.capacity)
  expect(columns.boolean('ok')).toHaveLength(columns.capacity)
})

it('wants nothing', () => {
  const columns = new UnreadColumns(schema.fields)
  expect([columns.wants(), columns.wants('at'), columns.wants('b')]).toEqual([false, false, false])
})

it('refuses what a writer that somebody reads refuses', () => {
  const columns = new UnreadColumns(schema.fields)
  expect(() => columns.float64('x')).toThrow(expect.objectContaining({ code: 'COLUMNS_NO_FIELD' }))
  expect(() => columns.wants('x')).toThrow(expect.objectContaining({ code: 'COLUMNS_NO_FIELD' }))
  expect(() => columns.strings('n')).toThrow(expect.objectContaining({ code: 'COLUMNS_WRONG_COLUMN' }))
})
