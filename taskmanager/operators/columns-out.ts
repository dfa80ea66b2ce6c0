/**
 * New columns of numbers beside those of a batch, in a segment of their own: what kernels write their results into. The
 * batch that carries them is released by whoever made it, after it has been emitted.
 */
import type { Arena } from '../../core/arena/arena.ts'
import { type Column, internSchema, RecordBatch } from '../../core/columns/batch.ts'
import type { Field, Schema } from '../../core/columns/schema.ts'

const slackBytes = 64

/** A column of the numbers that stand as Float64 at an address, made in place into what the field declares. */
export function numberColumn(arena: Arena, field: Field, rowCount: number, data: number): Column {
  const { kind } = field.type
  const { f64, i32, i64 } = arena
  const from = data >>> 3
  // Forwards, narrower or as wide: nothing is overwritten before it was read.
  if (kind === 'int32') for (let i = 0, to = data >>> 2; i < rowCount; i++) i32[to + i] = f64[from + i]
  else if (kind === 'int64') for (let i = from; i < from + rowCount; i++) i64[i] = bigint(f64[i])
  const dataBytes = rowCount * (kind === 'int32' ? 4 : 8)
  return { field, rowCount, data, dataBytes, offsets: 0, validity: 0, missing: 0, flags: 0, children: [] }
}

/** The same for one number. */
export function numberValue(field: Field, value: number): number | bigint {
  switch (field.type.kind) {
    case 'int32':
      return value | 0
    case 'int64':
      return bigint(value)
    default:
      return value
  }
}

const bigint = (value: number): bigint => (Number.isFinite(value) ? BigInt(Math.trunc(value)) : 0n)

/** Room for columns of 8 bytes a row. */
export class NumberColumns {
  readonly arena: Arena
  readonly segment: number
  readonly rowCount: number
  #next: number

  private constructor(arena: Arena, segment: number, rowCount: number) {
    this.arena = arena
    this.segment = segment
    this.rowCount = rowCount
    this.#next = arena.address(segment)
  }

  /** Rows for which an ordinary segment has room. */
  static rowsThatFit(arena: Arena, columns: number): number {
    return (Math.floor((arena.segmentBytes - slackBytes) / columns / 16) - 1) * 2
  }

  /** Undefined when no segment is free. */
  static allocate(arena: Arena, owner: number, columns: number, rowCount: number): NumberColumns | undefined {
    const stride = (rowCount * 8 + 15) & ~15
    const segment = arena.allocate(owner, columns * stride + slackBytes)
    return segment < 0 ? undefined : new NumberColumns(arena, segment, rowCount)
  }

  /** Address of the next column. */
  take(): number {
    const at = this.#next
    this.#next = at + ((this.rowCount * 8 + 15) & ~15)
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
    columns: schema.fields.map((field, at) => numberColumn(room.arena, field, room.rowCount, addresses[at])),
    timestamps,
    hashes: 0,
    segments: [room.segment],
  })
}

export const objectSchema = (fields: readonly Field[]): Schema => internSchema({ record: 'object', fields })
