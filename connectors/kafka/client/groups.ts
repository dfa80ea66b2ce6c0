/** Consumer groups, seen from outside: what they have committed, who is in them. Also how a source that is in no group publishes its offsets for others to see. No state. */
import { kafkaError } from '../../../proto/kafka/error-codes.ts'
import { zeroUuid } from '../../../proto/kafka/reader.ts'
import type { KafkaCluster } from './cluster.ts'
import { expectNone, kafkaErrors } from './errors.ts'
import { byTopic, type CommittedOffset, type TopicPartition } from './transactions.ts'

export interface GroupSummary {
  readonly groupId: string
  readonly protocolType: string
  /** As the broker calls it; empty when it does not tell. */
  readonly state: string
}

export interface GroupMember {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  /** As the protocol of the group encodes it. */
  readonly assignment: Buffer
}

export interface GroupDescription extends GroupSummary {
  readonly protocol: string
  readonly members: readonly GroupMember[]
}

/** A member of a group, as its commits name it. */
export interface GroupIdentity {
  readonly memberId: string
  readonly generationId: number
  /** Of a static member. */
  readonly groupInstanceId?: string | null
}

/** Commits offsets of a group: for one of its members, or, without `member`, of a group that has none. */
export async function commitOffsets(
  cluster: KafkaCluster,
  groupId: string,
  offsets: readonly CommittedOffset[],
  member: GroupIdentity = { memberId: '', generationId: -1 },
): Promise<void> {
  const answer = await cluster.askCoordinator(
    'group',
    groupId,
    'OffsetCommit',
    {
      groupId,
      generationIdOrMemberEpoch: member.generationId,
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId ?? null,
      retentionTimeMs: -1,
      topics: byTopic(offsets, ({ partition, offset, leaderEpoch, metadata }) => ({
        partitionIndex: partition,
        committedOffset: offset,
        committedLeaderEpoch: leaderEpoch ?? -1,
        commitTimestamp: -1,
        committedMetadata: metadata ?? null,
      })).map((topic) => ({ ...topic, topicId: zeroUuid })),
    },
    ({ topics }) => topics.flatMap((each) => each.partitions).find((each) => each.errorCode !== 0)?.errorCode ?? 0,
  )
  for (const { name, partitions } of answer.topics) {
    for (const { partitionIndex, errorCode } of partitions) {
      expectNone(errorCode, `the offset of ${name}/${partitionIndex} in group ${groupId}`)
    }
  }
}

/**
 * What a group has committed: for the partitions given, those without an offset left out; or for all that it has any for.
 * `requireStable` waits for open transactions that hold offsets.
 */
export async function fetchOffsets(
  cluster: KafkaCluster,
  groupId: string,
  partitions: readonly TopicPartition[] | null,
  requireStable = false,
): Promise<CommittedOffset[]> {
  const topics =
    partitions === null
      ? null
      : byTopic(partitions, ({ partition }) => partition).map((each) => ({
          name: each.name,
          partitionIndexes: each.partitions,
        }))
  const answer = await cluster.askCoordinator(
    'group',
    groupId,
    'OffsetFetch',
    { groupId, topics, groups: [], requireStable },
    ({ errorCode, topics: found }) =>
      errorCode !== kafkaError.NONE
        ? errorCode
        : (found.flatMap((each) => each.partitions).find((each) => each.errorCode !== 0)?.errorCode ?? 0),
  )
  expectNone(answer.errorCode, `offsets of group ${groupId}`)
  const offsets: CommittedOffset[] = []
  for (const { name, partitions: found } of answer.topics) {
    for (const { partitionIndex, committedOffset, committedLeaderEpoch, metadata, errorCode } of found) {
      expectNone(errorCode, `the offset of ${name}/${partitionIndex} in group ${groupId}`)
      if (committedOffset < 0) continue
      offsets.push({
        topic: name,
        partition: partitionIndex,
        offset: committedOffset,
        leaderEpoch: committedLeaderEpoch,
        metadata,
      })
    }
  }
  return offsets
}

/** Groups of all brokers. */
export async function listGroups(cluster: KafkaCluster): Promise<GroupSummary[]> {
  return cluster.retrying(async () => {
    if (cluster.brokers.size === 0) await cluster.refresh([])
    const groups: GroupSummary[] = []
    for (const nodeId of cluster.brokers.keys()) {
      const connection = await cluster.broker(nodeId)
      const answer = await connection.request('ListGroups', { statesFilter: [], typesFilter: [] })
      expectNone(answer.errorCode, 'the list of groups')
      for (const { groupId, protocolType, groupState } of answer.groups) {
        groups.push({ groupId, protocolType, state: groupState })
      }
    }
    return groups
  })
}

/** A group that does not exist is described as `Dead`, as brokers do. */
export async function describeGroup(cluster: KafkaCluster, groupId: string): Promise<GroupDescription> {
  const answer = await cluster.askCoordinator(
    'group',
    groupId,
    'DescribeGroups',
    { groups: [groupId], includeAuthorizedOperations: false },
    ({ groups }) => groups[0]?.errorCode ?? 0,
  )
  const [group] = answer.groups
  if (group === undefined) {
    throw kafkaErrors.create('BAD_RESPONSE', {
      address: 'the coordinator',
      api: 'DescribeGroups',
      reason: 'it is empty',
    })
  }
  expectNone(group.errorCode, `group ${groupId}`)
  return {
    groupId,
    protocolType: group.protocolType,
    protocol: group.protocolData,
    state: group.groupState,
    members: group.members.map(({ memberId, groupInstanceId, clientId, clientHost, memberAssignment }) => ({
      memberId,
      groupInstanceId,
      clientId,
      clientHost,
      assignment: memberAssignment,
    })),
  }
}

/** Deletes a group that has no members. */
export async function deleteGroup(cluster: KafkaCluster, groupId: string): Promise<void> {
  const answer = await cluster.askCoordinator(
    'group',
    groupId,
    'DeleteGroups',
    { groupsNames: [groupId] },
    ({ results }) => results[0]?.errorCode ?? 0,
  )
  for (const { errorCode } of answer.results) expectNone(errorCode, `group ${groupId} cannot be deleted`)
}

/** Forgets offsets of a group. Its members must not be subscribed to the topics. */
export async function deleteOffsets(
  cluster: KafkaCluster,
  groupId: string,
  partitions: readonly TopicPartition[],
): Promise<void> {
  const answer = await cluster.askCoordinator(
    'group',
    groupId,
    'OffsetDelete',
    { groupId, topics: byTopic(partitions, ({ partition }) => ({ partitionIndex: partition })) },
    ({ errorCode }) => errorCode,
  )
  expectNone(answer.errorCode, `offsets of group ${groupId}`)
  for (const { name, partitions: deleted } of answer.topics) {
    for (const { partitionIndex, errorCode } of deleted) {
      expectNone(errorCode, `the offset of ${name}/${partitionIndex} in group ${groupId}`)
    }
  }
}
