/** A group coordinator on a manual clock over logs in memory, and requests with few words. */
import { GroupAdmin } from '../../../../broker/group/group-admin.ts'
import { GroupCoordinator, type JoinRequest, type SyncRequest } from '../../../../broker/group/group-coordinator.ts'
import type { JoinResult, SyncResult } from '../../../../broker/group/member.ts'
import { Offsets } from '../../../../broker/group/offsets.ts'
import { defaultGroupConfig, type GroupConfig } from '../../../../broker/group/options.ts'
import { createLogger } from '../../../../core/log.ts'
import { ManualClock } from '../../../../core/platform/manual-clock.ts'
import { seededRandom } from '../../../../core/platform/random.ts'
import { writeConsumerProtocolSubscription } from '../../../../proto/kafka/messages/consumer-protocol.ts'
import { KafkaWriter } from '../../../../proto/kafka/writer.ts'
import { MemoryLog, sourceOf } from '../../../support/memory-log.ts'

export const groupId = 'readers'

export interface Asked<R> {
  /** Undefined while the coordinator holds the answer back. */
  answer: R | undefined
  answers: number
}

export class GroupHarness {
  readonly clock: ManualClock
  readonly logs: MemoryLog[]
  readonly coordinator: GroupCoordinator
  readonly offsets: Offsets
  readonly admin: GroupAdmin

  private constructor(config: Partial<GroupConfig>, logs: MemoryLog[], clock: ManualClock) {
    this.clock = clock
    this.logs = logs
    this.coordinator = new GroupCoordinator({
      clock,
      random: seededRandom(logs.reduce((sum, log) => sum + log.logEndOffset, 7)),
      config: { ...defaultGroupConfig, initialRebalanceDelayMs: 0, partitionCount: logs.length, ...config },
      logs: (partition) => sourceOf(logs[partition] as MemoryLog),
      logger: createLogger('test', { level: 'silent' }),
    })
    this.offsets = new Offsets(this.coordinator)
    this.admin = new GroupAdmin(this.coordinator)
  }

  static async start(
    config: Partial<GroupConfig> = {},
    logs: MemoryLog[] = [new MemoryLog()],
    clock = new ManualClock(1_000_000),
  ): Promise<GroupHarness> {
    const harness = new GroupHarness(config, logs, clock)
    await harness.coordinator.load()
    return harness
  }

  /** The broker after kill and start, on the same clock. */
  restart(config: Partial<GroupConfig> = {}): Promise<GroupHarness> {
    this.coordinator.close()
    return GroupHarness.start(
      config,
      this.logs.map((log) => log.prefix(log.batches.length)),
      this.clock,
    )
  }

  get group() {
    return this.coordinator.shardOf(groupId).groups.get(groupId)
  }

  join(request: Partial<JoinRequest> = {}): Asked<JoinResult> {
    const asked: Asked<JoinResult> = { answer: undefined, answers: 0 }
    this.coordinator.join(
      {
        groupId,
        memberId: '',
        groupInstanceId: null,
        clientId: 'client',
        clientHost: '/127.0.0.1',
        sessionTimeoutMs: 10_000,
        rebalanceTimeoutMs: 30_000,
        protocolType: 'consumer',
        protocols: [{ name: 'range', metadata: Buffer.from('topics') }],
        memberIdRequired: false,
        canSkipAssignment: true,
        ...request,
      },
      (answer) => {
        asked.answer = answer
        asked.answers++
      },
    )
    return asked
  }

  async sync(request: Partial<SyncRequest> & { memberId: string; generationId: number }): Promise<Asked<SyncResult>> {
    const asked: Asked<SyncResult> = { answer: undefined, answers: 0 }
    this.coordinator.sync(
      {
        groupId,
        groupInstanceId: null,
        protocolType: null,
        protocolName: null,
        assignments: new Map(),
        ...request,
      },
      (answer) => {
        asked.answer = answer
        asked.answers++
      },
    )
    await this.settle()
    return asked
  }

  heartbeat(memberId: string, generationId: number, groupInstanceId: string | null = null): number {
    return this.coordinator.heartbeat(groupId, memberId, groupInstanceId, generationId)
  }

  async settle(): Promise<void> {
    await this.clock.advanceAsync(0)
  }

  /** A group of `count` members that all have their assignments: `part-0`, `part-1`, … in order of joining. */
  async stable(count: number, requests: Partial<JoinRequest> = {}): Promise<string[]> {
    const ids: string[] = []
    const first = this.join(requests)
    ids.push(first.answer?.memberId as string)
    let joins = [first]
    for (let index = 1; index < count; index++) {
      const added = this.join(requests)
      joins = ids.map((memberId) => this.join({ ...requests, memberId }))
      joins.push(added)
      ids.push(added.answer?.memberId as string)
    }
    const generationId = this.group?.generationId as number
    const assignments = new Map(ids.map((id, index) => [id, Buffer.from(`part-${index}`)]))
    for (const memberId of [...ids].reverse()) {
      await this.sync({
        memberId,
        generationId,
        assignments: memberId === this.group?.leaderId ? assignments : new Map(),
      })
    }
    return ids
  }

  commit(
    offset: number,
    who: { memberId?: string; generationId?: number; groupInstanceId?: string | null; groupId?: string } = {},
    where: { topic?: string; partition?: number; metadata?: string | null } = {},
  ): Promise<number> {
    const topics = [
      {
        name: where.topic ?? 'flights',
        partitions: [
          {
            partitionIndex: where.partition ?? 0,
            committedOffset: offset,
            committedLeaderEpoch: 3,
            committedMetadata: where.metadata ?? null,
          },
        ],
      },
    ]
    const committer = { groupId, memberId: '', generationId: -1, groupInstanceId: null, ...who }
    return this.offsets
      .commit(committer, topics, -1, (topic) => topic !== 'nowhere')
      .then((results) => results[0]?.partitions[0]?.errorCode as number)
  }

  async committed(topic = 'flights', partition = 0, requireStable = false) {
    const result = await this.offsets.fetch(groupId, [{ name: topic, partitionIndexes: [partition] }], requireStable)
    return result.topics[0]?.partitions[0]
  }
}

export function subscription(...topics: string[]): Buffer {
  const writer = new KafkaWriter()
  writer.beginBare()
  writer.int16(1)
  writeConsumerProtocolSubscription(
    writer,
    { topics, userData: null, ownedPartitions: [], generationId: -1, rackId: null },
    1,
  )
  return writer.finishOne()
}
