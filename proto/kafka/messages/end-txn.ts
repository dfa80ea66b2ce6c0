// Made by scripts/build-kafka-codecs.ts from schema/end-txn.schema. Do not edit.
import type { KafkaReader } from '../reader.ts'
import type { KafkaWriter } from '../writer.ts'

/** Versions 0 to 5. */
export interface EndTxnRequest {
  transactionalId: string
  producerId: number
  producerEpoch: number
  committed: boolean
}

export function readEndTxnRequest(reader: KafkaReader, version: number): EndTxnRequest {
  const flexible = version >= 3
  const transactionalId = reader.string(flexible)
  const producerId = reader.int64()
  const producerEpoch = reader.int16()
  const committed = reader.bool()
  if (flexible) reader.skipTags()
  return { transactionalId, producerId, producerEpoch, committed }
}

export function writeEndTxnRequest(writer: KafkaWriter, message: EndTxnRequest, version: number): void {
  const flexible = version >= 3
  writer.string(message.transactionalId, flexible)
  writer.int64(message.producerId)
  writer.int16(message.producerEpoch)
  writer.bool(message.committed)
  if (flexible) writer.unsignedVarint(0)
}

/** Versions 0 to 5. */
export interface EndTxnResponse {
  throttleTimeMs: number
  errorCode: number
  producerId: number
  producerEpoch: number
}

export function readEndTxnResponse(reader: KafkaReader, version: number): EndTxnResponse {
  const flexible = version >= 3
  const throttleTimeMs = reader.int32()
  const errorCode = reader.int16()
  const producerId = version >= 5 ? reader.int64() : -1
  const producerEpoch = version >= 5 ? reader.int16() : -1
  if (flexible) reader.skipTags()
  return { throttleTimeMs, errorCode, producerId, producerEpoch }
}

export function writeEndTxnResponse(writer: KafkaWriter, message: EndTxnResponse, version: number): void {
  const flexible = version >= 3
  writer.int32(message.throttleTimeMs)
  writer.int16(message.errorCode)
  if (version >= 5) {
    writer.int64(message.producerId)
  }
  if (version >= 5) {
    writer.int16(message.producerEpoch)
  }
  if (flexible) writer.unsignedVarint(0)
}
