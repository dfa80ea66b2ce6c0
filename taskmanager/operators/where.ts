/**
 * A condition that the engine sees into, declared or read from a function: over numeric columns a generated loop makes a
 * selection without a call or an object per row.
 */
import type { RecordBatch } from '../../core/columns/batch.ts'
import type { Schema } from '../../core/columns/schema.ts'
import type { Condition } from '../../sdk/graph/nodes.ts'
import { type BatchPredicate, batchPredicate, conditionFields, recordPredicate } from './expressions.ts'
import { FilterOperator } from './filter.ts'
import type { OperatorContext, RowBatch, Selection } from './operator.ts'
import { StatelessOperator } from './stateless.ts'

export interface WhereOptions {
  readonly condition: Condition
  /** Does what is not such columns. */
  readonly byRecord: FilterOperator
  /** Rows may lack the value of a field, and are then neither less nor more than anything. Without it nothing may be lacking. */
  readonly gaps?: boolean
}

/** Of `field('price').gt(100)`. */
export const declaredWhere = (context: OperatorContext, condition: Condition): WhereOptions => ({
  condition,
  byRecord: new FilterOperator(context, recordPredicate(condition), conditionFields(condition)),
  gaps: true,
})

export class WhereOperator extends StatelessOperator {
  readonly #condition: Condition
  readonly #gaps: boolean
  readonly #byRecord: FilterOperator
  #schema: Schema | undefined
  #predicate: BatchPredicate | undefined
  #keep = new Int32Array(0)

  constructor(context: OperatorContext, { condition, byRecord, gaps = false }: WhereOptions) {
    super(context)
    this.#condition = condition
    this.#gaps = gaps
    this.#byRecord = byRecord
  }

  processBatch(batch: RecordBatch, selection: Selection | undefined): void {
    if (batch.schema !== this.#schema) {
      this.#schema = batch.schema
      this.#predicate = batchPredicate(this.#condition, batch.schema, this.#gaps)
    }
    if (this.#predicate === undefined) {
      this.#byRecord.processBatch(batch, selection)
      return
    }
    const count = selection?.count ?? batch.rowCount
    if (this.#keep.length < count) this.#keep = new Int32Array(count)
    const kept = this.#predicate(batch, selection, this.#keep)
    this.context.metrics.recordsIn += count
    this.context.metrics.recordsOut += kept
    if (kept === count) this.context.output.batch(batch, selection)
    else if (kept > 0) this.context.output.batch(batch, { rows: this.#keep, count: kept })
  }

  processRows(rows: RowBatch): void {
    this.#byRecord.processRows(rows)
  }
}
