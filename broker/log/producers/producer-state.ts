/**
 * What a partition knows of the producers that write to it: epoch, the last five batches (for duplicates), and the open
 * transaction. From it follow which batch may be appended, and up to where everything is decided (the last stable offset).
 *
 * Sequences are 31-bit and wrap from 2^31 - 1 to 0. A producer that nothing is known of may begin anywhere; a new epoch begins at 0.
 * One thread; `check` changes nothing, `appended` and `marked` follow the log.
 */
import { faulty } from '../../../core/faults.ts'
import { kafkaError } from '../../../proto/kafka/error-codes.ts'
import type { ProducerStateView } from '../partition-log.ts'

/** Batches that are remembered per producer. */
export const duplicateWindow = 5

/** A batch that may come again. */
export interface WindowBatch {
  firstSequence: number
  lastSequence: number
  baseOffset: number
  lastOffset: number
  /** Epoch ms. */
  timestamp: number
}

export interface ProducerEntry {
  readonly producerId: number
  epoch: number
  coordinatorEpoch: number
  /** Epoch ms; by it the entry expires. */
  lastTimestamp: number
  /** First offset of the open transaction, or -1. */
  transactionStart: number
  /** Whether every sequence of the epoch up to the last was seen, from 0 on: what is older than the window is a duplicate. */
  seenFromZero: boolean
  /** Oldest first. The objects are used again. */
  window: WindowBatch[]
}

/** Outcomes of `check` besides Kafka's error codes, which are positive. */
export const mayAppend = 0
export const isDuplicate = -1

const {
  OUT_OF_ORDER_SEQUENCE_NUMBER: outOfOrder,
  DUPLICATE_SEQUENCE_NUMBER: duplicateSequence,
  INVALID_PRODUCER_EPOCH: invalidProducerEpoch,
  INVALID_TXN_STATE: invalidTransactionState,
  TRANSACTION_COORDINATOR_FENCED: coordinatorFenced,
} = kafkaError

interface DecidedTransaction {
  readonly firstOffset: number
  readonly markerOffset: number
}

export class ProducerStates {
  readonly #producers = new Map<number, ProducerEntry>()
  /** Open transactions, oldest first: producer to first offset. */
  readonly #open = new Map<number, number>()
  /** Transactions whose marker is not below the high watermark yet: undecided for readers. */
  #unconfirmed: DecidedTransaction[] = []
  /** Set by `check` when it answers `isDuplicate`. */
  duplicate: WindowBatch | undefined

  get size(): number {
    return this.#producers.size
  }

  get(producerId: number): ProducerEntry | undefined {
    return this.#producers.get(producerId)
  }

  values(): IterableIterator<ProducerEntry> {
    return this.#producers.values()
  }

  /** Producers with an open transaction, by its first offset. */
  openTransactions(): ProducerEntry[] {
    return [...this.#open.keys()].map((id) => this.#producers.get(id)).filter((each) => each !== undefined)
  }

  /**
   * Whether a batch of records may be appended: `mayAppend`, `isDuplicate`, or a Kafka error code. `verified` is asked when the batch
   * would open a transaction.
   */
  check(
    producerId: number,
    epoch: number,
    firstSequence: number,
    lastSequence: number,
    transactional: boolean,
    verified: ((producerId: number, epoch: number) => boolean) | undefined,
  ): number {
    const entry = this.#producers.get(producerId)
    if (entry !== undefined) {
      if (epoch < entry.epoch) return invalidProducerEpoch
      // Batches of coordinators have no sequence.
      const problem = firstSequence < 0 ? mayAppend : this.#checkSequence(entry, epoch, firstSequence, lastSequence)
      if (problem !== mayAppend) return problem
    }
    const open = entry !== undefined && entry.transactionStart >= 0
    if (open) {
      if (!transactional) return invalidTransactionState
      // The transaction of an older epoch waits for its marker.
      if (epoch !== entry.epoch) return invalidTransactionState
    } else if (transactional && verified !== undefined && !verified(producerId, epoch)) return invalidTransactionState
    return mayAppend
  }

  #checkSequence(entry: ProducerEntry, epoch: number, first: number, last: number): number {
    if (faulty('skip-sequence')) return mayAppend
    if (epoch > entry.epoch) return first === 0 ? mayAppend : outOfOrder
    const { window } = entry
    for (let i = window.length - 1; i >= 0; i--) {
      if (window[i].firstSequence === first && window[i].lastSequence === last) {
        this.duplicate = window[i]
        return isDuplicate
      }
    }
    if (window.length === 0) return first === 0 ? mayAppend : outOfOrder
    const newest = window[window.length - 1].lastSequence
    if (first === (newest === 0x7fff_ffff ? 0 : newest + 1)) return mayAppend
    // Behind by less than half the circle, all of it before the window, and nothing of the epoch was missed.
    const behind = (window[0].firstSequence - last + 0x8000_0000) % 0x8000_0000
    return entry.seenFromZero && behind > 0 && behind < 0x4000_0000 ? duplicateSequence : outOfOrder
  }

  /** Whether a marker may be written: 0 or a Kafka error code. `raised`: it is of the end that gave the producer `epoch`. */
  checkMarker(producerId: number, epoch: number, coordinatorEpoch: number, raised: boolean): number {
    const entry = this.#producers.get(producerId)
    if (entry === undefined) return 0
    if (epoch < entry.epoch) return invalidProducerEpoch
    // It comes late: what is open is the next transaction.
    if (raised && epoch === entry.epoch && entry.transactionStart >= 0) return invalidProducerEpoch
    return coordinatorEpoch < entry.coordinatorEpoch ? coordinatorFenced : 0
  }

  /** A batch of records stands in the log. */
  appended(
    producerId: number,
    epoch: number,
    firstSequence: number,
    lastSequence: number,
    baseOffset: number,
    lastOffset: number,
    timestamp: number,
    transactional: boolean,
  ): void {
    const entry = this.#entry(producerId, epoch)
    // A coordinator's batch belongs to a producer's transaction without having a sequence.
    if (firstSequence >= 0) {
      if (entry.window.length === 0) entry.seenFromZero = firstSequence === 0
      if (entry.window.length < duplicateWindow) {
        entry.window.push({ firstSequence, lastSequence, baseOffset, lastOffset, timestamp })
      } else {
        const batch = entry.window.shift() as WindowBatch
        batch.firstSequence = firstSequence
        batch.lastSequence = lastSequence
        batch.baseOffset = baseOffset
        batch.lastOffset = lastOffset
        batch.timestamp = timestamp
        entry.window.push(batch)
      }
    }
    entry.lastTimestamp = timestamp
    if (transactional && entry.transactionStart < 0) {
      entry.transactionStart = baseOffset
      this.#open.set(producerId, baseOffset)
    }
  }

  /** A marker stands in the log at `offset`. Returns the first offset of the transaction that it ends, or -1. */
  marked(producerId: number, epoch: number, coordinatorEpoch: number, offset: number, timestamp: number): number {
    const entry = this.#entry(producerId, epoch)
    entry.coordinatorEpoch = coordinatorEpoch
    entry.lastTimestamp = timestamp
    const first = entry.transactionStart
    entry.transactionStart = -1
    if (first < 0) return -1
    this.#open.delete(producerId)
    this.#unconfirmed.push({ firstOffset: first, markerOffset: offset })
    return first
  }

  /** The high watermark moved: transactions whose marker is below are decided. */
  confirmed(highWatermark: number): void {
    if (this.#unconfirmed.length === 0 || this.#unconfirmed[0].markerOffset >= highWatermark) return
    this.#unconfirmed = this.#unconfirmed.filter((each) => each.markerOffset >= highWatermark)
  }

  /** The first offset that is not decided, or -1 when everything is. */
  firstUndecided(): number {
    let first = this.firstOpen()
    for (const { firstOffset } of this.#unconfirmed) if (first < 0 || firstOffset < first) first = firstOffset
    return first
  }

  /** The first offset of an open transaction, whether markers are confirmed or not; -1 when none is open. */
  firstOpen(): number {
    for (const offset of this.#open.values()) return offset
    return -1
  }

  /** Forgets producers that wrote nothing since `timestamp` and have no open transaction. */
  expire(timestamp: number): number {
    let count = 0
    for (const [id, entry] of this.#producers) {
      if (entry.transactionStart >= 0 || entry.lastTimestamp >= timestamp) continue
      this.#producers.delete(id)
      count++
    }
    return count
  }

  /** Puts an entry from a snapshot in. Call in order of `transactionStart`. */
  restore(entry: ProducerEntry): void {
    this.#producers.set(entry.producerId, entry)
    if (entry.transactionStart >= 0) this.#open.set(entry.producerId, entry.transactionStart)
  }

  #entry(producerId: number, epoch: number): ProducerEntry {
    let entry = this.#producers.get(producerId)
    if (entry === undefined) {
      entry = {
        producerId,
        epoch,
        coordinatorEpoch: -1,
        lastTimestamp: -1,
        transactionStart: -1,
        seenFromZero: false,
        window: [],
      }
      this.#producers.set(producerId, entry)
    } else if (epoch !== entry.epoch) {
      entry.epoch = epoch
      entry.window = []
    }
    return entry
  }
}

export function producerView(entry: ProducerEntry): ProducerStateView {
  return {
    producerId: entry.producerId,
    producerEpoch: entry.epoch,
    lastSequence: entry.window[entry.window.length - 1]?.lastSequence ?? -1,
    lastTimestamp: entry.lastTimestamp,
    coordinatorEpoch: entry.coordinatorEpoch,
    currentTransactionStartOffset: entry.transactionStart,
  }
}
