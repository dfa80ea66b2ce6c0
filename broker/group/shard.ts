/**
 * The groups of one partition of `__consumer_offsets`: the deterministic state that its records give, and the runtime
 * that writes them. `GroupCoordinator` decides what is written.
 */
import type { Clock } from '../../core/platform/clock.ts'
import type { CoordinatorLogSource, CoordinatorMachine, MarkerKind, ReplayedRecord } from '../coordinator/log.ts'
import { CoordinatorRuntime } from '../coordinator/runtime.ts'
import type { Group } from './group.ts'
import { OffsetStore } from './offset-store.ts'
import { groupOf, readGroupRecord } from './records.ts'

export interface GroupShardOptions {
  readonly partition: number
  readonly clock: Clock
  readonly logs: CoordinatorLogSource
  readonly stateMaxBytes: number
}

export class GroupShard implements CoordinatorMachine {
  readonly partition: number
  readonly groups = new Map<string, Group>()
  readonly offsets = new OffsetStore()
  readonly runtime: CoordinatorRuntime

  constructor(options: GroupShardOptions) {
    this.partition = options.partition
    this.runtime = new CoordinatorRuntime({
      machine: this,
      logs: options.logs,
      clock: options.clock,
      maxBatchBytes: options.stateMaxBytes,
    })
  }

  replay(record: ReplayedRecord): void {
    const read = readGroupRecord(record.key, record.value, record.offset)
    if (read.kind === 'group') {
      if (read.value === null) this.groups.delete(read.groupId)
      else this.groups.set(read.groupId, groupOf(read.groupId, read.value, record.timestampMs))
    } else if (read.kind === 'offset') {
      const { groupId, topic, partition, value } = read
      if (value === null) this.offsets.delete(groupId, topic, partition)
      else if (record.isTransactional) this.offsets.setPending(record.producerId, groupId, topic, partition, value)
      else this.offsets.set(groupId, topic, partition, value)
    }
  }

  replayMarker(producerId: number, _producerEpoch: number, kind: MarkerKind): void {
    this.offsets.end(producerId, kind)
  }

  /** Whether anything is kept for the group: members, a generation or offsets. */
  knows(groupId: string): boolean {
    return this.groups.has(groupId) || this.offsets.has(groupId)
  }
}
