/**
 * The contract of a partition's log: what handlers, coordinators and tools see. `segmented-log.ts` implements it over files.
 *
 * Promises. Offsets follow the order of `append` calls. What lies below the high watermark is as durable as the topic's
 * durability says, is served byte for byte, and never changes place. A log that failed (an fsync, a disk that is broken) takes
 * nothing any more and still serves what lies below its high watermark. One that waits for space or descriptors takes nothing either,
 * keeps what has its offsets already, and goes on by itself.
 *
 * Concurrency: single writer, one thread. `append`, `writeMarker` and reads of the tail are synchronous; nothing here
 * takes a lock. Listeners and `onCommitted` callbacks run outside of `append`, after the write or the sync.
 */
import type { LogConfig } from './config.ts'

/** 'ok', or why nothing can be appended any more. */
export type LogState =
  | { readonly kind: 'ok' }
  /** The system has no space or no descriptor for what is queued. Tried again until it has. */
  | { readonly kind: 'waiting'; readonly message: string; readonly cause: unknown }
  /** A write or sync failed. Never tried again; a restart of the broker recovers what is on the disk. */
  | { readonly kind: 'failed'; readonly message: string; readonly cause: unknown }
  | { readonly kind: 'closed' }

/**
 * Who appends. A client may not send control batches and is held to `maxMessageBytes`, to its sequence numbers and to
 * its transaction. A coordinator writes on behalf of groups and transactions into internal topics: the same sequence
 * checks where the batch names a producer, no limits of size or timestamps.
 */
export type AppendOrigin = 'client' | 'coordinator'

export interface AppendOptions {
  readonly origin: AppendOrigin
  /** Refuses records without a key; default: what the topic's clean-up policy asks for. */
  readonly requireKeys?: boolean
  /** Bytes of the batch as sent; default: the topic's `max.message.bytes`. Clients only. */
  readonly maxMessageBytes?: number
  /**
   * Asked at the first transactional batch of a producer in this partition: does the partition belong to the ongoing
   * transaction of this id and epoch? False refuses with INVALID_TXN_STATE. Not given: not asked.
   */
  readonly transactionVerified?: (producerId: number, producerEpoch: number) => boolean
}

export interface AppendAccepted {
  /** 'duplicate': one of the producer's last five batches came again; offsets are those it has, nothing was written. */
  readonly kind: 'appended' | 'duplicate'
  readonly baseOffset: number
  readonly lastOffset: number
  /** Epoch ms where the topic stamps records itself, else -1. */
  readonly logAppendTimeMs: number
}

export interface AppendRefused {
  readonly kind: 'refused'
  /** Kafka error code. */
  readonly error: number
  readonly message: string
}

export type AppendResult = AppendAccepted | AppendRefused

/** Where a read ends: the log end is for the broker itself (recovery, tools) and may show what is not durable. */
export type Isolation = 'read-uncommitted' | 'read-committed'

export interface ReadOptions {
  readonly isolation: Isolation
  /** A first batch larger than `maxBytes` comes whole instead of nothing. */
  readonly atLeastOne: boolean
  /**
   * The reader tells `LentMemory.giveBack` when it is done with the buffers, and copies those shorter than `lentBytesMin` if it wants
   * them after this turn; without this they are its own for good.
   */
  readonly lend?: boolean
}

export interface AbortedTransaction {
  readonly producerId: number
  readonly firstOffset: number
}

export type LogRead =
  | {
      readonly kind: 'data'
      /** Whole batches, in order; neighbours in memory come as one buffer. Read only: the tail shares them. Empty at the end. */
      readonly buffers: readonly Buffer[]
      readonly sizeBytes: number
      /** With read-committed: every aborted transaction that overlaps the returned range, as its batches come in it. */
      readonly aborted?: readonly AbortedTransaction[]
      /** Offset after the last one returned; the asked offset when nothing is returned. */
      readonly nextOffset: number
    }
  /** Below the log start or above the log end. */
  | { readonly kind: 'out-of-range' }
  /** Damage on the disk, or the disk does not answer. `error` is a Kafka code. */
  | { readonly kind: 'failed'; readonly error: number; readonly message: string; readonly cause?: unknown }

export interface TimestampOffset {
  readonly offset: number
  /** Epoch ms. */
  readonly timestamp: number
  readonly leaderEpoch: number
}

/** What the log remembers of a producer (DescribeProducers). */
export interface ProducerStateView {
  readonly producerId: number
  readonly producerEpoch: number
  /** -1 when nothing but markers is known. */
  readonly lastSequence: number
  /** Epoch ms. */
  readonly lastTimestamp: number
  /** Of the newest marker, -1 when there was none. */
  readonly coordinatorEpoch: number
  /** First offset of the open transaction, or -1. */
  readonly currentTransactionStartOffset: number
}

export type DeleteRecordsResult =
  | { readonly kind: 'deleted'; readonly logStartOffset: number }
  | { readonly kind: 'refused'; readonly error: number; readonly message: string }

export interface PartitionLog {
  readonly topic: string
  readonly partition: number
  /** As Kafka writes it: 22 characters of base64url. */
  readonly topicId: string
  /** Never lowers. Rises by one when a restart found that the end of the log may be lost. */
  readonly leaderEpoch: number
  readonly logStartOffset: number
  /** Everything below is decided: no open transaction begins there. */
  readonly lastStableOffset: number
  /** Everything below is durable as the topic's durability asks. */
  readonly highWatermark: number
  /** Offset of the next record. */
  readonly logEndOffset: number
  readonly state: LogState
  readonly config: LogConfig
  /** Of all segments, indexes not counted. */
  readonly sizeBytes: number

  /**
   * Validates one batch (size, CRC, magic, sequence, epoch, transaction), gives it offsets, patches base offset and leader
   * epoch in place and queues the write. Order of calls = order in the log. The log copies the bytes: the buffer stays the
   * caller's. Never throws for what is in the bytes.
   */
  append(batch: Buffer, options: AppendOptions): AppendResult
  /**
   * Ends the producer's transaction in this partition with a control batch. `raised`: the end gave the producer this epoch, so that it
   * is refused, as too late, where a transaction in it is open. Default false.
   */
  writeMarker(
    producerId: number,
    producerEpoch: number,
    coordinatorEpoch: number,
    kind: 'commit' | 'abort',
    raised?: boolean,
  ): AppendResult
  /**
   * Calls back once, with 0 when `offset` is below the high watermark, or with the Kafka error code of the failure that
   * stopped the log. At once when that is so already. `patienceMs`: with REQUEST_TIMED_OUT, no earlier, when the log waits for so
   * long to write it; it may be written after that. Default: for ever.
   */
  onCommitted(offset: number, done: (error: number) => void, patienceMs?: number): void
  /**
   * Whole batches from the one that contains `offset`, as many as fit into `maxBytes`, up to the high watermark (or the
   * last stable offset). Synchronous from memory, a promise from the disk; neither throws.
   */
  read(offset: number, maxBytes: number, options: ReadOptions): LogRead | Promise<LogRead>
  /** Bytes that a read from `offset` would find up to the limit of `isolation`, roughly (by positions, not exact for cold data). */
  availableBytes(offset: number, isolation: Isolation): number
  /** Called after every move of high watermark, last stable offset or log start, and at failure. Returns the way to stop. */
  subscribe(listener: () => void): () => void

  /** The first record at or after `timestampMs`, below the high watermark (or the last stable offset). */
  offsetForTimestamp(timestampMs: number, isolation?: Isolation): Promise<TimestampOffset | undefined>
  /** The record with the largest timestamp. */
  maxTimestamp(isolation?: Isolation): Promise<TimestampOffset | undefined>
  /** End of the largest epoch at or below `epoch`: { -1, -1 } when there is none. */
  endOffsetForEpoch(epoch: number): { readonly epoch: number; readonly endOffset: number }
  /** Moves the log start (-1: to the high watermark) and drops segments below. Resolves when the new start is durable. */
  deleteRecordsBefore(offset: number): Promise<DeleteRecordsResult>
  producers(): ProducerStateView[]
  /** Producers with an open transaction here, by first offset. */
  openTransactions(): ProducerStateView[]

  configure(config: LogConfig): void
  /** Writes and syncs what is queued, then lets go of the files. Later appends are refused. */
  close(): Promise<void>
}
