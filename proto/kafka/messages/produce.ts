// Made by scripts/build-kafka-codecs.ts from schema/produce.schema. Do not edit.
import type { KafkaReader } from '../reader.ts'
import { zeroUuid } from '../reader.ts'
import type { KafkaWriter } from '../writer.ts'

/** Versions 0 to 13. */
export interface ProduceRequest {
  transactionalId: string | null
  acks: number
  timeoutMs: number
  topicData: ProduceRequestTopicData[]
}

export function readProduceRequest(reader: KafkaReader, version: number): ProduceRequest {
  const flexible = version >= 9
  const transactionalId = version >= 3 ? reader.nullableString(flexible) : null
  const acks = reader.int16()
  const timeoutMs = reader.int32()
  const topicDataCount = reader.arrayLength(flexible, 1)
  const topicData: ProduceRequestTopicData[] = reader.list(topicDataCount)
  for (let index = 0; index < topicDataCount; index++) topicData[index] = readProduceRequestTopicData(reader, version)
  if (flexible) reader.skipTags()
  return { transactionalId, acks, timeoutMs, topicData }
}

export function writeProduceRequest(writer: KafkaWriter, message: ProduceRequest, version: number): void {
  const flexible = version >= 9
  if (version >= 3) {
    writer.nullableString(message.transactionalId, flexible)
  }
  writer.int16(message.acks)
  writer.int32(message.timeoutMs)
  writer.arrayLength(message.topicData.length, flexible)
  for (let index = 0; index < message.topicData.length; index++) writeProduceRequestTopicData(writer, message.topicData[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface ProduceRequestTopicData {
  name: string
  topicId: string
  partitionData: ProduceRequestPartitionData[]
}

function readProduceRequestTopicData(reader: KafkaReader, version: number): ProduceRequestTopicData {
  const flexible = version >= 9
  const name = version <= 12 ? reader.string(flexible) : ''
  const topicId = version >= 13 ? reader.uuid() : zeroUuid
  const partitionDataCount = reader.arrayLength(flexible, 5)
  const partitionData: ProduceRequestPartitionData[] = reader.list(partitionDataCount)
  for (let index = 0; index < partitionDataCount; index++) partitionData[index] = readProduceRequestPartitionData(reader, version)
  if (flexible) reader.skipTags()
  return { name, topicId, partitionData }
}

function writeProduceRequestTopicData(writer: KafkaWriter, message: ProduceRequestTopicData, version: number): void {
  const flexible = version >= 9
  if (version <= 12) {
    writer.string(message.name, flexible)
  }
  if (version >= 13) {
    writer.uuid(message.topicId)
  }
  writer.arrayLength(message.partitionData.length, flexible)
  for (let index = 0; index < message.partitionData.length; index++) writeProduceRequestPartitionData(writer, message.partitionData[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface ProduceRequestPartitionData {
  index: number
  records: Buffer | null
}

function readProduceRequestPartitionData(reader: KafkaReader, version: number): ProduceRequestPartitionData {
  const flexible = version >= 9
  const index = reader.int32()
  const records = reader.nullableBytes(flexible)
  if (flexible) reader.skipTags()
  return { index, records }
}

function writeProduceRequestPartitionData(writer: KafkaWriter, message: ProduceRequestPartitionData, version: number): void {
  const flexible = version >= 9
  writer.int32(message.index)
  writer.nullableBytes(message.records, flexible)
  if (flexible) writer.unsignedVarint(0)
}

/** Versions 0 to 13. */
export interface ProduceResponse {
  responses: ProduceResponseTopicResponse[]
  throttleTimeMs: number
  nodeEndpoints: ProduceResponseNodeEndpoint[]
}

export function readProduceResponse(reader: KafkaReader, version: number): ProduceResponse {
  const flexible = version >= 9
  const responsesCount = reader.arrayLength(flexible, 1)
  const responses: ProduceResponseTopicResponse[] = reader.list(responsesCount)
  for (let index = 0; index < responsesCount; index++) responses[index] = readProduceResponseTopicResponse(reader, version)
  const throttleTimeMs = version >= 1 ? reader.int32() : 0
  let nodeEndpoints: ProduceResponseNodeEndpoint[] = []
  if (flexible) {
    for (let left = reader.unsignedVarint(); left > 0; left--) {
      const tag = reader.unsignedVarint()
      const end = reader.tagEnd()
      switch (tag) {
        case 0: {
          if (version >= 10) {
            const nodeEndpointsCount = reader.arrayLength(flexible, 1)
            const nodeEndpointsItems: ProduceResponseNodeEndpoint[] = reader.list(nodeEndpointsCount)
            for (let index = 0; index < nodeEndpointsCount; index++) nodeEndpointsItems[index] = readProduceResponseNodeEndpoint(reader, version)
            nodeEndpoints = nodeEndpointsItems
            reader.endTag(tag, end)
          } else reader.at = end
          break
        }
        default:
          reader.at = end
      }
    }
  }
  return { responses, throttleTimeMs, nodeEndpoints }
}

export function writeProduceResponse(writer: KafkaWriter, message: ProduceResponse, version: number): void {
  const flexible = version >= 9
  writer.arrayLength(message.responses.length, flexible)
  for (let index = 0; index < message.responses.length; index++) writeProduceResponseTopicResponse(writer, message.responses[index], version)
  if (version >= 1) {
    writer.int32(message.throttleTimeMs)
  }
  if (flexible) {
    const hasNodeEndpoints = version >= 10 && message.nodeEndpoints.length > 0
    writer.unsignedVarint((hasNodeEndpoints ? 1 : 0))
    if (hasNodeEndpoints) {
      writer.unsignedVarint(0)
      const mark = writer.beginSized()
      writer.arrayLength(message.nodeEndpoints.length, flexible)
      for (let index = 0; index < message.nodeEndpoints.length; index++) writeProduceResponseNodeEndpoint(writer, message.nodeEndpoints[index], version)
      writer.endSized(mark)
    }
  }
}

export interface ProduceResponseTopicResponse {
  name: string
  topicId: string
  partitionResponses: ProduceResponsePartitionResponse[]
}

function readProduceResponseTopicResponse(reader: KafkaReader, version: number): ProduceResponseTopicResponse {
  const flexible = version >= 9
  const name = version <= 12 ? reader.string(flexible) : ''
  const topicId = version >= 13 ? reader.uuid() : zeroUuid
  const partitionResponsesCount = reader.arrayLength(flexible, 14)
  const partitionResponses: ProduceResponsePartitionResponse[] = reader.list(partitionResponsesCount)
  for (let index = 0; index < partitionResponsesCount; index++) partitionResponses[index] = readProduceResponsePartitionResponse(reader, version)
  if (flexible) reader.skipTags()
  return { name, topicId, partitionResponses }
}

function writeProduceResponseTopicResponse(writer: KafkaWriter, message: ProduceResponseTopicResponse, version: number): void {
  const flexible = version >= 9
  if (version <= 12) {
    writer.string(message.name, flexible)
  }
  if (version >= 13) {
    writer.uuid(message.topicId)
  }
  writer.arrayLength(message.partitionResponses.length, flexible)
  for (let index = 0; index < message.partitionResponses.length; index++) writeProduceResponsePartitionResponse(writer, message.partitionResponses[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface ProduceResponsePartitionResponse {
  index: number
  errorCode: number
  baseOffset: number
  logAppendTimeMs: number
  logStartOffset: number
  recordErrors: ProduceResponseBatchIndexAndErrorMessage[]
  errorMessage: string | null
  currentLeader: ProduceResponseLeaderIdAndEpoch | null
}

function readProduceResponsePartitionResponse(reader: KafkaReader, version: number): ProduceResponsePartitionResponse {
  const flexible = version >= 9
  const index = reader.int32()
  const errorCode = reader.int16()
  const baseOffset = reader.int64()
  const logAppendTimeMs = version >= 2 ? reader.int64() : -1
  const logStartOffset = version >= 5 ? reader.int64() : -1
  let recordErrors: ProduceResponseBatchIndexAndErrorMessage[] = []
  if (version >= 8) {
    const recordErrorsCount = reader.arrayLength(flexible, 1)
    const recordErrorsItems: ProduceResponseBatchIndexAndErrorMessage[] = reader.list(recordErrorsCount)
    for (let index = 0; index < recordErrorsCount; index++) recordErrorsItems[index] = readProduceResponseBatchIndexAndErrorMessage(reader, version)
    recordErrors = recordErrorsItems
  }
  const errorMessage = version >= 8 ? reader.nullableString(flexible) : null
  let currentLeader: ProduceResponseLeaderIdAndEpoch | null = null
  if (flexible) {
    for (let left = reader.unsignedVarint(); left > 0; left--) {
      const tag = reader.unsignedVarint()
      const end = reader.tagEnd()
      switch (tag) {
        case 0: {
          if (version >= 10) {
            currentLeader = readProduceResponseLeaderIdAndEpoch(reader, version)
            reader.endTag(tag, end)
          } else reader.at = end
          break
        }
        default:
          reader.at = end
      }
    }
  }
  return { index, errorCode, baseOffset, logAppendTimeMs, logStartOffset, recordErrors, errorMessage, currentLeader }
}

function writeProduceResponsePartitionResponse(writer: KafkaWriter, message: ProduceResponsePartitionResponse, version: number): void {
  const flexible = version >= 9
  writer.int32(message.index)
  writer.int16(message.errorCode)
  writer.int64(message.baseOffset)
  if (version >= 2) {
    writer.int64(message.logAppendTimeMs)
  }
  if (version >= 5) {
    writer.int64(message.logStartOffset)
  }
  if (version >= 8) {
    writer.arrayLength(message.recordErrors.length, flexible)
    for (let index = 0; index < message.recordErrors.length; index++) writeProduceResponseBatchIndexAndErrorMessage(writer, message.recordErrors[index], version)
  }
  if (version >= 8) {
    writer.nullableString(message.errorMessage, flexible)
  }
  if (flexible) {
    const hasCurrentLeader = version >= 10 && message.currentLeader !== null
    writer.unsignedVarint((hasCurrentLeader ? 1 : 0))
    if (hasCurrentLeader) {
      writer.unsignedVarint(0)
      const mark = writer.beginSized()
      if (message.currentLeader !== null) writeProduceResponseLeaderIdAndEpoch(writer, message.currentLeader, version)
      writer.endSized(mark)
    }
  }
}

export interface ProduceResponseBatchIndexAndErrorMessage {
  batchIndex: number
  batchIndexErrorMessage: string | null
}

function readProduceResponseBatchIndexAndErrorMessage(reader: KafkaReader, version: number): ProduceResponseBatchIndexAndErrorMessage {
  const flexible = version >= 9
  const batchIndex = version >= 8 ? reader.int32() : 0
  const batchIndexErrorMessage = version >= 8 ? reader.nullableString(flexible) : null
  if (flexible) reader.skipTags()
  return { batchIndex, batchIndexErrorMessage }
}

function writeProduceResponseBatchIndexAndErrorMessage(writer: KafkaWriter, message: ProduceResponseBatchIndexAndErrorMessage, version: number): void {
  const flexible = version >= 9
  if (version >= 8) {
    writer.int32(message.batchIndex)
  }
  if (version >= 8) {
    writer.nullableString(message.batchIndexErrorMessage, flexible)
  }
  if (flexible) writer.unsignedVarint(0)
}

export interface ProduceResponseLeaderIdAndEpoch {
  leaderId: number
  leaderEpoch: number
}

function readProduceResponseLeaderIdAndEpoch(reader: KafkaReader, version: number): ProduceResponseLeaderIdAndEpoch {
  const flexible = version >= 9
  const leaderId = version >= 10 ? reader.int32() : -1
  const leaderEpoch = version >= 10 ? reader.int32() : -1
  if (flexible) reader.skipTags()
  return { leaderId, leaderEpoch }
}

function writeProduceResponseLeaderIdAndEpoch(writer: KafkaWriter, message: ProduceResponseLeaderIdAndEpoch, version: number): void {
  const flexible = version >= 9
  if (version >= 10) {
    writer.int32(message.leaderId)
  }
  if (version >= 10) {
    writer.int32(message.leaderEpoch)
  }
  if (flexible) writer.unsignedVarint(0)
}

export interface ProduceResponseNodeEndpoint {
  nodeId: number
  host: string
  port: number
  rack: string | null
}

function readProduceResponseNodeEndpoint(reader: KafkaReader, version: number): ProduceResponseNodeEndpoint {
  const flexible = version >= 9
  const nodeId = version >= 10 ? reader.int32() : 0
  const host = version >= 10 ? reader.string(flexible) : ''
  const port = version >= 10 ? reader.int32() : 0
  const rack = version >= 10 ? reader.nullableString(flexible) : null
  if (flexible) reader.skipTags()
  return { nodeId, host, port, rack }
}

function writeProduceResponseNodeEndpoint(writer: KafkaWriter, message: ProduceResponseNodeEndpoint, version: number): void {
  const flexible = version >= 9
  if (version >= 10) {
    writer.int32(message.nodeId)
  }
  if (version >= 10) {
    writer.string(message.host, flexible)
  }
  if (version >= 10) {
    writer.int32(message.port)
  }
  if (version >= 10) {
    writer.nullableString(message.rack, flexible)
  }
  if (flexible) writer.unsignedVarint(0)
}
