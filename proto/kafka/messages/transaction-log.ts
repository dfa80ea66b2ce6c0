// Made by scripts/build-kafka-codecs.ts from schema/transaction-log.schema. Do not edit.
import type { KafkaReader } from '../reader.ts'
import type { KafkaWriter } from '../writer.ts'

/** Versions 0. */
export interface TransactionLogKey {
  transactionalId: string
}

export function readTransactionLogKey(reader: KafkaReader, _version: number): TransactionLogKey {
  const transactionalId = reader.string(false)
  return { transactionalId }
}

export function writeTransactionLogKey(writer: KafkaWriter, message: TransactionLogKey, _version: number): void {
  writer.string(message.transactionalId, false)
}

/** Versions 0 to 1. */
export interface TransactionLogValue {
  producerId: number
  previousProducerId: number
  nextProducerId: number
  producerEpoch: number
  transactionTimeoutMs: number
  transactionStatus: number
  transactionPartitions: TransactionLogValuePartitionsSchema[] | null
  transactionLastUpdateTimestampMs: number
  transactionStartTimestampMs: number
  clientTransactionVersion: number
}

export function readTransactionLogValue(reader: KafkaReader, version: number): TransactionLogValue {
  const flexible = version >= 1
  const producerId = reader.int64()
  const producerEpoch = reader.int16()
  const transactionTimeoutMs = reader.int32()
  const transactionStatus = reader.int8()
  const transactionPartitionsCount = reader.nullableArrayLength(flexible, 2)
  const transactionPartitionsItems: TransactionLogValuePartitionsSchema[] = reader.list(transactionPartitionsCount)
  for (let index = 0; index < transactionPartitionsCount; index++) transactionPartitionsItems[index] = readTransactionLogValuePartitionsSchema(reader, version)
  const transactionPartitions = transactionPartitionsCount < 0 ? null : transactionPartitionsItems
  const transactionLastUpdateTimestampMs = reader.int64()
  const transactionStartTimestampMs = reader.int64()
  let previousProducerId: number = -1
  let nextProducerId: number = -1
  let clientTransactionVersion: number = 0
  if (flexible) {
    for (let left = reader.unsignedVarint(); left > 0; left--) {
      const tag = reader.unsignedVarint()
      const end = reader.tagEnd()
      switch (tag) {
        case 0: {
          previousProducerId = reader.int64()
          reader.endTag(tag, end)
          break
        }
        case 1: {
          nextProducerId = reader.int64()
          reader.endTag(tag, end)
          break
        }
        case 2: {
          clientTransactionVersion = reader.int16()
          reader.endTag(tag, end)
          break
        }
        default:
          reader.at = end
      }
    }
  }
  return { producerId, previousProducerId, nextProducerId, producerEpoch, transactionTimeoutMs, transactionStatus, transactionPartitions, transactionLastUpdateTimestampMs, transactionStartTimestampMs, clientTransactionVersion }
}

export function writeTransactionLogValue(writer: KafkaWriter, message: TransactionLogValue, version: number): void {
  const flexible = version >= 1
  writer.int64(message.producerId)
  writer.int16(message.producerEpoch)
  writer.int32(message.transactionTimeoutMs)
  writer.int8(message.transactionStatus)
  {
    const transactionPartitionsItems = message.transactionPartitions
    if (transactionPartitionsItems === null) writer.nullArray(flexible)
    else {
      writer.arrayLength(transactionPartitionsItems.length, flexible)
      for (let index = 0; index < transactionPartitionsItems.length; index++) writeTransactionLogValuePartitionsSchema(writer, transactionPartitionsItems[index], version)
    }
  }
  writer.int64(message.transactionLastUpdateTimestampMs)
  writer.int64(message.transactionStartTimestampMs)
  if (flexible) {
    const hasPreviousProducerId = message.previousProducerId !== -1
    const hasNextProducerId = message.nextProducerId !== -1
    const hasClientTransactionVersion = message.clientTransactionVersion !== 0
    writer.unsignedVarint((hasPreviousProducerId ? 1 : 0) + (hasNextProducerId ? 1 : 0) + (hasClientTransactionVersion ? 1 : 0))
    if (hasPreviousProducerId) {
      writer.unsignedVarint(0)
      const mark = writer.beginSized()
      writer.int64(message.previousProducerId)
      writer.endSized(mark)
    }
    if (hasNextProducerId) {
      writer.unsignedVarint(1)
      const mark = writer.beginSized()
      writer.int64(message.nextProducerId)
      writer.endSized(mark)
    }
    if (hasClientTransactionVersion) {
      writer.unsignedVarint(2)
      const mark = writer.beginSized()
      writer.int16(message.clientTransactionVersion)
      writer.endSized(mark)
    }
  }
}

export interface TransactionLogValuePartitionsSchema {
  topic: string
  partitionIds: number[]
}

function readTransactionLogValuePartitionsSchema(reader: KafkaReader, version: number): TransactionLogValuePartitionsSchema {
  const flexible = version >= 1
  const topic = reader.string(flexible)
  const partitionIdsCount = reader.arrayLength(flexible, 4)
  const partitionIds: number[] = reader.list(partitionIdsCount)
  for (let index = 0; index < partitionIdsCount; index++) partitionIds[index] = reader.int32()
  if (flexible) reader.skipTags()
  return { topic, partitionIds }
}

function writeTransactionLogValuePartitionsSchema(writer: KafkaWriter, message: TransactionLogValuePartitionsSchema, version: number): void {
  const flexible = version >= 1
  writer.string(message.topic, flexible)
  writer.arrayLength(message.partitionIds.length, flexible)
  for (let index = 0; index < message.partitionIds.length; index++) writer.int32(message.partitionIds[index])
  if (flexible) writer.unsignedVarint(0)
}
