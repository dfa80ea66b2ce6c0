// Made by scripts/build-kafka-codecs.ts from schema/describe-groups.schema. Do not edit.
import type { KafkaReader } from '../reader.ts'
import type { KafkaWriter } from '../writer.ts'

/** Versions 0 to 6. */
export interface DescribeGroupsRequest {
  groups: string[]
  includeAuthorizedOperations: boolean
}

export function readDescribeGroupsRequest(reader: KafkaReader, version: number): DescribeGroupsRequest {
  const flexible = version >= 5
  const groupsCount = reader.arrayLength(flexible, 1)
  const groups: string[] = reader.list(groupsCount)
  for (let index = 0; index < groupsCount; index++) groups[index] = reader.string(flexible)
  const includeAuthorizedOperations = version >= 3 ? reader.bool() : false
  if (flexible) reader.skipTags()
  return { groups, includeAuthorizedOperations }
}

export function writeDescribeGroupsRequest(writer: KafkaWriter, message: DescribeGroupsRequest, version: number): void {
  const flexible = version >= 5
  writer.arrayLength(message.groups.length, flexible)
  for (let index = 0; index < message.groups.length; index++) writer.string(message.groups[index], flexible)
  if (version >= 3) {
    writer.bool(message.includeAuthorizedOperations)
  }
  if (flexible) writer.unsignedVarint(0)
}

/** Versions 0 to 6. */
export interface DescribeGroupsResponse {
  throttleTimeMs: number
  groups: DescribeGroupsResponseDescribedGroup[]
}

export function readDescribeGroupsResponse(reader: KafkaReader, version: number): DescribeGroupsResponse {
  const flexible = version >= 5
  const throttleTimeMs = version >= 1 ? reader.int32() : 0
  const groupsCount = reader.arrayLength(flexible, 7)
  const groups: DescribeGroupsResponseDescribedGroup[] = reader.list(groupsCount)
  for (let index = 0; index < groupsCount; index++) groups[index] = readDescribeGroupsResponseDescribedGroup(reader, version)
  if (flexible) reader.skipTags()
  return { throttleTimeMs, groups }
}

export function writeDescribeGroupsResponse(writer: KafkaWriter, message: DescribeGroupsResponse, version: number): void {
  const flexible = version >= 5
  if (version >= 1) {
    writer.int32(message.throttleTimeMs)
  }
  writer.arrayLength(message.groups.length, flexible)
  for (let index = 0; index < message.groups.length; index++) writeDescribeGroupsResponseDescribedGroup(writer, message.groups[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface DescribeGroupsResponseDescribedGroup {
  errorCode: number
  errorMessage: string | null
  groupId: string
  groupState: string
  protocolType: string
  protocolData: string
  members: DescribeGroupsResponseDescribedGroupMember[]
  authorizedOperations: number
}

function readDescribeGroupsResponseDescribedGroup(reader: KafkaReader, version: number): DescribeGroupsResponseDescribedGroup {
  const flexible = version >= 5
  const errorCode = reader.int16()
  const errorMessage = version >= 6 ? reader.nullableString(flexible) : null
  const groupId = reader.string(flexible)
  const groupState = reader.string(flexible)
  const protocolType = reader.string(flexible)
  const protocolData = reader.string(flexible)
  const membersCount = reader.arrayLength(flexible, 5)
  const members: DescribeGroupsResponseDescribedGroupMember[] = reader.list(membersCount)
  for (let index = 0; index < membersCount; index++) members[index] = readDescribeGroupsResponseDescribedGroupMember(reader, version)
  const authorizedOperations = version >= 3 ? reader.int32() : -2147483648
  if (flexible) reader.skipTags()
  return { errorCode, errorMessage, groupId, groupState, protocolType, protocolData, members, authorizedOperations }
}

function writeDescribeGroupsResponseDescribedGroup(writer: KafkaWriter, message: DescribeGroupsResponseDescribedGroup, version: number): void {
  const flexible = version >= 5
  writer.int16(message.errorCode)
  if (version >= 6) {
    writer.nullableString(message.errorMessage, flexible)
  }
  writer.string(message.groupId, flexible)
  writer.string(message.groupState, flexible)
  writer.string(message.protocolType, flexible)
  writer.string(message.protocolData, flexible)
  writer.arrayLength(message.members.length, flexible)
  for (let index = 0; index < message.members.length; index++) writeDescribeGroupsResponseDescribedGroupMember(writer, message.members[index], version)
  if (version >= 3) {
    writer.int32(message.authorizedOperations)
  }
  if (flexible) writer.unsignedVarint(0)
}

export interface DescribeGroupsResponseDescribedGroupMember {
  memberId: string
  groupInstanceId: string | null
  clientId: string
  clientHost: string
  memberMetadata: Buffer
  memberAssignment: Buffer
}

function readDescribeGroupsResponseDescribedGroupMember(reader: KafkaReader, version: number): DescribeGroupsResponseDescribedGroupMember {
  const flexible = version >= 5
  const memberId = reader.string(flexible)
  const groupInstanceId = version >= 4 ? reader.nullableString(flexible) : null
  const clientId = reader.string(flexible)
  const clientHost = reader.string(flexible)
  const memberMetadata = reader.bytes(flexible)
  const memberAssignment = reader.bytes(flexible)
  if (flexible) reader.skipTags()
  return { memberId, groupInstanceId, clientId, clientHost, memberMetadata, memberAssignment }
}

function writeDescribeGroupsResponseDescribedGroupMember(writer: KafkaWriter, message: DescribeGroupsResponseDescribedGroupMember, version: number): void {
  const flexible = version >= 5
  writer.string(message.memberId, flexible)
  if (version >= 4) {
    writer.nullableString(message.groupInstanceId, flexible)
  }
  writer.string(message.clientId, flexible)
  writer.string(message.clientHost, flexible)
  writer.bytes(message.memberMetadata, flexible)
  writer.bytes(message.memberAssignment, flexible)
  if (flexible) writer.unsignedVarint(0)
}
