// Made by scripts/build-kafka-codecs.ts from schema/offset-fetch.schema. Do not edit.
import type { KafkaReader } from '../reader.ts'
import { zeroUuid } from '../reader.ts'
import type { KafkaWriter } from '../writer.ts'
import { present } from '../writer.ts'

/** Versions 0 to 10. */
export interface OffsetFetchRequest {
  groupId: string
  topics: OffsetFetchRequestTopic[] | null
  groups: OffsetFetchRequestGroup[]
  requireStable: boolean
}

export function readOffsetFetchRequest(reader: KafkaReader, version: number): OffsetFetchRequest {
  const flexible = version >= 6
  const groupId = version <= 7 ? reader.string(flexible) : ''
  let topics: OffsetFetchRequestTopic[] | null = []
  if (version <= 7) {
    const topicsCount = version >= 2 ? reader.nullableArrayLength(flexible, 1) : reader.arrayLength(flexible, 1)
    const topicsItems: OffsetFetchRequestTopic[] = reader.list(topicsCount)
    for (let index = 0; index < topicsCount; index++) topicsItems[index] = readOffsetFetchRequestTopic(reader, version)
    topics = topicsCount < 0 ? null : topicsItems
  }
  let groups: OffsetFetchRequestGroup[] = []
  if (version >= 8) {
    const groupsCount = reader.arrayLength(flexible, 1)
    const groupsItems: OffsetFetchRequestGroup[] = reader.list(groupsCount)
    for (let index = 0; index < groupsCount; index++) groupsItems[index] = readOffsetFetchRequestGroup(reader, version)
    groups = groupsItems
  }
  const requireStable = version >= 7 ? reader.bool() : false
  if (flexible) reader.skipTags()
  return { groupId, topics, groups, requireStable }
}

export function writeOffsetFetchRequest(writer: KafkaWriter, message: OffsetFetchRequest, version: number): void {
  const flexible = version >= 6
  if (version <= 7) {
    writer.string(message.groupId, flexible)
  }
  if (version <= 7) {
    const topicsItems = version >= 2 ? message.topics : present(message.topics, 'topics', version)
    if (topicsItems === null) writer.nullArray(flexible)
    else {
      writer.arrayLength(topicsItems.length, flexible)
      for (let index = 0; index < topicsItems.length; index++) writeOffsetFetchRequestTopic(writer, topicsItems[index], version)
    }
  }
  if (version >= 8) {
    writer.arrayLength(message.groups.length, flexible)
    for (let index = 0; index < message.groups.length; index++) writeOffsetFetchRequestGroup(writer, message.groups[index], version)
  }
  if (version >= 7) {
    writer.bool(message.requireStable)
  }
  if (flexible) writer.unsignedVarint(0)
}

export interface OffsetFetchRequestTopic {
  name: string
  partitionIndexes: number[]
}

function readOffsetFetchRequestTopic(reader: KafkaReader, version: number): OffsetFetchRequestTopic {
  const flexible = version >= 6
  const name = version <= 7 ? reader.string(flexible) : ''
  let partitionIndexes: number[] = []
  if (version <= 7) {
    const partitionIndexesCount = reader.arrayLength(flexible, 4)
    const partitionIndexesItems: number[] = reader.list(partitionIndexesCount)
    for (let index = 0; index < partitionIndexesCount; index++) partitionIndexesItems[index] = reader.int32()
    partitionIndexes = partitionIndexesItems
  }
  if (flexible) reader.skipTags()
  return { name, partitionIndexes }
}

function writeOffsetFetchRequestTopic(writer: KafkaWriter, message: OffsetFetchRequestTopic, version: number): void {
  const flexible = version >= 6
  if (version <= 7) {
    writer.string(message.name, flexible)
  }
  if (version <= 7) {
    writer.arrayLength(message.partitionIndexes.length, flexible)
    for (let index = 0; index < message.partitionIndexes.length; index++) writer.int32(message.partitionIndexes[index])
  }
  if (flexible) writer.unsignedVarint(0)
}

export interface OffsetFetchRequestGroup {
  groupId: string
  memberId: string | null
  memberEpoch: number
  topics: OffsetFetchRequestTopics[] | null
}

function readOffsetFetchRequestGroup(reader: KafkaReader, version: number): OffsetFetchRequestGroup {
  const flexible = version >= 6
  const groupId = version >= 8 ? reader.string(flexible) : ''
  const memberId = version >= 9 ? reader.nullableString(flexible) : null
  const memberEpoch = version >= 9 ? reader.int32() : -1
  let topics: OffsetFetchRequestTopics[] | null = []
  if (version >= 8) {
    const topicsCount = reader.nullableArrayLength(flexible, 1)
    const topicsItems: OffsetFetchRequestTopics[] = reader.list(topicsCount)
    for (let index = 0; index < topicsCount; index++) topicsItems[index] = readOffsetFetchRequestTopics(reader, version)
    topics = topicsCount < 0 ? null : topicsItems
  }
  if (flexible) reader.skipTags()
  return { groupId, memberId, memberEpoch, topics }
}

function writeOffsetFetchRequestGroup(writer: KafkaWriter, message: OffsetFetchRequestGroup, version: number): void {
  const flexible = version >= 6
  if (version >= 8) {
    writer.string(message.groupId, flexible)
  }
  if (version >= 9) {
    writer.nullableString(message.memberId, flexible)
  }
  if (version >= 9) {
    writer.int32(message.memberEpoch)
  }
  if (version >= 8) {
    const topicsItems = message.topics
    if (topicsItems === null) writer.nullArray(flexible)
    else {
      writer.arrayLength(topicsItems.length, flexible)
      for (let index = 0; index < topicsItems.length; index++) writeOffsetFetchRequestTopics(writer, topicsItems[index], version)
    }
  }
  if (flexible) writer.unsignedVarint(0)
}

export interface OffsetFetchRequestTopics {
  name: string
  topicId: string
  partitionIndexes: number[]
}

function readOffsetFetchRequestTopics(reader: KafkaReader, version: number): OffsetFetchRequestTopics {
  const flexible = version >= 6
  const name = version <= 9 ? reader.string(flexible) : ''
  const topicId = version >= 10 ? reader.uuid() : zeroUuid
  let partitionIndexes: number[] = []
  if (version >= 8) {
    const partitionIndexesCount = reader.arrayLength(flexible, 4)
    const partitionIndexesItems: number[] = reader.list(partitionIndexesCount)
    for (let index = 0; index < partitionIndexesCount; index++) partitionIndexesItems[index] = reader.int32()
    partitionIndexes = partitionIndexesItems
  }
  if (flexible) reader.skipTags()
  return { name, topicId, partitionIndexes }
}

function writeOffsetFetchRequestTopics(writer: KafkaWriter, message: OffsetFetchRequestTopics, version: number): void {
  const flexible = version >= 6
  if (version <= 9) {
    writer.string(message.name, flexible)
  }
  if (version >= 10) {
    writer.uuid(message.topicId)
  }
  if (version >= 8) {
    writer.arrayLength(message.partitionIndexes.length, flexible)
    for (let index = 0; index < message.partitionIndexes.length; index++) writer.int32(message.partitionIndexes[index])
  }
  if (flexible) writer.unsignedVarint(0)
}

/** Versions 0 to 10. */
export interface OffsetFetchResponse {
  throttleTimeMs: number
  topics: OffsetFetchResponseTopic[]
  errorCode: number
  groups: OffsetFetchResponseGroup[]
}

export function readOffsetFetchResponse(reader: KafkaReader, version: number): OffsetFetchResponse {
  const flexible = version >= 6
  const throttleTimeMs = version >= 3 ? reader.int32() : 0
  let topics: OffsetFetchResponseTopic[] = []
  if (version <= 7) {
    const topicsCount = reader.arrayLength(flexible, 1)
    const topicsItems: OffsetFetchResponseTopic[] = reader.list(topicsCount)
    for (let index = 0; index < topicsCount; index++) topicsItems[index] = readOffsetFetchResponseTopic(reader, version)
    topics = topicsItems
  }
  const errorCode = version >= 2 && version <= 7 ? reader.int16() : 0
  let groups: OffsetFetchResponseGroup[] = []
  if (version >= 8) {
    const groupsCount = reader.arrayLength(flexible, 1)
    const groupsItems: OffsetFetchResponseGroup[] = reader.list(groupsCount)
    for (let index = 0; index < groupsCount; index++) groupsItems[index] = readOffsetFetchResponseGroup(reader, version)
    groups = groupsItems
  }
  if (flexible) reader.skipTags()
  return { throttleTimeMs, topics, errorCode, groups }
}

export function writeOffsetFetchResponse(writer: KafkaWriter, message: OffsetFetchResponse, version: number): void {
  const flexible = version >= 6
  if (version >= 3) {
    writer.int32(message.throttleTimeMs)
  }
  if (version <= 7) {
    writer.arrayLength(message.topics.length, flexible)
    for (let index = 0; index < message.topics.length; index++) writeOffsetFetchResponseTopic(writer, message.topics[index], version)
  }
  if (version >= 2 && version <= 7) {
    writer.int16(message.errorCode)
  }
  if (version >= 8) {
    writer.arrayLength(message.groups.length, flexible)
    for (let index = 0; index < message.groups.length; index++) writeOffsetFetchResponseGroup(writer, message.groups[index], version)
  }
  if (flexible) writer.unsignedVarint(0)
}

export interface OffsetFetchResponseTopic {
  name: string
  partitions: OffsetFetchResponsePartition[]
}

function readOffsetFetchResponseTopic(reader: KafkaReader, version: number): OffsetFetchResponseTopic {
  const flexible = version >= 6
  const name = version <= 7 ? reader.string(flexible) : ''
  let partitions: OffsetFetchResponsePartition[] = []
  if (version <= 7) {
    const partitionsCount = reader.arrayLength(flexible, 1)
    const partitionsItems: OffsetFetchResponsePartition[] = reader.list(partitionsCount)
    for (let index = 0; index < partitionsCount; index++) partitionsItems[index] = readOffsetFetchResponsePartition(reader, version)
    partitions = partitionsItems
  }
  if (flexible) reader.skipTags()
  return { name, partitions }
}

function writeOffsetFetchResponseTopic(writer: KafkaWriter, message: OffsetFetchResponseTopic, version: number): void {
  const flexible = version >= 6
  if (version <= 7) {
    writer.string(message.name, flexible)
  }
  if (version <= 7) {
    writer.arrayLength(message.partitions.length, flexible)
    for (let index = 0; index < message.partitions.length; index++) writeOffsetFetchResponsePartition(writer, message.partitions[index], version)
  }
  if (flexible) writer.unsignedVarint(0)
}

export interface OffsetFetchResponsePartition {
  partitionIndex: number
  committedOffset: number
  committedLeaderEpoch: number
  metadata: string | null
  errorCode: number
}

function readOffsetFetchResponsePartition(reader: KafkaReader, version: number): OffsetFetchResponsePartition {
  const flexible = version >= 6
  const partitionIndex = version <= 7 ? reader.int32() : 0
  const committedOffset = version <= 7 ? reader.int64() : 0
  const committedLeaderEpoch = version >= 5 && version <= 7 ? reader.int32() : -1
  const metadata = version <= 7 ? reader.nullableString(flexible) : ''
  const errorCode = version <= 7 ? reader.int16() : 0
  if (flexible) reader.skipTags()
  return { partitionIndex, committedOffset, committedLeaderEpoch, metadata, errorCode }
}

function writeOffsetFetchResponsePartition(writer: KafkaWriter, message: OffsetFetchResponsePartition, version: number): void {
  const flexible = version >= 6
  if (version <= 7) {
    writer.int32(message.partitionIndex)
  }
  if (version <= 7) {
    writer.int64(message.committedOffset)
  }
  if (version >= 5 && version <= 7) {
    writer.int32(message.committedLeaderEpoch)
  }
  if (version <= 7) {
    writer.nullableString(message.metadata, flexible)
  }
  if (version <= 7) {
    writer.int16(message.errorCode)
  }
  if (flexible) writer.unsignedVarint(0)
}

export interface OffsetFetchResponseGroup {
  groupId: string
  topics: OffsetFetchResponseTopics[]
  errorCode: number
}

function readOffsetFetchResponseGroup(reader: KafkaReader, version: number): OffsetFetchResponseGroup {
  const flexible = version >= 6
  const groupId = version >= 8 ? reader.string(flexible) : ''
  let topics: OffsetFetchResponseTopics[] = []
  if (version >= 8) {
    const topicsCount = reader.arrayLength(flexible, 1)
    const topicsItems: OffsetFetchResponseTopics[] = reader.list(topicsCount)
    for (let index = 0; index < topicsCount; index++) topicsItems[index] = readOffsetFetchResponseTopics(reader, version)
    topics = topicsItems
  }
  const errorCode = version >= 8 ? reader.int16() : 0
  if (flexible) reader.skipTags()
  return { groupId, topics, errorCode }
}

function writeOffsetFetchResponseGroup(writer: KafkaWriter, message: OffsetFetchResponseGroup, version: number): void {
  const flexible = version >= 6
  if (version >= 8) {
    writer.string(message.groupId, flexible)
  }
  if (version >= 8) {
    writer.arrayLength(message.topics.length, flexible)
    for (let index = 0; index < message.topics.length; index++) writeOffsetFetchResponseTopics(writer, message.topics[index], version)
  }
  if (version >= 8) {
    writer.int16(message.errorCode)
  }
  if (flexible) writer.unsignedVarint(0)
}

export interface OffsetFetchResponseTopics {
  name: string
  topicId: string
  partitions: OffsetFetchResponsePartitions[]
}

function readOffsetFetchResponseTopics(reader: KafkaReader, version: number): OffsetFetchResponseTopics {
  const flexible = version >= 6
  const name = version <= 9 ? reader.string(flexible) : ''
  const topicId = version >= 10 ? reader.uuid() : zeroUuid
  let partitions: OffsetFetchResponsePartitions[] = []
  if (version >= 8) {
    const partitionsCount = reader.arrayLength(flexible, 1)
    const partitionsItems: OffsetFetchResponsePartitions[] = reader.list(partitionsCount)
    for (let index = 0; index < partitionsCount; index++) partitionsItems[index] = readOffsetFetchResponsePartitions(reader, version)
    partitions = partitionsItems
  }
  if (flexible) reader.skipTags()
  return { name, topicId, partitions }
}

function writeOffsetFetchResponseTopics(writer: KafkaWriter, message: OffsetFetchResponseTopics, version: number): void {
  const flexible = version >= 6
  if (version <= 9) {
    writer.string(message.name, flexible)
  }
  if (version >= 10) {
    writer.uuid(message.topicId)
  }
  if (version >= 8) {
    writer.arrayLength(message.partitions.length, flexible)
    for (let index = 0; index < message.partitions.length; index++) writeOffsetFetchResponsePartitions(writer, message.partitions[index], version)
  }
  if (flexible) writer.unsignedVarint(0)
}

export interface OffsetFetchResponsePartitions {
  partitionIndex: number
  committedOffset: number
  committedLeaderEpoch: number
  metadata: string | null
  errorCode: number
}

function readOffsetFetchResponsePartitions(reader: KafkaReader, version: number): OffsetFetchResponsePartitions {
  const flexible = version >= 6
  const partitionIndex = version >= 8 ? reader.int32() : 0
  const committedOffset = version >= 8 ? reader.int64() : 0
  const committedLeaderEpoch = version >= 8 ? reader.int32() : -1
  const metadata = version >= 8 ? reader.nullableString(flexible) : ''
  const errorCode = version >= 8 ? reader.int16() : 0
  if (flexible) reader.skipTags()
  return { partitionIndex, committedOffset, committedLeaderEpoch, metadata, errorCode }
}

function writeOffsetFetchResponsePartitions(writer: KafkaWriter, message: OffsetFetchResponsePartitions, version: number): void {
  const flexible = version >= 6
  if (version >= 8) {
    writer.int32(message.partitionIndex)
  }
  if (version >= 8) {
    writer.int64(message.committedOffset)
  }
  if (version >= 8) {
    writer.int32(message.committedLeaderEpoch)
  }
  if (version >= 8) {
    writer.nullableString(message.metadata, flexible)
  }
  if (version >= 8) {
    writer.int16(message.errorCode)
  }
  if (flexible) writer.unsignedVarint(0)
}
