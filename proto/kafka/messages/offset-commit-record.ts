// Made by scripts/build-kafka-codecs.ts from schema/offset-commit-record.schema. Do not edit.
import type { KafkaReader } from '../reader.ts'
import type { KafkaWriter } from '../writer.ts'

/** Versions 0 to 1. */
export interface OffsetCommitKey {
  group: string
  topic: string
  partition: number
}

export function readOffsetCommitKey(reader: KafkaReader, _version: number): OffsetCommitKey {
  const group = reader.string(false)
  const topic = reader.string(false)
  const partition = reader.int32()
  return { group, topic, partition }
}

export function writeOffsetCommitKey(writer: KafkaWriter, message: OffsetCommitKey, _version: number): void {
  writer.string(message.group, false)
  writer.string(message.topic, false)
  writer.int32(message.partition)
}

/** Versions 0 to 4. */
export interface OffsetCommitValue {
  offset: number
  leaderEpoch: number
  metadata: string
  commitTimestamp: number
  expireTimestamp: number
}

export function readOffsetCommitValue(reader: KafkaReader, version: number): OffsetCommitValue {
  const flexible = version >= 4
  const offset = reader.int64()
  const leaderEpoch = version >= 3 ? reader.int32() : -1
  const metadata = reader.string(flexible)
  const commitTimestamp = reader.int64()
  const expireTimestamp = version >= 1 && version <= 1 ? reader.int64() : -1
  if (flexible) reader.skipTags()
  return { offset, leaderEpoch, metadata, commitTimestamp, expireTimestamp }
}

export function writeOffsetCommitValue(writer: KafkaWriter, message: OffsetCommitValue, version: number): void {
  const flexible = version >= 4
  writer.int64(message.offset)
  if (version >= 3) {
    writer.int32(message.leaderEpoch)
  }
  writer.string(message.metadata, flexible)
  writer.int64(message.commitTimestamp)
  if (version >= 1 && version <= 1) {
    writer.int64(message.expireTimestamp)
  }
  if (flexible) writer.unsignedVarint(0)
}
