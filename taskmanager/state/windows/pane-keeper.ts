/**
 * Where the panes of a window store are kept: in memory (heap-panes.ts), or in a cache over RocksDB (rocksdb/cached-panes.ts).
 * One thread.
 */
import type { WindowSlice } from '../api.ts'
import type { KeyTable } from '../key-table.ts'
import type { BlocksToRestore, BlockTaker } from '../snapshot/restored-rows.ts'
import type { SnapshotPart } from '../snapshot/snapshot-part.ts'

/** One pane: the aggregates of a stretch of time by key. */
export interface PaneView {
  readonly start: number
  readonly table: KeyTable
  /** Accumulators of functions, by id. */
  readonly objects: { get(id: number): unknown; add(id: number, record: unknown): void } | undefined
  /** Ids (an address of `n`) that a batch is about to change: whatever is elsewhere of them is fetched. */
  found(ids: number, n: number): void
}

export interface PaneKeeper {
  readonly part: SnapshotPart
  /** Before anything else. */
  open(): Promise<void>
  /** What takes whole blocks of a snapshot. Absent: its part takes entry by entry. */
  blocks?(restored: BlocksToRestore): BlockTaker
  /** Everything of the snapshot is there. */
  restored(): void
  /** Before a batch: no id is in use. */
  begin(): void
  /** Finds or makes a pane. */
  at(start: number): PaneView
  /** Panes that hold something, in no order. */
  all(): Iterable<PaneView>
  dropBefore(start: number): void
  /** The keys of the rows that are loaded are in the tables of these panes, as far as the panes have them. */
  fetch(panes: readonly PaneView[], n: number): void
  /**
   * Where the panes are not wholly in their tables: emits the window like `WindowStore.fire`. Undefined: they are, and it is for
   * the caller to merge them.
   */
  scan(
    start: number,
    end: number,
    panes: () => readonly PaneView[],
    emit: (slice: WindowSlice) => boolean,
  ): boolean | undefined
  /** Bytes beside the state's memory. */
  readonly usedBytes: number
  close(): void
}
