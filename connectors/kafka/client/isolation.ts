/**
 * What a reader of committed records sees: batches of transactions that were aborted are left out, as the list that comes
 * with each fetch says. One reader per partition; batches in order. Control batches are never data.
 */
import type { BatchHeader } from '../../../proto/kafka/records/index.ts'

export interface AbortedTransaction {
  readonly producerId: number
  readonly firstOffset: number
}

export class CommittedFilter {
  /** Producers whose open transaction will have been aborted. */
  readonly #aborting = new Set<number>()
  #pending: AbortedTransaction[] = []

  /** The list that came with what is looked at next. */
  begin(aborted: readonly AbortedTransaction[] | null): void {
    this.#pending = aborted === null ? [] : [...aborted].sort((a, b) => a.firstOffset - b.firstOffset)
  }

  /** Whether the records of the batch are to be seen. `endsTransaction`: it is the marker of an abort. */
  accepts(header: BatchHeader, isAbortMarker: boolean): boolean {
    while (this.#pending.length > 0 && this.#pending[0].firstOffset <= header.lastOffset) {
      const [{ producerId }] = this.#pending
      this.#aborting.add(producerId)
      this.#pending.shift()
    }
    if (header.isControl) {
      if (isAbortMarker) this.#aborting.delete(header.producerId)
      return false
    }
    return !(header.isTransactional && this.#aborting.has(header.producerId))
  }

  /** Forgets everything: the next batch is somewhere else. */
  reset(): void {
    this.#aborting.clear()
    this.#pending = []
  }
}
