// Made by scripts/build-kafka-codecs.ts from schema/alter-configs.schema. Do not edit.
import type { KafkaReader } from '../reader.ts'
import type { KafkaWriter } from '../writer.ts'

/** Versions 0 to 2. */
export interface AlterConfigsRequest {
  resources: AlterConfigsRequestResource[]
  validateOnly: boolean
}

export function readAlterConfigsRequest(reader: KafkaReader, version: number): AlterConfigsRequest {
  const flexible = version >= 2
  const resourcesCount = reader.arrayLength(flexible, 3)
  const resources: AlterConfigsRequestResource[] = reader.list(resourcesCount)
  for (let index = 0; index < resourcesCount; index++) resources[index] = readAlterConfigsRequestResource(reader, version)
  const validateOnly = reader.bool()
  if (flexible) reader.skipTags()
  return { resources, validateOnly }
}

export function writeAlterConfigsRequest(writer: KafkaWriter, message: AlterConfigsRequest, version: number): void {
  const flexible = version >= 2
  writer.arrayLength(message.resources.length, flexible)
  for (let index = 0; index < message.resources.length; index++) writeAlterConfigsRequestResource(writer, message.resources[index], version)
  writer.bool(message.validateOnly)
  if (flexible) writer.unsignedVarint(0)
}

export interface AlterConfigsRequestResource {
  resourceType: number
  resourceName: string
  configs: AlterConfigsRequestAlterableConfig[]
}

function readAlterConfigsRequestResource(reader: KafkaReader, version: number): AlterConfigsRequestResource {
  const flexible = version >= 2
  const resourceType = reader.int8()
  const resourceName = reader.string(flexible)
  const configsCount = reader.arrayLength(flexible, 2)
  const configs: AlterConfigsRequestAlterableConfig[] = reader.list(configsCount)
  for (let index = 0; index < configsCount; index++) configs[index] = readAlterConfigsRequestAlterableConfig(reader, version)
  if (flexible) reader.skipTags()
  return { resourceType, resourceName, configs }
}

function writeAlterConfigsRequestResource(writer: KafkaWriter, message: AlterConfigsRequestResource, version: number): void {
  const flexible = version >= 2
  writer.int8(message.resourceType)
  writer.string(message.resourceName, flexible)
  writer.arrayLength(message.configs.length, flexible)
  for (let index = 0; index < message.configs.length; index++) writeAlterConfigsRequestAlterableConfig(writer, message.configs[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface AlterConfigsRequestAlterableConfig {
  name: string
  value: string | null
}

function readAlterConfigsRequestAlterableConfig(reader: KafkaReader, version: number): AlterConfigsRequestAlterableConfig {
  const flexible = version >= 2
  const name = reader.string(flexible)
  const value = reader.nullableString(flexible)
  if (flexible) reader.skipTags()
  return { name, value }
}

function writeAlterConfigsRequestAlterableConfig(writer: KafkaWriter, message: AlterConfigsRequestAlterableConfig, version: number): void {
  const flexible = version >= 2
  writer.string(message.name, flexible)
  writer.nullableString(message.value, flexible)
  if (flexible) writer.unsignedVarint(0)
}

/** Versions 0 to 2. */
export interface AlterConfigsResponse {
  throttleTimeMs: number
  responses: AlterConfigsResponseResourceResponse[]
}

export function readAlterConfigsResponse(reader: KafkaReader, version: number): AlterConfigsResponse {
  const flexible = version >= 2
  const throttleTimeMs = reader.int32()
  const responsesCount = reader.arrayLength(flexible, 5)
  const responses: AlterConfigsResponseResourceResponse[] = reader.list(responsesCount)
  for (let index = 0; index < responsesCount; index++) responses[index] = readAlterConfigsResponseResourceResponse(reader, version)
  if (flexible) reader.skipTags()
  return { throttleTimeMs, responses }
}

export function writeAlterConfigsResponse(writer: KafkaWriter, message: AlterConfigsResponse, version: number): void {
  const flexible = version >= 2
  writer.int32(message.throttleTimeMs)
  writer.arrayLength(message.responses.length, flexible)
  for (let index = 0; index < message.responses.length; index++) writeAlterConfigsResponseResourceResponse(writer, message.responses[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface AlterConfigsResponseResourceResponse {
  errorCode: number
  errorMessage: string | null
  resourceType: number
  resourceName: string
}

function readAlterConfigsResponseResourceResponse(reader: KafkaReader, version: number): AlterConfigsResponseResourceResponse {
  const flexible = version >= 2
  const errorCode = reader.int16()
  const errorMessage = reader.nullableString(flexible)
  const resourceType = reader.int8()
  const resourceName = reader.string(flexible)
  if (flexible) reader.skipTags()
  return { errorCode, errorMessage, resourceType, resourceName }
}

function writeAlterConfigsResponseResourceResponse(writer: KafkaWriter, message: AlterConfigsResponseResourceResponse, version: number): void {
  const flexible = version >= 2
  writer.int16(message.errorCode)
  writer.nullableString(message.errorMessage, flexible)
  writer.int8(message.resourceType)
  writer.string(message.resourceName, flexible)
  if (flexible) writer.unsignedVarint(0)
}
