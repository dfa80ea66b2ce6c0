// Made by scripts/build-kafka-codecs.ts from schema/sync-group.schema. Do not edit.
import type { KafkaReader } from '../reader.ts'
import type { KafkaWriter } from '../writer.ts'

/** Versions 0 to 5. */
export interface SyncGroupRequest {
  groupId: string
  generationId: number
  memberId: string
  groupInstanceId: string | null
  protocolType: string | null
  protocolName: string | null
  assignments: SyncGroupRequestAssignment[]
}

export function readSyncGroupRequest(reader: KafkaReader, version: number): SyncGroupRequest {
  const flexible = version >= 4
  const groupId = reader.string(flexible)
  const generationId = reader.int32()
  const memberId = reader.string(flexible)
  const groupInstanceId = version >= 3 ? reader.nullableString(flexible) : null
  const protocolType = version >= 5 ? reader.nullableString(flexible) : null
  const protocolName = version >= 5 ? reader.nullableString(flexible) : null
  const assignmentsCount = reader.arrayLength(flexible, 2)
  const assignments: SyncGroupRequestAssignment[] = reader.list(assignmentsCount)
  for (let index = 0; index < assignmentsCount; index++) assignments[index] = readSyncGroupRequestAssignment(reader, version)
  if (flexible) reader.skipTags()
  return { groupId, generationId, memberId, groupInstanceId, protocolType, protocolName, assignments }
}

export function writeSyncGroupRequest(writer: KafkaWriter, message: SyncGroupRequest, version: number): void {
  const flexible = version >= 4
  writer.string(message.groupId, flexible)
  writer.int32(message.generationId)
  writer.string(message.memberId, flexible)
  if (version >= 3) {
    writer.nullableString(message.groupInstanceId, flexible)
  }
  if (version >= 5) {
    writer.nullableString(message.protocolType, flexible)
  }
  if (version >= 5) {
    writer.nullableString(message.protocolName, flexible)
  }
  writer.arrayLength(message.assignments.length, flexible)
  for (let index = 0; index < message.assignments.length; index++) writeSyncGroupRequestAssignment(writer, message.assignments[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface SyncGroupRequestAssignment {
  memberId: string
  assignment: Buffer
}

function readSyncGroupRequestAssignment(reader: KafkaReader, version: number): SyncGroupRequestAssignment {
  const flexible = version >= 4
  const memberId = reader.string(flexible)
  const assignment = reader.bytes(flexible)
  if (flexible) reader.skipTags()
  return { memberId, assignment }
}

function writeSyncGroupRequestAssignment(writer: KafkaWriter, message: SyncGroupRequestAssignment, version: number): void {
  const flexible = version >= 4
  writer.string(message.memberId, flexible)
  writer.bytes(message.assignment, flexible)
  if (flexible) writer.unsignedVarint(0)
}

/** Versions 0 to 5. */
export interface SyncGroupResponse {
  throttleTimeMs: number
  errorCode: number
  protocolType: string | null
  protocolName: string | null
  assignment: Buffer
}

export function readSyncGroupResponse(reader: KafkaReader, version: number): SyncGroupResponse {
  const flexible = version >= 4
  const throttleTimeMs = version >= 1 ? reader.int32() : 0
  const errorCode = reader.int16()
  const protocolType = version >= 5 ? reader.nullableString(flexible) : null
  const protocolName = version >= 5 ? reader.nullableString(flexible) : null
  const assignment = reader.bytes(flexible)
  if (flexible) reader.skipTags()
  return { throttleTimeMs, errorCode, protocolType, protocolName, assignment }
}

export function writeSyncGroupResponse(writer: KafkaWriter, message: SyncGroupResponse, version: number): void {
  const flexible = version >= 4
  if (version >= 1) {
    writer.int32(message.throttleTimeMs)
  }
  writer.int16(message.errorCode)
  if (version >= 5) {
    writer.nullableString(message.protocolType, flexible)
  }
  if (version >= 5) {
    writer.nullableString(message.protocolName, flexible)
  }
  writer.bytes(message.assignment, flexible)
  if (flexible) writer.unsignedVarint(0)
}
