/**
 * Writes the markers of a decided transaction into all its partitions, and does not give up: a partition that cannot take
 * one now is tried again, with growing pauses, until it can, is gone, or the broker stops.
 */
import type { Logger } from '../../core/log.ts'
import type { Clock } from '../../core/platform/clock.ts'
import { kafkaError } from '../../proto/kafka/error-codes.ts'
import type { MarkerKind } from '../coordinator/log.ts'
import { type TransactionState, transactionForm, transactionStatus } from './state.ts'

/** Where markers go. */
export interface MarkerTarget {
  /**
   * Resolves with 0 once the marker is durable in the partition, else with a Kafka error code. `raised`: the end gave the producer
   * `producerEpoch`, so that it ends nothing that was written in that epoch.
   */
  writeMarker(
    topic: string,
    partition: number,
    producerId: number,
    producerEpoch: number,
    coordinatorEpoch: number,
    kind: MarkerKind,
    raised: boolean,
  ): Promise<number>
}

const firstPauseMs = 100
const longestPauseMs = 30_000

export class MarkerWriter {
  readonly #target: MarkerTarget
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #sleepers = new Set<() => void>()
  #closed = false

  constructor(target: MarkerTarget, clock: Clock, logger: Logger) {
    this.#target = target
    this.#clock = clock
    this.#logger = logger
  }

  /** True when all partitions have their marker, false when the writer was closed before. */
  async write(state: TransactionState, coordinatorEpoch: number): Promise<boolean> {
    const kind = state.status === transactionStatus.PrepareCommit ? 'commit' : 'abort'
    const partitions = [...state.partitions].flatMap(([topic, numbers]) =>
      [...numbers].map((partition) => ({ topic, partition })),
    )
    const results = await Promise.all(
      partitions.map(({ topic, partition }) => this.#writeOne(state, topic, partition, coordinatorEpoch, kind)),
    )
    return results.every((written) => written)
  }

  close(): void {
    this.#closed = true
    for (const wake of [...this.#sleepers]) wake()
  }

  async #writeOne(
    state: TransactionState,
    topic: string,
    partition: number,
    coordinatorEpoch: number,
    kind: MarkerKind,
  ): Promise<boolean> {
    const { producerId, producerEpoch, transactionalId } = state
    const raised = state.form === transactionForm.second
    for (let pauseMs = firstPauseMs; !this.#closed; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
      const error = await this.#target.writeMarker(
        topic,
        partition,
        producerId,
        producerEpoch,
        coordinatorEpoch,
        kind,
        raised,
      )
      switch (error) {
        case kafkaError.NONE:
        // The topic was deleted: nobody can see the transaction there.
        case kafkaError.UNKNOWN_TOPIC_OR_PARTITION:
          return true
        case kafkaError.INVALID_PRODUCER_EPOCH:
        case kafkaError.PRODUCER_FENCED:
        case kafkaError.TRANSACTION_COORDINATOR_FENCED:
          // Somebody ended it there by hand, with a later epoch.
          this.#logger.warn({ transactionalId, topic, partition, error }, 'a transaction was ended by somebody else')
          return true
        default:
          this.#logger.warn({ transactionalId, topic, partition, error, pauseMs }, 'a marker has to be written again')
      }
      await this.#sleep(pauseMs)
    }
    return false
  }

  #sleep(pauseMs: number): Promise<void> {
    if (this.#closed) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = this.#clock.setTimeout(() => wake(), pauseMs)
      timer.unref()
      const wake = (): void => {
        this.#clock.clearTimeout(timer)
        this.#sleepers.delete(wake)
        resolve()
      }
      this.#sleepers.add(wake)
    })
  }
}
