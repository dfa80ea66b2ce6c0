/**
 * Administration of a cluster: topics, their configuration, offsets by time, groups and what they have committed. Each call
 * is one request or few, tried again while that may help. An item that is refused is an error of the call, unless the result
 * says otherwise. No state.
 */
import { kafkaError } from '../../../proto/kafka/error-codes.ts'
import type { KafkaCluster, TopicInfo } from './cluster.ts'
import { codeOf, expectNone, refusal } from './errors.ts'
import { byTopic, type CommittedOffset, type TopicPartition } from './transactions.ts'

export interface NewTopic {
  readonly name: string
  /** Default: what the broker has as its default. */
  readonly partitions?: number
  readonly replicationFactor?: number
  readonly configs?: Readonly<Record<string, string>>
}

export interface ConfigEntry {
  readonly name: string
  /** Null for what is not to be shown. */
  readonly value: string | null
  readonly isDefault: boolean
  readonly readOnly: boolean
  readonly isSensitive: boolean
}

/** A change of one entry; `delete` brings the default back, `append` and `subtract` are for lists. */
export interface ConfigChange {
  readonly name: string
  readonly operation: 'set' | 'delete' | 'append' | 'subtract'
  readonly value?: string
}

/** `earliest`, `latest`, the record with the highest timestamp, or the first record not before a time in ms. */
export type OffsetAsked = 'earliest' | 'latest' | 'max-timestamp' | number

export interface OffsetFound extends TopicPartition {
  /** -1 when there is none: no record is that late. */
  readonly offset: number
  readonly timestamp: number
}

const operations = { set: 0, delete: 1, append: 2, subtract: 3 } as const
const resourceTypes = { topic: 2, broker: 4 } as const
const offsetCodes = { latest: -1, earliest: -2, 'max-timestamp': -3 } as const
/** ListOffsets knows the highest timestamp from here on. */
const maxTimestampVersion = 7

export class KafkaAdmin {
  readonly #cluster: KafkaCluster

  constructor(cluster: KafkaCluster) {
    this.#cluster = cluster
  }

  listTopics(): Promise<TopicInfo[]> {
    return this.#cluster.listTopics()
  }

  describeTopic(name: string): Promise<TopicInfo> {
    return this.#cluster.describeTopic(name)
  }

  /** Makes topics, and waits until they can be used. One that exists is an error, unless `ifMissing`. `validateOnly` makes none. */
  async createTopics(
    topics: readonly NewTopic[],
    options: { ifMissing?: boolean; validateOnly?: boolean } = {},
  ): Promise<void> {
    await this.#atController('CreateTopics', async (connection, timeoutMs) => {
      const answer = await connection.request('CreateTopics', {
        topics: topics.map(({ name, partitions, replicationFactor, configs }) => ({
          name,
          numPartitions: partitions ?? -1,
          replicationFactor: replicationFactor ?? -1,
          assignments: [],
          configs: Object.entries(configs ?? {}).map(([key, value]) => ({ name: key, value })),
        })),
        timeoutMs,
        validateOnly: options.validateOnly === true,
      })
      for (const { name, errorCode, errorMessage } of answer.topics) {
        if (errorCode === kafkaError.TOPIC_ALREADY_EXISTS && options.ifMissing === true) continue
        expectNone(errorCode, `topic ${name} cannot be made`, errorMessage)
      }
    })
    if (options.validateOnly === true) return
    // The answer comes before every broker knows of the topic.
    await this.#cluster.retrying(async () => {
      const names = topics.map(({ name }) => name)
      await this.#cluster.refresh(names)
      const missing = names.find((name) => this.#cluster.leaderOf(name, 0) === undefined)
      if (missing !== undefined) throw refusal(kafkaError.LEADER_NOT_AVAILABLE, `topic ${missing}`)
    })
  }

  async deleteTopics(names: readonly string[]): Promise<void> {
    await this.#atController('DeleteTopics', async (connection, timeoutMs) => {
      const topics = names.map((name) => ({ name, topicId: 'AAAAAAAAAAAAAAAAAAAAAA' }))
      const answer = await connection.request('DeleteTopics', { topics, topicNames: [...names], timeoutMs })
      for (const { name, errorCode, errorMessage } of answer.responses) {
        expectNone(errorCode, `topic ${name} cannot be deleted`, errorMessage)
      }
    })
  }

  /** Raises the number of partitions of a topic to `count`. */
  async createPartitions(topic: string, count: number): Promise<void> {
    await this.#atController('CreatePartitions', async (connection, timeoutMs) => {
      const topics = [{ name: topic, count, assignments: null }]
      const answer = await connection.request('CreatePartitions', { topics, timeoutMs, validateOnly: false })
      for (const { errorCode, errorMessage } of answer.results) {
        expectNone(errorCode, `topic ${topic} cannot get ${count} partitions`, errorMessage)
      }
    })
    await this.#cluster.refresh([topic])
  }

  async describeConfigs(kind: 'topic' | 'broker', name: string): Promise<ConfigEntry[]> {
    return this.#cluster.retrying(async () => {
      const connection = kind === 'broker' ? await this.#cluster.broker(Number(name)) : await this.#cluster.anyBroker()
      const { results } = await connection.request('DescribeConfigs', {
        resources: [{ resourceType: resourceTypes[kind], resourceName: name, configurationKeys: null }],
        includeSynonyms: false,
        includeDocumentation: false,
      })
      const [result] = results
      if (result === undefined) throw refusal(kafkaError.RESOURCE_NOT_FOUND, `${kind} ${name}`)
      expectNone(result.errorCode, `configuration of ${kind} ${name}`, result.errorMessage)
      return result.configs.map((each) => ({
        name: each.name,
        value: each.value,
        // Version 0 says it itself, later ones by where the value comes from; 5 is the default.
        isDefault: each.isDefault || each.configSource === 5,
        readOnly: each.readOnly,
        isSensitive: each.isSensitive,
      }))
    })
  }

  /** Changes some entries and leaves the others. */
  async alterConfigs(kind: 'topic' | 'broker', name: string, changes: readonly ConfigChange[]): Promise<void> {
    const configs = changes.map((each) => ({
      name: each.name,
      configOperation: operations[each.operation],
      value: each.value ?? null,
    }))
    await this.#cluster.retrying(async () => {
      const connection = kind === 'broker' ? await this.#cluster.broker(Number(name)) : await this.#cluster.controller()
      const resources = [{ resourceType: resourceTypes[kind], resourceName: name, configs }]
      const answer = await connection.request('IncrementalAlterConfigs', { resources, validateOnly: false })
      for (const { errorCode, errorMessage } of answer.responses) {
        expectNone(errorCode, `configuration of ${kind} ${name}`, errorMessage)
      }
    })
  }

  /** Offsets of partitions, each as asked, in an order of its own. `readCommitted` makes `latest` the end of what is decided. */
  async listOffsets(
    asked: readonly (TopicPartition & { readonly at: OffsetAsked })[],
    readCommitted = false,
  ): Promise<OffsetFound[]> {
    const found: OffsetFound[] = []
    for (const round of withoutRepetition(asked)) {
      const results = await this.#cluster.retrying(async () => {
        const groups = await this.#byLeader(round)
        return Promise.all([...groups].map(([nodeId, list]) => this.#offsetsAt(nodeId, list, readCommitted)))
      })
      found.push(...results.flat())
    }
    return found
  }

  /** Deletes what lies before the offsets; -1 for all that is there. Gives the new starts. */
  async deleteRecords(before: readonly (TopicPartition & { readonly offset: number })[]): Promise<OffsetFound[]> {
    return this.#cluster.retrying(async () => {
      const groups = await this.#byLeader(before)
      const starts: OffsetFound[] = []
      for (const [nodeId, list] of groups) {
        const connection = await this.#cluster.broker(nodeId)
        const topics = byTopic(list, ({ partition, offset }) => ({ partitionIndex: partition, offset }))
        const { requestTimeoutMs: timeoutMs } = this.#cluster.settings
        const answer = await connection.request('DeleteRecords', { topics, timeoutMs })
        for (const { name, partitions } of answer.topics) {
          for (const { partitionIndex, errorCode, lowWatermark } of partitions) {
            await this.#check(errorCode, name, partitionIndex)
            starts.push({ topic: name, partition: partitionIndex, offset: lowWatermark, timestamp: -1 })
          }
        }
      }
      return starts
    })
  }

  async #offsetsAt(
    nodeId: number,
    list: readonly (TopicPartition & { readonly at: OffsetAsked })[],
    readCommitted: boolean,
  ): Promise<OffsetFound[]> {
    const connection = await this.#cluster.broker(nodeId)
    if (list.some(({ at }) => at === 'max-timestamp') && !connection.serves('ListOffsets', maxTimestampVersion)) {
      throw refusal(kafkaError.UNSUPPORTED_VERSION, 'the offset of the highest timestamp')
    }
    const answer = await connection.request('ListOffsets', {
      replicaId: -1,
      isolationLevel: readCommitted ? 1 : 0,
      topics: byTopic(list, ({ topic, partition, at }) => ({
        partitionIndex: partition,
        currentLeaderEpoch: this.#cluster.leaderOf(topic, partition)?.leaderEpoch ?? -1,
        timestamp: typeof at === 'number' ? at : offsetCodes[at],
        maxNumOffsets: 1,
      })),
      timeoutMs: this.#cluster.settings.requestTimeoutMs,
    })
    const found: OffsetFound[] = []
    for (const { name, partitions } of answer.topics) {
      for (const { partitionIndex, errorCode, offset, timestamp } of partitions) {
        await this.#check(errorCode, name, partitionIndex)
        found.push({ topic: name, partition: partitionIndex, offset, timestamp })
      }
    }
    return found
  }

  /** Leaders that moved are asked for, then the whole is tried again. */
  async #check(code: number, topic: string, partition: number): Promise<void> {
    if (code === kafkaError.NONE) return
    const error = refusal(code, `${topic}/${partition}`)
    if (error.message !== '' && codeOf(error) !== kafkaError.OFFSET_OUT_OF_RANGE) await this.#cluster.refresh([topic])
    throw error
  }

  async #byLeader<Each extends TopicPartition>(list: readonly Each[]): Promise<Map<number, Each[]>> {
    const groups = new Map<number, Each[]>()
    for (const each of list) {
      await this.#cluster.describeTopic(each.topic)
      const leader = this.#cluster.leaderOf(each.topic, each.partition)
      if (leader === undefined) {
        const exists = (this.#cluster.topic(each.topic)?.leaders.length ?? 0) > each.partition
        const code = exists ? kafkaError.LEADER_NOT_AVAILABLE : kafkaError.UNKNOWN_TOPIC_OR_PARTITION
        await this.#check(code, each.topic, each.partition)
        continue
      }
      const group = groups.get(leader.nodeId)
      if (group === undefined) groups.set(leader.nodeId, [each])
      else group.push(each)
    }
    return groups
  }

  async #atController(
    what: string,
    act: (connection: Awaited<ReturnType<KafkaCluster['controller']>>, timeoutMs: number) => Promise<void>,
  ): Promise<void> {
    const { requestTimeoutMs } = this.#cluster.settings
    await this.#cluster.retrying(
      async () => {
        const connection = await this.#cluster.controller()
        try {
          await act(connection, requestTimeoutMs)
        } catch (error) {
          if (codeOf(error) === kafkaError.NOT_CONTROLLER) await this.#cluster.listTopics()
          throw error
        }
      },
      (error) => what !== '' && codeOf(error) !== kafkaError.UNKNOWN_TOPIC_OR_PARTITION,
    )
  }
}

/** A request names a partition once: what asks for it again goes into another one. */
function withoutRepetition<Each extends TopicPartition>(list: readonly Each[]): Each[][] {
  const rounds: { readonly names: Set<string>; readonly items: Each[] }[] = []
  for (const each of list) {
    const name = `${each.partition} ${each.topic}`
    let round = rounds.find(({ names }) => !names.has(name))
    if (round === undefined) {
      round = { names: new Set(), items: [] }
      rounds.push(round)
    }
    round.names.add(name)
    round.items.push(each)
  }
  return rounds.map(({ items }) => items)
}

export type { CommittedOffset, TopicPartition }
