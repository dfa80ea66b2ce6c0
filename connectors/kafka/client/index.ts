/** The Kafka client: a cluster, and on it producers, fetchers, administration, offsets of groups. */
export {
  type ConfigChange,
  type ConfigEntry,
  KafkaAdmin,
  type NewTopic,
  type OffsetAsked,
  type OffsetFound,
} from './admin.ts'
export { KafkaCluster, mayPass, type PartitionLeader, type TopicInfo } from './cluster.ts'
export { codeOf, kafkaErrors } from './errors.ts'
export { type FetchedBatches, type FetcherOptions, type FetchFailure, KafkaFetcher } from './fetcher.ts'
export {
  commitOffsets,
  deleteGroup,
  deleteOffsets,
  describeGroup,
  fetchOffsets,
  type GroupDescription,
  type GroupMember,
  type GroupSummary,
  listGroups,
} from './groups.ts'
export { type AbortedTransaction, CommittedFilter } from './isolation.ts'
export { Membership, type MembershipOptions } from './membership.ts'
export { type KafkaClientOptions, parseAddress, type SaslOptions } from './options.ts'
export { murmur2, partitionOfKey } from './partitioner.ts'
export { KafkaProducer } from './producer.ts'
export type { ProducerOptions } from './producer-options.ts'
export { abortTransaction, describeTransactions, listTransactions, type TransactionInfo } from './transaction-admin.ts'
export { type CommittedOffset, endTransaction, type ProducerIdentity, type TopicPartition } from './transactions.ts'
