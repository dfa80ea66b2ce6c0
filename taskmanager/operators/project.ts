/** project: some fields of each record. Over columns it is a view; over rows a generated copy. */
import type { RecordBatch } from '../../core/columns/batch.ts'
import type { Schema } from '../../core/columns/schema.ts'
import type { OperatorContext, RowBatch, Selection } from './operator.ts'
import { RowBuffer } from './rows.ts'
import { StatelessOperator } from './stateless.ts'

export class ProjectOperator extends StatelessOperator {
  readonly #fields: readonly string[]
  readonly #pick: (record: unknown) => unknown
  readonly #out = new RowBuffer()
  #from: Schema | undefined
  #to: Schema | undefined
  #indices: readonly number[] = []

  constructor(context: OperatorContext, fields: readonly string[]) {
    super(context)
    this.#fields = fields
    const body = fields.map((field) => `${JSON.stringify(field)}: record[${JSON.stringify(field)}]`).join(', ')
    this.#pick = new Function('record', `return { ${body} }`) as (record: unknown) => unknown
  }

  processBatch(batch: RecordBatch, selection: Selection | undefined): void {
    const count = selection?.count ?? batch.rowCount
    this.context.metrics.recordsIn += count
    this.context.metrics.recordsOut += count
    this.context.output.batch(this.#project(batch), selection)
  }

  /** The view's schema and column numbers are found once per schema, not per batch. */
  #project(batch: RecordBatch): RecordBatch {
    if (batch.schema !== this.#from) {
      const view = batch.project(this.#fields)
      this.#from = batch.schema
      this.#to = view.schema
      this.#indices = this.#fields.map((field) => batch.schema.fields.findIndex((each) => each.name === field))
    }
    return batch.with({ schema: this.#to as Schema, columns: this.#indices.map((at) => batch.columns[at]) })
  }

  processRows(batch: RowBatch): void {
    this.context.metrics.recordsIn += batch.count
    this.context.metrics.recordsOut += batch.count
    const out = this.#out
    for (let i = 0; i < batch.count; i++)
      out.push(this.#pick(batch.rows[i]), batch.timestamps === undefined ? Number.NaN : batch.timestamps[i])
    out.flush(this.context.output)
  }
}
