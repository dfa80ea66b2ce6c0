/**
 * Lets offsets go whose group has been empty for longer than their retention, and groups of which nothing is left.
 * Runs on a timer, one group after the other, and waits for the disk in between.
 */
import type { Clock, TimerHandle } from '../../core/platform/clock.ts'
import { kafkaError } from '../../proto/kafka/error-codes.ts'
import type { CoordinatorRecord } from '../coordinator/log.ts'
import type { Group } from './group.ts'
import type { GroupCoordinator } from './group-coordinator.ts'
import type { CommittedOffset } from './offset-store.ts'
import { groupTombstone, offsetTombstone } from './records.ts'
import type { GroupShard } from './shard.ts'
import { subscribedTopics } from './subscription.ts'

/** Records in one batch. */
const batchMax = 1000

/** Whether an offset of the group is past its time at `nowMs`. */
export function isExpired(
  group: Group | undefined,
  topic: string,
  value: CommittedOffset,
  nowMs: number,
  retentionMs: number,
): boolean {
  if (value.expireTimestampMs !== -1) return group?.isEmpty !== false && value.expireTimestampMs <= nowMs
  // Without members ever, each offset counts for itself.
  if (group === undefined || !group.isManaged) return value.commitTimestampMs + retentionMs <= nowMs
  if (group.isEmpty) return Math.max(group.stateSinceMs, value.commitTimestampMs) + retentionMs <= nowMs
  if (group.state !== 'Stable') return false
  const subscribed = subscribedTopics(group)
  return subscribed !== undefined && !subscribed.has(topic) && value.commitTimestampMs + retentionMs <= nowMs
}

export class OffsetExpiry {
  readonly #coordinator: GroupCoordinator
  readonly #clock: Clock
  #timer: TimerHandle | undefined
  #running = false

  constructor(coordinator: GroupCoordinator) {
    this.#coordinator = coordinator
    this.#clock = coordinator.clock
  }

  start(): void {
    this.#timer ??= this.#clock.setInterval(
      () => void this.run(),
      this.#coordinator.config.offsetsRetentionCheckIntervalMs,
    )
    this.#timer.unref()
  }

  stop(): void {
    this.#clock.clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** Looks through all groups once. Returns how many offsets went. A refused write is tried again the next time. */
  async run(): Promise<number> {
    if (this.#running) return 0
    this.#running = true
    let removed = 0
    try {
      for (const shard of this.#coordinator.shards) {
        if (shard.runtime.unavailable !== kafkaError.NONE) continue
        for (const groupId of new Set([...shard.groups.keys(), ...shard.offsets.groupIds()])) {
          removed += await this.#look(shard, groupId)
        }
      }
    } finally {
      this.#running = false
    }
    return removed
  }

  async #look(shard: GroupShard, groupId: string): Promise<number> {
    const now = this.#clock.now()
    const group = shard.groups.get(groupId)
    const records: CoordinatorRecord[] = []
    let kept = 0
    for (const [topic, partitions] of shard.offsets.of(groupId) ?? []) {
      for (const [partition, value] of partitions) {
        const expired =
          records.length < batchMax &&
          !shard.offsets.isPending(groupId, topic, partition) &&
          isExpired(group, topic, value, now, this.#coordinator.config.offsetsRetentionMs)
        if (expired) records.push(offsetTombstone(groupId, topic, partition))
        else kept++
      }
    }
    const removed = records.length
    if (group !== undefined && kept === 0 && isAbandoned(shard, group)) {
      // A generation was written only where one began.
      if (group.generationId > 0) records.push(groupTombstone(groupId))
      else shard.groups.delete(groupId)
    }
    if (records.length === 0) return 0
    const error = await shard.runtime.write(records)
    return error === kafkaError.NONE ? removed : 0
  }
}

function isAbandoned(shard: GroupShard, group: Group): boolean {
  return (
    group.state === 'Empty' &&
    group.isEmpty &&
    group.pendingMembers.size === 0 &&
    !shard.offsets.hasPending(group.groupId)
  )
}
