// Made by scripts/build-kafka-codecs.ts from schema/create-topics.schema. Do not edit.
import type { KafkaReader } from '../reader.ts'
import { zeroUuid } from '../reader.ts'
import type { KafkaWriter } from '../writer.ts'

/** Versions 0 to 7. */
export interface CreateTopicsRequest {
  topics: CreateTopicsRequestCreatableTopic[]
  timeoutMs: number
  validateOnly: boolean
}

export function readCreateTopicsRequest(reader: KafkaReader, version: number): CreateTopicsRequest {
  const flexible = version >= 5
  const topicsCount = reader.arrayLength(flexible, 9)
  const topics: CreateTopicsRequestCreatableTopic[] = reader.list(topicsCount)
  for (let index = 0; index < topicsCount; index++) topics[index] = readCreateTopicsRequestCreatableTopic(reader, version)
  const timeoutMs = reader.int32()
  const validateOnly = version >= 1 ? reader.bool() : false
  if (flexible) reader.skipTags()
  return { topics, timeoutMs, validateOnly }
}

export function writeCreateTopicsRequest(writer: KafkaWriter, message: CreateTopicsRequest, version: number): void {
  const flexible = version >= 5
  writer.arrayLength(message.topics.length, flexible)
  for (let index = 0; index < message.topics.length; index++) writeCreateTopicsRequestCreatableTopic(writer, message.topics[index], version)
  writer.int32(message.timeoutMs)
  if (version >= 1) {
    writer.bool(message.validateOnly)
  }
  if (flexible) writer.unsignedVarint(0)
}

export interface CreateTopicsRequestCreatableTopic {
  name: string
  numPartitions: number
  replicationFactor: number
  assignments: CreateTopicsRequestCreatableReplicaAssignment[]
  configs: CreateTopicsRequestCreatableTopicConfig[]
}

function readCreateTopicsRequestCreatableTopic(reader: KafkaReader, version: number): CreateTopicsRequestCreatableTopic {
  const flexible = version >= 5
  const name = reader.string(flexible)
  const numPartitions = reader.int32()
  const replicationFactor = reader.int16()
  const assignmentsCount = reader.arrayLength(flexible, 5)
  const assignments: CreateTopicsRequestCreatableReplicaAssignment[] = reader.list(assignmentsCount)
  for (let index = 0; index < assignmentsCount; index++) assignments[index] = readCreateTopicsRequestCreatableReplicaAssignment(reader, version)
  const configsCount = reader.arrayLength(flexible, 2)
  const configs: CreateTopicsRequestCreatableTopicConfig[] = reader.list(configsCount)
  for (let index = 0; index < configsCount; index++) configs[index] = readCreateTopicsRequestCreatableTopicConfig(reader, version)
  if (flexible) reader.skipTags()
  return { name, numPartitions, replicationFactor, assignments, configs }
}

function writeCreateTopicsRequestCreatableTopic(writer: KafkaWriter, message: CreateTopicsRequestCreatableTopic, version: number): void {
  const flexible = version >= 5
  writer.string(message.name, flexible)
  writer.int32(message.numPartitions)
  writer.int16(message.replicationFactor)
  writer.arrayLength(message.assignments.length, flexible)
  for (let index = 0; index < message.assignments.length; index++) writeCreateTopicsRequestCreatableReplicaAssignment(writer, message.assignments[index], version)
  writer.arrayLength(message.configs.length, flexible)
  for (let index = 0; index < message.configs.length; index++) writeCreateTopicsRequestCreatableTopicConfig(writer, message.configs[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface CreateTopicsRequestCreatableReplicaAssignment {
  partitionIndex: number
  brokerIds: number[]
}

function readCreateTopicsRequestCreatableReplicaAssignment(reader: KafkaReader, version: number): CreateTopicsRequestCreatableReplicaAssignment {
  const flexible = version >= 5
  const partitionIndex = reader.int32()
  const brokerIdsCount = reader.arrayLength(flexible, 4)
  const brokerIds: number[] = reader.list(brokerIdsCount)
  for (let index = 0; index < brokerIdsCount; index++) brokerIds[index] = reader.int32()
  if (flexible) reader.skipTags()
  return { partitionIndex, brokerIds }
}

function writeCreateTopicsRequestCreatableReplicaAssignment(writer: KafkaWriter, message: CreateTopicsRequestCreatableReplicaAssignment, version: number): void {
  const flexible = version >= 5
  writer.int32(message.partitionIndex)
  writer.arrayLength(message.brokerIds.length, flexible)
  for (let index = 0; index < message.brokerIds.length; index++) writer.int32(message.brokerIds[index])
  if (flexible) writer.unsignedVarint(0)
}

export interface CreateTopicsRequestCreatableTopicConfig {
  name: string
  value: string | null
}

function readCreateTopicsRequestCreatableTopicConfig(reader: KafkaReader, version: number): CreateTopicsRequestCreatableTopicConfig {
  const flexible = version >= 5
  const name = reader.string(flexible)
  const value = reader.nullableString(flexible)
  if (flexible) reader.skipTags()
  return { name, value }
}

function writeCreateTopicsRequestCreatableTopicConfig(writer: KafkaWriter, message: CreateTopicsRequestCreatableTopicConfig, version: number): void {
  const flexible = version >= 5
  writer.string(message.name, flexible)
  writer.nullableString(message.value, flexible)
  if (flexible) writer.unsignedVarint(0)
}

/** Versions 0 to 7. */
export interface CreateTopicsResponse {
  throttleTimeMs: number
  topics: CreateTopicsResponseCreatableTopicResult[]
}

export function readCreateTopicsResponse(reader: KafkaReader, version: number): CreateTopicsResponse {
  const flexible = version >= 5
  const throttleTimeMs = version >= 2 ? reader.int32() : 0
  const topicsCount = reader.arrayLength(flexible, 3)
  const topics: CreateTopicsResponseCreatableTopicResult[] = reader.list(topicsCount)
  for (let index = 0; index < topicsCount; index++) topics[index] = readCreateTopicsResponseCreatableTopicResult(reader, version)
  if (flexible) reader.skipTags()
  return { throttleTimeMs, topics }
}

export function writeCreateTopicsResponse(writer: KafkaWriter, message: CreateTopicsResponse, version: number): void {
  const flexible = version >= 5
  if (version >= 2) {
    writer.int32(message.throttleTimeMs)
  }
  writer.arrayLength(message.topics.length, flexible)
  for (let index = 0; index < message.topics.length; index++) writeCreateTopicsResponseCreatableTopicResult(writer, message.topics[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface CreateTopicsResponseCreatableTopicResult {
  name: string
  topicId: string
  errorCode: number
  errorMessage: string | null
  topicConfigErrorCode: number
  numPartitions: number
  replicationFactor: number
  configs: CreateTopicsResponseCreatableTopicConfigs[] | null
}

function readCreateTopicsResponseCreatableTopicResult(reader: KafkaReader, version: number): CreateTopicsResponseCreatableTopicResult {
  const flexible = version >= 5
  const name = reader.string(flexible)
  const topicId = version >= 7 ? reader.uuid() : zeroUuid
  const errorCode = reader.int16()
  const errorMessage = version >= 1 ? reader.nullableString(flexible) : ''
  const numPartitions = version >= 5 ? reader.int32() : -1
  const replicationFactor = version >= 5 ? reader.int16() : -1
  let configs: CreateTopicsResponseCreatableTopicConfigs[] | null = []
  if (version >= 5) {
    const configsCount = reader.nullableArrayLength(flexible, 1)
    const configsItems: CreateTopicsResponseCreatableTopicConfigs[] = reader.list(configsCount)
    for (let index = 0; index < configsCount; index++) configsItems[index] = readCreateTopicsResponseCreatableTopicConfigs(reader, version)
    configs = configsCount < 0 ? null : configsItems
  }
  let topicConfigErrorCode: number = 0
  if (flexible) {
    for (let left = reader.unsignedVarint(); left > 0; left--) {
      const tag = reader.unsignedVarint()
      const end = reader.tagEnd()
      switch (tag) {
        case 0: {
          topicConfigErrorCode = reader.int16()
          reader.endTag(tag, end)
          break
        }
        default:
          reader.at = end
      }
    }
  }
  return { name, topicId, errorCode, errorMessage, topicConfigErrorCode, numPartitions, replicationFactor, configs }
}

function writeCreateTopicsResponseCreatableTopicResult(writer: KafkaWriter, message: CreateTopicsResponseCreatableTopicResult, version: number): void {
  const flexible = version >= 5
  writer.string(message.name, flexible)
  if (version >= 7) {
    writer.uuid(message.topicId)
  }
  writer.int16(message.errorCode)
  if (version >= 1) {
    writer.nullableString(message.errorMessage, flexible)
  }
  if (version >= 5) {
    writer.int32(message.numPartitions)
  }
  if (version >= 5) {
    writer.int16(message.replicationFactor)
  }
  if (version >= 5) {
    const configsItems = message.configs
    if (configsItems === null) writer.nullArray(flexible)
    else {
      writer.arrayLength(configsItems.length, flexible)
      for (let index = 0; index < configsItems.length; index++) writeCreateTopicsResponseCreatableTopicConfigs(writer, configsItems[index], version)
    }
  }
  if (flexible) {
    const hasTopicConfigErrorCode = message.topicConfigErrorCode !== 0
    writer.unsignedVarint((hasTopicConfigErrorCode ? 1 : 0))
    if (hasTopicConfigErrorCode) {
      writer.unsignedVarint(0)
      const mark = writer.beginSized()
      writer.int16(message.topicConfigErrorCode)
      writer.endSized(mark)
    }
  }
}

export interface CreateTopicsResponseCreatableTopicConfigs {
  name: string
  value: string | null
  readOnly: boolean
  configSource: number
  isSensitive: boolean
}

function readCreateTopicsResponseCreatableTopicConfigs(reader: KafkaReader, version: number): CreateTopicsResponseCreatableTopicConfigs {
  const flexible = version >= 5
  const name = version >= 5 ? reader.string(flexible) : ''
  const value = version >= 5 ? reader.nullableString(flexible) : ''
  const readOnly = version >= 5 ? reader.bool() : false
  const configSource = version >= 5 ? reader.int8() : -1
  const isSensitive = version >= 5 ? reader.bool() : false
  if (flexible) reader.skipTags()
  return { name, value, readOnly, configSource, isSensitive }
}

function writeCreateTopicsResponseCreatableTopicConfigs(writer: KafkaWriter, message: CreateTopicsResponseCreatableTopicConfigs, version: number): void {
  const flexible = version >= 5
  if (version >= 5) {
    writer.string(message.name, flexible)
  }
  if (version >= 5) {
    writer.nullableString(message.value, flexible)
  }
  if (version >= 5) {
    writer.bool(message.readOnly)
  }
  if (version >= 5) {
    writer.int8(message.configSource)
  }
  if (version >= 5) {
    writer.bool(message.isSensitive)
  }
  if (flexible) writer.unsignedVarint(0)
}
