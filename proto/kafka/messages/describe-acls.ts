// Made by scripts/build-kafka-codecs.ts from schema/describe-acls.schema. Do not edit.
import type { KafkaReader } from '../reader.ts'
import type { KafkaWriter } from '../writer.ts'

/** Versions 0 to 3. */
export interface DescribeAclsRequest {
  resourceTypeFilter: number
  resourceNameFilter: string | null
  patternTypeFilter: number
  principalFilter: string | null
  hostFilter: string | null
  operation: number
  permissionType: number
}

export function readDescribeAclsRequest(reader: KafkaReader, version: number): DescribeAclsRequest {
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

export function writeDescribeAclsRequest(writer: KafkaWriter, message: DescribeAclsRequest, version: number): void {
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
export interface DescribeAclsResponse {
  throttleTimeMs: number
  errorCode: number
  errorMessage: string | null
  resources: DescribeAclsResponseResource[]
}

export function readDescribeAclsResponse(reader: KafkaReader, version: number): DescribeAclsResponse {
  const flexible = version >= 2
  const throttleTimeMs = reader.int32()
  const errorCode = reader.int16()
  const errorMessage = reader.nullableString(flexible)
  const resourcesCount = reader.arrayLength(flexible, 3)
  const resources: DescribeAclsResponseResource[] = reader.list(resourcesCount)
  for (let index = 0; index < resourcesCount; index++) resources[index] = readDescribeAclsResponseResource(reader, version)
  if (flexible) reader.skipTags()
  return { throttleTimeMs, errorCode, errorMessage, resources }
}

export function writeDescribeAclsResponse(writer: KafkaWriter, message: DescribeAclsResponse, version: number): void {
  const flexible = version >= 2
  writer.int32(message.throttleTimeMs)
  writer.int16(message.errorCode)
  writer.nullableString(message.errorMessage, flexible)
  writer.arrayLength(message.resources.length, flexible)
  for (let index = 0; index < message.resources.length; index++) writeDescribeAclsResponseResource(writer, message.resources[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface DescribeAclsResponseResource {
  resourceType: number
  resourceName: string
  patternType: number
  acls: DescribeAclsResponseAclDescription[]
}

function readDescribeAclsResponseResource(reader: KafkaReader, version: number): DescribeAclsResponseResource {
  const flexible = version >= 2
  const resourceType = reader.int8()
  const resourceName = reader.string(flexible)
  const patternType = version >= 1 ? reader.int8() : 3
  const aclsCount = reader.arrayLength(flexible, 4)
  const acls: DescribeAclsResponseAclDescription[] = reader.list(aclsCount)
  for (let index = 0; index < aclsCount; index++) acls[index] = readDescribeAclsResponseAclDescription(reader, version)
  if (flexible) reader.skipTags()
  return { resourceType, resourceName, patternType, acls }
}

function writeDescribeAclsResponseResource(writer: KafkaWriter, message: DescribeAclsResponseResource, version: number): void {
  const flexible = version >= 2
  writer.int8(message.resourceType)
  writer.string(message.resourceName, flexible)
  if (version >= 1) {
    writer.int8(message.patternType)
  }
  writer.arrayLength(message.acls.length, flexible)
  for (let index = 0; index < message.acls.length; index++) writeDescribeAclsResponseAclDescription(writer, message.acls[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface DescribeAclsResponseAclDescription {
  principal: string
  host: string
  operation: number
  permissionType: number
}

function readDescribeAclsResponseAclDescription(reader: KafkaReader, version: number): DescribeAclsResponseAclDescription {
  const flexible = version >= 2
  const principal = reader.string(flexible)
  const host = reader.string(flexible)
  const operation = reader.int8()
  const permissionType = reader.int8()
  if (flexible) reader.skipTags()
  return { principal, host, operation, permissionType }
}

function writeDescribeAclsResponseAclDescription(writer: KafkaWriter, message: DescribeAclsResponseAclDescription, version: number): void {
  const flexible = version >= 2
  writer.string(message.principal, flexible)
  writer.string(message.host, flexible)
  writer.int8(message.operation)
  writer.int8(message.permissionType)
  if (flexible) writer.unsignedVarint(0)
}
