/**
 * What a client knows of a cluster: brokers, leaders of partitions, coordinators; and its connections. Knowledge is asked
 * for when needed, shared by all who ask at the same time, and asked for again after errors that say it is old. Several
 * purposes have connections of their own, so that a fetch that waits holds up nothing else. One thread; close it.
 */
import { backoffMs, inBackground, sleep } from '../../../core/async/index.ts'
import { isMillraceError } from '../../../core/errors.ts'
import type { ApiName, RequestOf, ResponseOf } from '../../../proto/kafka/apis.ts'
import { isRetriable, kafkaError } from '../../../proto/kafka/error-codes.ts'
import { zeroUuid } from '../../../proto/kafka/reader.ts'
import { KafkaConnection } from './connection.ts'
import { codeOf, expectNone, kafkaErrors, refusal } from './errors.ts'
import { type Address, type ClientSettings, clientSettings, type KafkaClientOptions, showAddress } from './options.ts'

export type CoordinatorKind = 'group' | 'transaction'
/** Each has a connection of its own to a broker. */
export type ConnectionPurpose = 'main' | 'produce' | 'leave' | `fetch ${number}`

export interface PartitionLeader {
  /** -1 for none. */
  readonly nodeId: number
  /** -1 when unknown. */
  readonly leaderEpoch: number
}

export interface TopicInfo {
  readonly name: string
  readonly topicId: string
  readonly isInternal: boolean
  /** By partition. */
  readonly leaders: readonly PartitionLeader[]
}

const coordinatorType: Readonly<Record<CoordinatorKind, number>> = { group: 0, transaction: 1 }

export class KafkaCluster {
  readonly settings: ClientSettings
  /** Told that something is tried again because no broker answers, and that it is over: `of` is the same both times. */
  onTrouble: ((of: object, trouble: Error | undefined) => void) | undefined
  readonly #brokers = new Map<number, Address>()
  readonly #topics = new Map<string, TopicInfo>()
  readonly #connections = new Map<string, Promise<KafkaConnection>>()
  readonly #coordinators = new Map<string, number>()
  readonly #stop = new AbortController()
  #clusterId: string | null = null
  #controllerId = -1
  #refreshedMs = Number.NEGATIVE_INFINITY
  #refreshing: { readonly names: ReadonlySet<string>; readonly done: Promise<void> } | undefined

  constructor(options: KafkaClientOptions) {
    this.settings = clientSettings(options)
  }

  /** Null when the broker does not tell. */
  get clusterId(): string | null {
    return this.#clusterId
  }

  get isClosed(): boolean {
    return this.#stop.signal.aborted
  }

  /** Fires when the client is closed. */
  get signal(): AbortSignal {
    return this.#stop.signal
  }

  /** The brokers known so far, by id. */
  get brokers(): ReadonlyMap<number, Address> {
    return this.#brokers
  }

  /** Closes every connection; what waits is rejected with KAFKA_CLOSED. */
  async close(): Promise<void> {
    if (this.isClosed) return
    this.#stop.abort(kafkaErrors.create('CLOSED'))
    const open = [...this.#connections.values()]
    this.#connections.clear()
    for (const result of await Promise.allSettled(open)) if (result.status === 'fulfilled') result.value.close()
  }

  /** What is known of a topic; undefined when nothing is. Never asks. */
  topic(name: string): TopicInfo | undefined {
    return this.#topics.get(name)
  }

  /** The leader of a partition as known; undefined when it is not, or there is none. */
  leaderOf(topic: string, partition: number): PartitionLeader | undefined {
    const leader = this.#topics.get(topic)?.leaders[partition]
    return leader === undefined || leader.nodeId < 0 ? undefined : leader
  }

  /** Describes a topic, asking the cluster unless it is known and not too old. Waits out a topic that is being made. */
  async describeTopic(name: string): Promise<TopicInfo> {
    const fresh = this.settings.clock.monotonic() - this.#refreshedMs < this.settings.metadataMaxAgeMs
    const known = this.#topics.get(name)
    if (known !== undefined && fresh) return known
    return this.retrying(
      async () => {
        await this.refresh([name])
        const topic = this.#topics.get(name)
        if (topic === undefined) throw refusal(kafkaError.UNKNOWN_TOPIC_OR_PARTITION, `topic ${name}`)
        return topic
      },
      (error) => codeOf(error) !== kafkaError.UNKNOWN_TOPIC_OR_PARTITION,
    )
  }

  /** All topics, internal ones included. */
  async listTopics(): Promise<TopicInfo[]> {
    await this.retrying(() => this.#refreshNow(null))
    return [...this.#topics.values()]
  }

  /** Asks again for topics; calls at the same time share one request where they can. */
  async refresh(names: readonly string[]): Promise<void> {
    const running = this.#refreshing
    if (running !== undefined && names.every((name) => running.names.has(name))) return running.done
    const all = new Set([...this.#topics.keys(), ...names])
    const done = this.#refreshNow([...all]).finally(() => {
      if (this.#refreshing?.done === done) this.#refreshing = undefined
    })
    this.#refreshing = { names: all, done }
    return done
  }

  /** A connection to any broker. Rejects with KAFKA_UNREACHABLE when none answers. */
  async anyBroker(): Promise<KafkaConnection> {
    const known = [...this.#brokers.keys()]
    const start = known.length === 0 ? 0 : this.settings.random.integer(known.length)
    let reason: unknown = 'no address is left'
    for (let index = 0; index < known.length; index++) {
      try {
        return await this.broker(known[(start + index) % known.length])
      } catch (error) {
        reason = error
        this.#throwWhenFinal(error)
      }
    }
    for (const address of this.settings.brokers) {
      try {
        return await this.#open(`seed ${showAddress(address)}`, address)
      } catch (error) {
        reason = error
        this.#throwWhenFinal(error)
      }
    }
    const brokers = this.settings.brokers.map(showAddress).join(', ')
    throw kafkaErrors.create('UNREACHABLE', { brokers, reason: (reason as Error).message }, { cause: reason })
  }

  /** A connection to a broker, opened when there is none. */
  broker(nodeId: number, purpose: ConnectionPurpose = 'main'): Promise<KafkaConnection> {
    const address = this.#brokers.get(nodeId)
    if (address === undefined) {
      const brokers = `id ${nodeId}`
      return Promise.reject(kafkaErrors.create('UNREACHABLE', { brokers, reason: 'its address is not known' }))
    }
    return this.#open(`${nodeId} ${purpose} ${showAddress(address)}`, address)
  }

  /** Closes the connections of a purpose; what waits on them is rejected. */
  release(purpose: ConnectionPurpose): void {
    for (const [key, opening] of this.#connections) {
      if (!key.includes(` ${purpose} `)) continue
      this.#connections.delete(key)
      inBackground(
        opening.then((connection) => connection.close()),
        () => undefined,
      )
    }
  }

  /** The broker that takes requests for the whole cluster: topics, configurations, ACLs. */
  async controller(): Promise<KafkaConnection> {
    if (!this.#brokers.has(this.#controllerId)) await this.#refreshNow([])
    return this.#brokers.has(this.#controllerId) ? this.broker(this.#controllerId) : this.anyBroker()
  }

  /** The coordinator of a group or a transactional id. */
  async coordinator(kind: CoordinatorKind, key: string, purpose?: ConnectionPurpose): Promise<KafkaConnection> {
    const known = this.#coordinators.get(`${kind} ${key}`)
    if (known !== undefined) return this.broker(known, purpose)
    const connection = await this.anyBroker()
    const keyType = coordinatorType[kind]
    const answer = await connection.request('FindCoordinator', { key, keyType, coordinatorKeys: [] })
    expectNone(answer.errorCode, `the coordinator of ${kind} ${key}`, answer.errorMessage)
    this.#brokers.set(answer.nodeId, { host: answer.host, port: answer.port })
    this.#coordinators.set(`${kind} ${key}`, answer.nodeId)
    return this.broker(answer.nodeId, purpose)
  }

  /** To be called when a coordinator said that it is none, or could not be reached. */
  forgetCoordinator(kind: CoordinatorKind, key: string): void {
    this.#coordinators.delete(`${kind} ${key}`)
  }

  /**
   * Asks the coordinator until its answer is none that another attempt could better. `code` gives the code of an answer, `upTo` is the
   * newest version that may be used, where it is not the usual one.
   */
  async askCoordinator<Name extends ApiName>(
    kind: CoordinatorKind,
    key: string,
    name: Name,
    message: RequestOf<Name>,
    code: (answer: ResponseOf<Name>) => number,
    upTo?: number,
  ): Promise<ResponseOf<Name>> {
    return this.retrying(async () => {
      try {
        const connection = await this.coordinator(kind, key)
        const answer = await connection.request(name, message, undefined, upTo)
        if (isRetriable(code(answer))) throw refusal(code(answer), `${name} of ${kind} ${key}`)
        return answer
      } catch (error) {
        const refused = codeOf(error)
        const busy =
          refused === kafkaError.CONCURRENT_TRANSACTIONS || refused === kafkaError.COORDINATOR_LOAD_IN_PROGRESS
        if (!busy) this.forgetCoordinator(kind, key)
        throw error
      }
    })
  }

  /**
   * Runs `attempt` again, with growing pauses, while it fails with what may pass and `again` agrees, for
   * `retryTimeoutMs` at most.
   */
  async retrying<T>(attempt: () => Promise<T>, again: (error: unknown) => boolean = () => true): Promise<T> {
    const { clock, retryTimeoutMs } = this.settings
    const deadlineMs = clock.monotonic() + retryTimeoutMs
    let troubled = false
    try {
      for (let count = 1; ; count++) {
        this.#throwWhenClosed()
        try {
          return await attempt()
        } catch (error) {
          this.#throwWhenClosed()
          if (!mayPass(error) || !again(error) || clock.monotonic() >= deadlineMs) throw error
          // What a broker refuses for now is no news for people.
          if (codeOf(error) === undefined) {
            troubled = true
            this.onTrouble?.(attempt, error as Error)
          }
        }
        await this.pause(count)
      }
    } finally {
      if (troubled) this.onTrouble?.(attempt, undefined)
    }
  }

  /** Waits before repetition `count`; rejects when the client is closed. */
  pause(count: number): Promise<void> {
    const { clock, backoff, random } = this.settings
    return sleep(clock, backoffMs(backoff, count, random), this.signal)
  }

  async #refreshNow(names: readonly string[] | null): Promise<void> {
    const connection = await this.anyBroker()
    const answer = await connection.request('Metadata', {
      topics: names?.map((name) => ({ topicId: zeroUuid, name })) ?? null,
      allowAutoTopicCreation: false,
      includeClusterAuthorizedOperations: false,
      includeTopicAuthorizedOperations: false,
    })
    this.#brokers.clear()
    for (const { nodeId, host, port } of answer.brokers) this.#brokers.set(nodeId, { host, port })
    this.#clusterId = answer.clusterId
    this.#controllerId = answer.controllerId
    if (names === null) this.#topics.clear()
    let refused: Error | undefined
    for (const topic of answer.topics) {
      if (topic.name === null) continue
      if (topic.errorCode === kafkaError.NONE) this.#learn(topic.name, topic)
      else {
        this.#topics.delete(topic.name)
        const isThere = topic.errorCode !== kafkaError.UNKNOWN_TOPIC_OR_PARTITION
        if (isThere) refused ??= refusal(topic.errorCode, `topic ${topic.name}`)
      }
    }
    // What is said of the others is known all the same.
    if (refused !== undefined) throw refused
    this.#refreshedMs = this.settings.clock.monotonic()
  }

  #learn(name: string, answer: ResponseOf<'Metadata'>['topics'][number]): void {
    const known = this.#topics.get(name)
    const leaders: PartitionLeader[] = []
    for (const { partitionIndex, leaderId, leaderEpoch } of answer.partitions) {
      const before = known?.topicId === answer.topicId ? known.leaders[partitionIndex] : undefined
      // An answer from a broker that lags must not bring an old leader back.
      const isOld = before !== undefined && leaderEpoch >= 0 && leaderEpoch < before.leaderEpoch
      leaders[partitionIndex] = isOld ? before : { nodeId: leaderId, leaderEpoch }
    }
    for (let index = 0; index < leaders.length; index++) leaders[index] ??= { nodeId: -1, leaderEpoch: -1 }
    this.#topics.set(name, { name, topicId: answer.topicId, isInternal: answer.isInternal, leaders })
  }

  async #open(key: string, address: Address): Promise<KafkaConnection> {
    this.#throwWhenClosed()
    const present = this.#connections.get(key)
    if (present !== undefined) {
      const connection = await present
      if (!connection.isClosed) return connection
      if (this.#connections.get(key) === present) this.#connections.delete(key)
      return this.#open(key, address)
    }
    const opening = KafkaConnection.open(address, this.settings)
    this.#connections.set(key, opening)
    try {
      const connection = await opening
      // Closed while it was being opened.
      if (this.isClosed) connection.close()
      return connection
    } catch (error) {
      if (this.#connections.get(key) === opening) this.#connections.delete(key)
      throw error
    }
  }

  #throwWhenClosed(): void {
    if (this.isClosed) throw kafkaErrors.create('CLOSED')
  }

  #throwWhenFinal(error: unknown): void {
    if (kafkaErrors.is(error, 'AUTHENTICATION') || kafkaErrors.is(error, 'CLOSED')) throw error
  }
}

/** Whether the same thing may succeed later. */
export const mayPass = (error: unknown): boolean => isMillraceError(error) && error.retry !== 'never'
