// Made by scripts/build-kafka-codecs.ts from schema/leave-group.schema. Do not edit.
import type { KafkaReader } from '../reader.ts'
import type { KafkaWriter } from '../writer.ts'

/** Versions 0 to 5. */
export interface LeaveGroupRequest {
  groupId: string
  memberId: string
  members: LeaveGroupRequestMemberIdentity[]
}

export function readLeaveGroupRequest(reader: KafkaReader, version: number): LeaveGroupRequest {
  const flexible = version >= 4
  const groupId = reader.string(flexible)
  const memberId = version <= 2 ? reader.string(flexible) : ''
  let members: LeaveGroupRequestMemberIdentity[] = []
  if (version >= 3) {
    const membersCount = reader.arrayLength(flexible, 1)
    const membersItems: LeaveGroupRequestMemberIdentity[] = reader.list(membersCount)
    for (let index = 0; index < membersCount; index++) membersItems[index] = readLeaveGroupRequestMemberIdentity(reader, version)
    members = membersItems
  }
  if (flexible) reader.skipTags()
  return { groupId, memberId, members }
}

export function writeLeaveGroupRequest(writer: KafkaWriter, message: LeaveGroupRequest, version: number): void {
  const flexible = version >= 4
  writer.string(message.groupId, flexible)
  if (version <= 2) {
    writer.string(message.memberId, flexible)
  }
  if (version >= 3) {
    writer.arrayLength(message.members.length, flexible)
    for (let index = 0; index < message.members.length; index++) writeLeaveGroupRequestMemberIdentity(writer, message.members[index], version)
  }
  if (flexible) writer.unsignedVarint(0)
}

export interface LeaveGroupRequestMemberIdentity {
  memberId: string
  groupInstanceId: string | null
  reason: string | null
}

function readLeaveGroupRequestMemberIdentity(reader: KafkaReader, version: number): LeaveGroupRequestMemberIdentity {
  const flexible = version >= 4
  const memberId = version >= 3 ? reader.string(flexible) : ''
  const groupInstanceId = version >= 3 ? reader.nullableString(flexible) : null
  const reason = version >= 5 ? reader.nullableString(flexible) : null
  if (flexible) reader.skipTags()
  return { memberId, groupInstanceId, reason }
}

function writeLeaveGroupRequestMemberIdentity(writer: KafkaWriter, message: LeaveGroupRequestMemberIdentity, version: number): void {
  const flexible = version >= 4
  if (version >= 3) {
    writer.string(message.memberId, flexible)
  }
  if (version >= 3) {
    writer.nullableString(message.groupInstanceId, flexible)
  }
  if (version >= 5) {
    writer.nullableString(message.reason, flexible)
  }
  if (flexible) writer.unsignedVarint(0)
}

/** Versions 0 to 5. */
export interface LeaveGroupResponse {
  throttleTimeMs: number
  errorCode: number
  members: LeaveGroupResponseMemberResponse[]
}

export function readLeaveGroupResponse(reader: KafkaReader, version: number): LeaveGroupResponse {
  const flexible = version >= 4
  const throttleTimeMs = version >= 1 ? reader.int32() : 0
  const errorCode = reader.int16()
  let members: LeaveGroupResponseMemberResponse[] = []
  if (version >= 3) {
    const membersCount = reader.arrayLength(flexible, 1)
    const membersItems: LeaveGroupResponseMemberResponse[] = reader.list(membersCount)
    for (let index = 0; index < membersCount; index++) membersItems[index] = readLeaveGroupResponseMemberResponse(reader, version)
    members = membersItems
  }
  if (flexible) reader.skipTags()
  return { throttleTimeMs, errorCode, members }
}

export function writeLeaveGroupResponse(writer: KafkaWriter, message: LeaveGroupResponse, version: number): void {
  const flexible = version >= 4
  if (version >= 1) {
    writer.int32(message.throttleTimeMs)
  }
  writer.int16(message.errorCode)
  if (version >= 3) {
    writer.arrayLength(message.members.length, flexible)
    for (let index = 0; index < message.members.length; index++) writeLeaveGroupResponseMemberResponse(writer, message.members[index], version)
  }
  if (flexible) writer.unsignedVarint(0)
}

export interface LeaveGroupResponseMemberResponse {
  memberId: string
  groupInstanceId: string | null
  errorCode: number
}

function readLeaveGroupResponseMemberResponse(reader: KafkaReader, version: number): LeaveGroupResponseMemberResponse {
  const flexible = version >= 4
  const memberId = version >= 3 ? reader.string(flexible) : ''
  const groupInstanceId = version >= 3 ? reader.nullableString(flexible) : ''
  const errorCode = version >= 3 ? reader.int16() : 0
  if (flexible) reader.skipTags()
  return { memberId, groupInstanceId, errorCode }
}

function writeLeaveGroupResponseMemberResponse(writer: KafkaWriter, message: LeaveGroupResponseMemberResponse, version: number): void {
  const flexible = version >= 4
  if (version >= 3) {
    writer.string(message.memberId, flexible)
  }
  if (version >= 3) {
    writer.nullableString(message.groupInstanceId, flexible)
  }
  if (version >= 3) {
    writer.int16(message.errorCode)
  }
  if (flexible) writer.unsignedVarint(0)
}
