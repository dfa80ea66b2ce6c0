/**
 * What each of those who have a quota has used of it. Rates follow the metadata; what is owed stays owed when a quota changes, at the new
 * rate, and goes with the quota. So many are remembered; beyond it those are forgotten that owe nothing, and where that is not enough all,
 * with their debts. One thread.
 */
import type { Clock } from '../../core/platform/clock.ts'
import { quotaEntityId } from '../metadata/image.ts'
import type { MetadataLog } from '../metadata/metadata-log.ts'
import type { QuotaEntity } from '../metadata/records.ts'
import { TokenBucket } from './token-bucket.ts'

/** Kafka's names, and how many units per second are one of a quota: bytes, ms of the broker's one thread, connections. */
export const quotaUnits = {
  producer_byte_rate: 1,
  consumer_byte_rate: 1,
  request_percentage: 10,
  connection_creation_rate: 1,
} as const

export type QuotaKey = keyof typeof quotaUnits

interface Held {
  readonly key: QuotaKey
  readonly sharer: QuotaEntity
  readonly bucket: TokenBucket
}

export const rememberedMax = 10_000

export class Buckets {
  readonly #clock: Clock
  readonly #metadata: Pick<MetadataLog, 'image'>
  readonly #held = new Map<string, Held>()

  constructor(metadata: Pick<MetadataLog, 'image'>, clock: Clock) {
    this.#clock = clock
    this.#metadata = metadata
  }

  get size(): number {
    return this.#held.size
  }

  /** The bucket of `sharer`, at the rate that `entity` has; undefined where it has none. Both name the same types. */
  find(key: QuotaKey, entity: QuotaEntity, sharer: QuotaEntity): TokenBucket | undefined {
    const rate = this.#rate(key, entity)
    if (rate === undefined) return undefined
    const id = `${key} ${quotaEntityId(sharer)}`
    const held = this.#held.get(id)
    if (held === undefined) {
      const bucket = new TokenBucket(rate, this.#clock.monotonic())
      this.#held.set(id, { key, sharer, bucket })
      return bucket
    }
    if (held.bucket.perSecond !== rate) held.bucket.changeRate(rate, this.#clock.monotonic())
    return held.bucket
  }

  /** Forgets what was used of quotas that are no more. */
  quotasChanged(): void {
    for (const [id, { key, sharer }] of this.#held)
      if (orOthers(sharer).every((entity) => this.#rate(key, entity) === undefined)) this.#held.delete(id)
  }

  /** Makes room; whoever keeps a bucket has to let go of it. */
  forget(): void {
    const nowMs = this.#clock.monotonic()
    for (const [id, { bucket }] of this.#held) if (bucket.isFull(nowMs)) this.#held.delete(id)
    if (this.#held.size >= rememberedMax) this.#held.clear()
  }

  #rate(key: QuotaKey, entity: QuotaEntity): number | undefined {
    const value = this.#metadata.image.quotas.get(quotaEntityId(entity))?.values.get(key)
    return value === undefined ? undefined : value * quotaUnits[key]
  }
}

/** Entities whose quota may be that of `sharer`: each of its names, or all that have none of their own. */
function orOthers(sharer: QuotaEntity): QuotaEntity[] {
  let entities: QuotaEntity[] = [{}]
  for (const [type, name] of Object.entries(sharer))
    entities = entities.flatMap((entity) => [
      { ...entity, [type]: name },
      { ...entity, [type]: null },
    ])
  return entities
}
