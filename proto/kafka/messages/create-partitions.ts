// Made by scripts/build-kafka-codecs.ts from schema/create-partitions.schema. Do not edit.
import type { KafkaReader } from '../reader.ts'
import type { KafkaWriter } from '../writer.ts'

/** Versions 0 to 3. */
export interface CreatePartitionsRequest {
  topics: CreatePartitionsRequestTopic[]
  timeoutMs: number
  validateOnly: boolean
}

export function readCreatePartitionsRequest(reader: KafkaReader, version: number): CreatePartitionsRequest {
  const flexible = version >= 2
  const topicsCount = reader.arrayLength(flexible, 6)
  const topics: CreatePartitionsRequestTopic[] = reader.list(topicsCount)
  for (let index = 0; index < topicsCount; index++) topics[index] = readCreatePartitionsRequestTopic(reader, version)
  const timeoutMs = reader.int32()
  const validateOnly = reader.bool()
  if (flexible) reader.skipTags()
  return { topics, timeoutMs, validateOnly }
}

export function writeCreatePartitionsRequest(writer: KafkaWriter, message: CreatePartitionsRequest, version: number): void {
  const flexible = version >= 2
  writer.arrayLength(message.topics.length, flexible)
  for (let index = 0; index < message.topics.length; index++) writeCreatePartitionsRequestTopic(writer, message.topics[index], version)
  writer.int32(message.timeoutMs)
  writer.bool(message.validateOnly)
  if (flexible) writer.unsignedVarint(0)
}

export interface CreatePartitionsRequestTopic {
  name: string
  count: number
  assignments: CreatePartitionsRequestAssignment[] | null
}

function readCreatePartitionsRequestTopic(reader: KafkaReader, version: number): CreatePartitionsRequestTopic {
  const flexible = version >= 2
  const name = reader.string(flexible)
  const count = reader.int32()
  const assignmentsCount = reader.nullableArrayLength(flexible, 1)
  const assignmentsItems: CreatePartitionsRequestAssignment[] = reader.list(assignmentsCount)
  for (let index = 0; index < assignmentsCount; index++) assignmentsItems[index] = readCreatePartitionsRequestAssignment(reader, version)
  const assignments = assignmentsCount < 0 ? null : assignmentsItems
  if (flexible) reader.skipTags()
  return { name, count, assignments }
}

function writeCreatePartitionsRequestTopic(writer: KafkaWriter, message: CreatePartitionsRequestTopic, version: number): void {
  const flexible = version >= 2
  writer.string(message.name, flexible)
  writer.int32(message.count)
  {
    const assignmentsItems = message.assignments
    if (assignmentsItems === null) writer.nullArray(flexible)
    else {
      writer.arrayLength(assignmentsItems.length, flexible)
      for (let index = 0; index < assignmentsItems.length; index++) writeCreatePartitionsRequestAssignment(writer, assignmentsItems[index], version)
    }
  }
  if (flexible) writer.unsignedVarint(0)
}

export interface CreatePartitionsRequestAssignment {
  brokerIds: number[]
}

function readCreatePartitionsRequestAssignment(reader: KafkaReader, version: number): CreatePartitionsRequestAssignment {
  const flexible = version >= 2
  const brokerIdsCount = reader.arrayLength(flexible, 4)
  const brokerIds: number[] = reader.list(brokerIdsCount)
  for (let index = 0; index < brokerIdsCount; index++) brokerIds[index] = reader.int32()
  if (flexible) reader.skipTags()
  return { brokerIds }
}

function writeCreatePartitionsRequestAssignment(writer: KafkaWriter, message: CreatePartitionsRequestAssignment, version: number): void {
  const flexible = version >= 2
  writer.arrayLength(message.brokerIds.length, flexible)
  for (let index = 0; index < message.brokerIds.length; index++) writer.int32(message.brokerIds[index])
  if (flexible) writer.unsignedVarint(0)
}

/** Versions 0 to 3. */
export interface CreatePartitionsResponse {
  throttleTimeMs: number
  results: CreatePartitionsResponseTopicResult[]
}

export function readCreatePartitionsResponse(reader: KafkaReader, version: number): CreatePartitionsResponse {
  const flexible = version >= 2
  const throttleTimeMs = reader.int32()
  const resultsCount = reader.arrayLength(flexible, 4)
  const results: CreatePartitionsResponseTopicResult[] = reader.list(resultsCount)
  for (let index = 0; index < resultsCount; index++) results[index] = readCreatePartitionsResponseTopicResult(reader, version)
  if (flexible) reader.skipTags()
  return { throttleTimeMs, results }
}

export function writeCreatePartitionsResponse(writer: KafkaWriter, message: CreatePartitionsResponse, version: number): void {
  const flexible = version >= 2
  writer.int32(message.throttleTimeMs)
  writer.arrayLength(message.results.length, flexible)
  for (let index = 0; index < message.results.length; index++) writeCreatePartitionsResponseTopicResult(writer, message.results[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface CreatePartitionsResponseTopicResult {
  name: string
  errorCode: number
  errorMessage: string | null
}

function readCreatePartitionsResponseTopicResult(reader: KafkaReader, version: number): CreatePartitionsResponseTopicResult {
  const flexible = version >= 2
  const name = reader.string(flexible)
  const errorCode = reader.int16()
  const errorMessage = reader.nullableString(flexible)
  if (flexible) reader.skipTags()
  return { name, errorCode, errorMessage }
}

function writeCreatePartitionsResponseTopicResult(writer: KafkaWriter, message: CreatePartitionsResponseTopicResult, version: number): void {
  const flexible = version >= 2
  writer.string(message.name, flexible)
  writer.int16(message.errorCode)
  writer.nullableString(message.errorMessage, flexible)
  if (flexible) writer.unsignedVarint(0)
}
