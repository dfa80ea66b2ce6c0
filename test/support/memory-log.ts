/**
 * A partition in memory for coordinators. Commits by itself at once, or by hand (`commit`). `prefix` gives the log that a
 * crash could have left.
 */
import type { CoordinatorLog, CoordinatorLogSource } from '../../broker/coordinator/log.ts'
import type { AppendResult, LogRead } from '../../broker/log/partition-log.ts'
import { kafkaError } from '../../proto/kafka/error-codes.ts'
import { buildControlBatch, patchBatch, readBatchHeader } from '../../proto/kafka/records/index.ts'

export class MemoryLog implements CoordinatorLog {
  readonly leaderEpoch = 0
  readonly logStartOffset = 0
  readonly batches: Buffer[] = []
  highWatermark = 0
  logEndOffset = 0
  /** False: what is written becomes durable at `commit`. */
  commitsAtOnce: boolean
  /** Error that refuses all appends. */
  refusal: number | undefined
  /** Called before each append, also of markers. */
  beforeAppend: (() => void) | undefined
  #waiting: { offset: number; done: (error: number) => void }[] = []

  constructor(batches: readonly Buffer[] = [], commitsAtOnce = true) {
    this.commitsAtOnce = commitsAtOnce
    for (const batch of batches) this.#add(Buffer.from(batch))
    this.highWatermark = this.logEndOffset
  }

  append(batch: Buffer): AppendResult {
    this.beforeAppend?.()
    if (this.refusal !== undefined) return { kind: 'refused', error: this.refusal, message: 'refused' }
    const baseOffset = this.logEndOffset
    this.#add(batch)
    if (this.commitsAtOnce) this.commit()
    return { kind: 'appended', baseOffset, lastOffset: this.logEndOffset - 1, logAppendTimeMs: -1 }
  }

  writeMarker(producerId: number, epoch: number, coordinatorEpoch: number, kind: 'commit' | 'abort'): AppendResult {
    return this.append(buildControlBatch(kind, producerId, epoch, coordinatorEpoch, 0))
  }

  onCommitted(offset: number, done: (error: number) => void): void {
    if (offset < this.highWatermark) done(kafkaError.NONE)
    else this.#waiting.push({ offset, done })
  }

  read(offset: number, maxBytes: number): LogRead {
    const buffers: Buffer[] = []
    let sizeBytes = 0
    let nextOffset = offset
    for (const batch of this.batches) {
      const header = readBatchHeader(batch, 0)
      if (header.lastOffset < offset || header.lastOffset >= this.highWatermark) continue
      if (buffers.length > 0 && sizeBytes + batch.length > maxBytes) break
      buffers.push(batch)
      sizeBytes += batch.length
      nextOffset = header.lastOffset + 1
    }
    // As a real log does where batches lie side by side.
    return { kind: 'data', buffers: buffers.length === 0 ? [] : [Buffer.concat(buffers)], sizeBytes, nextOffset }
  }

  /** All that was appended is durable now. */
  commit(): void {
    this.highWatermark = this.logEndOffset
    const waiting = this.#waiting
    this.#waiting = []
    for (const { done } of waiting) done(kafkaError.NONE)
  }

  /** The disk fails: nothing that is not durable ever will be. */
  fail(error: number = kafkaError.KAFKA_STORAGE_ERROR): void {
    this.refusal = error
    const waiting = this.#waiting
    this.#waiting = []
    for (const { done } of waiting) done(error)
  }

  /** The log with its first `count` batches. */
  prefix(count: number): MemoryLog {
    return new MemoryLog(this.batches.slice(0, count))
  }

  #add(batch: Buffer): void {
    patchBatch(batch, 0, this.logEndOffset, this.leaderEpoch)
    this.batches.push(batch)
    this.logEndOffset = readBatchHeader(batch, 0).lastOffset + 1
  }
}

/** A log where the coordinator finds it: existing only once it has something. */
export function sourceOf(log: MemoryLog): CoordinatorLogSource {
  return { existing: () => (log.batches.length > 0 ? log : undefined), create: () => log }
}
