// Made by scripts/build-kafka-codecs.ts from schema/offset-for-leader-epoch.schema. Do not edit.
import type { KafkaReader } from '../reader.ts'
import type { KafkaWriter } from '../writer.ts'

/** Versions 0 to 4. */
export interface OffsetForLeaderEpochRequest {
  replicaId: number
  topics: OffsetForLeaderEpochRequestOffsetForLeaderTopic[]
}

export function readOffsetForLeaderEpochRequest(reader: KafkaReader, version: number): OffsetForLeaderEpochRequest {
  const flexible = version >= 4
  const replicaId = version >= 3 ? reader.int32() : -2
  const topicsCount = reader.arrayLength(flexible, 2)
  const topics: OffsetForLeaderEpochRequestOffsetForLeaderTopic[] = reader.list(topicsCount)
  for (let index = 0; index < topicsCount; index++) topics[index] = readOffsetForLeaderEpochRequestOffsetForLeaderTopic(reader, version)
  if (flexible) reader.skipTags()
  return { replicaId, topics }
}

export function writeOffsetForLeaderEpochRequest(writer: KafkaWriter, message: OffsetForLeaderEpochRequest, version: number): void {
  const flexible = version >= 4
  if (version >= 3) {
    writer.int32(message.replicaId)
  }
  writer.arrayLength(message.topics.length, flexible)
  for (let index = 0; index < message.topics.length; index++) writeOffsetForLeaderEpochRequestOffsetForLeaderTopic(writer, message.topics[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface OffsetForLeaderEpochRequestOffsetForLeaderTopic {
  topic: string
  partitions: OffsetForLeaderEpochRequestOffsetForLeaderPartition[]
}

function readOffsetForLeaderEpochRequestOffsetForLeaderTopic(reader: KafkaReader, version: number): OffsetForLeaderEpochRequestOffsetForLeaderTopic {
  const flexible = version >= 4
  const topic = reader.string(flexible)
  const partitionsCount = reader.arrayLength(flexible, 8)
  const partitions: OffsetForLeaderEpochRequestOffsetForLeaderPartition[] = reader.list(partitionsCount)
  for (let index = 0; index < partitionsCount; index++) partitions[index] = readOffsetForLeaderEpochRequestOffsetForLeaderPartition(reader, version)
  if (flexible) reader.skipTags()
  return { topic, partitions }
}

function writeOffsetForLeaderEpochRequestOffsetForLeaderTopic(writer: KafkaWriter, message: OffsetForLeaderEpochRequestOffsetForLeaderTopic, version: number): void {
  const flexible = version >= 4
  writer.string(message.topic, flexible)
  writer.arrayLength(message.partitions.length, flexible)
  for (let index = 0; index < message.partitions.length; index++) writeOffsetForLeaderEpochRequestOffsetForLeaderPartition(writer, message.partitions[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface OffsetForLeaderEpochRequestOffsetForLeaderPartition {
  partition: number
  currentLeaderEpoch: number
  leaderEpoch: number
}

function readOffsetForLeaderEpochRequestOffsetForLeaderPartition(reader: KafkaReader, version: number): OffsetForLeaderEpochRequestOffsetForLeaderPartition {
  const flexible = version >= 4
  const partition = reader.int32()
  const currentLeaderEpoch = version >= 2 ? reader.int32() : -1
  const leaderEpoch = reader.int32()
  if (flexible) reader.skipTags()
  return { partition, currentLeaderEpoch, leaderEpoch }
}

function writeOffsetForLeaderEpochRequestOffsetForLeaderPartition(writer: KafkaWriter, message: OffsetForLeaderEpochRequestOffsetForLeaderPartition, version: number): void {
  const flexible = version >= 4
  writer.int32(message.partition)
  if (version >= 2) {
    writer.int32(message.currentLeaderEpoch)
  }
  writer.int32(message.leaderEpoch)
  if (flexible) writer.unsignedVarint(0)
}

/** Versions 0 to 4. */
export interface OffsetForLeaderEpochResponse {
  throttleTimeMs: number
  topics: OffsetForLeaderEpochResponseOffsetForLeaderTopicResult[]
}

export function readOffsetForLeaderEpochResponse(reader: KafkaReader, version: number): OffsetForLeaderEpochResponse {
  const flexible = version >= 4
  const throttleTimeMs = version >= 2 ? reader.int32() : 0
  const topicsCount = reader.arrayLength(flexible, 2)
  const topics: OffsetForLeaderEpochResponseOffsetForLeaderTopicResult[] = reader.list(topicsCount)
  for (let index = 0; index < topicsCount; index++) topics[index] = readOffsetForLeaderEpochResponseOffsetForLeaderTopicResult(reader, version)
  if (flexible) reader.skipTags()
  return { throttleTimeMs, topics }
}

export function writeOffsetForLeaderEpochResponse(writer: KafkaWriter, message: OffsetForLeaderEpochResponse, version: number): void {
  const flexible = version >= 4
  if (version >= 2) {
    writer.int32(message.throttleTimeMs)
  }
  writer.arrayLength(message.topics.length, flexible)
  for (let index = 0; index < message.topics.length; index++) writeOffsetForLeaderEpochResponseOffsetForLeaderTopicResult(writer, message.topics[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface OffsetForLeaderEpochResponseOffsetForLeaderTopicResult {
  topic: string
  partitions: OffsetForLeaderEpochResponseEpochEndOffset[]
}

function readOffsetForLeaderEpochResponseOffsetForLeaderTopicResult(reader: KafkaReader, version: number): OffsetForLeaderEpochResponseOffsetForLeaderTopicResult {
  const flexible = version >= 4
  const topic = reader.string(flexible)
  const partitionsCount = reader.arrayLength(flexible, 14)
  const partitions: OffsetForLeaderEpochResponseEpochEndOffset[] = reader.list(partitionsCount)
  for (let index = 0; index < partitionsCount; index++) partitions[index] = readOffsetForLeaderEpochResponseEpochEndOffset(reader, version)
  if (flexible) reader.skipTags()
  return { topic, partitions }
}

function writeOffsetForLeaderEpochResponseOffsetForLeaderTopicResult(writer: KafkaWriter, message: OffsetForLeaderEpochResponseOffsetForLeaderTopicResult, version: number): void {
  const flexible = version >= 4
  writer.string(message.topic, flexible)
  writer.arrayLength(message.partitions.length, flexible)
  for (let index = 0; index < message.partitions.length; index++) writeOffsetForLeaderEpochResponseEpochEndOffset(writer, message.partitions[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface OffsetForLeaderEpochResponseEpochEndOffset {
  errorCode: number
  partition: number
  leaderEpoch: number
  endOffset: number
}

function readOffsetForLeaderEpochResponseEpochEndOffset(reader: KafkaReader, version: number): OffsetForLeaderEpochResponseEpochEndOffset {
  const flexible = version >= 4
  const errorCode = reader.int16()
  const partition = reader.int32()
  const leaderEpoch = version >= 1 ? reader.int32() : -1
  const endOffset = reader.int64()
  if (flexible) reader.skipTags()
  return { errorCode, partition, leaderEpoch, endOffset }
}

function writeOffsetForLeaderEpochResponseEpochEndOffset(writer: KafkaWriter, message: OffsetForLeaderEpochResponseEpochEndOffset, version: number): void {
  const flexible = version >= 4
  writer.int16(message.errorCode)
  writer.int32(message.partition)
  if (version >= 1) {
    writer.int32(message.leaderEpoch)
  }
  writer.int64(message.endOffset)
  if (flexible) writer.unsignedVarint(0)
}
