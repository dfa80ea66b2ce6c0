/**
 * Committed offsets of the groups of one partition, and those that a transaction holds back until its marker.
 *
 * Promises: deterministic, a replay of the same records gives the same offsets. Of two commits for a partition the one
 * later in the log counts, also when the earlier one was transactional and its marker came last.
 */
import type { MarkerKind } from '../coordinator/log.ts'

export interface CommittedOffset {
  readonly offset: number
  /** -1 when the client did not say. */
  readonly leaderEpoch: number
  readonly metadata: string
  /** Epoch ms. */
  readonly commitTimestampMs: number
  /** Epoch ms after which the offset goes, as old clients could ask; -1: by the broker's retention. */
  readonly expireTimestampMs: number
  /** Where the record stands in the log of the group's partition. */
  readonly recordOffset: number
}

type ByPartition = Map<number, CommittedOffset>
export type GroupOffsets = Map<string, ByPartition>

export class OffsetStore {
  readonly #groups = new Map<string, GroupOffsets>()
  /** By producer id, then group. */
  readonly #pending = new Map<number, Map<string, GroupOffsets>>()

  /** Offsets of a group, by topic and partition. Undefined when it has none. Do not change them. */
  of(groupId: string): GroupOffsets | undefined {
    return this.#groups.get(groupId)
  }

  get(groupId: string, topic: string, partition: number): CommittedOffset | undefined {
    return this.#groups.get(groupId)?.get(topic)?.get(partition)
  }

  /** Groups with at least one offset. */
  groupIds(): IterableIterator<string> {
    return this.#groups.keys()
  }

  has(groupId: string): boolean {
    return this.#groups.has(groupId)
  }

  /** Producers with an open transaction in this partition. */
  get pendingProducers(): IterableIterator<number> {
    return this.#pending.keys()
  }

  /** Whether a transaction that has not ended would change this offset. */
  isPending(groupId: string, topic: string, partition: number): boolean {
    for (const groups of this.#pending.values()) {
      if (groups.get(groupId)?.get(topic)?.has(partition) === true) return true
    }
    return false
  }

  hasPending(groupId: string): boolean {
    for (const groups of this.#pending.values()) if (groups.has(groupId)) return true
    return false
  }

  set(groupId: string, topic: string, partition: number, value: CommittedOffset): void {
    put(this.#groups, groupId, topic, partition, value)
  }

  setPending(producerId: number, groupId: string, topic: string, partition: number, value: CommittedOffset): void {
    let groups = this.#pending.get(producerId)
    if (groups === undefined) {
      groups = new Map()
      this.#pending.set(producerId, groups)
    }
    put(groups, groupId, topic, partition, value)
  }

  /** Takes a committed offset back; what transactions hold stays with them. */
  delete(groupId: string, topic: string, partition: number): void {
    const topics = this.#groups.get(groupId)
    const partitions = topics?.get(topic)
    if (topics === undefined || partitions === undefined || !partitions.delete(partition)) return
    if (partitions.size === 0) topics.delete(topic)
    if (topics.size === 0) this.#groups.delete(groupId)
  }

  /** A transaction ended: what it held becomes committed, or is forgotten. */
  end(producerId: number, kind: MarkerKind): void {
    const groups = this.#pending.get(producerId)
    if (groups === undefined) return
    this.#pending.delete(producerId)
    if (kind === 'abort') return
    for (const [groupId, topics] of groups) {
      for (const [topic, partitions] of topics) {
        for (const [partition, value] of partitions) {
          const present = this.get(groupId, topic, partition)
          if (present === undefined || present.recordOffset < value.recordOffset)
            this.set(groupId, topic, partition, value)
        }
      }
    }
  }
}

function put(
  groups: Map<string, GroupOffsets>,
  groupId: string,
  topic: string,
  partition: number,
  value: CommittedOffset,
): void {
  let topics = groups.get(groupId)
  if (topics === undefined) {
    topics = new Map()
    groups.set(groupId, topics)
  }
  let partitions = topics.get(topic)
  if (partitions === undefined) {
    partitions = new Map()
    topics.set(topic, partitions)
  }
  partitions.set(partition, value)
}
