/** Side outputs written as columns that nobody reads. */
import { expect, it } from 'vitest'
import type { Schema } from '../../../../core/columns/schema.ts'
import { UnreadColumns } from '../../../../taskmanager/operators/unread-columns.ts'

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

function fill(columns: UnreadColumns, but?: string): void {
  for (const name of ['at', 'n', 'big', 'ok', 'a', 'b'] as const) {
    if (name === but) continue
    if (name === 'at') columns.float64(name)[0] = 1
    else if (name === 'n') columns.int32(name)[0] = 1
    else if (name === 'big') columns.int64(name)[0] = 1n
    else if (name === 'ok') columns.boolean(name)[0] = 1
    else columns.utf8(name)
  }
}

it('counts the rows of every batch, and its arrays have room for all that may be written', () => {
  const counts: number[] = []
  const columns = new UnreadColumns(schema, (count) => counts.push(count))
  for (const rows of [3, 0, 5]) {
    fill(columns)
    columns.commit(rows)
  }
  expect(counts).toEqual([3, 0, 5])
  expect(columns.float64('at')).toHaveLength(columns.capacity)
  expect(columns.boolean('ok')).toHaveLength(columns.capacity)
})

it('refuses what a writer that somebody reads refuses', () => {
  const columns = new UnreadColumns(schema, () => expect.unreachable())
  expect(() => columns.float64('x')).toThrow(expect.objectContaining({ code: 'COLUMNS_NO_FIELD' }))
  expect(() => columns.strings('n')).toThrow(expect.objectContaining({ code: 'COLUMNS_WRONG_COLUMN' }))
  for (const { name } of schema.fields) {
    fill(columns, name)
    expect(() => columns.commit(1)).toThrow(expect.objectContaining({ code: 'COLUMNS_NOT_WRITTEN' }))
  }
})
