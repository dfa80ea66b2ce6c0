/**
 * Records that declared aggregates cannot take, because a field is not a number: refused one by one before the others go
 * into the state. Columns of numbers need no look.
 */
import type { RecordBatch } from '../../core/columns/batch.ts'
import type { DataType } from '../../core/columns/schema.ts'
import type { DeclaredAggregate } from '../../sdk/graph/nodes.ts'
import { toInt64 } from '../state/aggregates/int64-accumulator.ts'
import { operatorErrors } from './errors.ts'
import type { OperatorContext, RowBatch, Selection } from './operator.ts'
import { pickRows, RowMaterialiser, timestampsOf } from './rows.ts'

const numeric: ReadonlySet<DataType['kind']> = new Set(['float64', 'int32', 'int64', 'timestamp', 'date'])
const whole: ReadonlySet<DataType['kind']> = new Set(['int32', 'int64'])

export class NumberCheck {
  readonly #context: OperatorContext
  /** Aggregates that add numbers; a count takes anything. */
  readonly #aggregates: readonly (DeclaredAggregate & { readonly field: string })[]
  readonly #input = new RowMaterialiser(undefined)

  constructor(context: OperatorContext, aggregates: readonly DeclaredAggregate[]) {
    this.#context = context
    this.#aggregates = aggregates.flatMap((each) =>
      each.fn === 'count' || each.field === undefined ? [] : [{ ...each, field: each.field }],
    )
  }

  /** The rows that can be taken. */
  ofBatch(batch: RecordBatch, selection: Selection | undefined): Selection | undefined {
    const { fields } = batch.schema
    const doubtful = this.#aggregates.some(({ field, int64 }) => {
      const declared = fields.find(({ name }) => name === field)
      return declared === undefined || !(int64 ? whole : numeric).has(declared.type.kind)
    })
    if (!doubtful) return selection
    const count = selection?.count ?? batch.rowCount
    const good = this.#good(this.#input.read(batch, selection), count, () => timestampsOf(batch, selection))
    if (good === undefined) return selection
    if (selection !== undefined) for (let i = 0; i < good.count; i++) good.rows[i] = selection.rows[good.rows[i]]
    return good
  }

  /** The rows that can be taken, in arrays of their own where some cannot. */
  ofRows(batch: RowBatch): RowBatch {
    const good = this.#good(batch.rows, batch.count, () => batch.timestamps)
    return good === undefined ? batch : pickRows(batch, good.rows.subarray(0, good.count))
  }

  #good(rows: readonly unknown[], count: number, times: () => Float64Array | undefined): Selection | undefined {
    if (this.#aggregates.length === 0) return undefined
    let good: Int32Array | undefined
    let goodCount = 0
    for (let i = 0; i < count; i++) {
      const error = this.#errorOf(rows[i])
      if (error === undefined) {
        if (good !== undefined) good[goodCount++] = i
        continue
      }
      if (good === undefined) {
        good = Int32Array.from({ length: count }, (_, row) => row)
        goodCount = i
      }
      this.#context.poison(error, rows[i], times()?.[i])
    }
    return good && { rows: good, count: goodCount }
  }

  #errorOf(record: unknown): Error | undefined {
    for (const { fn, field, int64 } of this.#aggregates) {
      const value =
        field === ''
          ? record
          : typeof record === 'object' && record !== null
            ? (record as Record<string, unknown>)[field]
            : undefined
      if (value === undefined || value === null) continue
      if (int64) {
        if (toInt64(value) !== undefined) continue
        return operatorErrors.create('NOT_AN_INT64', {
          fn,
          field,
          value: typeof value === 'number' ? value : typeof value,
        })
      }
      if (typeof value === 'number' || typeof value === 'bigint' || value instanceof Date) continue
      return operatorErrors.create('NOT_A_NUMBER', { fn, field, value: typeof value })
    }
    return undefined
  }
}
