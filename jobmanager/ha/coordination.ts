/**
 * What replicas of the JobManager agree through: a lease, a registry beside it, and queues of work. Redis in production
 * (`redisCoordination`); nothing that is kept here alone may be needed.
 */
import { RedisConnection, redisKeys } from './redis.ts'
import { RedisLease } from './redis-lease.ts'
import type { RedisSettings } from './redis-options.ts'
import { RedisQueues } from './redis-work.ts'
import type { LeaderWork, WorkHandlers } from './work.ts'

export interface Coordination {
  readonly lease: Pick<RedisLease, keyof RedisLease>
  readonly queues: LeaderQueues
  /** May fail: it goes on trying, unless the error says that this can never be (`retry: 'never'`). */
  connect(): Promise<void>
  disconnect(): void
}

export interface LeaderQueues {
  /** Tells the leader of a job that was accepted; the same job once. True when it has taken it over before the time is up. */
  submitted(jobId: string, timeoutMs: number): Promise<boolean>
  /** Takes out, until the answer is closed. */
  lead(handlers: WorkHandlers): LeaderWork
  close(): Promise<void>
}

export interface RedisCoordinationOptions {
  readonly redis: RedisSettings
  readonly prefix: string
  readonly cluster: string
  readonly leaseMs: number
  /** Of this process alone, never used before. */
  readonly token: string
  trouble(text: string, error: unknown): void
}

export function redisCoordination(options: RedisCoordinationOptions): Coordination {
  const { redis, prefix, cluster, leaseMs, token, trouble } = options
  const timeoutMs = Math.max(200, leaseMs / 3)
  const keys = redisKeys(prefix, cluster)
  const connection = new RedisConnection(redis, timeoutMs)
  return {
    lease: new RedisLease(connection, keys, token),
    queues: new RedisQueues({ redis, prefix, cluster, timeoutMs, trouble }),
    connect: () => connection.connect(),
    disconnect: () => connection.disconnect(),
  }
}
