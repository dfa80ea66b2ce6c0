/**
 * Sends records, in the order of the calls within a partition, each once (idempotent), in transactions where it has a
 * transactional id. While a batch of a partition is on its way the next one grows, so that a slow broker gets larger
 * batches. A failure that does not pass fails the producer: what was not acknowledged is then unknown, and only `abort`
 * (with a transactional id) or a new producer goes on. `append` never waits: ask `hasRoom`, and wait for `room`. One thread.
 */
import { type Deferred, deferred, inBackground } from '../../../core/async/index.ts'
import type { ResponseOf } from '../../../proto/kafka/apis.ts'
import { isRetriable, kafkaError } from '../../../proto/kafka/error-codes.ts'
import { zeroUuid } from '../../../proto/kafka/reader.ts'
import { type KafkaCluster, mayPass } from './cluster.ts'
import type { KafkaConnection } from './connection.ts'
import { codeOf, isFencing, kafkaErrors, refusal } from './errors.ts'
import { Flushes } from './flushes.ts'
import { type Outgoing, OutgoingPartition } from './outgoing.ts'
import { partitionOfKey } from './partitioner.ts'
import { type ProducerOptions, type ProducerSettings, producerSettings } from './producer-options.ts'
import {
  addPartitions,
  byTopic,
  type CommittedOffset,
  endTransaction,
  initProducer,
  isSecondForm,
  type ProducerIdentity,
  sendOffsets,
  upToOf,
} from './transactions.ts'

const acksCode = { all: -1, leader: 1, none: 0 } as const
const appended: ReadonlySet<number> = new Set([kafkaError.NONE, kafkaError.DUPLICATE_SEQUENCE_NUMBER])

export class KafkaProducer {
  readonly #cluster: KafkaCluster
  readonly #options: ProducerSettings
  readonly #partitions = new Map<string, Map<number, OutgoingPartition>>()
  /** Have something to send and nothing on its way. */
  readonly #ready = new Set<OutgoingPartition>()
  readonly #inFlight = new Map<number, number>()
  /** Where records without a key go until the batch is full. */
  readonly #sticky = new Map<string, number>()
  #identity: ProducerIdentity | undefined
  #inTransaction = false
  #touched = false
  #bufferedBytes = 0
  #scheduled = false
  #failure: Error | undefined
  readonly #flushes = new Flushes()
  #roomy: Deferred<void> | undefined
  #adding = false
  /** Leaders that nobody knew are asked for. */
  #searching = false
  #trouble: Error | undefined

  constructor(cluster: KafkaCluster, options: ProducerOptions = {}) {
    this.#cluster = cluster
    this.#options = producerSettings(options)
  }

  /** Gets the identity. A transactional producer fences its predecessor and aborts what that left open. Call it first. */
  async start(): Promise<void> {
    const { transactionalId, idempotent, transactionTimeoutMs, twoPhase, acks } = this.#options
    if (transactionalId === null && (!idempotent || acks !== 'all')) return
    this.#identity = await initProducer(this.#cluster, transactionalId, transactionTimeoutMs, twoPhase)
  }

  /** Undefined without idempotence. With a transactional id, another process can end the transaction with it. */
  get identity(): ProducerIdentity | undefined {
    return this.#identity
  }

  get hasRoom(): boolean {
    return this.#bufferedBytes < this.#options.bufferBytes
  }

  /** Why nothing can be sent any more. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /** Learns the partitions of a topic: needed once before the first record. Gives their number. */
  async prepare(topic: string): Promise<number> {
    return (await this.#cluster.describeTopic(topic)).leaders.length
  }

  /** Partitions of a topic; 0 when they are not known. */
  partitionCount(topic: string): number {
    return this.#cluster.topic(topic)?.leaders.length ?? 0
  }

  /** The partition for a key, as Java's clients choose it; without one, the same until its batch is full. */
  partitionFor(topic: string, key: Uint8Array | null): number {
    const count = this.#cluster.topic(topic)?.leaders.length ?? 0
    if (count === 0) throw refusal(kafkaError.UNKNOWN_TOPIC_OR_PARTITION, `topic ${topic}`)
    if (key !== null) return partitionOfKey(key, count)
    let partition = this.#sticky.get(topic)
    if (partition === undefined || partition >= count) {
      partition = this.#cluster.settings.random.integer(count)
      this.#sticky.set(topic, partition)
    }
    return partition
  }

  /** Appends a record. Throws when the producer has failed. The bytes are copied. */
  append(
    topic: string,
    partition: number,
    timestamp: number,
    key: Buffer | null,
    value: Buffer | null,
    headers?: readonly { readonly key: string; readonly value: Buffer | null }[],
  ): void {
    if (this.#failure !== undefined) throw this.#failure
    const outgoing = this.#partition(topic, partition)
    const before = outgoing.openBytes
    const closedOne = outgoing.append(timestamp, key, value, headers, this.#identity)
    this.#bufferedBytes += closedOne ? outgoing.openBytes : outgoing.openBytes - before
    if (closedOne && this.#sticky.get(topic) === partition) this.#sticky.delete(topic)
    this.#touched = true
    if (outgoing.onItsWay === undefined) {
      this.#ready.add(outgoing)
      this.#schedule(closedOne)
    }
  }

  /** Resolves when more may be appended. Rejects when the producer fails. */
  async room(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    if (this.hasRoom) return
    this.#roomy ??= deferred()
    return this.#roomy.promise
  }

  /** Resolves when everything appended before is acknowledged. Rejects when the producer fails. */
  async flush(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    const arrived = this.#flushes.add([...this.#partitions.values()].flatMap((each) => [...each.values()]))
    if (arrived === undefined) return
    this.#schedule(true)
    return arrived
  }

  /** Begins a transaction. Costs nothing: the coordinator hears of it with the first record. */
  begin(): void {
    this.#inTransaction = true
    this.#touched = false
  }

  /** Adds the offsets of a group to the transaction. */
  async commitOffsets(groupId: string, offsets: readonly CommittedOffset[]): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    this.#touched = true
    await sendOffsets(this.#cluster, this.#mine(), groupId, offsets)
  }

  /** Sends what is left and commits. May be repeated when it fails with what may pass. */
  async commit(): Promise<void> {
    await this.flush()
    if (this.#touched) await this.#end('commit')
    this.#endedTransaction()
  }

  /** Drops what was not sent and aborts the transaction. Takes a new epoch when the fate of some records is not known. */
  async abort(): Promise<void> {
    const wasFailed = this.#failure !== undefined
    const dropped = this.#bufferedBytes > 0
    if (wasFailed || dropped) {
      this.#ready.clear()
      this.#partitions.clear()
      this.#bufferedBytes = 0
      this.#settle(undefined)
      // The coordinator aborts what was open when it gives the next epoch.
      this.#identity = undefined
      await this.start()
      this.#failure = undefined
    } else if (this.#touched) await this.#end('abort')
    this.#endedTransaction()
  }

  async #end(outcome: 'commit' | 'abort'): Promise<void> {
    const before = this.#mine()
    this.#identity = await endTransaction(this.#cluster, before, outcome)
    if (this.#identity === before) return
    for (const partitions of this.#partitions.values()) for (const each of partitions.values()) each.newEpoch()
  }

  #mine(): ProducerIdentity {
    if (this.#identity === undefined) throw kafkaErrors.create('CLOSED')
    return this.#identity
  }

  #endedTransaction(): void {
    this.#inTransaction = false
    this.#touched = false
    for (const partitions of this.#partitions.values()) {
      for (const outgoing of partitions.values()) outgoing.inTransaction = false
    }
  }

  #partition(topic: string, partition: number): OutgoingPartition {
    let partitions = this.#partitions.get(topic)
    if (partitions === undefined) {
      partitions = new Map()
      this.#partitions.set(topic, partitions)
    }
    let outgoing = partitions.get(partition)
    if (outgoing === undefined) {
      const { batchBytes, codec } = this.#options
      outgoing = new OutgoingPartition(topic, partition, batchBytes, codec, this.#options.transactionalId !== null)
      partitions.set(partition, outgoing)
    }
    return outgoing
  }

  #schedule(now: boolean): void {
    const { clock } = this.#cluster.settings
    const { lingerMs } = this.#options
    if (this.#scheduled && !(now && lingerMs > 0)) return
    this.#scheduled = true
    if (now || lingerMs === 0) clock.setImmediate(() => this.#pump())
    else clock.setTimeout(() => this.#pump(), lingerMs)
  }

  /** Sends one batch of each partition that waits, one request for each broker. */
  #pump(): void {
    this.#scheduled = false
    if (this.#failure !== undefined || this.#ready.size === 0) return
    if (this.#options.transactionalId !== null && this.#addFirst()) return
    const byLeader = new Map<number, OutgoingPartition[]>()
    const lost = new Set<string>()
    for (const outgoing of this.#ready) {
      const leader = this.#cluster.leaderOf(outgoing.topic, outgoing.partition)
      if (leader === undefined) lost.add(outgoing.topic)
      else {
        const list = byLeader.get(leader.nodeId)
        if (list === undefined) byLeader.set(leader.nodeId, [outgoing])
        else list.push(outgoing)
      }
    }
    if (lost.size > 0) this.#search([...lost])
    for (const [nodeId, list] of byLeader) {
      if ((this.#inFlight.get(nodeId) ?? 0) >= this.#options.maxInFlight) continue
      const batches: Outgoing[] = []
      let bytes = 0
      for (const outgoing of list) {
        if (bytes > 0 && bytes + outgoing.nextBytes > this.#options.requestBytes) break
        const batch = outgoing.send(this.#identity, this.#cluster.settings.clock.monotonic())
        if (this.#sticky.get(outgoing.topic) === outgoing.partition) this.#sticky.delete(outgoing.topic)
        this.#ready.delete(outgoing)
        batches.push(batch)
        bytes += batch.bytes.length
      }
      this.#inFlight.set(nodeId, (this.#inFlight.get(nodeId) ?? 0) + 1)
      inBackground(this.#send(nodeId, batches), (error) => this.#fail(error as Error))
    }
  }

  /** Asks for leaders once for all who want to send meanwhile. */
  #search(topics: readonly string[]): void {
    if (this.#searching) return
    this.#searching = true
    const search = async (): Promise<void> => {
      try {
        await this.#relearn(topics, 1)
      } finally {
        this.#searching = false
      }
    }
    inBackground(search, (error) => this.#fail(error as Error))
  }

  /** Partitions join the transaction before their first record. Returns whether something has to be waited for. */
  #addFirst(): boolean {
    if (this.#adding) return true
    const fresh = [...this.#ready].filter((each) => !each.inTransaction)
    if (fresh.length === 0) return false
    if (!this.#inTransaction) {
      this.#fail(refusal(kafkaError.INVALID_TXN_STATE, 'records outside of a transaction'))
      return true
    }
    if (isSecondForm(this.#identity)) {
      for (const outgoing of fresh) outgoing.inTransaction = true
      return false
    }
    this.#adding = true
    const add = async (): Promise<void> => {
      try {
        await addPartitions(this.#cluster, this.#mine(), fresh)
        for (const outgoing of fresh) outgoing.inTransaction = true
      } finally {
        this.#adding = false
      }
      this.#pump()
    }
    inBackground(add, (error) => this.#fail(error as Error))
    return true
  }

  async #send(nodeId: number, batches: readonly Outgoing[]): Promise<void> {
    let trouble: unknown
    let answer: ResponseOf<'Produce'> | undefined
    try {
      const connection = await this.#cluster.broker(nodeId, 'produce')
      answer = await this.#produce(connection, batches)
    } catch (error) {
      if (!mayPass(error)) throw error
      trouble = error
    } finally {
      this.#inFlight.set(nodeId, (this.#inFlight.get(nodeId) ?? 1) - 1)
    }
    const again = batches.filter((batch) => !this.#done(batch, answer, trouble))
    this.#watch(again.length === 0 ? undefined : (trouble as Error | undefined))
    this.#pump()
    this.#settle(undefined)
    if (again.length === 0) return
    await this.#relearn(
      [...new Set(again.map(({ from }) => from.topic))],
      Math.max(...again.map((each) => each.attempts)),
    )
    // Put back only now: nothing of these partitions leaves during the pause.
    for (const batch of again) this.#putBack(batch)
    this.#pump()
  }

  #watch(trouble: Error | undefined): void {
    if ((trouble === undefined) === (this.#trouble === undefined)) return
    this.#trouble = trouble
    this.#options.onTrouble(trouble)
  }

  async #produce(
    connection: KafkaConnection,
    batches: readonly Outgoing[],
  ): Promise<ResponseOf<'Produce'> | undefined> {
    const { acks, transactionalId } = this.#options
    const entries = batches.map((batch) => ({ topic: batch.from.topic, partition: batch.from.partition, batch }))
    const topicData = byTopic(entries, ({ partition, batch }) => ({ index: partition, records: batch.bytes })).map(
      ({ name, partitions }) => ({ name, topicId: zeroUuid, partitionData: partitions }),
    )
    const { requestTimeoutMs } = this.#cluster.settings
    const message = { transactionalId, acks: acksCode[acks], timeoutMs: requestTimeoutMs, topicData }
    const upTo = upToOf(this.#identity, 'Produce')
    if (acks !== 'none') return connection.request('Produce', message, requestTimeoutMs + 5000, upTo)
    connection.sendUnanswered('Produce', message)
    return undefined
  }

  /** Takes note of the outcome of a batch. Returns false when it has to be sent again. */
  #done(batch: Outgoing, answer: ResponseOf<'Produce'> | undefined, trouble: unknown): boolean {
    const { topic, partition } = batch.from
    // Dropped by an abort meanwhile.
    if (this.#partitions.get(topic)?.get(partition) !== batch.from) return true
    const part = answer?.responses
      .find((each) => each.name === topic)
      ?.partitionResponses.find((each) => each.index === partition)
    const code = part?.errorCode ?? (trouble === undefined && this.#options.acks === 'none' ? 0 : undefined)
    if (code !== undefined && appended.has(code)) {
      batch.from.settle(batch)
      this.#bufferedBytes -= batch.plainBytes
      if (batch.from.hasMore) this.#ready.add(batch.from)
      return true
    }
    const error = code === undefined ? (trouble as Error) : refusal(code, `${topic}/${partition}`, part?.errorMessage)
    if (code !== undefined && isFencing(code) && this.#options.transactionalId !== null) {
      this.#fail(kafkaErrors.create('FENCED', { transactionalId: this.#options.transactionalId }))
    } else if (code !== undefined && !isRetriable(code)) this.#fail(error)
    else {
      const { deliveryTimeoutMs } = this.#options
      const reason = error?.message ?? 'the broker did not mention them'
      if (this.#cluster.settings.clock.monotonic() - batch.firstSentMs <= deliveryTimeoutMs) return false
      this.#fail(
        kafkaErrors.create(
          'NOT_DELIVERED',
          { topic, partition, timeoutMs: deliveryTimeoutMs, reason },
          { cause: error },
        ),
      )
    }
    return true
  }

  #putBack(batch: Outgoing): void {
    const { topic, partition } = batch.from
    if (this.#partitions.get(topic)?.get(partition) !== batch.from) return
    batch.from.putBack(batch)
    this.#ready.add(batch.from)
  }

  /** Waits, then asks for leaders again. */
  async #relearn(topics: readonly string[], attempt: number): Promise<void> {
    await this.#cluster.pause(attempt)
    try {
      await this.#cluster.refresh(topics)
    } catch (error) {
      // The next attempt to send asks again, until the delivery time-out.
      if (!mayPass(error) && codeOf(error) === undefined) throw error
    }
    this.#schedule(true)
  }

  #fail(error: Error): void {
    if (this.#failure !== undefined) return
    this.#failure = error
    this.#settle(error)
  }

  #settle(error: Error | undefined): void {
    if (error !== undefined || this.#bufferedBytes === 0) this.#flushes.end(error)
    else this.#flushes.look()
    if (error !== undefined) this.#roomy?.reject(error)
    else if (this.hasRoom) this.#roomy?.resolve()
    else return
    this.#roomy = undefined
  }
}
