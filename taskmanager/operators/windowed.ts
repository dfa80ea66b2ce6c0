/**
 * What windows of all kinds have in common: records go into a store under their event times, late and unusable ones are
 * sorted out, a watermark makes windows fire.
 *
 * Operator state is the time up to which windows have fired, so that nothing fires twice after a restore. All subtasks have the
 * same one at a barrier, because watermarks are broadcast and travel in order with barriers. Where a barrier overtakes, each has
 * its own, and so have the keys that it leaves to others (fired-times.ts).
 */
import type { RecordBatch } from '../../core/columns/batch.ts'
import type { OperatorSnapshot } from '../../proto/checkpoint/manifest.ts'
import type { WindowBody } from '../../sdk/graph/nodes.ts'
import type { TypeDef } from '../../sdk/types.ts'
import type { KeyedRows, Snapshotting, WindowStoreOptions } from '../state/api.ts'
import { FiredTimes } from './fired-times.ts'
import { keyedRows, readKeys, stateOptions } from './keyed.ts'
import { LateRecords } from './late-records.ts'
import { NumberCheck } from './number-check.ts'
import type { Operator, OperatorContext, RowBatch, Selection } from './operator.ts'
import { pickRows, timestampsOf } from './rows.ts'
import { forwardIdle } from './stateless.ts'
import { WindowEmitter } from './window-emitter.ts'

/** What the stores of all windows do: see their contracts. */
interface RecordStore extends Snapshotting {
  add(batch: RecordBatch, selection: Int32Array | undefined, n: number, minMs: number, late: Int32Array): number
  addRows(
    rows: KeyedRows & { readonly rows: readonly unknown[]; readonly timestamps: Float64Array },
    n: number,
    minMs: number,
    late: Int32Array,
  ): number
}

/** A window with the declared type of its results. */
export type TypedWindow = WindowBody & { readonly type: TypeDef<unknown> | undefined }

export abstract class WindowedOperator<Store extends RecordStore> implements Operator {
  protected readonly context: OperatorContext
  protected readonly latenessMs: number
  protected readonly emitter: WindowEmitter
  protected abstract readonly store: Store
  protected readonly times: FiredTimes
  readonly #late: LateRecords
  readonly #check: NumberCheck

  /** `stateName`: what the time is called in operator state. */
  constructor(context: OperatorContext, body: TypedWindow, stateName: string) {
    this.context = context
    this.latenessMs = body.allowedLatenessMs
    this.emitter = new WindowEmitter(context, body.aggregate, body.type)
    this.times = new FiredTimes(context, stateName)
    this.#late = new LateRecords(context, body.lateOutput)
    this.#check = new NumberCheck(context, body.aggregate.kind === 'declared' ? body.aggregate.aggregates : [])
  }

  abstract processWatermark(timestampMs: number): boolean
  /** Where time has come to `timeMs`, records before this, or whose session would end by it, are late. */
  protected abstract oldestLive(timeMs: number): number
  /** Behind records within the allowed lateness, of which some may belong to windows that have fired by `timeMs`. */
  protected abstract update(timeMs: number, timestamps: Float64Array, count: number, keyed: () => KeyedRows): void

  open(): Promise<void> {
    return this.store.open()
  }

  processBatch(batch: RecordBatch, given: Selection | undefined): void {
    this.context.metrics.recordsIn += given?.count ?? batch.rowCount
    if (batch.timestamps === 0) {
      this.#late.refuseBatch(batch, given)
      return
    }
    const selection = this.#check.ofBatch(batch, given)
    if (this.times.even) return this.#takeBatch(batch, selection, this.times.timeMs)
    for (const { timeMs, rows } of this.times.split(hashesOf(batch, selection))) {
      const mine = selection === undefined ? rows : rows.map((row) => selection.rows[row])
      this.#takeBatch(batch, { rows: mine, count: mine.length }, timeMs)
    }
  }

  processRows(given: RowBatch): void {
    this.context.metrics.recordsIn += given.count
    const batch = given.timestamps === undefined ? given : this.#check.ofRows(given)
    if (batch.timestamps === undefined) {
      this.#late.refuseRows(batch)
      return
    }
    if (this.times.even) return this.#takeRows(batch, batch.timestamps, this.times.timeMs)
    for (const { timeMs, rows } of this.times.split(keyedRows(batch).hashes.subarray(0, batch.count))) {
      const mine = pickRows(batch, rows)
      this.#takeRows(mine, mine.timestamps as Float64Array, timeMs)
    }
  }

  processIdle(idle: boolean): void {
    forwardIdle(this.context, idle)
  }

  async snapshot(checkpointId: number): Promise<OperatorSnapshot> {
    const { result } = this.store.snapshot(checkpointId)
    const { node, uid } = this.context.operator
    const operatorState = this.times.state()
    return { node, uid, runs: await result, operatorState, splits: [], committables: [] }
  }

  notifyCheckpointComplete(checkpointId: number): void {
    this.store.notifyCheckpointComplete(checkpointId)
  }

  notifyCheckpointAborted(checkpointId: number): void {
    this.store.notifyCheckpointAborted(checkpointId)
  }

  close(): void {
    this.store.close()
  }

  #takeBatch(batch: RecordBatch, selection: Selection | undefined, timeMs: number): void {
    const count = selection?.count ?? batch.rowCount
    const late = this.#late.rows(count)
    const lateCount = this.store.add(batch, selection?.rows, count, this.oldestLive(timeMs), late)
    if (lateCount > 0) this.#late.emitBatch(batch, lateCount)
    if (this.latenessMs === 0) return
    const timestamps = timestampsOf(batch, selection)
    if (timestamps === undefined) return
    this.update(timeMs, timestamps, count, () => ({
      keys: readKeys(this.context, batch, selection),
      hashes: hashesOf(batch, selection),
    }))
  }

  #takeRows(batch: RowBatch, timestamps: Float64Array, timeMs: number): void {
    const late = this.#late.rows(batch.count)
    const rows = { ...keyedRows(batch), rows: batch.rows, timestamps }
    const lateCount = this.store.addRows(rows, batch.count, this.oldestLive(timeMs), late)
    if (lateCount > 0) this.#late.emitRows(batch, lateCount)
    if (this.latenessMs > 0) this.update(timeMs, timestamps, batch.count, () => keyedRows(batch))
  }
}

/** Options of the stores that are the same for all windows. */
export function windowStoreOptions(
  context: OperatorContext,
  body: WindowBody,
): Omit<WindowStoreOptions, 'paneMs' | 'offsetMs'> {
  return {
    ...stateOptions(context),
    name: context.operator.state[0]?.name ?? 'window',
    aggregate: body.aggregate,
    poison: (error, record, timestampMs) => context.poison(error, record, timestampMs),
  }
}

function hashesOf(batch: RecordBatch, selection: Selection | undefined): Int32Array {
  const all = batch.hashArray() as Int32Array
  return selection === undefined ? all : Int32Array.from(selection.rows.subarray(0, selection.count), (row) => all[row])
}
