/**
 * Commits, reads and deletes offsets of groups, for members, simple consumers, transactions and administrators.
 *
 * Promises: a commit is acknowledged when it is durable, all its partitions in one batch; a read tells nothing that is
 * not durable; what a transaction holds back is told apart from what is committed. Single-threaded.
 */
import { kafkaError } from '../../proto/kafka/error-codes.ts'
import type { CoordinatorRecord } from '../coordinator/log.ts'
import type { Group } from './group.ts'
import type { GroupCoordinator } from './group-coordinator.ts'
import type { CommittedOffset, GroupOffsets } from './offset-store.ts'
import { offsetRecord, offsetTombstone } from './records.ts'
import { subscribedTopics } from './subscription.ts'

/** Who commits. Generation -1 without member and instance is a consumer that manages itself. */
export interface Committer {
  readonly groupId: string
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly generationId: number
}

export interface PartitionToCommit {
  readonly partitionIndex: number
  readonly committedOffset: number
  readonly committedLeaderEpoch: number
  readonly committedMetadata: string | null
}

export interface TopicToCommit<P extends PartitionToCommit = PartitionToCommit> {
  readonly name: string
  readonly partitions: readonly P[]
}

export interface PartitionError {
  partitionIndex: number
  errorCode: number
}

export interface TopicErrors {
  name: string
  partitions: PartitionError[]
}

export interface FetchedPartition {
  partitionIndex: number
  committedOffset: number
  committedLeaderEpoch: number
  metadata: string
  errorCode: number
}

export interface FetchedTopic {
  name: string
  partitions: FetchedPartition[]
}

export interface TopicPartitions {
  readonly name: string
  readonly partitionIndexes: readonly number[]
}

export interface FetchResult {
  readonly error: number
  readonly topics: FetchedTopic[]
}

/** A transaction that commits offsets. */
export interface TransactionalCommit {
  readonly producerId: number
  readonly producerEpoch: number
  /** Kafka error when the partition of the group does not belong to the ongoing transaction, else 0. Asked right before the append. */
  verify(offsetsPartition: number): number
}

export class Offsets {
  readonly #coordinator: GroupCoordinator

  constructor(coordinator: GroupCoordinator) {
    this.#coordinator = coordinator
  }

  /**
   * Commits for a group. `retentionMs` is what versions 2 to 4 may ask for, -1 for the broker's; `knownPartition` says
   * which partitions exist.
   */
  async commit(
    who: Committer,
    topics: readonly TopicToCommit[],
    retentionMs: number,
    knownPartition: (topic: string, partition: number) => boolean,
  ): Promise<TopicErrors[]> {
    const error = this.#commitError(who, false)
    if (error !== kafkaError.NONE) return sameForAll(topics, error)
    const group = this.#coordinator.shardOf(who.groupId).groups.get(who.groupId)
    const member = group?.members.get(who.memberId)
    if (group !== undefined && member !== undefined) this.#coordinator.membership.heartbeat(group, member)
    return this.#write(who.groupId, topics, retentionMs, knownPartition, undefined)
  }

  /** Commits for a group as part of a transaction: seen once the transaction has committed. */
  async commitTransactional(
    who: Committer,
    topics: readonly TopicToCommit[],
    knownPartition: (topic: string, partition: number) => boolean,
    transaction: TransactionalCommit,
  ): Promise<TopicErrors[]> {
    const error = this.#commitError(who, true)
    if (error !== kafkaError.NONE) return sameForAll(topics, error)
    const refused = transaction.verify(this.#coordinator.partitionOf(who.groupId))
    if (refused !== kafkaError.NONE) return sameForAll(topics, refused)
    return this.#write(who.groupId, topics, -1, knownPartition, transaction)
  }

  /** The offsets of a group, of all its partitions when `topics` is null. */
  async fetch(
    groupId: string,
    topics: readonly TopicPartitions[] | null,
    requireStable: boolean,
  ): Promise<FetchResult> {
    const unavailable = this.#coordinator.unavailable(groupId)
    if (unavailable !== kafkaError.NONE) return { error: unavailable, topics: [] }
    const shard = this.#coordinator.shardOf(groupId)
    const settled = shard.runtime.settled()
    if (settled !== undefined) {
      const error = await settled
      if (error !== kafkaError.NONE) return { error, topics: [] }
    }
    const offsets = shard.offsets.of(groupId)
    const one = (topic: string, partition: number): FetchedPartition => {
      const value = offsets?.get(topic)?.get(partition)
      const unstable = requireStable && shard.offsets.isPending(groupId, topic, partition)
      return fetched(partition, unstable ? undefined : value, unstable ? kafkaError.UNSTABLE_OFFSET_COMMIT : 0)
    }
    const asked = topics ?? allPartitions(offsets)
    return {
      error: kafkaError.NONE,
      topics: asked.map(({ name, partitionIndexes }) => ({
        name,
        partitions: partitionIndexes.map((partition) => one(name, partition)),
      })),
    }
  }

  /** Forgets offsets of topics that no member is subscribed to. A number is an error for the whole request. */
  async delete(groupId: string, topics: readonly TopicPartitions[]): Promise<number | TopicErrors[]> {
    const unavailable = this.#coordinator.unavailable(groupId)
    if (unavailable !== kafkaError.NONE) return unavailable
    const shard = this.#coordinator.shardOf(groupId)
    if (!shard.knows(groupId)) return kafkaError.GROUP_ID_NOT_FOUND
    const group = shard.groups.get(groupId)
    const subscribed = group === undefined || group.isEmpty ? new Set<string>() : subscribedTopics(group)
    // Only consumers say to which topics they are subscribed.
    if (subscribed === undefined) return kafkaError.NON_EMPTY_GROUP
    const records: CoordinatorRecord[] = []
    const results = topics.map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map((partitionIndex) => {
        const refused = subscribed.has(name)
        if (!refused && shard.offsets.get(groupId, name, partitionIndex) !== undefined) {
          records.push(offsetTombstone(groupId, name, partitionIndex))
        }
        return { partitionIndex, errorCode: refused ? kafkaError.GROUP_SUBSCRIBED_TO_TOPIC : kafkaError.NONE }
      }),
    }))
    const error = records.length === 0 ? kafkaError.NONE : await shard.runtime.write(records)
    return error === kafkaError.NONE ? results : error
  }

  #commitError(who: Committer, transactional: boolean): number {
    const unavailable = this.#coordinator.unavailable(who.groupId)
    if (unavailable !== kafkaError.NONE) return unavailable
    const group = this.#coordinator.shardOf(who.groupId).groups.get(who.groupId)
    if (group === undefined) {
      if (who.generationId >= 0) return kafkaError.ILLEGAL_GENERATION
      return this.#hasRoom(who.groupId) ? kafkaError.NONE : kafkaError.GROUP_MAX_SIZE_REACHED
    }
    return commitError(group, who, transactional)
  }

  /** Groups that only keep offsets are bounded too. */
  #hasRoom(groupId: string): boolean {
    const { offsets } = this.#coordinator.shardOf(groupId)
    return offsets.has(groupId) || this.#coordinator.groupCount < this.#coordinator.config.maxGroups
  }

  async #write(
    groupId: string,
    topics: readonly TopicToCommit[],
    retentionMs: number,
    knownPartition: (topic: string, partition: number) => boolean,
    transaction: TransactionalCommit | undefined,
  ): Promise<TopicErrors[]> {
    const now = this.#coordinator.clock.now()
    const shard = this.#coordinator.shardOf(groupId)
    const records: CoordinatorRecord[] = []
    const results = topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map((each) => {
        const metadata = each.committedMetadata ?? ''
        let errorCode: number = kafkaError.NONE
        if (!knownPartition(name, each.partitionIndex)) errorCode = kafkaError.UNKNOWN_TOPIC_OR_PARTITION
        else if (Buffer.byteLength(metadata) > this.#coordinator.config.offsetMetadataMaxBytes) {
          errorCode = kafkaError.OFFSET_METADATA_TOO_LARGE
        } else if (Math.abs(each.committedOffset) === Number.MAX_SAFE_INTEGER) {
          // What came was larger than numbers are exact: it could not be told again as it was.
          errorCode = kafkaError.INVALID_COMMIT_OFFSET_SIZE
        } else {
          const value: Omit<CommittedOffset, 'recordOffset'> = {
            offset: each.committedOffset,
            leaderEpoch: each.committedLeaderEpoch,
            metadata,
            commitTimestampMs: now,
            // A time that a record can say: some ask for all time.
            expireTimestampMs: retentionMs < 0 ? -1 : Math.min(now + retentionMs, Number.MAX_SAFE_INTEGER),
          }
          records.push(offsetRecord(groupId, name, each.partitionIndex, value))
        }
        return { partitionIndex: each.partitionIndex, errorCode }
      }),
    }))
    if (records.length === 0) return results
    // A simple consumer's group exists by its offsets; it has no members and no generation to keep.
    const error = await shard.runtime.write(
      records,
      transaction === undefined ? {} : { producer: { id: transaction.producerId, epoch: transaction.producerEpoch } },
    )
    if (error !== kafkaError.NONE) {
      const shown = error === kafkaError.UNKNOWN_SERVER_ERROR ? kafkaError.INVALID_COMMIT_OFFSET_SIZE : error
      for (const topic of results) {
        for (const each of topic.partitions) if (each.errorCode === kafkaError.NONE) each.errorCode = shown
      }
    }
    return results
  }
}

/** Kafka error of a commit by `who`, 0 when it is allowed. */
export function commitError(group: Group, who: Committer, transactional: boolean): number {
  if (who.generationId < 0 && group.isEmpty) return kafkaError.NONE
  if (who.generationId >= 0 || who.memberId !== '' || who.groupInstanceId !== null) {
    const error = group.checkMember(who.memberId, who.groupInstanceId)
    if (error !== kafkaError.NONE) return error
    if (who.generationId !== group.generationId) return kafkaError.ILLEGAL_GENERATION
  } else if (!transactional) {
    return kafkaError.UNKNOWN_MEMBER_ID
  }
  // The members have the new generation and not yet its assignments: nobody knows who owns what.
  if (!transactional && group.state === 'CompletingRebalance') return kafkaError.REBALANCE_IN_PROGRESS
  return kafkaError.NONE
}

export function sameForAll(
  topics: readonly { readonly name: string; readonly partitions: readonly { readonly partitionIndex: number }[] }[],
  errorCode: number,
): TopicErrors[] {
  return topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
  }))
}

function allPartitions(offsets: GroupOffsets | undefined): TopicPartitions[] {
  if (offsets === undefined) return []
  return [...offsets].map(([name, partitions]) => ({ name, partitionIndexes: [...partitions.keys()] }))
}

function fetched(partitionIndex: number, value: CommittedOffset | undefined, errorCode: number): FetchedPartition {
  return {
    partitionIndex,
    committedOffset: value?.offset ?? -1,
    committedLeaderEpoch: value?.leaderEpoch ?? -1,
    metadata: value?.metadata ?? '',
    errorCode,
  }
}
