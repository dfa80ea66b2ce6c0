// Made by scripts/build-kafka-codecs.ts from schema/metadata.schema. Do not edit.
import type { KafkaReader } from '../reader.ts'
import { zeroUuid } from '../reader.ts'
import type { KafkaWriter } from '../writer.ts'
import { present } from '../writer.ts'

/** Versions 0 to 13. */
export interface MetadataRequest {
  topics: MetadataRequestTopic[] | null
  allowAutoTopicCreation: boolean
  includeClusterAuthorizedOperations: boolean
  includeTopicAuthorizedOperations: boolean
}

export function readMetadataRequest(reader: KafkaReader, version: number): MetadataRequest {
  const flexible = version >= 9
  const topicsCount = version >= 1 ? reader.nullableArrayLength(flexible, 1) : reader.arrayLength(flexible, 1)
  const topicsItems: MetadataRequestTopic[] = reader.list(topicsCount)
  for (let index = 0; index < topicsCount; index++) topicsItems[index] = readMetadataRequestTopic(reader, version)
  const topics = topicsCount < 0 ? null : topicsItems
  const allowAutoTopicCreation = version >= 4 ? reader.bool() : true
  const includeClusterAuthorizedOperations = version >= 8 && version <= 10 ? reader.bool() : false
  const includeTopicAuthorizedOperations = version >= 8 ? reader.bool() : false
  if (flexible) reader.skipTags()
  return { topics, allowAutoTopicCreation, includeClusterAuthorizedOperations, includeTopicAuthorizedOperations }
}

export function writeMetadataRequest(writer: KafkaWriter, message: MetadataRequest, version: number): void {
  const flexible = version >= 9
  {
    const topicsItems = version >= 1 ? message.topics : present(message.topics, 'topics', version)
    if (topicsItems === null) writer.nullArray(flexible)
    else {
      writer.arrayLength(topicsItems.length, flexible)
      for (let index = 0; index < topicsItems.length; index++) writeMetadataRequestTopic(writer, topicsItems[index], version)
    }
  }
  if (version >= 4) {
    writer.bool(message.allowAutoTopicCreation)
  }
  if (version >= 8 && version <= 10) {
    writer.bool(message.includeClusterAuthorizedOperations)
  }
  if (version >= 8) {
    writer.bool(message.includeTopicAuthorizedOperations)
  }
  if (flexible) writer.unsignedVarint(0)
}

export interface MetadataRequestTopic {
  topicId: string
  name: string | null
}

function readMetadataRequestTopic(reader: KafkaReader, version: number): MetadataRequestTopic {
  const flexible = version >= 9
  const topicId = version >= 10 ? reader.uuid() : zeroUuid
  const name = (version >= 10 ? reader.nullableString(flexible) : reader.string(flexible))
  if (flexible) reader.skipTags()
  return { topicId, name }
}

function writeMetadataRequestTopic(writer: KafkaWriter, message: MetadataRequestTopic, version: number): void {
  const flexible = version >= 9
  if (version >= 10) {
    writer.uuid(message.topicId)
  }
  if (version >= 10) writer.nullableString(message.name, flexible)
  else writer.string(present(message.name, 'name', version), flexible)
  if (flexible) writer.unsignedVarint(0)
}

/** Versions 0 to 13. */
export interface MetadataResponse {
  throttleTimeMs: number
  brokers: MetadataResponseBroker[]
  clusterId: string | null
  controllerId: number
  topics: MetadataResponseTopic[]
  clusterAuthorizedOperations: number
  errorCode: number
}

export function readMetadataResponse(reader: KafkaReader, version: number): MetadataResponse {
  const flexible = version >= 9
  const throttleTimeMs = version >= 3 ? reader.int32() : 0
  const brokersCount = reader.arrayLength(flexible, 9)
  const brokers: MetadataResponseBroker[] = reader.list(brokersCount)
  for (let index = 0; index < brokersCount; index++) brokers[index] = readMetadataResponseBroker(reader, version)
  const clusterId = version >= 2 ? reader.nullableString(flexible) : null
  const controllerId = version >= 1 ? reader.int32() : -1
  const topicsCount = reader.arrayLength(flexible, 4)
  const topics: MetadataResponseTopic[] = reader.list(topicsCount)
  for (let index = 0; index < topicsCount; index++) topics[index] = readMetadataResponseTopic(reader, version)
  const clusterAuthorizedOperations = version >= 8 && version <= 10 ? reader.int32() : -2147483648
  const errorCode = version >= 13 ? reader.int16() : 0
  if (flexible) reader.skipTags()
  return { throttleTimeMs, brokers, clusterId, controllerId, topics, clusterAuthorizedOperations, errorCode }
}

export function writeMetadataResponse(writer: KafkaWriter, message: MetadataResponse, version: number): void {
  const flexible = version >= 9
  if (version >= 3) {
    writer.int32(message.throttleTimeMs)
  }
  writer.arrayLength(message.brokers.length, flexible)
  for (let index = 0; index < message.brokers.length; index++) writeMetadataResponseBroker(writer, message.brokers[index], version)
  if (version >= 2) {
    writer.nullableString(message.clusterId, flexible)
  }
  if (version >= 1) {
    writer.int32(message.controllerId)
  }
  writer.arrayLength(message.topics.length, flexible)
  for (let index = 0; index < message.topics.length; index++) writeMetadataResponseTopic(writer, message.topics[index], version)
  if (version >= 8 && version <= 10) {
    writer.int32(message.clusterAuthorizedOperations)
  }
  if (version >= 13) {
    writer.int16(message.errorCode)
  }
  if (flexible) writer.unsignedVarint(0)
}

export interface MetadataResponseBroker {
  nodeId: number
  host: string
  port: number
  rack: string | null
}

function readMetadataResponseBroker(reader: KafkaReader, version: number): MetadataResponseBroker {
  const flexible = version >= 9
  const nodeId = reader.int32()
  const host = reader.string(flexible)
  const port = reader.int32()
  const rack = version >= 1 ? reader.nullableString(flexible) : null
  if (flexible) reader.skipTags()
  return { nodeId, host, port, rack }
}

function writeMetadataResponseBroker(writer: KafkaWriter, message: MetadataResponseBroker, version: number): void {
  const flexible = version >= 9
  writer.int32(message.nodeId)
  writer.string(message.host, flexible)
  writer.int32(message.port)
  if (version >= 1) {
    writer.nullableString(message.rack, flexible)
  }
  if (flexible) writer.unsignedVarint(0)
}

export interface MetadataResponseTopic {
  errorCode: number
  name: string | null
  topicId: string
  isInternal: boolean
  partitions: MetadataResponsePartition[]
  topicAuthorizedOperations: number
}

function readMetadataResponseTopic(reader: KafkaReader, version: number): MetadataResponseTopic {
  const flexible = version >= 9
  const errorCode = reader.int16()
  const name = (version >= 12 ? reader.nullableString(flexible) : reader.string(flexible))
  const topicId = version >= 10 ? reader.uuid() : zeroUuid
  const isInternal = version >= 1 ? reader.bool() : false
  const partitionsCount = reader.arrayLength(flexible, 12)
  const partitions: MetadataResponsePartition[] = reader.list(partitionsCount)
  for (let index = 0; index < partitionsCount; index++) partitions[index] = readMetadataResponsePartition(reader, version)
  const topicAuthorizedOperations = version >= 8 ? reader.int32() : -2147483648
  if (flexible) reader.skipTags()
  return { errorCode, name, topicId, isInternal, partitions, topicAuthorizedOperations }
}

function writeMetadataResponseTopic(writer: KafkaWriter, message: MetadataResponseTopic, version: number): void {
  const flexible = version >= 9
  writer.int16(message.errorCode)
  if (version >= 12) writer.nullableString(message.name, flexible)
  else writer.string(present(message.name, 'name', version), flexible)
  if (version >= 10) {
    writer.uuid(message.topicId)
  }
  if (version >= 1) {
    writer.bool(message.isInternal)
  }
  writer.arrayLength(message.partitions.length, flexible)
  for (let index = 0; index < message.partitions.length; index++) writeMetadataResponsePartition(writer, message.partitions[index], version)
  if (version >= 8) {
    writer.int32(message.topicAuthorizedOperations)
  }
  if (flexible) writer.unsignedVarint(0)
}

export interface MetadataResponsePartition {
  errorCode: number
  partitionIndex: number
  leaderId: number
  leaderEpoch: number
  replicaNodes: number[]
  isrNodes: number[]
  offlineReplicas: number[]
}

function readMetadataResponsePartition(reader: KafkaReader, version: number): MetadataResponsePartition {
  const flexible = version >= 9
  const errorCode = reader.int16()
  const partitionIndex = reader.int32()
  const leaderId = reader.int32()
  const leaderEpoch = version >= 7 ? reader.int32() : -1
  const replicaNodesCount = reader.arrayLength(flexible, 4)
  const replicaNodes: number[] = reader.list(replicaNodesCount)
  for (let index = 0; index < replicaNodesCount; index++) replicaNodes[index] = reader.int32()
  const isrNodesCount = reader.arrayLength(flexible, 4)
  const isrNodes: number[] = reader.list(isrNodesCount)
  for (let index = 0; index < isrNodesCount; index++) isrNodes[index] = reader.int32()
  let offlineReplicas: number[] = []
  if (version >= 5) {
    const offlineReplicasCount = reader.arrayLength(flexible, 4)
    const offlineReplicasItems: number[] = reader.list(offlineReplicasCount)
    for (let index = 0; index < offlineReplicasCount; index++) offlineReplicasItems[index] = reader.int32()
    offlineReplicas = offlineReplicasItems
  }
  if (flexible) reader.skipTags()
  return { errorCode, partitionIndex, leaderId, leaderEpoch, replicaNodes, isrNodes, offlineReplicas }
}

function writeMetadataResponsePartition(writer: KafkaWriter, message: MetadataResponsePartition, version: number): void {
  const flexible = version >= 9
  writer.int16(message.errorCode)
  writer.int32(message.partitionIndex)
  writer.int32(message.leaderId)
  if (version >= 7) {
    writer.int32(message.leaderEpoch)
  }
  writer.arrayLength(message.replicaNodes.length, flexible)
  for (let index = 0; index < message.replicaNodes.length; index++) writer.int32(message.replicaNodes[index])
  writer.arrayLength(message.isrNodes.length, flexible)
  for (let index = 0; index < message.isrNodes.length; index++) writer.int32(message.isrNodes[index])
  if (version >= 5) {
    writer.arrayLength(message.offlineReplicas.length, flexible)
    for (let index = 0; index < message.offlineReplicas.length; index++) writer.int32(message.offlineReplicas[index])
  }
  if (flexible) writer.unsignedVarint(0)
}
