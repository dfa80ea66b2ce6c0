// Made by scripts/build-kafka-codecs.ts from schema/init-producer-id.schema. Do not edit.
import type { KafkaReader } from '../reader.ts'
import type { KafkaWriter } from '../writer.ts'

/** Versions 0 to 6. */
export interface InitProducerIdRequest {
  transactionalId: string | null
  transactionTimeoutMs: number
  producerId: number
  producerEpoch: number
  enable2Pc: boolean
  keepPreparedTxn: boolean
}

export function readInitProducerIdRequest(reader: KafkaReader, version: number): InitProducerIdRequest {
  const flexible = version >= 2
  const transactionalId = reader.nullableString(flexible)
  const transactionTimeoutMs = reader.int32()
  const producerId = version >= 3 ? reader.int64() : -1
  const producerEpoch = version >= 3 ? reader.int16() : -1
  const enable2Pc = version >= 6 ? reader.bool() : false
  const keepPreparedTxn = version >= 6 ? reader.bool() : false
  if (flexible) reader.skipTags()
  return { transactionalId, transactionTimeoutMs, producerId, producerEpoch, enable2Pc, keepPreparedTxn }
}

export function writeInitProducerIdRequest(writer: KafkaWriter, message: InitProducerIdRequest, version: number): void {
  const flexible = version >= 2
  writer.nullableString(message.transactionalId, flexible)
  writer.int32(message.transactionTimeoutMs)
  if (version >= 3) {
    writer.int64(message.producerId)
  }
  if (version >= 3) {
    writer.int16(message.producerEpoch)
  }
  if (version >= 6) {
    writer.bool(message.enable2Pc)
  }
  if (version >= 6) {
    writer.bool(message.keepPreparedTxn)
  }
  if (flexible) writer.unsignedVarint(0)
}

/** Versions 0 to 6. */
export interface InitProducerIdResponse {
  throttleTimeMs: number
  errorCode: number
  producerId: number
  producerEpoch: number
  ongoingTxnProducerId: number
  ongoingTxnProducerEpoch: number
}

export function readInitProducerIdResponse(reader: KafkaReader, version: number): InitProducerIdResponse {
  const flexible = version >= 2
  const throttleTimeMs = reader.int32()
  const errorCode = reader.int16()
  const producerId = reader.int64()
  const producerEpoch = reader.int16()
  const ongoingTxnProducerId = version >= 6 ? reader.int64() : -1
  const ongoingTxnProducerEpoch = version >= 6 ? reader.int16() : -1
  if (flexible) reader.skipTags()
  return { throttleTimeMs, errorCode, producerId, producerEpoch, ongoingTxnProducerId, ongoingTxnProducerEpoch }
}

export function writeInitProducerIdResponse(writer: KafkaWriter, message: InitProducerIdResponse, version: number): void {
  const flexible = version >= 2
  writer.int32(message.throttleTimeMs)
  writer.int16(message.errorCode)
  writer.int64(message.producerId)
  writer.int16(message.producerEpoch)
  if (version >= 6) {
    writer.int64(message.ongoingTxnProducerId)
  }
  if (version >= 6) {
    writer.int16(message.ongoingTxnProducerEpoch)
  }
  if (flexible) writer.unsignedVarint(0)
}
