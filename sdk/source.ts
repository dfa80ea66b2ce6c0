/**
 * The contract of a source. A source has splits; splits, not subtasks, own offsets and watermarks. Every subtask
 * discovers the same splits in the same order and takes those that `owner` gives it, so no coordinator has to run user
 * code, and a restored job hands each split state to whoever owns it now.
 *
 * Readers are polled on the slot's thread: `poll` never blocks and is never a promise. A reader that waits for the
 * outside returns 'idle' and calls `context.wake()` when there is something to read.
 */
import type { TypeDef } from './types.ts'

/** A split as it stands in a checkpoint: JSON. `offset` is whatever the reader needs to go on from there. */
export interface SplitState<Offset = unknown> {
  readonly splitId: string
  readonly offset: Offset
  /** Read to its end; kept so that a split found again is not read twice. */
  readonly finished?: boolean
}

export interface SourceContext {
  readonly subtask: number
  readonly parallelism: number
  readonly uid: string
  /** True when the job goes on from a checkpoint that knew this source. */
  readonly restored?: boolean
  /** Asks for another poll after 'idle'. Safe to call at any time, any number of times. */
  wake(): void
  /** Wall clock in epoch ms. */
  now(): number
  /**
   * Says in the status of the job that the reader waits for something outside, such as `brokers at a:9092 (refused)`;
   * undefined: not any more. Absent where nobody shows it.
   */
  waiting?(what: string | undefined): void
}

export interface Source<T, Side extends Record<string, unknown> = Record<never, never>> {
  readonly kind: 'source'
  /** For people: `generator`, `files ./in/*.json`. */
  readonly name: string
  readonly bounded: boolean
  /** Declared type of the records; absent: batches describe themselves. */
  readonly type?: TypeDef<T> | undefined
  readonly sideOutputs?: { readonly [K in keyof Side]: TypeDef<Side[K]> } | undefined
  /** All splits there are now. Called once at start, and every `discoveryIntervalMs` when that is set. */
  discoverSplits(context: SourceContext): readonly SplitState[] | Promise<readonly SplitState[]>
  readonly discoveryIntervalMs?: number | undefined
  /** Which subtask reads a split: a pure function, 0 <= result < parallelism. */
  owner(splitId: string, parallelism: number): number
  createReader(context: SourceContext): SourceReader<T>
  /** Not at run time: carries the side types for inference. */
  readonly $side?: Side
}

export interface SourceReader<T> {
  /** Splits to read from now on, at the offsets given. */
  addSplits(splits: readonly SplitState[]): void | Promise<void>
  /** Emits at most about `output.room` records and returns. 'end': no split will ever have more (bounded sources). */
  poll(output: SourceOutput<T>): 'more' | 'idle' | 'end'
  /**
   * These splits, and no others, are ahead of what they are aligned with: nothing of them is to be emitted until the next
   * call. Called between polls. A reader without it is not polled while all of its splits are ahead.
   */
  pauseSplits?(splitIds: ReadonlySet<string>): void
  /** Offsets after the last record emitted. Called between polls. */
  snapshot(checkpointId?: number): readonly SplitState[]
  /** The offsets of this checkpoint will not be asked for again before these. */
  notifyCheckpointComplete?(checkpointId: number): void
  close(): void | Promise<void>
}

export interface SourceOutput<T> {
  /** Records that fit into the open batch. */
  readonly room: number
  /** Emits one record. `timestamp` (epoch ms) stands unless the job gives `eventTime`. */
  collect(record: T, splitId: string, timestamp?: number): void
  /** A record that could not be read: goes where the operator's error policy says. `where` names file and line. */
  reject(error: Error, raw: string, where: string): void
  /**
   * Writes columns instead of records; only for a source with a declared type. All rows written until `poll` returns
   * belong to `splitId`. At most the writer's `capacity` rows.
   */
  columns(splitId: string): ColumnWriter
  /** The same for a side output. */
  sideColumns(tag: string, splitId: string): ColumnWriter
  collectSide(tag: string, record: unknown, splitId: string, timestamp?: number): void
  /** This split will never have more: it holds no watermark back. After its last record. */
  splitFinished?(splitId: string): void
}

/**
 * Columns of the batch that is being filled. Write every field of the type that `wants` names for rows 0 to n - 1, then
 * `commit(n)`. The arrays are views on the batch itself: valid until `commit`.
 */
export interface ColumnWriter {
  /** Rows that fit. */
  readonly capacity: number
  /**
   * Whether anything behind this output reads the field; without a field: whether anything reads the output at all. What
   * nobody reads need not be made: it may be left out, and what is written of it is dropped. The same for all batches of a
   * run. Functions whose source tells no fields, sinks, and dead letters read all.
   */
  wants(field?: string): boolean
  /** A column of float64, timestamp or date. */
  float64(field: string): Float64Array
  int32(field: string): Int32Array
  int64(field: string): BigInt64Array
  /** One byte per row, 0 or 1; packed on commit. */
  boolean(field: string): Uint8Array
  /** Strings of row i are bytes `starts[i]` to `starts[i] + lengths[i]` of `pool`, valid UTF-8. The pool is copied once, at its first use. */
  slices(field: string, pool: Uint8Array, starts: Int32Array, lengths: Int32Array, rows: number): void
  /** Row i has `dictionary.values[indices[i]]`. Make the dictionary once, outside of the loop. */
  pick(field: string, dictionary: StringDictionary, indices: Int32Array, rows: number): void
  /** String of row i is bytes `offsets[i]` to `offsets[i + 1]`, valid UTF-8; copied. For bytes that are new in every batch. */
  utf8(field: string, bytes: Uint8Array, offsets: Int32Array, rows: number): void
  /** Plain strings. */
  strings(field: string, values: readonly string[], rows: number): void
  /**
   * Rows of a nullable or optional field that have no value, one byte per row, all 0 at first: 1 for null, 2 for absent.
   * What the column itself has there does not matter. Not for struct, list, bytes and any.
   */
  nulls(field: string): Uint8Array
  /** Values of a struct, list, bytes or any, as they stand in records; null where the type allows it, undefined for absent. Lent until `commit`. */
  values(field: string, values: readonly unknown[], rows: number): void
  /** Ends the batch: rows 0 to `rows` - 1 are emitted. `timestamps` in epoch ms; absent: the field that `eventTime` names. */
  commit(rows: number, timestamps?: Float64Array): void
}

export interface StringDictionary {
  readonly values: readonly string[]
  readonly bytes: Uint8Array
  /** values.length + 1 byte offsets. */
  readonly offsets: Int32Array
}
