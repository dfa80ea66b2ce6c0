// Made by scripts/build-kafka-codecs.ts from schema/list-groups.schema. Do not edit.
import type { KafkaReader } from '../reader.ts'
import type { KafkaWriter } from '../writer.ts'

/** Versions 0 to 5. */
export interface ListGroupsRequest {
  statesFilter: string[]
  typesFilter: string[]
}

export function readListGroupsRequest(reader: KafkaReader, version: number): ListGroupsRequest {
  const flexible = version >= 3
  let statesFilter: string[] = []
  if (version >= 4) {
    const statesFilterCount = reader.arrayLength(flexible, 1)
    const statesFilterItems: string[] = reader.list(statesFilterCount)
    for (let index = 0; index < statesFilterCount; index++) statesFilterItems[index] = reader.string(flexible)
    statesFilter = statesFilterItems
  }
  let typesFilter: string[] = []
  if (version >= 5) {
    const typesFilterCount = reader.arrayLength(flexible, 1)
    const typesFilterItems: string[] = reader.list(typesFilterCount)
    for (let index = 0; index < typesFilterCount; index++) typesFilterItems[index] = reader.string(flexible)
    typesFilter = typesFilterItems
  }
  if (flexible) reader.skipTags()
  return { statesFilter, typesFilter }
}

export function writeListGroupsRequest(writer: KafkaWriter, message: ListGroupsRequest, version: number): void {
  const flexible = version >= 3
  if (version >= 4) {
    writer.arrayLength(message.statesFilter.length, flexible)
    for (let index = 0; index < message.statesFilter.length; index++) writer.string(message.statesFilter[index], flexible)
  }
  if (version >= 5) {
    writer.arrayLength(message.typesFilter.length, flexible)
    for (let index = 0; index < message.typesFilter.length; index++) writer.string(message.typesFilter[index], flexible)
  }
  if (flexible) writer.unsignedVarint(0)
}

/** Versions 0 to 5. */
export interface ListGroupsResponse {
  throttleTimeMs: number
  errorCode: number
  groups: ListGroupsResponseListedGroup[]
}

export function readListGroupsResponse(reader: KafkaReader, version: number): ListGroupsResponse {
  const flexible = version >= 3
  const throttleTimeMs = version >= 1 ? reader.int32() : 0
  const errorCode = reader.int16()
  const groupsCount = reader.arrayLength(flexible, 2)
  const groups: ListGroupsResponseListedGroup[] = reader.list(groupsCount)
  for (let index = 0; index < groupsCount; index++) groups[index] = readListGroupsResponseListedGroup(reader, version)
  if (flexible) reader.skipTags()
  return { throttleTimeMs, errorCode, groups }
}

export function writeListGroupsResponse(writer: KafkaWriter, message: ListGroupsResponse, version: number): void {
  const flexible = version >= 3
  if (version >= 1) {
    writer.int32(message.throttleTimeMs)
  }
  writer.int16(message.errorCode)
  writer.arrayLength(message.groups.length, flexible)
  for (let index = 0; index < message.groups.length; index++) writeListGroupsResponseListedGroup(writer, message.groups[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface ListGroupsResponseListedGroup {
  groupId: string
  protocolType: string
  groupState: string
  groupType: string
}

function readListGroupsResponseListedGroup(reader: KafkaReader, version: number): ListGroupsResponseListedGroup {
  const flexible = version >= 3
  const groupId = reader.string(flexible)
  const protocolType = reader.string(flexible)
  const groupState = version >= 4 ? reader.string(flexible) : ''
  const groupType = version >= 5 ? reader.string(flexible) : ''
  if (flexible) reader.skipTags()
  return { groupId, protocolType, groupState, groupType }
}

function writeListGroupsResponseListedGroup(writer: KafkaWriter, message: ListGroupsResponseListedGroup, version: number): void {
  const flexible = version >= 3
  writer.string(message.groupId, flexible)
  writer.string(message.protocolType, flexible)
  if (version >= 4) {
    writer.string(message.groupState, flexible)
  }
  if (version >= 5) {
    writer.string(message.groupType, flexible)
  }
  if (flexible) writer.unsignedVarint(0)
}
