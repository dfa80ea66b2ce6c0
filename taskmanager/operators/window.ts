/**
 * Tumbling and sliding event-time windows. Records are added to panes; when the watermark passes a window's end its panes
 * are merged and emitted, in the order of window ends; a pane is dropped when no window that may still fire or be updated
 * needs it. A record is late when every window it belongs to is past its end and the allowed lateness; one that comes
 * after its window fired but within the lateness updates that window's result.
 *
 * The watermark up to which windows have fired is operator state: after a restore nothing fires twice. All subtasks have
 * the same one at a barrier, because watermarks are broadcast and travel in order with barriers.
 */
import type { RecordBatch } from '../../core/columns/batch.ts'
import type { OperatorSnapshot } from '../../proto/checkpoint/manifest.ts'
import type { WindowBody } from '../../sdk/graph/nodes.ts'
import type { KeyedRows, WindowStore } from '../state/api.ts'
import { createWindowStore } from '../state/window-store.ts'
import { firstEndOf, lastEndOf, nextEnd, type PaneLayout, paneLayout, paneOf } from '../windows/panes.ts'
import { operatorErrors } from './errors.ts'
import { identityOf, keyedRows, readKeys, stateOptions } from './keyed.ts'
import { LateRecords } from './late-records.ts'
import { NumberCheck } from './number-check.ts'
import type { Operator, OperatorContext, RowBatch, Selection } from './operator.ts'
import { timestampsOf } from './rows.ts'
import { forwardIdle, forwardWatermark } from './stateless.ts'
import { WindowEmitter } from './window-emitter.ts'

export class AlignedWindowOperator implements Operator {
  readonly #context: OperatorContext
  readonly #layout: PaneLayout
  readonly #latenessMs: number
  readonly #store: WindowStore
  readonly #emitter: WindowEmitter
  readonly #late: LateRecords
  readonly #check: NumberCheck
  #watermark = Number.NEGATIVE_INFINITY
  /** Windows with end - 1 up to this have fired. */
  #fired = Number.NEGATIVE_INFINITY
  /** End of the window that a pause left half emitted. */
  #firing: number | undefined

  constructor(context: OperatorContext, body: WindowBody & { assigner: { kind: 'tumbling' | 'sliding' } }) {
    this.#context = context
    this.#layout = paneLayout(body.assigner)
    this.#latenessMs = body.allowedLatenessMs
    if (
      body.aggregate.kind === 'functions' &&
      this.#layout.paneMs < this.#layout.sizeMs &&
      body.aggregate.functions.merge === undefined
    ) {
      throw operatorErrors.create('SESSION_NEEDS_MERGE', {})
    }
    this.#store = createWindowStore({
      ...stateOptions(context),
      name: context.operator.state[0]?.name ?? 'window',
      aggregate: body.aggregate,
      poison: (error, record, timestampMs) => context.poison(error, record, timestampMs),
      paneMs: this.#layout.paneMs,
      offsetMs: this.#layout.offsetMs,
    })
    this.#emitter = new WindowEmitter(context, body.aggregate)
    this.#late = new LateRecords(context, body.lateOutput)
    this.#check = new NumberCheck(context, body.aggregate.kind === 'declared' ? body.aggregate.aggregates : [])
    for (const state of context.restored?.operatorState ?? []) {
      const { fired } = state as { fired: number | null }
      if (fired !== null && fired > this.#fired) this.#fired = fired
    }
    this.#watermark = this.#fired
  }

  open(): Promise<void> {
    return this.#store.open()
  }

  processBatch(batch: RecordBatch, given: Selection | undefined): void {
    this.#context.metrics.recordsIn += given?.count ?? batch.rowCount
    if (batch.timestamps === 0) {
      this.#late.refuseBatch(batch, given)
      return
    }
    const selection = this.#check.ofBatch(batch, given)
    const count = selection?.count ?? batch.rowCount
    const late = this.#late.rows(count)
    const lateCount = this.#store.add(batch, selection?.rows, count, this.#oldestLive(), late)
    if (lateCount > 0) this.#late.emitBatch(batch, lateCount)
    if (this.#latenessMs > 0)
      this.#update(timestampsOf(batch, selection), count, () => ({
        keys: readKeys(this.#context, batch, selection),
        hashes: hashesOf(batch, selection),
      }))
  }

  processRows(given: RowBatch): void {
    this.#context.metrics.recordsIn += given.count
    const batch = given.timestamps === undefined ? given : this.#check.ofRows(given)
    if (batch.timestamps === undefined) {
      this.#late.refuseRows(batch)
      return
    }
    const late = this.#late.rows(batch.count)
    const rows = { ...keyedRows(batch), rows: batch.rows, timestamps: batch.timestamps }
    const lateCount = this.#store.addRows(rows, batch.count, this.#oldestLive(), late)
    if (lateCount > 0) this.#late.emitRows(batch, lateCount)
    if (this.#latenessMs > 0) this.#update(batch.timestamps, batch.count, () => keyedRows(batch))
  }

  processWatermark(timestampMs: number): boolean {
    if (timestampMs > this.#watermark) {
      this.#watermark = timestampMs
      if (!this.#fireUpTo(timestampMs)) return false
    } else if (this.#firing !== undefined && !this.#fireUpTo(timestampMs)) return false
    this.#store.dropBefore(this.#oldestLive())
    forwardWatermark(this.#context, timestampMs)
    return true
  }

  processIdle(idle: boolean): void {
    forwardIdle(this.#context, idle)
  }

  async snapshot(checkpointId: number): Promise<OperatorSnapshot> {
    const { result } = this.#store.snapshot(checkpointId)
    const { node, uid } = this.#context.operator
    // After the end of time nothing is kept that could fire again, and who goes on from here has a time of its own.
    const fired = Number.isFinite(this.#fired) ? this.#fired : null
    return { node, uid, runs: await result, operatorState: [{ fired }], splits: [], committables: [] }
  }

  notifyCheckpointComplete(checkpointId: number): void {
    this.#store.notifyCheckpointComplete(checkpointId)
  }

  notifyCheckpointAborted(checkpointId: number): void {
    this.#store.notifyCheckpointAborted(checkpointId)
  }

  close(): void {
    this.#store.close()
  }

  /** Records before this belong to no window that may still be emitted. */
  #oldestLive(): number {
    const { sizeMs, slideMs, offsetMs } = this.#layout
    if (this.#watermark === Number.NEGATIVE_INFINITY || this.#watermark === Number.POSITIVE_INFINITY)
      return this.#watermark
    const start = this.#watermark - this.#latenessMs + 1 - sizeMs
    return (Math.floor((start - offsetMs) / slideMs) + 1) * slideMs + offsetMs
  }

  /** Emits all windows that end at or before the watermark. False: stopped half-way. */
  #fireUpTo(watermarkMs: number): boolean {
    const { sizeMs, slideMs } = this.#layout
    const panes = this.#store.panes()
    let at = 0
    let end = this.#firing ?? this.#firstEnd(panes)
    this.#firing = undefined
    while (end - 1 <= watermarkMs && at < panes.length) {
      while (at < panes.length && panes[at] < end - sizeMs) at++
      if (at === panes.length) break
      if (panes[at] >= end) {
        // Nothing until the next pane that holds something.
        end = firstEndOf(this.#layout, panes[at])
        continue
      }
      const start = end - sizeMs
      if (!this.#store.fire(start, end, (slice) => this.#emitter.emit(slice, start, end))) {
        this.#firing = end
        return false
      }
      this.#fired = end - 1
      end += slideMs
    }
    this.#fired = watermarkMs
    return true
  }

  #firstEnd(panes: readonly number[]): number {
    if (panes.length === 0) return Number.POSITIVE_INFINITY
    const first = firstEndOf(this.#layout, panes[0])
    return this.#fired === Number.NEGATIVE_INFINITY ? first : Math.max(first, nextEnd(this.#layout, this.#fired + 1))
  }

  /** Records within the allowed lateness of windows that have fired: those windows' new results for their keys. */
  #update(timestamps: Float64Array | undefined, count: number, keyed: () => KeyedRows): void {
    if (timestamps === undefined || this.#fired === Number.NEGATIVE_INFINITY) return
    let rows: KeyedRows | undefined
    const windows = new Map<number, Map<unknown, number>>()
    for (let i = 0; i < count; i++) {
      const pane = paneOf(this.#layout, timestamps[i])
      let end = firstEndOf(this.#layout, pane)
      if (end - 1 > this.#fired) continue
      rows ??= keyed()
      for (
        const last = lastEndOf(this.#layout, pane);
        end <= last && end - 1 <= this.#fired;
        end += this.#layout.slideMs
      ) {
        if (end - 1 + this.#latenessMs <= this.#watermark) continue
        let keys = windows.get(end)
        if (keys === undefined) {
          keys = new Map()
          windows.set(end, keys)
        }
        keys.set(identityOf(rows.keys[i]), i)
      }
    }
    if (rows === undefined) return
    for (const [end, keys] of windows) {
      const picked = [...keys.values()]
      const update = {
        keys: picked.map((i) => (rows as KeyedRows).keys[i]),
        hashes: Int32Array.from(picked, (i) => (rows as KeyedRows).hashes[i]),
      }
      const start = end - this.#layout.sizeMs
      this.#store.fireRows(start, end, update, picked.length, (slice) => this.#emitter.emit(slice, start, end))
    }
  }
}

function hashesOf(batch: RecordBatch, selection: Selection | undefined): Int32Array {
  const all = batch.hashArray() as Int32Array
  return selection === undefined ? all : Int32Array.from(selection.rows.subarray(0, selection.count), (row) => all[row])
}
