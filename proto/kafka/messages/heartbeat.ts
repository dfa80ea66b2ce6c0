// Made by scripts/build-kafka-codecs.ts from schema/heartbeat.schema. Do not edit.
import type { KafkaReader } from '../reader.ts'
import type { KafkaWriter } from '../writer.ts'

/** Versions 0 to 4. */
export interface HeartbeatRequest {
  groupId: string
  generationId: number
  memberId: string
  groupInstanceId: string | null
}

export function readHeartbeatRequest(reader: KafkaReader, version: number): HeartbeatRequest {
  const flexible = version >= 4
  const groupId = reader.string(flexible)
  const generationId = reader.int32()
  const memberId = reader.string(flexible)
  const groupInstanceId = version >= 3 ? reader.nullableString(flexible) : null
  if (flexible) reader.skipTags()
  return { groupId, generationId, memberId, groupInstanceId }
}

export function writeHeartbeatRequest(writer: KafkaWriter, message: HeartbeatRequest, version: number): void {
  const flexible = version >= 4
  writer.string(message.groupId, flexible)
  writer.int32(message.generationId)
  writer.string(message.memberId, flexible)
  if (version >= 3) {
    writer.nullableString(message.groupInstanceId, flexible)
  }
  if (flexible) writer.unsignedVarint(0)
}

/** Versions 0 to 4. */
export interface HeartbeatResponse {
  throttleTimeMs: number
  errorCode: number
}

export function readHeartbeatResponse(reader: KafkaReader, version: number): HeartbeatResponse {
  const flexible = version >= 4
  const throttleTimeMs = version >= 1 ? reader.int32() : 0
  const errorCode = reader.int16()
  if (flexible) reader.skipTags()
  return { throttleTimeMs, errorCode }
}

export function writeHeartbeatResponse(writer: KafkaWriter, message: HeartbeatResponse, version: number): void {
  const flexible = version >= 4
  if (version >= 1) {
    writer.int32(message.throttleTimeMs)
  }
  writer.int16(message.errorCode)
  if (flexible) writer.unsignedVarint(0)
}
