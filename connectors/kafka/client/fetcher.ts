/**
 * Fetches partitions and keeps what came until it is taken: whole batches as the broker stores them, in order, nothing
 * twice and nothing left out. One request at a time and broker, for all partitions that have little waiting; what waits is
 * bounded in bytes. A broker that cannot be reached is asked again, with growing pauses; `trouble` tells meanwhile.
 * One thread.
 */
import { type Deferred, deferred, inBackground } from '../../../core/async/index.ts'
import type { RequestOf, ResponseOf } from '../../../proto/kafka/apis.ts'
import { isRetriable, kafkaError } from '../../../proto/kafka/error-codes.ts'
import { zeroUuid } from '../../../proto/kafka/reader.ts'
import { batchAt, batchSizeAt, readInt64 } from '../../../proto/kafka/records/index.ts'
import { type ConnectionPurpose, type KafkaCluster, mayPass } from './cluster.ts'
import type { KafkaConnection } from './connection.ts'
import { refusal } from './errors.ts'
import type { AbortedTransaction } from './isolation.ts'

export interface FetcherOptions {
  /** Whether records of open and aborted transactions are held back; default true. Aborted ones come all the same, with a list. */
  readonly readCommitted?: boolean
  /** How long a broker may wait for `minBytes`. Default 500 ms. */
  readonly maxWaitMs?: number
  readonly minBytes?: number
  /** Of one answer; default 16 MB. */
  readonly maxBytes?: number
  /** Of one partition in an answer; default 1 MB. A larger batch comes alone. */
  readonly partitionMaxBytes?: number
  /** What may wait to be taken; default 64 MB. One answer may go beyond it. */
  readonly prefetchBytes?: number
  /** Called when something can be taken, or `trouble` changed. */
  readonly onProgress?: () => void
}

/** Batches of one partition. */
export interface FetchedBatches {
  readonly kind: 'batches'
  readonly topic: string
  readonly partition: number
  /** What was asked for: records before it may stand in the first batch and are not meant. */
  readonly fetchOffset: number
  /** Whole batches. */
  readonly records: Buffer
  /** Behind the last batch. */
  readonly nextOffset: number
  readonly aborted: readonly AbortedTransaction[] | null
  readonly highWatermark: number
  readonly lastStableOffset: number
  readonly logStartOffset: number
}

/** A partition that cannot go on; it is not fetched again until it is assigned anew. */
export interface FetchFailure {
  readonly kind: 'failed'
  readonly topic: string
  readonly partition: number
  readonly fetchOffset: number
  /** The code of the broker; 1 for an offset that is out of range. */
  readonly code: number
  readonly error: Error
}

interface Position {
  readonly topic: string
  /** Empty: any. */
  readonly topicId: string
  readonly partition: number
  offset: number
  waitingBytes: number
  paused: boolean
  failed: boolean
  inFlight: boolean
  highWatermark: number
}

let nextPurpose = 1

export class KafkaFetcher {
  readonly #cluster: KafkaCluster
  readonly #options: Required<FetcherOptions>
  readonly #positions = new Map<string, Position>()
  readonly #waiting: (FetchedBatches | FetchFailure)[] = []
  readonly #loops = new Map<number, { wake: Deferred<void> }>()
  /** Answers of which something waits, or is looked at: how many partitions, and where the memory goes. */
  readonly #frames = new WeakMap<ArrayBufferLike, { left: number; readonly connection: KafkaConnection }>()
  #waitingBytes = 0
  #trouble: Error | undefined
  #taken: Deferred<void> | undefined
  #closed = false
  /** Connections of its own: a fetch that waits would hold up those of another fetcher. */
  readonly #purpose: ConnectionPurpose = `fetch ${nextPurpose++}`

  constructor(cluster: KafkaCluster, options: FetcherOptions = {}) {
    this.#cluster = cluster
    this.#options = {
      readCommitted: options.readCommitted ?? true,
      maxWaitMs: options.maxWaitMs ?? 500,
      minBytes: options.minBytes ?? 1,
      maxBytes: options.maxBytes ?? 16 * 1024 * 1024,
      partitionMaxBytes: options.partitionMaxBytes ?? 1024 * 1024,
      prefetchBytes: options.prefetchBytes ?? 64 * 1024 * 1024,
      onProgress: options.onProgress ?? (() => undefined),
    }
  }

  /** Why nothing comes at the moment; undefined when all is well. */
  get trouble(): Error | undefined {
    return this.#trouble
  }

  /** Bytes that wait to be taken. */
  get waitingBytes(): number {
    return this.#waitingBytes
  }

  /**
   * Begins to fetch a partition, or goes on elsewhere in it: what waits of it is dropped. With the id of its topic, one that
   * was made anew under the same name fails with INCONSISTENT_TOPIC_ID.
   */
  assign(topic: string, partition: number, offset: number, topicId = ''): void {
    this.remove(topic, partition)
    this.#positions.set(keyOf(topic, partition), {
      topic,
      topicId,
      partition,
      offset,
      waitingBytes: 0,
      paused: false,
      failed: false,
      inFlight: false,
      highWatermark: -1,
    })
    this.#wakeAll()
    inBackground(this.#spread(), (error) => this.#troubled(error as Error))
  }

  /** Stops fetching a partition and drops what waits of it. */
  remove(topic: string, partition: number): void {
    if (!this.#positions.delete(keyOf(topic, partition))) return
    for (let index = this.#waiting.length - 1; index >= 0; index--) {
      const each = this.#waiting[index]
      if (each.topic !== topic || each.partition !== partition) continue
      if (each.kind === 'batches') this.#waitingBytes -= each.records.length
      this.#waiting.splice(index, 1)
    }
  }

  /** A paused partition is not asked for; what waits of it can be taken. */
  pause(topic: string, partition: number, paused: boolean): void {
    const position = this.#positions.get(keyOf(topic, partition))
    if (position === undefined || position.paused === paused) return
    position.paused = paused
    if (!paused) this.#wakeAll()
  }

  /** The high watermark as last heard; -1 before the first answer. */
  highWatermark(topic: string, partition: number): number {
    return this.#positions.get(keyOf(topic, partition))?.highWatermark ?? -1
  }

  /** What came first, for all partitions or for those that `accepts` names; undefined when nothing waits. */
  take(accepts?: (topic: string, partition: number) => boolean): FetchedBatches | FetchFailure | undefined {
    const index = accepts === undefined ? 0 : this.#waiting.findIndex((each) => accepts(each.topic, each.partition))
    const taken = index < 0 ? undefined : this.#waiting[index]
    if (taken === undefined) return undefined
    this.#waiting.splice(index, 1)
    if (taken.kind === 'batches') {
      this.#waitingBytes -= taken.records.length
      const position = this.#positions.get(keyOf(taken.topic, taken.partition))
      if (position !== undefined) position.waitingBytes -= taken.records.length
      this.#wakeAll()
    }
    return taken
  }

  /** Says that nobody looks at what was taken any more, so that its memory can be used again. Not to be called twice. */
  release({ records }: FetchedBatches): void {
    const frame = this.#frames.get(records.buffer)
    if (frame === undefined) return
    frame.left--
    if (frame.left === 0) frame.connection.recycle(records.buffer)
  }

  /** Resolves when something waits, or the fetcher is closed. */
  async available(): Promise<void> {
    if (this.#waiting.length > 0 || this.#closed) return
    this.#taken ??= deferred()
    return this.#taken.promise
  }

  close(): void {
    this.#closed = true
    this.#positions.clear()
    this.#waiting.length = 0
    this.#waitingBytes = 0
    this.#cluster.release(this.#purpose)
    this.#wakeAll()
    this.#tell()
  }

  #tell(): void {
    this.#taken?.resolve()
    this.#taken = undefined
    this.#options.onProgress()
  }

  #troubled(error: Error | undefined): void {
    if (this.#closed || this.#trouble === error) return
    this.#trouble = error
    this.#options.onProgress()
  }

  #wakeAll(): void {
    for (const { wake } of this.#loops.values()) wake.resolve()
  }

  /** Learns leaders of partitions that have none known, and starts a loop for each broker that leads one. */
  async #spread(): Promise<void> {
    for (let count = 1; !this.#closed; count++) {
      const unknown = new Set<string>()
      for (const { topic, partition, failed } of this.#positions.values()) {
        const leader = this.#cluster.leaderOf(topic, partition)
        if (leader === undefined && !failed) unknown.add(topic)
        else if (leader !== undefined && !this.#loops.has(leader.nodeId)) this.#start(leader.nodeId)
      }
      if (unknown.size === 0) return
      try {
        await this.#cluster.refresh([...unknown])
        if ([...unknown].every((name) => this.#cluster.topic(name) !== undefined)) continue
        this.#troubled(refusal(kafkaError.UNKNOWN_TOPIC_OR_PARTITION, `topic ${[...unknown].join(', ')}`))
      } catch (error) {
        if (this.#closed || this.#cluster.isClosed) return
        if (!mayPass(error)) throw error
        this.#troubled(error as Error)
      }
      await this.#cluster.pause(count)
    }
  }

  #start(nodeId: number): void {
    const loop = { wake: deferred() }
    this.#loops.set(nodeId, loop)
    inBackground(
      this.#run(nodeId, loop).finally(() => this.#loops.delete(nodeId)),
      (error) => this.#troubled(error as Error),
    )
  }

  async #run(nodeId: number, loop: { wake: Deferred<void> }): Promise<void> {
    let failures = 0
    while (!this.#closed && !this.#cluster.isClosed) {
      loop.wake = deferred()
      const wanted = this.#wantedFrom(nodeId)
      if (wanted.length === 0) {
        if (![...this.#positions.values()].some((each) => this.#leads(nodeId, each))) return
        await loop.wake.promise
        continue
      }
      for (const position of wanted) position.inFlight = true
      try {
        const connection = await this.#cluster.broker(nodeId, this.#purpose)
        const { maxWaitMs } = this.#options
        const timeoutMs = this.#cluster.settings.requestTimeoutMs + maxWaitMs
        const asked = wanted.map((position) => position.offset)
        const answer = await connection.request('Fetch', this.#requestFor(wanted), timeoutMs)
        if (answer.errorCode !== kafkaError.NONE) throw refusal(answer.errorCode, 'Fetch')
        const stale = this.#accept(answer, wanted, asked, connection)
        if (stale) throw refusal(kafkaError.NOT_LEADER_OR_FOLLOWER, 'Fetch')
        failures = 0
        this.#troubled(undefined)
      } catch (error) {
        if (this.#closed || this.#cluster.isClosed) return
        this.#troubled(error as Error)
        if (!mayPass(error)) throw error
        failures++
        await this.#cluster.pause(failures)
        await this.#relearn(wanted)
      } finally {
        for (const position of wanted) position.inFlight = false
      }
    }
  }

  /** Leaders may have moved. A failure here is one of the next attempt. */
  async #relearn(positions: readonly Position[]): Promise<void> {
    try {
      await this.#cluster.refresh([...new Set(positions.map(({ topic }) => topic))])
    } catch (error) {
      this.#troubled(error as Error)
    }
    inBackground(this.#spread(), (error) => this.#troubled(error as Error))
  }

  #leads(nodeId: number, { topic, partition, failed }: Position): boolean {
    return !failed && this.#cluster.leaderOf(topic, partition)?.nodeId === nodeId
  }

  #wantedFrom(nodeId: number): Position[] {
    if (this.#waitingBytes >= this.#options.prefetchBytes && this.#takeableBytes() >= this.#options.prefetchBytes)
      return []
    const wanted: Position[] = []
    for (const position of this.#positions.values()) {
      if (this.#isOther(position)) {
        this.#fail(position, kafkaError.INCONSISTENT_TOPIC_ID)
        this.#tell()
      }
      const enough = position.waitingBytes >= this.#options.partitionMaxBytes
      if (!position.paused && !position.inFlight && !enough && this.#leads(nodeId, position)) wanted.push(position)
    }
    return wanted
  }

  #isOther({ topic, topicId, failed }: Position): boolean {
    if (topicId === '' || failed) return false
    const found = this.#cluster.topic(topic)?.topicId ?? zeroUuid
    return found !== zeroUuid && found !== topicId
  }

  /** What waits of partitions that are paused must not keep the others from being fetched. */
  #takeableBytes(): number {
    let bytes = this.#waitingBytes
    for (const { paused, waitingBytes } of this.#positions.values()) if (paused) bytes -= waitingBytes
    return bytes
  }

  #requestFor(wanted: readonly Position[]): RequestOf<'Fetch'> {
    const topics = new Map<string, RequestOf<'Fetch'>['topics'][number]>()
    for (const { topic, partition, offset } of wanted) {
      let entry = topics.get(topic)
      if (entry === undefined) {
        entry = { topic, topicId: zeroUuid, partitions: [] }
        topics.set(topic, entry)
      }
      entry.partitions.push({
        partition,
        currentLeaderEpoch: this.#cluster.leaderOf(topic, partition)?.leaderEpoch ?? -1,
        fetchOffset: offset,
        lastFetchedEpoch: -1,
        logStartOffset: -1,
        partitionMaxBytes: this.#options.partitionMaxBytes,
        replicaDirectoryId: zeroUuid,
      })
    }
    return {
      clusterId: null,
      replicaId: -1,
      replicaState: null,
      maxWaitMs: this.#options.maxWaitMs,
      minBytes: this.#options.minBytes,
      maxBytes: this.#options.maxBytes,
      isolationLevel: this.#options.readCommitted ? 1 : 0,
      sessionId: 0,
      sessionEpoch: -1,
      topics: [...topics.values()],
      forgottenTopicsData: [],
      rackId: '',
    }
  }

  /** Keeps what came. Returns whether some partition is led elsewhere by now. */
  #accept(
    answer: ResponseOf<'Fetch'>,
    wanted: readonly Position[],
    asked: readonly number[],
    connection: KafkaConnection,
  ): boolean {
    let stale = false
    let came = false
    const before = this.#waiting.length
    for (const { topic, partitions } of answer.responses) {
      for (const part of partitions) {
        const index = wanted.findIndex((each) => each.topic === topic && each.partition === part.partitionIndex)
        const position = wanted[index]
        // Removed or moved while the request was under way.
        if (position === undefined || this.#positions.get(keyOf(topic, part.partitionIndex)) !== position) continue
        if (part.errorCode === kafkaError.NONE) came = this.#keep(position, asked[index], part) || came
        else if (isRetriable(part.errorCode)) stale = true
        else {
          this.#fail(position, part.errorCode)
          came = true
        }
      }
    }
    const kept = this.#waiting.slice(before).flatMap((each) => (each.kind === 'batches' ? [each.records.buffer] : []))
    if (kept.length > 0) this.#frames.set(kept[0], { left: kept.length, connection })
    if (came) this.#tell()
    return stale
  }

  #keep(
    position: Position,
    asked: number,
    part: ResponseOf<'Fetch'>['responses'][number]['partitions'][number],
  ): boolean {
    position.highWatermark = part.highWatermark
    const records = part.records as Buffer | null
    if (records === null || records.length === 0) return false
    let end = 0
    let nextOffset = position.offset
    for (
      let size = batchSizeAt(records, 0);
      size > 0 && end + size <= records.length;
      size = batchSizeAt(records, end)
    ) {
      nextOffset = readInt64(records, end, 'the base offset') + records.readInt32BE(end + batchAt.lastOffsetDelta) + 1
      end += size
    }
    // An answer ends in the middle of a batch when that is larger than what was allowed.
    if (end === 0 || nextOffset <= position.offset) return false
    const whole = end === records.length ? records : records.subarray(0, end)
    const { topic, partition } = position
    position.offset = nextOffset
    position.waitingBytes += whole.length
    this.#waitingBytes += whole.length
    this.#waiting.push({
      kind: 'batches',
      topic,
      partition,
      fetchOffset: asked,
      records: whole,
      nextOffset,
      aborted: part.abortedTransactions,
      highWatermark: part.highWatermark,
      lastStableOffset: part.lastStableOffset,
      logStartOffset: part.logStartOffset,
    })
    return true
  }

  #fail(position: Position, code: number): void {
    const { topic, partition, offset } = position
    position.failed = true
    const error = refusal(code, `${topic}/${partition} at offset ${offset}`)
    this.#waiting.push({ kind: 'failed', topic, partition, fetchOffset: offset, code, error })
  }
}

const keyOf = (topic: string, partition: number): string => `${partition} ${topic}`
