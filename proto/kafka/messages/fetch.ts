// Made by scripts/build-kafka-codecs.ts from schema/fetch.schema. Do not edit.
import type { KafkaReader } from '../reader.ts'
import { zeroUuid } from '../reader.ts'
import type { KafkaRecords } from '../writer.ts'
import type { KafkaWriter } from '../writer.ts'

/** Versions 0 to 18. */
export interface FetchRequest {
  clusterId: string | null
  replicaId: number
  replicaState: FetchRequestReplicaState | null
  maxWaitMs: number
  minBytes: number
  maxBytes: number
  isolationLevel: number
  sessionId: number
  sessionEpoch: number
  topics: FetchRequestTopic[]
  forgottenTopicsData: FetchRequestForgottenTopic[]
  rackId: string
}

export function readFetchRequest(reader: KafkaReader, version: number): FetchRequest {
  const flexible = version >= 12
  const replicaId = version <= 14 ? reader.int32() : -1
  const maxWaitMs = reader.int32()
  const minBytes = reader.int32()
  const maxBytes = version >= 3 ? reader.int32() : 2147483647
  const isolationLevel = version >= 4 ? reader.int8() : 0
  const sessionId = version >= 7 ? reader.int32() : 0
  const sessionEpoch = version >= 7 ? reader.int32() : -1
  const topicsCount = reader.arrayLength(flexible, 1)
  const topics: FetchRequestTopic[] = reader.list(topicsCount)
  for (let index = 0; index < topicsCount; index++) topics[index] = readFetchRequestTopic(reader, version)
  let forgottenTopicsData: FetchRequestForgottenTopic[] = []
  if (version >= 7) {
    const forgottenTopicsDataCount = reader.arrayLength(flexible, 1)
    const forgottenTopicsDataItems: FetchRequestForgottenTopic[] = reader.list(forgottenTopicsDataCount)
    for (let index = 0; index < forgottenTopicsDataCount; index++) forgottenTopicsDataItems[index] = readFetchRequestForgottenTopic(reader, version)
    forgottenTopicsData = forgottenTopicsDataItems
  }
  const rackId = version >= 11 ? reader.string(flexible) : ''
  let clusterId: string | null = null
  let replicaState: FetchRequestReplicaState | null = null
  if (flexible) {
    for (let left = reader.unsignedVarint(); left > 0; left--) {
      const tag = reader.unsignedVarint()
      const end = reader.tagEnd()
      switch (tag) {
        case 0: {
          clusterId = reader.nullableString(flexible)
          reader.endTag(tag, end)
          break
        }
        case 1: {
          if (version >= 15) {
            replicaState = readFetchRequestReplicaState(reader, version)
            reader.endTag(tag, end)
          } else reader.at = end
          break
        }
        default:
          reader.at = end
      }
    }
  }
  return { clusterId, replicaId, replicaState, maxWaitMs, minBytes, maxBytes, isolationLevel, sessionId, sessionEpoch, topics, forgottenTopicsData, rackId }
}

export function writeFetchRequest(writer: KafkaWriter, message: FetchRequest, version: number): void {
  const flexible = version >= 12
  if (version <= 14) {
    writer.int32(message.replicaId)
  }
  writer.int32(message.maxWaitMs)
  writer.int32(message.minBytes)
  if (version >= 3) {
    writer.int32(message.maxBytes)
  }
  if (version >= 4) {
    writer.int8(message.isolationLevel)
  }
  if (version >= 7) {
    writer.int32(message.sessionId)
  }
  if (version >= 7) {
    writer.int32(message.sessionEpoch)
  }
  writer.arrayLength(message.topics.length, flexible)
  for (let index = 0; index < message.topics.length; index++) writeFetchRequestTopic(writer, message.topics[index], version)
  if (version >= 7) {
    writer.arrayLength(message.forgottenTopicsData.length, flexible)
    for (let index = 0; index < message.forgottenTopicsData.length; index++) writeFetchRequestForgottenTopic(writer, message.forgottenTopicsData[index], version)
  }
  if (version >= 11) {
    writer.string(message.rackId, flexible)
  }
  if (flexible) {
    const hasClusterId = message.clusterId !== null
    const hasReplicaState = version >= 15 && message.replicaState !== null
    writer.unsignedVarint((hasClusterId ? 1 : 0) + (hasReplicaState ? 1 : 0))
    if (hasClusterId) {
      writer.unsignedVarint(0)
      const mark = writer.beginSized()
      writer.nullableString(message.clusterId, flexible)
      writer.endSized(mark)
    }
    if (hasReplicaState) {
      writer.unsignedVarint(1)
      const mark = writer.beginSized()
      if (message.replicaState !== null) writeFetchRequestReplicaState(writer, message.replicaState, version)
      writer.endSized(mark)
    }
  }
}

export interface FetchRequestReplicaState {
  replicaId: number
  replicaEpoch: number
}

function readFetchRequestReplicaState(reader: KafkaReader, version: number): FetchRequestReplicaState {
  const flexible = version >= 12
  const replicaId = version >= 15 ? reader.int32() : -1
  const replicaEpoch = version >= 15 ? reader.int64() : -1
  if (flexible) reader.skipTags()
  return { replicaId, replicaEpoch }
}

function writeFetchRequestReplicaState(writer: KafkaWriter, message: FetchRequestReplicaState, version: number): void {
  const flexible = version >= 12
  if (version >= 15) {
    writer.int32(message.replicaId)
  }
  if (version >= 15) {
    writer.int64(message.replicaEpoch)
  }
  if (flexible) writer.unsignedVarint(0)
}

export interface FetchRequestTopic {
  topic: string
  topicId: string
  partitions: FetchRequestPartition[]
}

function readFetchRequestTopic(reader: KafkaReader, version: number): FetchRequestTopic {
  const flexible = version >= 12
  const topic = version <= 12 ? reader.string(flexible) : ''
  const topicId = version >= 13 ? reader.uuid() : zeroUuid
  const partitionsCount = reader.arrayLength(flexible, 16)
  const partitions: FetchRequestPartition[] = reader.list(partitionsCount)
  for (let index = 0; index < partitionsCount; index++) partitions[index] = readFetchRequestPartition(reader, version)
  if (flexible) reader.skipTags()
  return { topic, topicId, partitions }
}

function writeFetchRequestTopic(writer: KafkaWriter, message: FetchRequestTopic, version: number): void {
  const flexible = version >= 12
  if (version <= 12) {
    writer.string(message.topic, flexible)
  }
  if (version >= 13) {
    writer.uuid(message.topicId)
  }
  writer.arrayLength(message.partitions.length, flexible)
  for (let index = 0; index < message.partitions.length; index++) writeFetchRequestPartition(writer, message.partitions[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface FetchRequestPartition {
  partition: number
  currentLeaderEpoch: number
  fetchOffset: number
  lastFetchedEpoch: number
  logStartOffset: number
  partitionMaxBytes: number
  replicaDirectoryId: string
}

function readFetchRequestPartition(reader: KafkaReader, version: number): FetchRequestPartition {
  const flexible = version >= 12
  const partition = reader.int32()
  const currentLeaderEpoch = version >= 9 ? reader.int32() : -1
  const fetchOffset = reader.int64()
  const lastFetchedEpoch = version >= 12 ? reader.int32() : -1
  const logStartOffset = version >= 5 ? reader.int64() : -1
  const partitionMaxBytes = reader.int32()
  let replicaDirectoryId: string = zeroUuid
  if (flexible) {
    for (let left = reader.unsignedVarint(); left > 0; left--) {
      const tag = reader.unsignedVarint()
      const end = reader.tagEnd()
      switch (tag) {
        case 0: {
          if (version >= 17) {
            replicaDirectoryId = reader.uuid()
            reader.endTag(tag, end)
          } else reader.at = end
          break
        }
        default:
          reader.at = end
      }
    }
  }
  return { partition, currentLeaderEpoch, fetchOffset, lastFetchedEpoch, logStartOffset, partitionMaxBytes, replicaDirectoryId }
}

function writeFetchRequestPartition(writer: KafkaWriter, message: FetchRequestPartition, version: number): void {
  const flexible = version >= 12
  writer.int32(message.partition)
  if (version >= 9) {
    writer.int32(message.currentLeaderEpoch)
  }
  writer.int64(message.fetchOffset)
  if (version >= 12) {
    writer.int32(message.lastFetchedEpoch)
  }
  if (version >= 5) {
    writer.int64(message.logStartOffset)
  }
  writer.int32(message.partitionMaxBytes)
  if (flexible) {
    const hasReplicaDirectoryId = version >= 17 && message.replicaDirectoryId !== zeroUuid
    writer.unsignedVarint((hasReplicaDirectoryId ? 1 : 0))
    if (hasReplicaDirectoryId) {
      writer.unsignedVarint(0)
      const mark = writer.beginSized()
      writer.uuid(message.replicaDirectoryId)
      writer.endSized(mark)
    }
  }
}

export interface FetchRequestForgottenTopic {
  topic: string
  topicId: string
  partitions: number[]
}

function readFetchRequestForgottenTopic(reader: KafkaReader, version: number): FetchRequestForgottenTopic {
  const flexible = version >= 12
  const topic = version >= 7 && version <= 12 ? reader.string(flexible) : ''
  const topicId = version >= 13 ? reader.uuid() : zeroUuid
  let partitions: number[] = []
  if (version >= 7) {
    const partitionsCount = reader.arrayLength(flexible, 4)
    const partitionsItems: number[] = reader.list(partitionsCount)
    for (let index = 0; index < partitionsCount; index++) partitionsItems[index] = reader.int32()
    partitions = partitionsItems
  }
  if (flexible) reader.skipTags()
  return { topic, topicId, partitions }
}

function writeFetchRequestForgottenTopic(writer: KafkaWriter, message: FetchRequestForgottenTopic, version: number): void {
  const flexible = version >= 12
  if (version >= 7 && version <= 12) {
    writer.string(message.topic, flexible)
  }
  if (version >= 13) {
    writer.uuid(message.topicId)
  }
  if (version >= 7) {
    writer.arrayLength(message.partitions.length, flexible)
    for (let index = 0; index < message.partitions.length; index++) writer.int32(message.partitions[index])
  }
  if (flexible) writer.unsignedVarint(0)
}

/** Versions 0 to 18. */
export interface FetchResponse {
  throttleTimeMs: number
  errorCode: number
  sessionId: number
  responses: FetchResponseFetchableTopicResponse[]
  nodeEndpoints: FetchResponseNodeEndpoint[]
}

export function readFetchResponse(reader: KafkaReader, version: number): FetchResponse {
  const flexible = version >= 12
  const throttleTimeMs = version >= 1 ? reader.int32() : 0
  const errorCode = version >= 7 ? reader.int16() : 0
  const sessionId = version >= 7 ? reader.int32() : 0
  const responsesCount = reader.arrayLength(flexible, 1)
  const responses: FetchResponseFetchableTopicResponse[] = reader.list(responsesCount)
  for (let index = 0; index < responsesCount; index++) responses[index] = readFetchResponseFetchableTopicResponse(reader, version)
  let nodeEndpoints: FetchResponseNodeEndpoint[] = []
  if (flexible) {
    for (let left = reader.unsignedVarint(); left > 0; left--) {
      const tag = reader.unsignedVarint()
      const end = reader.tagEnd()
      switch (tag) {
        case 0: {
          if (version >= 16) {
            const nodeEndpointsCount = reader.arrayLength(flexible, 1)
            const nodeEndpointsItems: FetchResponseNodeEndpoint[] = reader.list(nodeEndpointsCount)
            for (let index = 0; index < nodeEndpointsCount; index++) nodeEndpointsItems[index] = readFetchResponseNodeEndpoint(reader, version)
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
  return { throttleTimeMs, errorCode, sessionId, responses, nodeEndpoints }
}

export function writeFetchResponse(writer: KafkaWriter, message: FetchResponse, version: number): void {
  const flexible = version >= 12
  if (version >= 1) {
    writer.int32(message.throttleTimeMs)
  }
  if (version >= 7) {
    writer.int16(message.errorCode)
  }
  if (version >= 7) {
    writer.int32(message.sessionId)
  }
  writer.arrayLength(message.responses.length, flexible)
  for (let index = 0; index < message.responses.length; index++) writeFetchResponseFetchableTopicResponse(writer, message.responses[index], version)
  if (flexible) {
    const hasNodeEndpoints = version >= 16 && message.nodeEndpoints.length > 0
    writer.unsignedVarint((hasNodeEndpoints ? 1 : 0))
    if (hasNodeEndpoints) {
      writer.unsignedVarint(0)
      const mark = writer.beginSized()
      writer.arrayLength(message.nodeEndpoints.length, flexible)
      for (let index = 0; index < message.nodeEndpoints.length; index++) writeFetchResponseNodeEndpoint(writer, message.nodeEndpoints[index], version)
      writer.endSized(mark)
    }
  }
}

export interface FetchResponseFetchableTopicResponse {
  topic: string
  topicId: string
  partitions: FetchResponsePartitionData[]
}

function readFetchResponseFetchableTopicResponse(reader: KafkaReader, version: number): FetchResponseFetchableTopicResponse {
  const flexible = version >= 12
  const topic = version <= 12 ? reader.string(flexible) : ''
  const topicId = version >= 13 ? reader.uuid() : zeroUuid
  const partitionsCount = reader.arrayLength(flexible, 15)
  const partitions: FetchResponsePartitionData[] = reader.list(partitionsCount)
  for (let index = 0; index < partitionsCount; index++) partitions[index] = readFetchResponsePartitionData(reader, version)
  if (flexible) reader.skipTags()
  return { topic, topicId, partitions }
}

function writeFetchResponseFetchableTopicResponse(writer: KafkaWriter, message: FetchResponseFetchableTopicResponse, version: number): void {
  const flexible = version >= 12
  if (version <= 12) {
    writer.string(message.topic, flexible)
  }
  if (version >= 13) {
    writer.uuid(message.topicId)
  }
  writer.arrayLength(message.partitions.length, flexible)
  for (let index = 0; index < message.partitions.length; index++) writeFetchResponsePartitionData(writer, message.partitions[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface FetchResponsePartitionData {
  partitionIndex: number
  errorCode: number
  highWatermark: number
  lastStableOffset: number
  logStartOffset: number
  divergingEpoch: FetchResponseEpochEndOffset | null
  currentLeader: FetchResponseLeaderIdAndEpoch | null
  snapshotId: FetchResponseSnapshotId | null
  abortedTransactions: FetchResponseAbortedTransaction[] | null
  preferredReadReplica: number
  records: KafkaRecords
}

function readFetchResponsePartitionData(reader: KafkaReader, version: number): FetchResponsePartitionData {
  const flexible = version >= 12
  const partitionIndex = reader.int32()
  const errorCode = reader.int16()
  const highWatermark = reader.int64()
  const lastStableOffset = version >= 4 ? reader.int64() : -1
  const logStartOffset = version >= 5 ? reader.int64() : -1
  let abortedTransactions: FetchResponseAbortedTransaction[] | null = []
  if (version >= 4) {
    const abortedTransactionsCount = reader.nullableArrayLength(flexible, 1)
    const abortedTransactionsItems: FetchResponseAbortedTransaction[] = reader.list(abortedTransactionsCount)
    for (let index = 0; index < abortedTransactionsCount; index++) abortedTransactionsItems[index] = readFetchResponseAbortedTransaction(reader, version)
    abortedTransactions = abortedTransactionsCount < 0 ? null : abortedTransactionsItems
  }
  const preferredReadReplica = version >= 11 ? reader.int32() : -1
  const records = reader.nullableBytes(flexible)
  let divergingEpoch: FetchResponseEpochEndOffset | null = null
  let currentLeader: FetchResponseLeaderIdAndEpoch | null = null
  let snapshotId: FetchResponseSnapshotId | null = null
  if (flexible) {
    for (let left = reader.unsignedVarint(); left > 0; left--) {
      const tag = reader.unsignedVarint()
      const end = reader.tagEnd()
      switch (tag) {
        case 0: {
          divergingEpoch = readFetchResponseEpochEndOffset(reader, version)
          reader.endTag(tag, end)
          break
        }
        case 1: {
          currentLeader = readFetchResponseLeaderIdAndEpoch(reader, version)
          reader.endTag(tag, end)
          break
        }
        case 2: {
          snapshotId = readFetchResponseSnapshotId(reader, version)
          reader.endTag(tag, end)
          break
        }
        default:
          reader.at = end
      }
    }
  }
  return { partitionIndex, errorCode, highWatermark, lastStableOffset, logStartOffset, divergingEpoch, currentLeader, snapshotId, abortedTransactions, preferredReadReplica, records }
}

function writeFetchResponsePartitionData(writer: KafkaWriter, message: FetchResponsePartitionData, version: number): void {
  const flexible = version >= 12
  writer.int32(message.partitionIndex)
  writer.int16(message.errorCode)
  writer.int64(message.highWatermark)
  if (version >= 4) {
    writer.int64(message.lastStableOffset)
  }
  if (version >= 5) {
    writer.int64(message.logStartOffset)
  }
  if (version >= 4) {
    const abortedTransactionsItems = message.abortedTransactions
    if (abortedTransactionsItems === null) writer.nullArray(flexible)
    else {
      writer.arrayLength(abortedTransactionsItems.length, flexible)
      for (let index = 0; index < abortedTransactionsItems.length; index++) writeFetchResponseAbortedTransaction(writer, abortedTransactionsItems[index], version)
    }
  }
  if (version >= 11) {
    writer.int32(message.preferredReadReplica)
  }
  writer.records(message.records, flexible)
  if (flexible) {
    const hasDivergingEpoch = message.divergingEpoch !== null
    const hasCurrentLeader = message.currentLeader !== null
    const hasSnapshotId = message.snapshotId !== null
    writer.unsignedVarint((hasDivergingEpoch ? 1 : 0) + (hasCurrentLeader ? 1 : 0) + (hasSnapshotId ? 1 : 0))
    if (hasDivergingEpoch) {
      writer.unsignedVarint(0)
      const mark = writer.beginSized()
      if (message.divergingEpoch !== null) writeFetchResponseEpochEndOffset(writer, message.divergingEpoch, version)
      writer.endSized(mark)
    }
    if (hasCurrentLeader) {
      writer.unsignedVarint(1)
      const mark = writer.beginSized()
      if (message.currentLeader !== null) writeFetchResponseLeaderIdAndEpoch(writer, message.currentLeader, version)
      writer.endSized(mark)
    }
    if (hasSnapshotId) {
      writer.unsignedVarint(2)
      const mark = writer.beginSized()
      if (message.snapshotId !== null) writeFetchResponseSnapshotId(writer, message.snapshotId, version)
      writer.endSized(mark)
    }
  }
}

export interface FetchResponseEpochEndOffset {
  epoch: number
  endOffset: number
}

function readFetchResponseEpochEndOffset(reader: KafkaReader, version: number): FetchResponseEpochEndOffset {
  const flexible = version >= 12
  const epoch = version >= 12 ? reader.int32() : -1
  const endOffset = version >= 12 ? reader.int64() : -1
  if (flexible) reader.skipTags()
  return { epoch, endOffset }
}

function writeFetchResponseEpochEndOffset(writer: KafkaWriter, message: FetchResponseEpochEndOffset, version: number): void {
  const flexible = version >= 12
  if (version >= 12) {
    writer.int32(message.epoch)
  }
  if (version >= 12) {
    writer.int64(message.endOffset)
  }
  if (flexible) writer.unsignedVarint(0)
}

export interface FetchResponseLeaderIdAndEpoch {
  leaderId: number
  leaderEpoch: number
}

function readFetchResponseLeaderIdAndEpoch(reader: KafkaReader, version: number): FetchResponseLeaderIdAndEpoch {
  const flexible = version >= 12
  const leaderId = version >= 12 ? reader.int32() : -1
  const leaderEpoch = version >= 12 ? reader.int32() : -1
  if (flexible) reader.skipTags()
  return { leaderId, leaderEpoch }
}

function writeFetchResponseLeaderIdAndEpoch(writer: KafkaWriter, message: FetchResponseLeaderIdAndEpoch, version: number): void {
  const flexible = version >= 12
  if (version >= 12) {
    writer.int32(message.leaderId)
  }
  if (version >= 12) {
    writer.int32(message.leaderEpoch)
  }
  if (flexible) writer.unsignedVarint(0)
}

export interface FetchResponseSnapshotId {
  endOffset: number
  epoch: number
}

function readFetchResponseSnapshotId(reader: KafkaReader, version: number): FetchResponseSnapshotId {
  const flexible = version >= 12
  const endOffset = version >= 12 ? reader.int64() : -1
  const epoch = version >= 12 ? reader.int32() : -1
  if (flexible) reader.skipTags()
  return { endOffset, epoch }
}

function writeFetchResponseSnapshotId(writer: KafkaWriter, message: FetchResponseSnapshotId, version: number): void {
  const flexible = version >= 12
  if (version >= 12) {
    writer.int64(message.endOffset)
  }
  if (version >= 12) {
    writer.int32(message.epoch)
  }
  if (flexible) writer.unsignedVarint(0)
}

export interface FetchResponseAbortedTransaction {
  producerId: number
  firstOffset: number
}

function readFetchResponseAbortedTransaction(reader: KafkaReader, version: number): FetchResponseAbortedTransaction {
  const flexible = version >= 12
  const producerId = version >= 4 ? reader.int64() : 0
  const firstOffset = version >= 4 ? reader.int64() : 0
  if (flexible) reader.skipTags()
  return { producerId, firstOffset }
}

function writeFetchResponseAbortedTransaction(writer: KafkaWriter, message: FetchResponseAbortedTransaction, version: number): void {
  const flexible = version >= 12
  if (version >= 4) {
    writer.int64(message.producerId)
  }
  if (version >= 4) {
    writer.int64(message.firstOffset)
  }
  if (flexible) writer.unsignedVarint(0)
}

export interface FetchResponseNodeEndpoint {
  nodeId: number
  host: string
  port: number
  rack: string | null
}

function readFetchResponseNodeEndpoint(reader: KafkaReader, version: number): FetchResponseNodeEndpoint {
  const flexible = version >= 12
  const nodeId = version >= 16 ? reader.int32() : 0
  const host = version >= 16 ? reader.string(flexible) : ''
  const port = version >= 16 ? reader.int32() : 0
  const rack = version >= 16 ? reader.nullableString(flexible) : null
  if (flexible) reader.skipTags()
  return { nodeId, host, port, rack }
}

function writeFetchResponseNodeEndpoint(writer: KafkaWriter, message: FetchResponseNodeEndpoint, version: number): void {
  const flexible = version >= 12
  if (version >= 16) {
    writer.int32(message.nodeId)
  }
  if (version >= 16) {
    writer.string(message.host, flexible)
  }
  if (version >= 16) {
    writer.int32(message.port)
  }
  if (version >= 16) {
    writer.nullableString(message.rack, flexible)
  }
  if (flexible) writer.unsignedVarint(0)
}
