/**
 * The panes of a window store in memory: one key table per pane, dropped whole. A pane that is dropped while a snapshot reads
 * it is kept until it was read. One thread.
 */
import type { RunCursor } from '../../proto/checkpoint/run.ts'
import { stateErrors } from './errors.ts'
import { PaneDrops, startOfPane } from './pane-drops.ts'
import type { PaneKeeper } from './pane-keeper.ts'
import { Pane, type PaneShape } from './panes.ts'
import type { SnapshotRun } from './snapshot-run.ts'
import type { SnapshotPart } from './snapshotter.ts'

export class HeapPanes implements PaneKeeper, SnapshotPart {
  readonly part: SnapshotPart = this
  readonly usedBytes = 0
  readonly #shape: PaneShape
  /** By start, in the order of their creation. */
  readonly #panes = new Map<number, Pane>()
  readonly #drops: PaneDrops
  #lastSlots = 0
  /** Panes of a snapshot that is being encoded. */
  #encoding: readonly Pane[] = []
  #encodingId = -1

  constructor(shape: PaneShape) {
    this.#shape = shape
    this.#drops = new PaneDrops(shape.state)
  }

  async open(): Promise<void> {}

  restored(): void {}

  begin(): void {}

  at(start: number): Pane {
    const pane = this.#panes.get(start)
    if (pane !== undefined) return pane
    // As large as its predecessors have become: a pane of steady traffic does not grow.
    for (const other of this.#panes.values()) this.#lastSlots = Math.max(other.table.slots, this.#lastSlots >>> 1)
    const made = new Pane(this.#shape, start, this.#lastSlots)
    this.#panes.set(start, made)
    return made
  }

  all(): Iterable<Pane> {
    return this.#panes.values()
  }

  dropBefore(start: number): void {
    for (const pane of this.#panes.values()) {
      if (pane.start >= start) continue
      this.#panes.delete(pane.start)
      pane.dropped = true
      if (pane.persisted) this.#drops.add(pane.start)
      if (!this.#encoding.includes(pane)) pane.table.drop()
    }
  }

  fetch(): void {}

  scan(): undefined {
    return undefined
  }

  close(): void {
    this.#panes.clear()
  }

  // Its part in snapshots.

  freeze(checkpointId: number): void {
    this.#encoding = [...this.#panes.values()]
    this.#encodingId = checkpointId
    for (const pane of this.#encoding) {
      pane.part.freeze(checkpointId)
      pane.persisted = true
    }
    this.#drops.freeze(checkpointId)
  }

  encode(run: SnapshotRun): Iterator<void> {
    // All parts know the run from now on.
    return this.#encode(
      run,
      this.#encoding.map((pane) => pane.part.encode(run)),
    )
  }

  *#encode(run: SnapshotRun, parts: readonly Iterator<void>[]): Generator<void> {
    this.#drops.encode(run, this.#encodingId)
    for (const part of parts) yield* { [Symbol.iterator]: () => part }
    this.#endEncoding()
  }

  settle(checkpointId: number, counts: boolean): void {
    for (const pane of this.#encodingId === checkpointId ? this.#encoding : this.#panes.values())
      pane.part.settle(checkpointId, counts)
    if (this.#encodingId === checkpointId) this.#endEncoding()
    this.#drops.settle(checkpointId, counts)
  }

  restore(state: number, entry: RunCursor, rewrite: boolean): void {
    if (state !== this.#shape.state) return
    const start = startOfPane(entry.namespace)
    if (start === undefined)
      throw stateErrors.create('MALFORMED', { state: this.#shape.name, reason: 'a pane has no time' })
    const pane = this.at(start)
    pane.persisted ||= !rewrite
    pane.part.restore(state, entry, rewrite)
  }

  #endEncoding(): void {
    for (const pane of this.#encoding) if (pane.dropped) pane.table.drop()
    this.#encoding = []
    this.#encodingId = -1
  }
}
