/** project: some fields of each record. Over columns it is a view; over rows a generated copy. */
import type { RecordBatch } from '../../core/columns/batch.ts'
import type { Schema } from '../../core/columns/schema.ts'
import type { OperatorContext, RowBatch, Selection } from './operator.ts'
import { RowBuffer, RowMaterialiser, timestampsOf } from './rows.ts'
import { StatelessOperator } from './stateless.ts'

export class ProjectOperator extends StatelessOperator {
  readonly #fields: readonly string[]
  readonly #pick: (record: unknown) => unknown
  readonly #out = new RowBuffer()
  #from: Schema | undefined
  #to: Schema | undefined
  #indices: readonly number[] = []
  readonly #input: RowMaterialiser

  constructor(context: OperatorContext, fields: readonly string[]) {
    super(context)
    this.#fields = fields
    this.#input = new RowMaterialiser(fields)
    const body = fields.map((field) => `${JSON.stringify(field)}: record[${JSON.stringify(field)}]`).join(', ')
    this.#pick = new Function('record', `return { ${body} }`) as (record: unknown) => unknown
  }

  processBatch(batch: RecordBatch, selection: Selection | undefined): void {
    const count = selection?.count ?? batch.rowCount
    if (batch.schema !== this.#from) this.#meet(batch)
    if (this.#to === undefined) {
      this.#run(this.#input.read(batch, selection), count, timestampsOf(batch, selection))
      return
    }
    this.context.metrics.recordsIn += count
    this.context.metrics.recordsOut += count
    const columns = this.#indices.map((at) => batch.columns[at])
    this.context.output.batch(batch.with({ schema: this.#to, columns }), selection)
  }

  /** The view's schema and column numbers are found once per schema, not per batch. None when a field is not there at all. */
  #meet(batch: RecordBatch): void {
    this.#from = batch.schema
    this.#indices = this.#fields.map((field) => batch.schema.fields.findIndex((each) => each.name === field))
    this.#to = this.#indices.includes(-1) ? undefined : batch.project(this.#fields).schema
  }

  processRows(batch: RowBatch): void {
    this.#run(batch.rows, batch.count, batch.timestamps)
  }

  #run(rows: readonly unknown[], count: number, timestamps: Float64Array | undefined): void {
    this.context.metrics.recordsIn += count
    this.context.metrics.recordsOut += count
    const out = this.#out
    for (let i = 0; i < count; i++) out.push(this.#pick(rows[i]), timestamps === undefined ? Number.NaN : timestamps[i])
    out.flush(this.context.output)
  }
}
