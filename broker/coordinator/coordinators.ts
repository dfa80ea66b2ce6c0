/**
 * Puts the coordinators of a broker together: groups and transactions over the partitions of their internal topics, the
 * markers that end transactions, and the tables of handlers. `start` replays, `close` stops; the logs belong to the broker.
 *
 * Transactions are loaded after groups, because ending them writes markers into partitions of groups.
 */
import type { Logger } from '../../core/log.ts'
import type { Clock } from '../../core/platform/clock.ts'
import type { Random } from '../../core/platform/random.ts'
import { kafkaError } from '../../proto/kafka/error-codes.ts'
import { createGroupHandlers } from '../api/group/group-handlers.ts'
import type { HandlerTable } from '../api/handler.ts'
import { createProducerHandlers } from '../api/transaction/producer-handlers.ts'
import { createTransactionAdminHandlers } from '../api/transaction/transaction-admin-handlers.ts'
import { OffsetExpiry } from '../group/expiry.ts'
import { GroupAdmin } from '../group/group-admin.ts'
import { GroupCoordinator } from '../group/group-coordinator.ts'
import { Offsets } from '../group/offsets.ts'
import type { GroupConfig } from '../group/options.ts'
import { offsetsTopic } from '../group/records.ts'
import type { MetadataLog } from '../metadata/metadata-log.ts'
import type { Topics } from '../metadata/topics.ts'
import type { MarkerTarget } from '../transaction/markers.ts'
import type { TransactionConfig } from '../transaction/options.ts'
import { type ProducerIdBlock, ProducerIds } from '../transaction/producer-ids.ts'
import { transactionTopic } from '../transaction/records.ts'
import { TransactionCoordinator } from '../transaction/transaction-coordinator.ts'
import type { CoordinatorLogSource, MarkerKind } from './log.ts'

export interface CoordinatorsOptions {
  readonly brokerId: number
  readonly clock: Clock
  readonly random: Random
  readonly topics: Topics
  readonly metadata: MetadataLog
  readonly group: GroupConfig
  readonly transaction: TransactionConfig
  readonly logger?: Logger
  /** Where clients of this listener find the broker. */
  endpoint(listenerName: string): { readonly host: string; readonly port: number }
}

/** Ids in one durable block. */
const producerIdBlockSize = 1000

/** Settings of both internal topics, as Kafka's. */
const internalTopicConfigs = {
  'cleanup.policy': 'compact',
  'compression.type': 'producer',
  // Offsets and decisions are acknowledged as durable, whatever holds for topics of users.
  'millrace.durability': 'group',
  'segment.bytes': String(100 * 1024 * 1024),
  'max.message.bytes': String(16 * 1024 * 1024),
} as const

export class Coordinators implements MarkerTarget {
  readonly groups: GroupCoordinator
  readonly offsets: Offsets
  readonly groupAdmin: GroupAdmin
  readonly transactions: TransactionCoordinator
  readonly #options: CoordinatorsOptions
  readonly #expiry: OffsetExpiry

  constructor(options: CoordinatorsOptions) {
    this.#options = options
    const { clock, random, topics, metadata } = options
    const logger = options.logger === undefined ? {} : { logger: options.logger }
    // Where a key lives is decided by the partitions that there are, not by today's option.
    const partitionsOf = (topic: string, configured: number): number =>
      topics.get(topic)?.image.partitions ?? configured
    this.groups = new GroupCoordinator({
      clock,
      random,
      config: { ...options.group, partitionCount: partitionsOf(offsetsTopic, options.group.partitionCount) },
      logs: (partition) => internalLog(topics, offsetsTopic, partition),
      ...logger,
    })
    this.offsets = new Offsets(this.groups)
    this.groupAdmin = new GroupAdmin(this.groups)
    this.#expiry = new OffsetExpiry(this.groups)
    this.transactions = new TransactionCoordinator({
      clock,
      config: {
        ...options.transaction,
        partitionCount: partitionsOf(transactionTopic, options.transaction.partitionCount),
      },
      producerIds: new ProducerIds(() => allocateProducerIds(metadata)),
      logs: (partition) => internalLog(topics, transactionTopic, partition),
      markers: this,
      ...logger,
    })
  }

  /** Replays groups and transactions. Requests meanwhile are told to wait. */
  async start(): Promise<void> {
    await this.groups.load()
    await this.transactions.load()
    this.#expiry.start()
  }

  close(): void {
    this.#expiry.stop()
    this.transactions.close()
    this.groups.close()
  }

  handlers(): HandlerTable {
    const { topics, clock, brokerId } = this.#options
    const hasPartition = (topic: string, partition: number): boolean => {
      const found = topics.get(topic)
      return found !== undefined && partition >= 0 && partition < found.image.partitions
    }
    const { groups, offsets, transactions } = this
    return {
      ...createGroupHandlers({
        groups,
        offsets,
        admin: this.groupAdmin,
        names: { nameOf: (id) => topics.getById(id)?.name, idOf: (name) => topics.get(name)?.topicId },
        brokerId,
        hasPartition,
        endpoint: (listenerName) => this.#options.endpoint(listenerName),
        prepare: (kind) => this.#prepare(kind),
        unavailable: (kind, key) =>
          (kind === 'group' ? groups.shardOf(key) : transactions.shardOf(key)).runtime.unavailable,
      }),
      ...createProducerHandlers({ transactions, groups, offsets, hasPartition }),
      ...createTransactionAdminHandlers({ transactions, markers: this, clock }),
    }
  }

  writeMarker(
    topic: string,
    partition: number,
    producerId: number,
    producerEpoch: number,
    coordinatorEpoch: number,
    kind: MarkerKind,
    raised: boolean,
  ): Promise<number> {
    if (topic === offsetsTopic)
      return this.groups.onMarker(partition, producerId, producerEpoch, coordinatorEpoch, kind, raised)
    const { topics } = this.#options
    const found = topics.get(topic)
    const log = found === undefined ? undefined : topics.logOf(found, partition)
    if (log === undefined) {
      const exists = found !== undefined && partition >= 0 && partition < found.image.partitions
      return Promise.resolve(exists ? kafkaError.KAFKA_STORAGE_ERROR : kafkaError.UNKNOWN_TOPIC_OR_PARTITION)
    }
    const result = log.writeMarker(producerId, producerEpoch, coordinatorEpoch, kind, raised)
    if (result.kind === 'refused') return Promise.resolve(result.error)
    return new Promise((resolve) => log.onCommitted(result.lastOffset, resolve))
  }

  /** A topic was deleted: groups forget their offsets in it. */
  async topicDeleted(topic: string): Promise<void> {
    const error = await this.groupAdmin.topicDeleted(topic)
    if (error !== kafkaError.NONE) this.#options.logger?.warn({ topic, error }, 'offsets of a deleted topic stay')
  }

  async #prepare(kind: 'group' | 'transaction'): Promise<void> {
    const { topics } = this.#options
    const [name, partitions] =
      kind === 'group' ? [offsetsTopic, this.groups.shards.length] : [transactionTopic, this.transactions.shards.length]
    if (topics.get(name) === undefined) await topics.ensureInternal(name, partitions, internalTopicConfigs)
  }
}

function internalLog(topics: Topics, name: string, partition: number): CoordinatorLogSource {
  return {
    existing() {
      const topic = topics.get(name)
      return topic === undefined ? undefined : topics.existingLog(topic, partition)
    },
    create() {
      const topic = topics.get(name)
      return topic === undefined ? undefined : topics.logOf(topic, partition)
    },
  }
}

async function allocateProducerIds(metadata: MetadataLog): Promise<ProducerIdBlock> {
  return metadata.change((image) => {
    const first = image.nextProducerId
    const next = first + producerIdBlockSize
    return { records: [{ kind: 'producer-ids' as const, next }], result: { first, count: producerIdBlockSize } }
  })
}
