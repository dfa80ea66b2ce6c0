/**
 * What follows from a request about a transaction and the state of its transactional id: an error, nothing to do, or the
 * state to be made durable. Pure.
 */
import { faulty } from '../../core/faults.ts'
import { kafkaError } from '../../proto/kafka/error-codes.ts'
import {
  completed,
  endedBy,
  hasAll,
  isEpochExhausted,
  isPrepared,
  lastClientEpoch,
  newState,
  noEpoch,
  noPartitions,
  noProducerId,
  type ProducerIdAndEpoch,
  prepared,
  preparedRaising,
  producerOf,
  type TransactionPartitions,
  type TransactionState,
  transactionStatus,
  withPartitions,
} from './state.ts'

export type Decision =
  | { readonly kind: 'refused'; readonly error: number }
  /** It is so already. */
  | { readonly kind: 'done' }
  | { readonly kind: 'write'; readonly next: TransactionState }
  /** The transaction that is open has to be aborted before, its producer fenced. */
  | { readonly kind: 'abort-first' }

const refuse = (error: number): Decision => ({ kind: 'refused', error })
const done: Decision = { kind: 'done' }

export interface InitRequest {
  readonly transactionalId: string
  readonly timeoutMs: number
  /** What the producer had before, when it says so. */
  readonly expected: ProducerIdAndEpoch | undefined
  readonly nowMs: number
  /** A producer id that nobody has, for an id that is new or whose epochs ran out. */
  readonly freshProducerId: number
}

/** Whether `decideInit`, and `decideRaisingEnd`, will want a fresh producer id. */
export function needsProducerId(state: TransactionState | undefined): boolean {
  return state === undefined || isEpochExhausted(state.producerEpoch)
}

export function decideInit(known: TransactionState | undefined, request: InitRequest): Decision {
  const { nowMs, timeoutMs } = request
  const state = known ?? newState(request.transactionalId, request.freshProducerId, timeoutMs, nowMs)
  if (request.expected !== undefined && !isOwn(state, request.expected)) return refuse(kafkaError.PRODUCER_FENCED)
  if (isPrepared(state)) return refuse(kafkaError.CONCURRENT_TRANSACTIONS)
  if (state.status === transactionStatus.Ongoing) return { kind: 'abort-first' }
  const expectedEpoch = request.expected?.producerEpoch
  const base: TransactionState = {
    ...state,
    status: transactionStatus.Empty,
    partitions: noPartitions,
    timeoutMs,
    startMs: -1,
    lastUpdateMs: nowMs,
  }
  if (isEpochExhausted(state.producerEpoch)) {
    if (expectedEpoch !== undefined && expectedEpoch !== state.producerEpoch) return refuse(kafkaError.PRODUCER_FENCED)
    const next = {
      ...base,
      producerId: request.freshProducerId,
      previousProducerId: state.producerId,
      producerEpoch: 0,
      lastProducerEpoch: expectedEpoch === undefined ? noEpoch : state.producerEpoch,
    }
    return { kind: 'write', next }
  }
  const bumped = faulty('forget-epoch') ? Math.max(0, state.producerEpoch) : state.producerEpoch + 1
  if (expectedEpoch === undefined) {
    return { kind: 'write', next: { ...base, producerEpoch: bumped, lastProducerEpoch: noEpoch } }
  }
  if (state.producerEpoch === noEpoch || expectedEpoch === state.producerEpoch) {
    return { kind: 'write', next: { ...base, producerEpoch: bumped, lastProducerEpoch: state.producerEpoch } }
  }
  // Asked again, because the answer was lost.
  if (expectedEpoch === state.lastProducerEpoch) return { kind: 'write', next: base }
  return refuse(kafkaError.PRODUCER_FENCED)
}

function isOwn(state: TransactionState, expected: ProducerIdAndEpoch): boolean {
  if (state.producerEpoch === noEpoch || expected.producerId === state.producerId) return true
  if (expected.producerId === producerOf(state).producerId) return true
  return (
    state.previousProducerId !== noProducerId &&
    expected.producerId === state.previousProducerId &&
    isEpochExhausted(expected.producerEpoch)
  )
}

/** Error of any request that names a producer, 0 when it is the one of today. */
export function producerError(state: TransactionState | undefined, producer: ProducerIdAndEpoch): number {
  if (state === undefined) return kafkaError.INVALID_PRODUCER_ID_MAPPING
  const today = producerOf(state)
  if (today.producerId !== producer.producerId) return kafkaError.INVALID_PRODUCER_ID_MAPPING
  // Nobody was given an epoch beyond the last: whoever names it guesses at a fence.
  const isToday = today.producerEpoch === producer.producerEpoch && today.producerEpoch <= lastClientEpoch
  return isToday ? kafkaError.NONE : kafkaError.PRODUCER_FENCED
}

export function decideAdd(
  state: TransactionState | undefined,
  producer: ProducerIdAndEpoch,
  partitions: TransactionPartitions,
  form: number,
  nowMs: number,
): Decision {
  const error = producerError(state, producer)
  if (error !== kafkaError.NONE || state === undefined) return refuse(error)
  if (isPrepared(state)) return refuse(kafkaError.CONCURRENT_TRANSACTIONS)
  if (state.status === transactionStatus.Ongoing && hasAll(state, partitions)) return done
  return { kind: 'write', next: withPartitions(state, partitions, form, nowMs) }
}

/** In the first form: the producer keeps its epoch. */
export function decideEnd(
  state: TransactionState | undefined,
  producer: ProducerIdAndEpoch,
  commit: boolean,
  nowMs: number,
): Decision {
  const error = producerError(state, producer)
  if (error !== kafkaError.NONE || state === undefined) return refuse(error)
  const { Ongoing, PrepareCommit, PrepareAbort, CompleteCommit, CompleteAbort } = transactionStatus
  switch (state.status) {
    case Ongoing:
      return { kind: 'write', next: prepared(state, commit, false, nowMs) }
    case PrepareCommit:
    case PrepareAbort:
      return refuse(
        commit === (state.status === PrepareCommit) ? kafkaError.CONCURRENT_TRANSACTIONS : kafkaError.INVALID_TXN_STATE,
      )
    case CompleteCommit:
    case CompleteAbort:
      return commit === (state.status === CompleteCommit) ? done : refuse(kafkaError.INVALID_TXN_STATE)
    default:
      return refuse(kafkaError.INVALID_TXN_STATE)
  }
}

/**
 * In the second form: the producer gets the next epoch, with which the same request would be about another transaction. To abort where
 * nothing is open is allowed: the producer may have begun what never arrived.
 */
export function decideRaisingEnd(
  state: TransactionState | undefined,
  producer: ProducerIdAndEpoch,
  commit: boolean,
  freshProducerId: number,
  nowMs: number,
): Decision {
  if (state === undefined) return refuse(kafkaError.INVALID_PRODUCER_ID_MAPPING)
  const { Ongoing, PrepareCommit, CompleteCommit } = transactionStatus
  const before = endedBy(state)
  if (before?.producerId === producer.producerId && before.producerEpoch === producer.producerEpoch) {
    const committed = state.status === PrepareCommit || state.status === CompleteCommit
    if (commit !== committed) return refuse(kafkaError.INVALID_TXN_STATE)
    return isPrepared(state) ? refuse(kafkaError.CONCURRENT_TRANSACTIONS) : done
  }
  const error = producerError(state, producer)
  if (error !== kafkaError.NONE) return refuse(error)
  if (isPrepared(state)) return refuse(kafkaError.CONCURRENT_TRANSACTIONS)
  const next = preparedRaising(state, commit, freshProducerId, nowMs)
  if (state.status === Ongoing) return { kind: 'write', next }
  return commit ? refuse(kafkaError.INVALID_TXN_STATE) : { kind: 'write', next: completed(next, nowMs) }
}
