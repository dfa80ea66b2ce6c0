/**
 * Produce: each partition's batch goes to its log, and the answer leaves when all of them are as durable as their topics ask.
 * With acks=0 nothing is answered; an error then closes the connection, which is all that such a client can notice.
 *
 * Requests are pipelined: the batches of the next one are appended while this one waits for the disk. Appends happen in this
 * call, so their order is that of the requests. No promises.
 *
 * From version 12 on the first batch of a transaction in a partition makes the partition part of it. That is durable before the batch is
 * appended, and the next request of the connection waits for it.
 */
import { kafkaError } from '../../proto/kafka/error-codes.ts'
import type {
  ProduceRequest,
  ProduceRequestTopicData,
  ProduceResponse,
  ProduceResponseBatchIndexAndErrorMessage,
  ProduceResponsePartitionResponse,
} from '../../proto/kafka/messages/produce.ts'
import { attributesOf, batchHeaderBytes, codecBits } from '../log/batch-fields.ts'
import type { AppendOptions, PartitionLog } from '../log/partition-log.ts'
import type { Topic } from '../metadata/topics.ts'
import { transactionForm } from '../transaction/state.ts'
import type { TransactionCoordinator } from '../transaction/transaction-coordinator.ts'
import {
  aclOperation,
  answersLater,
  closeConnection,
  type Handled,
  type HandlerTable,
  handlerEntry,
  noResponse,
  type RequestContext,
  resourceType,
} from './handler.ts'
import { addError, firstBatches, isTransactional, kept } from './transaction/first-batches.ts'
import type { BrokerView } from './view.ts'

export interface ProduceCounts {
  /** Told of what was appended. */
  produced(topic: string, bytes: number): void
}

const firstVersionWithZstd = 7
/** Clients know TRANSACTION_ABORTABLE. */
const firstVersionWithAbortable = 11
/** Batches add their partitions to the transaction. */
const firstVersionThatAdds = 12
/** Topics come by their ids, not their names. */
const firstVersionWithIds = 13
const zstdCodec = 4

// Shared by all responses: nobody changes them.
const noRecordErrors: ProduceResponseBatchIndexAndErrorMessage[] = []
const noEndpoints: ProduceResponse['nodeEndpoints'] = []
const plainAppend: AppendOptions = { origin: 'client' }

/** The answer of one request, also while its batches are on their way to the disk. */
class PendingProduce implements ProduceResponse {
  readonly responses: ProduceResponse['responses']
  readonly throttleTimeMs = 0
  readonly nodeEndpoints = noEndpoints
  /** Why no batch of a transaction may be appended; 0. */
  readonly transactionError: number
  readonly #context: RequestContext
  readonly #timeoutMs: number
  waiting = 0
  failed = false
  /** The handler has returned. */
  isLate = false

  constructor(context: RequestContext, { topicData, timeoutMs }: ProduceRequest, transactionError: number) {
    this.responses = new Array(topicData.length)
    this.#context = context
    this.#timeoutMs = timeoutMs
    this.transactionError = transactionError
  }

  refuse(index: number, errorCode: number, errorMessage: string | null): ProduceResponsePartitionResponse {
    this.failed = true
    return partitionResponse(index, errorCode, -1, -1, -1, errorMessage)
  }

  /** Answers for `partition` when everything up to `offset` is durable. */
  wait(log: PartitionLog, offset: number, partition: ProduceResponsePartitionResponse): void {
    this.waiting++
    log.onCommitted(
      offset,
      (error) => {
        if (error !== kafkaError.NONE) {
          partition.errorCode = error
          partition.baseOffset = -1
          partition.logAppendTimeMs = -1
        }
        this.waiting--
        if (this.waiting === 0 && this.isLate) this.#context.answer(this)
      },
      this.#timeoutMs,
    )
  }
}

export function createProduceHandlers(
  view: BrokerView,
  counts: ProduceCounts,
  transactions: Pick<TransactionCoordinator, 'isOngoing' | 'addPartitions'>,
): HandlerTable {
  const handle = (request: ProduceRequest, context: RequestContext): Handled<ProduceResponse> => {
    const { transactionalId } = request
    const refusal = refusalOf(request, context)
    if (refusal !== kafkaError.NONE || transactionalId === null || context.version < firstVersionThatAdds) {
      return appendAll(request, context, refusal, kafkaError.NONE)
    }
    const first = firstBatches(
      request,
      (data) => {
        const topic = writableTopic(data, context)
        return typeof topic === 'number' ? undefined : topic
      },
      ({ producerId, producerEpoch }, topic, partition) =>
        !transactions.isOngoing(producerId, producerEpoch, topic, partition),
    )
    if (first === undefined) return appendAll(request, context, refusal, kafkaError.NONE)
    // What comes behind it must not be appended before it.
    context.connection.holdBack()
    const later = kept(request)
    return transactions
      .addPartitions(transactionalId, first.producer, first.partitions, transactionForm.second)
      .then((error) => appendAll(later, context, kafkaError.NONE, addError(error)))
  }

  /** Or Kafka's error code. */
  const writableTopic = ({ name, topicId }: ProduceRequestTopicData, context: RequestContext): Topic | number => {
    const byId = context.version >= firstVersionWithIds
    const topic = byId ? view.topics.getById(topicId) : view.topics.get(name)
    if (byId && topic === undefined) return kafkaError.UNKNOWN_TOPIC_ID
    if (!context.authorize(aclOperation.WRITE, resourceType.TOPIC, topic?.name ?? name))
      return kafkaError.TOPIC_AUTHORIZATION_FAILED
    if (topic === undefined) return kafkaError.UNKNOWN_TOPIC_OR_PARTITION
    return topic.image.internal ? kafkaError.INVALID_TOPIC_EXCEPTION : topic
  }

  /** `refusal` refuses all batches, `transactionError` those of a transaction. */
  const appendAll = (
    request: ProduceRequest,
    context: RequestContext,
    refusal: number,
    transactionError: number,
  ): Exclude<Handled<ProduceResponse>, Promise<unknown>> => {
    const { acks, topicData } = request
    const pending = new PendingProduce(context, request, transactionError)
    const { responses } = pending
    for (let place = 0; place < topicData.length; place++) {
      const data = topicData[place] as ProduceRequestTopicData
      const { name, topicId, partitionData } = data
      const partitionResponses = new Array<ProduceResponsePartitionResponse>(partitionData.length)
      responses[place] = { name, topicId, partitionResponses }
      const topic = refusal === kafkaError.NONE ? writableTopic(data, context) : refusal
      for (let at = 0; at < partitionData.length; at++) {
        const { index, records } = partitionData[at] as (typeof partitionData)[number]
        const log = typeof topic === 'number' ? undefined : view.topics.logOf(topic, index)
        if (log === undefined) {
          const code = typeof topic === 'number' ? topic : kafkaError.UNKNOWN_TOPIC_OR_PARTITION
          partitionResponses[at] = pending.refuse(index, code, null)
        } else if (records === null) {
          partitionResponses[at] = pending.refuse(index, kafkaError.INVALID_RECORD, 'there are no records')
        } else {
          partitionResponses[at] = append(pending, log, index, records, acks, context)
        }
      }
    }
    if (acks === 0) return pending.failed ? closeConnection : noResponse
    if (pending.waiting === 0) return pending
    pending.isLate = true
    return answersLater
  }

  const transactionalAppend = ({ topic, partition }: PartitionLog): AppendOptions => ({
    origin: 'client',
    transactionVerified: (producerId, epoch) => transactions.isOngoing(producerId, epoch, topic, partition),
  })

  const append = (
    pending: PendingProduce,
    log: PartitionLog,
    index: number,
    records: Buffer,
    acks: number,
    context: RequestContext,
  ): ProduceResponsePartitionResponse => {
    const { version } = context
    let options = plainAppend
    if (records.length >= batchHeaderBytes) {
      if ((attributesOf(records, 0) & codecBits) === zstdCodec && version < firstVersionWithZstd) {
        return pending.refuse(index, kafkaError.UNSUPPORTED_COMPRESSION_TYPE, null)
      }
      if (isTransactional(records)) {
        if (pending.transactionError !== kafkaError.NONE) return pending.refuse(index, pending.transactionError, null)
        options = transactionalAppend(log)
      }
    }
    const result = log.append(records, options)
    if (result.kind === 'refused') return pending.refuse(index, appendError(result.error, version), result.message)
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
          nodeEndpoints: noEndpoints,
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

/** To abort and go on is all that is wrong; older clients take what they are told for the end of the producer. */
function appendError(error: number, version: number): number {
  return error === kafkaError.INVALID_TXN_STATE && version >= firstVersionWithAbortable
    ? kafkaError.TRANSACTION_ABORTABLE
    : error
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
