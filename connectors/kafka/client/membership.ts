/**
 * A member of a consumer group, in the classic protocol: joins with others, gets partitions, says that it lives, and hears when it has
 * to join again. Everything is given back at a rebalance (eager). As leader it assigns for all.
 *
 * One `join` at a time. Between `join` and the next, `mustRejoin` resolves once when the partitions are not this member's any more; what
 * it has read until then it may still commit. One thread.
 */
import { type Deferred, deferred, inBackground } from '../../../core/async/index.ts'
import type { TimerHandle } from '../../../core/platform/clock.ts'
import type { ResponseOf } from '../../../proto/kafka/apis.ts'
import { isRetriable, kafkaError } from '../../../proto/kafka/error-codes.ts'
import { readVersioned, writeVersioned } from '../../../proto/kafka/frame.ts'
import {
  readConsumerProtocolAssignment,
  readConsumerProtocolSubscription,
  writeConsumerProtocolAssignment,
  writeConsumerProtocolSubscription,
} from '../../../proto/kafka/messages/consumer-protocol.ts'
import { KafkaWriter } from '../../../proto/kafka/writer.ts'
import { assignors, isAssignor } from './assignors.ts'
import type { KafkaCluster } from './cluster.ts'
import { codeOf, expectNone, kafkaErrors, refusal } from './errors.ts'
import type { GroupIdentity } from './groups.ts'
import type { TopicPartition } from './transactions.ts'

export interface MembershipOptions {
  readonly groupId: string
  readonly topics: readonly string[]
  /**
   * Makes a static member: it does not say goodbye, and whoever comes with the same name before its session ends takes its place and its
   * partitions, without a rebalance. The one before is refused from then on, with FENCED_INSTANCE_ID.
   */
  readonly instanceId?: string
  /** The coordinator gives a member up that is silent for so long. Default 30 s. */
  readonly sessionTimeoutMs?: number
  /** How long others wait for this member to join again. Default 60 s. */
  readonly rebalanceTimeoutMs?: number
  /** Default 3 s. */
  readonly heartbeatMs?: number
}

const writer = new KafkaWriter()
const protocolType = 'consumer'
const { REBALANCE_IN_PROGRESS, UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION, MEMBER_ID_REQUIRED } = kafkaError

// Newer versions only append.
const subscriptionCodec = {
  name: 'ConsumerProtocolSubscription',
  lowest: 0,
  highest: 3,
  read: readConsumerProtocolSubscription,
  write: writeConsumerProtocolSubscription,
}
const assignmentCodec = {
  name: 'ConsumerProtocolAssignment',
  lowest: 0,
  highest: 3,
  read: readConsumerProtocolAssignment,
  write: writeConsumerProtocolAssignment,
}

export class Membership {
  readonly groupId: string
  readonly #cluster: KafkaCluster
  readonly #options: Required<Omit<MembershipOptions, 'instanceId'>>
  readonly #instanceId: string | null
  #memberId = ''
  #generationId = -1
  #mustRejoin: Deferred<void> = deferred()
  #timer: TimerHandle | undefined
  #closed = false

  constructor(cluster: KafkaCluster, options: MembershipOptions) {
    this.#cluster = cluster
    this.groupId = options.groupId
    this.#instanceId = options.instanceId ?? null
    this.#options = { sessionTimeoutMs: 30_000, rebalanceTimeoutMs: 60_000, heartbeatMs: 3000, ...options }
  }

  /** As commits name it. */
  get identity(): Required<GroupIdentity> {
    return { memberId: this.#memberId, generationId: this.#generationId, groupInstanceId: this.#instanceId }
  }

  /** Resolves when `join` has to be called again. */
  get mustRejoin(): Promise<void> {
    return this.#mustRejoin.promise
  }

  /**
   * Takes part in the next generation; resolves with the partitions of this member. Throws KAFKA_…, KAFKA_CLOSED when the member
   * leaves meanwhile.
   */
  async join(): Promise<TopicPartition[]> {
    this.#stopHeartbeats()
    for (;;) {
      const partitions = await this.#cluster.retrying(
        () => this.#attempt(),
        () => !this.#closed,
      )
      if (this.#closed) throw kafkaErrors.create('CLOSED')
      if (partitions === undefined) continue
      this.#mustRejoin = deferred()
      this.#beat()
      return partitions
    }
  }

  /** Says goodbye, also while it joins, so that others need not wait for the session to end. */
  async leave(): Promise<void> {
    this.#closed = true
    this.#stopHeartbeats()
    const memberId = this.#memberId
    if (memberId === '' || this.#instanceId !== null) return
    this.#memberId = ''
    this.#generationId = -1
    const { groupId } = this
    const members = [{ memberId, groupInstanceId: null, reason: 'it ends' }]
    try {
      // A join in flight is answered when all have joined, and brokers look at nothing that comes behind it.
      const connection = await this.#cluster.coordinator('group', groupId, 'leave')
      await connection.request('LeaveGroup', { groupId, memberId, members })
    } catch (error) {
      // The session will end by itself.
      if (codeOf(error) === undefined && !kafkaErrors.is(error)) throw error
    }
  }

  /** Undefined: to be tried again, at once. */
  async #attempt(): Promise<TopicPartition[] | undefined> {
    const { groupId } = this
    try {
      const joined = await this.#joinOnce()
      if (joined === undefined) return undefined
      const assignments = joined.leader === joined.memberId ? await this.#assign(joined) : []
      const connection = await this.#cluster.coordinator('group', groupId)
      const { generationId, memberId } = joined
      const { protocolName } = joined
      const groupInstanceId = this.#instanceId
      const answer = await connection.request(
        'SyncGroup',
        { groupId, generationId, memberId, groupInstanceId, protocolType, protocolName, assignments },
        this.#options.rebalanceTimeoutMs + 5000,
      )
      if (this.#isOver(answer.errorCode)) return undefined
      expectNone(answer.errorCode, `partitions in the group ${groupId}`)
      if (answer.assignment.length === 0) return []
      return readVersioned(answer.assignment, assignmentCodec).assignedPartitions.flatMap(({ topic, partitions }) =>
        partitions.map((partition) => ({ topic, partition })),
      )
    } catch (error) {
      this.#cluster.forgetCoordinator('group', groupId)
      throw error
    }
  }

  async #joinOnce(): Promise<ResponseOf<'JoinGroup'> | undefined> {
    const { groupId } = this
    const { sessionTimeoutMs, rebalanceTimeoutMs, topics } = this.#options
    const subscription = { topics: [...topics], userData: null, ownedPartitions: [], generationId: -1, rackId: null }
    const metadata = writeVersioned(writer, subscriptionCodec, subscription, 1)
    const protocols = Object.keys(assignors).map((name) => ({ name, metadata }))
    const connection = await this.#cluster.coordinator('group', groupId)
    const answer = await connection.request(
      'JoinGroup',
      {
        groupId,
        sessionTimeoutMs,
        rebalanceTimeoutMs,
        memberId: this.#memberId,
        groupInstanceId: this.#instanceId,
        protocolType,
        protocols,
        reason: null,
      },
      rebalanceTimeoutMs + 5000,
    )
    if (answer.errorCode === MEMBER_ID_REQUIRED) {
      this.#memberId = answer.memberId
      return undefined
    }
    if (this.#isOver(answer.errorCode)) return undefined
    expectNone(answer.errorCode, `membership in the group ${groupId}`)
    this.#memberId = answer.memberId
    this.#generationId = answer.generationId
    return answer
  }

  /** Whether the code says that this generation, or this member, is no more. */
  #isOver(code: number): boolean {
    if (code === UNKNOWN_MEMBER_ID) {
      this.#memberId = ''
      this.#generationId = -1
      return true
    }
    return code === REBALANCE_IN_PROGRESS || code === ILLEGAL_GENERATION
  }

  async #assign({ members, protocolName }: ResponseOf<'JoinGroup'>) {
    const name = protocolName ?? ''
    if (!isAssignor(name)) throw refusal(kafkaError.INCONSISTENT_GROUP_PROTOCOL, `the strategy ${name}`)
    const subscriptions = members.map(({ memberId, metadata }) => {
      const { topics, ownedPartitions } = readVersioned(metadata, subscriptionCodec)
      return { memberId, topics, owned: ownedPartitions }
    })
    const partitions = new Map<string, number>()
    for (const topic of new Set(subscriptions.flatMap(({ topics }) => topics))) {
      const count = await this.#partitionsOf(topic)
      if (count > 0) partitions.set(topic, count)
    }
    return [...assignors[name](subscriptions, partitions)].map(([memberId, topics]) => ({
      memberId,
      assignment: writeVersioned(
        writer,
        assignmentCodec,
        { assignedPartitions: [...topics].map(([topic, own]) => ({ topic, partitions: own })), userData: null },
        1,
      ),
    }))
  }

  async #partitionsOf(topic: string): Promise<number> {
    try {
      return (await this.#cluster.describeTopic(topic)).leaders.length
    } catch (error) {
      // Another member may want what there is not, or what this one may not see.
      if (codeOf(error) === undefined) throw error
      return 0
    }
  }

  #beat(): void {
    const { clock } = this.#cluster.settings
    this.#timer = clock.setTimeout(() => {
      this.#timer = undefined
      inBackground(
        () => this.#heartbeat(),
        // Whoever waits for this member learns it from the next join.
        () => this.#mustRejoin.resolve(),
      )
    }, this.#options.heartbeatMs)
    this.#timer.unref()
  }

  async #heartbeat(): Promise<void> {
    const { groupId } = this
    const { identity } = this
    let code: number
    try {
      const connection = await this.#cluster.coordinator('group', groupId)
      code = (await connection.request('Heartbeat', { groupId, ...identity })).errorCode
    } catch (error) {
      if (this.#closed) return
      if (!kafkaErrors.is(error)) throw error
      // It is asked again: the session lasts longer than this pause.
      code = kafkaError.COORDINATOR_NOT_AVAILABLE
    }
    if (this.#closed || identity.generationId !== this.#generationId) return
    if (this.#isOver(code)) {
      this.#mustRejoin.resolve()
      return
    }
    if (isRetriable(code)) this.#cluster.forgetCoordinator('group', groupId)
    else if (code !== kafkaError.NONE) {
      this.#mustRejoin.resolve()
      return
    }
    this.#beat()
  }

  #stopHeartbeats(): void {
    this.#cluster.settings.clock.clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
