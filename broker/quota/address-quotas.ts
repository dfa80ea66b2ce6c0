/**
 * How many connections an address may open per second: Kafka's quota `connection_creation_rate` of the entity `ip`, or of all addresses that have
 * none of their own. A second's worth may come at once. One thread.
 */
import type { Clock } from '../../core/platform/clock.ts'
import type { MetadataLog } from '../metadata/metadata-log.ts'
import { Buckets, rememberedMax } from './buckets.ts'

export class AddressQuotas {
  readonly #clock: Clock
  readonly #buckets: Buckets
  #any = false

  constructor(metadata: Pick<MetadataLog, 'image' | 'subscribe'>, clock: Clock) {
    this.#clock = clock
    this.#buckets = new Buckets(metadata, clock)
    const look = (): void => {
      this.#any = [...metadata.image.quotas.values()].some(({ entity }) => entity.ip !== undefined)
    }
    look()
    metadata.subscribe((records) => {
      if (!records.some(({ kind }) => kind === 'quota')) return
      look()
      this.#buckets.quotasChanged()
    })
  }

  /** Whether `address` may open a connection now; it counts if so. */
  admits(address: string): boolean {
    if (!this.#any) return true
    if (this.#buckets.size >= rememberedMax) this.#buckets.forget()
    const sharer = { ip: address }
    const bucket =
      this.#buckets.find('connection_creation_rate', sharer, sharer) ??
      this.#buckets.find('connection_creation_rate', { ip: null }, sharer)
    return bucket === undefined || bucket.takeIfThere(1, this.#clock.monotonic())
  }
}
