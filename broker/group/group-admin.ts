/** What administrators ask of groups: lists, descriptions, deletion. Single-threaded. */
import { kafkaError } from '../../proto/kafka/error-codes.ts'
import type { CoordinatorRecord } from '../coordinator/log.ts'
import type { Group } from './group.ts'
import type { GroupCoordinator } from './group-coordinator.ts'
import { noBytes } from './member.ts'
import { groupTombstone, offsetTombstone } from './records.ts'

export interface GroupListing {
  readonly groupId: string
  readonly protocolType: string
  readonly groupState: string
  readonly groupType: string
}

export interface MemberDescription {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly memberMetadata: Buffer
  readonly memberAssignment: Buffer
}

export interface GroupDescription {
  readonly error: number
  readonly groupId: string
  readonly groupState: string
  readonly protocolType: string
  readonly protocolData: string
  readonly members: MemberDescription[]
}

const classic = 'classic'

export class GroupAdmin {
  readonly #coordinator: GroupCoordinator

  constructor(coordinator: GroupCoordinator) {
    this.#coordinator = coordinator
  }

  /** Groups in one of the states and of one of the types; empty lists mean any. The error is of partitions that do not serve. */
  list(
    states: readonly string[],
    types: readonly string[],
  ): { readonly error: number; readonly groups: GroupListing[] } {
    const wanted = new Set(states.map((state) => state.toLowerCase()))
    const groups: GroupListing[] = []
    let error: number = kafkaError.NONE
    const typeFits = types.length === 0 || types.some((type) => type.toLowerCase() === classic)
    for (const shard of this.#coordinator.shards) {
      if (shard.runtime.unavailable !== kafkaError.NONE) error = shard.runtime.unavailable
      if (!typeFits) continue
      const add = (groupId: string, protocolType: string, groupState: string): void => {
        if (wanted.size > 0 && !wanted.has(groupState.toLowerCase())) return
        groups.push({ groupId, protocolType, groupState, groupType: classic })
      }
      for (const group of shard.groups.values()) add(group.groupId, group.protocolType ?? '', group.state)
      for (const groupId of shard.offsets.groupIds()) if (!shard.groups.has(groupId)) add(groupId, '', 'Empty')
    }
    return { error, groups }
  }

  /** One group; one that is not there is described as dead, which is how clients know. */
  describe(groupId: string): GroupDescription {
    const failure = (error: number, groupState: string): GroupDescription => ({
      error,
      groupId,
      groupState,
      protocolType: '',
      protocolData: '',
      members: [],
    })
    const unavailable = this.#coordinator.unavailable(groupId)
    if (unavailable !== kafkaError.NONE) return failure(unavailable, '')
    const shard = this.#coordinator.shardOf(groupId)
    const group = shard.groups.get(groupId)
    if (group === undefined) return failure(kafkaError.NONE, shard.offsets.has(groupId) ? 'Empty' : 'Dead')
    const stable = group.state === 'Stable'
    return {
      error: kafkaError.NONE,
      groupId,
      groupState: group.state,
      protocolType: group.protocolType ?? '',
      protocolData: stable ? (group.protocolName ?? '') : '',
      members: describeMembers(group, stable),
    }
  }

  /** Forgets an empty group and its offsets. */
  async delete(groupId: string): Promise<number> {
    const unavailable = this.#coordinator.unavailable(groupId)
    if (unavailable !== kafkaError.NONE) return unavailable
    const shard = this.#coordinator.shardOf(groupId)
    if (!shard.knows(groupId)) return kafkaError.GROUP_ID_NOT_FOUND
    const group = shard.groups.get(groupId)
    if (group !== undefined && !group.isEmpty) return kafkaError.NON_EMPTY_GROUP
    const records: CoordinatorRecord[] = []
    for (const [topic, partitions] of shard.offsets.of(groupId) ?? []) {
      for (const partition of partitions.keys()) records.push(offsetTombstone(groupId, topic, partition))
    }
    if (group !== undefined) {
      this.#coordinator.membership.dissolve(group, kafkaError.UNKNOWN_MEMBER_ID)
      records.push(groupTombstone(groupId))
    }
    return shard.runtime.write(records)
  }

  /** A topic was deleted: no group remembers where it was in it. Resolves when durable, or with the first error. */
  async topicDeleted(topic: string): Promise<number> {
    const writes = this.#coordinator.shards.map((shard) => {
      const records: CoordinatorRecord[] = []
      for (const groupId of shard.offsets.groupIds()) {
        for (const partition of shard.offsets.of(groupId)?.get(topic)?.keys() ?? []) {
          records.push(offsetTombstone(groupId, topic, partition))
        }
      }
      return records.length === 0 ? Promise.resolve<number>(kafkaError.NONE) : shard.runtime.write(records)
    })
    return (await Promise.all(writes)).find((error) => error !== kafkaError.NONE) ?? kafkaError.NONE
  }
}

function describeMembers(group: Group, stable: boolean): MemberDescription[] {
  return [...group.members.values()].map((member) => ({
    memberId: member.memberId,
    groupInstanceId: member.groupInstanceId,
    clientId: member.clientId,
    clientHost: member.clientHost,
    memberMetadata: stable ? member.metadataFor(group.protocolName) : noBytes,
    memberAssignment: stable ? member.assignment : noBytes,
  }))
}
