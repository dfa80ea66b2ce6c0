/**
 * New columns of numbers beside those of a batch, in a segment of their own: what kernels write their results into. The
 * batch that carries them is released by whoever made it, after it has been emitted.
 */
import type { Arena } from '../../core/arena/arena.ts'
import { spareOnly } from '../../core/arena/reserves.ts'
import { bitSetBytes, type Column, internSchema, RecordBatch } from '../../core/columns/batch.ts'
import type { Field, Schema } from '../../core/columns/schema.ts'
import type { ResultColumn } from '../state/aggregates/result-column.ts'

const slackBytes = 64

const strideOf = (rowCount: number): number => (rowCount * 8 + 15) & ~15

/**
 * A column of the numbers that stand as Float64 at an address of the room, made in place into what the field declares.
 * Where an int32 may be null, NaN is: it has no other way to say that there is none.
 */
export function numberColumn(room: NumberColumns, field: Field, data: number): Column {
  const { kind } = field.type
  const { arena, rowCount } = room
  const { f64, i32 } = arena
  const from = data >>> 3
  const isInt32 = kind === 'int32'
  const validity = isInt32 && field.nullable ? nullsOf(room, (i) => f64[from + i] !== f64[from + i]) : 0
  // Forwards and narrower: nothing is overwritten before it was read.
  if (isInt32) for (let i = 0, to = data >>> 2; i < rowCount; i++) i32[to + i] = f64[from + i]
  const dataBytes = rowCount * (isInt32 ? 4 : 8)
  return { field, rowCount, data, dataBytes, offsets: 0, validity, missing: 0, flags: 0, children: [] }
}

/** A column of the results of an aggregate, from row `from` on. */
export function resultColumn(room: NumberColumns, field: Field, values: ResultColumn, from = 0): Column {
  const { arena, rowCount } = room
  const data = room.take()
  arena.i64.set(values.bigints.subarray(from, from + rowCount), data >>> 3)
  if (field.type.kind !== 'int64') return numberColumn(room, field, data)
  const validity = field.nullable ? nullsOf(room, (i) => values.none[from + i] === 1) : 0
  return { field, rowCount, data, dataBytes: rowCount * 8, offsets: 0, validity, missing: 0, flags: 0, children: [] }
}

/** One result. */
export function resultValue({ nullable, type }: Field, values: ResultColumn, row: number): number | bigint | null {
  if (type.kind === 'int64') return nullable && values.none[row] === 1 ? null : values.bigints[row]
  const value = values.numbers[row]
  if (type.kind !== 'int32') return value
  return nullable && value !== value ? null : value | 0
}

/** Address of validity bits with a zero for each row that is null; 0 when there is none. */
function nullsOf(room: NumberColumns, isNull: (row: number) => boolean): number {
  const { u8 } = room.arena
  let validity = 0
  for (let i = 0; i < room.rowCount; i++) {
    if (!isNull(i)) continue
    validity ||= room.takeBits()
    u8[validity + (i >>> 3)] &= ~(1 << (i & 7))
  }
  return validity
}

/** Room for columns of 8 bytes a row, each with validity bits behind all of them. */
export class NumberColumns {
  readonly arena: Arena
  readonly segment: number
  readonly rowCount: number
  #next: number
  #nextBits: number

  private constructor(arena: Arena, segment: number, columns: number, rowCount: number) {
    this.arena = arena
    this.segment = segment
    this.rowCount = rowCount
    this.#next = arena.address(segment)
    this.#nextBits = this.#next + columns * strideOf(rowCount)
  }

  /** Rows for which an ordinary segment has room. */
  static rowsThatFit(arena: Arena, columns: number): number {
    const perColumn = Math.floor((arena.segmentBytes - slackBytes) / columns)
    // Eight bytes and a bit, and what rounding up to 16 bytes costs twice.
    return Math.floor((perColumn - 32) / (8 + 1 / 8))
  }

  /** Undefined when no segment is free. Records as objects do as well, so none is taken that others may need. */
  static allocate(arena: Arena, owner: number, columns: number, rowCount: number): NumberColumns | undefined {
    const bytes = columns * (strideOf(rowCount) + bitSetBytes(rowCount)) + slackBytes
    const segment = arena.allocate(owner, bytes, spareOnly)
    return segment < 0 ? undefined : new NumberColumns(arena, segment, columns, rowCount)
  }

  /** Address of the next column. */
  take(): number {
    const at = this.#next
    this.#next = at + strideOf(this.rowCount)
    return at
  }

  /** Address of a bit set of ones. */
  takeBits(): number {
    const at = this.#nextBits
    const bytes = bitSetBytes(this.rowCount)
    this.#nextBits = at + bytes
    this.arena.u8.fill(0xff, at, at + bytes)
    return at
  }

  /** The next column, filled from an array. */
  put(values: Float64Array): number {
    const at = this.take()
    this.arena.f64.set(values, at >>> 3)
    return at
  }

  fill(value: number): number {
    const at = this.take()
    this.arena.f64.fill(value, at >>> 3, (at >>> 3) + this.rowCount)
    return at
  }
}

/** A batch of columns of the room alone. */
export function batchOf(
  room: NumberColumns,
  owner: number,
  schema: Schema,
  columns: readonly Column[],
  timestamps: number,
): RecordBatch {
  return new RecordBatch({
    arena: room.arena,
    owner,
    schema,
    rowCount: room.rowCount,
    columns,
    timestamps,
    hashes: 0,
    segments: [room.segment],
  })
}

export const objectSchema = (fields: readonly Field[]): Schema => internSchema({ record: 'object', fields })
