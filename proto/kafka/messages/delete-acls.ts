// Made by scripts/build-kafka-codecs.ts from schema/delete-acls.schema. Do not edit.
import type { KafkaReader } from '../reader.ts'
import type { KafkaWriter } from '../writer.ts'

/** Versions 0 to 3. */
export interface DeleteAclsRequest {
  filters: DeleteAclsRequestFilter[]
}

export function readDeleteAclsRequest(reader: KafkaReader, version: number): DeleteAclsRequest {
  const flexible = version >= 2
  const filtersCount = reader.arrayLength(flexible, 6)
  const filters: DeleteAclsRequestFilter[] = reader.list(filtersCount)
  for (let index = 0; index < filtersCount; index++) filters[index] = readDeleteAclsRequestFilter(reader, version)
  if (flexible) reader.skipTags()
  return { filters }
}

export function writeDeleteAclsRequest(writer: KafkaWriter, message: DeleteAclsRequest, version: number): void {
  const flexible = version >= 2
  writer.arrayLength(message.filters.length, flexible)
  for (let index = 0; index < message.filters.length; index++) writeDeleteAclsRequestFilter(writer, message.filters[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface DeleteAclsRequestFilter {
  resourceTypeFilter: number
  resourceNameFilter: string | null
  patternTypeFilter: number
  principalFilter: string | null
  hostFilter: string | null
  operation: number
  permissionType: number
}

function readDeleteAclsRequestFilter(reader: KafkaReader, version: number): DeleteAclsRequestFilter {
  const flexible = version >= 2
  const resourceTypeFilter = reader.int8()
  const resourceNameFilter = reader.nullableString(flexible)
  const patternTypeFilter = version >= 1 ? reader.int8() : 3
  const principalFilter = reader.nullableString(flexible)
  const hostFilter = reader.nullableString(flexible)
  const operation = reader.int8()
  const permissionType = reader.int8()
  if (flexible) reader.skipTags()
  return { resourceTypeFilter, resourceNameFilter, patternTypeFilter, principalFilter, hostFilter, operation, permissionType }
}

function writeDeleteAclsRequestFilter(writer: KafkaWriter, message: DeleteAclsRequestFilter, version: number): void {
  const flexible = version >= 2
  writer.int8(message.resourceTypeFilter)
  writer.nullableString(message.resourceNameFilter, flexible)
  if (version >= 1) {
    writer.int8(message.patternTypeFilter)
  }
  writer.nullableString(message.principalFilter, flexible)
  writer.nullableString(message.hostFilter, flexible)
  writer.int8(message.operation)
  writer.int8(message.permissionType)
  if (flexible) writer.unsignedVarint(0)
}

/** Versions 0 to 3. */
export interface DeleteAclsResponse {
  throttleTimeMs: number
  filterResults: DeleteAclsResponseFilterResult[]
}

export function readDeleteAclsResponse(reader: KafkaReader, version: number): DeleteAclsResponse {
  const flexible = version >= 2
  const throttleTimeMs = reader.int32()
  const filterResultsCount = reader.arrayLength(flexible, 4)
  const filterResults: DeleteAclsResponseFilterResult[] = reader.list(filterResultsCount)
  for (let index = 0; index < filterResultsCount; index++) filterResults[index] = readDeleteAclsResponseFilterResult(reader, version)
  if (flexible) reader.skipTags()
  return { throttleTimeMs, filterResults }
}

export function writeDeleteAclsResponse(writer: KafkaWriter, message: DeleteAclsResponse, version: number): void {
  const flexible = version >= 2
  writer.int32(message.throttleTimeMs)
  writer.arrayLength(message.filterResults.length, flexible)
  for (let index = 0; index < message.filterResults.length; index++) writeDeleteAclsResponseFilterResult(writer, message.filterResults[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface DeleteAclsResponseFilterResult {
  errorCode: number
  errorMessage: string | null
  matchingAcls: DeleteAclsResponseMatchingAcl[]
}

function readDeleteAclsResponseFilterResult(reader: KafkaReader, version: number): DeleteAclsResponseFilterResult {
  const flexible = version >= 2
  const errorCode = reader.int16()
  const errorMessage = reader.nullableString(flexible)
  const matchingAclsCount = reader.arrayLength(flexible, 9)
  const matchingAcls: DeleteAclsResponseMatchingAcl[] = reader.list(matchingAclsCount)
  for (let index = 0; index < matchingAclsCount; index++) matchingAcls[index] = readDeleteAclsResponseMatchingAcl(reader, version)
  if (flexible) reader.skipTags()
  return { errorCode, errorMessage, matchingAcls }
}

function writeDeleteAclsResponseFilterResult(writer: KafkaWriter, message: DeleteAclsResponseFilterResult, version: number): void {
  const flexible = version >= 2
  writer.int16(message.errorCode)
  writer.nullableString(message.errorMessage, flexible)
  writer.arrayLength(message.matchingAcls.length, flexible)
  for (let index = 0; index < message.matchingAcls.length; index++) writeDeleteAclsResponseMatchingAcl(writer, message.matchingAcls[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface DeleteAclsResponseMatchingAcl {
  errorCode: number
  errorMessage: string | null
  resourceType: number
  resourceName: string
  patternType: number
  principal: string
  host: string
  operation: number
  permissionType: number
}

function readDeleteAclsResponseMatchingAcl(reader: KafkaReader, version: number): DeleteAclsResponseMatchingAcl {
  const flexible = version >= 2
  const errorCode = reader.int16()
  const errorMessage = reader.nullableString(flexible)
  const resourceType = reader.int8()
  const resourceName = reader.string(flexible)
  const patternType = version >= 1 ? reader.int8() : 3
  const principal = reader.string(flexible)
  const host = reader.string(flexible)
  const operation = reader.int8()
  const permissionType = reader.int8()
  if (flexible) reader.skipTags()
  return { errorCode, errorMessage, resourceType, resourceName, patternType, principal, host, operation, permissionType }
}

function writeDeleteAclsResponseMatchingAcl(writer: KafkaWriter, message: DeleteAclsResponseMatchingAcl, version: number): void {
  const flexible = version >= 2
  writer.int16(message.errorCode)
  writer.nullableString(message.errorMessage, flexible)
  writer.int8(message.resourceType)
  writer.string(message.resourceName, flexible)
  if (version >= 1) {
    writer.int8(message.patternType)
  }
  writer.string(message.principal, flexible)
  writer.string(message.host, flexible)
  writer.int8(message.operation)
  writer.int8(message.permissionType)
  if (flexible) writer.unsignedVarint(0)
}
