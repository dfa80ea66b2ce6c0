/** Event times of records: by a function, by the name of a field, or as the source gave them. */
import type { RecordBatch } from '../../core/columns/batch.ts'
import type { SourceBody } from '../../sdk/graph/nodes.ts'
import { operatorErrors } from './errors.ts'
import { RowMaterialiser } from './rows.ts'

export class EventTimes {
  /** Name of the field, when it is one. */
  readonly field: string | undefined
  readonly #fn: ((record: unknown) => number) | undefined
  readonly #rows = new RowMaterialiser(undefined)

  constructor(eventTime: SourceBody['eventTime']) {
    this.field = typeof eventTime === 'string' ? eventTime : undefined
    this.#fn = typeof eventTime === 'function' ? eventTime : undefined
  }

  /** Of one record; `given` where the job says nothing. */
  ofRecord(record: unknown, given: number): number {
    if (this.#fn !== undefined) return checked(this.#fn(record))
    if (this.field !== undefined) return checked((record as Record<string, unknown>)[this.field])
    return given
  }

  /**
   * Sets `batch.timestamps`. A field of plain numbers is its own column of times; anything else is computed row by row
   * into `times`, an address with room for the batch.
   */
  ofBatch(batch: RecordBatch, allocate: (bytes: number) => number): RecordBatch {
    if (this.field === undefined && this.#fn === undefined) return batch
    const at = this.field === undefined ? -1 : batch.schema.fields.findIndex((each) => each.name === this.field)
    if (at >= 0) {
      const { field, data, validity, missing } = batch.columns[at]
      const plain = field.type.kind === 'float64' || field.type.kind === 'timestamp' || field.type.kind === 'date'
      if (plain && validity === 0 && missing === 0) return batch.with({ timestamps: data })
    }
    const rows = this.#rows.read(batch)
    const address = allocate(batch.rowCount * 8)
    const { f64 } = batch.arena
    for (let i = 0; i < batch.rowCount; i++) f64[(address >>> 3) + i] = this.ofRecord(rows[i], Number.NaN)
    return batch.with({ timestamps: address })
  }
}

function checked(value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.getTime()
  throw operatorErrors.create('BAD_EVENT_TIME', { value: String(value) })
}
