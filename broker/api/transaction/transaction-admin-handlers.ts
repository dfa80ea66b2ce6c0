/** WriteTxnMarkers, DescribeTransactions and ListTransactions over the wire. */
import type { Clock } from '../../../core/platform/clock.ts'
import { kafkaError } from '../../../proto/kafka/error-codes.ts'
import type {
  DescribeTransactionsRequest,
  DescribeTransactionsResponse,
} from '../../../proto/kafka/messages/describe-transactions.ts'
import type {
  ListTransactionsRequest,
  ListTransactionsResponse,
} from '../../../proto/kafka/messages/list-transactions.ts'
import type {
  WriteTxnMarkersRequest,
  WriteTxnMarkersResponse,
} from '../../../proto/kafka/messages/write-txn-markers.ts'
import type { MarkerTarget } from '../../transaction/markers.ts'
import { NamePattern } from '../../transaction/name-pattern.ts'
import { statusName, transactionForm } from '../../transaction/state.ts'
import { describeFailure, describeTransaction, listTransactions } from '../../transaction/transaction-admin.ts'
import type { TransactionCoordinator } from '../../transaction/transaction-coordinator.ts'
import {
  aclOperation,
  clusterResource,
  type HandlerTable,
  handlerEntry,
  type RequestContext,
  resourceType,
} from '../handler.ts'

export interface TransactionAdminHandlerOptions {
  readonly transactions: TransactionCoordinator
  readonly markers: MarkerTarget
  readonly clock: Clock
}

export function createTransactionAdminHandlers(options: TransactionAdminHandlerOptions): HandlerTable {
  const { transactions, markers, clock } = options
  return {
    // Administrators end hanging transactions by it.
    WriteTxnMarkers: handlerEntry<WriteTxnMarkersRequest, WriteTxnMarkersResponse>({
      minVersion: 0,
      maxVersion: 2,
      async handle(request, context) {
        const allowed =
          context.authorize(aclOperation.CLUSTER_ACTION, resourceType.CLUSTER, clusterResource) ||
          context.authorize(aclOperation.ALTER, resourceType.CLUSTER, clusterResource)
        const write = (
          marker: WriteTxnMarkersRequest['markers'][number],
          topic: string,
          partition: number,
        ): number | Promise<number> =>
          allowed
            ? markers.writeMarker(
                topic,
                partition,
                marker.producerId,
                marker.producerEpoch,
                marker.coordinatorEpoch,
                marker.transactionResult ? 'commit' : 'abort',
                marker.transactionVersion >= transactionForm.second,
              )
            : kafkaError.CLUSTER_AUTHORIZATION_FAILED
        return markersResponse(request, write)
      },
    }),
    DescribeTransactions: handlerEntry<DescribeTransactionsRequest, DescribeTransactionsResponse>({
      minVersion: 0,
      maxVersion: 0,
      handle({ transactionalIds }, context) {
        const transactionStates = transactionalIds.map((id) => {
          if (!mayDescribe(context, id)) return describeFailure(id, kafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
          const { topics, ...rest } = describeTransaction(transactions, id)
          const seen = topics.filter(({ topic }) => context.authorize(aclOperation.DESCRIBE, resourceType.TOPIC, topic))
          return { ...rest, topics: seen }
        })
        return { throttleTimeMs: 0, transactionStates }
      },
      failed: ({ transactionalIds }, error) => ({
        throttleTimeMs: 0,
        transactionStates: transactionalIds.map((id) => describeFailure(id, error)),
      }),
    }),
    ListTransactions: handlerEntry<ListTransactionsRequest, ListTransactionsResponse>({
      minVersion: 0,
      maxVersion: 2,
      handle(request, context) {
        const { stateFilters: states, producerIdFilters: producerIds, transactionalIdPattern: text } = request
        const pattern = text === null || text === '' ? undefined : NamePattern.parse(text)
        if (text && pattern === undefined) return listFailure(kafkaError.INVALID_REGULAR_EXPRESSION)
        const filter = { states, producerIds, olderThanMs: request.durationFilter, pattern }
        const { error, unknownStates, transactions: found } = listTransactions(transactions, filter, clock.now())
        const seen = found.filter(({ transactionalId }) => mayDescribe(context, transactionalId))
        return {
          throttleTimeMs: 0,
          errorCode: error,
          unknownStateFilters: unknownStates,
          transactionStates: seen.map(({ transactionalId, producerId, status }) => ({
            transactionalId,
            producerId,
            transactionState: statusName(status),
          })),
        }
      },
      failed: (_request, errorCode) => listFailure(errorCode),
    }),
  }
}

function listFailure(errorCode: number): ListTransactionsResponse {
  return { throttleTimeMs: 0, errorCode, unknownStateFilters: [], transactionStates: [] }
}

function mayDescribe(context: RequestContext, transactionalId: string): boolean {
  return context.authorize(aclOperation.DESCRIBE, resourceType.TRANSACTIONAL_ID, transactionalId)
}

async function markersResponse(
  request: WriteTxnMarkersRequest,
  write: (
    marker: WriteTxnMarkersRequest['markers'][number],
    topic: string,
    partition: number,
  ) => number | Promise<number>,
): Promise<WriteTxnMarkersResponse> {
  const markers = request.markers.map(async (marker) => {
    const topics = marker.topics.map(async ({ name, partitionIndexes }) => {
      const partitions = partitionIndexes.map(async (partitionIndex) => ({
        partitionIndex,
        errorCode: await write(marker, name, partitionIndex),
      }))
      return { name, partitions: await Promise.all(partitions) }
    })
    return { producerId: marker.producerId, topics: await Promise.all(topics) }
  })
  return { markers: await Promise.all(markers) }
}
