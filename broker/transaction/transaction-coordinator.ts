/**
 * Transactions as Kafka 4 has them, in both forms: who is the producer of a transactional id, which partitions belong to its
 * transaction, and how it ended.
 *
 * Promises: a decision is durable before the first marker is written, and every partition gets a marker of that decision,
 * over restarts; a producer that was replaced or timed out is fenced by its epoch. Where Kafka answers "try again" because
 * a transaction is just ending, this waits for its end for a moment and then answers for good.
 *
 * Single-threaded; requests about one transactional id may overlap.
 */
import { createLogger, type Logger } from '../../core/log.ts'
import type { Clock, TimerHandle } from '../../core/platform/clock.ts'
import { kafkaError } from '../../proto/kafka/error-codes.ts'
import { type CoordinatorLogSource, coordinatorPartition } from '../coordinator/log.ts'
import { type Decision, decideAdd, decideEnd, decideInit, decideRaisingEnd, needsProducerId } from './decide.ts'
import { type MarkerTarget, MarkerWriter } from './markers.ts'
import type { TransactionConfig } from './options.ts'
import type { ProducerIds } from './producer-ids.ts'
import { transactionRecord, transactionTombstone } from './records.ts'
import { TransactionEntry, TransactionShard } from './shard.ts'
import {
  completed,
  hasPartition,
  isForgotten,
  isPrepared,
  isTimedOut,
  neverExpires,
  noEpoch,
  noProducerId,
  type ProducerIdAndEpoch,
  prepared,
  producerOf,
  type TransactionPartitions,
  type TransactionState,
  transactionForm,
  transactionStatus,
} from './state.ts'

export interface TransactionCoordinatorOptions {
  readonly clock: Clock
  readonly config: TransactionConfig
  readonly producerIds: ProducerIds
  /** The log of a partition of `__transaction_state`. */
  logs(partition: number): CoordinatorLogSource
  readonly markers: MarkerTarget
  readonly logger?: Logger
}

export interface InitProducer {
  readonly transactionalId: string
  /** 2147483647: the transactions never expire. */
  readonly timeoutMs: number
  readonly expected: ProducerIdAndEpoch | undefined
}

/** Who the producer is from now on; -1 and -1 with an error. */
export interface ProducerResult extends ProducerIdAndEpoch {
  readonly error: number
}

/** How long a request waits for a transaction that is just ending before it is told to try again. */
const concurrentWaitMs = 1000
/** Between two lines in the log about a transaction that never expires. */
const reminderMs = 60 * 60_000
const recordMaxBytes = 16 * 1024 * 1024

const failure = (error: number): ProducerResult => ({ error, producerId: noProducerId, producerEpoch: noEpoch })

/** The epochs ran out while a request waited that has no new producer id: the client asks again. */
const ranOutMeanwhile: Decision = { kind: 'refused', error: kafkaError.CONCURRENT_TRANSACTIONS }

export class TransactionCoordinator {
  readonly shards: readonly TransactionShard[]
  readonly #clock: Clock
  readonly #config: TransactionConfig
  readonly #producerIds: ProducerIds
  readonly #markers: MarkerWriter
  readonly #logger: Logger
  readonly #byProducer = new Map<number, TransactionEntry>()
  readonly #timers: TimerHandle[] = []
  #closed = false

  constructor(options: TransactionCoordinatorOptions) {
    this.#clock = options.clock
    this.#config = options.config
    this.#producerIds = options.producerIds
    this.#logger = options.logger ?? createLogger('broker.transaction')
    this.#markers = new MarkerWriter(options.markers, options.clock, this.#logger)
    this.shards = Array.from(
      { length: options.config.partitionCount },
      (_, partition) =>
        new TransactionShard({
          partition,
          clock: options.clock,
          logs: options.logs(partition),
          maxBatchBytes: recordMaxBytes,
          byProducer: this.#byProducer,
        }),
    )
  }

  /** Replays all partitions and goes on with the transactions whose end was decided. */
  async load(): Promise<void> {
    await Promise.all(
      this.shards.map(async (shard) => {
        try {
          await shard.runtime.load()
        } catch (error) {
          this.#logger.error({ err: error, partition: shard.partition }, 'transactions of a partition cannot be loaded')
          return
        }
        for (const entry of shard.entries.values()) {
          if (entry.state !== undefined && isPrepared(entry.state)) void this.#complete(shard, entry)
        }
      }),
    )
    if (this.#closed) return
    this.#every(this.#config.abortCheckIntervalMs, () => void this.abortTimedOut())
    this.#every(this.#config.idCheckIntervalMs, () => void this.forgetIdle())
  }

  close(): void {
    this.#closed = true
    for (const timer of this.#timers) this.#clock.clearTimeout(timer)
    this.#markers.close()
    for (const shard of this.shards) {
      shard.runtime.close()
      for (const entry of shard.entries.values()) entry.changed()
    }
  }

  /** Whether producers may have transactions that never expire. */
  get allowsTwoPhase(): boolean {
    return this.#config.twoPhaseCommit
  }

  partitionOf(transactionalId: string): number {
    return coordinatorPartition(transactionalId, this.shards.length)
  }

  shardOf(transactionalId: string): TransactionShard {
    return this.shards[this.partitionOf(transactionalId)] as TransactionShard
  }

  stateOf(transactionalId: string): TransactionState | undefined {
    return this.shardOf(transactionalId).entries.get(transactionalId)?.state
  }

  /** A producer without transactions: an id that nobody has. */
  async newProducer(): Promise<ProducerResult> {
    const producerId = await this.#freshProducerId()
    if (producerId === undefined) return failure(kafkaError.COORDINATOR_NOT_AVAILABLE)
    return { error: kafkaError.NONE, producerId, producerEpoch: 0 }
  }

  /** The producer of a transactional id; whoever was it before is fenced, and its open transaction aborted. */
  async initProducer(request: InitProducer): Promise<ProducerResult> {
    const { transactionalId, timeoutMs } = request
    const error = this.#initError(request)
    if (error !== kafkaError.NONE) return failure(error)
    const shard = this.shardOf(transactionalId)
    const freshProducerId = await this.#producerIdFor(shard.entries.get(transactionalId)?.state)
    if (freshProducerId === undefined) return failure(kafkaError.COORDINATOR_NOT_AVAILABLE)
    const known = shard.entries.get(transactionalId) ?? this.#newEntry(shard, transactionalId)
    if (known === undefined) return failure(kafkaError.POLICY_VIOLATION)
    const outcome = await this.#change(shard, known, (state) => {
      if (freshProducerId === noProducerId && needsProducerId(state)) return ranOutMeanwhile
      const nowMs = this.#clock.now()
      return decideInit(state, { transactionalId, timeoutMs, expected: request.expected, nowMs, freshProducerId })
    })
    const state = known.state
    if (outcome !== kafkaError.NONE || state === undefined) {
      if (known.state === undefined && known.pending === undefined && known.waiting.length === 0)
        shard.forget(transactionalId)
      return failure(outcome)
    }
    return { error: kafkaError.NONE, producerId: state.producerId, producerEpoch: state.producerEpoch }
  }

  /** Makes partitions part of the transaction, which begins with the first. Resolves with a Kafka error, 0 once durable. */
  addPartitions(
    transactionalId: string,
    producer: ProducerIdAndEpoch,
    partitions: TransactionPartitions,
    form: number = transactionForm.first,
  ): Promise<number> {
    return this.#changeKnown(transactionalId, (state) =>
      decideAdd(state, producer, partitions, form, this.#clock.now()),
    )
  }

  /** Ends the transaction in the second form: the producer gets its next epoch. Resolves once the decision is durable. */
  async endAndRaise(transactionalId: string, producer: ProducerIdAndEpoch, commit: boolean): Promise<ProducerResult> {
    const freshProducerId = await this.#producerIdFor(this.stateOf(transactionalId) ?? null)
    if (freshProducerId === undefined) return failure(kafkaError.COORDINATOR_NOT_AVAILABLE)
    // As it was decided: by the time that this goes on somebody may have fenced it.
    let today: ProducerIdAndEpoch | undefined
    const error = await this.#changeKnown(transactionalId, (state) => {
      if (freshProducerId === noProducerId && state !== undefined && needsProducerId(state)) return ranOutMeanwhile
      const decision = decideRaisingEnd(state, producer, commit, freshProducerId, this.#clock.now())
      if (decision.kind === 'write') today = producerOf(decision.next)
      else if (decision.kind === 'done' && state !== undefined) today = producerOf(state)
      return decision
    })
    return error === kafkaError.NONE && today !== undefined ? { error, ...today } : failure(error)
  }

  /** Ends the transaction in the first form. Resolves with a Kafka error, 0 once the decision is durable. */
  endTransaction(transactionalId: string, producer: ProducerIdAndEpoch, commit: boolean): Promise<number> {
    return this.#changeKnown(transactionalId, (state) => decideEnd(state, producer, commit, this.#clock.now()))
  }

  /** Whether a transactional append of this producer to this partition belongs to its transaction, now. */
  isOngoing(producerId: number, producerEpoch: number, topic: string, partition: number): boolean {
    return isOpen(this.#byProducer.get(producerId), { producerId, producerEpoch }, topic, partition)
  }

  /** As `isOngoing`, with the Kafka error that says why not. */
  verify(transactionalId: string, producer: ProducerIdAndEpoch, topic: string, partition: number): number {
    const shard = this.shardOf(transactionalId)
    if (shard.runtime.unavailable !== kafkaError.NONE) return shard.runtime.unavailable
    const entry = shard.entries.get(transactionalId)
    const state = entry?.state
    if (state === undefined || state.producerId !== producer.producerId) return kafkaError.INVALID_PRODUCER_ID_MAPPING
    if (state.producerEpoch !== producer.producerEpoch) return kafkaError.INVALID_PRODUCER_EPOCH
    return isOpen(entry, producer, topic, partition) ? kafkaError.NONE : kafkaError.INVALID_TXN_STATE
  }

  /**
   * Aborts transactions past their time-out and fences their producers; goes on with ends that got stuck. Returns when the
   * decisions are durable.
   */
  async abortTimedOut(): Promise<void> {
    const now = this.#clock.now()
    const aborts: Promise<number>[] = []
    for (const shard of this.shards) {
      if (shard.runtime.unavailable !== kafkaError.NONE) continue
      for (const entry of shard.entries.values()) {
        if (entry.pending !== undefined || entry.state === undefined) continue
        // Its end was decided, and the record of it could not be written the last time.
        if (isPrepared(entry.state) && !entry.completing) void this.#complete(shard, entry)
        this.#remindOf(entry, now)
        if (!isTimedOut(entry.state, now)) continue
        this.#logger.warn({ transactionalId: entry.transactionalId }, 'transaction timed out and is aborted')
        aborts.push(this.#write(shard, entry, prepared(entry.state, false, true, now)))
      }
    }
    await Promise.all(aborts)
  }

  /** One that never expires and is open for longer than others may be: readers wait, and nobody else would say why. */
  #remindOf(entry: TransactionEntry, nowMs: number): void {
    const { state } = entry
    if (state === undefined || state.status !== transactionStatus.Ongoing || state.timeoutMs !== neverExpires) return
    const openMs = nowMs - state.startMs
    if (openMs <= this.#config.maxTimeoutMs || nowMs - entry.remindedMs < reminderMs) return
    entry.remindedMs = nowMs
    this.#logger.warn(
      { transactionalId: entry.transactionalId, openMs, partitions: [...state.partitions.keys()] },
      'readers wait for a transaction that never expires; if its job does not come back, end it: millrace transactions abort',
    )
  }

  /** Forgets transactional ids that nobody used for long. */
  async forgetIdle(): Promise<void> {
    const now = this.#clock.now()
    const writes: Promise<number>[] = []
    for (const shard of this.shards) {
      if (shard.runtime.unavailable !== kafkaError.NONE) continue
      const idle = [...shard.entries.values()].filter(
        ({ state, pending }) =>
          pending === undefined && state !== undefined && isForgotten(state, now, this.#config.idExpirationMs),
      )
      if (idle.length > 0)
        writes.push(shard.runtime.write(idle.map((each) => transactionTombstone(each.transactionalId))))
    }
    await Promise.all(writes)
  }

  #initError({ transactionalId, timeoutMs }: InitProducer): number {
    if (transactionalId === '') return kafkaError.INVALID_REQUEST
    const twoPhase = this.#config.twoPhaseCommit && timeoutMs === neverExpires
    if (timeoutMs <= 0 || (timeoutMs > this.#config.maxTimeoutMs && !twoPhase)) {
      return kafkaError.INVALID_TRANSACTION_TIMEOUT
    }
    return this.shardOf(transactionalId).runtime.unavailable
  }

  #newEntry(shard: TransactionShard, transactionalId: string): TransactionEntry | undefined {
    let count = 0
    for (const each of this.shards) count += each.entries.size
    if (count >= this.#config.maxIds) return undefined
    const entry = new TransactionEntry(transactionalId)
    shard.entries.set(transactionalId, entry)
    return entry
  }

  /** One that nobody has if the next change of this state may want it, else -1. Null: nothing will. Undefined: there is none now. */
  #producerIdFor(state: TransactionState | undefined | null): Promise<number | undefined> {
    return state !== null && needsProducerId(state) ? this.#freshProducerId() : Promise.resolve(noProducerId)
  }

  async #freshProducerId(): Promise<number | undefined> {
    try {
      return await this.#producerIds.next()
    } catch (error) {
      this.#logger.error({ err: error }, 'no producer id can be given out')
      return undefined
    }
  }

  async #changeKnown(
    transactionalId: string,
    decide: (state: TransactionState | undefined) => Decision,
  ): Promise<number> {
    if (transactionalId === '') return kafkaError.INVALID_REQUEST
    const shard = this.shardOf(transactionalId)
    if (shard.runtime.unavailable !== kafkaError.NONE) return shard.runtime.unavailable
    const entry = shard.entries.get(transactionalId)
    return entry === undefined ? kafkaError.INVALID_PRODUCER_ID_MAPPING : this.#change(shard, entry, decide)
  }

  /** Decides, and writes what follows. Waits for a transaction that is just ending, but not for long. */
  async #change(
    shard: TransactionShard,
    entry: TransactionEntry,
    decide: (state: TransactionState | undefined) => Decision,
  ): Promise<number> {
    const deadlineMs = this.#clock.monotonic() + concurrentWaitMs
    for (;;) {
      if (this.#closed) return kafkaError.NOT_COORDINATOR
      const decision = decide(entry.state)
      // What will never be so is said at once; the rest waits for what is being written.
      if (decision.kind === 'refused' && decision.error !== kafkaError.CONCURRENT_TRANSACTIONS) return decision.error
      if (decision.kind !== 'refused' && entry.pending === undefined) {
        if (decision.kind === 'done') return kafkaError.NONE
        if (decision.kind === 'write') return this.#write(shard, entry, decision.next)
        const error = await this.#write(
          shard,
          entry,
          prepared(entry.state as TransactionState, false, true, this.#clock.now()),
        )
        if (error !== kafkaError.NONE) return error
        continue
      }
      const remainingMs = deadlineMs - this.#clock.monotonic()
      if (remainingMs <= 0) return kafkaError.CONCURRENT_TRANSACTIONS
      await this.#changeOf(entry, remainingMs)
    }
  }

  #changeOf(entry: TransactionEntry, withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#clock.setTimeout(resolve, withinMs)
      entry.waiting.push(() => {
        this.#clock.clearTimeout(timer)
        resolve()
      })
    })
  }

  /** Makes a state durable and takes it, then does what follows from it. */
  async #write(shard: TransactionShard, entry: TransactionEntry, next: TransactionState): Promise<number> {
    entry.pending = next
    const error = await shard.runtime.write([transactionRecord(next)], { replay: false })
    entry.pending = undefined
    if (error !== kafkaError.NONE) {
      entry.changed()
      return error
    }
    shard.apply(next)
    if (isPrepared(next)) void this.#complete(shard, entry)
    return kafkaError.NONE
  }

  /** Markers into all partitions, then the record that says so. */
  async #complete(shard: TransactionShard, entry: TransactionEntry): Promise<void> {
    const state = entry.state as TransactionState
    if (entry.completing) return
    entry.completing = true
    try {
      const written = await this.#markers.write(state, shard.runtime.epoch)
      // Closed: the next start goes on from the decision.
      if (!written) return
      const next = completed(state, this.#clock.now())
      const write = shard.runtime.write([transactionRecord(next)])
      const error = await write
      if (error !== kafkaError.NONE && !this.#closed) {
        this.#logger.error(
          { transactionalId: entry.transactionalId, error },
          'the end of a transaction cannot be noted',
        )
      }
    } finally {
      entry.completing = false
    }
  }

  #every(intervalMs: number, task: () => void): void {
    const timer = this.#clock.setInterval(task, intervalMs)
    timer.unref()
    this.#timers.push(timer)
  }
}

function isOpen(
  entry: TransactionEntry | undefined,
  producer: ProducerIdAndEpoch,
  topic: string,
  partition: number,
): boolean {
  const state = entry?.state
  if (entry === undefined || state === undefined) return false
  // Its end is being decided: what comes now would come after the markers.
  const ending = entry.pending !== undefined && entry.pending.status !== transactionStatus.Ongoing
  return (
    !ending &&
    state.status === transactionStatus.Ongoing &&
    state.producerId === producer.producerId &&
    state.producerEpoch === producer.producerEpoch &&
    hasPartition(state, topic, partition)
  )
}
