/**
 * What administrators ask of transactions: which are there, what they hold, and the end of one whose owner is gone. Nothing is
 * kept here.
 */
import { kafkaError } from '../../../proto/kafka/error-codes.ts'
import type { KafkaCluster } from './cluster.ts'
import { expectNone } from './errors.ts'
import { initProducer, type TopicPartition } from './transactions.ts'

export interface TransactionInfo {
  readonly transactionalId: string
  /** As brokers call it: Ongoing, PrepareCommit, CompleteCommit, … */
  readonly state: string
  readonly producerId: number
  readonly producerEpoch: number
  /** 2147483647: it never expires. */
  readonly timeoutMs: number
  /** Epoch ms; -1 while there is no transaction. */
  readonly startMs: number
  readonly partitions: readonly TopicPartition[]
}

/** Ids of all transactions of all coordinators; `states`: only of those in one of these. */
export async function listTransactions(cluster: KafkaCluster, states: readonly string[] = []): Promise<string[]> {
  return cluster.retrying(async () => {
    if (cluster.brokers.size === 0) await cluster.refresh([])
    const ids: string[] = []
    for (const nodeId of cluster.brokers.keys()) {
      const connection = await cluster.broker(nodeId)
      const answer = await connection.request('ListTransactions', {
        stateFilters: [...states],
        producerIdFilters: [],
        durationFilter: -1,
        transactionalIdPattern: null,
      })
      expectNone(answer.errorCode, 'the list of transactions')
      for (const { transactionalId } of answer.transactionStates) ids.push(transactionalId)
    }
    return ids
  })
}

/** Those that are not known are left out. */
export async function describeTransactions(
  cluster: KafkaCluster,
  transactionalIds: readonly string[],
): Promise<TransactionInfo[]> {
  const found: TransactionInfo[] = []
  for (const transactionalId of transactionalIds) {
    const answer = await cluster.askCoordinator(
      'transaction',
      transactionalId,
      'DescribeTransactions',
      { transactionalIds: [transactionalId] },
      ({ transactionStates }) => transactionStates[0]?.errorCode ?? 0,
    )
    for (const each of answer.transactionStates) {
      if (each.errorCode === kafkaError.TRANSACTIONAL_ID_NOT_FOUND) continue
      expectNone(each.errorCode, `transactional id ${transactionalId}`)
      found.push({
        transactionalId,
        state: each.transactionState,
        producerId: each.producerId,
        producerEpoch: each.producerEpoch,
        timeoutMs: each.transactionTimeoutMs,
        startMs: each.transactionStartTimeMs,
        partitions: each.topics.flatMap(({ topic, partitions }) =>
          partitions.map((partition) => ({ topic, partition })),
        ),
      })
    }
  }
  return found
}

/** Ends the open transaction of an id, and its producer with it: whoever still has the id gets KAFKA_FENCED. */
export async function abortTransaction(cluster: KafkaCluster, transactionalId: string): Promise<void> {
  await initProducer(cluster, transactionalId, 60_000)
}
