/** Event times of records: by a function, by the name of a field, or as the source gave them. */
import type { RecordBatch } from '../../core/columns/batch.ts'
import type { Schema } from '../../core/columns/schema.ts'
import type { SourceBody } from '../../sdk/graph/nodes.ts'
import { NumberColumns } from './columns-out.ts'
import { operatorErrors } from './errors.ts'
import type { OperatorContext } from './operator.ts'
import { RowMaterialiser } from './rows.ts'

export class EventTimes {
  readonly #field: string | undefined
  readonly #fn: ((record: unknown) => number) | undefined
  readonly #rows = new RowMaterialiser(undefined)

  constructor(eventTime: SourceBody['eventTime']) {
    this.#field = typeof eventTime === 'string' ? eventTime : undefined
    this.#fn = typeof eventTime === 'function' ? eventTime : undefined
  }

  /** The column that already is the event time: plain numbers under the name given; undefined when there is none. */
  columnOf(schema: Schema): string | undefined {
    const field = schema.fields.find((each) => each.name === this.#field)
    if (field === undefined || field.nullable || field.optional) return undefined
    const { kind } = field.type
    return kind === 'float64' || kind === 'timestamp' || kind === 'date' ? field.name : undefined
  }

  /** Of one record; `given` where the job says nothing. */
  ofRecord(record: unknown, given: number): number {
    if (this.#fn !== undefined) return checked(this.#fn(record))
    if (this.#field !== undefined) return checked((record as Record<string, unknown>)[this.#field])
    return given
  }

  /** Of a record of a side output, which need not have the field; functions are for the main output. */
  ofSide(record: unknown, given: number): number {
    const value = this.#field === undefined ? undefined : (record as Record<string, unknown>)[this.#field]
    return value === undefined ? given : checked(value)
  }

  /**
   * The batch with event times computed row by row, in a segment that goes with the batch's reference; the batch as it is
   * when the job says nothing. Throws OPERATOR_NO_MEMORY when no segment is free for them.
   */
  ofBatch(batch: RecordBatch, context: OperatorContext): RecordBatch {
    if (this.#fn === undefined && !batch.schema.fields.some((each) => each.name === this.#field)) return batch
    const room = NumberColumns.allocate(context.arena, context.owner, 1, batch.rowCount)
    if (room === undefined) throw operatorErrors.create('NO_MEMORY', {})
    const rows = this.#rows.read(batch)
    const times = room.take()
    const { f64 } = batch.arena
    for (let i = 0; i < batch.rowCount; i++) f64[(times >>> 3) + i] = this.ofRecord(rows[i], Number.NaN)
    return batch.with({ timestamps: times, segments: [...batch.segments, room.segment] })
  }
}

function checked(value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.getTime()
  throw operatorErrors.create('BAD_EVENT_TIME', { value: String(value) })
}
