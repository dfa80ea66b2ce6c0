/**
 * The contract between the task loop and an operator. Everything runs on the slot's thread; no method may block, and only
 * what says so returns a promise. A batch is lent for the duration of a call: who keeps it retains it.
 *
 * Records come as columns (`processBatch`) or as plain objects (`processRows`), whichever the one before has; an operator
 * takes both and emits whichever costs it less.
 */
import type { Arena } from '../../core/arena/arena.ts'
import type { RecordBatch } from '../../core/columns/batch.ts'
import type { Clock } from '../../core/platform/clock.ts'
import type { OperatorSnapshot } from '../../proto/checkpoint/manifest.ts'
import type { JobPlan, KeyPlan, OperatorPlan } from '../../proto/jobgraph/plan.ts'
import type { KeySelector } from '../../sdk/graph/nodes.ts'
import type { RocksDbOptions } from '../state/api.ts'
import type { Restoring } from '../state/snapshot/restoring.ts'

/** Plain records. `rows.length` may exceed `count`; the arrays are the caller's and are valid during the call only, the records for ever. */
export interface RowBatch {
  readonly rows: readonly unknown[]
  readonly count: number
  /** Event times in epoch ms; NaN: none. Absent: no record has one. */
  readonly timestamps: Float64Array | undefined
  /** On a keyed input: key and key hash of each row. */
  readonly keys?: readonly unknown[] | undefined
  readonly hashes?: Int32Array | undefined
}

/** Rows of a batch that count, ascending: the first `count` numbers of `rows`. The array is the caller's and valid during the call only. */
export interface Selection {
  readonly rows: Int32Array
  readonly count: number
}

/** Where an operator emits: the next operator of the chain, the writers of edges, or several of them. */
export interface Output {
  /** With a selection only those rows of the batch exist for the receiver: a filter copies nothing, an edge gathers what is selected. */
  batch(batch: RecordBatch, selection: Selection | undefined): void
  rows(rows: RowBatch): void
  /** Present where no receiver looks at records: in place of the two above it may be told how many there were, and nobody has to make them. */
  readonly skip?: ((count: number) => void) | undefined
  watermark(timestampMs: number): void
  /** No watermark is to be expected until the next record or `idle(false)`. */
  idle(idle: boolean): void
}

/** Event time that a source has reached, or the lowest of a group. */
export interface AlignedTime {
  readonly group: string
  /** Epoch ms, -Infinity before the first record; absent: nobody is held back. */
  readonly timeMs?: number | undefined
}

export interface Operator {
  /** Before the first record: commits what the checkpoint left pending, finds splits. The task starts when it has resolved. */
  open?(): void | Promise<void>
  /** `input` is the index of the edge among the inputs of the vertex (0 for a chained operator). */
  processBatch(batch: RecordBatch, selection: Selection | undefined, input: number): void
  processRows(rows: RowBatch, input: number): void
  /** Present when the operator does not look at records: takes the number of them in place of both. */
  readonly skip?: ((count: number) => void) | undefined
  /**
   * Event time reached `timestampMs`. Emits what is due, then forwards the watermark to its outputs, and returns true.
   * Returns false when it has stopped half-way because it emitted a lot: the loop calls again with the same timestamp
   * once its outputs have room, before it gives it anything else. Only the head of a chain may return false.
   */
  processWatermark(timestampMs: number): boolean
  processIdle(idle: boolean): void
  /** Wall clock passed a time asked for by `context.wakeAt`. */
  processTime?(nowMs: number): void
  /** All input has ended (after the watermark Infinity). A sink without checkpoints commits here; the task waits for the promise. */
  finish?(): void | Promise<void>
  /** False: the operator (a sink, an async one) takes no input now; it calls `context.wake()` when it does. */
  ready?(): boolean
  /** At a barrier, between records: freezes what belongs to this checkpoint at once; the promise is the asynchronous part. */
  snapshot?(checkpointId: number): Promise<OperatorSnapshot>
  /** The checkpoint is complete: commit. A rejected promise fails the task. */
  notifyCheckpointComplete?(checkpointId: number): void | Promise<void>
  notifyCheckpointAborted?(checkpointId: number): void
  /** The client has all results of this sink before number `next`. */
  resultsRead?(next: number): void
  /** A source that is aligned with others: how far it is, and how far the slowest of its group is. */
  readonly aligned?: AlignedTime | undefined
  align?(groups: readonly AlignedTime[]): void
  /**
   * Before `close`, when the job ends for good. `newest`: the newest snapshot that counts, 0 for none. What was prepared up to
   * it is committed, what was prepared behind it dropped. Takes seconds at most, whatever is away. Never rejects.
   */
  settle?(newest: number): Promise<void>
  /** True: when the task fails it is not closed before it is known whether the job ends for good. */
  readonly wantsVerdict?: boolean
  close(): void | Promise<void>
}

/** The head of a source vertex. */
export interface SourceOperator extends Operator {
  /** Emits one batch at most per output. 'idle': the reader calls wake. 'end': nothing will come any more. */
  poll(): 'more' | 'idle' | 'end'
  /** Emits the periodic watermark. Called after each poll and every `pipeline.auto-watermark-interval`. */
  advanceWatermark(): void
}

export interface OperatorContext {
  readonly jobId: string
  readonly jobName: string
  readonly plan: JobPlan
  readonly operator: OperatorPlan
  readonly vertex: number
  readonly subtask: number
  readonly parallelism: number
  readonly attempt: number
  readonly epoch: number
  readonly arena: Arena
  /** Owner number in the arena. */
  readonly owner: number
  /** Main output. */
  readonly output: Output
  /** Side outputs that somebody reads, by tag. */
  readonly sides: ReadonlyMap<string, Output>
  /** On a keyed head: how the key stands in the input. */
  readonly key: { readonly plan: KeyPlan; readonly selector: KeySelector } | undefined
  /** State from the checkpoint; undefined on a fresh start. */
  readonly restored: Restoring | undefined
  /** Root of the job's checkpoints; undefined when none are taken. */
  readonly checkpointRoot: string | undefined
  readonly options: Readonly<Record<string, string>>
  /** Keyed state is in RocksDB; absent: in memory. */
  readonly rocksdb?: RocksDbOptions | undefined
  readonly metrics: OperatorMetrics
  readonly clock: Clock
  now(): number
  /** Asks the loop to look again: at `ready`, or at a source's `poll`. Callable from any callback of the slot thread. */
  wake(): void
  /** Asks for `processTime` at this wall-clock time (epoch ms). The earliest one asked for counts. */
  wakeAt(timeMs: number): void
  /** A record that a user's function refused: applies the operator's error policy; throws when the policy is `fail`. */
  poison(error: unknown, record: unknown, timestampMs: number | undefined): void
  print(uid: string, lines: readonly string[]): void
  deliver(uid: string, sequence: number, records: readonly unknown[]): void
}

/** Counters of one operator: plain fields, read by the control thread's metrics message. */
export interface OperatorMetrics {
  recordsIn: number
  recordsOut: number
  lateDropped: number
  errorsSkipped: number
  /** What outside of the cluster the operator waits for, for people, and since when (epoch ms). */
  waiting?: { readonly what: string; readonly sinceMs: number } | undefined
}

/** Says for whom an operator waits; the time counts from the first of several words in a row. */
export function setWaiting(metrics: OperatorMetrics, what: string | undefined, nowMs: number): void {
  metrics.waiting = what === undefined ? undefined : { what, sinceMs: metrics.waiting?.sinceMs ?? nowMs }
}
