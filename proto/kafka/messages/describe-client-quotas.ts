// Made by scripts/build-kafka-codecs.ts from schema/describe-client-quotas.schema. Do not edit.
import type { KafkaReader } from '../reader.ts'
import type { KafkaWriter } from '../writer.ts'

/** Versions 0 to 1. */
export interface DescribeClientQuotasRequest {
  components: DescribeClientQuotasRequestComponent[]
  strict: boolean
}

export function readDescribeClientQuotasRequest(reader: KafkaReader, version: number): DescribeClientQuotasRequest {
  const flexible = version >= 1
  const componentsCount = reader.arrayLength(flexible, 3)
  const components: DescribeClientQuotasRequestComponent[] = reader.list(componentsCount)
  for (let index = 0; index < componentsCount; index++) components[index] = readDescribeClientQuotasRequestComponent(reader, version)
  const strict = reader.bool()
  if (flexible) reader.skipTags()
  return { components, strict }
}

export function writeDescribeClientQuotasRequest(writer: KafkaWriter, message: DescribeClientQuotasRequest, version: number): void {
  const flexible = version >= 1
  writer.arrayLength(message.components.length, flexible)
  for (let index = 0; index < message.components.length; index++) writeDescribeClientQuotasRequestComponent(writer, message.components[index], version)
  writer.bool(message.strict)
  if (flexible) writer.unsignedVarint(0)
}

export interface DescribeClientQuotasRequestComponent {
  entityType: string
  matchType: number
  match: string | null
}

function readDescribeClientQuotasRequestComponent(reader: KafkaReader, version: number): DescribeClientQuotasRequestComponent {
  const flexible = version >= 1
  const entityType = reader.string(flexible)
  const matchType = reader.int8()
  const match = reader.nullableString(flexible)
  if (flexible) reader.skipTags()
  return { entityType, matchType, match }
}

function writeDescribeClientQuotasRequestComponent(writer: KafkaWriter, message: DescribeClientQuotasRequestComponent, version: number): void {
  const flexible = version >= 1
  writer.string(message.entityType, flexible)
  writer.int8(message.matchType)
  writer.nullableString(message.match, flexible)
  if (flexible) writer.unsignedVarint(0)
}

/** Versions 0 to 1. */
export interface DescribeClientQuotasResponse {
  throttleTimeMs: number
  errorCode: number
  errorMessage: string | null
  entries: DescribeClientQuotasResponseEntry[] | null
}

export function readDescribeClientQuotasResponse(reader: KafkaReader, version: number): DescribeClientQuotasResponse {
  const flexible = version >= 1
  const throttleTimeMs = reader.int32()
  const errorCode = reader.int16()
  const errorMessage = reader.nullableString(flexible)
  const entriesCount = reader.nullableArrayLength(flexible, 2)
  const entriesItems: DescribeClientQuotasResponseEntry[] = reader.list(entriesCount)
  for (let index = 0; index < entriesCount; index++) entriesItems[index] = readDescribeClientQuotasResponseEntry(reader, version)
  const entries = entriesCount < 0 ? null : entriesItems
  if (flexible) reader.skipTags()
  return { throttleTimeMs, errorCode, errorMessage, entries }
}

export function writeDescribeClientQuotasResponse(writer: KafkaWriter, message: DescribeClientQuotasResponse, version: number): void {
  const flexible = version >= 1
  writer.int32(message.throttleTimeMs)
  writer.int16(message.errorCode)
  writer.nullableString(message.errorMessage, flexible)
  {
    const entriesItems = message.entries
    if (entriesItems === null) writer.nullArray(flexible)
    else {
      writer.arrayLength(entriesItems.length, flexible)
      for (let index = 0; index < entriesItems.length; index++) writeDescribeClientQuotasResponseEntry(writer, entriesItems[index], version)
    }
  }
  if (flexible) writer.unsignedVarint(0)
}

export interface DescribeClientQuotasResponseEntry {
  entity: DescribeClientQuotasResponseEntity[]
  values: DescribeClientQuotasResponseValue[]
}

function readDescribeClientQuotasResponseEntry(reader: KafkaReader, version: number): DescribeClientQuotasResponseEntry {
  const flexible = version >= 1
  const entityCount = reader.arrayLength(flexible, 2)
  const entity: DescribeClientQuotasResponseEntity[] = reader.list(entityCount)
  for (let index = 0; index < entityCount; index++) entity[index] = readDescribeClientQuotasResponseEntity(reader, version)
  const valuesCount = reader.arrayLength(flexible, 9)
  const values: DescribeClientQuotasResponseValue[] = reader.list(valuesCount)
  for (let index = 0; index < valuesCount; index++) values[index] = readDescribeClientQuotasResponseValue(reader, version)
  if (flexible) reader.skipTags()
  return { entity, values }
}

function writeDescribeClientQuotasResponseEntry(writer: KafkaWriter, message: DescribeClientQuotasResponseEntry, version: number): void {
  const flexible = version >= 1
  writer.arrayLength(message.entity.length, flexible)
  for (let index = 0; index < message.entity.length; index++) writeDescribeClientQuotasResponseEntity(writer, message.entity[index], version)
  writer.arrayLength(message.values.length, flexible)
  for (let index = 0; index < message.values.length; index++) writeDescribeClientQuotasResponseValue(writer, message.values[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface DescribeClientQuotasResponseEntity {
  entityType: string
  entityName: string | null
}

function readDescribeClientQuotasResponseEntity(reader: KafkaReader, version: number): DescribeClientQuotasResponseEntity {
  const flexible = version >= 1
  const entityType = reader.string(flexible)
  const entityName = reader.nullableString(flexible)
  if (flexible) reader.skipTags()
  return { entityType, entityName }
}

function writeDescribeClientQuotasResponseEntity(writer: KafkaWriter, message: DescribeClientQuotasResponseEntity, version: number): void {
  const flexible = version >= 1
  writer.string(message.entityType, flexible)
  writer.nullableString(message.entityName, flexible)
  if (flexible) writer.unsignedVarint(0)
}

export interface DescribeClientQuotasResponseValue {
  key: string
  value: number
}

function readDescribeClientQuotasResponseValue(reader: KafkaReader, version: number): DescribeClientQuotasResponseValue {
  const flexible = version >= 1
  const key = reader.string(flexible)
  const value = reader.float64()
  if (flexible) reader.skipTags()
  return { key, value }
}

function writeDescribeClientQuotasResponseValue(writer: KafkaWriter, message: DescribeClientQuotasResponseValue, version: number): void {
  const flexible = version >= 1
  writer.string(message.key, flexible)
  writer.float64(message.value)
  if (flexible) writer.unsignedVarint(0)
}
