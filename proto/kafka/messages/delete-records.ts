// Made by scripts/build-kafka-codecs.ts from schema/delete-records.schema. Do not edit.
import type { KafkaReader } from '../reader.ts'
import type { KafkaWriter } from '../writer.ts'

/** Versions 0 to 2. */
export interface DeleteRecordsRequest {
  topics: DeleteRecordsRequestTopic[]
  timeoutMs: number
}

export function readDeleteRecordsRequest(reader: KafkaReader, version: number): DeleteRecordsRequest {
  const flexible = version >= 2
  const topicsCount = reader.arrayLength(flexible, 2)
  const topics: DeleteRecordsRequestTopic[] = reader.list(topicsCount)
  for (let index = 0; index < topicsCount; index++) topics[index] = readDeleteRecordsRequestTopic(reader, version)
  const timeoutMs = reader.int32()
  if (flexible) reader.skipTags()
  return { topics, timeoutMs }
}

export function writeDeleteRecordsRequest(writer: KafkaWriter, message: DeleteRecordsRequest, version: number): void {
  const flexible = version >= 2
  writer.arrayLength(message.topics.length, flexible)
  for (let index = 0; index < message.topics.length; index++) writeDeleteRecordsRequestTopic(writer, message.topics[index], version)
  writer.int32(message.timeoutMs)
  if (flexible) writer.unsignedVarint(0)
}

export interface DeleteRecordsRequestTopic {
  name: string
  partitions: DeleteRecordsRequestPartition[]
}

function readDeleteRecordsRequestTopic(reader: KafkaReader, version: number): DeleteRecordsRequestTopic {
  const flexible = version >= 2
  const name = reader.string(flexible)
  const partitionsCount = reader.arrayLength(flexible, 12)
  const partitions: DeleteRecordsRequestPartition[] = reader.list(partitionsCount)
  for (let index = 0; index < partitionsCount; index++) partitions[index] = readDeleteRecordsRequestPartition(reader, version)
  if (flexible) reader.skipTags()
  return { name, partitions }
}

function writeDeleteRecordsRequestTopic(writer: KafkaWriter, message: DeleteRecordsRequestTopic, version: number): void {
  const flexible = version >= 2
  writer.string(message.name, flexible)
  writer.arrayLength(message.partitions.length, flexible)
  for (let index = 0; index < message.partitions.length; index++) writeDeleteRecordsRequestPartition(writer, message.partitions[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface DeleteRecordsRequestPartition {
  partitionIndex: number
  offset: number
}

function readDeleteRecordsRequestPartition(reader: KafkaReader, version: number): DeleteRecordsRequestPartition {
  const flexible = version >= 2
  const partitionIndex = reader.int32()
  const offset = reader.int64()
  if (flexible) reader.skipTags()
  return { partitionIndex, offset }
}

function writeDeleteRecordsRequestPartition(writer: KafkaWriter, message: DeleteRecordsRequestPartition, version: number): void {
  const flexible = version >= 2
  writer.int32(message.partitionIndex)
  writer.int64(message.offset)
  if (flexible) writer.unsignedVarint(0)
}

/** Versions 0 to 2. */
export interface DeleteRecordsResponse {
  throttleTimeMs: number
  topics: DeleteRecordsResponseTopicResult[]
}

export function readDeleteRecordsResponse(reader: KafkaReader, version: number): DeleteRecordsResponse {
  const flexible = version >= 2
  const throttleTimeMs = reader.int32()
  const topicsCount = reader.arrayLength(flexible, 2)
  const topics: DeleteRecordsResponseTopicResult[] = reader.list(topicsCount)
  for (let index = 0; index < topicsCount; index++) topics[index] = readDeleteRecordsResponseTopicResult(reader, version)
  if (flexible) reader.skipTags()
  return { throttleTimeMs, topics }
}

export function writeDeleteRecordsResponse(writer: KafkaWriter, message: DeleteRecordsResponse, version: number): void {
  const flexible = version >= 2
  writer.int32(message.throttleTimeMs)
  writer.arrayLength(message.topics.length, flexible)
  for (let index = 0; index < message.topics.length; index++) writeDeleteRecordsResponseTopicResult(writer, message.topics[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface DeleteRecordsResponseTopicResult {
  name: string
  partitions: DeleteRecordsResponsePartitionResult[]
}

function readDeleteRecordsResponseTopicResult(reader: KafkaReader, version: number): DeleteRecordsResponseTopicResult {
  const flexible = version >= 2
  const name = reader.string(flexible)
  const partitionsCount = reader.arrayLength(flexible, 14)
  const partitions: DeleteRecordsResponsePartitionResult[] = reader.list(partitionsCount)
  for (let index = 0; index < partitionsCount; index++) partitions[index] = readDeleteRecordsResponsePartitionResult(reader, version)
  if (flexible) reader.skipTags()
  return { name, partitions }
}

function writeDeleteRecordsResponseTopicResult(writer: KafkaWriter, message: DeleteRecordsResponseTopicResult, version: number): void {
  const flexible = version >= 2
  writer.string(message.name, flexible)
  writer.arrayLength(message.partitions.length, flexible)
  for (let index = 0; index < message.partitions.length; index++) writeDeleteRecordsResponsePartitionResult(writer, message.partitions[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface DeleteRecordsResponsePartitionResult {
  partitionIndex: number
  lowWatermark: number
  errorCode: number
}

function readDeleteRecordsResponsePartitionResult(reader: KafkaReader, version: number): DeleteRecordsResponsePartitionResult {
  const flexible = version >= 2
  const partitionIndex = reader.int32()
  const lowWatermark = reader.int64()
  const errorCode = reader.int16()
  if (flexible) reader.skipTags()
  return { partitionIndex, lowWatermark, errorCode }
}

function writeDeleteRecordsResponsePartitionResult(writer: KafkaWriter, message: DeleteRecordsResponsePartitionResult, version: number): void {
  const flexible = version >= 2
  writer.int32(message.partitionIndex)
  writer.int64(message.lowWatermark)
  writer.int16(message.errorCode)
  if (flexible) writer.unsignedVarint(0)
}
