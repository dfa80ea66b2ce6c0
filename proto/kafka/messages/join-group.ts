// Made by scripts/build-kafka-codecs.ts from schema/join-group.schema. Do not edit.
import type { KafkaReader } from '../reader.ts'
import type { KafkaWriter } from '../writer.ts'
import { present } from '../writer.ts'

/** Versions 0 to 9. */
export interface JoinGroupRequest {
  groupId: string
  sessionTimeoutMs: number
  rebalanceTimeoutMs: number
  memberId: string
  groupInstanceId: string | null
  protocolType: string
  protocols: JoinGroupRequestProtocol[]
  reason: string | null
}

export function readJoinGroupRequest(reader: KafkaReader, version: number): JoinGroupRequest {
  const flexible = version >= 6
  const groupId = reader.string(flexible)
  const sessionTimeoutMs = reader.int32()
  const rebalanceTimeoutMs = version >= 1 ? reader.int32() : -1
  const memberId = reader.string(flexible)
  const groupInstanceId = version >= 5 ? reader.nullableString(flexible) : null
  const protocolType = reader.string(flexible)
  const protocolsCount = reader.arrayLength(flexible, 2)
  const protocols: JoinGroupRequestProtocol[] = reader.list(protocolsCount)
  for (let index = 0; index < protocolsCount; index++) protocols[index] = readJoinGroupRequestProtocol(reader, version)
  const reason = version >= 8 ? reader.nullableString(flexible) : null
  if (flexible) reader.skipTags()
  return { groupId, sessionTimeoutMs, rebalanceTimeoutMs, memberId, groupInstanceId, protocolType, protocols, reason }
}

export function writeJoinGroupRequest(writer: KafkaWriter, message: JoinGroupRequest, version: number): void {
  const flexible = version >= 6
  writer.string(message.groupId, flexible)
  writer.int32(message.sessionTimeoutMs)
  if (version >= 1) {
    writer.int32(message.rebalanceTimeoutMs)
  }
  writer.string(message.memberId, flexible)
  if (version >= 5) {
    writer.nullableString(message.groupInstanceId, flexible)
  }
  writer.string(message.protocolType, flexible)
  writer.arrayLength(message.protocols.length, flexible)
  for (let index = 0; index < message.protocols.length; index++) writeJoinGroupRequestProtocol(writer, message.protocols[index], version)
  if (version >= 8) {
    writer.nullableString(message.reason, flexible)
  }
  if (flexible) writer.unsignedVarint(0)
}

export interface JoinGroupRequestProtocol {
  name: string
  metadata: Buffer
}

function readJoinGroupRequestProtocol(reader: KafkaReader, version: number): JoinGroupRequestProtocol {
  const flexible = version >= 6
  const name = reader.string(flexible)
  const metadata = reader.bytes(flexible)
  if (flexible) reader.skipTags()
  return { name, metadata }
}

function writeJoinGroupRequestProtocol(writer: KafkaWriter, message: JoinGroupRequestProtocol, version: number): void {
  const flexible = version >= 6
  writer.string(message.name, flexible)
  writer.bytes(message.metadata, flexible)
  if (flexible) writer.unsignedVarint(0)
}

/** Versions 0 to 9. */
export interface JoinGroupResponse {
  throttleTimeMs: number
  errorCode: number
  generationId: number
  protocolType: string | null
  protocolName: string | null
  leader: string
  skipAssignment: boolean
  memberId: string
  members: JoinGroupResponseMember[]
}

export function readJoinGroupResponse(reader: KafkaReader, version: number): JoinGroupResponse {
  const flexible = version >= 6
  const throttleTimeMs = version >= 2 ? reader.int32() : 0
  const errorCode = reader.int16()
  const generationId = reader.int32()
  const protocolType = version >= 7 ? reader.nullableString(flexible) : null
  const protocolName = (version >= 7 ? reader.nullableString(flexible) : reader.string(flexible))
  const leader = reader.string(flexible)
  const skipAssignment = version >= 9 ? reader.bool() : false
  const memberId = reader.string(flexible)
  const membersCount = reader.arrayLength(flexible, 2)
  const members: JoinGroupResponseMember[] = reader.list(membersCount)
  for (let index = 0; index < membersCount; index++) members[index] = readJoinGroupResponseMember(reader, version)
  if (flexible) reader.skipTags()
  return { throttleTimeMs, errorCode, generationId, protocolType, protocolName, leader, skipAssignment, memberId, members }
}

export function writeJoinGroupResponse(writer: KafkaWriter, message: JoinGroupResponse, version: number): void {
  const flexible = version >= 6
  if (version >= 2) {
    writer.int32(message.throttleTimeMs)
  }
  writer.int16(message.errorCode)
  writer.int32(message.generationId)
  if (version >= 7) {
    writer.nullableString(message.protocolType, flexible)
  }
  if (version >= 7) writer.nullableString(message.protocolName, flexible)
  else writer.string(present(message.protocolName, 'protocolName', version), flexible)
  writer.string(message.leader, flexible)
  if (version >= 9) {
    writer.bool(message.skipAssignment)
  }
  writer.string(message.memberId, flexible)
  writer.arrayLength(message.members.length, flexible)
  for (let index = 0; index < message.members.length; index++) writeJoinGroupResponseMember(writer, message.members[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface JoinGroupResponseMember {
  memberId: string
  groupInstanceId: string | null
  metadata: Buffer
}

function readJoinGroupResponseMember(reader: KafkaReader, version: number): JoinGroupResponseMember {
  const flexible = version >= 6
  const memberId = reader.string(flexible)
  const groupInstanceId = version >= 5 ? reader.nullableString(flexible) : null
  const metadata = reader.bytes(flexible)
  if (flexible) reader.skipTags()
  return { memberId, groupInstanceId, metadata }
}

function writeJoinGroupResponseMember(writer: KafkaWriter, message: JoinGroupResponseMember, version: number): void {
  const flexible = version >= 6
  writer.string(message.memberId, flexible)
  if (version >= 5) {
    writer.nullableString(message.groupInstanceId, flexible)
  }
  writer.bytes(message.metadata, flexible)
  if (flexible) writer.unsignedVarint(0)
}
