/**
 * The coordinator of all classic groups of this broker: JoinGroup, SyncGroup, Heartbeat and LeaveGroup as Kafka answers
 * them. Offsets are in `offsets.ts`, lists and deletion in `group-admin.ts`; all three share the shards.
 *
 * Promises: an answer is given exactly once; generations with their assignments are durable before a member gets its own.
 * Single-threaded.
 */
import { createLogger, type Logger } from '../../core/log.ts'
import type { Clock } from '../../core/platform/clock.ts'
import type { Random } from '../../core/platform/random.ts'
import { kafkaError } from '../../proto/kafka/error-codes.ts'
import { type CoordinatorLogSource, coordinatorPartition, type MarkerKind } from '../coordinator/log.ts'
import { Group } from './group.ts'
import {
  type JoinResponder,
  type JoinResult,
  joinFailure,
  Member,
  type MemberProtocol,
  type SyncResponder,
  syncFailure,
} from './member.ts'
import { Membership, replaceStatic } from './membership.ts'
import type { GroupConfig } from './options.ts'
import { groupRecord } from './records.ts'
import { GroupShard } from './shard.ts'

export interface GroupCoordinatorOptions {
  readonly clock: Clock
  readonly random: Random
  readonly config: GroupConfig
  /** The log of a partition of `__consumer_offsets`. */
  logs(partition: number): CoordinatorLogSource
  readonly logger?: Logger
}

export interface JoinRequest {
  readonly groupId: string
  /** Empty for a new member. */
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  readonly protocolType: string
  readonly protocols: readonly MemberProtocol[]
  /** The client comes back with the id that it is given (version 4 of the API). */
  readonly memberIdRequired: boolean
  /** The client knows `skipAssignment` (version 9). */
  readonly canSkipAssignment: boolean
}

export interface SyncRequest {
  readonly groupId: string
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly generationId: number
  readonly protocolType: string | null
  readonly protocolName: string | null
  /** Of all members, from the leader; empty from others. */
  readonly assignments: ReadonlyMap<string, Buffer>
}

export interface LeavingMember {
  readonly memberId: string
  readonly groupInstanceId: string | null
}

export class GroupCoordinator {
  readonly clock: Clock
  readonly config: GroupConfig
  readonly shards: readonly GroupShard[]
  readonly membership: Membership
  readonly #random: Random
  readonly #logger: Logger
  #closed = false

  constructor(options: GroupCoordinatorOptions) {
    this.clock = options.clock
    this.config = options.config
    this.#random = options.random
    this.#logger = options.logger ?? createLogger('broker.group')
    this.shards = Array.from(
      { length: options.config.partitionCount },
      (_, partition) =>
        new GroupShard({
          partition,
          clock: options.clock,
          logs: options.logs(partition),
          stateMaxBytes: options.config.stateMaxBytes,
        }),
    )
    this.membership = new Membership({
      clock: options.clock,
      config: options.config,
      persist: (group, assignments) => this.#persist(group, assignments),
    })
  }

  /** Replays all partitions. One that cannot be read refuses its groups; the others serve. */
  async load(): Promise<void> {
    await Promise.all(
      this.shards.map(async (shard) => {
        try {
          await shard.runtime.load()
          for (const group of shard.groups.values()) this.membership.resume(group)
        } catch (error) {
          this.#logger.error({ err: error, partition: shard.partition }, 'groups of a partition cannot be loaded')
        }
      }),
    )
  }

  /** Answers everybody who waits; members find their groups again after a restart. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    for (const shard of this.shards) {
      shard.runtime.close()
      for (const group of shard.groups.values()) this.membership.dissolve(group, kafkaError.NOT_COORDINATOR)
    }
  }

  partitionOf(groupId: string): number {
    return coordinatorPartition(groupId, this.shards.length)
  }

  shardOf(groupId: string): GroupShard {
    return this.shards[this.partitionOf(groupId)] as GroupShard
  }

  /** Kafka error of any request for this group that comes now, 0 when it is served. */
  unavailable(groupId: string): number {
    if (groupId === '') return kafkaError.INVALID_GROUP_ID
    return this.shardOf(groupId).runtime.unavailable
  }

  get groupCount(): number {
    let count = 0
    for (const shard of this.shards) count += shard.groups.size
    return count
  }

  join(request: JoinRequest, respond: JoinResponder): void {
    const error = this.#joinError(request)
    if (error !== kafkaError.NONE) {
      respond(joinFailure(error, request.memberId))
      return
    }
    const group = this.#groupToJoin(request)
    if (typeof group === 'number') respond(joinFailure(group, request.memberId))
    else if (request.memberId !== '') this.#joinKnown(group, request, respond)
    else if (request.groupInstanceId !== null) this.#joinStatic(group, request, request.groupInstanceId, respond)
    else this.#joinNew(group, request, respond)
  }

  sync(request: SyncRequest, respond: SyncResponder): void {
    const error = this.#syncError(request)
    if (error !== kafkaError.NONE) {
      respond(syncFailure(error))
      return
    }
    const group = this.shardOf(request.groupId).groups.get(request.groupId) as Group
    const member = group.members.get(request.memberId) as Member
    if (group.state === 'Stable') {
      this.membership.synced(group, member.memberId)
      this.membership.heartbeat(group, member)
      const { protocolType, protocolName } = group
      respond({ error: kafkaError.NONE, protocolType, protocolName, assignment: member.assignment })
      return
    }
    // Asked twice, by a client that lost its connection: the first answer goes nowhere.
    member.answerSync(syncFailure(kafkaError.REBALANCE_IN_PROGRESS))
    member.awaitingSync = respond
    this.membership.synced(group, member.memberId)
    if (group.isLeader(member.memberId)) void this.membership.assign(group, request.assignments)
  }

  heartbeat(groupId: string, memberId: string, groupInstanceId: string | null, generationId: number): number {
    const unavailable = this.unavailable(groupId)
    if (unavailable !== kafkaError.NONE) return unavailable
    const group = this.shardOf(groupId).groups.get(groupId)
    if (group === undefined) return kafkaError.UNKNOWN_MEMBER_ID
    const error = group.checkMember(memberId, groupInstanceId)
    if (error !== kafkaError.NONE) return error
    if (generationId !== group.generationId) return kafkaError.ILLEGAL_GENERATION
    this.membership.heartbeat(group, group.members.get(memberId) as Member)
    return group.state === 'PreparingRebalance' ? kafkaError.REBALANCE_IN_PROGRESS : kafkaError.NONE
  }

  /** Takes members out. The error of each, in their order; or one for all. */
  leave(groupId: string, leaving: readonly LeavingMember[]): number | number[] {
    const unavailable = this.unavailable(groupId)
    if (unavailable !== kafkaError.NONE) return unavailable
    const group = this.shardOf(groupId).groups.get(groupId)
    if (group === undefined) return kafkaError.UNKNOWN_MEMBER_ID
    return leaving.map((each) => this.#leave(group, each))
  }

  /** A transaction that may have committed offsets here has ended. Resolves with 0 once durable. */
  onMarker(
    partition: number,
    producerId: number,
    producerEpoch: number,
    coordinatorEpoch: number,
    kind: MarkerKind,
    raised = false,
  ): Promise<number> {
    const shard = this.shards[partition]
    if (shard === undefined) return Promise.resolve(kafkaError.UNKNOWN_TOPIC_OR_PARTITION)
    return shard.runtime.writeMarker(producerId, producerEpoch, coordinatorEpoch, kind, raised)
  }

  #joinError(request: JoinRequest): number {
    const unavailable = this.unavailable(request.groupId)
    if (unavailable !== kafkaError.NONE) return unavailable
    const { minSessionTimeoutMs, maxSessionTimeoutMs } = this.config
    if (request.sessionTimeoutMs < minSessionTimeoutMs || request.sessionTimeoutMs > maxSessionTimeoutMs) {
      return kafkaError.INVALID_SESSION_TIMEOUT
    }
    return kafkaError.NONE
  }

  #groupToJoin(request: JoinRequest): Group | number {
    const shard = this.shardOf(request.groupId)
    const known = shard.groups.get(request.groupId)
    if (known !== undefined) {
      if (!this.#hasRoom(known, request.memberId)) return kafkaError.GROUP_MAX_SIZE_REACHED
      if (!known.supports(request.protocolType, request.protocols)) return kafkaError.INCONSISTENT_GROUP_PROTOCOL
      return known
    }
    if (request.memberId !== '') return kafkaError.UNKNOWN_MEMBER_ID
    if (request.protocolType === '' || request.protocols.length === 0) return kafkaError.INCONSISTENT_GROUP_PROTOCOL
    if (this.groupCount >= this.config.maxGroups) return kafkaError.GROUP_MAX_SIZE_REACHED
    const group = new Group(request.groupId, this.clock.now())
    shard.groups.set(request.groupId, group)
    return group
  }

  #hasRoom(group: Group, memberId: string): boolean {
    const max = this.config.maxSize
    // Who was not heard of in this rebalance does not take the place of one who was.
    if (group.state === 'PreparingRebalance') {
      return group.members.get(memberId)?.awaitingJoin !== undefined || group.awaitingJoinCount < max
    }
    if (group.has(memberId) || group.pendingMembers.has(memberId)) return true
    return group.members.size + group.pendingMembers.size < max
  }

  #joinNew(group: Group, request: JoinRequest, respond: JoinResponder): void {
    const memberId = this.#memberId(request.clientId)
    if (request.memberIdRequired) {
      this.membership.addPending(group, memberId, request.sessionTimeoutMs)
      respond(joinFailure(kafkaError.MEMBER_ID_REQUIRED, memberId))
    } else {
      this.#admit(group, memberId, request, respond)
    }
  }

  #joinKnown(group: Group, request: JoinRequest, respond: JoinResponder): void {
    const { memberId } = request
    if (group.pendingMembers.has(memberId)) {
      if (request.groupInstanceId !== null) respond(joinFailure(kafkaError.UNKNOWN_MEMBER_ID, memberId))
      else this.#admit(group, memberId, request, respond)
      return
    }
    const error = group.checkMember(memberId, request.groupInstanceId)
    if (error !== kafkaError.NONE) {
      respond(joinFailure(error, memberId))
      return
    }
    const member = group.members.get(memberId) as Member
    const changes = !member.matches(request.protocols)
    if (group.state === 'CompletingRebalance' && !changes) {
      respond(this.membership.joinResult(group, member))
    } else if (group.state === 'Stable' && !changes && !group.isLeader(memberId)) {
      this.membership.heartbeat(group, member)
      respond(this.membership.joinResult(group, member))
    } else {
      this.#rejoin(group, member, request, respond)
    }
  }

  #rejoin(group: Group, member: Member, request: JoinRequest, respond: JoinResponder): void {
    // Asked twice, by a client that lost its connection: the first answer goes nowhere.
    member.answerJoin(joinFailure(kafkaError.REBALANCE_IN_PROGRESS, member.memberId))
    group.setProtocols(member, request.protocols)
    member.rebalanceTimeoutMs = request.rebalanceTimeoutMs
    member.sessionTimeoutMs = request.sessionTimeoutMs
    member.awaitingJoin = respond
    this.membership.rebalanceOrComplete(group)
  }

  #joinStatic(group: Group, request: JoinRequest, instanceId: string, respond: JoinResponder): void {
    const newMemberId = this.#memberId(instanceId)
    const oldMemberId = group.staticMembers.get(instanceId)
    if (oldMemberId === undefined) {
      this.#admit(group, newMemberId, request, respond)
      return
    }
    const member = group.members.get(oldMemberId) as Member
    const oldLeader = group.leaderId
    replaceStatic(group, member, newMemberId)
    const same = member
      .metadataFor(group.protocolName)
      .equals(request.protocols.find((each) => each.name === group.protocolName)?.metadata ?? Buffer.alloc(0))
    group.setProtocols(member, request.protocols)
    member.rebalanceTimeoutMs = request.rebalanceTimeoutMs
    member.sessionTimeoutMs = request.sessionTimeoutMs
    this.membership.heartbeat(group, member)
    if (group.state !== 'Stable' || !same || group.selectProtocol() !== group.protocolName) {
      member.awaitingJoin = respond
      this.membership.rebalanceOrComplete(group)
      return
    }
    // Its place and assignment are as they were; only its name is new, which a restart has to know.
    void this.#resumeStatic(group, member, request.canSkipAssignment, oldLeader).then(respond)
  }

  async #resumeStatic(
    group: Group,
    member: Member,
    canSkipAssignment: boolean,
    oldLeader: string | null,
  ): Promise<JoinResult> {
    const memberId = member.memberId
    const error = await this.#persist(group)
    if (error !== kafkaError.NONE) return joinFailure(error, memberId)
    if (member.memberId !== memberId) return joinFailure(kafkaError.FENCED_INSTANCE_ID, memberId)
    if (!group.has(memberId)) return joinFailure(kafkaError.UNKNOWN_MEMBER_ID, memberId)
    const result = this.membership.joinResult(group, member)
    const leads = group.isLeader(memberId)
    if (canSkipAssignment) return { ...result, skipAssignment: leads }
    // A client that cannot skip the assignment must not find out that it leads, or it would assign anew.
    return leads ? { ...result, leader: oldLeader ?? '', members: [] } : result
  }

  #admit(group: Group, memberId: string, request: JoinRequest, respond: JoinResponder): void {
    const member = new Member({
      memberId,
      groupInstanceId: request.groupInstanceId,
      clientId: request.clientId,
      clientHost: request.clientHost,
      rebalanceTimeoutMs: request.rebalanceTimeoutMs,
      sessionTimeoutMs: request.sessionTimeoutMs,
      protocols: request.protocols,
    })
    member.awaitingJoin = respond
    this.membership.admit(group, member, request.protocolType)
  }

  #syncError(request: SyncRequest): number {
    const unavailable = this.unavailable(request.groupId)
    if (unavailable !== kafkaError.NONE) return unavailable
    const group = this.shardOf(request.groupId).groups.get(request.groupId)
    if (group === undefined) return kafkaError.UNKNOWN_MEMBER_ID
    const error = group.checkMember(request.memberId, request.groupInstanceId)
    if (error !== kafkaError.NONE) return error
    if (request.generationId !== group.generationId) return kafkaError.ILLEGAL_GENERATION
    const { protocolType, protocolName } = request
    if (protocolType !== null && protocolType !== group.protocolType) return kafkaError.INCONSISTENT_GROUP_PROTOCOL
    // While members are joining there is no protocol to compare with.
    if (group.state === 'PreparingRebalance') return kafkaError.REBALANCE_IN_PROGRESS
    if (protocolName !== null && protocolName !== group.protocolName) return kafkaError.INCONSISTENT_GROUP_PROTOCOL
    return kafkaError.NONE
  }

  #leave(group: Group, leaving: LeavingMember): number {
    let { memberId } = leaving
    // An administrator names the instance alone.
    if (memberId === '' && leaving.groupInstanceId !== null) {
      const known = group.staticMembers.get(leaving.groupInstanceId)
      if (known === undefined) return kafkaError.UNKNOWN_MEMBER_ID
      memberId = known
    }
    if (group.pendingMembers.has(memberId)) {
      this.membership.removePending(group, memberId)
      return kafkaError.NONE
    }
    const error = group.checkMember(memberId, leaving.groupInstanceId)
    if (error !== kafkaError.NONE) return error
    this.membership.expel(group, memberId, kafkaError.UNKNOWN_MEMBER_ID)
    return kafkaError.NONE
  }

  #persist(group: Group, assignments?: ReadonlyMap<string, Buffer>): Promise<number> {
    const record = groupRecord(group, assignments)
    // The group of the record is the live one already, with its waiting members.
    return this.shardOf(group.groupId).runtime.write([record], { replay: false })
  }

  /** As Kafka names members: what the client calls itself, and a random UUID. */
  #memberId(prefix: string): string {
    const hex = this.#random.hex(16)
    const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)]
    return `${prefix}-${parts.join('-')}`
  }
}
