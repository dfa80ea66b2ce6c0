/**
 * ListOffsets, OffsetForLeaderEpoch, DeleteRecords, DescribeProducers: questions about places in a log, each partition with its own
 * answer.
 */
import { kafkaError } from '../../proto/kafka/error-codes.ts'
import type { DeleteRecordsRequest, DeleteRecordsResponse } from '../../proto/kafka/messages/delete-records.ts'
import type {
  DescribeProducersRequest,
  DescribeProducersResponse,
} from '../../proto/kafka/messages/describe-producers.ts'
import type {
  ListOffsetsRequest,
  ListOffsetsRequestPartition,
  ListOffsetsResponse,
  ListOffsetsResponsePartitionResponse,
} from '../../proto/kafka/messages/list-offsets.ts'
import type {
  OffsetForLeaderEpochRequest,
  OffsetForLeaderEpochResponse,
} from '../../proto/kafka/messages/offset-for-leader-epoch.ts'
import type { Isolation, PartitionLog } from '../log/partition-log.ts'
import {
  type AclOperation,
  aclOperation,
  type HandlerTable,
  handlerEntry,
  type RequestContext,
  resourceType,
} from './handler.ts'
import type { BrokerView } from './view.ts'

/** Times that are places. */
const latest = -1
const earliest = -2
const maxTimestamp = -3
const earliestLocal = -4
const latestTiered = -5
const earliestPendingUpload = -6

type Found = { readonly log: PartitionLog; readonly error: 0 } | { readonly log: undefined; readonly error: number }

export function createOffsetHandlers(view: BrokerView): HandlerTable {
  const handler = new OffsetsHandler(view)
  return {
    ListOffsets: handlerEntry<ListOffsetsRequest, ListOffsetsResponse>({
      minVersion: 1,
      maxVersion: 11,
      handle: (request, context) => handler.listOffsets(request, context),
    }),
    OffsetForLeaderEpoch: handlerEntry<OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse>({
      minVersion: 0,
      maxVersion: 4,
      handle: (request, context) => handler.offsetForLeaderEpoch(request, context),
    }),
    DeleteRecords: handlerEntry<DeleteRecordsRequest, DeleteRecordsResponse>({
      minVersion: 0,
      maxVersion: 2,
      handle: (request, context) => handler.deleteRecords(request, context),
    }),
    DescribeProducers: handlerEntry<DescribeProducersRequest, DescribeProducersResponse>({
      minVersion: 0,
      maxVersion: 0,
      handle: (request, context) => handler.describeProducers(request, context),
    }),
  }
}

class OffsetsHandler {
  readonly #view: BrokerView

  constructor(view: BrokerView) {
    this.#view = view
  }

  listOffsets(
    request: ListOffsetsRequest,
    context: RequestContext,
  ): ListOffsetsResponse | Promise<ListOffsetsResponse> {
    const isolation: Isolation = request.isolationLevel === 1 ? 'read-committed' : 'read-uncommitted'
    const later: Promise<void>[] = []
    const topics = request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map((asked) => {
        const answer = offsetResponse(asked.partitionIndex)
        const found = this.#find(name, asked.partitionIndex, aclOperation.DESCRIBE, context, asked.currentLeaderEpoch)
        if (found.log === undefined) answer.errorCode = found.error
        else {
          const work = listOffset(found.log, asked, isolation, answer)
          if (work !== undefined) later.push(work)
        }
        return answer
      }),
    }))
    const response: ListOffsetsResponse = { throttleTimeMs: 0, topics }
    return later.length === 0 ? response : Promise.all(later).then(() => response)
  }

  offsetForLeaderEpoch(request: OffsetForLeaderEpochRequest, context: RequestContext): OffsetForLeaderEpochResponse {
    return {
      throttleTimeMs: 0,
      topics: request.topics.map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map(({ partition, currentLeaderEpoch, leaderEpoch }) => {
          const found = this.#find(topic, partition, aclOperation.DESCRIBE, context, currentLeaderEpoch)
          if (found.log === undefined) return { errorCode: found.error, partition, leaderEpoch: -1, endOffset: -1 }
          const { epoch, endOffset } = found.log.endOffsetForEpoch(leaderEpoch)
          return { errorCode: kafkaError.NONE, partition, leaderEpoch: epoch, endOffset }
        }),
      })),
    }
  }

  async deleteRecords(request: DeleteRecordsRequest, context: RequestContext): Promise<DeleteRecordsResponse> {
    const topics = request.topics.map(async ({ name, partitions }) => ({
      name,
      partitions: await Promise.all(
        partitions.map(async ({ partitionIndex, offset }) => {
          const found = this.#find(name, partitionIndex, aclOperation.DELETE, context, -1)
          if (found.log === undefined) return { partitionIndex, lowWatermark: -1, errorCode: found.error }
          if (this.#view.topics.get(name)?.image.internal === true) {
            return { partitionIndex, lowWatermark: -1, errorCode: kafkaError.POLICY_VIOLATION }
          }
          const result = await found.log.deleteRecordsBefore(offset)
          return result.kind === 'deleted'
            ? { partitionIndex, lowWatermark: result.logStartOffset, errorCode: kafkaError.NONE }
            : { partitionIndex, lowWatermark: -1, errorCode: result.error }
        }),
      ),
    }))
    return { throttleTimeMs: 0, topics: await Promise.all(topics) }
  }

  describeProducers(request: DescribeProducersRequest, context: RequestContext): DescribeProducersResponse {
    return {
      throttleTimeMs: 0,
      topics: request.topics.map(({ name, partitionIndexes }) => ({
        name,
        partitions: partitionIndexes.map((partitionIndex) => {
          const found = this.#find(name, partitionIndex, aclOperation.READ, context, -1)
          const producers = found.log?.producers() ?? []
          return {
            partitionIndex,
            errorCode: found.error,
            errorMessage: null,
            activeProducers: producers.map((each) => ({
              producerId: each.producerId,
              producerEpoch: each.producerEpoch,
              lastSequence: each.lastSequence,
              lastTimestamp: each.lastTimestamp,
              coordinatorEpoch: each.coordinatorEpoch,
              currentTxnStartOffset: each.currentTransactionStartOffset,
            })),
          }
        }),
      })),
    }
  }

  #find(name: string, partition: number, operation: AclOperation, context: RequestContext, epoch: number): Found {
    if (!context.authorize(operation, resourceType.TOPIC, name)) {
      return { log: undefined, error: kafkaError.TOPIC_AUTHORIZATION_FAILED }
    }
    const topic = this.#view.topics.get(name)
    const log = topic === undefined ? undefined : this.#view.topics.logOf(topic, partition)
    if (log === undefined) return { log: undefined, error: kafkaError.UNKNOWN_TOPIC_OR_PARTITION }
    if (epoch >= 0 && epoch !== log.leaderEpoch) {
      const error = epoch < log.leaderEpoch ? kafkaError.FENCED_LEADER_EPOCH : kafkaError.UNKNOWN_LEADER_EPOCH
      return { log: undefined, error }
    }
    return { log, error: 0 }
  }
}

/** Fills `answer`, now or when the promise resolves. */
function listOffset(
  log: PartitionLog,
  asked: ListOffsetsRequestPartition,
  isolation: Isolation,
  answer: ListOffsetsResponsePartitionResponse,
): Promise<void> | undefined {
  switch (asked.timestamp) {
    case latest:
      answer.offset = isolation === 'read-committed' ? log.lastStableOffset : log.highWatermark
      answer.leaderEpoch = log.leaderEpoch
      return undefined
    case earliest:
    case earliestLocal:
      answer.offset = log.logStartOffset
      return undefined
    case latestTiered:
    case earliestPendingUpload:
      // There is no tiered storage: no such offsets.
      return undefined
    default:
      return search(log, asked.timestamp, isolation, answer)
  }
}

async function search(
  log: PartitionLog,
  timestamp: number,
  isolation: Isolation,
  answer: ListOffsetsResponsePartitionResponse,
): Promise<void> {
  try {
    const found = await (timestamp === maxTimestamp
      ? log.maxTimestamp(isolation)
      : log.offsetForTimestamp(timestamp, isolation))
    if (found === undefined) return
    answer.offset = found.offset
    answer.timestamp = found.timestamp
    answer.leaderEpoch = found.leaderEpoch
  } catch {
    // The log reports its own damage; the client is told that this place cannot be read.
    answer.errorCode = kafkaError.KAFKA_STORAGE_ERROR
  }
}

function offsetResponse(partitionIndex: number): ListOffsetsResponsePartitionResponse {
  return {
    partitionIndex,
    errorCode: kafkaError.NONE,
    oldStyleOffsets: [],
    timestamp: -1,
    offset: -1,
    leaderEpoch: -1,
  }
}
