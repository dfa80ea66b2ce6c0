/**
 * Groups and offsets as records of `__consumer_offsets`, in Kafka's own schemas. Reads every version that Kafka wrote,
 * writes the newest without tagged fields, as Kafka does.
 */

import {
  type GroupMetadataValue,
  readGroupMetadataKey,
  readGroupMetadataValue,
  writeGroupMetadataKey,
  writeGroupMetadataValue,
} from '../../proto/kafka/messages/group-metadata.ts'
import {
  readOffsetCommitKey,
  readOffsetCommitValue,
  writeOffsetCommitKey,
  writeOffsetCommitValue,
} from '../../proto/kafka/messages/offset-commit-record.ts'
import { KafkaReader } from '../../proto/kafka/reader.ts'
import { KafkaWriter } from '../../proto/kafka/writer.ts'
import { coordinatorErrors } from '../coordinator/errors.ts'
import type { CoordinatorRecord } from '../coordinator/log.ts'
import { Group } from './group.ts'
import { Member } from './member.ts'
import type { CommittedOffset } from './offset-store.ts'

export const offsetsTopic = '__consumer_offsets'

const groupKeyVersion = 2
const groupValueVersion = 3
const offsetKeyVersion = 1
const offsetValueVersion = 3
/** The only version that can say when an offset expires by itself. */
const expiringOffsetValueVersion = 1
const newestGroupValue = 4
const newestOffsetValue = 4

const writer = new KafkaWriter()

export type GroupRecord =
  | { readonly kind: 'group'; readonly groupId: string; readonly value: GroupMetadataValue | null }
  | {
      readonly kind: 'offset'
      readonly groupId: string
      readonly topic: string
      readonly partition: number
      readonly value: CommittedOffset | null
    }
  /** Of the newer group protocol, which is not served. */
  | { readonly kind: 'other'; readonly keyVersion: number }

function groupKey(groupId: string): Buffer {
  writer.beginBare()
  writer.int16(groupKeyVersion)
  writeGroupMetadataKey(writer, { group: groupId }, groupKeyVersion)
  return writer.finishOne()
}

/** The group as it is, with `assignments` where given, else those of the members. */
export function groupRecord(group: Group, assignments?: ReadonlyMap<string, Buffer>): CoordinatorRecord {
  const value: GroupMetadataValue = {
    protocolType: group.protocolType ?? '',
    generation: group.generationId,
    protocol: group.protocolName,
    leader: group.leaderId,
    currentStateTimestamp: group.stateSinceMs,
    members: [...group.members.values()].map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      rebalanceTimeout: member.rebalanceTimeoutMs,
      sessionTimeout: member.sessionTimeoutMs,
      subscription: member.metadataFor(group.protocolName),
      assignment: assignments === undefined ? member.assignment : (assignments.get(member.memberId) ?? Buffer.alloc(0)),
    })),
  }
  writer.beginBare()
  writer.int16(groupValueVersion)
  writeGroupMetadataValue(writer, value, groupValueVersion)
  const bytes = writer.finishOne()
  return { key: groupKey(group.groupId), value: bytes }
}

export function groupTombstone(groupId: string): CoordinatorRecord {
  return { key: groupKey(groupId), value: null }
}

/** The group that a record tells of. Its members have not been heard of since. */
export function groupOf(groupId: string, value: GroupMetadataValue, timestampMs: number): Group {
  const group = new Group(groupId, value.currentStateTimestamp === -1 ? timestampMs : value.currentStateTimestamp)
  group.generationId = value.generation
  group.protocolType = value.protocolType === '' ? null : value.protocolType
  for (const each of value.members) {
    const member = new Member({
      memberId: each.memberId,
      groupInstanceId: each.groupInstanceId,
      clientId: each.clientId,
      clientHost: each.clientHost,
      rebalanceTimeoutMs: each.rebalanceTimeout === -1 ? each.sessionTimeout : each.rebalanceTimeout,
      sessionTimeoutMs: each.sessionTimeout,
      // The bytes of the record belong to a read.
      protocols: [{ name: value.protocol ?? '', metadata: Buffer.from(each.subscription) }],
    })
    member.assignment = Buffer.from(each.assignment)
    group.add(member, value.protocolType)
  }
  if (value.members.length > 0) {
    group.protocolName = value.protocol
    group.leaderId = value.leader
    group.state = 'Stable'
  }
  return group
}

function offsetKey(groupId: string, topic: string, partition: number): Buffer {
  writer.beginBare()
  writer.int16(offsetKeyVersion)
  writeOffsetCommitKey(writer, { group: groupId, topic, partition }, offsetKeyVersion)
  return writer.finishOne()
}

export function offsetRecord(
  groupId: string,
  topic: string,
  partition: number,
  value: Omit<CommittedOffset, 'recordOffset'>,
): CoordinatorRecord {
  const key = offsetKey(groupId, topic, partition)
  const version = value.expireTimestampMs === -1 ? offsetValueVersion : expiringOffsetValueVersion
  writer.beginBare()
  writer.int16(version)
  writeOffsetCommitValue(
    writer,
    {
      offset: value.offset,
      leaderEpoch: value.leaderEpoch,
      metadata: value.metadata,
      commitTimestamp: value.commitTimestampMs,
      expireTimestamp: value.expireTimestampMs,
    },
    version,
  )
  return { key, value: writer.finishOne() }
}

export function offsetTombstone(groupId: string, topic: string, partition: number): CoordinatorRecord {
  return { key: offsetKey(groupId, topic, partition), value: null }
}

/** What a record says. Throws on versions of the value that are newer than this release. */
export function readGroupRecord(key: Buffer, value: Buffer | null, recordOffset: number): GroupRecord {
  const reader = new KafkaReader(key)
  const keyVersion = reader.int16()
  if (keyVersion === 0 || keyVersion === 1) {
    const { group: groupId, topic, partition } = readOffsetCommitKey(reader, keyVersion)
    return { kind: 'offset', groupId, topic, partition, value: value === null ? null : offsetOf(value, recordOffset) }
  }
  if (keyVersion !== groupKeyVersion) return { kind: 'other', keyVersion }
  const { group: groupId } = readGroupMetadataKey(reader, keyVersion)
  if (value === null) return { kind: 'group', groupId, value: null }
  const body = new KafkaReader(value)
  const version = body.int16()
  checkVersion(version, newestGroupValue, recordOffset)
  return { kind: 'group', groupId, value: readGroupMetadataValue(body, version) }
}

function offsetOf(bytes: Buffer, recordOffset: number): CommittedOffset {
  const reader = new KafkaReader(bytes)
  const version = reader.int16()
  checkVersion(version, newestOffsetValue, recordOffset)
  const value = readOffsetCommitValue(reader, version)
  return {
    offset: value.offset,
    leaderEpoch: value.leaderEpoch,
    metadata: value.metadata,
    commitTimestampMs: value.commitTimestamp,
    expireTimestampMs: value.expireTimestamp,
    recordOffset,
  }
}

function checkVersion(version: number, newest: number, offset: number): void {
  if (version < 0 || version > newest) {
    throw coordinatorErrors.create('UNKNOWN_RECORD', { offset, topic: offsetsTopic, version })
  }
}
