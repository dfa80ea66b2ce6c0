/**
 * select: new columns, declared or read from the function of a `map`. Over columns, fields are taken as they are under their new
 * names and numbers are computed by one generated loop into a segment beside them; where a column is not plain numbers, or no
 * segment is free, over records.
 */
import type { Column, RecordBatch } from '../../core/columns/batch.ts'
import type { Field, Schema } from '../../core/columns/schema.ts'
import type { Expression, FunctionColumn, SelectedColumn } from '../../sdk/graph/nodes.ts'
import { NumberColumns, numberColumn, objectSchema } from './columns-out.ts'
import { type BatchExpressions, batchExpressions, expressionFields, recordSelect } from './expressions.ts'
import { MapOperator } from './map.ts'
import type { OperatorContext, RowBatch, Selection } from './operator.ts'
import { StatelessOperator } from './stateless.ts'

export interface SelectOptions {
  readonly columns: readonly FunctionColumn[]
  /** Does what is not such columns. */
  readonly byRecord: MapOperator
  /** Fields that a record does not have are not there in the new one either. Without it no field may be absent. */
  readonly gaps?: boolean
}

/** Of `select({ id: 'auction', euros: field('price').times(0.908) })`. */
export const declaredSelect = (context: OperatorContext, columns: readonly SelectedColumn[]): SelectOptions => ({
  columns,
  byRecord: new MapOperator(context, recordSelect(columns), expressionFields(columns)),
  gaps: true,
})

/** How batches of one schema are done. */
interface Layout {
  readonly schema: Schema
  /** Number of the input column under the field's new name, or of the computed one. */
  readonly from: readonly { readonly field: Field; readonly column: number; readonly computed: boolean }[]
  readonly computed: number
  readonly compute: BatchExpressions | undefined
}

export class SelectOperator extends StatelessOperator {
  readonly #columns: readonly FunctionColumn[]
  readonly #gaps: boolean
  readonly #byRecord: MapOperator
  #from: Schema | undefined
  #layout: Layout | undefined

  constructor(context: OperatorContext, { columns, byRecord, gaps = false }: SelectOptions) {
    super(context)
    this.#columns = columns
    this.#gaps = gaps
    this.#byRecord = byRecord
  }

  processBatch(batch: RecordBatch, selection: Selection | undefined): void {
    if (batch.schema !== this.#from) {
      this.#from = batch.schema
      this.#layout = layoutOf(this.#columns, batch.schema, this.#gaps)
    }
    const layout = this.#layout
    const { arena, owner, metrics, output } = this.context
    const { rowCount } = batch
    const needsRoom = layout !== undefined && layout.computed > 0
    const room = needsRoom ? NumberColumns.allocate(arena, owner, layout.computed, rowCount) : undefined
    if (layout === undefined || (needsRoom && room === undefined)) {
      this.#byRecord.processBatch(batch, selection)
      return
    }
    const count = selection?.count ?? rowCount
    metrics.recordsIn += count
    metrics.recordsOut += count
    try {
      const addresses: number[] = []
      if (room !== undefined) {
        for (let i = 0; i < layout.computed; i++) addresses.push(room.take())
        layout.compute?.(batch, selection, addresses)
      }
      const columns = layout.from.map(({ field, column, computed }): Column => {
        if (computed && room !== undefined) return numberColumn(room, field, addresses[column])
        const taken = batch.columns[column]
        return taken.field.name === field.name ? taken : { ...taken, field }
      })
      const segments = room === undefined ? batch.segments : [...batch.segments, room.segment]
      output.batch(batch.with({ schema: layout.schema, columns, segments }), selection)
    } finally {
      if (room !== undefined) arena.release(room.segment, owner)
    }
  }

  processRows(batch: RowBatch): void {
    this.#byRecord.processRows(batch)
  }
}

/** Undefined when the columns of the schema do not allow it. */
function layoutOf(columns: readonly FunctionColumn[], schema: Schema, gaps: boolean): Layout | undefined {
  if (schema.record !== 'object') return undefined
  if (!gaps && schema.fields.some(({ optional }) => optional)) return undefined
  const computed: Expression[] = []
  const from: Layout['from'][number][] = []
  for (const { name, expression } of spread(columns, schema)) {
    if (expression.kind === 'field') {
      const column = schema.fields.findIndex((field) => field.name === expression.name)
      if (column < 0) return undefined
      from.push({ field: { ...schema.fields[column], name }, column, computed: false })
    } else {
      from.push({ field: { name, type: { kind: 'float64' } }, column: computed.length, computed: true })
      computed.push(expression)
    }
  }
  const compute = computed.length === 0 ? undefined : batchExpressions(computed, schema)
  if (computed.length > 0 && compute === undefined) return undefined
  return { schema: objectSchema(from.map(({ field }) => field)), from, computed: computed.length, compute }
}

/** Each name once, where it stood first and as it was given last: the way of object literals. */
function spread(columns: readonly FunctionColumn[], { fields }: Schema): SelectedColumn[] {
  const found = new Map<string, SelectedColumn>()
  for (const column of columns) {
    if (column !== 'all fields') found.set(column.name, column)
    else for (const { name } of fields) found.set(name, { name, expression: { kind: 'field', name } })
  }
  return [...found.values()]
}
