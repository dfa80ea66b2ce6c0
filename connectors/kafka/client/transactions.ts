/**
 * The requests of a producer that has an identity: getting it, adding partitions and offsets to its transaction, ending
 * it. Nothing is kept here; the coordinator is asked until it decides. A fenced producer gets KAFKA_FENCED.
 *
 * Transactions have two forms. In the second (KIP-890), used where the cluster wants it, batches and offsets add themselves, and each end
 * gives the producer its next epoch: what comes late is refused, and an end that is asked for again ends nothing else.
 */
import { kafkaError } from '../../../proto/kafka/error-codes.ts'
import type { KafkaCluster } from './cluster.ts'
import { expectNone, isFencing, kafkaErrors } from './errors.ts'

/** Who a producer is to the brokers. */
export interface ProducerIdentity {
  /** Null for a producer that is only idempotent. */
  readonly transactionalId: string | null
  readonly producerId: number
  readonly producerEpoch: number
  /** 2: its transactions are in the second form. Left out: in the first. */
  readonly transactionVersion?: number
}

/** Versions of requests by which brokers see that a transaction is in the second form. */
const secondForm = { Produce: 12, TxnOffsetCommit: 5, EndTxn: 5 } as const

export const isSecondForm = (identity: ProducerIdentity | undefined): boolean =>
  (identity?.transactionVersion ?? 0) >= 2

/** The newest version of a request that a producer may use; undefined: the usual one. */
export const upToOf = (identity: ProducerIdentity | undefined, name: keyof typeof secondForm): number | undefined =>
  isSecondForm(identity) ? secondForm[name] : undefined

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

export interface CommittedOffset extends TopicPartition {
  readonly offset: number
  readonly leaderEpoch?: number
  readonly metadata?: string | null
}

/** Partitions by topic, as requests list them. */
export function byTopic<Each extends TopicPartition, Item>(
  list: readonly Each[],
  item: (each: Each) => Item,
): { name: string; partitions: Item[] }[] {
  const topics = new Map<string, Item[]>()
  for (const each of list) {
    const items = topics.get(each.topic)
    if (items === undefined) topics.set(each.topic, [item(each)])
    else items.push(item(each))
  }
  return [...topics].map(([name, partitions]) => ({ name, partitions }))
}

function check(code: number, transactionalId: string | null, what: string): void {
  if (isFencing(code)) throw kafkaErrors.create('FENCED', { transactionalId: transactionalId ?? 'none' })
  expectNone(code, what)
}

/**
 * Whether transactions stay open until the producer ends them. `preferred`: where the brokers allow it, otherwise they expire;
 * `required`: the brokers refuse the producer where they do not.
 */
export type TwoPhase = 'no' | 'preferred' | 'required'

/** A time-out that no broker allows a producer that does not ask for two-phase commit. */
const neverMs = 2_147_483_647

/**
 * A new identity. With a transactional id, whoever had it before is fenced and its open transaction is aborted first;
 * `timeoutMs` is how long a transaction may stay open, unless it has two phases.
 */
export async function initProducer(
  cluster: KafkaCluster,
  transactionalId: string | null,
  timeoutMs: number,
  twoPhase: TwoPhase = 'no',
): Promise<ProducerIdentity> {
  const message = {
    transactionalId,
    // Older brokers do not see the wish behind it.
    transactionTimeoutMs: twoPhase === 'required' ? neverMs : timeoutMs,
    producerId: -1,
    producerEpoch: -1,
    enable2Pc: twoPhase !== 'no',
    keepPreparedTxn: false,
  }
  if (transactionalId === null) {
    return cluster.retrying(async () => {
      const connection = await cluster.anyBroker()
      const answer = await connection.request('InitProducerId', message)
      check(answer.errorCode, null, 'a producer id')
      return { transactionalId, producerId: answer.producerId, producerEpoch: answer.producerEpoch }
    })
  }
  const answer = await cluster.askCoordinator(
    'transaction',
    transactionalId,
    'InitProducerId',
    message,
    ({ errorCode }) => errorCode,
  )
  // Also the answer to whoever may not use the id at all: the next one tells.
  if (twoPhase === 'preferred' && answer.errorCode === kafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
    return initProducer(cluster, transactionalId, timeoutMs)
  check(answer.errorCode, transactionalId, `transactional id ${transactionalId}`)
  const { producerId, producerEpoch } = answer
  const { transactionVersion } = await cluster.coordinator('transaction', transactionalId)
  return { transactionalId, producerId, producerEpoch, ...(transactionVersion < 2 ? {} : { transactionVersion: 2 }) }
}

/** Tells the coordinator of partitions before the first record of a transaction in the first form goes to them. */
export async function addPartitions(
  cluster: KafkaCluster,
  identity: ProducerIdentity,
  partitions: readonly TopicPartition[],
): Promise<void> {
  const transactionalId = identity.transactionalId ?? ''
  const answer = await cluster.askCoordinator(
    'transaction',
    transactionalId,
    'AddPartitionsToTxn',
    {
      transactions: [],
      v3AndBelowTransactionalId: transactionalId,
      v3AndBelowProducerId: identity.producerId,
      v3AndBelowProducerEpoch: identity.producerEpoch,
      v3AndBelowTopics: byTopic(partitions, ({ partition }) => partition),
    },
    // One that is refused for now speaks for all: none was added.
    ({ resultsByTopicV3AndBelow }) => worst(resultsByTopicV3AndBelow.flatMap((each) => each.resultsByPartition)),
  )
  for (const { name, resultsByPartition } of answer.resultsByTopicV3AndBelow) {
    for (const { partitionIndex, partitionErrorCode } of resultsByPartition) {
      check(partitionErrorCode, transactionalId, `${name}/${partitionIndex} in a transaction`)
    }
  }
}

function worst(results: readonly { readonly partitionErrorCode: number }[]): number {
  const codes = results.map((each) => each.partitionErrorCode)
  const telling = codes.filter((code) => code !== kafkaError.NONE && code !== kafkaError.OPERATION_NOT_ATTEMPTED)
  return telling[0] ?? codes.find((code) => code !== kafkaError.NONE) ?? kafkaError.NONE
}

/** Commits offsets of a group with the transaction. */
export async function sendOffsets(
  cluster: KafkaCluster,
  identity: ProducerIdentity,
  groupId: string,
  offsets: readonly CommittedOffset[],
): Promise<void> {
  const { producerId, producerEpoch } = identity
  const transactionalId = identity.transactionalId ?? ''
  if (!isSecondForm(identity)) {
    const added = await cluster.askCoordinator(
      'transaction',
      transactionalId,
      'AddOffsetsToTxn',
      { transactionalId, producerId, producerEpoch, groupId },
      ({ errorCode }) => errorCode,
    )
    check(added.errorCode, transactionalId, `offsets of group ${groupId}`)
  }
  const answer = await cluster.askCoordinator(
    'group',
    groupId,
    'TxnOffsetCommit',
    {
      transactionalId,
      groupId,
      producerId,
      producerEpoch,
      generationId: -1,
      memberId: '',
      groupInstanceId: null,
      topics: byTopic(offsets, ({ partition, offset, leaderEpoch, metadata }) => ({
        partitionIndex: partition,
        committedOffset: offset,
        committedLeaderEpoch: leaderEpoch ?? -1,
        committedMetadata: metadata ?? null,
      })),
    },
    ({ topics }) => topics.flatMap((each) => each.partitions).find((each) => each.errorCode !== 0)?.errorCode ?? 0,
    upToOf(identity, 'TxnOffsetCommit'),
  )
  for (const { name, partitions } of answer.topics) {
    for (const { partitionIndex, errorCode } of partitions) {
      check(errorCode, transactionalId, `the offset of ${name}/${partitionIndex}`)
    }
  }
}

/**
 * Ends the open transaction and gives the identity of the next one. May be asked again after a failure, by another process too: the same
 * outcome succeeds. That is how a transaction whose outcome was decided elsewhere is completed after a crash.
 */
export async function endTransaction(
  cluster: KafkaCluster,
  identity: ProducerIdentity,
  outcome: 'commit' | 'abort',
): Promise<ProducerIdentity> {
  const { producerId, producerEpoch } = identity
  const transactionalId = identity.transactionalId ?? ''
  const answer = await cluster.askCoordinator(
    'transaction',
    transactionalId,
    'EndTxn',
    { transactionalId, producerId, producerEpoch, committed: outcome === 'commit' },
    ({ errorCode }) => errorCode,
    upToOf(identity, 'EndTxn'),
  )
  check(answer.errorCode, transactionalId, `${outcome} of ${transactionalId}`)
  if (!isSecondForm(identity)) return identity
  return { ...identity, producerId: answer.producerId, producerEpoch: answer.producerEpoch }
}
