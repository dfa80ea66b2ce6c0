/**
 * What windows of all kinds have in common: records go into a store under their event times, late and unusable ones are
 * sorted out, a watermark makes windows fire.
 *
 * Operator state is a time up to which windows have fired: after a restore nothing fires twice. All subtasks have the same
 * one at a barrier, because watermarks are broadcast and travel in order with barriers; where a barrier overtakes, each has its own.
 */
import type { RecordBatch } from '../../core/columns/batch.ts'
import type { OperatorSnapshot } from '../../proto/checkpoint/manifest.ts'
import type { WindowBody } from '../../sdk/graph/nodes.ts'
import type { TypeDef } from '../../sdk/types.ts'
import type { KeyedRows, Snapshotting, WindowStoreOptions } from '../state/api.ts'
import { keyedRows, readKeys, stateOptions } from './keyed.ts'
import { LateRecords } from './late-records.ts'
import { NumberCheck } from './number-check.ts'
import type { Operator, OperatorContext, RowBatch, Selection } from './operator.ts'
import { timestampsOf } from './rows.ts'
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
  readonly needsOneTime = true
  protected readonly context: OperatorContext
  protected readonly latenessMs: number
  protected readonly emitter: WindowEmitter
  protected abstract readonly store: Store
  /** Highest watermark so far; after a restore the time up to which windows have fired. */
  protected watermark = Number.NEGATIVE_INFINITY
  readonly #stateName: string
  readonly #late: LateRecords
  readonly #check: NumberCheck

  /** `stateName`: what the time is called in operator state. */
  constructor(context: OperatorContext, body: TypedWindow, stateName: string) {
    this.context = context
    this.latenessMs = body.allowedLatenessMs
    this.emitter = new WindowEmitter(context, body.aggregate, body.type)
    this.#stateName = stateName
    this.#late = new LateRecords(context, body.lateOutput)
    this.#check = new NumberCheck(context, body.aggregate.kind === 'declared' ? body.aggregate.aggregates : [])
    this.watermark = restoredTime(context, stateName)
  }

  abstract processWatermark(timestampMs: number): boolean
  /** Records before this, or whose session would end by it, are late. */
  protected abstract oldestLive(): number
  /** Behind records within the allowed lateness, of which some may belong to windows that have fired. */
  protected abstract update(timestamps: Float64Array, count: number, keyed: () => KeyedRows): void
  /** Windows up to this time have fired. */
  protected abstract firedTo(): number

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
    const count = selection?.count ?? batch.rowCount
    const late = this.#late.rows(count)
    const lateCount = this.store.add(batch, selection?.rows, count, this.oldestLive(), late)
    if (lateCount > 0) this.#late.emitBatch(batch, lateCount)
    if (this.latenessMs === 0) return
    const timestamps = timestampsOf(batch, selection)
    if (timestamps === undefined) return
    this.update(timestamps, count, () => ({
      keys: readKeys(this.context, batch, selection),
      hashes: hashesOf(batch, selection),
    }))
  }

  processRows(given: RowBatch): void {
    this.context.metrics.recordsIn += given.count
    const batch = given.timestamps === undefined ? given : this.#check.ofRows(given)
    if (batch.timestamps === undefined) {
      this.#late.refuseRows(batch)
      return
    }
    const late = this.#late.rows(batch.count)
    const rows = { ...keyedRows(batch), rows: batch.rows, timestamps: batch.timestamps }
    const lateCount = this.store.addRows(rows, batch.count, this.oldestLive(), late)
    if (lateCount > 0) this.#late.emitRows(batch, lateCount)
    if (this.latenessMs > 0) this.update(batch.timestamps, batch.count, () => keyedRows(batch))
  }

  processIdle(idle: boolean): void {
    forwardIdle(this.context, idle)
  }

  async snapshot(checkpointId: number): Promise<OperatorSnapshot> {
    const { result } = this.store.snapshot(checkpointId)
    const { node, uid } = this.context.operator
    // After the end of time nothing is kept that could fire again, and who goes on from here has a time of its own.
    const firedMs = this.firedTo()
    const atEnd = firedMs === Number.POSITIVE_INFINITY
    const operatorState = [atEnd ? {} : { [this.#stateName]: Number.isFinite(firedMs) ? firedMs : null }]
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
}

/**
 * Where time stood. Each subtask has its own: a barrier that overtakes meets them at different times, and windows that one had
 * fired others have not. Where keys have moved it is the earliest, so that none is taken for fired that was not; a subtask
 * whose time had ended has nothing left.
 */
function restoredTime({ restored, parallelism }: OperatorContext, stateName: string): number {
  if (restored === undefined) return Number.NEGATIVE_INFINITY
  const { operatorState, ownOperatorState, rekey } = restored
  const stay = rekey === undefined && operatorState.length === parallelism && ownOperatorState.length === 1
  const times = (stay ? ownOperatorState : operatorState).flatMap((state) => {
    const time = (state as Record<string, number | null>)[stateName]
    return time === undefined ? [] : [time ?? Number.NEGATIVE_INFINITY]
  })
  return times.length === 0 ? Number.NEGATIVE_INFINITY : Math.min(...times)
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
