/** Options of transactions. Meaning and defaults are Kafka's, under `broker.`. */
import { boolean, duration, integer, oneOf, option } from '../../core/config/index.ts'

export const transactionMaxTimeout = option({
  key: 'broker.transaction.max.timeout',
  type: duration(),
  default: 15 * 60_000,
  scope: 'broker',
  doc: 'Longest time-out of a transaction that a producer may ask for.',
})
export const transactionalIdExpiration = option({
  key: 'broker.transactional.id.expiration',
  type: duration(),
  default: 7 * 24 * 60 * 60_000,
  scope: 'broker',
  doc: 'How long a transactional id is remembered after its last transaction.',
})
export const transactionAbortCheckInterval = option({
  key: 'broker.transaction.abort.check.interval',
  type: duration(),
  default: 10_000,
  scope: 'broker',
  doc: 'How often the broker looks for transactions past their time-out, to abort them.',
})
export const transactionalIdCheckInterval = option({
  key: 'broker.transactional.id.check.interval',
  type: duration(),
  default: 60 * 60_000,
  scope: 'broker',
  doc: 'How often the broker looks for transactional ids that nobody used for long.',
})
export const transactionTopicPartitions = option({
  key: 'broker.transaction.state.num.partitions',
  type: integer({ min: 1, max: 1000 }),
  default: 50,
  scope: 'broker',
  doc: 'Partitions of __transaction_state. Cannot be changed once transactional ids exist.',
})
export const transactionalIdMaxCount = option({
  key: 'broker.transactional.id.max.count',
  type: integer({ min: 1, max: 0x7fff_ffff }),
  default: 100_000,
  scope: 'broker',
  doc: 'Transactional ids that the broker remembers.',
})
export const twoPhaseCommitEnable = option({
  key: 'broker.transaction.two.phase.commit.enable',
  type: boolean(),
  default: true,
  scope: 'broker',
  doc: 'Lets a producer ask for transactions that never expire (InitProducerId 6 with Enable2Pc, as sink.kafka does): only whoever began one ends it. With ACLs it takes the operation two-phase-commit on the transactional id.',
})

export const transactionVersion = option({
  key: 'broker.transaction.version',
  type: oneOf(['1', '2']),
  default: '2',
  scope: 'broker',
  doc: "The form of transactions that clients are told to use, Kafka's feature of that name. 2: the first batch of a transaction adds its partition, and each end raises the producer's epoch, so that what comes late is refused (KIP-890). 1: producers add partitions by requests of their own. Both are served in either case.",
})

/** The options as the coordinator takes them. Times in ms. */
export interface TransactionConfig {
  readonly maxTimeoutMs: number
  readonly idExpirationMs: number
  readonly abortCheckIntervalMs: number
  readonly idCheckIntervalMs: number
  readonly partitionCount: number
  readonly maxIds: number
  readonly twoPhaseCommit: boolean
}

/** The defaults of all options. */
export const defaultTransactionConfig: TransactionConfig = {
  maxTimeoutMs: transactionMaxTimeout.default,
  idExpirationMs: transactionalIdExpiration.default,
  abortCheckIntervalMs: transactionAbortCheckInterval.default,
  idCheckIntervalMs: transactionalIdCheckInterval.default,
  partitionCount: transactionTopicPartitions.default,
  maxIds: transactionalIdMaxCount.default,
  twoPhaseCommit: twoPhaseCommitEnable.default,
}
