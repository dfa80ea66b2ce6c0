/**
 * New columns of numbers beside those of a batch, in a segment of their own: what kernels write their results into. The
 * batch that carries them is released by whoever made it, after it has been emitted.
 */
import type { Arena } from '../../core/arena/arena.ts'
import { type Column, internSchema, RecordBatch } from '../../core/columns/batch.ts'
import type { Field, Schema } from '../../core/columns/schema.ts'

const slackBytes = 64

/** A column of Float64 at an address. */
export const float64Column = (field: Field, rowCount: number, data: number): Column => ({
  field,
  rowCount,
  data,
  dataBytes: rowCount * 8,
  offsets: 0,
  validity: 0,
  missing: 0,
  flags: 0,
  children: [],
})

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

/** A batch of number columns alone. */
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
    columns: schema.fields.map((field, at) => float64Column(field, room.rowCount, addresses[at])),
    timestamps,
    hashes: 0,
    segments: [room.segment],
  })
}

export const objectSchema = (fields: readonly Field[]): Schema => internSchema({ record: 'object', fields })
