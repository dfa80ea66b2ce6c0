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
  /** Panes of which the last snapshot was the first to hold something. */
  #heard: { readonly checkpointId: number; readonly panes: readonly P[] } | undefined
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
    const panes = this.encoding.filter((pane) => !pane.persisted)
    for (const pane of panes) pane.persisted = true
    this.#heard = { checkpointId, panes }
    this.#drops.freeze(checkpointId)
  }

  /** Before any entry. */
  protected encodeDrops(run: SnapshotRun): void {
    this.#drops.encode(run, this.encodingId)
  }

  protected settlePanes(checkpointId: number, counts: boolean): void {
    const heard = this.#heard?.checkpointId === checkpointId ? this.#heard.panes : []
    if (!counts) {
      for (const pane of heard) {
        pane.persisted = false
        this.#drops.remove(pane.start)
      }
    }
    if (heard.length > 0) this.#heard = undefined
    this.#drops.settle(checkpointId, counts)
    if (this.encodingId === checkpointId) this.endEncoding()
  }

  protected endEncoding(): void {
    for (const pane of this.encoding) if (pane.dropped) pane.free()
    this.encoding = []
    this.encodingId = -1
  }
}
