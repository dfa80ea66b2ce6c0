/**
 * The fence: a register in the storage that names the newest leader. Redis may forget; this does not, so an epoch is never
 * used twice, and two clusters that were given one directory find out before they touch anything.
 *
 * Promises: `claim` gives an epoch higher than all before, by compare-and-set; of two that claim at once each gets its own.
 */
import { isMillraceError } from '../../core/errors.ts'
import type { BlobStorage } from '../../core/storage/storage.ts'
import { errors } from './errors.ts'

export interface Fence {
  readonly version: 1
  readonly cluster: string
  /** Rises with each leader. */
  readonly epoch: number
  /** host:port of that leader. */
  readonly address: string
  /** Rises while the leader is alive, for those who cannot see its lease. 0: it went in order. */
  readonly beat: number
}

const path = 'leader'

export class EpochFence {
  readonly #storage: BlobStorage
  readonly #cluster: string

  constructor(storage: BlobStorage, cluster: string) {
    this.#storage = storage
    this.#cluster = cluster
  }

  /** Throws HA_DIRECTORY_OF_OTHER_CLUSTER, HA_BAD_FENCE. */
  async read(): Promise<Fence | undefined> {
    return (await this.#read())?.fence
  }

  /** `atLeast`: an epoch that somebody has seen. */
  async claim(address: string, atLeast: number): Promise<number> {
    for (;;) {
      const found = await this.#read()
      const epoch = Math.max(found?.fence.epoch ?? 0, atLeast) + 1
      if (await this.#write(found?.bytes ?? null, { version: 1, cluster: this.#cluster, epoch, address, beat: 1 })) {
        return epoch
      }
    }
  }

  /** Says that the leader of `epoch` lives, or with 0 that it goes. False when there is a later one. */
  async beat(epoch: number, beat: number): Promise<boolean> {
    for (;;) {
      const found = await this.#read()
      if (found?.fence.epoch !== epoch) return false
      if (await this.#write(found.bytes, { ...found.fence, beat })) return true
    }
  }

  async #read(): Promise<{ readonly fence: Fence; readonly bytes: Uint8Array } | undefined> {
    let bytes: Uint8Array
    try {
      bytes = await this.#storage.get(path)
    } catch (error) {
      if (isMillraceError(error, 'STORAGE_NOT_FOUND')) return undefined
      throw error
    }
    const where = `${this.#storage.url}/${path}`
    const fence = parse(bytes, where)
    if (fence.cluster !== this.#cluster) {
      const context = { directory: this.#storage.url, other: fence.cluster, own: this.#cluster }
      throw errors.create('DIRECTORY_OF_OTHER_CLUSTER', context)
    }
    return { fence, bytes }
  }

  async #write(expected: Uint8Array | null, fence: Fence): Promise<boolean> {
    const bytes = Buffer.from(JSON.stringify(fence))
    try {
      return await this.#storage.compareAndSet(path, expected, bytes)
    } catch (error) {
      // Unknown: it took effect when it is there. For a claim the address and epoch together are ours alone.
      const found = await this.#read()
      if (found !== undefined && Buffer.compare(found.bytes, bytes) === 0) return true
      throw error
    }
  }
}

function parse(bytes: Uint8Array, where: string): Fence {
  let fence: Partial<Fence>
  try {
    fence = JSON.parse(Buffer.from(bytes).toString()) as Partial<Fence>
  } catch (cause) {
    throw errors.create('BAD_FENCE', { path: where, reason: (cause as Error).message }, { cause })
  }
  if (fence?.version !== 1) throw errors.create('BAD_FENCE', { path: where, reason: `version ${fence?.version}` })
  const whole = Number.isSafeInteger(fence.epoch) && Number.isSafeInteger(fence.beat)
  if (!whole || typeof fence.cluster !== 'string' || typeof fence.address !== 'string') {
    throw errors.create('BAD_FENCE', { path: where, reason: 'a field is missing' })
  }
  return fence as Fence
}
