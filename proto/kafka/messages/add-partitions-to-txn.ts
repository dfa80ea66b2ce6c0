// Made by scripts/build-kafka-codecs.ts from schema/add-partitions-to-txn.schema. Do not edit.
import type { KafkaReader } from '../reader.ts'
import type { KafkaWriter } from '../writer.ts'

/** Versions 0 to 5. */
export interface AddPartitionsToTxnRequest {
  transactions: AddPartitionsToTxnRequestTransaction[]
  v3AndBelowTransactionalId: string
  v3AndBelowProducerId: number
  v3AndBelowProducerEpoch: number
  v3AndBelowTopics: AddPartitionsToTxnRequestTopic[]
}

export function readAddPartitionsToTxnRequest(reader: KafkaReader, version: number): AddPartitionsToTxnRequest {
  const flexible = version >= 3
  let transactions: AddPartitionsToTxnRequestTransaction[] = []
  if (version >= 4) {
    const transactionsCount = reader.arrayLength(flexible, 1)
    const transactionsItems: AddPartitionsToTxnRequestTransaction[] = reader.list(transactionsCount)
    for (let index = 0; index < transactionsCount; index++) transactionsItems[index] = readAddPartitionsToTxnRequestTransaction(reader, version)
    transactions = transactionsItems
  }
  const v3AndBelowTransactionalId = version <= 3 ? reader.string(flexible) : ''
  const v3AndBelowProducerId = version <= 3 ? reader.int64() : 0
  const v3AndBelowProducerEpoch = version <= 3 ? reader.int16() : 0
  let v3AndBelowTopics: AddPartitionsToTxnRequestTopic[] = []
  if (version <= 3) {
    const v3AndBelowTopicsCount = reader.arrayLength(flexible, 2)
    const v3AndBelowTopicsItems: AddPartitionsToTxnRequestTopic[] = reader.list(v3AndBelowTopicsCount)
    for (let index = 0; index < v3AndBelowTopicsCount; index++) v3AndBelowTopicsItems[index] = readAddPartitionsToTxnRequestTopic(reader, version)
    v3AndBelowTopics = v3AndBelowTopicsItems
  }
  if (flexible) reader.skipTags()
  return { transactions, v3AndBelowTransactionalId, v3AndBelowProducerId, v3AndBelowProducerEpoch, v3AndBelowTopics }
}

export function writeAddPartitionsToTxnRequest(writer: KafkaWriter, message: AddPartitionsToTxnRequest, version: number): void {
  const flexible = version >= 3
  if (version >= 4) {
    writer.arrayLength(message.transactions.length, flexible)
    for (let index = 0; index < message.transactions.length; index++) writeAddPartitionsToTxnRequestTransaction(writer, message.transactions[index], version)
  }
  if (version <= 3) {
    writer.string(message.v3AndBelowTransactionalId, flexible)
  }
  if (version <= 3) {
    writer.int64(message.v3AndBelowProducerId)
  }
  if (version <= 3) {
    writer.int16(message.v3AndBelowProducerEpoch)
  }
  if (version <= 3) {
    writer.arrayLength(message.v3AndBelowTopics.length, flexible)
    for (let index = 0; index < message.v3AndBelowTopics.length; index++) writeAddPartitionsToTxnRequestTopic(writer, message.v3AndBelowTopics[index], version)
  }
  if (flexible) writer.unsignedVarint(0)
}

export interface AddPartitionsToTxnRequestTransaction {
  transactionalId: string
  producerId: number
  producerEpoch: number
  verifyOnly: boolean
  topics: AddPartitionsToTxnRequestTopic[]
}

function readAddPartitionsToTxnRequestTransaction(reader: KafkaReader, version: number): AddPartitionsToTxnRequestTransaction {
  const flexible = version >= 3
  const transactionalId = version >= 4 ? reader.string(flexible) : ''
  const producerId = version >= 4 ? reader.int64() : 0
  const producerEpoch = version >= 4 ? reader.int16() : 0
  const verifyOnly = version >= 4 ? reader.bool() : false
  let topics: AddPartitionsToTxnRequestTopic[] = []
  if (version >= 4) {
    const topicsCount = reader.arrayLength(flexible, 2)
    const topicsItems: AddPartitionsToTxnRequestTopic[] = reader.list(topicsCount)
    for (let index = 0; index < topicsCount; index++) topicsItems[index] = readAddPartitionsToTxnRequestTopic(reader, version)
    topics = topicsItems
  }
  if (flexible) reader.skipTags()
  return { transactionalId, producerId, producerEpoch, verifyOnly, topics }
}

function writeAddPartitionsToTxnRequestTransaction(writer: KafkaWriter, message: AddPartitionsToTxnRequestTransaction, version: number): void {
  const flexible = version >= 3
  if (version >= 4) {
    writer.string(message.transactionalId, flexible)
  }
  if (version >= 4) {
    writer.int64(message.producerId)
  }
  if (version >= 4) {
    writer.int16(message.producerEpoch)
  }
  if (version >= 4) {
    writer.bool(message.verifyOnly)
  }
  if (version >= 4) {
    writer.arrayLength(message.topics.length, flexible)
    for (let index = 0; index < message.topics.length; index++) writeAddPartitionsToTxnRequestTopic(writer, message.topics[index], version)
  }
  if (flexible) writer.unsignedVarint(0)
}

export interface AddPartitionsToTxnRequestTopic {
  name: string
  partitions: number[]
}

function readAddPartitionsToTxnRequestTopic(reader: KafkaReader, version: number): AddPartitionsToTxnRequestTopic {
  const flexible = version >= 3
  const name = reader.string(flexible)
  const partitionsCount = reader.arrayLength(flexible, 4)
  const partitions: number[] = reader.list(partitionsCount)
  for (let index = 0; index < partitionsCount; index++) partitions[index] = reader.int32()
  if (flexible) reader.skipTags()
  return { name, partitions }
}

function writeAddPartitionsToTxnRequestTopic(writer: KafkaWriter, message: AddPartitionsToTxnRequestTopic, version: number): void {
  const flexible = version >= 3
  writer.string(message.name, flexible)
  writer.arrayLength(message.partitions.length, flexible)
  for (let index = 0; index < message.partitions.length; index++) writer.int32(message.partitions[index])
  if (flexible) writer.unsignedVarint(0)
}

/** Versions 0 to 5. */
export interface AddPartitionsToTxnResponse {
  throttleTimeMs: number
  errorCode: number
  resultsByTransaction: AddPartitionsToTxnResponseResult[]
  resultsByTopicV3AndBelow: AddPartitionsToTxnResponseTopicResult[]
}

export function readAddPartitionsToTxnResponse(reader: KafkaReader, version: number): AddPartitionsToTxnResponse {
  const flexible = version >= 3
  const throttleTimeMs = reader.int32()
  const errorCode = version >= 4 ? reader.int16() : 0
  let resultsByTransaction: AddPartitionsToTxnResponseResult[] = []
  if (version >= 4) {
    const resultsByTransactionCount = reader.arrayLength(flexible, 1)
    const resultsByTransactionItems: AddPartitionsToTxnResponseResult[] = reader.list(resultsByTransactionCount)
    for (let index = 0; index < resultsByTransactionCount; index++) resultsByTransactionItems[index] = readAddPartitionsToTxnResponseResult(reader, version)
    resultsByTransaction = resultsByTransactionItems
  }
  let resultsByTopicV3AndBelow: AddPartitionsToTxnResponseTopicResult[] = []
  if (version <= 3) {
    const resultsByTopicV3AndBelowCount = reader.arrayLength(flexible, 2)
    const resultsByTopicV3AndBelowItems: AddPartitionsToTxnResponseTopicResult[] = reader.list(resultsByTopicV3AndBelowCount)
    for (let index = 0; index < resultsByTopicV3AndBelowCount; index++) resultsByTopicV3AndBelowItems[index] = readAddPartitionsToTxnResponseTopicResult(reader, version)
    resultsByTopicV3AndBelow = resultsByTopicV3AndBelowItems
  }
  if (flexible) reader.skipTags()
  return { throttleTimeMs, errorCode, resultsByTransaction, resultsByTopicV3AndBelow }
}

export function writeAddPartitionsToTxnResponse(writer: KafkaWriter, message: AddPartitionsToTxnResponse, version: number): void {
  const flexible = version >= 3
  writer.int32(message.throttleTimeMs)
  if (version >= 4) {
    writer.int16(message.errorCode)
  }
  if (version >= 4) {
    writer.arrayLength(message.resultsByTransaction.length, flexible)
    for (let index = 0; index < message.resultsByTransaction.length; index++) writeAddPartitionsToTxnResponseResult(writer, message.resultsByTransaction[index], version)
  }
  if (version <= 3) {
    writer.arrayLength(message.resultsByTopicV3AndBelow.length, flexible)
    for (let index = 0; index < message.resultsByTopicV3AndBelow.length; index++) writeAddPartitionsToTxnResponseTopicResult(writer, message.resultsByTopicV3AndBelow[index], version)
  }
  if (flexible) writer.unsignedVarint(0)
}

export interface AddPartitionsToTxnResponseResult {
  transactionalId: string
  topicResults: AddPartitionsToTxnResponseTopicResult[]
}

function readAddPartitionsToTxnResponseResult(reader: KafkaReader, version: number): AddPartitionsToTxnResponseResult {
  const flexible = version >= 3
  const transactionalId = version >= 4 ? reader.string(flexible) : ''
  let topicResults: AddPartitionsToTxnResponseTopicResult[] = []
  if (version >= 4) {
    const topicResultsCount = reader.arrayLength(flexible, 2)
    const topicResultsItems: AddPartitionsToTxnResponseTopicResult[] = reader.list(topicResultsCount)
    for (let index = 0; index < topicResultsCount; index++) topicResultsItems[index] = readAddPartitionsToTxnResponseTopicResult(reader, version)
    topicResults = topicResultsItems
  }
  if (flexible) reader.skipTags()
  return { transactionalId, topicResults }
}

function writeAddPartitionsToTxnResponseResult(writer: KafkaWriter, message: AddPartitionsToTxnResponseResult, version: number): void {
  const flexible = version >= 3
  if (version >= 4) {
    writer.string(message.transactionalId, flexible)
  }
  if (version >= 4) {
    writer.arrayLength(message.topicResults.length, flexible)
    for (let index = 0; index < message.topicResults.length; index++) writeAddPartitionsToTxnResponseTopicResult(writer, message.topicResults[index], version)
  }
  if (flexible) writer.unsignedVarint(0)
}

export interface AddPartitionsToTxnResponseTopicResult {
  name: string
  resultsByPartition: AddPartitionsToTxnResponsePartitionResult[]
}

function readAddPartitionsToTxnResponseTopicResult(reader: KafkaReader, version: number): AddPartitionsToTxnResponseTopicResult {
  const flexible = version >= 3
  const name = reader.string(flexible)
  const resultsByPartitionCount = reader.arrayLength(flexible, 6)
  const resultsByPartition: AddPartitionsToTxnResponsePartitionResult[] = reader.list(resultsByPartitionCount)
  for (let index = 0; index < resultsByPartitionCount; index++) resultsByPartition[index] = readAddPartitionsToTxnResponsePartitionResult(reader, version)
  if (flexible) reader.skipTags()
  return { name, resultsByPartition }
}

function writeAddPartitionsToTxnResponseTopicResult(writer: KafkaWriter, message: AddPartitionsToTxnResponseTopicResult, version: number): void {
  const flexible = version >= 3
  writer.string(message.name, flexible)
  writer.arrayLength(message.resultsByPartition.length, flexible)
  for (let index = 0; index < message.resultsByPartition.length; index++) writeAddPartitionsToTxnResponsePartitionResult(writer, message.resultsByPartition[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface AddPartitionsToTxnResponsePartitionResult {
  partitionIndex: number
  partitionErrorCode: number
}

function readAddPartitionsToTxnResponsePartitionResult(reader: KafkaReader, version: number): AddPartitionsToTxnResponsePartitionResult {
  const flexible = version >= 3
  const partitionIndex = reader.int32()
  const partitionErrorCode = reader.int16()
  if (flexible) reader.skipTags()
  return { partitionIndex, partitionErrorCode }
}

function writeAddPartitionsToTxnResponsePartitionResult(writer: KafkaWriter, message: AddPartitionsToTxnResponsePartitionResult, version: number): void {
  const flexible = version >= 3
  writer.int32(message.partitionIndex)
  writer.int16(message.partitionErrorCode)
  if (flexible) writer.unsignedVarint(0)
}
