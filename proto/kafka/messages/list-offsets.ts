// Made by scripts/build-kafka-codecs.ts from schema/list-offsets.schema. Do not edit.
import type { KafkaReader } from '../reader.ts'
import type { KafkaWriter } from '../writer.ts'

/** Versions 0 to 11. */
export interface ListOffsetsRequest {
  replicaId: number
  isolationLevel: number
  topics: ListOffsetsRequestTopic[]
  timeoutMs: number
}

export function readListOffsetsRequest(reader: KafkaReader, version: number): ListOffsetsRequest {
  const flexible = version >= 6
  const replicaId = reader.int32()
  const isolationLevel = version >= 2 ? reader.int8() : 0
  const topicsCount = reader.arrayLength(flexible, 2)
  const topics: ListOffsetsRequestTopic[] = reader.list(topicsCount)
  for (let index = 0; index < topicsCount; index++) topics[index] = readListOffsetsRequestTopic(reader, version)
  const timeoutMs = version >= 10 ? reader.int32() : 0
  if (flexible) reader.skipTags()
  return { replicaId, isolationLevel, topics, timeoutMs }
}

export function writeListOffsetsRequest(writer: KafkaWriter, message: ListOffsetsRequest, version: number): void {
  const flexible = version >= 6
  writer.int32(message.replicaId)
  if (version >= 2) {
    writer.int8(message.isolationLevel)
  }
  writer.arrayLength(message.topics.length, flexible)
  for (let index = 0; index < message.topics.length; index++) writeListOffsetsRequestTopic(writer, message.topics[index], version)
  if (version >= 10) {
    writer.int32(message.timeoutMs)
  }
  if (flexible) writer.unsignedVarint(0)
}

export interface ListOffsetsRequestTopic {
  name: string
  partitions: ListOffsetsRequestPartition[]
}

function readListOffsetsRequestTopic(reader: KafkaReader, version: number): ListOffsetsRequestTopic {
  const flexible = version >= 6
  const name = reader.string(flexible)
  const partitionsCount = reader.arrayLength(flexible, 12)
  const partitions: ListOffsetsRequestPartition[] = reader.list(partitionsCount)
  for (let index = 0; index < partitionsCount; index++) partitions[index] = readListOffsetsRequestPartition(reader, version)
  if (flexible) reader.skipTags()
  return { name, partitions }
}

function writeListOffsetsRequestTopic(writer: KafkaWriter, message: ListOffsetsRequestTopic, version: number): void {
  const flexible = version >= 6
  writer.string(message.name, flexible)
  writer.arrayLength(message.partitions.length, flexible)
  for (let index = 0; index < message.partitions.length; index++) writeListOffsetsRequestPartition(writer, message.partitions[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface ListOffsetsRequestPartition {
  partitionIndex: number
  currentLeaderEpoch: number
  timestamp: number
  maxNumOffsets: number
}

function readListOffsetsRequestPartition(reader: KafkaReader, version: number): ListOffsetsRequestPartition {
  const flexible = version >= 6
  const partitionIndex = reader.int32()
  const currentLeaderEpoch = version >= 4 ? reader.int32() : -1
  const timestamp = reader.int64()
  const maxNumOffsets = version <= 0 ? reader.int32() : 1
  if (flexible) reader.skipTags()
  return { partitionIndex, currentLeaderEpoch, timestamp, maxNumOffsets }
}

function writeListOffsetsRequestPartition(writer: KafkaWriter, message: ListOffsetsRequestPartition, version: number): void {
  const flexible = version >= 6
  writer.int32(message.partitionIndex)
  if (version >= 4) {
    writer.int32(message.currentLeaderEpoch)
  }
  writer.int64(message.timestamp)
  if (version <= 0) {
    writer.int32(message.maxNumOffsets)
  }
  if (flexible) writer.unsignedVarint(0)
}

/** Versions 0 to 11. */
export interface ListOffsetsResponse {
  throttleTimeMs: number
  topics: ListOffsetsResponseTopicResponse[]
}

export function readListOffsetsResponse(reader: KafkaReader, version: number): ListOffsetsResponse {
  const flexible = version >= 6
  const throttleTimeMs = version >= 2 ? reader.int32() : 0
  const topicsCount = reader.arrayLength(flexible, 2)
  const topics: ListOffsetsResponseTopicResponse[] = reader.list(topicsCount)
  for (let index = 0; index < topicsCount; index++) topics[index] = readListOffsetsResponseTopicResponse(reader, version)
  if (flexible) reader.skipTags()
  return { throttleTimeMs, topics }
}

export function writeListOffsetsResponse(writer: KafkaWriter, message: ListOffsetsResponse, version: number): void {
  const flexible = version >= 6
  if (version >= 2) {
    writer.int32(message.throttleTimeMs)
  }
  writer.arrayLength(message.topics.length, flexible)
  for (let index = 0; index < message.topics.length; index++) writeListOffsetsResponseTopicResponse(writer, message.topics[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface ListOffsetsResponseTopicResponse {
  name: string
  partitions: ListOffsetsResponsePartitionResponse[]
}

function readListOffsetsResponseTopicResponse(reader: KafkaReader, version: number): ListOffsetsResponseTopicResponse {
  const flexible = version >= 6
  const name = reader.string(flexible)
  const partitionsCount = reader.arrayLength(flexible, 6)
  const partitions: ListOffsetsResponsePartitionResponse[] = reader.list(partitionsCount)
  for (let index = 0; index < partitionsCount; index++) partitions[index] = readListOffsetsResponsePartitionResponse(reader, version)
  if (flexible) reader.skipTags()
  return { name, partitions }
}

function writeListOffsetsResponseTopicResponse(writer: KafkaWriter, message: ListOffsetsResponseTopicResponse, version: number): void {
  const flexible = version >= 6
  writer.string(message.name, flexible)
  writer.arrayLength(message.partitions.length, flexible)
  for (let index = 0; index < message.partitions.length; index++) writeListOffsetsResponsePartitionResponse(writer, message.partitions[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface ListOffsetsResponsePartitionResponse {
  partitionIndex: number
  errorCode: number
  oldStyleOffsets: number[]
  timestamp: number
  offset: number
  leaderEpoch: number
}

function readListOffsetsResponsePartitionResponse(reader: KafkaReader, version: number): ListOffsetsResponsePartitionResponse {
  const flexible = version >= 6
  const partitionIndex = reader.int32()
  const errorCode = reader.int16()
  let oldStyleOffsets: number[] = []
  if (version <= 0) {
    const oldStyleOffsetsCount = reader.arrayLength(flexible, 8)
    const oldStyleOffsetsItems: number[] = reader.list(oldStyleOffsetsCount)
    for (let index = 0; index < oldStyleOffsetsCount; index++) oldStyleOffsetsItems[index] = reader.int64()
    oldStyleOffsets = oldStyleOffsetsItems
  }
  const timestamp = version >= 1 ? reader.int64() : -1
  const offset = version >= 1 ? reader.int64() : -1
  const leaderEpoch = version >= 4 ? reader.int32() : -1
  if (flexible) reader.skipTags()
  return { partitionIndex, errorCode, oldStyleOffsets, timestamp, offset, leaderEpoch }
}

function writeListOffsetsResponsePartitionResponse(writer: KafkaWriter, message: ListOffsetsResponsePartitionResponse, version: number): void {
  const flexible = version >= 6
  writer.int32(message.partitionIndex)
  writer.int16(message.errorCode)
  if (version <= 0) {
    writer.arrayLength(message.oldStyleOffsets.length, flexible)
    for (let index = 0; index < message.oldStyleOffsets.length; index++) writer.int64(message.oldStyleOffsets[index])
  }
  if (version >= 1) {
    writer.int64(message.timestamp)
  }
  if (version >= 1) {
    writer.int64(message.offset)
  }
  if (version >= 4) {
    writer.int32(message.leaderEpoch)
  }
  if (flexible) writer.unsignedVarint(0)
}
