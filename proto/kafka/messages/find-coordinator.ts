// Made by scripts/build-kafka-codecs.ts from schema/find-coordinator.schema. Do not edit.
import type { KafkaReader } from '../reader.ts'
import type { KafkaWriter } from '../writer.ts'

/** Versions 0 to 6. */
export interface FindCoordinatorRequest {
  key: string
  keyType: number
  coordinatorKeys: string[]
}

export function readFindCoordinatorRequest(reader: KafkaReader, version: number): FindCoordinatorRequest {
  const flexible = version >= 3
  const key = version <= 3 ? reader.string(flexible) : ''
  const keyType = version >= 1 ? reader.int8() : 0
  let coordinatorKeys: string[] = []
  if (version >= 4) {
    const coordinatorKeysCount = reader.arrayLength(flexible, 1)
    const coordinatorKeysItems: string[] = reader.list(coordinatorKeysCount)
    for (let index = 0; index < coordinatorKeysCount; index++) coordinatorKeysItems[index] = reader.string(flexible)
    coordinatorKeys = coordinatorKeysItems
  }
  if (flexible) reader.skipTags()
  return { key, keyType, coordinatorKeys }
}

export function writeFindCoordinatorRequest(writer: KafkaWriter, message: FindCoordinatorRequest, version: number): void {
  const flexible = version >= 3
  if (version <= 3) {
    writer.string(message.key, flexible)
  }
  if (version >= 1) {
    writer.int8(message.keyType)
  }
  if (version >= 4) {
    writer.arrayLength(message.coordinatorKeys.length, flexible)
    for (let index = 0; index < message.coordinatorKeys.length; index++) writer.string(message.coordinatorKeys[index], flexible)
  }
  if (flexible) writer.unsignedVarint(0)
}

/** Versions 0 to 6. */
export interface FindCoordinatorResponse {
  throttleTimeMs: number
  errorCode: number
  errorMessage: string | null
  nodeId: number
  host: string
  port: number
  coordinators: FindCoordinatorResponseCoordinator[]
}

export function readFindCoordinatorResponse(reader: KafkaReader, version: number): FindCoordinatorResponse {
  const flexible = version >= 3
  const throttleTimeMs = version >= 1 ? reader.int32() : 0
  const errorCode = version <= 3 ? reader.int16() : 0
  const errorMessage = version >= 1 && version <= 3 ? reader.nullableString(flexible) : ''
  const nodeId = version <= 3 ? reader.int32() : 0
  const host = version <= 3 ? reader.string(flexible) : ''
  const port = version <= 3 ? reader.int32() : 0
  let coordinators: FindCoordinatorResponseCoordinator[] = []
  if (version >= 4) {
    const coordinatorsCount = reader.arrayLength(flexible, 1)
    const coordinatorsItems: FindCoordinatorResponseCoordinator[] = reader.list(coordinatorsCount)
    for (let index = 0; index < coordinatorsCount; index++) coordinatorsItems[index] = readFindCoordinatorResponseCoordinator(reader, version)
    coordinators = coordinatorsItems
  }
  if (flexible) reader.skipTags()
  return { throttleTimeMs, errorCode, errorMessage, nodeId, host, port, coordinators }
}

export function writeFindCoordinatorResponse(writer: KafkaWriter, message: FindCoordinatorResponse, version: number): void {
  const flexible = version >= 3
  if (version >= 1) {
    writer.int32(message.throttleTimeMs)
  }
  if (version <= 3) {
    writer.int16(message.errorCode)
  }
  if (version >= 1 && version <= 3) {
    writer.nullableString(message.errorMessage, flexible)
  }
  if (version <= 3) {
    writer.int32(message.nodeId)
  }
  if (version <= 3) {
    writer.string(message.host, flexible)
  }
  if (version <= 3) {
    writer.int32(message.port)
  }
  if (version >= 4) {
    writer.arrayLength(message.coordinators.length, flexible)
    for (let index = 0; index < message.coordinators.length; index++) writeFindCoordinatorResponseCoordinator(writer, message.coordinators[index], version)
  }
  if (flexible) writer.unsignedVarint(0)
}

export interface FindCoordinatorResponseCoordinator {
  key: string
  nodeId: number
  host: string
  port: number
  errorCode: number
  errorMessage: string | null
}

function readFindCoordinatorResponseCoordinator(reader: KafkaReader, version: number): FindCoordinatorResponseCoordinator {
  const flexible = version >= 3
  const key = version >= 4 ? reader.string(flexible) : ''
  const nodeId = version >= 4 ? reader.int32() : 0
  const host = version >= 4 ? reader.string(flexible) : ''
  const port = version >= 4 ? reader.int32() : 0
  const errorCode = version >= 4 ? reader.int16() : 0
  const errorMessage = version >= 4 ? reader.nullableString(flexible) : ''
  if (flexible) reader.skipTags()
  return { key, nodeId, host, port, errorCode, errorMessage }
}

function writeFindCoordinatorResponseCoordinator(writer: KafkaWriter, message: FindCoordinatorResponseCoordinator, version: number): void {
  const flexible = version >= 3
  if (version >= 4) {
    writer.string(message.key, flexible)
  }
  if (version >= 4) {
    writer.int32(message.nodeId)
  }
  if (version >= 4) {
    writer.string(message.host, flexible)
  }
  if (version >= 4) {
    writer.int32(message.port)
  }
  if (version >= 4) {
    writer.int16(message.errorCode)
  }
  if (version >= 4) {
    writer.nullableString(message.errorMessage, flexible)
  }
  if (flexible) writer.unsignedVarint(0)
}
