/**
 * The panes of a window store in memory: one key table per pane, dropped whole. One thread.
 */
import type { RunCursor } from '../../../proto/checkpoint/runs/run.ts'
import { stateErrors } from '../errors.ts'
import type { BlocksToRestore, BlockTaker } from '../snapshot/restored-rows.ts'
import type { SnapshotPart } from '../snapshot/snapshot-part.ts'
import type { SnapshotRun } from '../snapshot/snapshot-run.ts'
import { KeptPanes } from './kept-panes.ts'
import { PaneBlocks, type RestoredPanes } from './pane-blocks.ts'
import { startOfPane } from './pane-drops.ts'
import type { PaneKeeper } from './pane-keeper.ts'
import { Pane, type PaneShape } from './panes.ts'

export class HeapPanes extends KeptPanes<Pane> implements PaneKeeper, RestoredPanes, SnapshotPart {
  readonly part: SnapshotPart = this
  readonly usedBytes = 0
  readonly #shape: PaneShape
  #lastSlots = 0

  constructor(shape: PaneShape) {
    super(shape.state)
    this.#shape = shape
  }

  async open(): Promise<void> {}

  blocks(restored: BlocksToRestore): BlockTaker {
    return new PaneBlocks(this, this.#shape, this.#shape.rows.shape, restored)
  }

  restored(): void {}

  begin(): void {}

  at(start: number): Pane {
    const pane = this.panes.get(start)
    if (pane !== undefined) return pane
    // As large as its predecessors have become: a pane of steady traffic does not grow.
    for (const other of this.panes.values()) this.#lastSlots = Math.max(other.table.slots, this.#lastSlots >>> 1)
    const made = new Pane(this.#shape, start, this.#lastSlots)
    this.panes.set(start, made)
    return made
  }

  find(start: number): Pane | undefined {
    return this.panes.get(start)
  }

  remove(pane: Pane): void {
    this.panes.delete(pane.start)
    pane.free()
  }

  fetch(): void {}

  scan(): undefined {
    return undefined
  }

  close(): void {
    this.panes.clear()
  }

  // Its part in snapshots.

  freeze(checkpointId: number): void {
    this.freezePanes(checkpointId)
    for (const pane of this.encoding) pane.part.freeze(checkpointId)
  }

  encode(run: SnapshotRun): Iterator<void> {
    // All parts know the run from now on.
    return this.#encode(
      run,
      this.encoding.map((pane) => pane.part.encode(run)),
    )
  }

  *#encode(run: SnapshotRun, parts: readonly Iterator<void>[]): Generator<void> {
    this.encodeDrops(run)
    for (const part of parts) yield* { [Symbol.iterator]: () => part }
    this.endEncoding()
  }

  settle(checkpointId: number, counts: boolean): void {
    for (const pane of this.encodingId === checkpointId ? this.encoding : this.panes.values())
      pane.part.settle(checkpointId, counts)
    this.settlePanes(checkpointId, counts)
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
}
