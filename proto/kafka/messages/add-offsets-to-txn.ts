// Made by scripts/build-kafka-codecs.ts from schema/add-offsets-to-txn.schema. Do not edit.
import type { KafkaReader } from '../reader.ts'
import type { KafkaWriter } from '../writer.ts'

/** Versions 0 to 4. */
export interface AddOffsetsToTxnRequest {
  transactionalId: string
  producerId: number
  producerEpoch: number
  groupId: string
}

export function readAddOffsetsToTxnRequest(reader: KafkaReader, version: number): AddOffsetsToTxnRequest {
  const flexible = version >= 3
  const transactionalId = reader.string(flexible)
  const producerId = reader.int64()
  const producerEpoch = reader.int16()
  const groupId = reader.string(flexible)
  if (flexible) reader.skipTags()
  return { transactionalId, producerId, producerEpoch, groupId }
}

export function writeAddOffsetsToTxnRequest(writer: KafkaWriter, message: AddOffsetsToTxnRequest, version: number): void {
  const flexible = version >= 3
  writer.string(message.transactionalId, flexible)
  writer.int64(message.producerId)
  writer.int16(message.producerEpoch)
  writer.string(message.groupId, flexible)
  if (flexible) writer.unsignedVarint(0)
}

/** Versions 0 to 4. */
export interface AddOffsetsToTxnResponse {
  throttleTimeMs: number
  errorCode: number
}

export function readAddOffsetsToTxnResponse(reader: KafkaReader, version: number): AddOffsetsToTxnResponse {
  const flexible = version >= 3
  const throttleTimeMs = reader.int32()
  const errorCode = reader.int16()
  if (flexible) reader.skipTags()
  return { throttleTimeMs, errorCode }
}

export function writeAddOffsetsToTxnResponse(writer: KafkaWriter, message: AddOffsetsToTxnResponse, version: number): void {
  const flexible = version >= 3
  writer.int32(message.throttleTimeMs)
  writer.int16(message.errorCode)
  if (flexible) writer.unsignedVarint(0)
}
