/**
 * Incremental fetch sessions (KIP-227): the broker remembers which partitions a client fetches, so that a request names only
 * what changed, and a response only what is new.
 *
 * Bounds: a fixed number of sessions, and of partitions in all of them; when all are taken, those that were idle for two minutes make
 * room, and without such a client goes on without a session, which costs it only bytes. One thread; requests of one session come one after the other, a
 * second one at the same time is refused by its epoch.
 */
import type { Random } from '../../core/platform/random.ts'
import { kafkaError } from '../../proto/kafka/error-codes.ts'
import type { FetchRequest, FetchRequestPartition } from '../../proto/kafka/messages/fetch.ts'

/** What a client wants of one partition, and what it was told of it last. */
export interface FetchTarget {
  /** Empty where the client names ids. */
  readonly topic: string
  readonly topicId: string
  readonly partition: number
  fetchOffset: number
  currentLeaderEpoch: number
  lastFetchedEpoch: number
  maxBytes: number
  /** -1 before the first answer. */
  toldHighWatermark: number
  toldLogStart: number
  toldError: number
}

const idleBeforeEvictionMs = 120_000
const lastEpoch = 0x7fff_ffff
/** Of all sessions together; each takes some 300 bytes, whether the partition exists or not. */
const targetsMax = 200_000

export class FetchSession {
  readonly id: number
  readonly usesIds: boolean
  /** In the order in which they are served; who got something goes to the end. */
  readonly targets = new Map<string, FetchTarget>()
  epoch = 1
  usedMs: number

  constructor(id: number, usesIds: boolean, nowMs: number) {
    this.id = id
    this.usesIds = usesIds
    this.usedMs = nowMs
  }
}

/** What a request is about. */
export type FetchScope =
  | { readonly kind: 'refused'; readonly error: number }
  /** All partitions that the request names, and all are answered. `session` is new, or absent. */
  | { readonly kind: 'full'; readonly targets: readonly FetchTarget[]; readonly session: FetchSession | undefined }
  /** All partitions of the session; only what is new is answered. */
  | { readonly kind: 'incremental'; readonly session: FetchSession }

export class FetchSessions {
  readonly #sessions = new Map<number, FetchSession>()
  readonly #max: number
  readonly #random: Random
  /** In all sessions. */
  #targetCount = 0

  constructor(max: number, random: Random) {
    this.#max = max
    this.#random = random
  }

  get count(): number {
    return this.#sessions.size
  }

  get targetCount(): number {
    return this.#targetCount
  }

  /** Finds or makes the session of a request and brings it up to date. */
  scope(request: FetchRequest, version: number, nowMs: number): FetchScope {
    const { sessionId, sessionEpoch } = request
    const usesIds = version >= 13
    if (sessionEpoch === -1 || sessionEpoch === 0) {
      this.#drop(this.#sessions.get(sessionId))
      const targets = targetsOf(request)
      const session = sessionEpoch === 0 && version >= 7 ? this.#open(targets, usesIds, nowMs) : undefined
      return { kind: 'full', targets, session }
    }
    const session = this.#sessions.get(sessionId)
    if (session === undefined) return { kind: 'refused', error: kafkaError.FETCH_SESSION_ID_NOT_FOUND }
    if (session.epoch !== sessionEpoch) return { kind: 'refused', error: kafkaError.INVALID_FETCH_SESSION_EPOCH }
    if (session.usesIds !== usesIds) return { kind: 'refused', error: kafkaError.FETCH_SESSION_TOPIC_ID_ERROR }
    session.epoch = session.epoch === lastEpoch ? 1 : session.epoch + 1
    session.usedMs = nowMs
    // The order of the map is that of the last use.
    this.#sessions.delete(sessionId)
    this.#sessions.set(sessionId, session)
    const before = session.targets.size
    update(session, request)
    this.#targetCount += session.targets.size - before
    if (this.#targetCount <= targetsMax) return { kind: 'incremental', session }
    // The client begins again, as far as there is room.
    this.#drop(session)
    return { kind: 'refused', error: kafkaError.FETCH_SESSION_ID_NOT_FOUND }
  }

  #open(targets: readonly FetchTarget[], usesIds: boolean, nowMs: number): FetchSession | undefined {
    while (this.#sessions.size >= this.#max || this.#targetCount + targets.length > targetsMax) {
      const oldest = this.#sessions.values().next().value
      if (oldest === undefined || nowMs - oldest.usedMs < idleBeforeEvictionMs) return undefined
      this.#drop(oldest)
    }
    let id: number
    do id = 1 + this.#random.integer(lastEpoch - 1)
    while (this.#sessions.has(id))
    const session = new FetchSession(id, usesIds, nowMs)
    for (const target of targets) session.targets.set(keyOf(target.topic, target.topicId, target.partition), target)
    this.#sessions.set(id, session)
    this.#targetCount += session.targets.size
    return session
  }

  #drop(session: FetchSession | undefined): void {
    if (session !== undefined && this.#sessions.delete(session.id)) this.#targetCount -= session.targets.size
  }
}

function keyOf(topic: string, topicId: string, partition: number): string {
  return `${partition}/${topic === '' ? topicId : topic}`
}

function targetsOf(request: FetchRequest): FetchTarget[] {
  const targets: FetchTarget[] = []
  for (const { topic, topicId, partitions } of request.topics) {
    for (const partition of partitions) targets.push(target(topic, topicId, partition))
  }
  return targets
}

function target(topic: string, topicId: string, wanted: FetchRequestPartition): FetchTarget {
  return {
    topic,
    topicId,
    partition: wanted.partition,
    fetchOffset: wanted.fetchOffset,
    currentLeaderEpoch: wanted.currentLeaderEpoch,
    lastFetchedEpoch: wanted.lastFetchedEpoch,
    maxBytes: wanted.partitionMaxBytes,
    toldHighWatermark: -1,
    toldLogStart: -1,
    toldError: kafkaError.NONE,
  }
}

function update(session: FetchSession, request: FetchRequest): void {
  const { targets } = session
  for (const { topic, topicId, partitions } of request.topics) {
    for (const wanted of partitions) {
      const key = keyOf(topic, topicId, wanted.partition)
      const known = targets.get(key)
      if (known === undefined) {
        targets.set(key, target(topic, topicId, wanted))
        continue
      }
      known.fetchOffset = wanted.fetchOffset
      known.currentLeaderEpoch = wanted.currentLeaderEpoch
      known.lastFetchedEpoch = wanted.lastFetchedEpoch
      known.maxBytes = wanted.partitionMaxBytes
    }
  }
  for (const { topic, topicId, partitions } of request.forgottenTopicsData) {
    for (const partition of partitions) targets.delete(keyOf(topic, topicId, partition))
  }
}
