/**
 * InitProducerId, AddPartitionsToTxn, AddOffsetsToTxn, TxnOffsetCommit and EndTxn over the wire. What they mean is decided
 * in broker/transaction and broker/group. Old clients know a fenced producer by another code than new ones.
 */
import { kafkaError } from '../../../proto/kafka/error-codes.ts'
import type {
  AddOffsetsToTxnRequest,
  AddOffsetsToTxnResponse,
} from '../../../proto/kafka/messages/add-offsets-to-txn.ts'
import type {
  AddPartitionsToTxnRequest,
  AddPartitionsToTxnRequestTopic,
  AddPartitionsToTxnResponse,
} from '../../../proto/kafka/messages/add-partitions-to-txn.ts'
import type { EndTxnRequest, EndTxnResponse } from '../../../proto/kafka/messages/end-txn.ts'
import type { InitProducerIdRequest, InitProducerIdResponse } from '../../../proto/kafka/messages/init-producer-id.ts'
import type {
  TxnOffsetCommitRequest,
  TxnOffsetCommitResponse,
} from '../../../proto/kafka/messages/txn-offset-commit.ts'
import type { GroupCoordinator } from '../../group/group-coordinator.ts'
import { type Offsets, sameForAll } from '../../group/offsets.ts'
import { offsetsTopic } from '../../group/records.ts'
import { neverExpires, type ProducerIdAndEpoch, transactionForm } from '../../transaction/state.ts'
import type { ProducerResult, TransactionCoordinator } from '../../transaction/transaction-coordinator.ts'
import { merged } from '../group/offset-handlers.ts'
import {
  aclOperation,
  clusterResource,
  type HandlerTable,
  handlerEntry,
  type RequestContext,
  resourceType,
} from '../handler.ts'

/** Versions from which clients know PRODUCER_FENCED. */
const fencedKnownFrom = { InitProducerId: 4, AddPartitionsToTxn: 2, AddOffsetsToTxn: 2, EndTxn: 2 } as const

/** Versions from which transactions are in their second form. */
const secondFormFrom = { TxnOffsetCommit: 5, EndTxn: 5 } as const

export interface ProducerHandlerOptions {
  readonly transactions: TransactionCoordinator
  readonly groups: GroupCoordinator
  readonly offsets: Offsets
  hasPartition(topic: string, partition: number): boolean
}

export function createProducerHandlers(options: ProducerHandlerOptions): HandlerTable {
  const { transactions, groups, offsets, hasPartition } = options
  const addOffsets = (
    transactionalId: string,
    producer: ProducerIdAndEpoch,
    groupId: string,
    form: number,
  ): number | Promise<number> => {
    if (groupId === '') return kafkaError.INVALID_GROUP_ID
    const partitions = new Map([[offsetsTopic, new Set([groups.partitionOf(groupId)])]])
    return transactions.addPartitions(transactionalId, producer, partitions, form)
  }
  return {
    InitProducerId: handlerEntry<InitProducerIdRequest, InitProducerIdResponse>({
      minVersion: 0,
      maxVersion: 6,
      async handle(request, context) {
        const result = await initProducer(transactions, request, context)
        const errorCode = known(result.error, context.version, fencedKnownFrom.InitProducerId)
        return initResponse(errorCode, result.producerId, result.producerEpoch)
      },
      failed: (_request, errorCode) => initResponse(errorCode, -1, -1),
    }),
    AddPartitionsToTxn: handlerEntry<AddPartitionsToTxnRequest, AddPartitionsToTxnResponse>({
      minVersion: 0,
      // Later versions are for brokers among each other; clients that saw them would take them.
      maxVersion: 3,
      async handle(request, context) {
        const topics = request.v3AndBelowTopics
        const transactionalId = request.v3AndBelowTransactionalId
        if (!mayWrite(context, transactionalId)) {
          return addResponse(topics, () => kafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
        }
        const errorOf = (topic: string, partition: number): number => {
          if (!context.authorize(aclOperation.WRITE, resourceType.TOPIC, topic))
            return kafkaError.TOPIC_AUTHORIZATION_FAILED
          return hasPartition(topic, partition) ? kafkaError.NONE : kafkaError.UNKNOWN_TOPIC_OR_PARTITION
        }
        const allGood = topics.every(({ name, partitions }) =>
          partitions.every((partition) => errorOf(name, partition) === kafkaError.NONE),
        )
        // All or none.
        if (!allGood)
          return addResponse(
            topics,
            (topic, partition) => errorOf(topic, partition) || kafkaError.OPERATION_NOT_ATTEMPTED,
          )
        const producer = { producerId: request.v3AndBelowProducerId, producerEpoch: request.v3AndBelowProducerEpoch }
        const partitions = new Map(topics.map(({ name, partitions }) => [name, new Set(partitions)]))
        const error = await transactions.addPartitions(transactionalId, producer, partitions)
        return addResponse(topics, () => known(error, context.version, fencedKnownFrom.AddPartitionsToTxn))
      },
      failed: (request, error) => addResponse(request.v3AndBelowTopics, () => error),
    }),
    AddOffsetsToTxn: handlerEntry<AddOffsetsToTxnRequest, AddOffsetsToTxnResponse>({
      minVersion: 0,
      maxVersion: 4,
      async handle(request, context) {
        const { transactionalId, groupId } = request
        const error =
          groupRefusal(transactionalId, groupId, context) ||
          (await addOffsets(transactionalId, request, groupId, transactionForm.first))
        return { throttleTimeMs: 0, errorCode: known(error, context.version, fencedKnownFrom.AddOffsetsToTxn) }
      },
      failed: (_request, errorCode) => ({ throttleTimeMs: 0, errorCode }),
    }),
    TxnOffsetCommit: handlerEntry<TxnOffsetCommitRequest, TxnOffsetCommitResponse>({
      minVersion: 0,
      maxVersion: 5,
      async handle(request, context) {
        const { transactionalId, groupId, producerId, producerEpoch, topics } = request
        const refusal =
          groupRefusal(transactionalId, groupId, context) ||
          (context.version >= secondFormFrom.TxnOffsetCommit
            ? await addOffsets(transactionalId, request, groupId, transactionForm.second)
            : kafkaError.NONE)
        if (refusal !== kafkaError.NONE) return { throttleTimeMs: 0, topics: sameForAll(topics, refusal) }
        const mayRead = topics.filter(({ name }) => context.authorize(aclOperation.READ, resourceType.TOPIC, name))
        const producer: ProducerIdAndEpoch = { producerId, producerEpoch }
        const results = await offsets.commitTransactional(request, mayRead, hasPartition, {
          ...producer,
          verify: (partition) => transactions.verify(transactionalId, producer, offsetsTopic, partition),
        })
        return { throttleTimeMs: 0, topics: merged(topics, mayRead, results) }
      },
      failed: (request, error) => ({ throttleTimeMs: 0, topics: sameForAll(request.topics, error) }),
    }),
    EndTxn: handlerEntry<EndTxnRequest, EndTxnResponse>({
      minVersion: 0,
      maxVersion: 5,
      async handle(request, context) {
        const { transactionalId, committed } = request
        if (!mayWrite(context, transactionalId)) return endResponse(kafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
        if (context.version >= secondFormFrom.EndTxn) {
          const { error, ...producer } = await transactions.endAndRaise(transactionalId, request, committed)
          return endResponse(error, producer)
        }
        const error = await transactions.endTransaction(transactionalId, request, committed)
        return endResponse(known(error, context.version, fencedKnownFrom.EndTxn))
      },
      failed: (_request, error) => endResponse(error),
    }),
  }
}

function known(error: number, version: number, fencedFrom: number): number {
  return error === kafkaError.PRODUCER_FENCED && version < fencedFrom ? kafkaError.INVALID_PRODUCER_EPOCH : error
}

function mayWrite(context: RequestContext, transactionalId: string): boolean {
  return context.authorize(aclOperation.WRITE, resourceType.TRANSACTIONAL_ID, transactionalId)
}

/** Transactions that never expire hold up every reader of committed records: they take a permission of their own. */
function mayKeepOpen(context: RequestContext, transactionalId: string): boolean {
  return context.authorize(aclOperation.TWO_PHASE_COMMIT, resourceType.TRANSACTIONAL_ID, transactionalId)
}

/** Of offsets of a group in a transaction: 0 when the client may commit them. */
function groupRefusal(transactionalId: string, groupId: string, context: RequestContext): number {
  if (!mayWrite(context, transactionalId)) return kafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED
  return context.authorize(aclOperation.READ, resourceType.GROUP, groupId)
    ? kafkaError.NONE
    : kafkaError.GROUP_AUTHORIZATION_FAILED
}

async function initProducer(
  transactions: TransactionCoordinator,
  request: InitProducerIdRequest,
  context: RequestContext,
): Promise<ProducerResult> {
  const failure = (error: number) => ({ error, producerId: -1, producerEpoch: -1 })
  const { transactionalId, transactionTimeoutMs: timeoutMs, producerId, producerEpoch } = request
  if (transactionalId === null) {
    const allowed =
      context.authorize(aclOperation.IDEMPOTENT_WRITE, resourceType.CLUSTER, clusterResource) ||
      context.authorizeSome(aclOperation.WRITE, resourceType.TOPIC)
    // What it calls itself does not count: some clients send zeros.
    return allowed ? transactions.newProducer() : failure(kafkaError.CLUSTER_AUTHORIZATION_FAILED)
  }
  if (!mayWrite(context, transactionalId)) return failure(kafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
  if ((producerId === -1) !== (producerEpoch === -1)) return failure(kafkaError.INVALID_REQUEST)
  if (request.enable2Pc && !(transactions.allowsTwoPhase && mayKeepOpen(context, transactionalId)))
    return failure(kafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
  // For ever is only for those who say that they mean it.
  if (!request.enable2Pc && timeoutMs === neverExpires) return failure(kafkaError.INVALID_TRANSACTION_TIMEOUT)
  // Its open transaction would need an epoch that it keeps over several owners; Kafka 4.3 answers the same, and its client never asks.
  if (request.keepPreparedTxn) return failure(kafkaError.UNSUPPORTED_VERSION)
  const expected = producerId === -1 ? undefined : { producerId, producerEpoch }
  return transactions.initProducer({
    transactionalId,
    timeoutMs: request.enable2Pc ? neverExpires : timeoutMs,
    expected,
  })
}

function addResponse(
  topics: readonly AddPartitionsToTxnRequestTopic[],
  errorOf: (topic: string, partition: number) => number,
): AddPartitionsToTxnResponse {
  return {
    throttleTimeMs: 0,
    errorCode: kafkaError.NONE,
    resultsByTransaction: [],
    resultsByTopicV3AndBelow: topics.map(({ name, partitions }) => ({
      name,
      resultsByPartition: partitions.map((partitionIndex) => ({
        partitionIndex,
        partitionErrorCode: errorOf(name, partitionIndex),
      })),
    })),
  }
}

function initResponse(errorCode: number, producerId: number, producerEpoch: number): InitProducerIdResponse {
  const none = { ongoingTxnProducerId: -1, ongoingTxnProducerEpoch: -1 }
  return { throttleTimeMs: 0, errorCode, producerId, producerEpoch, ...none }
}

const nobody: ProducerIdAndEpoch = { producerId: -1, producerEpoch: -1 }

function endResponse(errorCode: number, { producerId, producerEpoch } = nobody): EndTxnResponse {
  return { throttleTimeMs: 0, errorCode, producerId, producerEpoch }
}
