// Made by scripts/build-kafka-codecs.ts from schema/describe-log-dirs.schema. Do not edit.
import type { KafkaReader } from '../reader.ts'
import type { KafkaWriter } from '../writer.ts'

/** Versions 0 to 5. */
export interface DescribeLogDirsRequest {
  topics: DescribeLogDirsRequestDescribableLogDirTopic[] | null
}

export function readDescribeLogDirsRequest(reader: KafkaReader, version: number): DescribeLogDirsRequest {
  const flexible = version >= 2
  const topicsCount = reader.nullableArrayLength(flexible, 2)
  const topicsItems: DescribeLogDirsRequestDescribableLogDirTopic[] = reader.list(topicsCount)
  for (let index = 0; index < topicsCount; index++) topicsItems[index] = readDescribeLogDirsRequestDescribableLogDirTopic(reader, version)
  const topics = topicsCount < 0 ? null : topicsItems
  if (flexible) reader.skipTags()
  return { topics }
}

export function writeDescribeLogDirsRequest(writer: KafkaWriter, message: DescribeLogDirsRequest, version: number): void {
  const flexible = version >= 2
  {
    const topicsItems = message.topics
    if (topicsItems === null) writer.nullArray(flexible)
    else {
      writer.arrayLength(topicsItems.length, flexible)
      for (let index = 0; index < topicsItems.length; index++) writeDescribeLogDirsRequestDescribableLogDirTopic(writer, topicsItems[index], version)
    }
  }
  if (flexible) writer.unsignedVarint(0)
}

export interface DescribeLogDirsRequestDescribableLogDirTopic {
  topic: string
  partitions: number[]
}

function readDescribeLogDirsRequestDescribableLogDirTopic(reader: KafkaReader, version: number): DescribeLogDirsRequestDescribableLogDirTopic {
  const flexible = version >= 2
  const topic = reader.string(flexible)
  const partitionsCount = reader.arrayLength(flexible, 4)
  const partitions: number[] = reader.list(partitionsCount)
  for (let index = 0; index < partitionsCount; index++) partitions[index] = reader.int32()
  if (flexible) reader.skipTags()
  return { topic, partitions }
}

function writeDescribeLogDirsRequestDescribableLogDirTopic(writer: KafkaWriter, message: DescribeLogDirsRequestDescribableLogDirTopic, version: number): void {
  const flexible = version >= 2
  writer.string(message.topic, flexible)
  writer.arrayLength(message.partitions.length, flexible)
  for (let index = 0; index < message.partitions.length; index++) writer.int32(message.partitions[index])
  if (flexible) writer.unsignedVarint(0)
}

/** Versions 0 to 5. */
export interface DescribeLogDirsResponse {
  throttleTimeMs: number
  errorCode: number
  results: DescribeLogDirsResponseResult[]
}

export function readDescribeLogDirsResponse(reader: KafkaReader, version: number): DescribeLogDirsResponse {
  const flexible = version >= 2
  const throttleTimeMs = reader.int32()
  const errorCode = version >= 3 ? reader.int16() : 0
  const resultsCount = reader.arrayLength(flexible, 4)
  const results: DescribeLogDirsResponseResult[] = reader.list(resultsCount)
  for (let index = 0; index < resultsCount; index++) results[index] = readDescribeLogDirsResponseResult(reader, version)
  if (flexible) reader.skipTags()
  return { throttleTimeMs, errorCode, results }
}

export function writeDescribeLogDirsResponse(writer: KafkaWriter, message: DescribeLogDirsResponse, version: number): void {
  const flexible = version >= 2
  writer.int32(message.throttleTimeMs)
  if (version >= 3) {
    writer.int16(message.errorCode)
  }
  writer.arrayLength(message.results.length, flexible)
  for (let index = 0; index < message.results.length; index++) writeDescribeLogDirsResponseResult(writer, message.results[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface DescribeLogDirsResponseResult {
  errorCode: number
  logDir: string
  topics: DescribeLogDirsResponseTopic[]
  totalBytes: number
  usableBytes: number
  isCordoned: boolean
}

function readDescribeLogDirsResponseResult(reader: KafkaReader, version: number): DescribeLogDirsResponseResult {
  const flexible = version >= 2
  const errorCode = reader.int16()
  const logDir = reader.string(flexible)
  const topicsCount = reader.arrayLength(flexible, 2)
  const topics: DescribeLogDirsResponseTopic[] = reader.list(topicsCount)
  for (let index = 0; index < topicsCount; index++) topics[index] = readDescribeLogDirsResponseTopic(reader, version)
  const totalBytes = version >= 4 ? reader.int64() : -1
  const usableBytes = version >= 4 ? reader.int64() : -1
  const isCordoned = version >= 5 ? reader.bool() : false
  if (flexible) reader.skipTags()
  return { errorCode, logDir, topics, totalBytes, usableBytes, isCordoned }
}

function writeDescribeLogDirsResponseResult(writer: KafkaWriter, message: DescribeLogDirsResponseResult, version: number): void {
  const flexible = version >= 2
  writer.int16(message.errorCode)
  writer.string(message.logDir, flexible)
  writer.arrayLength(message.topics.length, flexible)
  for (let index = 0; index < message.topics.length; index++) writeDescribeLogDirsResponseTopic(writer, message.topics[index], version)
  if (version >= 4) {
    writer.int64(message.totalBytes)
  }
  if (version >= 4) {
    writer.int64(message.usableBytes)
  }
  if (version >= 5) {
    writer.bool(message.isCordoned)
  }
  if (flexible) writer.unsignedVarint(0)
}

export interface DescribeLogDirsResponseTopic {
  name: string
  partitions: DescribeLogDirsResponsePartition[]
}

function readDescribeLogDirsResponseTopic(reader: KafkaReader, version: number): DescribeLogDirsResponseTopic {
  const flexible = version >= 2
  const name = reader.string(flexible)
  const partitionsCount = reader.arrayLength(flexible, 21)
  const partitions: DescribeLogDirsResponsePartition[] = reader.list(partitionsCount)
  for (let index = 0; index < partitionsCount; index++) partitions[index] = readDescribeLogDirsResponsePartition(reader, version)
  if (flexible) reader.skipTags()
  return { name, partitions }
}

function writeDescribeLogDirsResponseTopic(writer: KafkaWriter, message: DescribeLogDirsResponseTopic, version: number): void {
  const flexible = version >= 2
  writer.string(message.name, flexible)
  writer.arrayLength(message.partitions.length, flexible)
  for (let index = 0; index < message.partitions.length; index++) writeDescribeLogDirsResponsePartition(writer, message.partitions[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface DescribeLogDirsResponsePartition {
  partitionIndex: number
  partitionSize: number
  offsetLag: number
  isFutureKey: boolean
}

function readDescribeLogDirsResponsePartition(reader: KafkaReader, version: number): DescribeLogDirsResponsePartition {
  const flexible = version >= 2
  const partitionIndex = reader.int32()
  const partitionSize = reader.int64()
  const offsetLag = reader.int64()
  const isFutureKey = reader.bool()
  if (flexible) reader.skipTags()
  return { partitionIndex, partitionSize, offsetLag, isFutureKey }
}

function writeDescribeLogDirsResponsePartition(writer: KafkaWriter, message: DescribeLogDirsResponsePartition, version: number): void {
  const flexible = version >= 2
  writer.int32(message.partitionIndex)
  writer.int64(message.partitionSize)
  writer.int64(message.offsetLag)
  writer.bool(message.isFutureKey)
  if (flexible) writer.unsignedVarint(0)
}
