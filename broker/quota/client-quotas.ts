/**
 * What clients may use per second, as the metadata says, and what they have used. A quota is of a user, of a client id, of both, or of
 * all that have none of their own; for each kind the most particular one counts, in Kafka's order. Clients that share an entity share
 * what it may use: all client ids of a user, when the quota is the user's.
 *
 * Nobody is refused: who has used too much is answered, told how long to wait, and its connection is not read from until then.
 * Without any quota a request costs one look. One thread.
 */
import type { Clock } from '../../core/platform/clock.ts'
import { quotaEntityId } from '../metadata/image.ts'
import type { MetadataLog } from '../metadata/metadata-log.ts'
import type { QuotaEntity } from '../metadata/records.ts'
import { TokenBucket } from './token-bucket.ts'

/** Kafka's names, and how many units per second are one of a quota: bytes, or ms of the broker's one thread. */
export const quotaUnits = { producer_byte_rate: 1, consumer_byte_rate: 1, request_percentage: 10 } as const

export type QuotaKey = keyof typeof quotaUnits

/** What can be muted: a connection. */
export interface Muted {
  readonly isClosed: boolean
  readonly isMuted: boolean
  mute(): void
  unmute(): void
}

/** Quotas of a client, one or more. */
export class ClientQuota {
  readonly user: string
  readonly clientId: string
  readonly buckets: Readonly<Partial<Record<QuotaKey, TokenBucket>>>

  constructor(user: string, clientId: string, buckets: Readonly<Partial<Record<QuotaKey, TokenBucket>>>) {
    this.user = user
    this.clientId = clientId
    this.buckets = buckets
  }

  /** Until the client owes nothing, ms. */
  waitMs(nowMs: number): number {
    let waitMs = 0
    for (const bucket of Object.values(this.buckets)) waitMs = Math.max(waitMs, bucket.waitMs(nowMs))
    return waitMs
  }
}

/** How often a muted connection is looked at: quotas may have been raised. */
const lookAgainMs = 1000
/** Clients that are remembered. Beyond it those are forgotten that owe nothing, and where that is not enough all, with their debts. */
const clientsMax = 10_000

export class ClientQuotas {
  readonly #clock: Clock
  readonly #metadata: Pick<MetadataLog, 'image'>
  /** By user and client id; undefined: no quota is theirs. */
  readonly #clients = new Map<string, ClientQuota | undefined>()
  /** By kind and entity. */
  readonly #buckets = new Map<string, TokenBucket>()
  #any: boolean
  /** Answers that told a client to wait, and for how long, all told. */
  throttled = 0
  throttledMs = 0

  constructor(metadata: Pick<MetadataLog, 'image' | 'subscribe'>, clock: Clock) {
    this.#clock = clock
    this.#metadata = metadata
    this.#any = metadata.image.quotas.size > 0
    metadata.subscribe((records) => {
      if (!records.some(({ kind }) => kind === 'quota')) return
      this.#any = metadata.image.quotas.size > 0
      this.#clients.clear()
      this.#buckets.clear()
    })
  }

  /** Clients that are remembered. */
  get clientCount(): number {
    return this.#clients.size
  }

  /** Undefined where nothing bounds the client. */
  of(user: string, clientId: string | null): ClientQuota | undefined {
    return this.#any ? this.#lookUp(user, clientId ?? '') : undefined
  }

  use(quota: ClientQuota, key: QuotaKey, amount: number): void {
    quota.buckets[key]?.take(amount, this.#clock.monotonic())
  }

  /** How long the client has to wait, whole ms; its connection is muted for as long. */
  throttle(quota: ClientQuota, connection: Muted): number {
    const waitMs = Math.min(Math.ceil(quota.waitMs(this.#clock.monotonic())), 0x7fff_ffff)
    if (waitMs === 0) return 0
    this.throttled++
    this.throttledMs += waitMs
    if (!connection.isMuted) {
      connection.mute()
      this.#unmuteLater(quota, connection, waitMs)
    }
    return waitMs
  }

  #unmuteLater({ user, clientId }: ClientQuota, connection: Muted, waitMs: number): void {
    const look = (): void => {
      if (connection.isClosed) return
      const quota = this.of(user, clientId)
      const leftMs = quota?.waitMs(this.#clock.monotonic()) ?? 0
      if (quota !== undefined && leftMs > 0) this.#unmuteLater(quota, connection, leftMs)
      else connection.unmute()
    }
    this.#clock.setTimeout(look, Math.min(waitMs, lookAgainMs)).unref()
  }

  #lookUp(user: string, clientId: string): ClientQuota | undefined {
    const id = quotaEntityId({ user, 'client-id': clientId })
    if (this.#clients.has(id)) return this.#clients.get(id)
    if (this.#clients.size >= clientsMax) this.#forget()
    const buckets: Partial<Record<QuotaKey, TokenBucket>> = {}
    for (const key of Object.keys(quotaUnits) as QuotaKey[]) {
      const bucket = this.#bucket(key, user, clientId)
      if (bucket !== undefined) buckets[key] = bucket
    }
    const quota = Object.keys(buckets).length === 0 ? undefined : new ClientQuota(user, clientId, buckets)
    this.#clients.set(id, quota)
    return quota
  }

  #bucket(key: QuotaKey, user: string, clientId: string): TokenBucket | undefined {
    for (const entity of mostParticularFirst(user, clientId)) {
      const value = this.#metadata.image.quotas.get(quotaEntityId(entity))?.values.get(key)
      if (value === undefined) continue
      const shared = {
        ...('user' in entity ? { user } : {}),
        ...('client-id' in entity ? { 'client-id': clientId } : {}),
      }
      const id = `${key} ${quotaEntityId(shared)}`
      const bucket = this.#buckets.get(id) ?? new TokenBucket(value * quotaUnits[key], this.#clock.monotonic())
      this.#buckets.set(id, bucket)
      return bucket
    }
    return undefined
  }

  #forget(): void {
    const nowMs = this.#clock.monotonic()
    for (const [id, bucket] of this.#buckets) if (bucket.isFull(nowMs)) this.#buckets.delete(id)
    if (this.#buckets.size >= clientsMax) this.#buckets.clear()
    this.#clients.clear()
  }
}

const mostParticularFirst = (user: string, clientId: string): readonly QuotaEntity[] => [
  { user, 'client-id': clientId },
  { user, 'client-id': null },
  { user },
  { user: null, 'client-id': clientId },
  { user: null, 'client-id': null },
  { user: null },
  { 'client-id': clientId },
  { 'client-id': null },
]
