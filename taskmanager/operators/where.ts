/** A declared condition: over numeric columns a generated loop makes a selection without a call or an object per row. */
import type { RecordBatch } from '../../core/columns/batch.ts'
import type { Schema } from '../../core/columns/schema.ts'
import type { Condition } from '../../sdk/graph/nodes.ts'
import { type BatchPredicate, batchPredicate, conditionFields, recordPredicate } from './expressions.ts'
import { FilterOperator } from './filter.ts'
import type { OperatorContext, RowBatch, Selection } from './operator.ts'
import { StatelessOperator } from './stateless.ts'

export class WhereOperator extends StatelessOperator {
  readonly #condition: Condition
  readonly #byRecord: FilterOperator
  #schema: Schema | undefined
  #predicate: BatchPredicate | undefined
  #keep = new Int32Array(0)

  constructor(context: OperatorContext, condition: Condition) {
    super(context)
    this.#condition = condition
    this.#byRecord = new FilterOperator(context, recordPredicate(condition), conditionFields(condition))
  }

  processBatch(batch: RecordBatch, selection: Selection | undefined): void {
    if (batch.schema !== this.#schema) {
      this.#schema = batch.schema
      this.#predicate = batchPredicate(this.#condition, batch.schema)
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
