/**
 * The panes of a window store over RocksDB. What was touched last is in the cache, in tables as in memory: as long as all of
 * a window is there it fires from there. A window of which something has left the cache is read from RocksDB in the order
 * of its keys, all panes side by side, so that it may be larger than memory.
 *
 * Panes that batches have left go out of the cache first, and whole; of those in use single entries. One thread.
 */
import { assert } from '../../../core/assert.ts'
import { type Disk, systemDisk } from '../../../core/platform/disk.ts'
import { type RunCursor, RunEntry } from '../../../proto/checkpoint/runs/run.ts'
import type { RocksDbOptions, WindowSlice } from '../api.ts'
import { stateErrors } from '../errors.ts'
import type { SnapshotPart } from '../snapshot/snapshot-part.ts'
import type { SnapshotRun } from '../snapshot/snapshot-run.ts'
import { KeptPanes } from '../windows/kept-panes.ts'
import { startOfPane } from '../windows/pane-drops.ts'
import type { PaneKeeper, PaneView } from '../windows/pane-keeper.ts'
import type { PaneShape } from '../windows/panes.ts'
import { cacheShare } from './binding.ts'
import { CachedPane } from './cached-pane.ts'
import type { LoggedEntries } from './change-log.ts'
import { PaneKeys } from './layout.ts'
import { OwnStore } from './own-store.ts'
import { PaneScan } from './pane-scan.ts'
import { Spill, type SpilledState } from './spill.ts'

/** A pane that so many batches have not touched goes out whole. */
const idleBatches = 4

export class CachedPanes extends KeptPanes<CachedPane> implements PaneKeeper, SnapshotPart {
  readonly part: SnapshotPart = this
  readonly #shape: PaneShape
  readonly #cacheBytes: number
  readonly #store: OwnStore
  readonly #spill: Spill
  /** Panes that have gone, by their start: up to which frame of the log their entries are to be passed over. */
  readonly #dropped = new Map<number, number>()
  /** The same as the snapshot that is being encoded found it. */
  #hidden: ReadonlyMap<number, number> = new Map()
  readonly #logged = new RunEntry()
  #batches = 0
  #scan: PaneScan | undefined

  constructor(shape: PaneShape, rocksdb: RocksDbOptions, disk: Disk = systemDisk) {
    super(shape.state)
    this.#shape = shape
    this.#cacheBytes = Math.floor(rocksdb.memoryBytes * cacheShare)
    this.#store = new OwnStore(rocksdb, disk)
    const state: SpilledState = {
      state: shape.state,
      take: (run, entries) => this.#take(run, entries),
      encode: () => this.#encodeCached(),
      restore: (cursor, epoch) => this.#restore(cursor, epoch),
      expired: () => false,
    }
    this.#spill = new Spill([state], shape.tracked, new PaneKeys(shape.state))
  }

  async open(): Promise<void> {
    this.#store.attach(this.#spill, await this.#store.open())
  }

  restored(): void {
    this.#spill.store.flush()
  }

  begin(): void {
    const spill = this.#spill
    this.#batches++
    if (spill.bytes <= this.#cacheBytes) return
    const goal = this.#cacheBytes - (this.#cacheBytes >>> 3)
    const enough = (): boolean => spill.bytes <= goal
    const panes = [...this.panes.values()].sort((a, b) => a.usedAt - b.usedAt)
    for (const pane of panes) {
      if (enough()) break
      // One that a snapshot is reading stays where it is.
      if (this.encodingId >= 0 || this.#batches - pane.usedAt <= idleBatches) continue
      pane.makeRoom(true, enough)
    }
    for (const pane of panes) if (!enough()) pane.makeRoom(false, enough)
    spill.store.flush()
  }

  at(start: number): CachedPane {
    let pane = this.panes.get(start)
    if (pane === undefined) {
      pane = new CachedPane(this.#shape, this.#spill, start, 0)
      this.panes.set(start, pane)
    }
    pane.usedAt = this.#batches
    return pane
  }

  fetch(panes: readonly PaneView[], n: number): void {
    for (const pane of panes) this.panes.get(pane.start)?.fetch(n)
  }

  scan(
    start: number,
    end: number,
    panes: () => readonly PaneView[],
    emit: (slice: WindowSlice) => boolean,
  ): boolean | undefined {
    let scan = this.#scan
    this.#scan = undefined
    if (scan !== undefined && (scan.start !== start || scan.end !== end)) {
      scan.close()
      scan = undefined
    }
    if (scan === undefined) {
      const own = panes().map((pane) => this.at(pane.start))
      if (!own.some((pane) => pane.stored)) return undefined
      for (const pane of own) pane.writeThrough()
      this.#spill.store.flush()
      scan = new PaneScan(this.#shape, this.#spill.store, start, end, own)
    }
    for (let slice = scan.next(); slice !== undefined; slice = scan.next()) {
      if (emit(slice)) continue
      this.#scan = scan
      return false
    }
    scan.close()
    return true
  }

  get usedBytes(): number {
    return this.#store.memoryBytes
  }

  close(): void {
    this.#scan?.close()
    this.panes.clear()
    this.#store.close()
  }

  // Its part in snapshots.

  needsAll(): boolean {
    return this.#spill.needsAll()
  }

  freeze(checkpointId: number, all?: boolean): void {
    this.#spill.freeze(checkpointId, all)
    this.#hidden = new Map(this.#dropped)
    this.freezePanes(checkpointId)
  }

  encode(run: SnapshotRun): Iterator<void> {
    this.encodeDrops(run)
    return this.#spill.encode(run)
  }

  settle(checkpointId: number, counts: boolean): void {
    this.#spill.settle(checkpointId, counts)
    this.settlePanes(checkpointId, counts)
    const { oldestLogged } = this.#spill
    for (const [start, mark] of this.#dropped) if (mark < oldestLogged) this.#dropped.delete(start)
  }

  restore(state: number, entry: RunCursor, rewrite: boolean): void {
    this.#spill.restore(state, entry, rewrite)
  }

  *#encodeCached(): Generator<void> {
    for (const pane of this.encoding) yield* { [Symbol.iterator]: () => pane.encode() }
    this.endEncoding()
  }

  protected override dropped(pane: CachedPane): void {
    if (!pane.stored) return
    pane.removeStored()
    const mark = this.#spill.markLog()
    if (mark >= this.#spill.oldestLogged) this.#dropped.set(pane.start, mark)
  }

  /** What the log has of panes that were gone when the snapshot began stays out of the run. */
  #take(run: SnapshotRun, { bytes, entries, gone, frame }: LoggedEntries): void {
    if (frame === undefined || this.#hidden.size === 0) {
      run.putEncoded(bytes, entries, gone)
      return
    }
    const entry = this.#logged
    entry.bytes = bytes
    let to = 0
    let kept = 0
    for (let at = 0; at < bytes.length; at = entry.valueEnd) {
      assert(entry.read(at), 'the log has entries')
      if (frame <= (this.#hidden.get(bytes.readDoubleLE(entry.keyEnd)) ?? 0)) continue
      bytes.copyWithin(to, entry.start, entry.valueEnd)
      to += entry.valueEnd - entry.start
      kept++
    }
    if (kept > 0) run.putEncoded(bytes.subarray(0, to), kept, gone)
  }

  #restore(cursor: RunCursor, epoch: number): void {
    const { name, aggregate, accumulators } = this.#shape
    const start = startOfPane(cursor.namespace)
    if (start === undefined) throw stateErrors.create('MALFORMED', { state: name, reason: 'a pane has no time' })
    const { value } = cursor
    if (aggregate.kind === 'declared' && value.length !== accumulators.bytes) {
      throw stateErrors.create('MALFORMED', {
        state: name,
        reason: `an entry has ${value.length / 8} accumulators instead of ${accumulators.bytes / 8}`,
      })
    }
    this.at(start).restore(cursor.hash, cursor.key, value, epoch)
  }
}
