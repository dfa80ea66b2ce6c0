/**
 * The contract of a sink. Two-phase commit: records are written; at the barrier `prepareCommit` gives up committables,
 * which go into the checkpoint; when it has completed they are committed (idempotent, retried, repeated after restore).
 * Writers run on the slot's thread. A writer that cannot take more returns false from `ready` and calls `wake` later.
 */
import type { TypeDef } from './types.ts'

export interface SinkContext {
  readonly jobId: string
  readonly uid: string
  readonly subtask: number
  readonly parallelism: number
  /** Asks the task to look at `ready` again. */
  wake(): void
  now(): number
  /**
   * Says in the status of the job that the writer waits for something outside; undefined: not any more. Absent where nobody
   * shows it.
   */
  waiting?(what: string | undefined): void
  /** Lines for people (sink.print): reach the client and the TaskManager's log. */
  print(line: string): void
  /** Results for the client that waits (sink.collect), delivered once per (uid, subtask, sequence). */
  deliver(sequence: number, records: readonly unknown[]): void
  /** False when no checkpoints are taken: then what is written counts at once, and the end of input commits. */
  readonly checkpointing: boolean
  /** How often one is taken, where the job says so. */
  readonly checkpointIntervalMs?: number | undefined
}

export interface Sink<T, Committable = unknown, WriterState = unknown> {
  readonly kind: 'sink'
  readonly name: string
  readonly type?: TypeDef<T> | undefined
  readonly guarantee: 'none' | 'at-least-once' | 'exactly-once'
  /**
   * What a writer began and nobody ended holds others up (a transaction). When a job ends for good and some of its tasks could
   * not be told, its writers are made once more, from the newest snapshot, only for `commit` and `discard`.
   */
  readonly leavesOpen?: boolean
  createWriter(context: SinkContext, restored: readonly WriterState[]): SinkWriter<T, Committable, WriterState>
  /** Makes committables count. Must be idempotent: after a failure all of them are committed again. */
  commit?(committables: readonly Committable[], context: SinkContext): void | Promise<void>
}

export interface SinkWriter<T, Committable = unknown, WriterState = unknown> {
  ready?(): boolean
  /** Records of one batch. The arrays are lent: who keeps them longer than the call copies them. The records stay as they are. */
  write(records: readonly T[], timestamps: ArrayLike<number>): void
  /** When true, `write` is never called and `skip` is, with the number of records: the sink does not look at them. */
  readonly discards?: boolean
  skip?(rows: number): void
  /**
   * At a barrier (and once more, with Infinity, at the end of input): what was written so far must survive the process. JSON.
   * A promise: the checkpoint waits for it, records do not. What is written after the call belongs to the next one, and
   * `commit` may be called before it resolves, for earlier ones.
   */
  prepareCommit?(checkpointId: number): readonly Committable[] | Promise<readonly Committable[]>
  /** The client has all results before this number (sink.collect): they need not be kept. */
  delivered?(next: number): void
  /** State that the successor of this writer is given. JSON. */
  snapshot?(checkpointId: number): readonly WriterState[]
  /**
   * The job ends for good (it was canceled or has failed): what was prepared for checkpoints behind this one, and what was written
   * since, is in no snapshot and never will count. Called once, before `close`; what counts was committed, unless that failed. Is
   * given `withinMs` for it, and says itself what had to be left. Not called before a restart: the next writer decides then.
   */
  discard?(checkpointId: number, withinMs: number): void | Promise<void>
  close(): void | Promise<void>
}
