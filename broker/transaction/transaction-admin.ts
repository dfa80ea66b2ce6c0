/** What administrators ask of transactions: lists and descriptions. Single-threaded. */
import { kafkaError } from '../../proto/kafka/error-codes.ts'
import type { NamePattern } from './name-pattern.ts'
import { statusName, statusOf, type TransactionState, type TransactionStatus, transactionStatus } from './state.ts'
import type { TransactionCoordinator } from './transaction-coordinator.ts'

export interface TransactionFilter {
  /** Names of states; none means any. */
  readonly states: readonly string[]
  /** None means any. */
  readonly producerIds: readonly number[]
  /** Only transactions open for longer than this, ms; -1 for any. */
  readonly olderThanMs: number
  /** Of transactional ids. */
  readonly pattern?: NamePattern | undefined
}

/** Of a pattern over all ids: a second or less. */
const patternStepsMax = 100_000_000

export interface TransactionListing {
  readonly error: number
  readonly unknownStates: string[]
  readonly transactions: TransactionState[]
}

export function listTransactions(
  coordinator: TransactionCoordinator,
  filter: TransactionFilter,
  nowMs: number,
): TransactionListing {
  const unknownStates = filter.states.filter((name) => statusOf(name) === undefined)
  const states = new Set(filter.states.map(statusOf))
  const ids = new Set(filter.producerIds)
  const transactions: TransactionState[] = []
  let error: number = kafkaError.NONE
  for (const shard of coordinator.shards) {
    if (shard.runtime.unavailable !== kafkaError.NONE) error = shard.runtime.unavailable
    for (const { state } of shard.entries.values()) {
      if (state === undefined) continue
      if (filter.states.length > 0 && !states.has(state.status)) continue
      if (ids.size > 0 && !ids.has(state.producerId)) continue
      if (filter.olderThanMs >= 0 && !isOlder(state, nowMs, filter.olderThanMs)) continue
      if (filter.pattern?.matches(state.transactionalId) === false) continue
      if ((filter.pattern?.steps ?? 0) > patternStepsMax) {
        return { error: kafkaError.INVALID_REGULAR_EXPRESSION, unknownStates, transactions: [] }
      }
      transactions.push(state)
    }
  }
  return { error, unknownStates, transactions }
}

function isOlder(state: TransactionState, nowMs: number, olderThanMs: number): boolean {
  const open: readonly TransactionStatus[] = [
    transactionStatus.Ongoing,
    transactionStatus.PrepareCommit,
    transactionStatus.PrepareAbort,
  ]
  return open.includes(state.status) && nowMs - state.startMs > olderThanMs
}

/** As DescribeTransactions shows it. */
export interface TransactionDescription {
  readonly errorCode: number
  readonly transactionalId: string
  readonly transactionState: string
  readonly transactionTimeoutMs: number
  readonly transactionStartTimeMs: number
  readonly producerId: number
  readonly producerEpoch: number
  readonly topics: { topic: string; partitions: number[] }[]
}

export function describeFailure(transactionalId: string, errorCode: number): TransactionDescription {
  return {
    errorCode,
    transactionalId,
    transactionState: '',
    transactionTimeoutMs: 0,
    transactionStartTimeMs: -1,
    producerId: -1,
    producerEpoch: -1,
    topics: [],
  }
}

export function describeTransaction(
  coordinator: TransactionCoordinator,
  transactionalId: string,
): TransactionDescription {
  if (transactionalId === '') return describeFailure(transactionalId, kafkaError.INVALID_REQUEST)
  const unavailable = coordinator.shardOf(transactionalId).runtime.unavailable
  if (unavailable !== kafkaError.NONE) return describeFailure(transactionalId, unavailable)
  const state = coordinator.stateOf(transactionalId)
  if (state === undefined) return describeFailure(transactionalId, kafkaError.TRANSACTIONAL_ID_NOT_FOUND)
  return {
    errorCode: kafkaError.NONE,
    transactionalId,
    transactionState: statusName(state.status),
    transactionTimeoutMs: state.timeoutMs,
    transactionStartTimeMs: state.startMs,
    producerId: state.producerId,
    producerEpoch: state.producerEpoch,
    topics: [...state.partitions].map(([topic, partitions]) => ({ topic, partitions: [...partitions] })),
  }
}
