/**
 * Results of collecting sinks on their way to a client. After a restart a sink delivers records again that were delivered
 * before: records are numbered per (uid, subtask), and each number passes once and in order.
 *
 * Bounded: when the buffer is full the oldest batch goes, and the reader is told. One reader at a time takes a batch.
 */
import { errors } from '../errors.ts'

export interface StoredBatch {
  readonly uid: string
  readonly subtask: number
  readonly sequence: number
  readonly recordsJson: Uint8Array
}

export class ResultBuffer {
  readonly #bytesMax: number
  readonly #next = new Map<string, number>()
  readonly #dropped = new Map<string, number>()
  #batches: StoredBatch[] = []
  #bytes = 0
  #ended = false
  #waiting: (() => void)[] = []

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  add(uid: string, subtask: number, sequence: number, recordsJson: Uint8Array): void {
    const key = `${subtask}/${uid}`
    // The first number seen counts as the beginning: an earlier JobManager may have delivered what came before.
    const next = this.#next.get(key) ?? sequence
    const records = JSON.parse(Buffer.from(recordsJson).toString()) as unknown[]
    const end = sequence + records.length
    if (end <= next || records.length === 0) return
    this.#next.set(key, end)
    const skip = Math.max(0, next - sequence)
    const bytes = skip === 0 ? recordsJson : Buffer.from(JSON.stringify(records.slice(skip)))
    this.#batches.push({ uid, subtask, sequence: sequence + skip, recordsJson: bytes })
    this.#bytes += bytes.byteLength
    while (this.#bytes > this.#bytesMax && this.#batches.length > 1) this.#drop()
    this.#wake()
  }

  /** No more will come. */
  end(): void {
    this.#ended = true
    this.#wake()
  }

  /** Ends when the job has ended and everything was read. Throws JOBMANAGER_RESULTS_LOST once for what was dropped. */
  async *read(cancelled: AbortSignal): AsyncGenerator<StoredBatch, void, void> {
    const wake = (): void => this.#wake()
    cancelled.addEventListener('abort', wake, { once: true })
    try {
      while (!cancelled.aborted) {
        for (const [uid, records] of this.#dropped) {
          this.#dropped.delete(uid)
          throw errors.create('RESULTS_LOST', { uid, records })
        }
        const batch = this.#batches.shift()
        if (batch !== undefined) {
          this.#bytes -= batch.recordsJson.byteLength
          yield batch
        } else if (this.#ended) {
          return
        } else {
          await new Promise<void>((resolve) => this.#waiting.push(resolve))
        }
      }
    } finally {
      cancelled.removeEventListener('abort', wake)
    }
  }

  #drop(): void {
    const batch = this.#batches.shift()
    if (batch === undefined) return
    this.#bytes -= batch.recordsJson.byteLength
    const records = (JSON.parse(Buffer.from(batch.recordsJson).toString()) as unknown[]).length
    this.#dropped.set(batch.uid, (this.#dropped.get(batch.uid) ?? 0) + records)
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}
