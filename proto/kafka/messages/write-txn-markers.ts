// Made by scripts/build-kafka-codecs.ts from schema/write-txn-markers.schema. Do not edit.
import type { KafkaReader } from '../reader.ts'
import type { KafkaWriter } from '../writer.ts'

/** Versions 0 to 2. */
export interface WriteTxnMarkersRequest {
  markers: WriteTxnMarkersRequestWritableTxnMarker[]
}

export function readWriteTxnMarkersRequest(reader: KafkaReader, version: number): WriteTxnMarkersRequest {
  const flexible = version >= 1
  const markersCount = reader.arrayLength(flexible, 16)
  const markers: WriteTxnMarkersRequestWritableTxnMarker[] = reader.list(markersCount)
  for (let index = 0; index < markersCount; index++) markers[index] = readWriteTxnMarkersRequestWritableTxnMarker(reader, version)
  if (flexible) reader.skipTags()
  return { markers }
}

export function writeWriteTxnMarkersRequest(writer: KafkaWriter, message: WriteTxnMarkersRequest, version: number): void {
  const flexible = version >= 1
  writer.arrayLength(message.markers.length, flexible)
  for (let index = 0; index < message.markers.length; index++) writeWriteTxnMarkersRequestWritableTxnMarker(writer, message.markers[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface WriteTxnMarkersRequestWritableTxnMarker {
  producerId: number
  producerEpoch: number
  transactionResult: boolean
  topics: WriteTxnMarkersRequestWritableTxnMarkerTopic[]
  coordinatorEpoch: number
  transactionVersion: number
}

function readWriteTxnMarkersRequestWritableTxnMarker(reader: KafkaReader, version: number): WriteTxnMarkersRequestWritableTxnMarker {
  const flexible = version >= 1
  const producerId = reader.int64()
  const producerEpoch = reader.int16()
  const transactionResult = reader.bool()
  const topicsCount = reader.arrayLength(flexible, 2)
  const topics: WriteTxnMarkersRequestWritableTxnMarkerTopic[] = reader.list(topicsCount)
  for (let index = 0; index < topicsCount; index++) topics[index] = readWriteTxnMarkersRequestWritableTxnMarkerTopic(reader, version)
  const coordinatorEpoch = reader.int32()
  const transactionVersion = version >= 2 ? reader.int8() : 0
  if (flexible) reader.skipTags()
  return { producerId, producerEpoch, transactionResult, topics, coordinatorEpoch, transactionVersion }
}

function writeWriteTxnMarkersRequestWritableTxnMarker(writer: KafkaWriter, message: WriteTxnMarkersRequestWritableTxnMarker, version: number): void {
  const flexible = version >= 1
  writer.int64(message.producerId)
  writer.int16(message.producerEpoch)
  writer.bool(message.transactionResult)
  writer.arrayLength(message.topics.length, flexible)
  for (let index = 0; index < message.topics.length; index++) writeWriteTxnMarkersRequestWritableTxnMarkerTopic(writer, message.topics[index], version)
  writer.int32(message.coordinatorEpoch)
  if (version >= 2) {
    writer.int8(message.transactionVersion)
  }
  if (flexible) writer.unsignedVarint(0)
}

export interface WriteTxnMarkersRequestWritableTxnMarkerTopic {
  name: string
  partitionIndexes: number[]
}

function readWriteTxnMarkersRequestWritableTxnMarkerTopic(reader: KafkaReader, version: number): WriteTxnMarkersRequestWritableTxnMarkerTopic {
  const flexible = version >= 1
  const name = reader.string(flexible)
  const partitionIndexesCount = reader.arrayLength(flexible, 4)
  const partitionIndexes: number[] = reader.list(partitionIndexesCount)
  for (let index = 0; index < partitionIndexesCount; index++) partitionIndexes[index] = reader.int32()
  if (flexible) reader.skipTags()
  return { name, partitionIndexes }
}

function writeWriteTxnMarkersRequestWritableTxnMarkerTopic(writer: KafkaWriter, message: WriteTxnMarkersRequestWritableTxnMarkerTopic, version: number): void {
  const flexible = version >= 1
  writer.string(message.name, flexible)
  writer.arrayLength(message.partitionIndexes.length, flexible)
  for (let index = 0; index < message.partitionIndexes.length; index++) writer.int32(message.partitionIndexes[index])
  if (flexible) writer.unsignedVarint(0)
}

/** Versions 0 to 2. */
export interface WriteTxnMarkersResponse {
  markers: WriteTxnMarkersResponseWritableTxnMarkerResult[]
}

export function readWriteTxnMarkersResponse(reader: KafkaReader, version: number): WriteTxnMarkersResponse {
  const flexible = version >= 1
  const markersCount = reader.arrayLength(flexible, 9)
  const markers: WriteTxnMarkersResponseWritableTxnMarkerResult[] = reader.list(markersCount)
  for (let index = 0; index < markersCount; index++) markers[index] = readWriteTxnMarkersResponseWritableTxnMarkerResult(reader, version)
  if (flexible) reader.skipTags()
  return { markers }
}

export function writeWriteTxnMarkersResponse(writer: KafkaWriter, message: WriteTxnMarkersResponse, version: number): void {
  const flexible = version >= 1
  writer.arrayLength(message.markers.length, flexible)
  for (let index = 0; index < message.markers.length; index++) writeWriteTxnMarkersResponseWritableTxnMarkerResult(writer, message.markers[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface WriteTxnMarkersResponseWritableTxnMarkerResult {
  producerId: number
  topics: WriteTxnMarkersResponseWritableTxnMarkerTopicResult[]
}

function readWriteTxnMarkersResponseWritableTxnMarkerResult(reader: KafkaReader, version: number): WriteTxnMarkersResponseWritableTxnMarkerResult {
  const flexible = version >= 1
  const producerId = reader.int64()
  const topicsCount = reader.arrayLength(flexible, 2)
  const topics: WriteTxnMarkersResponseWritableTxnMarkerTopicResult[] = reader.list(topicsCount)
  for (let index = 0; index < topicsCount; index++) topics[index] = readWriteTxnMarkersResponseWritableTxnMarkerTopicResult(reader, version)
  if (flexible) reader.skipTags()
  return { producerId, topics }
}

function writeWriteTxnMarkersResponseWritableTxnMarkerResult(writer: KafkaWriter, message: WriteTxnMarkersResponseWritableTxnMarkerResult, version: number): void {
  const flexible = version >= 1
  writer.int64(message.producerId)
  writer.arrayLength(message.topics.length, flexible)
  for (let index = 0; index < message.topics.length; index++) writeWriteTxnMarkersResponseWritableTxnMarkerTopicResult(writer, message.topics[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface WriteTxnMarkersResponseWritableTxnMarkerTopicResult {
  name: string
  partitions: WriteTxnMarkersResponseWritableTxnMarkerPartitionResult[]
}

function readWriteTxnMarkersResponseWritableTxnMarkerTopicResult(reader: KafkaReader, version: number): WriteTxnMarkersResponseWritableTxnMarkerTopicResult {
  const flexible = version >= 1
  const name = reader.string(flexible)
  const partitionsCount = reader.arrayLength(flexible, 6)
  const partitions: WriteTxnMarkersResponseWritableTxnMarkerPartitionResult[] = reader.list(partitionsCount)
  for (let index = 0; index < partitionsCount; index++) partitions[index] = readWriteTxnMarkersResponseWritableTxnMarkerPartitionResult(reader, version)
  if (flexible) reader.skipTags()
  return { name, partitions }
}

function writeWriteTxnMarkersResponseWritableTxnMarkerTopicResult(writer: KafkaWriter, message: WriteTxnMarkersResponseWritableTxnMarkerTopicResult, version: number): void {
  const flexible = version >= 1
  writer.string(message.name, flexible)
  writer.arrayLength(message.partitions.length, flexible)
  for (let index = 0; index < message.partitions.length; index++) writeWriteTxnMarkersResponseWritableTxnMarkerPartitionResult(writer, message.partitions[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface WriteTxnMarkersResponseWritableTxnMarkerPartitionResult {
  partitionIndex: number
  errorCode: number
}

function readWriteTxnMarkersResponseWritableTxnMarkerPartitionResult(reader: KafkaReader, version: number): WriteTxnMarkersResponseWritableTxnMarkerPartitionResult {
  const flexible = version >= 1
  const partitionIndex = reader.int32()
  const errorCode = reader.int16()
  if (flexible) reader.skipTags()
  return { partitionIndex, errorCode }
}

function writeWriteTxnMarkersResponseWritableTxnMarkerPartitionResult(writer: KafkaWriter, message: WriteTxnMarkersResponseWritableTxnMarkerPartitionResult, version: number): void {
  const flexible = version >= 1
  writer.int32(message.partitionIndex)
  writer.int16(message.errorCode)
  if (flexible) writer.unsignedVarint(0)
}
