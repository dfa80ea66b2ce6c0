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
import { Buckets, type QuotaKey, rememberedMax } from './buckets.ts'
import type { TokenBucket } from './token-bucket.ts'

/** The quotas of users and client ids. */
const keys = ['producer_byte_rate', 'consumer_byte_rate', 'request_percentage'] as const satisfies readonly QuotaKey[]

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

export class ClientQuotas {
  readonly #clock: Clock
  /** By user and client id; undefined: no quota is theirs. */
  readonly #clients = new Map<string, ClientQuota | undefined>()
  readonly #buckets: Buckets
  #any = false
  /** Answers that told a client to wait, and for how long, all told. */
  throttled = 0
  throttledMs = 0

  constructor(metadata: Pick<MetadataLog, 'image' | 'subscribe'>, clock: Clock) {
    this.#clock = clock
    this.#buckets = new Buckets(metadata, clock)
    const look = (): void => {
      this.#any = [...metadata.image.quotas.values()].some(({ entity }) => entity.ip === undefined)
    }
    look()
    metadata.subscribe((records) => {
      if (!records.some(({ kind }) => kind === 'quota')) return
      look()
      this.#clients.clear()
      this.#buckets.quotasChanged()
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
    if (this.#clients.size >= rememberedMax) {
      this.#buckets.forget()
      this.#clients.clear()
    }
    const buckets: Partial<Record<QuotaKey, TokenBucket>> = {}
    for (const key of keys) {
      const bucket = this.#bucket(key, user, clientId)
      if (bucket !== undefined) buckets[key] = bucket
    }
    const quota = Object.keys(buckets).length === 0 ? undefined : new ClientQuota(user, clientId, buckets)
    this.#clients.set(id, quota)
    return quota
  }

  #bucket(key: QuotaKey, user: string, clientId: string): TokenBucket | undefined {
    for (const entity of mostParticularFirst(user, clientId)) {
      const sharer = {
        ...('user' in entity ? { user } : {}),
        ...('client-id' in entity ? { 'client-id': clientId } : {}),
      }
      const bucket = this.#buckets.find(key, entity, sharer)
      if (bucket !== undefined) return bucket
    }
    return undefined
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
