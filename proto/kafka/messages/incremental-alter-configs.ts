// Made by scripts/build-kafka-codecs.ts from schema/incremental-alter-configs.schema. Do not edit.
import type { KafkaReader } from '../reader.ts'
import type { KafkaWriter } from '../writer.ts'

/** Versions 0 to 1. */
export interface IncrementalAlterConfigsRequest {
  resources: IncrementalAlterConfigsRequestAlterConfigsResource[]
  validateOnly: boolean
}

export function readIncrementalAlterConfigsRequest(reader: KafkaReader, version: number): IncrementalAlterConfigsRequest {
  const flexible = version >= 1
  const resourcesCount = reader.arrayLength(flexible, 3)
  const resources: IncrementalAlterConfigsRequestAlterConfigsResource[] = reader.list(resourcesCount)
  for (let index = 0; index < resourcesCount; index++) resources[index] = readIncrementalAlterConfigsRequestAlterConfigsResource(reader, version)
  const validateOnly = reader.bool()
  if (flexible) reader.skipTags()
  return { resources, validateOnly }
}

export function writeIncrementalAlterConfigsRequest(writer: KafkaWriter, message: IncrementalAlterConfigsRequest, version: number): void {
  const flexible = version >= 1
  writer.arrayLength(message.resources.length, flexible)
  for (let index = 0; index < message.resources.length; index++) writeIncrementalAlterConfigsRequestAlterConfigsResource(writer, message.resources[index], version)
  writer.bool(message.validateOnly)
  if (flexible) writer.unsignedVarint(0)
}

export interface IncrementalAlterConfigsRequestAlterConfigsResource {
  resourceType: number
  resourceName: string
  configs: IncrementalAlterConfigsRequestAlterableConfig[]
}

function readIncrementalAlterConfigsRequestAlterConfigsResource(reader: KafkaReader, version: number): IncrementalAlterConfigsRequestAlterConfigsResource {
  const flexible = version >= 1
  const resourceType = reader.int8()
  const resourceName = reader.string(flexible)
  const configsCount = reader.arrayLength(flexible, 3)
  const configs: IncrementalAlterConfigsRequestAlterableConfig[] = reader.list(configsCount)
  for (let index = 0; index < configsCount; index++) configs[index] = readIncrementalAlterConfigsRequestAlterableConfig(reader, version)
  if (flexible) reader.skipTags()
  return { resourceType, resourceName, configs }
}

function writeIncrementalAlterConfigsRequestAlterConfigsResource(writer: KafkaWriter, message: IncrementalAlterConfigsRequestAlterConfigsResource, version: number): void {
  const flexible = version >= 1
  writer.int8(message.resourceType)
  writer.string(message.resourceName, flexible)
  writer.arrayLength(message.configs.length, flexible)
  for (let index = 0; index < message.configs.length; index++) writeIncrementalAlterConfigsRequestAlterableConfig(writer, message.configs[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface IncrementalAlterConfigsRequestAlterableConfig {
  name: string
  configOperation: number
  value: string | null
}

function readIncrementalAlterConfigsRequestAlterableConfig(reader: KafkaReader, version: number): IncrementalAlterConfigsRequestAlterableConfig {
  const flexible = version >= 1
  const name = reader.string(flexible)
  const configOperation = reader.int8()
  const value = reader.nullableString(flexible)
  if (flexible) reader.skipTags()
  return { name, configOperation, value }
}

function writeIncrementalAlterConfigsRequestAlterableConfig(writer: KafkaWriter, message: IncrementalAlterConfigsRequestAlterableConfig, version: number): void {
  const flexible = version >= 1
  writer.string(message.name, flexible)
  writer.int8(message.configOperation)
  writer.nullableString(message.value, flexible)
  if (flexible) writer.unsignedVarint(0)
}

/** Versions 0 to 1. */
export interface IncrementalAlterConfigsResponse {
  throttleTimeMs: number
  responses: IncrementalAlterConfigsResponseAlterConfigsResourceResponse[]
}

export function readIncrementalAlterConfigsResponse(reader: KafkaReader, version: number): IncrementalAlterConfigsResponse {
  const flexible = version >= 1
  const throttleTimeMs = reader.int32()
  const responsesCount = reader.arrayLength(flexible, 5)
  const responses: IncrementalAlterConfigsResponseAlterConfigsResourceResponse[] = reader.list(responsesCount)
  for (let index = 0; index < responsesCount; index++) responses[index] = readIncrementalAlterConfigsResponseAlterConfigsResourceResponse(reader, version)
  if (flexible) reader.skipTags()
  return { throttleTimeMs, responses }
}

export function writeIncrementalAlterConfigsResponse(writer: KafkaWriter, message: IncrementalAlterConfigsResponse, version: number): void {
  const flexible = version >= 1
  writer.int32(message.throttleTimeMs)
  writer.arrayLength(message.responses.length, flexible)
  for (let index = 0; index < message.responses.length; index++) writeIncrementalAlterConfigsResponseAlterConfigsResourceResponse(writer, message.responses[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface IncrementalAlterConfigsResponseAlterConfigsResourceResponse {
  errorCode: number
  errorMessage: string | null
  resourceType: number
  resourceName: string
}

function readIncrementalAlterConfigsResponseAlterConfigsResourceResponse(reader: KafkaReader, version: number): IncrementalAlterConfigsResponseAlterConfigsResourceResponse {
  const flexible = version >= 1
  const errorCode = reader.int16()
  const errorMessage = reader.nullableString(flexible)
  const resourceType = reader.int8()
  const resourceName = reader.string(flexible)
  if (flexible) reader.skipTags()
  return { errorCode, errorMessage, resourceType, resourceName }
}

function writeIncrementalAlterConfigsResponseAlterConfigsResourceResponse(writer: KafkaWriter, message: IncrementalAlterConfigsResponseAlterConfigsResourceResponse, version: number): void {
  const flexible = version >= 1
  writer.int16(message.errorCode)
  writer.nullableString(message.errorMessage, flexible)
  writer.int8(message.resourceType)
  writer.string(message.resourceName, flexible)
  if (flexible) writer.unsignedVarint(0)
}
