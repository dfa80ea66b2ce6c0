/**
 * The topics of this broker: what the metadata says of each, and the logs of its partitions. All changes go through the metadata
 * log first; a topic is seen by clients from the moment at which all its partitions take appends.
 *
 * Internal topics get the files of a partition at its first use, so that fifty empty partitions cost nothing.
 *
 * Promises: an operation that was answered with success is durable. A crash between metadata and files is repaired at the
 * next start (`open`). One thread; changes are made one after the other, lookups are synchronous.
 */
import type { Logger } from '../../core/log.ts'
import type { Random } from '../../core/platform/random.ts'
import { kafkaError } from '../../proto/kafka/error-codes.ts'
import { isConfigError, type LogConfig } from '../log/config.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import type { MetadataImage, TopicImage } from './image.ts'
import type { MetadataLog } from './metadata-log.ts'
import { NameQueue } from './name-queue.ts'
import type { MetadataRecord } from './records.ts'
import type { Settings } from './settings.ts'
import { collidingName, mayCollide, newTopicId, topicNameProblem } from './topic-names.ts'

/** Where the logs are; `log-directory.ts` is one. */
export interface PartitionStore {
  get(topic: string, partition: number): PartitionLog | undefined
  /** Throws when it cannot be made: no space, no permission, another topic's files in its place. */
  create(topic: string, topicId: string, partition: number, config: LogConfig): PartitionLog
  /** Out of the way at once, removed later. */
  delete(topic: string, partition: number): Promise<void>
  list(): Iterable<PartitionLog>
}

/** The result of one item of a request. */
export interface Outcome {
  /** Kafka error code, 0 for success. */
  readonly error: number
  readonly message: string | null
}

export const success: Outcome = { error: kafkaError.NONE, message: null }

export interface TopicSpec {
  readonly name: string
  /** -1: the broker's default. */
  readonly partitions: number
  /** -1: the broker's default. */
  readonly replicationFactor: number
  readonly configs: Readonly<Record<string, string>>
  /** Partitions by explicit placement; empty: none was given. */
  readonly assignments?: readonly { readonly partition: number; readonly brokers: readonly number[] }[]
}

export interface CreateOutcome extends Outcome {
  readonly topic: TopicImage | undefined
}

export interface TopicLimits {
  readonly topicsMax: number
  readonly partitionsMax: number
  readonly defaultPartitions: number
}

export interface TopicsOptions {
  readonly metadata: MetadataLog
  readonly store: PartitionStore
  readonly settings: Settings
  readonly limits: TopicLimits
  readonly brokerId: number
  readonly random: Random
  readonly log: Logger
}

/** A topic that clients see. */
export class Topic {
  image: TopicImage
  /** Undefined: not used yet (internal topics), or its files could not be made. */
  readonly logs: (PartitionLog | undefined)[] = []

  constructor(image: TopicImage) {
    this.image = image
  }

  get name(): string {
    return this.image.name
  }

  get topicId(): string {
    return this.image.topicId
  }
}

export class Topics {
  readonly #options: TopicsOptions
  readonly #byName = new Map<string, Topic>()
  readonly #byId = new Map<string, Topic>()
  /** The files of a topic go before those of the next one of its name come. */
  readonly #turns = new NameQueue()
  readonly #deletedListeners: ((name: string) => Promise<void>)[] = []

  private constructor(options: TopicsOptions) {
    this.#options = options
  }

  /** Brings files and metadata together: makes logs that a crash left unmade, removes those of deleted topics. */
  static async open(options: TopicsOptions): Promise<Topics> {
    const topics = new Topics(options)
    await topics.#reconcile()
    return topics
  }

  /** Told of each topic that was deleted, when clients see it no more. */
  onDeleted(listener: (name: string) => Promise<void>): void {
    this.#deletedListeners.push(listener)
  }

  get(name: string): Topic | undefined {
    return this.#byName.get(name)
  }

  getById(topicId: string): Topic | undefined {
    return this.#byId.get(topicId)
  }

  /** In the order of their making. */
  get all(): Iterable<Topic> {
    return this.#byName.values()
  }

  get count(): number {
    return this.#byName.size
  }

  /** The log of a partition, made now for an internal topic; undefined when there is no such partition, or no files. */
  logOf(topic: Topic, partition: number): PartitionLog | undefined {
    const log = topic.logs[partition]
    if (log !== undefined) return log
    if (!topic.image.internal || partition < 0 || partition >= topic.image.partitions) return undefined
    return this.#make(topic, partition)
  }

  /** The log of a partition if it has files already. */
  existingLog(topic: Topic, partition: number): PartitionLog | undefined {
    return topic.logs[partition]
  }

  /** Makes topics; each has its own outcome, in order. */
  async create(specs: readonly TopicSpec[], validateOnly: boolean): Promise<CreateOutcome[]> {
    const outcomes = await this.#options.metadata.change((image) => {
      const records: MetadataRecord[] = []
      const names = new Set<string>()
      const alike = new Map<string, string>()
      if (specs.some((spec) => mayCollide(spec.name))) {
        for (const name of image.topics.keys()) alike.set(collidingName(name), name)
      }
      let partitions = image.partitionCount
      const results = specs.map((spec): CreateOutcome => {
        const checked = this.#check(spec, image, names, alike, partitions)
        if ('error' in checked) return { ...checked, topic: undefined }
        names.add(spec.name)
        alike.set(collidingName(spec.name), spec.name)
        partitions += checked.partitions
        if (!validateOnly) records.push({ kind: 'topic', ...checked })
        return { ...success, topic: checked }
      })
      return { records, result: results }
    })
    if (validateOnly) return outcomes
    return Promise.all(outcomes.map((outcome) => this.#installInTurn(outcome)))
  }

  /** An internal topic, made when it is not there. Throws BROKER_METADATA_FAILED. */
  async ensureInternal(name: string, partitions: number, configs: Readonly<Record<string, string>>): Promise<Topic> {
    const known = this.#byName.get(name)
    if (known !== undefined) return known
    const image = await this.#options.metadata.change((now) => {
      const before = now.topics.get(name)
      if (before !== undefined) return { records: [], result: before }
      const topicId = newTopicId(this.#options.random)
      const made: TopicImage = { name, topicId, partitions, internal: true, configs }
      return { records: [{ kind: 'topic' as const, ...made }], result: made }
    })
    return this.#byName.get(name) ?? this.#see(image)
  }

  async delete(target: { readonly name?: string | null; readonly topicId?: string }): Promise<Outcome> {
    const outcome = await this.#options.metadata.change<Outcome & { topic: TopicImage | undefined }>((image) => {
      const byName = target.name !== undefined && target.name !== null
      const topic = byName ? image.topics.get(target.name ?? '') : image.topicsById.get(target.topicId ?? '')
      if (topic === undefined) {
        const error = byName ? kafkaError.UNKNOWN_TOPIC_OR_PARTITION : kafkaError.UNKNOWN_TOPIC_ID
        return { records: [], result: { error, message: 'there is no such topic', topic } }
      }
      if (topic.internal) {
        const message = `${topic.name} belongs to the broker`
        return { records: [], result: { error: kafkaError.INVALID_REQUEST, message, topic: undefined } }
      }
      const records: MetadataRecord[] = [{ kind: 'topic-deleted', topicId: topic.topicId }]
      return { records, result: { ...success, topic } }
    })
    const gone = outcome.topic
    if (gone !== undefined) await this.#turns.run(gone.name, () => this.#forget(gone))
    return { error: outcome.error, message: outcome.message }
  }

  /** A topic has `count` partitions from now on. */
  async addPartitions(
    name: string,
    count: number,
    assignments: readonly (readonly number[])[] | null,
    validateOnly: boolean,
  ): Promise<Outcome> {
    const outcome = await this.#options.metadata.change<Outcome & { topicId: string | undefined }>((image) => {
      const topic = image.topics.get(name)
      const problem = this.#growthProblem(topic, image, count, assignments)
      if (problem !== undefined || validateOnly || topic === undefined) {
        return { records: [], result: { ...(problem ?? success), topicId: undefined } }
      }
      const records: MetadataRecord[] = [{ kind: 'partitions', topicId: topic.topicId, partitions: count }]
      return { records, result: { ...success, topicId: topic.topicId } }
    })
    if (outcome.topicId === undefined) return { error: outcome.error, message: outcome.message }
    const image = this.#options.metadata.image.topicsById.get(outcome.topicId)
    const topic = this.#byId.get(outcome.topicId)
    if (image === undefined || topic === undefined) return success
    // Logs first: whoever sees the new number finds them.
    const failed = this.#makeAll(image, topic.logs)
    topic.image = image
    return failed ?? success
  }

  /** Changes settings of a topic: a value, or null to take it back. All or none. */
  async configure(name: string, changes: ReadonlyMap<string, string | null>, validateOnly: boolean): Promise<Outcome> {
    const outcome = await this.#options.metadata.change<Outcome & { topicId: string | undefined }>((image) => {
      const topic = image.topics.get(name)
      if (topic === undefined) {
        const message = `there is no topic ${name}`
        return { records: [], result: { error: kafkaError.UNKNOWN_TOPIC_OR_PARTITION, message, topicId: undefined } }
      }
      const next: Record<string, string> = { ...topic.configs }
      const records: MetadataRecord[] = []
      for (const [key, value] of changes) {
        if (value === null) delete next[key]
        else next[key] = value
        records.push({ kind: 'topic-config', topicId: topic.topicId, name: key, value })
      }
      const problem = this.#configProblem(next)
      if (problem !== undefined || validateOnly) {
        return { records: [], result: { ...(problem ?? success), topicId: undefined } }
      }
      return { records, result: { ...success, topicId: topic.topicId } }
    })
    const topic = outcome.topicId === undefined ? undefined : this.#byId.get(outcome.topicId)
    if (topic !== undefined) {
      topic.image = this.#options.metadata.image.topicsById.get(topic.topicId) ?? topic.image
      this.#reconfigure(topic)
    }
    return { error: outcome.error, message: outcome.message }
  }

  /** After settings of the broker changed: every topic may have others now. */
  reconfigureAll(): void {
    for (const topic of this.#byName.values()) this.#reconfigure(topic)
  }

  #reconfigure(topic: Topic): void {
    const config = this.#options.settings.logConfig(topic.image.configs)
    for (const log of topic.logs) log?.configure(config)
  }

  #check(
    spec: TopicSpec,
    image: MetadataImage,
    names: ReadonlySet<string>,
    alike: ReadonlyMap<string, string>,
    partitionCount: number,
  ): Outcome | TopicImage {
    const { limits, brokerId, random } = this.#options
    const { name, configs } = spec
    const nameProblem = topicNameProblem(name)
    if (nameProblem !== undefined) return { error: kafkaError.INVALID_TOPIC_EXCEPTION, message: nameProblem }
    if (names.has(name) || image.topics.has(name)) {
      return { error: kafkaError.TOPIC_ALREADY_EXISTS, message: `the topic ${name} exists already` }
    }
    const other = mayCollide(name) ? alike.get(collidingName(name)) : undefined
    if (other !== undefined) {
      const message = `${name} would share the names of its metrics with ${other}`
      return { error: kafkaError.INVALID_TOPIC_EXCEPTION, message }
    }
    const assignments = spec.assignments ?? []
    let partitions = spec.partitions === -1 ? limits.defaultPartitions : spec.partitions
    if (assignments.length > 0) {
      if (spec.partitions !== -1 || spec.replicationFactor !== -1) {
        const message = 'with an assignment, partitions and replication factor must be -1'
        return { error: kafkaError.INVALID_REQUEST, message }
      }
      partitions = assignments.length
      const numbers = new Set(assignments.map((each) => each.partition))
      const complete = numbers.size === partitions && assignments.every((each) => each.partition < partitions)
      const here = assignments.every((each) => each.brokers.length === 1 && each.brokers[0] === brokerId)
      if (!complete || !here) {
        const message = `each partition from 0 must be on broker ${brokerId}, which is the only one`
        return { error: kafkaError.INVALID_REPLICA_ASSIGNMENT, message }
      }
    } else if (spec.replicationFactor !== -1 && spec.replicationFactor !== 1) {
      const message = `the replication factor is ${spec.replicationFactor}, and there is 1 broker`
      return { error: kafkaError.INVALID_REPLICATION_FACTOR, message }
    }
    if (partitions < 1) return { error: kafkaError.INVALID_PARTITIONS, message: 'a topic has at least 1 partition' }
    if (image.topics.size + names.size >= limits.topicsMax) {
      return { error: kafkaError.POLICY_VIOLATION, message: `this broker keeps ${limits.topicsMax} topics at most` }
    }
    if (partitionCount + partitions > limits.partitionsMax) return this.#tooManyPartitions()
    const problem = this.#configProblem(configs)
    if (problem !== undefined) return problem
    return { name, topicId: newTopicId(random), partitions, internal: false, configs }
  }

  #growthProblem(
    topic: TopicImage | undefined,
    image: MetadataImage,
    count: number,
    assignments: readonly (readonly number[])[] | null,
  ): Outcome | undefined {
    if (topic === undefined) return { error: kafkaError.UNKNOWN_TOPIC_OR_PARTITION, message: 'there is no such topic' }
    if (topic.internal) {
      return { error: kafkaError.INVALID_PARTITIONS, message: `the number of partitions of ${topic.name} is fixed` }
    }
    if (count <= topic.partitions) {
      const message = `the topic has ${topic.partitions} partitions, which cannot become ${count}`
      return { error: kafkaError.INVALID_PARTITIONS, message }
    }
    if (assignments !== null) {
      const here = assignments.every((brokers) => brokers.length === 1 && brokers[0] === this.#options.brokerId)
      if (assignments.length !== count - topic.partitions || !here) {
        const message = `each new partition must be on broker ${this.#options.brokerId}, which is the only one`
        return { error: kafkaError.INVALID_REPLICA_ASSIGNMENT, message }
      }
    }
    const added = count - topic.partitions
    return image.partitionCount + added > this.#options.limits.partitionsMax ? this.#tooManyPartitions() : undefined
  }

  #tooManyPartitions(): Outcome {
    const { partitionsMax } = this.#options.limits
    return { error: kafkaError.POLICY_VIOLATION, message: `this broker keeps ${partitionsMax} partitions at most` }
  }

  #configProblem(configs: Readonly<Record<string, string>>): Outcome | undefined {
    try {
      const parsed = this.#options.settings.logConfig(configs)
      if (parsed.minInsyncReplicas > 1) {
        return { error: kafkaError.INVALID_CONFIG, message: 'min.insync.replicas: there is 1 broker' }
      }
      return undefined
    } catch (error) {
      if (!isConfigError(error)) throw error
      return { error: kafkaError.INVALID_CONFIG, message: (error as Error).message }
    }
  }

  async #installInTurn(outcome: CreateOutcome): Promise<CreateOutcome> {
    const { topic } = outcome
    return topic === undefined ? outcome : this.#turns.run(topic.name, () => this.#install(topic))
  }

  #install(image: TopicImage): CreateOutcome {
    const topic = new Topic(image)
    const failed = this.#makeAll(image, topic.logs)
    this.#byName.set(image.name, topic)
    this.#byId.set(image.topicId, topic)
    return { ...(failed ?? success), topic: image }
  }

  #see(image: TopicImage): Topic {
    const topic = new Topic(image)
    for (let partition = 0; partition < image.partitions; partition++) {
      topic.logs.push(this.#options.store.get(image.name, partition))
    }
    this.#byName.set(image.name, topic)
    this.#byId.set(image.topicId, topic)
    return topic
  }

  #makeAll(image: TopicImage, logs: (PartitionLog | undefined)[]): Outcome | undefined {
    let failed: Outcome | undefined
    const config = this.#options.settings.logConfig(image.configs)
    const { name, topicId, partitions } = image
    for (let partition = logs.length; partition < partitions; partition++) {
      try {
        logs.push(this.#options.store.create(name, topicId, partition, config))
      } catch (error) {
        logs.push(undefined)
        this.#options.log.error({ topic: name, partition, error }, 'cannot make a partition')
        failed = { error: kafkaError.KAFKA_STORAGE_ERROR, message: (error as Error).message }
      }
    }
    return failed
  }

  #make(topic: Topic, partition: number): PartitionLog | undefined {
    const { store, settings, log } = this.#options
    try {
      const made = store.create(topic.name, topic.topicId, partition, settings.logConfig(topic.image.configs))
      topic.logs[partition] = made
      return made
    } catch (error) {
      log.error({ topic: topic.name, partition, error }, 'cannot make a partition')
      return undefined
    }
  }

  async #forget(image: TopicImage): Promise<void> {
    const topic = this.#byId.get(image.topicId)
    this.#byId.delete(image.topicId)
    if (this.#byName.get(image.name) === topic) this.#byName.delete(image.name)
    for (const listener of this.#deletedListeners) await listener(image.name)
    if (topic === undefined) return
    for (const [partition, log] of topic.logs.entries()) {
      if (log === undefined) continue
      try {
        await this.#options.store.delete(image.name, partition)
      } catch (error) {
        this.#options.log.error({ topic: image.name, partition, error }, 'cannot remove a partition')
      }
    }
  }

  async #reconcile(): Promise<void> {
    const { metadata, store, settings, log } = this.#options
    for (const found of [...store.list()]) {
      const image = metadata.image.topicsById.get(found.topicId)
      if (image !== undefined && image.name === found.topic && found.partition < image.partitions) continue
      log.warn(
        { topic: found.topic, partition: found.partition, topicId: found.topicId },
        'removes a deleted partition',
      )
      await store.delete(found.topic, found.partition)
    }
    for (const image of metadata.image.topics.values()) {
      const topic = this.#see(image)
      const config = settings.logConfig(image.configs)
      for (let partition = 0; partition < image.partitions; partition++) {
        const existing = topic.logs[partition]
        if (existing !== undefined) existing.configure(config)
        else if (!image.internal) this.#make(topic, partition)
      }
    }
  }
}
