/**
 * Event times of records: by a function, by the name of a field, or as the source gave them. What the job says goes first;
 * a function is for the main output only, a field for side outputs that have it.
 */
import type { RecordBatch } from '../../core/columns/batch.ts'
import type { Field, Schema } from '../../core/columns/schema.ts'
import type { SourceBody } from '../../sdk/graph/nodes.ts'
import { operatorErrors } from './errors.ts'
import type { Selection } from './operator.ts'

/** What becomes of a record whose event time cannot be told. */
export type Refuse = (error: unknown, record: unknown) => void

/** How rows written as columns come to their times. */
export type ColumnTimes =
  /** As the source gives them, if it does. */
  | { readonly kind: 'given' }
  /** A column is the event time. */
  | { readonly kind: 'column'; readonly name: string }
  /** Record by record. */
  | { readonly kind: 'computed' }

export class EventTimes {
  readonly #field: string | undefined
  readonly #fn: ((record: unknown) => number) | undefined

  constructor(eventTime: SourceBody['eventTime']) {
    this.#field = typeof eventTime === 'string' ? eventTime : undefined
    this.#fn = typeof eventTime === 'function' ? eventTime : undefined
  }

  ofColumns(schema: Schema, side: boolean): ColumnTimes {
    if (this.#fn !== undefined) return { kind: side ? 'given' : 'computed' }
    const field = schema.fields.find((each) => each.name === this.#field)
    if (field === undefined) return { kind: this.#field === undefined || side ? 'given' : 'computed' }
    return isTime(field) ? { kind: 'column', name: field.name } : { kind: 'computed' }
  }

  /** Of one record; `given` where the job says nothing. Throws OPERATOR_BAD_EVENT_TIME. */
  ofRecord(record: unknown, given: number): number {
    if (this.#fn !== undefined) return checked(this.#fn(record))
    if (this.#field !== undefined) return checked(fieldOf(record, this.#field))
    return given
  }

  /** Of a record of a side output, which need not have the field. */
  ofSide(record: unknown, given: number): number {
    const value = this.#field === undefined ? undefined : fieldOf(record, this.#field)
    return value === undefined ? given : checked(value)
  }

  /**
   * Writes the times of `count` records into `times`, which hold those given (or NaN). Returns the rows that have one;
   * undefined: all. The others are refused, and their times are NaN.
   */
  ofRows(
    rows: readonly unknown[],
    count: number,
    side: boolean,
    times: Float64Array,
    refuse: Refuse,
  ): Selection | undefined {
    let kept: Selection | undefined
    let keptCount = 0
    for (let i = 0; i < count; i++) {
      try {
        times[i] = side ? this.ofSide(rows[i], times[i]) : this.ofRecord(rows[i], times[i])
        if (kept !== undefined) kept.rows[keptCount++] = i
      } catch (error) {
        if (kept === undefined) {
          kept = firstRows(count, i)
          keptCount = i
        }
        times[i] = Number.NaN
        refuse(error, rows[i])
      }
    }
    return kept && { rows: kept.rows, count: keptCount }
  }
}

/** Refuses the rows whose time is not a number, of which there is one. Returns the others. */
export function withTimes(
  batch: RecordBatch,
  times: Float64Array,
  recordAt: (row: number) => unknown,
  refuse: Refuse,
): Selection {
  const count = batch.rowCount
  let first = 0
  while (first < count && times[first] === times[first]) first++
  const kept = firstRows(count, first)
  let keptCount = first
  for (let i = first; i < count; i++) {
    if (times[i] === times[i]) kept.rows[keptCount++] = i
    else refuse(operatorErrors.create('BAD_EVENT_TIME', { value: 'Invalid Date' }), recordAt(i))
  }
  return { rows: kept.rows, count: keptCount }
}

function firstRows(room: number, count: number): Selection {
  const rows = new Int32Array(room)
  for (let i = 0; i < count; i++) rows[i] = i
  return { rows, count }
}

const isTime = ({ type, nullable, optional }: Field): boolean =>
  !nullable && !optional && (type.kind === 'float64' || type.kind === 'timestamp' || type.kind === 'date')

const fieldOf = (record: unknown, field: string): unknown =>
  typeof record === 'object' && record !== null ? (record as Record<string, unknown>)[field] : undefined

function checked(value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.getTime()
  throw operatorErrors.create('BAD_EVENT_TIME', { value: String(value) })
}
