/**
 * Panes that went since the last snapshot, for the next one: a drop of their namespace. What a snapshot took that does not
 * count is put back. One thread.
 */

import type { SnapshotRun } from '../snapshot/snapshot-run.ts'
import { paneNamespace } from './panes.ts'

export class PaneDrops {
  readonly #state: number
  /** Starts of panes dropped since the last snapshot; and those that unfinished snapshots took. */
  #drops = new Set<number>()
  readonly #frozen = new Map<number, Set<number>>()

  constructor(state: number) {
    this.#state = state
  }

  /** Of a pane that a snapshot may hold. */
  add(start: number): void {
    this.#drops.add(start)
  }

  /** No snapshot holds a pane that went since the last one. */
  remove(start: number): void {
    this.#drops.delete(start)
  }

  freeze(checkpointId: number): void {
    this.#frozen.set(checkpointId, this.#drops)
    this.#drops = new Set()
  }

  encode(run: SnapshotRun, checkpointId: number): void {
    for (const start of this.#frozen.get(checkpointId) ?? []) run.dropNamespace(this.#state, paneNamespace(start))
  }

  settle(checkpointId: number, counts: boolean): void {
    const drops = this.#frozen.get(checkpointId)
    this.#frozen.delete(checkpointId)
    if (!counts) for (const start of drops ?? []) this.#drops.add(start)
  }
}

/** Start of the pane of a namespace; undefined: it is not one. */
export const startOfPane = (namespace: Uint8Array): number | undefined =>
  namespace.length === 8
    ? new DataView(namespace.buffer, namespace.byteOffset, namespace.byteLength).getFloat64(0, true)
    : undefined
