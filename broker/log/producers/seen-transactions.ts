/** Which transactions were aborted, followed from batch to batch of a log from its start. One thread. */
import { type BatchHeader, readControlRecord } from '../../../proto/kafka/records/index.ts'

export interface AbortSeen {
  readonly producerId: number
  /** Of the first batch that is there, -1 when none is left. */
  readonly firstOffset: number
  /** Offset of the marker that ended the producer's transaction before, -1 when there is none. */
  readonly markerBefore: number
}

export class SeenTransactions {
  readonly #first = new Map<number, number>()
  readonly #markers = new Map<number, number>()
  #aborted = new Map<number, AbortSeen>()

  see(header: BatchHeader, bytes: Buffer): void {
    const { producerId, baseOffset } = header
    if (producerId < 0 || !header.isTransactional) return
    if (!header.isControl) {
      if (header.recordCount > 0 && !this.#first.has(producerId)) this.#first.set(producerId, baseOffset)
      return
    }
    const control = readControlRecord(bytes, header)
    if (control === undefined) return
    const firstOffset = this.#first.get(producerId) ?? -1
    const markerBefore = this.#markers.get(producerId) ?? -1
    if (control.kind === 'abort') this.#aborted.set(baseOffset, { producerId, firstOffset, markerBefore })
    this.#first.delete(producerId)
    this.#markers.set(producerId, baseOffset)
  }

  /** Those aborted since the last call, by the offset of their marker. */
  take(): ReadonlyMap<number, AbortSeen> {
    const aborted = this.#aborted
    this.#aborted = new Map()
    return aborted
  }
}
