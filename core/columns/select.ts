/**
 * Declared expressions on whole columns: comparisons with a constant to a selection, arithmetic with a constant to a
 * new column. A row whose value is null or missing is never selected.
 *
 * Selections are Int32Arrays in the owner's scratch memory (part 2), lent until the next call that selects for the
 * same owner; one may be given back as the `selection` of the next comparison (and). One thread at a time per owner.
 */
import type { Arena } from '../arena/arena.ts'
import { type ArithmeticOp, arithmeticOps, type CompareOp, compareOps } from '../kernels/signature.ts'
import { type Column, type RecordBatch, withField } from './batch.ts'
import { columnErrors } from './errors.ts'
import { type Gathered, gather } from './gather.ts'
import type { Field } from './schema.ts'
import { wtf8 } from './strings.ts'

export interface RowSelection {
  readonly rows: Int32Array
  readonly count: number
}

/** Rows where `field` op `value`, of `selection` or of all. Strings compare by code point. Throws COLUMNS_WRONG_COLUMN. */
export function compare(
  batch: RecordBatch,
  field: string,
  op: CompareOp,
  value: number | string | boolean,
  selection?: RowSelection,
): RowSelection {
  const column = batch.column(field)
  const { arena, owner } = batch
  const { kernels } = arena
  const from = stage(batch, selection)
  const count = selection?.count ?? batch.rowCount
  const out = arena.scratch(owner, 2)
  const code = compareOps[op]
  const { kind } = column.field.type
  let kept: number
  if (typeof value === 'number' && (kind === 'float64' || kind === 'timestamp' || kind === 'date'))
    kept = kernels.compareF64(column.data, from, count, code, value, out)
  else if (typeof value === 'number' && kind === 'int32')
    kept = kernels.compareI32(column.data, from, count, code, value, out)
  else if (typeof value === 'string' && kind === 'string') {
    const bytes = wtf8(value)
    const at = arena.scratch(owner, 0)
    // A constant longer than the scratch memory is longer than any sensible one; cut, it orders the same but for equals.
    if (bytes.length > 60 * 1024)
      throw columnErrors.create('WRONG_COLUMN', { field, actual: kind, expected: 'compared with a shorter string' })
    arena.u8.set(bytes, at)
    kept = kernels.compareStrings(column.offsets, column.data, from, count, code, at, bytes.length, out)
  } else if (typeof value === 'boolean' && kind === 'boolean' && (op === 'eq' || op === 'ne')) {
    kept = kernels.selectBits(column.data, from, count, value === (op === 'eq') ? 1 : 0, out)
  } else
    throw columnErrors.create('WRONG_COLUMN', {
      field,
      actual: kind,
      expected: `comparable with a ${typeof value} by ${op}`,
    })
  return present(arena, column, out, kept)
}

/** Rows where `field` % `divisor` is `remainder`. Throws COLUMNS_WRONG_COLUMN. */
export function modEquals(
  batch: RecordBatch,
  field: string,
  divisor: number,
  remainder: number,
  selection?: RowSelection,
): RowSelection {
  const column = batch.column(field)
  const { arena, owner } = batch
  const out = arena.scratch(owner, 2)
  const from = stage(batch, selection)
  const kept = arena.kernels.modEqualsF64(
    numbersOf(batch, column),
    from,
    selection?.count ?? batch.rowCount,
    divisor,
    remainder,
    out,
  )
  return present(arena, column, out, kept)
}

/** Writes `field` op `value` to `dst` (address of rowCount float64) as a column named `name`. Throws COLUMNS_WRONG_COLUMN. */
export function arithmetic(
  batch: RecordBatch,
  field: string,
  op: ArithmeticOp,
  value: number,
  dst: number,
  name: string,
): Column {
  const column = batch.column(field)
  batch.arena.kernels.arithmeticF64(numbersOf(batch, column, dst), batch.rowCount, arithmeticOps[op], value, dst)
  const result: Field = { ...column.field, name, type: { kind: 'float64' } }
  return { ...withField(column, result), data: dst, dataBytes: batch.rowCount * 8 }
}

/** The selected rows as a batch of their own, described as the batch's schema is; undefined when no segment is free. */
export function filterBatch(batch: RecordBatch, selection: RowSelection, describe = false): Gathered | undefined {
  return gather(
    batch.arena,
    batch.owner,
    [{ batch, selection: selection.rows, count: selection.count }],
    batch.schema,
    describe,
  )
}

/** Address of a column as float64; int32 is widened to `into`, by default the scratch memory (parts 0 and 1). */
function numbersOf(batch: RecordBatch, column: Column, into: number = batch.arena.scratch(batch.owner, 0)): number {
  const { kind } = column.field.type
  if (kind === 'float64' || kind === 'timestamp') return column.data
  if (kind !== 'int32')
    throw columnErrors.create('WRONG_COLUMN', { field: column.field.name, actual: kind, expected: 'a number' })
  batch.arena.kernels.widenI32(column.data, batch.rowCount, into)
  return into
}

/** Address of a selection, copied to part 3 unless it lies in the arena. Kernels may read and write the same selection. */
function stage(batch: RecordBatch, selection: RowSelection | undefined): number {
  if (selection === undefined) return 0
  const { arena, owner } = batch
  if (selection.rows.buffer === arena.memory.buffer) return selection.rows.byteOffset
  const at = arena.scratch(owner, 3)
  arena.i32.set(selection.rows.subarray(0, selection.count), at >>> 2)
  return at
}

function present(arena: Arena, column: Column, out: number, kept: number): RowSelection {
  const count = column.validity === 0 ? kept : arena.kernels.selectBits(column.validity, out, kept, 1, out)
  return { rows: arena.i32.subarray(out >>> 2, (out >>> 2) + count), count }
}
