// Made by scripts/build-kafka-codecs.ts from schema/describe-transactions.schema. Do not edit.
import type { KafkaReader } from '../reader.ts'
import type { KafkaWriter } from '../writer.ts'

/** Versions 0. */
export interface DescribeTransactionsRequest {
  transactionalIds: string[]
}

export function readDescribeTransactionsRequest(reader: KafkaReader, _version: number): DescribeTransactionsRequest {
  const transactionalIdsCount = reader.arrayLength(true, 1)
  const transactionalIds: string[] = reader.list(transactionalIdsCount)
  for (let index = 0; index < transactionalIdsCount; index++) transactionalIds[index] = reader.string(true)
  if (true) reader.skipTags()
  return { transactionalIds }
}

export function writeDescribeTransactionsRequest(writer: KafkaWriter, message: DescribeTransactionsRequest, _version: number): void {
  writer.arrayLength(message.transactionalIds.length, true)
  for (let index = 0; index < message.transactionalIds.length; index++) writer.string(message.transactionalIds[index], true)
  if (true) writer.unsignedVarint(0)
}

/** Versions 0. */
export interface DescribeTransactionsResponse {
  throttleTimeMs: number
  transactionStates: DescribeTransactionsResponseTransactionState[]
}

export function readDescribeTransactionsResponse(reader: KafkaReader, version: number): DescribeTransactionsResponse {
  const throttleTimeMs = reader.int32()
  const transactionStatesCount = reader.arrayLength(true, 27)
  const transactionStates: DescribeTransactionsResponseTransactionState[] = reader.list(transactionStatesCount)
  for (let index = 0; index < transactionStatesCount; index++) transactionStates[index] = readDescribeTransactionsResponseTransactionState(reader, version)
  if (true) reader.skipTags()
  return { throttleTimeMs, transactionStates }
}

export function writeDescribeTransactionsResponse(writer: KafkaWriter, message: DescribeTransactionsResponse, version: number): void {
  writer.int32(message.throttleTimeMs)
  writer.arrayLength(message.transactionStates.length, true)
  for (let index = 0; index < message.transactionStates.length; index++) writeDescribeTransactionsResponseTransactionState(writer, message.transactionStates[index], version)
  if (true) writer.unsignedVarint(0)
}

export interface DescribeTransactionsResponseTransactionState {
  errorCode: number
  transactionalId: string
  transactionState: string
  transactionTimeoutMs: number
  transactionStartTimeMs: number
  producerId: number
  producerEpoch: number
  topics: DescribeTransactionsResponseTopicData[]
}

function readDescribeTransactionsResponseTransactionState(reader: KafkaReader, version: number): DescribeTransactionsResponseTransactionState {
  const errorCode = reader.int16()
  const transactionalId = reader.string(true)
  const transactionState = reader.string(true)
  const transactionTimeoutMs = reader.int32()
  const transactionStartTimeMs = reader.int64()
  const producerId = reader.int64()
  const producerEpoch = reader.int16()
  const topicsCount = reader.arrayLength(true, 2)
  const topics: DescribeTransactionsResponseTopicData[] = reader.list(topicsCount)
  for (let index = 0; index < topicsCount; index++) topics[index] = readDescribeTransactionsResponseTopicData(reader, version)
  if (true) reader.skipTags()
  return { errorCode, transactionalId, transactionState, transactionTimeoutMs, transactionStartTimeMs, producerId, producerEpoch, topics }
}

function writeDescribeTransactionsResponseTransactionState(writer: KafkaWriter, message: DescribeTransactionsResponseTransactionState, version: number): void {
  writer.int16(message.errorCode)
  writer.string(message.transactionalId, true)
  writer.string(message.transactionState, true)
  writer.int32(message.transactionTimeoutMs)
  writer.int64(message.transactionStartTimeMs)
  writer.int64(message.producerId)
  writer.int16(message.producerEpoch)
  writer.arrayLength(message.topics.length, true)
  for (let index = 0; index < message.topics.length; index++) writeDescribeTransactionsResponseTopicData(writer, message.topics[index], version)
  if (true) writer.unsignedVarint(0)
}

export interface DescribeTransactionsResponseTopicData {
  topic: string
  partitions: number[]
}

function readDescribeTransactionsResponseTopicData(reader: KafkaReader, _version: number): DescribeTransactionsResponseTopicData {
  const topic = reader.string(true)
  const partitionsCount = reader.arrayLength(true, 4)
  const partitions: number[] = reader.list(partitionsCount)
  for (let index = 0; index < partitionsCount; index++) partitions[index] = reader.int32()
  if (true) reader.skipTags()
  return { topic, partitions }
}

function writeDescribeTransactionsResponseTopicData(writer: KafkaWriter, message: DescribeTransactionsResponseTopicData, _version: number): void {
  writer.string(message.topic, true)
  writer.arrayLength(message.partitions.length, true)
  for (let index = 0; index < message.partitions.length; index++) writer.int32(message.partitions[index])
  if (true) writer.unsignedVarint(0)
}
