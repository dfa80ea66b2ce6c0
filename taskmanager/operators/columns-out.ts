/**
 * New columns of numbers beside those of a batch, in a segment of their own: what kernels write their results into. The
 * batch that carries them is released by whoever made it, after it has been emitted.
 */
import type { Arena } from '../../core/arena/arena.ts'
import { spareOnly } from '../../core/arena/reserves.ts'
import { bitSetBytes, type Column, internSchema, RecordBatch } from '../../core/columns/batch.ts'
import type { Field, Schema } from '../../core/columns/schema.ts'

const slackBytes = 64

const strideOf = (rowCount: number): number => (rowCount * 8 + 15) & ~15

/**
 * A column of the numbers that stand as Float64 at an address of the room, made in place into what the field declares.
 * Where it may be null, NaN is: whole numbers have no other way to say that there is none.
 */
export function numberColumn(room: NumberColumns, field: Field, data: number): Column {
  const { kind } = field.type
  const { arena, rowCount } = room
  const { f64, i32, i64 } = arena
  const from = data >>> 3
  const validity = mayBeNull(field) ? nullsOf(room, from) : 0
  // Forwards, narrower or as wide: nothing is overwritten before it was read.
  if (kind === 'int32') for (let i = 0, to = data >>> 2; i < rowCount; i++) i32[to + i] = f64[from + i]
  else if (kind === 'int64') for (let i = from; i < from + rowCount; i++) i64[i] = bigint(f64[i])
  const dataBytes = rowCount * (kind === 'int32' ? 4 : 8)
  return { field, rowCount, data, dataBytes, offsets: 0, validity, missing: 0, flags: 0, children: [] }
}

/** The same for one number. */
export function numberValue(field: Field, value: number): number | bigint | null {
  if (value !== value && mayBeNull(field)) return null
  switch (field.type.kind) {
    case 'int32':
      return value | 0
    case 'int64':
      return bigint(value)
    default:
      return value
  }
}

const mayBeNull = ({ nullable, type }: Field): boolean =>
  nullable === true && (type.kind === 'int32' || type.kind === 'int64')

/** Address of validity bits with a zero for each NaN; 0 when there is none. */
function nullsOf(room: NumberColumns, from: number): number {
  const { f64, u8 } = room.arena
  let validity = 0
  for (let i = 0; i < room.rowCount; i++) {
    if (f64[from + i] === f64[from + i]) continue
    validity ||= room.takeBits()
    u8[validity + (i >>> 3)] &= ~(1 << (i & 7))
  }
  return validity
}

const bigint = (value: number): bigint => (Number.isFinite(value) ? BigInt(Math.trunc(value)) : 0n)

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
    this.arena.f64.set(values.length === this.rowCount ? values : values.subarray(0, this.rowCount), at >>> 3)
    return at
  }

  fill(value: number): number {
    const at = this.take()
    this.arena.f64.fill(value, at >>> 3, (at >>> 3) + this.rowCount)
    return at
  }
}

/** A batch of number columns alone, from Float64 at the addresses. */
export function numberBatch(
  room: NumberColumns,
  owner: number,
  schema: Schema,
  addresses: readonly number[],
  timestamps: number,
): RecordBatch {
  return new RecordBatch({
    arena: room.arena,
    owner,
    schema,
    rowCount: room.rowCount,
    columns: schema.fields.map((field, at) => numberColumn(room, field, addresses[at])),
    timestamps,
    hashes: 0,
    segments: [room.segment],
  })
}

export const objectSchema = (fields: readonly Field[]): Schema => internSchema({ record: 'object', fields })
