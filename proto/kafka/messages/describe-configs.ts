// Made by scripts/build-kafka-codecs.ts from schema/describe-configs.schema. Do not edit.
import type { KafkaReader } from '../reader.ts'
import type { KafkaWriter } from '../writer.ts'

/** Versions 0 to 4. */
export interface DescribeConfigsRequest {
  resources: DescribeConfigsRequestResource[]
  includeSynonyms: boolean
  includeDocumentation: boolean
}

export function readDescribeConfigsRequest(reader: KafkaReader, version: number): DescribeConfigsRequest {
  const flexible = version >= 4
  const resourcesCount = reader.arrayLength(flexible, 3)
  const resources: DescribeConfigsRequestResource[] = reader.list(resourcesCount)
  for (let index = 0; index < resourcesCount; index++) resources[index] = readDescribeConfigsRequestResource(reader, version)
  const includeSynonyms = version >= 1 ? reader.bool() : false
  const includeDocumentation = version >= 3 ? reader.bool() : false
  if (flexible) reader.skipTags()
  return { resources, includeSynonyms, includeDocumentation }
}

export function writeDescribeConfigsRequest(writer: KafkaWriter, message: DescribeConfigsRequest, version: number): void {
  const flexible = version >= 4
  writer.arrayLength(message.resources.length, flexible)
  for (let index = 0; index < message.resources.length; index++) writeDescribeConfigsRequestResource(writer, message.resources[index], version)
  if (version >= 1) {
    writer.bool(message.includeSynonyms)
  }
  if (version >= 3) {
    writer.bool(message.includeDocumentation)
  }
  if (flexible) writer.unsignedVarint(0)
}

export interface DescribeConfigsRequestResource {
  resourceType: number
  resourceName: string
  configurationKeys: string[] | null
}

function readDescribeConfigsRequestResource(reader: KafkaReader, version: number): DescribeConfigsRequestResource {
  const flexible = version >= 4
  const resourceType = reader.int8()
  const resourceName = reader.string(flexible)
  const configurationKeysCount = reader.nullableArrayLength(flexible, 1)
  const configurationKeysItems: string[] = reader.list(configurationKeysCount)
  for (let index = 0; index < configurationKeysCount; index++) configurationKeysItems[index] = reader.string(flexible)
  const configurationKeys = configurationKeysCount < 0 ? null : configurationKeysItems
  if (flexible) reader.skipTags()
  return { resourceType, resourceName, configurationKeys }
}

function writeDescribeConfigsRequestResource(writer: KafkaWriter, message: DescribeConfigsRequestResource, version: number): void {
  const flexible = version >= 4
  writer.int8(message.resourceType)
  writer.string(message.resourceName, flexible)
  {
    const configurationKeysItems = message.configurationKeys
    if (configurationKeysItems === null) writer.nullArray(flexible)
    else {
      writer.arrayLength(configurationKeysItems.length, flexible)
      for (let index = 0; index < configurationKeysItems.length; index++) writer.string(configurationKeysItems[index], flexible)
    }
  }
  if (flexible) writer.unsignedVarint(0)
}

/** Versions 0 to 4. */
export interface DescribeConfigsResponse {
  throttleTimeMs: number
  results: DescribeConfigsResponseResult[]
}

export function readDescribeConfigsResponse(reader: KafkaReader, version: number): DescribeConfigsResponse {
  const flexible = version >= 4
  const throttleTimeMs = reader.int32()
  const resultsCount = reader.arrayLength(flexible, 6)
  const results: DescribeConfigsResponseResult[] = reader.list(resultsCount)
  for (let index = 0; index < resultsCount; index++) results[index] = readDescribeConfigsResponseResult(reader, version)
  if (flexible) reader.skipTags()
  return { throttleTimeMs, results }
}

export function writeDescribeConfigsResponse(writer: KafkaWriter, message: DescribeConfigsResponse, version: number): void {
  const flexible = version >= 4
  writer.int32(message.throttleTimeMs)
  writer.arrayLength(message.results.length, flexible)
  for (let index = 0; index < message.results.length; index++) writeDescribeConfigsResponseResult(writer, message.results[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface DescribeConfigsResponseResult {
  errorCode: number
  errorMessage: string | null
  resourceType: number
  resourceName: string
  configs: DescribeConfigsResponseResourceResult[]
}

function readDescribeConfigsResponseResult(reader: KafkaReader, version: number): DescribeConfigsResponseResult {
  const flexible = version >= 4
  const errorCode = reader.int16()
  const errorMessage = reader.nullableString(flexible)
  const resourceType = reader.int8()
  const resourceName = reader.string(flexible)
  const configsCount = reader.arrayLength(flexible, 4)
  const configs: DescribeConfigsResponseResourceResult[] = reader.list(configsCount)
  for (let index = 0; index < configsCount; index++) configs[index] = readDescribeConfigsResponseResourceResult(reader, version)
  if (flexible) reader.skipTags()
  return { errorCode, errorMessage, resourceType, resourceName, configs }
}

function writeDescribeConfigsResponseResult(writer: KafkaWriter, message: DescribeConfigsResponseResult, version: number): void {
  const flexible = version >= 4
  writer.int16(message.errorCode)
  writer.nullableString(message.errorMessage, flexible)
  writer.int8(message.resourceType)
  writer.string(message.resourceName, flexible)
  writer.arrayLength(message.configs.length, flexible)
  for (let index = 0; index < message.configs.length; index++) writeDescribeConfigsResponseResourceResult(writer, message.configs[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface DescribeConfigsResponseResourceResult {
  name: string
  value: string | null
  readOnly: boolean
  isDefault: boolean
  configSource: number
  isSensitive: boolean
  synonyms: DescribeConfigsResponseSynonym[]
  configType: number
  documentation: string | null
}

function readDescribeConfigsResponseResourceResult(reader: KafkaReader, version: number): DescribeConfigsResponseResourceResult {
  const flexible = version >= 4
  const name = reader.string(flexible)
  const value = reader.nullableString(flexible)
  const readOnly = reader.bool()
  const isDefault = version <= 0 ? reader.bool() : false
  const configSource = version >= 1 ? reader.int8() : -1
  const isSensitive = reader.bool()
  let synonyms: DescribeConfigsResponseSynonym[] = []
  if (version >= 1) {
    const synonymsCount = reader.arrayLength(flexible, 1)
    const synonymsItems: DescribeConfigsResponseSynonym[] = reader.list(synonymsCount)
    for (let index = 0; index < synonymsCount; index++) synonymsItems[index] = readDescribeConfigsResponseSynonym(reader, version)
    synonyms = synonymsItems
  }
  const configType = version >= 3 ? reader.int8() : 0
  const documentation = version >= 3 ? reader.nullableString(flexible) : ''
  if (flexible) reader.skipTags()
  return { name, value, readOnly, isDefault, configSource, isSensitive, synonyms, configType, documentation }
}

function writeDescribeConfigsResponseResourceResult(writer: KafkaWriter, message: DescribeConfigsResponseResourceResult, version: number): void {
  const flexible = version >= 4
  writer.string(message.name, flexible)
  writer.nullableString(message.value, flexible)
  writer.bool(message.readOnly)
  if (version <= 0) {
    writer.bool(message.isDefault)
  }
  if (version >= 1) {
    writer.int8(message.configSource)
  }
  writer.bool(message.isSensitive)
  if (version >= 1) {
    writer.arrayLength(message.synonyms.length, flexible)
    for (let index = 0; index < message.synonyms.length; index++) writeDescribeConfigsResponseSynonym(writer, message.synonyms[index], version)
  }
  if (version >= 3) {
    writer.int8(message.configType)
  }
  if (version >= 3) {
    writer.nullableString(message.documentation, flexible)
  }
  if (flexible) writer.unsignedVarint(0)
}

export interface DescribeConfigsResponseSynonym {
  name: string
  value: string | null
  source: number
}

function readDescribeConfigsResponseSynonym(reader: KafkaReader, version: number): DescribeConfigsResponseSynonym {
  const flexible = version >= 4
  const name = version >= 1 ? reader.string(flexible) : ''
  const value = version >= 1 ? reader.nullableString(flexible) : ''
  const source = version >= 1 ? reader.int8() : 0
  if (flexible) reader.skipTags()
  return { name, value, source }
}

function writeDescribeConfigsResponseSynonym(writer: KafkaWriter, message: DescribeConfigsResponseSynonym, version: number): void {
  const flexible = version >= 4
  if (version >= 1) {
    writer.string(message.name, flexible)
  }
  if (version >= 1) {
    writer.nullableString(message.value, flexible)
  }
  if (version >= 1) {
    writer.int8(message.source)
  }
  if (flexible) writer.unsignedVarint(0)
}
