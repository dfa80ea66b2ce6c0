/**
 * Fetch: whole batches of the asked partitions, byte for byte. A request that finds less than it wants waits on its logs, with one
 * timer, until there is enough, something is wrong with a partition, or its time is up.
 *
 * Promises: at least one batch when there is any, however large; with read_committed nothing above the last stable offset, and
 * every aborted transaction that overlaps what is sent. Data in memory is answered in the same turn, without a promise.
 * One thread. Buffers of the log are sent as they are; nobody changes them.
 */
import type { TimerHandle } from '../../core/platform/clock.ts'
import type { Random } from '../../core/platform/random.ts'
import { kafkaError } from '../../proto/kafka/error-codes.ts'
import type { FetchRequest, FetchResponse, FetchResponsePartitionData } from '../../proto/kafka/messages/fetch.ts'
import { lentBytesMin } from '../log/lent-memory.ts'
import type { Isolation, LogRead, PartitionLog } from '../log/partition-log.ts'
import type { Topic } from '../metadata/topics.ts'
import { FetchSessions, type FetchTarget } from './fetch-sessions.ts'
import {
  aclOperation,
  answersLater,
  type Handled,
  type HandlerTable,
  handlerEntry,
  type RequestContext,
  resourceType,
} from './handler.ts'
import type { BrokerView } from './view.ts'

export interface FetchSettings {
  /** Largest response, but for one batch. */
  readonly bytesMax: number
  readonly sessionsMax: number
}

export interface FetchCounts {
  fetched(topic: string, bytes: number): void
}

const firstVersionWithZstd = 10
const sizeAt = 8
const attributesAt = 22
const zstdCodec = 4
const nothing = Buffer.alloc(0)

/** One partition of a request that is being answered. */
interface Item {
  readonly target: FetchTarget
  readonly log: PartitionLog | undefined
  readonly error: number
  response: FetchResponsePartitionData | undefined
  bytes: number
}

export function createFetchHandlers(
  view: BrokerView,
  settings: FetchSettings,
  counts: FetchCounts,
  random: Random,
): HandlerTable {
  const sessions = new FetchSessions(settings.sessionsMax, random)
  return {
    Fetch: handlerEntry<FetchRequest, FetchResponse>({
      minVersion: 4,
      maxVersion: 16,
      borrows: true,
      handle(request, context) {
        const scope = sessions.scope(request, context.version, view.clock.monotonic())
        if (scope.kind === 'refused') return response(scope.error, 0)
        const session = scope.session
        const targets = scope.kind === 'full' ? scope.targets : [...scope.session.targets.values()]
        const work = new FetchWork(view, settings, counts, request, context, session?.id ?? 0)
        work.incremental = scope.kind === 'incremental'
        work.session = session?.targets
        return work.start(targets)
      },
      failed: (_request, error) => response(error, 0),
    }),
  }
}

class FetchWork {
  readonly #view: BrokerView
  readonly #counts: FetchCounts
  readonly #request: FetchRequest
  readonly #context: RequestContext
  readonly #sessionId: number
  readonly #bytesMax: number
  readonly #isolation: Isolation
  incremental = false
  session: Map<string, FetchTarget> | undefined
  #items: Item[] = []
  /** Some of what is answered was read in another turn. */
  #hasTurned = false
  #bytes = 0
  #timer: TimerHandle | undefined
  #stops: (() => void)[] = []
  #checking = false
  #waits = false

  constructor(
    view: BrokerView,
    settings: FetchSettings,
    counts: FetchCounts,
    request: FetchRequest,
    context: RequestContext,
    sessionId: number,
  ) {
    this.#view = view
    this.#counts = counts
    this.#request = request
    this.#context = context
    this.#sessionId = sessionId
    this.#bytesMax = Math.max(0, Math.min(settings.bytesMax, request.maxBytes, context.fetchBytesMax))
    this.#isolation = request.isolationLevel === 1 ? 'read-committed' : 'read-uncommitted'
  }

  start(targets: readonly FetchTarget[]): Handled<FetchResponse> {
    let topicName = ''
    let topicId = ''
    let topic: Topic | undefined
    let topicError: number = kafkaError.UNKNOWN_TOPIC_OR_PARTITION
    let isFirst = true
    this.#items = new Array(targets.length)
    for (let place = 0; place < targets.length; place++) {
      const target = targets[place] as FetchTarget
      if (isFirst || target.topic !== topicName || target.topicId !== topicId) {
        isFirst = false
        topicName = target.topic
        topicId = target.topicId
        topic = topicName === '' ? this.#view.topics.getById(topicId) : this.#view.topics.get(topicName)
        topicError = this.#topicError(topic, topicName)
      }
      this.#items[place] = this.#item(target, topic, topicError)
    }
    if (this.#enough()) return this.#read()
    this.#wait()
    return answersLater
  }

  #topicError(topic: Topic | undefined, name: string): number {
    const byName = name !== ''
    if (topic === undefined && !byName) return kafkaError.UNKNOWN_TOPIC_ID
    if (!this.#context.authorize(aclOperation.READ, resourceType.TOPIC, topic?.name ?? name)) {
      return kafkaError.TOPIC_AUTHORIZATION_FAILED
    }
    return topic === undefined ? kafkaError.UNKNOWN_TOPIC_OR_PARTITION : kafkaError.NONE
  }

  #item(target: FetchTarget, topic: Topic | undefined, topicError: number): Item {
    let error = topicError
    let log: PartitionLog | undefined
    if (error === kafkaError.NONE && topic !== undefined) {
      log = this.#view.topics.logOf(topic, target.partition)
      error = log === undefined ? kafkaError.UNKNOWN_TOPIC_OR_PARTITION : epochError(target, log)
    }
    return { target, log, error, response: undefined, bytes: 0 }
  }

  /** Whether the answer may leave: enough bytes, no time to wait, or something that the client must know. */
  #enough(): boolean {
    const { minBytes, maxWaitMs } = this.#request
    if (maxWaitMs <= 0 || minBytes <= 0 || this.#items.length === 0) return true
    let bytes = 0
    for (const { log, error, target } of this.#items) {
      if (error !== kafkaError.NONE || log === undefined) return true
      const offset = target.fetchOffset
      if (offset < log.logStartOffset || offset > log.logEndOffset || log.state.kind === 'closed') return true
      if (target.lastFetchedEpoch >= 0 && diverges(target, log)) return true
      bytes += Math.min(target.maxBytes, log.availableBytes(offset, this.#isolation))
      if (bytes >= minBytes) return true
    }
    return false
  }

  #wait(): void {
    this.#waits = true
    const moved = (): void => {
      if (this.#checking) return
      this.#checking = true
      // Several moves of one turn are looked at once.
      queueMicrotask(() => {
        this.#checking = false
        if (this.#waits && this.#enough()) this.#answer()
      })
    }
    for (const { log } of this.#items) if (log !== undefined) this.#stops.push(log.subscribe(moved))
    this.#timer = this.#view.clock.setTimeout(() => this.#answer(), this.#request.maxWaitMs)
    this.#context.onClosed = () => this.#stop()
  }

  #answer(): void {
    this.#stop()
    this.#context.answer(this.#read())
  }

  #stop(): void {
    this.#waits = false
    this.#view.clock.clearTimeout(this.#timer)
    for (const stop of this.#stops) stop()
    this.#stops = []
  }

  /** Reads from the first partition that has not been read; goes asynchronous at the first that needs the disk. */
  #read(from = 0): FetchResponse | Promise<FetchResponse> {
    const items = this.#items
    for (let index = from; index < items.length; index++) {
      const item = items[index] as Item
      const read = this.#readOne(item)
      if (read instanceof Promise) {
        this.#turns()
        return read.then((result) => {
          this.#take(item, result)
          return this.#read(index + 1)
        })
      }
      if (read !== undefined) this.#take(item, read)
    }
    return this.#finish()
  }

  /** What was read so far, and will be, has to stay until the disk has answered. */
  #turns(): void {
    if (this.#hasTurned) return
    this.#hasTurned = true
    for (const { response } of this.#items) {
      if (Array.isArray(response?.records)) response.records = response.records.map(kept)
    }
  }

  #readOne(item: Item): LogRead | Promise<LogRead> | undefined {
    const { log, target } = item
    if (log === undefined || item.error !== kafkaError.NONE) {
      item.response = this.#partition(item, item.error, nothing)
      return undefined
    }
    if (log.state.kind === 'closed') {
      // Deleted while the request waited.
      item.response = this.#partition(item, kafkaError.UNKNOWN_TOPIC_OR_PARTITION, nothing)
      return undefined
    }
    if (target.lastFetchedEpoch >= 0 && diverges(target, log)) {
      item.response = this.#partition(item, kafkaError.NONE, nothing)
      item.response.divergingEpoch = log.endOffsetForEpoch(target.lastFetchedEpoch)
      return undefined
    }
    const left = this.#bytesMax - this.#bytes
    const first = this.#bytes === 0
    const available = log.availableBytes(target.fetchOffset, this.#isolation)
    const inRange = target.fetchOffset >= log.logStartOffset && target.fetchOffset <= log.logEndOffset
    if (inRange && (available === 0 || (left <= 0 && !first))) {
      item.response = this.#partition(item, kafkaError.NONE, nothing)
      if (this.#isolation === 'read-committed') item.response.abortedTransactions = []
      return undefined
    }
    return log.read(target.fetchOffset, Math.max(0, Math.min(target.maxBytes, left)), {
      isolation: this.#isolation,
      atLeastOne: first,
      // What of it leaves by reference is given back when it has left; the rest is copied into the response.
      lend: true,
    })
  }

  #take(item: Item, read: LogRead): void {
    if (read.kind === 'out-of-range') {
      item.response = this.#partition(item, kafkaError.OFFSET_OUT_OF_RANGE, nothing)
      return
    }
    if (read.kind === 'failed') {
      item.response = this.#partition(item, read.error, nothing)
      return
    }
    if (this.#context.version < firstVersionWithZstd && hasZstd(read.buffers)) {
      item.response = this.#partition(item, kafkaError.UNSUPPORTED_COMPRESSION_TYPE, nothing)
      return
    }
    const { sizeBytes } = read
    const buffers = this.#hasTurned ? read.buffers.map(kept) : read.buffers
    item.response = this.#partition(item, kafkaError.NONE, buffers.length === 0 ? nothing : buffers)
    if (this.#isolation === 'read-committed') {
      item.response.abortedTransactions = (read.aborted ?? []) as NonNullable<
        FetchResponsePartitionData['abortedTransactions']
      >
    }
    item.bytes = sizeBytes
    this.#bytes += sizeBytes
    if (sizeBytes > 0) this.#counts.fetched((item.log as PartitionLog).topic, sizeBytes)
  }

  #partition(item: Item, errorCode: number, records: Buffer | readonly Buffer[]): FetchResponsePartitionData {
    const { log, target } = item
    const broken = errorCode !== kafkaError.NONE && errorCode !== kafkaError.OFFSET_OUT_OF_RANGE
    const known = log !== undefined && !broken
    return {
      partitionIndex: target.partition,
      errorCode,
      highWatermark: known ? log.highWatermark : -1,
      lastStableOffset: known ? log.lastStableOffset : -1,
      logStartOffset: known ? log.logStartOffset : -1,
      divergingEpoch: null,
      currentLeader: null,
      snapshotId: null,
      abortedTransactions: null,
      preferredReadReplica: -1,
      records,
    }
  }

  #finish(): FetchResponse {
    const result = response(kafkaError.NONE, this.#sessionId)
    let last: FetchResponse['responses'][number] | undefined
    for (const item of this.#items) {
      const partition = item.response as FetchResponsePartitionData
      if (!this.#tell(item, partition)) continue
      const { topic, topicId } = item.target
      if (last === undefined || last.topic !== topic || last.topicId !== topicId) {
        last = { topic, topicId, partitions: [partition] }
        // Mostly there is one, and a list that grows gets room for many.
        if (result.responses.length === 0) result.responses = [last]
        else result.responses.push(last)
      } else last.partitions.push(partition)
    }
    this.#rotate()
    return result
  }

  /** Whether the client learns something new of a partition; remembers what it is told. */
  #tell({ target, bytes }: Item, partition: FetchResponsePartitionData): boolean {
    const { errorCode, highWatermark, logStartOffset } = partition
    const news =
      !this.incremental ||
      bytes > 0 ||
      errorCode !== kafkaError.NONE ||
      target.toldError !== kafkaError.NONE ||
      partition.divergingEpoch !== null ||
      target.toldHighWatermark !== highWatermark ||
      target.toldLogStart !== logStartOffset
    target.toldError = errorCode
    target.toldHighWatermark = highWatermark
    target.toldLogStart = logStartOffset
    return news
  }

  /** Partitions that got something go behind the others, so that none starves when a response is full. */
  #rotate(): void {
    const targets = this.session
    if (targets === undefined || targets.size < 2) return
    for (const { target, bytes } of this.#items) {
      if (bytes === 0) continue
      const key = `${target.partition}/${target.topic === '' ? target.topicId : target.topic}`
      if (targets.get(key) !== target) continue
      targets.delete(key)
      targets.set(key, target)
    }
  }
}

/** A piece of the log that stays as it is, until it is given back. */
function kept(piece: Buffer): Buffer {
  return piece.length < lentBytesMin ? Buffer.from(piece) : piece
}

function epochError(target: FetchTarget, log: PartitionLog): number {
  const epoch = target.currentLeaderEpoch
  if (epoch < 0 || epoch === log.leaderEpoch) return kafkaError.NONE
  return epoch < log.leaderEpoch ? kafkaError.FENCED_LEADER_EPOCH : kafkaError.UNKNOWN_LEADER_EPOCH
}

/** Whether the client read records that this log does not have. */
function diverges(target: FetchTarget, log: PartitionLog): boolean {
  const { epoch, endOffset } = log.endOffsetForEpoch(target.lastFetchedEpoch)
  return epoch >= 0 && (epoch < target.lastFetchedEpoch || endOffset < target.fetchOffset)
}

function hasZstd(buffers: readonly Buffer[]): boolean {
  for (const buffer of buffers) {
    for (let at = 0; at + attributesAt < buffer.length; at += 12 + buffer.readInt32BE(at + sizeAt)) {
      if (((buffer[at + attributesAt] as number) & 0x07) === zstdCodec) return true
    }
  }
  return false
}

function response(errorCode: number, sessionId: number): FetchResponse {
  return { throttleTimeMs: 0, errorCode, sessionId, responses: [], nodeEndpoints: [] }
}
