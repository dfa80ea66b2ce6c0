// Made by scripts/build-kafka-codecs.ts from schema/offset-commit.schema. Do not edit.
import type { KafkaReader } from '../reader.ts'
import { zeroUuid } from '../reader.ts'
import type { KafkaWriter } from '../writer.ts'

/** Versions 0 to 10. */
export interface OffsetCommitRequest {
  groupId: string
  generationIdOrMemberEpoch: number
  memberId: string
  groupInstanceId: string | null
  retentionTimeMs: number
  topics: OffsetCommitRequestTopic[]
}

export function readOffsetCommitRequest(reader: KafkaReader, version: number): OffsetCommitRequest {
  const flexible = version >= 8
  const groupId = reader.string(flexible)
  const generationIdOrMemberEpoch = version >= 1 ? reader.int32() : -1
  const memberId = version >= 1 ? reader.string(flexible) : ''
  const groupInstanceId = version >= 7 ? reader.nullableString(flexible) : null
  const retentionTimeMs = version >= 2 && version <= 4 ? reader.int64() : -1
  const topicsCount = reader.arrayLength(flexible, 1)
  const topics: OffsetCommitRequestTopic[] = reader.list(topicsCount)
  for (let index = 0; index < topicsCount; index++) topics[index] = readOffsetCommitRequestTopic(reader, version)
  if (flexible) reader.skipTags()
  return { groupId, generationIdOrMemberEpoch, memberId, groupInstanceId, retentionTimeMs, topics }
}

export function writeOffsetCommitRequest(writer: KafkaWriter, message: OffsetCommitRequest, version: number): void {
  const flexible = version >= 8
  writer.string(message.groupId, flexible)
  if (version >= 1) {
    writer.int32(message.generationIdOrMemberEpoch)
  }
  if (version >= 1) {
    writer.string(message.memberId, flexible)
  }
  if (version >= 7) {
    writer.nullableString(message.groupInstanceId, flexible)
  }
  if (version >= 2 && version <= 4) {
    writer.int64(message.retentionTimeMs)
  }
  writer.arrayLength(message.topics.length, flexible)
  for (let index = 0; index < message.topics.length; index++) writeOffsetCommitRequestTopic(writer, message.topics[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface OffsetCommitRequestTopic {
  name: string
  topicId: string
  partitions: OffsetCommitRequestPartition[]
}

function readOffsetCommitRequestTopic(reader: KafkaReader, version: number): OffsetCommitRequestTopic {
  const flexible = version >= 8
  const name = version <= 9 ? reader.string(flexible) : ''
  const topicId = version >= 10 ? reader.uuid() : zeroUuid
  const partitionsCount = reader.arrayLength(flexible, 13)
  const partitions: OffsetCommitRequestPartition[] = reader.list(partitionsCount)
  for (let index = 0; index < partitionsCount; index++) partitions[index] = readOffsetCommitRequestPartition(reader, version)
  if (flexible) reader.skipTags()
  return { name, topicId, partitions }
}

function writeOffsetCommitRequestTopic(writer: KafkaWriter, message: OffsetCommitRequestTopic, version: number): void {
  const flexible = version >= 8
  if (version <= 9) {
    writer.string(message.name, flexible)
  }
  if (version >= 10) {
    writer.uuid(message.topicId)
  }
  writer.arrayLength(message.partitions.length, flexible)
  for (let index = 0; index < message.partitions.length; index++) writeOffsetCommitRequestPartition(writer, message.partitions[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface OffsetCommitRequestPartition {
  partitionIndex: number
  committedOffset: number
  committedLeaderEpoch: number
  commitTimestamp: number
  committedMetadata: string | null
}

function readOffsetCommitRequestPartition(reader: KafkaReader, version: number): OffsetCommitRequestPartition {
  const flexible = version >= 8
  const partitionIndex = reader.int32()
  const committedOffset = reader.int64()
  const committedLeaderEpoch = version >= 6 ? reader.int32() : -1
  const commitTimestamp = version >= 1 && version <= 1 ? reader.int64() : -1
  const committedMetadata = reader.nullableString(flexible)
  if (flexible) reader.skipTags()
  return { partitionIndex, committedOffset, committedLeaderEpoch, commitTimestamp, committedMetadata }
}

function writeOffsetCommitRequestPartition(writer: KafkaWriter, message: OffsetCommitRequestPartition, version: number): void {
  const flexible = version >= 8
  writer.int32(message.partitionIndex)
  writer.int64(message.committedOffset)
  if (version >= 6) {
    writer.int32(message.committedLeaderEpoch)
  }
  if (version >= 1 && version <= 1) {
    writer.int64(message.commitTimestamp)
  }
  writer.nullableString(message.committedMetadata, flexible)
  if (flexible) writer.unsignedVarint(0)
}

/** Versions 0 to 10. */
export interface OffsetCommitResponse {
  throttleTimeMs: number
  topics: OffsetCommitResponseTopic[]
}

export function readOffsetCommitResponse(reader: KafkaReader, version: number): OffsetCommitResponse {
  const flexible = version >= 8
  const throttleTimeMs = version >= 3 ? reader.int32() : 0
  const topicsCount = reader.arrayLength(flexible, 1)
  const topics: OffsetCommitResponseTopic[] = reader.list(topicsCount)
  for (let index = 0; index < topicsCount; index++) topics[index] = readOffsetCommitResponseTopic(reader, version)
  if (flexible) reader.skipTags()
  return { throttleTimeMs, topics }
}

export function writeOffsetCommitResponse(writer: KafkaWriter, message: OffsetCommitResponse, version: number): void {
  const flexible = version >= 8
  if (version >= 3) {
    writer.int32(message.throttleTimeMs)
  }
  writer.arrayLength(message.topics.length, flexible)
  for (let index = 0; index < message.topics.length; index++) writeOffsetCommitResponseTopic(writer, message.topics[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface OffsetCommitResponseTopic {
  name: string
  topicId: string
  partitions: OffsetCommitResponsePartition[]
}

function readOffsetCommitResponseTopic(reader: KafkaReader, version: number): OffsetCommitResponseTopic {
  const flexible = version >= 8
  const name = version <= 9 ? reader.string(flexible) : ''
  const topicId = version >= 10 ? reader.uuid() : zeroUuid
  const partitionsCount = reader.arrayLength(flexible, 6)
  const partitions: OffsetCommitResponsePartition[] = reader.list(partitionsCount)
  for (let index = 0; index < partitionsCount; index++) partitions[index] = readOffsetCommitResponsePartition(reader, version)
  if (flexible) reader.skipTags()
  return { name, topicId, partitions }
}

function writeOffsetCommitResponseTopic(writer: KafkaWriter, message: OffsetCommitResponseTopic, version: number): void {
  const flexible = version >= 8
  if (version <= 9) {
    writer.string(message.name, flexible)
  }
  if (version >= 10) {
    writer.uuid(message.topicId)
  }
  writer.arrayLength(message.partitions.length, flexible)
  for (let index = 0; index < message.partitions.length; index++) writeOffsetCommitResponsePartition(writer, message.partitions[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface OffsetCommitResponsePartition {
  partitionIndex: number
  errorCode: number
}

function readOffsetCommitResponsePartition(reader: KafkaReader, version: number): OffsetCommitResponsePartition {
  const flexible = version >= 8
  const partitionIndex = reader.int32()
  const errorCode = reader.int16()
  if (flexible) reader.skipTags()
  return { partitionIndex, errorCode }
}

function writeOffsetCommitResponsePartition(writer: KafkaWriter, message: OffsetCommitResponsePartition, version: number): void {
  const flexible = version >= 8
  writer.int32(message.partitionIndex)
  writer.int16(message.errorCode)
  if (flexible) writer.unsignedVarint(0)
}
