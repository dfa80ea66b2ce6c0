// Made by scripts/build-kafka-codecs.ts from schema/consumer-protocol.schema. Do not edit.
import type { KafkaReader } from '../reader.ts'
import type { KafkaWriter } from '../writer.ts'

/** Versions 0 to 3. */
export interface ConsumerProtocolSubscription {
  topics: string[]
  userData: Buffer | null
  ownedPartitions: ConsumerProtocolSubscriptionTopicPartition[]
  generationId: number
  rackId: string | null
}

export function readConsumerProtocolSubscription(reader: KafkaReader, version: number): ConsumerProtocolSubscription {
  const topicsCount = reader.arrayLength(false, 2)
  const topics: string[] = reader.list(topicsCount)
  for (let index = 0; index < topicsCount; index++) topics[index] = reader.string(false)
  const userData = reader.nullableBytes(false)
  let ownedPartitions: ConsumerProtocolSubscriptionTopicPartition[] = []
  if (version >= 1) {
    const ownedPartitionsCount = reader.arrayLength(false, 1)
    const ownedPartitionsItems: ConsumerProtocolSubscriptionTopicPartition[] = reader.list(ownedPartitionsCount)
    for (let index = 0; index < ownedPartitionsCount; index++) ownedPartitionsItems[index] = readConsumerProtocolSubscriptionTopicPartition(reader, version)
    ownedPartitions = ownedPartitionsItems
  }
  const generationId = version >= 2 ? reader.int32() : -1
  const rackId = version >= 3 ? reader.nullableString(false) : null
  return { topics, userData, ownedPartitions, generationId, rackId }
}

export function writeConsumerProtocolSubscription(writer: KafkaWriter, message: ConsumerProtocolSubscription, version: number): void {
  writer.arrayLength(message.topics.length, false)
  for (let index = 0; index < message.topics.length; index++) writer.string(message.topics[index], false)
  writer.nullableBytes(message.userData, false)
  if (version >= 1) {
    writer.arrayLength(message.ownedPartitions.length, false)
    for (let index = 0; index < message.ownedPartitions.length; index++) writeConsumerProtocolSubscriptionTopicPartition(writer, message.ownedPartitions[index], version)
  }
  if (version >= 2) {
    writer.int32(message.generationId)
  }
  if (version >= 3) {
    writer.nullableString(message.rackId, false)
  }
}

export interface ConsumerProtocolSubscriptionTopicPartition {
  topic: string
  partitions: number[]
}

function readConsumerProtocolSubscriptionTopicPartition(reader: KafkaReader, version: number): ConsumerProtocolSubscriptionTopicPartition {
  const topic = version >= 1 ? reader.string(false) : ''
  let partitions: number[] = []
  if (version >= 1) {
    const partitionsCount = reader.arrayLength(false, 4)
    const partitionsItems: number[] = reader.list(partitionsCount)
    for (let index = 0; index < partitionsCount; index++) partitionsItems[index] = reader.int32()
    partitions = partitionsItems
  }
  return { topic, partitions }
}

function writeConsumerProtocolSubscriptionTopicPartition(writer: KafkaWriter, message: ConsumerProtocolSubscriptionTopicPartition, version: number): void {
  if (version >= 1) {
    writer.string(message.topic, false)
  }
  if (version >= 1) {
    writer.arrayLength(message.partitions.length, false)
    for (let index = 0; index < message.partitions.length; index++) writer.int32(message.partitions[index])
  }
}

/** Versions 0 to 3. */
export interface ConsumerProtocolAssignment {
  assignedPartitions: ConsumerProtocolAssignmentTopicPartition[]
  userData: Buffer | null
}

export function readConsumerProtocolAssignment(reader: KafkaReader, version: number): ConsumerProtocolAssignment {
  const assignedPartitionsCount = reader.arrayLength(false, 6)
  const assignedPartitions: ConsumerProtocolAssignmentTopicPartition[] = reader.list(assignedPartitionsCount)
  for (let index = 0; index < assignedPartitionsCount; index++) assignedPartitions[index] = readConsumerProtocolAssignmentTopicPartition(reader, version)
  const userData = reader.nullableBytes(false)
  return { assignedPartitions, userData }
}

export function writeConsumerProtocolAssignment(writer: KafkaWriter, message: ConsumerProtocolAssignment, version: number): void {
  writer.arrayLength(message.assignedPartitions.length, false)
  for (let index = 0; index < message.assignedPartitions.length; index++) writeConsumerProtocolAssignmentTopicPartition(writer, message.assignedPartitions[index], version)
  writer.nullableBytes(message.userData, false)
}

export interface ConsumerProtocolAssignmentTopicPartition {
  topic: string
  partitions: number[]
}

function readConsumerProtocolAssignmentTopicPartition(reader: KafkaReader, _version: number): ConsumerProtocolAssignmentTopicPartition {
  const topic = reader.string(false)
  const partitionsCount = reader.arrayLength(false, 4)
  const partitions: number[] = reader.list(partitionsCount)
  for (let index = 0; index < partitionsCount; index++) partitions[index] = reader.int32()
  return { topic, partitions }
}

function writeConsumerProtocolAssignmentTopicPartition(writer: KafkaWriter, message: ConsumerProtocolAssignmentTopicPartition, _version: number): void {
  writer.string(message.topic, false)
  writer.arrayLength(message.partitions.length, false)
  for (let index = 0; index < message.partitions.length; index++) writer.int32(message.partitions[index])
}
