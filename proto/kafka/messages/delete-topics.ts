// Made by scripts/build-kafka-codecs.ts from schema/delete-topics.schema. Do not edit.
import type { KafkaReader } from '../reader.ts'
import { zeroUuid } from '../reader.ts'
import type { KafkaWriter } from '../writer.ts'
import { present } from '../writer.ts'

/** Versions 0 to 6. */
export interface DeleteTopicsRequest {
  topics: DeleteTopicsRequestDeleteTopicState[]
  topicNames: string[]
  timeoutMs: number
}

export function readDeleteTopicsRequest(reader: KafkaReader, version: number): DeleteTopicsRequest {
  const flexible = version >= 4
  let topics: DeleteTopicsRequestDeleteTopicState[] = []
  if (version >= 6) {
    const topicsCount = reader.arrayLength(flexible, 1)
    const topicsItems: DeleteTopicsRequestDeleteTopicState[] = reader.list(topicsCount)
    for (let index = 0; index < topicsCount; index++) topicsItems[index] = readDeleteTopicsRequestDeleteTopicState(reader, version)
    topics = topicsItems
  }
  let topicNames: string[] = []
  if (version <= 5) {
    const topicNamesCount = reader.arrayLength(flexible, 1)
    const topicNamesItems: string[] = reader.list(topicNamesCount)
    for (let index = 0; index < topicNamesCount; index++) topicNamesItems[index] = reader.string(flexible)
    topicNames = topicNamesItems
  }
  const timeoutMs = reader.int32()
  if (flexible) reader.skipTags()
  return { topics, topicNames, timeoutMs }
}

export function writeDeleteTopicsRequest(writer: KafkaWriter, message: DeleteTopicsRequest, version: number): void {
  const flexible = version >= 4
  if (version >= 6) {
    writer.arrayLength(message.topics.length, flexible)
    for (let index = 0; index < message.topics.length; index++) writeDeleteTopicsRequestDeleteTopicState(writer, message.topics[index], version)
  }
  if (version <= 5) {
    writer.arrayLength(message.topicNames.length, flexible)
    for (let index = 0; index < message.topicNames.length; index++) writer.string(message.topicNames[index], flexible)
  }
  writer.int32(message.timeoutMs)
  if (flexible) writer.unsignedVarint(0)
}

export interface DeleteTopicsRequestDeleteTopicState {
  name: string | null
  topicId: string
}

function readDeleteTopicsRequestDeleteTopicState(reader: KafkaReader, version: number): DeleteTopicsRequestDeleteTopicState {
  const flexible = version >= 4
  const name = version >= 6 ? reader.nullableString(flexible) : null
  const topicId = version >= 6 ? reader.uuid() : zeroUuid
  if (flexible) reader.skipTags()
  return { name, topicId }
}

function writeDeleteTopicsRequestDeleteTopicState(writer: KafkaWriter, message: DeleteTopicsRequestDeleteTopicState, version: number): void {
  const flexible = version >= 4
  if (version >= 6) {
    writer.nullableString(message.name, flexible)
  }
  if (version >= 6) {
    writer.uuid(message.topicId)
  }
  if (flexible) writer.unsignedVarint(0)
}

/** Versions 0 to 6. */
export interface DeleteTopicsResponse {
  throttleTimeMs: number
  responses: DeleteTopicsResponseDeletableTopicResult[]
}

export function readDeleteTopicsResponse(reader: KafkaReader, version: number): DeleteTopicsResponse {
  const flexible = version >= 4
  const throttleTimeMs = version >= 1 ? reader.int32() : 0
  const responsesCount = reader.arrayLength(flexible, 3)
  const responses: DeleteTopicsResponseDeletableTopicResult[] = reader.list(responsesCount)
  for (let index = 0; index < responsesCount; index++) responses[index] = readDeleteTopicsResponseDeletableTopicResult(reader, version)
  if (flexible) reader.skipTags()
  return { throttleTimeMs, responses }
}

export function writeDeleteTopicsResponse(writer: KafkaWriter, message: DeleteTopicsResponse, version: number): void {
  const flexible = version >= 4
  if (version >= 1) {
    writer.int32(message.throttleTimeMs)
  }
  writer.arrayLength(message.responses.length, flexible)
  for (let index = 0; index < message.responses.length; index++) writeDeleteTopicsResponseDeletableTopicResult(writer, message.responses[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface DeleteTopicsResponseDeletableTopicResult {
  name: string | null
  topicId: string
  errorCode: number
  errorMessage: string | null
}

function readDeleteTopicsResponseDeletableTopicResult(reader: KafkaReader, version: number): DeleteTopicsResponseDeletableTopicResult {
  const flexible = version >= 4
  const name = (version >= 6 ? reader.nullableString(flexible) : reader.string(flexible))
  const topicId = version >= 6 ? reader.uuid() : zeroUuid
  const errorCode = reader.int16()
  const errorMessage = version >= 5 ? reader.nullableString(flexible) : null
  if (flexible) reader.skipTags()
  return { name, topicId, errorCode, errorMessage }
}

function writeDeleteTopicsResponseDeletableTopicResult(writer: KafkaWriter, message: DeleteTopicsResponseDeletableTopicResult, version: number): void {
  const flexible = version >= 4
  if (version >= 6) writer.nullableString(message.name, flexible)
  else writer.string(present(message.name, 'name', version), flexible)
  if (version >= 6) {
    writer.uuid(message.topicId)
  }
  writer.int16(message.errorCode)
  if (version >= 5) {
    writer.nullableString(message.errorMessage, flexible)
  }
  if (flexible) writer.unsignedVarint(0)
}
