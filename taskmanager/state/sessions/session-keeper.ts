/**
 * Where the sessions of a session store are kept beside its table: nowhere else (`HeapSessions`), or in RocksDB
 * (rocksdb/cached-sessions.ts). One thread.
 */
import type { RunCursor } from '../../../proto/checkpoint/runs/run.ts'
import { FlatPart } from '../snapshot/flat-part.ts'
import type { SnapshotPart } from '../snapshot/snapshot-part.ts'
import type { SessionContents } from './session-contents.ts'
import type { SessionTable } from './session-table.ts'

export interface SessionKeeper {
  readonly part: SnapshotPart
  /** Before anything else. */
  open(): Promise<void>
  /** Everything of the snapshot is there. */
  restored(): void
  /** Before a batch: no id is in use. */
  begin(): void
  /** Ids (an address of `n`) that a batch is about to change. */
  found(ids: number, n: number): void
  /** Before the sessions of a key begin, end, or are joined. */
  changing(id: number): void
  /** Before a session of a key is emitted. */
  firing(id: number): void
  /** Everything that is due up to the time that it returns is in the table; `toMs` at most. No id may be in use. */
  due(toMs: number): number
  /** A key that has no sessions any more is about to go. */
  released(id: number): void
  /** Bytes beside the state's memory. */
  readonly usedBytes: number
  close(): void
}

/** Everything is in the table. */
export class HeapSessions implements SessionKeeper {
  readonly part: FlatPart
  readonly usedBytes = 0
  readonly #contents: SessionContents

  constructor(sessions: SessionTable, contents: SessionContents, restoreId: (cursor: RunCursor) => number) {
    const { table } = sessions
    this.#contents = contents
    this.part = new FlatPart(table, contents, restoreId, (id) => table.releaseOne(id))
  }

  async open(): Promise<void> {}

  restored(): void {}

  begin(): void {}

  found(): void {}

  changing(id: number): void {
    if (this.part.awaits(id)) this.#contents.guard(id)
  }

  firing(): void {}

  due(toMs: number): number {
    return toMs
  }

  released(): void {}

  close(): void {}
}
