// Made by scripts/build-kafka-codecs.ts from schema/create-acls.schema. Do not edit.
import type { KafkaReader } from '../reader.ts'
import type { KafkaWriter } from '../writer.ts'

/** Versions 0 to 3. */
export interface CreateAclsRequest {
  creations: CreateAclsRequestAclCreation[]
}

export function readCreateAclsRequest(reader: KafkaReader, version: number): CreateAclsRequest {
  const flexible = version >= 2
  const creationsCount = reader.arrayLength(flexible, 6)
  const creations: CreateAclsRequestAclCreation[] = reader.list(creationsCount)
  for (let index = 0; index < creationsCount; index++) creations[index] = readCreateAclsRequestAclCreation(reader, version)
  if (flexible) reader.skipTags()
  return { creations }
}

export function writeCreateAclsRequest(writer: KafkaWriter, message: CreateAclsRequest, version: number): void {
  const flexible = version >= 2
  writer.arrayLength(message.creations.length, flexible)
  for (let index = 0; index < message.creations.length; index++) writeCreateAclsRequestAclCreation(writer, message.creations[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface CreateAclsRequestAclCreation {
  resourceType: number
  resourceName: string
  resourcePatternType: number
  principal: string
  host: string
  operation: number
  permissionType: number
}

function readCreateAclsRequestAclCreation(reader: KafkaReader, version: number): CreateAclsRequestAclCreation {
  const flexible = version >= 2
  const resourceType = reader.int8()
  const resourceName = reader.string(flexible)
  const resourcePatternType = version >= 1 ? reader.int8() : 3
  const principal = reader.string(flexible)
  const host = reader.string(flexible)
  const operation = reader.int8()
  const permissionType = reader.int8()
  if (flexible) reader.skipTags()
  return { resourceType, resourceName, resourcePatternType, principal, host, operation, permissionType }
}

function writeCreateAclsRequestAclCreation(writer: KafkaWriter, message: CreateAclsRequestAclCreation, version: number): void {
  const flexible = version >= 2
  writer.int8(message.resourceType)
  writer.string(message.resourceName, flexible)
  if (version >= 1) {
    writer.int8(message.resourcePatternType)
  }
  writer.string(message.principal, flexible)
  writer.string(message.host, flexible)
  writer.int8(message.operation)
  writer.int8(message.permissionType)
  if (flexible) writer.unsignedVarint(0)
}

/** Versions 0 to 3. */
export interface CreateAclsResponse {
  throttleTimeMs: number
  results: CreateAclsResponseAclCreationResult[]
}

export function readCreateAclsResponse(reader: KafkaReader, version: number): CreateAclsResponse {
  const flexible = version >= 2
  const throttleTimeMs = reader.int32()
  const resultsCount = reader.arrayLength(flexible, 3)
  const results: CreateAclsResponseAclCreationResult[] = reader.list(resultsCount)
  for (let index = 0; index < resultsCount; index++) results[index] = readCreateAclsResponseAclCreationResult(reader, version)
  if (flexible) reader.skipTags()
  return { throttleTimeMs, results }
}

export function writeCreateAclsResponse(writer: KafkaWriter, message: CreateAclsResponse, version: number): void {
  const flexible = version >= 2
  writer.int32(message.throttleTimeMs)
  writer.arrayLength(message.results.length, flexible)
  for (let index = 0; index < message.results.length; index++) writeCreateAclsResponseAclCreationResult(writer, message.results[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface CreateAclsResponseAclCreationResult {
  errorCode: number
  errorMessage: string | null
}

function readCreateAclsResponseAclCreationResult(reader: KafkaReader, version: number): CreateAclsResponseAclCreationResult {
  const flexible = version >= 2
  const errorCode = reader.int16()
  const errorMessage = reader.nullableString(flexible)
  if (flexible) reader.skipTags()
  return { errorCode, errorMessage }
}

function writeCreateAclsResponseAclCreationResult(writer: KafkaWriter, message: CreateAclsResponseAclCreationResult, version: number): void {
  const flexible = version >= 2
  writer.int16(message.errorCode)
  writer.nullableString(message.errorMessage, flexible)
  if (flexible) writer.unsignedVarint(0)
}
