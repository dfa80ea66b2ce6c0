/**
 * Collects the entries of one snapshot in any order and writes them as a sorted run. When there are more than fit into
 * `partBytes`, what has come so far becomes a run of its own, and the next ones are newer in the chain: memory is bounded,
 * whatever the size of the state.
 *
 * Concurrency: on the slot's thread, in slices (`paced`); everything else runs between them. Blocks are stored as they come.
 */

import { assert } from '../../../core/assert.ts'
import type { BlobStorage } from '../../../core/storage/storage.ts'
import type { RunHandle } from '../../../proto/checkpoint/manifest.ts'
import type { KeyRanges } from '../../../proto/checkpoint/ranges.ts'
import { entryKind, RunWriter } from '../../../proto/checkpoint/runs/run.ts'
import type { Pace } from './pace.ts'
import { RunEntries } from './run-entries.ts'
import { RunFile } from './run-file.ts'

/** Bytes of entries, as they are before compression, in a run. */
const partBytesDefault = 96 << 20

const nothing = new Uint8Array(0)

/** Where the runs of a snapshot go, and how their writing leaves room for others. */
export interface RunPlace {
  readonly storage: BlobStorage
  /** A path for run `sequence` of the snapshot, from 1. */
  pathOf(sequence: number): string
  readonly pace: Pace
}

export class SnapshotRun {
  kind: 'base' | 'delta'
  readonly #range: KeyRanges
  readonly #place: RunPlace
  readonly #partBytes: number
  readonly #written: RunHandle[] = []
  #entries: RunEntries
  #drops: { state: number; namespace: Uint8Array }[] = []
  /** Runs written or begun. */
  #parts = 0
  /** An older run of this snapshot may hold what this one says is gone. */
  #hides = false
  #ended = false

  constructor(range: KeyRanges, kind: 'base' | 'delta', place: RunPlace, partBytes: number = partBytesDefault) {
    this.#range = range
    this.#entries = new RunEntries(range)
    this.#place = place
    this.#partBytes = partBytes
    this.kind = kind
  }

  /** Bytes given are copied. `hash` may be signed. */
  put(hash: number, state: number, key: Uint8Array, namespace: Uint8Array, value: Uint8Array): void {
    this.#entries.add(hash, state, entryKind.put, key, namespace, value)
  }

  /** So many entries, encoded one behind the other. `gone`: some of them say so, as `gone` does. */
  putEncoded(bytes: Uint8Array, entries: number, gone = false): void {
    if (gone && this.#parts > 0) this.#hides = true
    this.#entries.addEncoded(bytes, entries)
  }

  /** The entry is gone. Nothing to say in a base. */
  tombstone(hash: number, state: number, key: Uint8Array, namespace: Uint8Array = nothing): void {
    if (this.kind === 'delta') this.#entries.add(hash, state, entryKind.tombstone, key, namespace)
  }

  /** The same where this snapshot may have written an older version that is to go with it. */
  gone(hash: number, state: number, key: Uint8Array, namespace: Uint8Array): void {
    if (this.#parts > 0) this.#hides = true
    this.#entries.add(hash, state, entryKind.tombstone, key, namespace)
  }

  /** All older entries of the state and key are gone, whatever their namespace. Comes before those of this snapshot. */
  drop(hash: number, state: number, key: Uint8Array): void {
    if (this.kind === 'delta') this.#entries.add(hash, state, entryKind.drop, key, nothing)
  }

  /** All older entries of the namespace are gone, whatever their key. Comes before those of this snapshot. */
  dropNamespace(state: number, namespace: Uint8Array): void {
    assert(this.#parts === 0, 'panes are dropped before entries are written')
    if (this.kind === 'delta') this.#drops.push({ state, namespace })
  }

  /** What comes after the next step is newer than all that came, and may say that some of that is gone. */
  goOver(): void {
    this.#ended = true
  }

  /** The steps of an encoding, and between them the writing of what has become too much. */
  *bounded(steps: Iterator<void>): Generator<void | Promise<void>> {
    while (steps.next().done !== true) {
      if (this.#entries.bytes >= this.#partBytes || this.#ended) yield this.#writePart()
      else yield
      if (this.#ended && this.#parts > 0) this.kind = 'delta'
      this.#ended = false
    }
  }

  /** Stores what is left; the runs of this snapshot, oldest first. None when it would say nothing. */
  async write(): Promise<readonly RunHandle[]> {
    await this.#writePart()
    return this.#written
  }

  /** Deletes what was stored, as far as storage answers: for a snapshot that nobody was told of. Waits for nothing. */
  discard(): void {
    for (const { path } of this.#written) if (path !== '') this.#place.storage.delete(path).catch(() => undefined)
  }

  /** Gives the memory back, whether it was written or not. */
  free(): void {
    this.#entries.free()
  }

  async #writePart(): Promise<void> {
    if (this.#drops.length === 0 && this.#entries.count === 0) return
    const { from, to } = this.#range
    const { storage, pathOf, pace } = this.#place
    const kind = this.#hides ? 'delta' : this.kind
    const writer = new RunWriter({ from, to, kind })
    for (const { state, namespace } of this.#drops) writer.dropNamespace(state, namespace)
    const entries = this.#entries
    this.#entries = new RunEntries(this.#range)
    this.#drops = []
    this.#hides = false
    const path = pathOf(++this.#parts)
    const file = new RunFile(storage, path, writer)
    try {
      await pace.run(file.write(entries.blocks(kind === 'base')))
      this.#written.push(await file.finish())
    } catch (error) {
      await file.abort()
      throw error
    } finally {
      entries.free()
    }
  }
}
