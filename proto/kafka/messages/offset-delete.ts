// Made by scripts/build-kafka-codecs.ts from schema/offset-delete.schema. Do not edit.
import type { KafkaReader } from '../reader.ts'
import type { KafkaWriter } from '../writer.ts'

/** Versions 0. */
export interface OffsetDeleteRequest {
  groupId: string
  topics: OffsetDeleteRequestTopic[]
}

export function readOffsetDeleteRequest(reader: KafkaReader, version: number): OffsetDeleteRequest {
  const groupId = reader.string(false)
  const topicsCount = reader.arrayLength(false, 6)
  const topics: OffsetDeleteRequestTopic[] = reader.list(topicsCount)
  for (let index = 0; index < topicsCount; index++) topics[index] = readOffsetDeleteRequestTopic(reader, version)
  return { groupId, topics }
}

export function writeOffsetDeleteRequest(writer: KafkaWriter, message: OffsetDeleteRequest, version: number): void {
  writer.string(message.groupId, false)
  writer.arrayLength(message.topics.length, false)
  for (let index = 0; index < message.topics.length; index++) writeOffsetDeleteRequestTopic(writer, message.topics[index], version)
}

export interface OffsetDeleteRequestTopic {
  name: string
  partitions: OffsetDeleteRequestPartition[]
}

function readOffsetDeleteRequestTopic(reader: KafkaReader, version: number): OffsetDeleteRequestTopic {
  const name = reader.string(false)
  const partitionsCount = reader.arrayLength(false, 4)
  const partitions: OffsetDeleteRequestPartition[] = reader.list(partitionsCount)
  for (let index = 0; index < partitionsCount; index++) partitions[index] = readOffsetDeleteRequestPartition(reader, version)
  return { name, partitions }
}

function writeOffsetDeleteRequestTopic(writer: KafkaWriter, message: OffsetDeleteRequestTopic, version: number): void {
  writer.string(message.name, false)
  writer.arrayLength(message.partitions.length, false)
  for (let index = 0; index < message.partitions.length; index++) writeOffsetDeleteRequestPartition(writer, message.partitions[index], version)
}

export interface OffsetDeleteRequestPartition {
  partitionIndex: number
}

function readOffsetDeleteRequestPartition(reader: KafkaReader, _version: number): OffsetDeleteRequestPartition {
  const partitionIndex = reader.int32()
  return { partitionIndex }
}

function writeOffsetDeleteRequestPartition(writer: KafkaWriter, message: OffsetDeleteRequestPartition, _version: number): void {
  writer.int32(message.partitionIndex)
}

/** Versions 0. */
export interface OffsetDeleteResponse {
  errorCode: number
  throttleTimeMs: number
  topics: OffsetDeleteResponseTopic[]
}

export function readOffsetDeleteResponse(reader: KafkaReader, version: number): OffsetDeleteResponse {
  const errorCode = reader.int16()
  const throttleTimeMs = reader.int32()
  const topicsCount = reader.arrayLength(false, 6)
  const topics: OffsetDeleteResponseTopic[] = reader.list(topicsCount)
  for (let index = 0; index < topicsCount; index++) topics[index] = readOffsetDeleteResponseTopic(reader, version)
  return { errorCode, throttleTimeMs, topics }
}

export function writeOffsetDeleteResponse(writer: KafkaWriter, message: OffsetDeleteResponse, version: number): void {
  writer.int16(message.errorCode)
  writer.int32(message.throttleTimeMs)
  writer.arrayLength(message.topics.length, false)
  for (let index = 0; index < message.topics.length; index++) writeOffsetDeleteResponseTopic(writer, message.topics[index], version)
}

export interface OffsetDeleteResponseTopic {
  name: string
  partitions: OffsetDeleteResponsePartition[]
}

function readOffsetDeleteResponseTopic(reader: KafkaReader, version: number): OffsetDeleteResponseTopic {
  const name = reader.string(false)
  const partitionsCount = reader.arrayLength(false, 6)
  const partitions: OffsetDeleteResponsePartition[] = reader.list(partitionsCount)
  for (let index = 0; index < partitionsCount; index++) partitions[index] = readOffsetDeleteResponsePartition(reader, version)
  return { name, partitions }
}

function writeOffsetDeleteResponseTopic(writer: KafkaWriter, message: OffsetDeleteResponseTopic, version: number): void {
  writer.string(message.name, false)
  writer.arrayLength(message.partitions.length, false)
  for (let index = 0; index < message.partitions.length; index++) writeOffsetDeleteResponsePartition(writer, message.partitions[index], version)
}

export interface OffsetDeleteResponsePartition {
  partitionIndex: number
  errorCode: number
}

function readOffsetDeleteResponsePartition(reader: KafkaReader, _version: number): OffsetDeleteResponsePartition {
  const partitionIndex = reader.int32()
  const errorCode = reader.int16()
  return { partitionIndex, errorCode }
}

function writeOffsetDeleteResponsePartition(writer: KafkaWriter, message: OffsetDeleteResponsePartition, _version: number): void {
  writer.int32(message.partitionIndex)
  writer.int16(message.errorCode)
}
