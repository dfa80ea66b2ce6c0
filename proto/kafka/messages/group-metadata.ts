// Made by scripts/build-kafka-codecs.ts from schema/group-metadata.schema. Do not edit.
import type { KafkaReader } from '../reader.ts'
import type { KafkaWriter } from '../writer.ts'

/** Versions 2. */
export interface GroupMetadataKey {
  group: string
}

export function readGroupMetadataKey(reader: KafkaReader, _version: number): GroupMetadataKey {
  const group = reader.string(false)
  return { group }
}

export function writeGroupMetadataKey(writer: KafkaWriter, message: GroupMetadataKey, _version: number): void {
  writer.string(message.group, false)
}

/** Versions 0 to 4. */
export interface GroupMetadataValue {
  protocolType: string
  generation: number
  protocol: string | null
  leader: string | null
  currentStateTimestamp: number
  members: GroupMetadataValueMemberMetadata[]
}

export function readGroupMetadataValue(reader: KafkaReader, version: number): GroupMetadataValue {
  const flexible = version >= 4
  const protocolType = reader.string(flexible)
  const generation = reader.int32()
  const protocol = reader.nullableString(flexible)
  const leader = reader.nullableString(flexible)
  const currentStateTimestamp = version >= 2 ? reader.int64() : -1
  const membersCount = reader.arrayLength(flexible, 9)
  const members: GroupMetadataValueMemberMetadata[] = reader.list(membersCount)
  for (let index = 0; index < membersCount; index++) members[index] = readGroupMetadataValueMemberMetadata(reader, version)
  if (flexible) reader.skipTags()
  return { protocolType, generation, protocol, leader, currentStateTimestamp, members }
}

export function writeGroupMetadataValue(writer: KafkaWriter, message: GroupMetadataValue, version: number): void {
  const flexible = version >= 4
  writer.string(message.protocolType, flexible)
  writer.int32(message.generation)
  writer.nullableString(message.protocol, flexible)
  writer.nullableString(message.leader, flexible)
  if (version >= 2) {
    writer.int64(message.currentStateTimestamp)
  }
  writer.arrayLength(message.members.length, flexible)
  for (let index = 0; index < message.members.length; index++) writeGroupMetadataValueMemberMetadata(writer, message.members[index], version)
  if (flexible) writer.unsignedVarint(0)
}

export interface GroupMetadataValueMemberMetadata {
  memberId: string
  groupInstanceId: string | null
  clientId: string
  clientHost: string
  rebalanceTimeout: number
  sessionTimeout: number
  subscription: Buffer
  assignment: Buffer
}

function readGroupMetadataValueMemberMetadata(reader: KafkaReader, version: number): GroupMetadataValueMemberMetadata {
  const flexible = version >= 4
  const memberId = reader.string(flexible)
  const groupInstanceId = version >= 3 ? reader.nullableString(flexible) : null
  const clientId = reader.string(flexible)
  const clientHost = reader.string(flexible)
  const rebalanceTimeout = version >= 1 ? reader.int32() : -1
  const sessionTimeout = reader.int32()
  const subscription = reader.bytes(flexible)
  const assignment = reader.bytes(flexible)
  if (flexible) reader.skipTags()
  return { memberId, groupInstanceId, clientId, clientHost, rebalanceTimeout, sessionTimeout, subscription, assignment }
}

function writeGroupMetadataValueMemberMetadata(writer: KafkaWriter, message: GroupMetadataValueMemberMetadata, version: number): void {
  const flexible = version >= 4
  writer.string(message.memberId, flexible)
  if (version >= 3) {
    writer.nullableString(message.groupInstanceId, flexible)
  }
  writer.string(message.clientId, flexible)
  writer.string(message.clientHost, flexible)
  if (version >= 1) {
    writer.int32(message.rebalanceTimeout)
  }
  writer.int32(message.sessionTimeout)
  writer.bytes(message.subscription, flexible)
  writer.bytes(message.assignment, flexible)
  if (flexible) writer.unsignedVarint(0)
}
