/**
 * The partitions that a Produce request writes to first in its transaction: in the second form of transactions they become part of it by
 * that. Pure, but for what it asks.
 */
import { kafkaError } from '../../../proto/kafka/error-codes.ts'
import type { ProduceRequest, ProduceRequestTopicData } from '../../../proto/kafka/messages/produce.ts'
import {
  attributesOf,
  batchHeaderBytes,
  producerEpochOf,
  producerIdOf,
  transactionalBit,
} from '../../log/batch-fields.ts'
import type { Topic } from '../../metadata/topics.ts'
import type { ProducerIdAndEpoch, TransactionPartitions } from '../../transaction/state.ts'

export interface FirstBatches {
  /** A request has one producer; batches of others are refused when they are appended. */
  readonly producer: ProducerIdAndEpoch
  readonly partitions: TransactionPartitions
}

export function isTransactional(records: Buffer): boolean {
  return records.length >= batchHeaderBytes && (attributesOf(records, 0) & transactionalBit) !== 0
}

/** Undefined when there are none. `topicOf`: undefined where the client may not write. */
export function firstBatches(
  request: ProduceRequest,
  topicOf: (data: ProduceRequestTopicData) => Topic | undefined,
  isFirst: (producer: ProducerIdAndEpoch, topic: string, partition: number) => boolean,
): FirstBatches | undefined {
  let producer: ProducerIdAndEpoch | undefined
  const partitions = new Map<string, Set<number>>()
  for (const data of request.topicData) {
    const topic = topicOf(data)
    if (topic === undefined) continue
    for (const { index, records } of data.partitionData) {
      if (records === null || !isTransactional(records) || index < 0 || index >= topic.image.partitions) continue
      const own = producer ?? { producerId: producerIdOf(records, 0), producerEpoch: producerEpochOf(records, 0) }
      if (!isFirst(own, topic.name, index)) continue
      producer = own
      partitions.set(topic.name, (partitions.get(topic.name) ?? new Set()).add(index))
    }
  }
  return producer && { producer, partitions }
}

/** The request with batches in memory of their own: those of the frame are used again while this one waits. */
export function kept(request: ProduceRequest): ProduceRequest {
  return {
    ...request,
    topicData: request.topicData.map((topic) => ({
      ...topic,
      partitionData: topic.partitionData.map(({ index, records }) => ({
        index,
        records: records && Buffer.from(records),
      })),
    })),
  }
}

/** What a producer of the second form is told where its partitions could not be added. */
export function addError(error: number): number {
  switch (error) {
    case kafkaError.PRODUCER_FENCED:
      return kafkaError.INVALID_PRODUCER_EPOCH
    // Those of coordinators make a producer look for another broker.
    case kafkaError.COORDINATOR_LOAD_IN_PROGRESS:
    case kafkaError.COORDINATOR_NOT_AVAILABLE:
    case kafkaError.NOT_COORDINATOR:
      return kafkaError.NOT_ENOUGH_REPLICAS
    default:
      return error
  }
}
