/**
 * The connection to Redis, and the scripts that decide there. Each script is one atomic step.
 *
 * Keys, all below `<prefix>:{<cluster>}` (the braces are how bullmq wants them):
 *   lease     who leads: the token of a process; ends by itself
 *   epoch     the highest epoch that was announced here
 *   leader    JSON { epoch, address } of the leader; ends with the lease
 *   jobs      hash: job id to JSON { epoch, record }; a copy of what the storage has
 *
 * Secrets are never part of a message.
 */
import { createRequire } from 'node:module'
import type { Callback, Redis, Result } from 'ioredis'
import { systemClock } from '../../core/platform/clock.ts'
import { errors } from './errors.ts'
import { type ConnectionOptions, type RedisSettings, redisOptions } from './redis-options.ts'

// A JobManager that leads alone needs no Redis, and not the memory of its client either.
const require = createRequire(import.meta.url)

declare module 'ioredis' {
  interface RedisCommander<Context> {
    leaseAcquire(lease: string, token: string, ms: number, callback?: Callback<number>): Result<number, Context>
    leaseRenew(
      lease: string,
      leader: string,
      token: string,
      ms: number,
      callback?: Callback<number>,
    ): Result<number, Context>
    leaseRelease(lease: string, leader: string, token: string, callback?: Callback<number>): Result<number, Context>
    announce(
      lease: string,
      epochKey: string,
      leader: string,
      token: string,
      epoch: number,
      address: string,
      ms: number,
      callback?: Callback<number>,
    ): Result<number, Context>
    jobPut(
      epochKey: string,
      jobs: string,
      epoch: number,
      jobId: string,
      record: string,
      callback?: Callback<number>,
    ): Result<number, Context>
  }
}

const scripts = {
  /** 1: it is ours, as it may have been already. */
  leaseAcquire: {
    numberOfKeys: 1,
    lua: `
      local holder = redis.call('GET', KEYS[1])
      if holder and holder ~= ARGV[1] then return 0 end
      redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
      return 1`,
  },
  /** 1 held, 0 somebody else's, -1 nobody's. */
  leaseRenew: {
    numberOfKeys: 2,
    lua: `
      local holder = redis.call('GET', KEYS[1])
      if not holder then return -1 end
      if holder ~= ARGV[1] then return 0 end
      redis.call('PEXPIRE', KEYS[1], ARGV[2])
      redis.call('PEXPIRE', KEYS[2], ARGV[2])
      return 1`,
  },
  leaseRelease: {
    numberOfKeys: 2,
    lua: `
      if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
      redis.call('DEL', KEYS[1], KEYS[2])
      return 1`,
  },
  /** 1 when the holder of the lease with an epoch that is not old says where it is. */
  announce: {
    numberOfKeys: 3,
    lua: `
      if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
      local seen = tonumber(redis.call('GET', KEYS[2]) or '0')
      if tonumber(ARGV[2]) < seen then return 0 end
      redis.call('SET', KEYS[2], ARGV[2])
      redis.call('SET', KEYS[3], cjson.encode({ epoch = tonumber(ARGV[2]), address = ARGV[3] }), 'PX', ARGV[4])
      return 1`,
  },
  /** 1 unless a later leader was announced. An empty record deletes. */
  jobPut: {
    numberOfKeys: 2,
    lua: `
      if tonumber(ARGV[1]) < tonumber(redis.call('GET', KEYS[1]) or '0') then return 0 end
      if ARGV[3] == '' then redis.call('HDEL', KEYS[2], ARGV[2]) else redis.call('HSET', KEYS[2], ARGV[2], ARGV[3]) end
      return 1`,
  },
} as const

/**
 * A connection that fails fast and comes back by itself, to another server when Sentinels name another one. What fails says why
 * there is no connection rather than that there is none.
 */
export class RedisConnection {
  readonly #redis: Redis
  readonly #timeoutMs: number
  #trouble: Error | undefined

  constructor(settings: RedisSettings, timeoutMs: number) {
    const { Redis: Connection } = require('ioredis') as typeof import('ioredis')
    this.#timeoutMs = timeoutMs
    this.#redis = new Connection({
      ...redisOptions(settings),
      ...patience(timeoutMs),
      commandTimeout: timeoutMs,
      // One that answers nothing at all may be a machine that is gone: the system would wait for it for a quarter of an hour.
      socketTimeout: timeoutMs * 2,
      maxRetriesPerRequest: 0,
      enableOfflineQueue: false,
      lazyConnect: true,
      retryStrategy: (times: number) => Math.min(50 * times, 500),
    })
    for (const [name, script] of Object.entries(scripts)) this.#redis.defineCommand(name, script)
    this.#redis.on('error', (error: Error) => {
      this.#trouble = error
    })
    this.#redis.on('ready', () => {
      this.#trouble = undefined
    })
  }

  /** Throws HA_REDIS_CLUSTER, and when there is no connection yet: it goes on trying. */
  async connect(): Promise<void> {
    const late = new Promise<void>((resolve) => systemClock.setTimeout(resolve, this.#timeoutMs))
    // Where no Sentinel answers, it has no end.
    await Promise.race([this.#redis.connect(), late])
    if (/^redis_mode:cluster/m.test(await this.ask((redis) => redis.info('server')))) {
      throw errors.create('REDIS_CLUSTER', {})
    }
  }

  disconnect(): void {
    this.#redis.disconnect()
  }

  /** Throws HA_REDIS_AWAY, HA_REDIS_CLUSTER. */
  async ask<T>(question: (redis: Redis) => Promise<T>): Promise<T> {
    try {
      return await question(this.#redis)
    } catch (cause) {
      // Not as the cause: it carries the command, and of the one that logs in a password.
      const { message } = cause as Error
      if (/^(MOVED|CLUSTERDOWN) /.test(message)) throw errors.create('REDIS_CLUSTER', {})
      throw errors.create('REDIS_AWAY', { reason: this.#trouble?.message ?? message })
    }
  }
}

/** For every connection, ours and those of queues. */
export function patience(timeoutMs: number): ConnectionOptions {
  return {
    connectTimeout: timeoutMs,
    sentinelCommandTimeout: timeoutMs,
    // The master of before, which does not know it yet when we ask it, or knows it and goes on listening.
    reconnectOnError: (error: Error) => error.message.includes('READONLY'),
  }
}

/** Names of the keys of a cluster. */
export function redisKeys(
  prefix: string,
  cluster: string,
): Readonly<Record<'lease' | 'epoch' | 'leader' | 'jobs', string>> {
  const base = `${prefix}:{${cluster}}`
  return { lease: `${base}:lease`, epoch: `${base}:epoch`, leader: `${base}:leader`, jobs: `${base}:jobs` }
}
