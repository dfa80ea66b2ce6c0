/**
 * Tumbling and sliding event-time windows. Records are added to panes; when the watermark passes a window's end its panes
 * are merged and emitted, in the order of window ends; a pane is dropped when no window that may still fire or be updated
 * needs it. A record is late when every window it belongs to is past its end and the allowed lateness; one that comes
 * after its window fired but within the lateness updates that window's result.
 */
import type { KeyedRows, WindowSlice, WindowStore } from '../state/api.ts'
import { pickSlice } from '../state/windows/pick-slice.ts'
import { createWindowStore } from '../state/windows/window-store.ts'
import { operatorErrors } from './errors.ts'
import { identityOf } from './keyed.ts'
import type { OperatorContext } from './operator.ts'
import { firstEndOf, lastEndOf, nextEnd, type PaneLayout, paneLayout, paneOf } from './pane-layout.ts'
import { forwardWatermark } from './stateless.ts'
import { type TypedWindow, WindowedOperator, windowStoreOptions } from './windowed.ts'

export class AlignedWindowOperator extends WindowedOperator<WindowStore> {
  protected readonly store: WindowStore
  readonly #layout: PaneLayout
  /** End of the window that a pause left half emitted. */
  #firing: number | undefined

  constructor(context: OperatorContext, body: TypedWindow & { assigner: { kind: 'tumbling' | 'sliding' } }) {
    super(context, body, 'fired')
    this.#layout = paneLayout(body.assigner)
    const { paneMs, sizeMs, offsetMs } = this.#layout
    const { aggregate } = body
    if (aggregate.kind === 'functions' && paneMs < sizeMs && aggregate.functions.merge === undefined)
      throw operatorErrors.create('SESSION_NEEDS_MERGE', {})
    this.store = createWindowStore({ ...windowStoreOptions(context, body), paneMs, offsetMs })
  }

  processWatermark(timestampMs: number): boolean {
    const { times } = this
    const firedMs = times.timeMs
    if (this.#firing !== undefined || timestampMs > firedMs) {
      times.reach(timestampMs)
      if (!this.#fire(firedMs)) return false
      times.settle()
    }
    this.store.dropBefore(this.oldestLive(times.timeMs))
    forwardWatermark(this.context, timestampMs)
    return true
  }

  /** Records before this belong to no window that may still be emitted. */
  protected oldestLive(timeMs: number): number {
    const { sizeMs, slideMs, offsetMs } = this.#layout
    if (timeMs === Number.NEGATIVE_INFINITY || timeMs === Number.POSITIVE_INFINITY) return timeMs
    const start = timeMs - this.latenessMs + 1 - sizeMs
    return (Math.floor((start - offsetMs) / slideMs) + 1) * slideMs + offsetMs
  }

  /** Emits all windows that end behind `firedMs` and by now. False: stopped half-way. */
  #fire(firedMs: number): boolean {
    const { sizeMs, slideMs } = this.#layout
    const { timeMs } = this.times
    const panes = this.store.panes()
    let at = 0
    let end = this.#firing ?? this.#firstEnd(panes, firedMs)
    this.#firing = undefined
    while (end - 1 <= timeMs && at < panes.length) {
      while (at < panes.length && panes[at] < end - sizeMs) at++
      if (at === panes.length) break
      if (panes[at] >= end) {
        // Nothing until the next pane that holds something.
        end = firstEndOf(this.#layout, panes[at])
        continue
      }
      if (!this.store.fire(end - sizeMs, end, (slice) => this.#emit(slice, end))) {
        this.#firing = end
        return false
      }
      end += slideMs
    }
    return true
  }

  #emit(slice: WindowSlice, end: number): boolean {
    const { times } = this
    const due = times.even ? slice : pickSlice(slice, times.notAhead(slice.hashes, end))
    return due.count === 0 || this.emitter.emit(due, end - this.#layout.sizeMs, end)
  }

  #firstEnd(panes: readonly number[], firedMs: number): number {
    if (panes.length === 0) return Number.POSITIVE_INFINITY
    const first = firstEndOf(this.#layout, panes[0])
    return firedMs === Number.NEGATIVE_INFINITY ? first : Math.max(first, nextEnd(this.#layout, firedMs + 1))
  }

  /** Records within the allowed lateness of windows that have fired: those windows' new results for their keys. */
  protected update(timeMs: number, timestamps: Float64Array, count: number, keyed: () => KeyedRows): void {
    if (timeMs === Number.NEGATIVE_INFINITY) return
    let rows: KeyedRows | undefined
    const windows = new Map<number, Map<unknown, number>>()
    for (let i = 0; i < count; i++) {
      const pane = paneOf(this.#layout, timestamps[i])
      let end = firstEndOf(this.#layout, pane)
      if (end - 1 > timeMs) continue
      rows ??= keyed()
      for (const last = lastEndOf(this.#layout, pane); end <= last && end - 1 <= timeMs; end += this.#layout.slideMs) {
        if (end - 1 + this.latenessMs <= timeMs) continue
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
      this.store.fireRows(start, end, update, picked.length, (slice) => this.emitter.emit(slice, start, end))
    }
  }
}
