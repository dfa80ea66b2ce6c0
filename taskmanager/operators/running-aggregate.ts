/**
 * Declared running aggregates per key: count, sum, min, max, avg, one output per input. Over columns: the ids of the
 * whole batch, one kernel pass per aggregate that writes the values after each row, and a batch of the key's own columns
 * with the results beside them.
 */
import { type Column, type RecordBatch, withField } from '../../core/columns/batch.ts'
import { gather } from '../../core/columns/gather.ts'
import type { Field, Schema } from '../../core/columns/schema.ts'
import type { DeclaredAggregate } from '../../sdk/graph/nodes.ts'
import { ResultColumn } from '../state/aggregates/result-column.ts'
import type { AccumulatorStore } from '../state/api.ts'
import { NumberColumns, objectSchema, resultColumn, resultValue } from './columns-out.ts'
import { keyedRows, keyFieldsOf, keyRecord, keyShapeOf, outputField, readKeys } from './keyed.ts'
import { NumberCheck } from './number-check.ts'
import type { OperatorContext, RowBatch, Selection } from './operator.ts'
import { RowBuffer, RowMaterialiser, timestampsOf } from './rows.ts'
import { RunningOperator } from './running.ts'

export class RunningAggregateOperator extends RunningOperator {
  readonly #aggregates: readonly DeclaredAggregate[]
  readonly #store: AccumulatorStore
  readonly #keyColumns: readonly string[]
  readonly #keyFields: readonly string[]
  readonly #keyRecord: (key: unknown) => Record<string, unknown>
  readonly #check: NumberCheck
  readonly #input: RowMaterialiser
  readonly #out = new RowBuffer()
  #results: readonly ResultColumn[] = []
  readonly #resultFields: readonly Field[]
  #keyedFrom: Schema | undefined
  #keySchema: Schema | undefined
  #from: Schema | undefined
  #to: Schema | undefined

  constructor(context: OperatorContext, aggregates: readonly DeclaredAggregate[]) {
    super(context)
    this.#aggregates = aggregates
    this.#store = this.backend.accumulators(context.operator.state[0]?.name ?? 'aggregate', aggregates)
    this.#resultFields = aggregates.map((each) => outputField(context, each.as, each.result))
    this.#keyColumns = keyShapeOf(context).fields
    this.#keyFields = keyFieldsOf(context)
    this.#keyRecord = keyRecord(context)
    this.#check = new NumberCheck(context, aggregates)
    this.#input = new RowMaterialiser(aggregates.flatMap((each) => each.field ?? []))
  }

  processBatch(batch: RecordBatch, given: Selection | undefined): void {
    const { arena, owner, metrics, output } = this.context
    const selection = this.#check.ofBatch(batch, given)
    const count = selection?.count ?? batch.rowCount
    metrics.recordsIn += (given?.count ?? batch.rowCount) - count
    if (count === 0) return
    if (output.skip !== undefined) {
      metrics.recordsIn += count
      metrics.recordsOut += count
      this.#store.update(this.backend.resolve(batch, selection?.rows, count), count, batch, selection?.rows)
      output.skip(count)
      return
    }
    const room = NumberColumns.allocate(arena, owner, this.#aggregates.length, count)
    const keys = room === undefined ? undefined : this.#keysOf(batch, selection)
    if (room === undefined || keys === undefined) {
      if (room !== undefined) arena.release(room.segment, owner)
      this.#asRows(batch, selection, count)
      return
    }
    metrics.recordsIn += count
    metrics.recordsOut += count
    try {
      const rows = selection?.rows
      const ids = this.backend.resolve(batch, rows, count)
      const results = this.#resultsOf(count)
      this.#store.update(ids, count, batch, rows, results)
      const columns = [...keys.columns, ...this.#resultFields.map((field, a) => resultColumn(room, field, results[a]))]
      if (keys.schema !== this.#from) {
        this.#from = keys.schema
        this.#to = objectSchema(columns.map((column) => column.field))
      }
      const segments = [...keys.segments, room.segment]
      output.batch(keys.with({ schema: this.#to as Schema, columns, hashes: 0, segments }), undefined)
    } finally {
      arena.release(room.segment, owner)
      if (selection !== undefined) keys.release()
    }
  }

  processRows(batch: RowBatch): void {
    const good = this.#check.ofRows(batch)
    this.context.metrics.recordsIn += batch.count - good.count
    this.#run(good.rows, good.count, good.timestamps, keyedRows(good))
  }

  /** The key columns under the names of the output: of the batch itself, or of its selected rows in a batch to be released. */
  #keysOf(batch: RecordBatch, selection: Selection | undefined): RecordBatch | undefined {
    const columns = this.#keyColumns.map((field, at) => renamed(batch.column(field), this.#keyFields[at]))
    if (this.#keyedFrom !== batch.schema) {
      this.#keyedFrom = batch.schema
      this.#keySchema = objectSchema(columns.map((column) => column.field))
    }
    const schema = this.#keySchema as Schema
    const keys = batch.with({ schema, columns, hashes: 0 })
    if (selection === undefined) return keys
    const { arena, owner } = this.context
    const picked = gather(arena, owner, [{ batch: keys, selection: selection.rows, count: selection.count }], schema)
    if (picked === undefined || picked.consumed === selection.count) return picked?.batch
    picked.batch.release()
    return undefined
  }

  /** No segment is free for columns: plain objects need none. */
  #asRows(batch: RecordBatch, selection: Selection | undefined, count: number): void {
    const hashes = batch.hashArray() as Int32Array
    this.#run(this.#input.read(batch, selection), count, timestampsOf(batch, selection), {
      keys: readKeys(this.context, batch, selection),
      hashes:
        selection === undefined ? hashes : Int32Array.from(selection.rows.subarray(0, count), (row) => hashes[row]),
    })
  }

  /** Columns for at least `count` rows, used again by the next batch. */
  #resultsOf(count: number): readonly ResultColumn[] {
    if (this.#results.length === 0 || this.#results[0].rows < count)
      this.#results = this.#aggregates.map(() => new ResultColumn(Math.max(count, 1024)))
    return this.#results
  }

  #run(
    rows: readonly unknown[],
    count: number,
    timestamps: Float64Array | undefined,
    keyed: { keys: readonly unknown[]; hashes: Int32Array },
  ): void {
    const { metrics, output } = this.context
    metrics.recordsIn += count
    metrics.recordsOut += count
    const ids = this.backend.resolveRows(keyed, count)
    const results = this.#resultsOf(count)
    this.#store.updateRows(ids, count, rows, results)
    if (output.skip !== undefined) {
      output.skip(count)
      return
    }
    const out = this.#out
    const fields = this.#resultFields
    for (let i = 0; i < count; i++) {
      const record = this.#keyRecord(keyed.keys[i])
      for (let a = 0; a < fields.length; a++) record[fields[a].name] = resultValue(fields[a], results[a], i)
      out.push(record, timestamps === undefined ? Number.NaN : timestamps[i])
    }
    out.flush(output)
  }
}

/** The same column under another name. */
const renamed = (column: Column, name: string): Column =>
  column.field.name === name ? column : withField(column, { ...column.field, name })
