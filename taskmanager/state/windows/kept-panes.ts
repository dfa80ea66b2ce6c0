/**
 * The panes of a window store by their start, and which of them a snapshot is reading: what the keepers of panes do alike. A pane that
 * is dropped while a snapshot reads it is kept until it was read. One thread.
 */

import type { SnapshotRun } from '../snapshot/snapshot-run.ts'
import { PaneDrops } from './pane-drops.ts'

export interface KeptPane {
  readonly start: number
  /** A snapshot may hold some of it. */
  persisted: boolean
  /** No window needs it any more. */
  dropped: boolean
  /** Gives the memory back. */
  free(): void
}

export abstract class KeptPanes<P extends KeptPane> {
  /** By start, in the order of their creation. */
  protected readonly panes = new Map<number, P>()
  /** Panes of a snapshot that is being encoded. */
  protected encoding: readonly P[] = []
  protected encodingId = -1
  readonly #drops: PaneDrops

  /** `state`: number in runs. */
  constructor(state: number) {
    this.#drops = new PaneDrops(state)
  }

  all(): Iterable<P> {
    return this.panes.values()
  }

  dropBefore(start: number): void {
    for (const pane of this.panes.values()) {
      if (pane.start >= start) continue
      this.panes.delete(pane.start)
      pane.dropped = true
      if (pane.persisted) this.#drops.add(pane.start)
      this.dropped(pane)
      if (!this.encoding.includes(pane)) pane.free()
    }
  }

  /** A pane has gone. */
  protected dropped(_pane: P): void {}

  protected freezePanes(checkpointId: number): void {
    this.encoding = [...this.panes.values()]
    this.encodingId = checkpointId
    for (const pane of this.encoding) pane.persisted = true
    this.#drops.freeze(checkpointId)
  }

  /** Before any entry. */
  protected encodeDrops(run: SnapshotRun): void {
    this.#drops.encode(run, this.encodingId)
  }

  protected settlePanes(checkpointId: number, counts: boolean): void {
    this.#drops.settle(checkpointId, counts)
    if (this.encodingId === checkpointId) this.endEncoding()
  }

  protected endEncoding(): void {
    for (const pane of this.encoding) if (pane.dropped) pane.free()
    this.encoding = []
    this.encodingId = -1
  }
}
