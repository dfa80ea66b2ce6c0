/**
 * The connection to Redis, and the scripts that decide there. Each script is one atomic step.
 *
 * Keys, all below `<prefix>:{<cluster>}` (the braces keep them on one node of a Redis cluster):
 *   lease     who leads: the token of a process; ends by itself
 *   epoch     the highest epoch that was announced here
 *   leader    JSON { epoch, address } of the leader; ends with the lease
 *   jobs      hash: job id to JSON { epoch, record }; a copy of what the storage has
 *
 * Secrets are never part of a message.
 */
import { createRequire } from 'node:module'
import type { Callback, Redis, Result } from 'ioredis'
import { errors } from './errors.ts'

// A JobManager that leads alone needs no Redis, and not the memory of its client either.
const require = createRequire(import.meta.url)

export interface RedisSettings {
  readonly url: string
  readonly username: string | undefined
  readonly password: string | undefined
}

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

export interface RedisEndpoint {
  readonly host: string
  readonly port: number
  readonly db?: number
  readonly username?: string
  readonly password?: string
  readonly tls?: { readonly servername: string }
}

/** Options for a connection of ours or of a queue. Throws HA_BAD_REDIS_URL. */
export function redisOptions({ url, username, password }: RedisSettings): RedisEndpoint {
  let parsed: URL
  try {
    parsed = new URL(url)
  } catch {
    // The error of the runtime repeats the URL, and a password may stand in it.
    throw errors.create('BAD_REDIS_URL', { reason: 'it cannot be parsed' })
  }
  const tls = parsed.protocol === 'rediss:'
  if (!tls && parsed.protocol !== 'redis:') {
    throw errors.create('BAD_REDIS_URL', { reason: `it begins with ${parsed.protocol}` })
  }
  const database = parsed.pathname.replace(/^\//, '')
  if (!/^\d*$/.test(database)) throw errors.create('BAD_REDIS_URL', { reason: 'the database is not a number' })
  if (parsed.hostname === '') throw errors.create('BAD_REDIS_URL', { reason: 'it has no host' })
  const user = username ?? decodeURIComponent(parsed.username)
  const secret = password ?? decodeURIComponent(parsed.password)
  const host = parsed.hostname.replace(/^\[|\]$/g, '')
  return {
    host,
    port: parsed.port === '' ? 6379 : Number(parsed.port),
    ...(database === '' ? {} : { db: Number(database) }),
    ...(user === '' ? {} : { username: user }),
    ...(secret === '' ? {} : { password: secret }),
    ...(tls ? { tls: { servername: host } } : {}),
  }
}

/** A connection that fails fast and comes back by itself. Errors of the connection show in its calls. */
export function connectRedis(settings: RedisSettings, timeoutMs: number): Redis {
  const { Redis: Connection } = require('ioredis') as typeof import('ioredis')
  const redis = new Connection({
    ...redisOptions(settings),
    commandTimeout: timeoutMs,
    connectTimeout: timeoutMs,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    lazyConnect: true,
    retryStrategy: (times: number) => Math.min(50 * times, 500),
  })
  for (const [name, script] of Object.entries(scripts)) redis.defineCommand(name, script)
  redis.on('error', () => undefined)
  return redis
}

/** Names of the keys of a cluster. */
export function redisKeys(
  prefix: string,
  cluster: string,
): Readonly<Record<'lease' | 'epoch' | 'leader' | 'jobs', string>> {
  const base = `${prefix}:{${cluster}}`
  return { lease: `${base}:lease`, epoch: `${base}:epoch`, leader: `${base}:leader`, jobs: `${base}:jobs` }
}
