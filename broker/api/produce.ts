/**
 * Produce: each partition's batch goes to its log, and the answer leaves when all of them are as durable as their topics ask.
 * With acks=0 nothing is answered; an error then closes the connection, which is all that such a client can notice.
 *
 * Requests are pipelined: the batches of the next one are appended while this one waits for the disk. Appends happen in this
 * call, so their order is that of the requests. One promise per request that waits, none per partition.
 */
import { kafkaError } from '../../proto/kafka/error-codes.ts'
import type {
  ProduceRequest,
  ProduceResponse,
  ProduceResponseBatchIndexAndErrorMessage,
  ProduceResponsePartitionResponse,
} from '../../proto/kafka/messages/produce.ts'
import type { AppendOptions, PartitionLog } from '../log/partition-log.ts'
import {
  type Answer,
  aclOperation,
  closeConnection,
  type HandlerTable,
  handlerEntry,
  noResponse,
  type RequestContext,
  resourceType,
} from './handler.ts'
import type { BrokerView } from './view.ts'

/** Asks the coordinator of transactions whether a partition belongs to the ongoing transaction of a producer. */
export type TransactionCheck = (producerId: number, producerEpoch: number, topic: string, partition: number) => boolean

export interface ProduceCounts {
  /** Told of what was appended. */
  produced(topic: string, bytes: number): void
}

const firstVersionWithZstd = 7
/** Topics come by their ids, not their names. */
const firstVersionWithIds = 13
/** Where the low byte of the attributes stands in a batch. */
const attributesAt = 22
const batchHeaderBytes = 61
const codecBits = 0x07
const zstdCodec = 4
const transactionalBit = 0x10

const noRecordErrors: ProduceResponseBatchIndexAndErrorMessage[] = []
const plainAppend: AppendOptions = { origin: 'client' }

/** The answer of one request while its batches are on their way to the disk. */
class PendingProduce {
  readonly response: ProduceResponse = { responses: [], throttleTimeMs: 0, nodeEndpoints: [] }
  waiting = 0
  failed = false
  resolve: ((response: ProduceResponse) => void) | undefined

  refuse(index: number, errorCode: number, errorMessage: string | null): ProduceResponsePartitionResponse {
    this.failed = true
    return partitionResponse(index, errorCode, -1, -1, -1, errorMessage)
  }

  /** Answers for `partition` when everything up to `offset` is durable. */
  wait(log: PartitionLog, offset: number, partition: ProduceResponsePartitionResponse): void {
    this.waiting++
    log.onCommitted(offset, (error) => {
      if (error !== kafkaError.NONE) {
        partition.errorCode = error
        partition.baseOffset = -1
        partition.logAppendTimeMs = -1
      }
      this.waiting--
      if (this.waiting === 0) this.resolve?.(this.response)
    })
  }
}

export function createProduceHandlers(
  view: BrokerView,
  counts: ProduceCounts,
  transactionCheck?: TransactionCheck,
): HandlerTable {
  const handle = (
    request: ProduceRequest,
    context: RequestContext,
  ): Answer<ProduceResponse> | Promise<ProduceResponse> => {
    const { acks } = request
    const refusal = refusalOf(request, context)
    const pending = new PendingProduce()
    const { responses } = pending.response
    const byId = context.version >= firstVersionWithIds
    for (const { name, topicId, partitionData } of request.topicData) {
      const partitionResponses: ProduceResponsePartitionResponse[] = []
      responses.push({ name, topicId, partitionResponses })
      const topic = byId ? view.topics.getById(topicId) : view.topics.get(name)
      const error =
        refusal !== kafkaError.NONE
          ? refusal
          : byId && topic === undefined
            ? kafkaError.UNKNOWN_TOPIC_ID
            : topicError(topic?.name ?? name, topic?.image.internal, context)
      for (const { index, records } of partitionData) {
        const log = error === kafkaError.NONE && topic !== undefined ? view.topics.logOf(topic, index) : undefined
        if (log === undefined) {
          const code = error === kafkaError.NONE ? kafkaError.UNKNOWN_TOPIC_OR_PARTITION : error
          partitionResponses.push(pending.refuse(index, code, null))
        } else if (records === null) {
          partitionResponses.push(pending.refuse(index, kafkaError.INVALID_RECORD, 'there are no records'))
        } else {
          partitionResponses.push(append(pending, log, index, records, acks, context))
        }
      }
    }
    if (acks === 0) return pending.failed ? closeConnection : noResponse
    if (pending.waiting === 0) return pending.response
    return new Promise((resolve) => {
      pending.resolve = resolve
    })
  }

  const append = (
    pending: PendingProduce,
    log: PartitionLog,
    index: number,
    records: Buffer,
    acks: number,
    context: RequestContext,
  ): ProduceResponsePartitionResponse => {
    let options = plainAppend
    if (records.length >= batchHeaderBytes) {
      const attributes = records[attributesAt] as number
      if ((attributes & codecBits) === zstdCodec && context.version < firstVersionWithZstd) {
        return pending.refuse(index, kafkaError.UNSUPPORTED_COMPRESSION_TYPE, null)
      }
      if ((attributes & transactionalBit) !== 0 && transactionCheck !== undefined) {
        options = {
          origin: 'client',
          transactionVerified: (producerId, epoch) => transactionCheck(producerId, epoch, log.topic, log.partition),
        }
      }
    }
    const result = log.append(records, options)
    if (result.kind === 'refused') return pending.refuse(index, result.error, result.message)
    if (result.kind === 'appended') counts.produced(log.topic, records.length)
    const { baseOffset, logAppendTimeMs } = result
    const response = partitionResponse(index, 0, baseOffset, logAppendTimeMs, log.logStartOffset, null)
    if (acks !== 0) pending.wait(log, result.lastOffset, response)
    return response
  }

  return {
    Produce: handlerEntry<ProduceRequest, ProduceResponse>({
      minVersion: 3,
      maxVersion: 13,
      // librdkafka before 2.11.1 compresses nothing unless it sees version 0, as Kafka 4 advertises it.
      advertisedMinVersion: 0,
      pipelined: true,
      borrows: true,
      handle,
      failed(request, error) {
        if (request.acks === 0) return closeConnection
        return {
          responses: request.topicData.map(({ name, topicId, partitionData }) => ({
            name,
            topicId,
            partitionResponses: partitionData.map(({ index }) => partitionResponse(index, error, -1, -1, -1, null)),
          })),
          throttleTimeMs: 0,
          nodeEndpoints: [],
        }
      },
    }),
  }
}

/** What refuses the whole request. */
function refusalOf(request: ProduceRequest, context: RequestContext): number {
  const { acks, transactionalId } = request
  if (acks !== -1 && acks !== 0 && acks !== 1) return kafkaError.INVALID_REQUIRED_ACKS
  if (
    transactionalId !== null &&
    !context.authorize(aclOperation.WRITE, resourceType.TRANSACTIONAL_ID, transactionalId)
  ) {
    return kafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED
  }
  return kafkaError.NONE
}

function topicError(name: string, internal: boolean | undefined, context: RequestContext): number {
  if (!context.authorize(aclOperation.WRITE, resourceType.TOPIC, name)) return kafkaError.TOPIC_AUTHORIZATION_FAILED
  if (internal === undefined) return kafkaError.UNKNOWN_TOPIC_OR_PARTITION
  return internal ? kafkaError.INVALID_TOPIC_EXCEPTION : kafkaError.NONE
}

function partitionResponse(
  index: number,
  errorCode: number,
  baseOffset: number,
  logAppendTimeMs: number,
  logStartOffset: number,
  errorMessage: string | null,
): ProduceResponsePartitionResponse {
  return {
    index,
    errorCode,
    baseOffset,
    logAppendTimeMs,
    logStartOffset,
    recordErrors: noRecordErrors,
    errorMessage,
    currentLeader: null,
  }
}
