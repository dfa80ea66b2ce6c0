// Made by scripts/build-kafka-codecs.ts from schema/describe-producers.schema. Do not edit.
import type { KafkaReader } from '../reader.ts'
import type { KafkaWriter } from '../writer.ts'

/** Versions 0. */
export interface DescribeProducersRequest {
  topics: DescribeProducersRequestTopicRequest[]
}

export function readDescribeProducersRequest(reader: KafkaReader, version: number): DescribeProducersRequest {
  const topicsCount = reader.arrayLength(true, 2)
  const topics: DescribeProducersRequestTopicRequest[] = reader.list(topicsCount)
  for (let index = 0; index < topicsCount; index++) topics[index] = readDescribeProducersRequestTopicRequest(reader, version)
  if (true) reader.skipTags()
  return { topics }
}

export function writeDescribeProducersRequest(writer: KafkaWriter, message: DescribeProducersRequest, version: number): void {
  writer.arrayLength(message.topics.length, true)
  for (let index = 0; index < message.topics.length; index++) writeDescribeProducersRequestTopicRequest(writer, message.topics[index], version)
  if (true) writer.unsignedVarint(0)
}

export interface DescribeProducersRequestTopicRequest {
  name: string
  partitionIndexes: number[]
}

function readDescribeProducersRequestTopicRequest(reader: KafkaReader, _version: number): DescribeProducersRequestTopicRequest {
  const name = reader.string(true)
  const partitionIndexesCount = reader.arrayLength(true, 4)
  const partitionIndexes: number[] = reader.list(partitionIndexesCount)
  for (let index = 0; index < partitionIndexesCount; index++) partitionIndexes[index] = reader.int32()
  if (true) reader.skipTags()
  return { name, partitionIndexes }
}

function writeDescribeProducersRequestTopicRequest(writer: KafkaWriter, message: DescribeProducersRequestTopicRequest, _version: number): void {
  writer.string(message.name, true)
  writer.arrayLength(message.partitionIndexes.length, true)
  for (let index = 0; index < message.partitionIndexes.length; index++) writer.int32(message.partitionIndexes[index])
  if (true) writer.unsignedVarint(0)
}

/** Versions 0. */
export interface DescribeProducersResponse {
  throttleTimeMs: number
  topics: DescribeProducersResponseTopicResponse[]
}

export function readDescribeProducersResponse(reader: KafkaReader, version: number): DescribeProducersResponse {
  const throttleTimeMs = reader.int32()
  const topicsCount = reader.arrayLength(true, 2)
  const topics: DescribeProducersResponseTopicResponse[] = reader.list(topicsCount)
  for (let index = 0; index < topicsCount; index++) topics[index] = readDescribeProducersResponseTopicResponse(reader, version)
  if (true) reader.skipTags()
  return { throttleTimeMs, topics }
}

export function writeDescribeProducersResponse(writer: KafkaWriter, message: DescribeProducersResponse, version: number): void {
  writer.int32(message.throttleTimeMs)
  writer.arrayLength(message.topics.length, true)
  for (let index = 0; index < message.topics.length; index++) writeDescribeProducersResponseTopicResponse(writer, message.topics[index], version)
  if (true) writer.unsignedVarint(0)
}

export interface DescribeProducersResponseTopicResponse {
  name: string
  partitions: DescribeProducersResponsePartitionResponse[]
}

function readDescribeProducersResponseTopicResponse(reader: KafkaReader, version: number): DescribeProducersResponseTopicResponse {
  const name = reader.string(true)
  const partitionsCount = reader.arrayLength(true, 8)
  const partitions: DescribeProducersResponsePartitionResponse[] = reader.list(partitionsCount)
  for (let index = 0; index < partitionsCount; index++) partitions[index] = readDescribeProducersResponsePartitionResponse(reader, version)
  if (true) reader.skipTags()
  return { name, partitions }
}

function writeDescribeProducersResponseTopicResponse(writer: KafkaWriter, message: DescribeProducersResponseTopicResponse, version: number): void {
  writer.string(message.name, true)
  writer.arrayLength(message.partitions.length, true)
  for (let index = 0; index < message.partitions.length; index++) writeDescribeProducersResponsePartitionResponse(writer, message.partitions[index], version)
  if (true) writer.unsignedVarint(0)
}

export interface DescribeProducersResponsePartitionResponse {
  partitionIndex: number
  errorCode: number
  errorMessage: string | null
  activeProducers: DescribeProducersResponseProducerState[]
}

function readDescribeProducersResponsePartitionResponse(reader: KafkaReader, version: number): DescribeProducersResponsePartitionResponse {
  const partitionIndex = reader.int32()
  const errorCode = reader.int16()
  const errorMessage = reader.nullableString(true)
  const activeProducersCount = reader.arrayLength(true, 36)
  const activeProducers: DescribeProducersResponseProducerState[] = reader.list(activeProducersCount)
  for (let index = 0; index < activeProducersCount; index++) activeProducers[index] = readDescribeProducersResponseProducerState(reader, version)
  if (true) reader.skipTags()
  return { partitionIndex, errorCode, errorMessage, activeProducers }
}

function writeDescribeProducersResponsePartitionResponse(writer: KafkaWriter, message: DescribeProducersResponsePartitionResponse, version: number): void {
  writer.int32(message.partitionIndex)
  writer.int16(message.errorCode)
  writer.nullableString(message.errorMessage, true)
  writer.arrayLength(message.activeProducers.length, true)
  for (let index = 0; index < message.activeProducers.length; index++) writeDescribeProducersResponseProducerState(writer, message.activeProducers[index], version)
  if (true) writer.unsignedVarint(0)
}

export interface DescribeProducersResponseProducerState {
  producerId: number
  producerEpoch: number
  lastSequence: number
  lastTimestamp: number
  coordinatorEpoch: number
  currentTxnStartOffset: number
}

function readDescribeProducersResponseProducerState(reader: KafkaReader, _version: number): DescribeProducersResponseProducerState {
  const producerId = reader.int64()
  const producerEpoch = reader.int32()
  const lastSequence = reader.int32()
  const lastTimestamp = reader.int64()
  const coordinatorEpoch = reader.int32()
  const currentTxnStartOffset = reader.int64()
  if (true) reader.skipTags()
  return { producerId, producerEpoch, lastSequence, lastTimestamp, coordinatorEpoch, currentTxnStartOffset }
}

function writeDescribeProducersResponseProducerState(writer: KafkaWriter, message: DescribeProducersResponseProducerState, _version: number): void {
  writer.int64(message.producerId)
  writer.int32(message.producerEpoch)
  writer.int32(message.lastSequence)
  writer.int64(message.lastTimestamp)
  writer.int32(message.coordinatorEpoch)
  writer.int64(message.currentTxnStartOffset)
  if (true) writer.unsignedVarint(0)
}
