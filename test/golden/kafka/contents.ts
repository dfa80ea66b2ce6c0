/** One of each Kafka format that is stored, as hex, and what it says. */
import { type VersionedCodec, writeVersioned } from '../../../proto/kafka/frame.ts'
import {
  readConsumerProtocolAssignment,
  readConsumerProtocolSubscription,
  writeConsumerProtocolAssignment,
  writeConsumerProtocolSubscription,
} from '../../../proto/kafka/messages/consumer-protocol.ts'
import {
  readGroupMetadataKey,
  readGroupMetadataValue,
  writeGroupMetadataKey,
  writeGroupMetadataValue,
} from '../../../proto/kafka/messages/group-metadata.ts'
import {
  readOffsetCommitKey,
  readOffsetCommitValue,
  writeOffsetCommitKey,
  writeOffsetCommitValue,
} from '../../../proto/kafka/messages/offset-commit-record.ts'
import {
  readTransactionLogKey,
  readTransactionLogValue,
  writeTransactionLogKey,
  writeTransactionLogValue,
} from '../../../proto/kafka/messages/transaction-log.ts'
import { buildBatch, buildControlBatch } from '../../../proto/kafka/records/index.ts'
import { KafkaWriter } from '../../../proto/kafka/writer.ts'

export const batchRecords = [
  { key: Buffer.from('flug-ä'), value: Buffer.from('{"delay":12}'), timestamp: 1_700_000_000_000, headers: [] },
  { key: null, value: null, timestamp: 1_699_999_999_000, headers: [{ key: 'trace', value: Buffer.from([1, 2]) }] },
  { key: Buffer.alloc(0), value: Buffer.alloc(70, 'v'), timestamp: 1_700_000_100_000, headers: [{ key: '', value: null }] },
]

const codec = <Message>(
  name: string,
  lowest: number,
  highest: number,
  read: VersionedCodec<Message>['read'],
  write: VersionedCodec<Message>['write'],
): VersionedCodec<Message> => ({ name, lowest, highest, read, write })

/** Each record: its codec, the version written, what it says. */
export const versioned: readonly (readonly [VersionedCodec<unknown>, number, unknown])[] = [
  [codec('GroupMetadataKey', 2, 2, readGroupMetadataKey, writeGroupMetadataKey), 2, { group: 'abend' }],
  [
    codec('GroupMetadataValue', 0, 4, readGroupMetadataValue, writeGroupMetadataValue),
    3,
    {
      protocolType: 'consumer',
      generation: 7,
      protocol: 'cooperative-sticky',
      leader: 'm-1',
      currentStateTimestamp: 1_700_000_000_000,
      members: [
        {
          memberId: 'm-1',
          groupInstanceId: 'static-1',
          clientId: 'c',
          clientHost: '/127.0.0.1',
          rebalanceTimeout: 60_000,
          sessionTimeout: 45_000,
          subscription: Buffer.from([0, 1]),
          assignment: Buffer.from([2]),
        },
      ],
    },
  ],
  [codec('OffsetCommitKey', 0, 1, readOffsetCommitKey, writeOffsetCommitKey), 1, { group: 'abend', topic: 't', partition: 5 }],
  [
    codec('OffsetCommitValue', 0, 4, readOffsetCommitValue, writeOffsetCommitValue),
    3,
    { offset: 5_000_000_000, leaderEpoch: 2, metadata: 'm', commitTimestamp: 1_700_000_000_000, expireTimestamp: -1 },
  ],
  [codec('TransactionLogKey', 0, 0, readTransactionLogKey, writeTransactionLogKey), 0, { transactionalId: 'pay-1' }],
  [
    codec('TransactionLogValue', 0, 1, readTransactionLogValue, writeTransactionLogValue),
    1,
    {
      producerId: 4000,
      previousProducerId: 3999,
      nextProducerId: -1,
      producerEpoch: 3,
      transactionTimeoutMs: 60_000,
      transactionStatus: 1,
      transactionPartitions: [{ topic: 't', partitionIds: [0, 3] }],
      transactionLastUpdateTimestampMs: 1_700_000_000_000,
      transactionStartTimestampMs: 1_700_000_000_000,
      clientTransactionVersion: 0,
    },
  ],
  [
    codec('ConsumerProtocolSubscription', 0, 3, readConsumerProtocolSubscription, writeConsumerProtocolSubscription),
    3,
    { topics: ['t'], userData: null, ownedPartitions: [{ topic: 't', partitions: [1] }], generationId: 4, rackId: 'r' },
  ],
  [
    codec('ConsumerProtocolAssignment', 0, 3, readConsumerProtocolAssignment, writeConsumerProtocolAssignment),
    1,
    { assignedPartitions: [{ topic: 't', partitions: [0, 1] }], userData: Buffer.from('u') },
  ],
] as const

export interface GoldenKafka {
  readonly batch: string
  readonly commit: string
  readonly abort: string
  readonly records: Readonly<Record<string, string>>
}

export function makeGolden(): GoldenKafka {
  const writer = new KafkaWriter()
  const batch = buildBatch({
    records: batchRecords,
    baseOffset: 4_294_967_296,
    leaderEpoch: 5,
    producerId: 4000,
    producerEpoch: 3,
    baseSequence: 17,
    transactional: true,
  })
  const hex = (bytes: Buffer): string => bytes.toString('hex')
  return {
    batch: hex(batch),
    commit: hex(buildControlBatch('commit', 4000, 3, 9, 1_700_000_000_000)),
    abort: hex(buildControlBatch('abort', 4000, 3, 9, 1_700_000_000_000)),
    records: Object.fromEntries(
      versioned.map(([each, version, message]) => [each.name, hex(writeVersioned(writer, each, message, version))]),
    ),
  }
}
