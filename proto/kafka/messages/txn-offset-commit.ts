// Made by scripts/build-kafka-codecs.ts from schema/txn-offset-commit.schema. Do not edit.
import type { KafkaReader } from '../reader.ts'
import type { KafkaWriter } from '../writer.ts'

/** Versions 0 to 5. */
export interface TxnOffsetCommitRequest {
  transactionalId: string
  groupId: string
  producerId: number
  producerEpoch: number
  generationId: number
  memberId: string
  groupInstanceId: string | null
  topics: TxnOffsetCommitRequestTopic[]
}

export function readTxnOffsetCommitRequest(reader: KafkaReader, version: number): TxnOffsetCommitRequest {
  const flexible = version >= 3
  const transactionalId = reader.string(flexible)
  const groupId = reader.string(flexible)
  const producerId = reader.int64()
  const producerEpoch = reader.int16()
  const generationId = version >= 3 ? reader.int32() : -1
  const memberId = version >= 3 ? reader.string(flexible) : ''
  const groupInstanceId = version >= 3 ? reader.nullableString(flexible) : null
  const topicsCount = reader.arrayLength(flexible, 2)
  const topics: TxnOffsetCommitRequestTopic[] = reader.list(topicsCount)
  for (let index = 0; index < topicsCount; index++) topics[index] = readTxnOffsetCommitRequestTopic(reader, version)
  if (flexible) reader.skipTags()
  return { transactionalId, groupId, producerId, producerEpoch, generationId, memberId, groupInstanceId, topics }
}

export function writeTxnOffsetCommitRequest(writer: KafkaWriter, message: TxnOffsetCommitRequest, version: number): void {
  const flexible = version >= 3
  writer.string(message.transactionalId, flexible)
  writer.string(message.groupId, flexible)
  writer.int64(message.producerId)
  writer.int16(message.producerEpoch)
  if (version >= 3) {
    writer.int32(message.generationId)
  }
  if (version >= 3) {
    writer.string(message.memberId, flexible)
  }
  if (version >= 3) {
    writer.nullableString(message.groupInstanceId, flexible)
  }
  writer.arrayLength(message.topics.length, flexible)
  for (let index = 0; index < message.topics.length; index++) writeTxnOffsetCommitRequestTopic(writer, message.topics[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface TxnOffsetCommitRequestTopic {
  name: string
  partitions: TxnOffsetCommitRequestPartition[]
}

function readTxnOffsetCommitRequestTopic(reader: KafkaReader, version: number): TxnOffsetCommitRequestTopic {
  const flexible = version >= 3
  const name = reader.string(flexible)
  const partitionsCount = reader.arrayLength(flexible, 13)
  const partitions: TxnOffsetCommitRequestPartition[] = reader.list(partitionsCount)
  for (let index = 0; index < partitionsCount; index++) partitions[index] = readTxnOffsetCommitRequestPartition(reader, version)
  if (flexible) reader.skipTags()
  return { name, partitions }
}

function writeTxnOffsetCommitRequestTopic(writer: KafkaWriter, message: TxnOffsetCommitRequestTopic, version: number): void {
  const flexible = version >= 3
  writer.string(message.name, flexible)
  writer.arrayLength(message.partitions.length, flexible)
  for (let index = 0; index < message.partitions.length; index++) writeTxnOffsetCommitRequestPartition(writer, message.partitions[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface TxnOffsetCommitRequestPartition {
  partitionIndex: number
  committedOffset: number
  committedLeaderEpoch: number
  committedMetadata: string | null
}

function readTxnOffsetCommitRequestPartition(reader: KafkaReader, version: number): TxnOffsetCommitRequestPartition {
  const flexible = version >= 3
  const partitionIndex = reader.int32()
  const committedOffset = reader.int64()
  const committedLeaderEpoch = version >= 2 ? reader.int32() : -1
  const committedMetadata = reader.nullableString(flexible)
  if (flexible) reader.skipTags()
  return { partitionIndex, committedOffset, committedLeaderEpoch, committedMetadata }
}

function writeTxnOffsetCommitRequestPartition(writer: KafkaWriter, message: TxnOffsetCommitRequestPartition, version: number): void {
  const flexible = version >= 3
  writer.int32(message.partitionIndex)
  writer.int64(message.committedOffset)
  if (version >= 2) {
    writer.int32(message.committedLeaderEpoch)
  }
  writer.nullableString(message.committedMetadata, flexible)
  if (flexible) writer.unsignedVarint(0)
}

/** Versions 0 to 5. */
export interface TxnOffsetCommitResponse {
  throttleTimeMs: number
  topics: TxnOffsetCommitResponseTopic[]
}

export function readTxnOffsetCommitResponse(reader: KafkaReader, version: number): TxnOffsetCommitResponse {
  const flexible = version >= 3
  const throttleTimeMs = reader.int32()
  const topicsCount = reader.arrayLength(flexible, 2)
  const topics: TxnOffsetCommitResponseTopic[] = reader.list(topicsCount)
  for (let index = 0; index < topicsCount; index++) topics[index] = readTxnOffsetCommitResponseTopic(reader, version)
  if (flexible) reader.skipTags()
  return { throttleTimeMs, topics }
}

export function writeTxnOffsetCommitResponse(writer: KafkaWriter, message: TxnOffsetCommitResponse, version: number): void {
  const flexible = version >= 3
  writer.int32(message.throttleTimeMs)
  writer.arrayLength(message.topics.length, flexible)
  for (let index = 0; index < message.topics.length; index++) writeTxnOffsetCommitResponseTopic(writer, message.topics[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface TxnOffsetCommitResponseTopic {
  name: string
  partitions: TxnOffsetCommitResponsePartition[]
}

function readTxnOffsetCommitResponseTopic(reader: KafkaReader, version: number): TxnOffsetCommitResponseTopic {
  const flexible = version >= 3
  const name = reader.string(flexible)
  const partitionsCount = reader.arrayLength(flexible, 6)
  const partitions: TxnOffsetCommitResponsePartition[] = reader.list(partitionsCount)
  for (let index = 0; index < partitionsCount; index++) partitions[index] = readTxnOffsetCommitResponsePartition(reader, version)
  if (flexible) reader.skipTags()
  return { name, partitions }
}

function writeTxnOffsetCommitResponseTopic(writer: KafkaWriter, message: TxnOffsetCommitResponseTopic, version: number): void {
  const flexible = version >= 3
  writer.string(message.name, flexible)
  writer.arrayLength(message.partitions.length, flexible)
  for (let index = 0; index < message.partitions.length; index++) writeTxnOffsetCommitResponsePartition(writer, message.partitions[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface TxnOffsetCommitResponsePartition {
  partitionIndex: number
  errorCode: number
}

function readTxnOffsetCommitResponsePartition(reader: KafkaReader, version: number): TxnOffsetCommitResponsePartition {
  const flexible = version >= 3
  const partitionIndex = reader.int32()
  const errorCode = reader.int16()
  if (flexible) reader.skipTags()
  return { partitionIndex, errorCode }
}

function writeTxnOffsetCommitResponsePartition(writer: KafkaWriter, message: TxnOffsetCommitResponsePartition, version: number): void {
  const flexible = version >= 3
  writer.int32(message.partitionIndex)
  writer.int16(message.errorCode)
  if (flexible) writer.unsignedVarint(0)
}
