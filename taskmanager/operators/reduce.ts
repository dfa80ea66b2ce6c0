/** Running aggregates by functions, per key: each record changes the key's value, and the new value goes out. */
import type { RecordBatch } from '../../core/columns/batch.ts'
import type { AggregateFunctions } from '../../sdk/functions.ts'
import type { NodeBase } from '../../sdk/graph/nodes.ts'
import type { ValueStore } from '../state/api.ts'
import { keyedRows } from './keyed.ts'
import type { OperatorContext, RowBatch, Selection } from './operator.ts'
import { outputCheck } from './output-check.ts'
import { RowBuffer, RowMaterialiser, timestampsOf } from './rows.ts'
import { RunningOperator } from './running.ts'
import { guarded, type LoopCursor, promiseRefusal, type RefusePromise } from './stateless.ts'

/** How a record changes a key's value, and what goes out then. `state` undefined: the key is new. */
export interface RunningFunctions {
  readonly next: (state: unknown, record: unknown) => unknown
  readonly emit: (state: unknown, key: () => unknown) => unknown
}

export const reducing = (reduce: (a: unknown, b: unknown) => unknown): RunningFunctions => ({
  next: (state, record) => (state === undefined ? record : reduce(state, record)),
  emit: (state) => state,
})

export const aggregating = (
  functions: AggregateFunctions<unknown, unknown, unknown, unknown, unknown>,
): RunningFunctions => ({
  next: (state, record) => functions.add(state === undefined ? functions.init() : state, record),
  emit: (state, key) => functions.emit(state, { key: key() } as never),
})

export class RunningFunctionsOperator extends RunningOperator {
  readonly #functions: RunningFunctions
  readonly #state: ValueStore
  readonly #input: RowMaterialiser
  readonly #out = new RowBuffer()
  readonly #cursor: LoopCursor = { at: 0 }
  readonly #refusePromise: RefusePromise
  readonly #check: ((result: unknown) => void) | undefined

  constructor(
    context: OperatorContext,
    functions: RunningFunctions,
    { reads, type }: Pick<NodeBase, 'reads' | 'type'>,
  ) {
    super(context)
    this.#check = outputCheck(type)
    this.#functions = functions
    this.#refusePromise = promiseRefusal(context)
    const declared = context.operator.state[0]
    const gaps = declared?.type?.nullable || declared?.type?.optional
    this.#state = this.backend.value(declared?.name ?? 'value', gaps ? undefined : declared?.type?.type)
    this.#input = new RowMaterialiser(reads)
  }

  processBatch(batch: RecordBatch, selection: Selection | undefined): void {
    const count = selection?.count ?? batch.rowCount
    const ids = this.backend.resolve(batch, selection?.rows, count)
    const rows = this.#input.read(batch, selection)
    this.#run(rows, count, timestampsOf(batch, selection), ids, (row) => this.#input.whole(row))
  }

  processRows(batch: RowBatch): void {
    const ids = this.backend.resolveRows(keyedRows(batch), batch.count)
    this.#run(batch.rows, batch.count, batch.timestamps, ids, (row) => batch.rows[row])
  }

  #run(
    rows: readonly unknown[],
    count: number,
    timestamps: Float64Array | undefined,
    ids: Int32Array,
    recordAt: (row: number) => unknown,
  ): void {
    const { metrics, output } = this.context
    metrics.recordsIn += count
    guarded(
      this.context,
      this.#cursor,
      count,
      (from) => this.#loop(rows, timestamps, ids, from, count),
      recordAt,
      timestamps,
    )
    this.backend.releaseUnused(ids, count)
    metrics.recordsOut += this.#out.count
    this.#out.flush(output)
  }

  #loop(
    rows: readonly unknown[],
    timestamps: Float64Array | undefined,
    ids: Int32Array,
    from: number,
    to: number,
  ): void {
    const state = this.#state
    const cursor = this.#cursor
    const out = this.#out
    const check = this.#check
    const { next, emit } = this.#functions
    let id = 0
    const key = (): unknown => this.backend.keyOf(id)
    for (let i = from; i < to; i++) {
      cursor.at = i
      id = ids[i]
      const value = next(state.get(id), rows[i])
      const result = emit(value, key)
      if (i === from) this.#refusePromise(value)
      // Before the state changes: a record that is refused leaves nothing.
      check?.(result)
      state.set(id, value)
      out.push(result, timestamps === undefined ? Number.NaN : timestamps[i])
    }
    cursor.at = to
  }
}
