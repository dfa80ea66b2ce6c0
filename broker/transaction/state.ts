/**
 * What is known of a transactional id: immutable values, and how one follows from another. Nothing here waits, writes or
 * reads a clock. The numbers of the states are those of the records.
 */
import { faulty } from '../../core/faults.ts'

export const transactionStatus = {
  Empty: 0,
  Ongoing: 1,
  PrepareCommit: 2,
  PrepareAbort: 3,
  CompleteCommit: 4,
  CompleteAbort: 5,
  Dead: 6,
  PrepareEpochFence: 7,
} as const
export type TransactionStatus = (typeof transactionStatus)[keyof typeof transactionStatus]

const names = Object.keys(transactionStatus) as (keyof typeof transactionStatus)[]

export function statusName(status: TransactionStatus): string {
  return names[status] as string
}

/** The state of that name, as administrators filter by it. */
export function statusOf(name: string): TransactionStatus | undefined {
  return transactionStatus[name as keyof typeof transactionStatus]
}

/** Partitions of a transaction, by topic. */
export type TransactionPartitions = ReadonlyMap<string, ReadonlySet<number>>

export const noPartitions: TransactionPartitions = new Map()

export const noEpoch = -1
export const noProducerId = -1
/** No client gets a larger one; the next is kept for fencing it. */
export const lastClientEpoch = 0x7ffe
/** The time-out that means: only the producer's owner ends its transactions. */
export const neverExpires = 0x7fff_ffff

/**
 * What Kafka calls the transaction version of a client. In the first form a producer adds partitions by requests of their own and keeps
 * its epoch; in the second its first batch adds a partition, and each end gives it the next epoch.
 */
export const transactionForm = { first: 0, second: 2 } as const

/** What a producer calls itself. */
export interface ProducerIdAndEpoch {
  readonly producerId: number
  readonly producerEpoch: number
}

export interface TransactionState {
  readonly transactionalId: string
  readonly producerId: number
  /** Before the epochs of that one ran out, else -1. */
  readonly previousProducerId: number
  /** While an end that used up the last epoch is being written: the id that follows, else -1. */
  readonly nextProducerId: number
  readonly producerEpoch: number
  /**
   * The epoch before, for a request that is sent again because its answer was lost; -1 after a restart, unless an end in the second
   * form raised the epoch.
   */
  readonly lastProducerEpoch: number
  readonly timeoutMs: number
  readonly status: TransactionStatus
  /** Of the transaction that is open, or of the end that is decided or done: that of a fence is the first. */
  readonly form: number
  readonly partitions: TransactionPartitions
  /** Epoch ms. */
  readonly lastUpdateMs: number
  /** Epoch ms; -1 while there is no transaction. */
  readonly startMs: number
}

/** A transactional id nobody has used, with no epoch yet. */
export function newState(
  transactionalId: string,
  producerId: number,
  timeoutMs: number,
  nowMs: number,
): TransactionState {
  return {
    transactionalId,
    producerId,
    previousProducerId: noProducerId,
    nextProducerId: noProducerId,
    producerEpoch: noEpoch,
    lastProducerEpoch: noEpoch,
    timeoutMs,
    status: transactionStatus.Empty,
    form: transactionForm.first,
    partitions: noPartitions,
    lastUpdateMs: nowMs,
    startMs: -1,
  }
}

/** Whether the decision is taken and its markers are under way. */
export function isPrepared(state: TransactionState): boolean {
  return state.status === transactionStatus.PrepareCommit || state.status === transactionStatus.PrepareAbort
}

export function isEpochExhausted(epoch: number): boolean {
  return epoch >= lastClientEpoch
}

/** Who the producer is to itself: it knows the next id as soon as the end that used up the last epoch is decided. */
export function producerOf(state: TransactionState): ProducerIdAndEpoch {
  const { producerId, nextProducerId, producerEpoch } = state
  return nextProducerId === noProducerId
    ? { producerId, producerEpoch }
    : { producerId: nextProducerId, producerEpoch: 0 }
}

/** Who asked for the end that is decided or done and got the next epoch by it: whoever lost the answer asks so again. */
export function endedBy(state: Omit<TransactionState, 'lastProducerEpoch'>): ProducerIdAndEpoch | undefined {
  const { Empty, Ongoing } = transactionStatus
  if (state.form !== transactionForm.second || state.status === Empty || state.status === Ongoing) return undefined
  const { producerId, previousProducerId, producerEpoch } = state
  return producerEpoch === 0
    ? { producerId: previousProducerId, producerEpoch: lastClientEpoch }
    : { producerId, producerEpoch: producerEpoch - 1 }
}

/** Whether the transaction ran past its time-out. */
export function isTimedOut(state: TransactionState, nowMs: number): boolean {
  if (state.status !== transactionStatus.Ongoing || state.timeoutMs === neverExpires) return false
  return state.startMs + state.timeoutMs < nowMs
}

/** Whether the id can be forgotten: nothing is under way and nobody used it for `expirationMs`. */
export function isForgotten(state: TransactionState, nowMs: number, expirationMs: number): boolean {
  const { Empty, CompleteCommit, CompleteAbort } = transactionStatus
  const idle = state.status === Empty || state.status === CompleteCommit || state.status === CompleteAbort
  return idle && state.lastUpdateMs + expirationMs <= nowMs
}

export function hasPartition(state: TransactionState, topic: string, partition: number): boolean {
  return state.partitions.get(topic)?.has(partition) === true
}

export function hasAll(state: TransactionState, partitions: TransactionPartitions): boolean {
  for (const [topic, numbers] of partitions) {
    for (const number of numbers) if (!hasPartition(state, topic, number)) return false
  }
  return true
}

export function withPartitions(
  state: TransactionState,
  added: TransactionPartitions,
  form: number,
  nowMs: number,
): TransactionState {
  const begins = state.status !== transactionStatus.Ongoing
  const partitions = new Map(begins ? [] : state.partitions)
  for (const [topic, numbers] of added) partitions.set(topic, new Set([...(partitions.get(topic) ?? []), ...numbers]))
  return {
    ...state,
    status: transactionStatus.Ongoing,
    form,
    partitions,
    startMs: begins ? nowMs : state.startMs,
    lastUpdateMs: nowMs,
  }
}

/** The decision, in the first form. With `fence` the producer loses its epoch by it. */
export function prepared(state: TransactionState, commit: boolean, fence: boolean, nowMs: number): TransactionState {
  return {
    ...state,
    status: commit ? transactionStatus.PrepareCommit : transactionStatus.PrepareAbort,
    form: transactionForm.first,
    producerEpoch: fence && !faulty('forget-epoch') ? state.producerEpoch + 1 : state.producerEpoch,
    lastProducerEpoch: fence ? noEpoch : state.lastProducerEpoch,
    lastUpdateMs: nowMs,
  }
}

/**
 * The decision, in the second form: it raises the epoch, or, after the last one, gives `freshProducerId`. Without a transaction that is
 * open, one without partitions ends.
 */
export function preparedRaising(
  state: TransactionState,
  commit: boolean,
  freshProducerId: number,
  nowMs: number,
): TransactionState {
  return {
    ...state,
    status: commit ? transactionStatus.PrepareCommit : transactionStatus.PrepareAbort,
    form: transactionForm.second,
    producerEpoch: state.producerEpoch + 1,
    lastProducerEpoch: state.producerEpoch,
    nextProducerId: isEpochExhausted(state.producerEpoch) ? freshProducerId : noProducerId,
    startMs: state.status === transactionStatus.Ongoing ? state.startMs : nowMs,
    lastUpdateMs: nowMs,
  }
}

/** All markers are written. */
export function completed(state: TransactionState, nowMs: number): TransactionState {
  const committed = state.status === transactionStatus.PrepareCommit
  const done: TransactionState = {
    ...state,
    status: committed ? transactionStatus.CompleteCommit : transactionStatus.CompleteAbort,
    partitions: noPartitions,
    lastUpdateMs: nowMs,
  }
  if (state.nextProducerId === noProducerId) return done
  return { ...done, ...producerOf(state), previousProducerId: state.producerId, nextProducerId: noProducerId }
}
