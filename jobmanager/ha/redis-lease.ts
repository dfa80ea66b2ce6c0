/**
 * The lease in Redis, where the leader is announced with its epoch, and the copy of the registry that others may read.
 *
 * Promises: every write is one script that looks at the token or the epoch. What is here is also in the storage, or can be
 * said again: Redis may lose it all.
 */
import type { JobRecord } from '../job-store.ts'
import type { LeasePort } from './lease.ts'
import type { RedisConnection, redisKeys } from './redis.ts'

export interface Leader {
  readonly epoch: number
  readonly address: string
}

export class RedisLease implements LeasePort {
  readonly #redis: RedisConnection
  readonly #keys: ReturnType<typeof redisKeys>
  readonly #token: string

  /** `token`: of this process alone, never used before. */
  constructor(redis: RedisConnection, keys: ReturnType<typeof redisKeys>, token: string) {
    this.#redis = redis
    this.#keys = keys
    this.#token = token
  }

  async acquire(leaseMs: number): Promise<boolean> {
    return (
      (await this.#redis.ask((redis) => redis.leaseAcquire(this.#keys.lease, this.#token, Math.ceil(leaseMs)))) === 1
    )
  }

  async renew(leaseMs: number): Promise<'held' | 'missing' | 'taken'> {
    const { lease, leader } = this.#keys
    const answer = await this.#redis.ask((redis) => redis.leaseRenew(lease, leader, this.#token, Math.ceil(leaseMs)))
    return answer === 1 ? 'held' : answer === -1 ? 'missing' : 'taken'
  }

  async release(): Promise<void> {
    await this.#redis.ask((redis) => redis.leaseRelease(this.#keys.lease, this.#keys.leader, this.#token))
  }

  /** Highest epoch that was announced here; 0 when Redis knows of none: it is new, or has lost what it knew. */
  async epoch(): Promise<number> {
    return Number((await this.#redis.ask((redis) => redis.get(this.#keys.epoch))) ?? 0)
  }

  async held(): Promise<boolean> {
    return (await this.#redis.ask((redis) => redis.exists(this.#keys.lease))) === 1
  }

  /** Says where the leader is. False when the lease is not ours, or a later leader was here. */
  async announce(epoch: number, address: string, leaseMs: number): Promise<boolean> {
    const { lease, epoch: epochKey, leader } = this.#keys
    const ms = Math.ceil(leaseMs)
    return (
      (await this.#redis.ask((redis) => redis.announce(lease, epochKey, leader, this.#token, epoch, address, ms))) === 1
    )
  }

  async leader(): Promise<Leader | undefined> {
    const found = await this.#redis.ask((redis) => redis.get(this.#keys.leader))
    return found === null ? undefined : (JSON.parse(found) as Leader)
  }

  /** False when a later leader was announced. `undefined` deletes. */
  async putJob(epoch: number, jobId: string, record: JobRecord | undefined): Promise<boolean> {
    const json = record === undefined ? '' : JSON.stringify({ epoch, record })
    return (await this.#redis.ask((redis) => redis.jobPut(this.#keys.epoch, this.#keys.jobs, epoch, jobId, json))) === 1
  }

  /** The copy: what the last leader had stored. */
  async jobs(): Promise<JobRecord[]> {
    const all = await this.#redis.ask((redis) => redis.hgetall(this.#keys.jobs))
    return Object.values(all).map((json) => (JSON.parse(json) as { readonly record: JobRecord }).record)
  }
}
