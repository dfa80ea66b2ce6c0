// Made by scripts/build-kafka-codecs.ts from schema/delete-groups.schema. Do not edit.
import type { KafkaReader } from '../reader.ts'
import type { KafkaWriter } from '../writer.ts'

/** Versions 0 to 2. */
export interface DeleteGroupsRequest {
  groupsNames: string[]
}

export function readDeleteGroupsRequest(reader: KafkaReader, version: number): DeleteGroupsRequest {
  const flexible = version >= 2
  const groupsNamesCount = reader.arrayLength(flexible, 1)
  const groupsNames: string[] = reader.list(groupsNamesCount)
  for (let index = 0; index < groupsNamesCount; index++) groupsNames[index] = reader.string(flexible)
  if (flexible) reader.skipTags()
  return { groupsNames }
}

export function writeDeleteGroupsRequest(writer: KafkaWriter, message: DeleteGroupsRequest, version: number): void {
  const flexible = version >= 2
  writer.arrayLength(message.groupsNames.length, flexible)
  for (let index = 0; index < message.groupsNames.length; index++) writer.string(message.groupsNames[index], flexible)
  if (flexible) writer.unsignedVarint(0)
}

/** Versions 0 to 2. */
export interface DeleteGroupsResponse {
  throttleTimeMs: number
  results: DeleteGroupsResponseDeletableGroupResult[]
}

export function readDeleteGroupsResponse(reader: KafkaReader, version: number): DeleteGroupsResponse {
  const flexible = version >= 2
  const throttleTimeMs = reader.int32()
  const resultsCount = reader.arrayLength(flexible, 3)
  const results: DeleteGroupsResponseDeletableGroupResult[] = reader.list(resultsCount)
  for (let index = 0; index < resultsCount; index++) results[index] = readDeleteGroupsResponseDeletableGroupResult(reader, version)
  if (flexible) reader.skipTags()
  return { throttleTimeMs, results }
}

export function writeDeleteGroupsResponse(writer: KafkaWriter, message: DeleteGroupsResponse, version: number): void {
  const flexible = version >= 2
  writer.int32(message.throttleTimeMs)
  writer.arrayLength(message.results.length, flexible)
  for (let index = 0; index < message.results.length; index++) writeDeleteGroupsResponseDeletableGroupResult(writer, message.results[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface DeleteGroupsResponseDeletableGroupResult {
  groupId: string
  errorCode: number
}

function readDeleteGroupsResponseDeletableGroupResult(reader: KafkaReader, version: number): DeleteGroupsResponseDeletableGroupResult {
  const flexible = version >= 2
  const groupId = reader.string(flexible)
  const errorCode = reader.int16()
  if (flexible) reader.skipTags()
  return { groupId, errorCode }
}

function writeDeleteGroupsResponseDeletableGroupResult(writer: KafkaWriter, message: DeleteGroupsResponseDeletableGroupResult, version: number): void {
  const flexible = version >= 2
  writer.string(message.groupId, flexible)
  writer.int16(message.errorCode)
  if (flexible) writer.unsignedVarint(0)
}
