// Made by scripts/build-kafka-codecs.ts from schema/list-transactions.schema. Do not edit.
import type { KafkaReader } from '../reader.ts'
import type { KafkaWriter } from '../writer.ts'

/** Versions 0 to 2. */
export interface ListTransactionsRequest {
  stateFilters: string[]
  producerIdFilters: number[]
  durationFilter: number
  transactionalIdPattern: string | null
}

export function readListTransactionsRequest(reader: KafkaReader, version: number): ListTransactionsRequest {
  const stateFiltersCount = reader.arrayLength(true, 1)
  const stateFilters: string[] = reader.list(stateFiltersCount)
  for (let index = 0; index < stateFiltersCount; index++) stateFilters[index] = reader.string(true)
  const producerIdFiltersCount = reader.arrayLength(true, 8)
  const producerIdFilters: number[] = reader.list(producerIdFiltersCount)
  for (let index = 0; index < producerIdFiltersCount; index++) producerIdFilters[index] = reader.int64()
  const durationFilter = version >= 1 ? reader.int64() : -1
  const transactionalIdPattern = version >= 2 ? reader.nullableString(true) : null
  if (true) reader.skipTags()
  return { stateFilters, producerIdFilters, durationFilter, transactionalIdPattern }
}

export function writeListTransactionsRequest(writer: KafkaWriter, message: ListTransactionsRequest, version: number): void {
  writer.arrayLength(message.stateFilters.length, true)
  for (let index = 0; index < message.stateFilters.length; index++) writer.string(message.stateFilters[index], true)
  writer.arrayLength(message.producerIdFilters.length, true)
  for (let index = 0; index < message.producerIdFilters.length; index++) writer.int64(message.producerIdFilters[index])
  if (version >= 1) {
    writer.int64(message.durationFilter)
  }
  if (version >= 2) {
    writer.nullableString(message.transactionalIdPattern, true)
  }
  if (true) writer.unsignedVarint(0)
}

/** Versions 0 to 2. */
export interface ListTransactionsResponse {
  throttleTimeMs: number
  errorCode: number
  unknownStateFilters: string[]
  transactionStates: ListTransactionsResponseTransactionState[]
}

export function readListTransactionsResponse(reader: KafkaReader, version: number): ListTransactionsResponse {
  const throttleTimeMs = reader.int32()
  const errorCode = reader.int16()
  const unknownStateFiltersCount = reader.arrayLength(true, 1)
  const unknownStateFilters: string[] = reader.list(unknownStateFiltersCount)
  for (let index = 0; index < unknownStateFiltersCount; index++) unknownStateFilters[index] = reader.string(true)
  const transactionStatesCount = reader.arrayLength(true, 10)
  const transactionStates: ListTransactionsResponseTransactionState[] = reader.list(transactionStatesCount)
  for (let index = 0; index < transactionStatesCount; index++) transactionStates[index] = readListTransactionsResponseTransactionState(reader, version)
  if (true) reader.skipTags()
  return { throttleTimeMs, errorCode, unknownStateFilters, transactionStates }
}

export function writeListTransactionsResponse(writer: KafkaWriter, message: ListTransactionsResponse, version: number): void {
  writer.int32(message.throttleTimeMs)
  writer.int16(message.errorCode)
  writer.arrayLength(message.unknownStateFilters.length, true)
  for (let index = 0; index < message.unknownStateFilters.length; index++) writer.string(message.unknownStateFilters[index], true)
  writer.arrayLength(message.transactionStates.length, true)
  for (let index = 0; index < message.transactionStates.length; index++) writeListTransactionsResponseTransactionState(writer, message.transactionStates[index], version)
  if (true) writer.unsignedVarint(0)
}

export interface ListTransactionsResponseTransactionState {
  transactionalId: string
  producerId: number
  transactionState: string
}

function readListTransactionsResponseTransactionState(reader: KafkaReader, _version: number): ListTransactionsResponseTransactionState {
  const transactionalId = reader.string(true)
  const producerId = reader.int64()
  const transactionState = reader.string(true)
  if (true) reader.skipTags()
  return { transactionalId, producerId, transactionState }
}

function writeListTransactionsResponseTransactionState(writer: KafkaWriter, message: ListTransactionsResponseTransactionState, _version: number): void {
  writer.string(message.transactionalId, true)
  writer.int64(message.producerId)
  writer.string(message.transactionState, true)
  if (true) writer.unsignedVarint(0)
}
