/** Options of consumer groups. Meaning and defaults are Kafka's, under `broker.`. */
import { duration, integer, option, size } from '../../core/config/index.ts'

export const groupMinSessionTimeout = option({
  key: 'broker.group.min.session.timeout',
  type: duration(),
  default: 6000,
  scope: 'broker',
  doc: 'Shortest session time-out that a member of a group may ask for.',
})
export const groupMaxSessionTimeout = option({
  key: 'broker.group.max.session.timeout',
  type: duration(),
  default: 30 * 60_000,
  scope: 'broker',
  doc: 'Longest session time-out that a member of a group may ask for.',
})
export const groupInitialRebalanceDelay = option({
  key: 'broker.group.initial.rebalance.delay',
  type: duration(),
  default: 3000,
  scope: 'broker',
  doc: 'How long an empty group waits for more members before its first generation.',
})
export const groupMaxSize = option({
  key: 'broker.group.max.size',
  type: integer({ min: 1, max: 0x7fff_ffff }),
  default: 10_000,
  scope: 'broker',
  doc: 'Members that a group may have.',
})
export const groupMaxCount = option({
  key: 'broker.group.max.count',
  type: integer({ min: 1, max: 0x7fff_ffff }),
  default: 100_000,
  scope: 'broker',
  doc: 'Groups that the broker keeps, those included that only have offsets.',
})
export const groupStateMaxSize = option({
  key: 'broker.group.state.max-size',
  type: size(),
  default: 16 * 1024 * 1024,
  scope: 'broker',
  doc: 'Largest record of a group: what all its members subscribed to and were assigned.',
})
export const offsetMetadataMaxSize = option({
  key: 'broker.offset.metadata.max-size',
  type: size(),
  default: 4096,
  scope: 'broker',
  doc: 'Longest text that a client may keep with a committed offset.',
})
export const offsetsRetention = option({
  key: 'broker.offsets.retention',
  type: duration(),
  default: 7 * 24 * 60 * 60_000,
  scope: 'broker',
  doc: 'How long offsets are kept after their group has become empty.',
})
export const offsetsRetentionCheckInterval = option({
  key: 'broker.offsets.retention.check.interval',
  type: duration(),
  default: 10 * 60_000,
  scope: 'broker',
  doc: 'How often offsets are looked through for those past their retention.',
})
export const offsetsTopicPartitions = option({
  key: 'broker.offsets.topic.num.partitions',
  type: integer({ min: 1, max: 1000 }),
  default: 50,
  scope: 'broker',
  doc: 'Partitions of __consumer_offsets. Cannot be changed once groups exist.',
})

/** The options as the coordinator takes them. Times in ms, sizes in bytes. */
export interface GroupConfig {
  readonly minSessionTimeoutMs: number
  readonly maxSessionTimeoutMs: number
  readonly initialRebalanceDelayMs: number
  readonly maxSize: number
  readonly maxGroups: number
  readonly stateMaxBytes: number
  readonly offsetMetadataMaxBytes: number
  readonly offsetsRetentionMs: number
  readonly offsetsRetentionCheckIntervalMs: number
  readonly partitionCount: number
}

/** The defaults of all options. */
export const defaultGroupConfig: GroupConfig = {
  minSessionTimeoutMs: groupMinSessionTimeout.default,
  maxSessionTimeoutMs: groupMaxSessionTimeout.default,
  initialRebalanceDelayMs: groupInitialRebalanceDelay.default,
  maxSize: groupMaxSize.default,
  maxGroups: groupMaxCount.default,
  stateMaxBytes: groupStateMaxSize.default,
  offsetMetadataMaxBytes: offsetMetadataMaxSize.default,
  offsetsRetentionMs: offsetsRetention.default,
  offsetsRetentionCheckIntervalMs: offsetsRetentionCheckInterval.default,
  partitionCount: offsetsTopicPartitions.default,
}
