/**
 * The two ends of a channel as the task sees them, whatever carries it: a queue inside the slot (local.ts), a ring between
 * slots (ring-channel.ts), a connection between TaskManagers (tcp/). A channel has one producer and one consumer
 * subtask; frames keep their order.
 *
 * Concurrency: each end is used by its slot's thread only. Nothing here blocks; who finds no room or no frame tries
 * again when its loop is woken.
 */
import type { RecordBatch } from '../../core/columns/batch.ts'
import type { RowBatch, Selection } from '../operators/operator.ts'
import type { FrameKind } from './frame.ts'

export interface OutputChannel {
  /** Batches that can be sent now. */
  room(): number
  /** Only with room. The segment holds one complete batch; the caller's reference goes over to the channel. */
  sendBatch(segment: number): void
  /** False: no room now, try again. */
  sendControl(kind: FrameKind, detail: number, value: number): boolean
  /** The consumer is in this slot: data may pass as it is. */
  readonly local?: LocalOutput
}

/** Only with room. What is passed is retained or copied by the channel; arrays of rows go over to it. */
export interface LocalOutput {
  sendView(batch: RecordBatch, selection: Selection | undefined): void
  sendRows(rows: RowBatch): void
}

/** One frame as the consumer takes it. With a batch the consumer owns one reference and releases the batch when done. */
export interface InputFrame {
  kind: FrameKind
  detail: number
  value: number
  batch: RecordBatch | undefined
  selection: Selection | undefined
  rows: RowBatch | undefined
}

export interface InputChannel {
  /** A frame waits. */
  ready(): boolean
  /** Takes the next frame; undefined when there is none, or no memory to hold it now. Valid until the next `take`. */
  take(): InputFrame | undefined
  /**
   * Moves batches that wait in large segments out of the arena, of which there may be one only. That gives the producer no
   * room: what is moved stays bounded by what the channel takes.
   */
  spill?(): void
  /** Gives back everything that waits. */
  close(): void
}

export const emptyFrame = (): InputFrame => ({
  kind: 1,
  detail: 0,
  value: 0,
  batch: undefined,
  selection: undefined,
  rows: undefined,
})
