/**
 * The transactional ids of one partition of `__transaction_state`: the deterministic state that its records give, what is
 * being written at the moment, and who waits for a change. `TransactionCoordinator` decides what is written.
 */
import type { Clock } from '../../core/platform/clock.ts'
import type { CoordinatorLogSource, CoordinatorMachine, ReplayedRecord } from '../coordinator/log.ts'
import { CoordinatorRuntime } from '../coordinator/runtime.ts'
import { readTransactionRecord } from './records.ts'
import type { TransactionState } from './state.ts'

/** A transactional id with what is under way for it. */
export class TransactionEntry {
  readonly transactionalId: string
  /** Durable, but for completions, which are at once followed by the log. Undefined before the first record. */
  state: TransactionState | undefined
  /** Being written; while it is, nobody else may change the state. */
  pending: TransactionState | undefined
  /** Markers are being written. */
  completing = false
  /** When it was last said that its transaction is open for long; epoch ms. */
  remindedMs = Number.NEGATIVE_INFINITY
  /** Called at the next change of `state` or `pending`. */
  waiting: (() => void)[] = []

  constructor(transactionalId: string) {
    this.transactionalId = transactionalId
  }

  changed(): void {
    if (this.waiting.length === 0) return
    const waiting = this.waiting
    this.waiting = []
    for (const wake of waiting) wake()
  }
}

export interface TransactionShardOptions {
  readonly partition: number
  readonly clock: Clock
  readonly logs: CoordinatorLogSource
  readonly maxBatchBytes: number
  /** Entry of each producer id of today, kept by all shards. */
  readonly byProducer: Map<number, TransactionEntry>
}

export class TransactionShard implements CoordinatorMachine {
  readonly partition: number
  readonly entries = new Map<string, TransactionEntry>()
  readonly runtime: CoordinatorRuntime
  readonly #byProducer: Map<number, TransactionEntry>

  constructor(options: TransactionShardOptions) {
    this.partition = options.partition
    this.#byProducer = options.byProducer
    this.runtime = new CoordinatorRuntime({
      machine: this,
      logs: options.logs,
      clock: options.clock,
      maxBatchBytes: options.maxBatchBytes,
    })
  }

  replay(record: ReplayedRecord): void {
    const read = readTransactionRecord(record.key, record.value, record.offset)
    if (read === undefined) return
    if (read.state === null) this.forget(read.transactionalId)
    else this.apply(read.state)
  }

  /** Nobody writes this topic within a transaction. */
  replayMarker(): void {}

  /** Takes the state as that of its id. */
  apply(state: TransactionState): void {
    let entry = this.entries.get(state.transactionalId)
    if (entry === undefined) {
      entry = new TransactionEntry(state.transactionalId)
      this.entries.set(state.transactionalId, entry)
    }
    const before = entry.state
    if (before !== undefined && before.producerId !== state.producerId) this.#byProducer.delete(before.producerId)
    entry.state = state
    this.#byProducer.set(state.producerId, entry)
    entry.changed()
  }

  forget(transactionalId: string): void {
    const entry = this.entries.get(transactionalId)
    if (entry === undefined) return
    this.entries.delete(transactionalId)
    if (entry.state !== undefined) this.#byProducer.delete(entry.state.producerId)
    entry.changed()
  }
}
