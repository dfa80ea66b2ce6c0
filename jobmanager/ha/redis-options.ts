/**
 * Where Redis is, as the configuration says it and as `ioredis` and `bullmq` want to be told: one server, or the master that
 * Sentinels name. Certificates that are renewed are used for the connections that come after.
 */
import type { RedisOptions } from 'ioredis'
import type { Config } from '../../core/config/index.ts'
import type { Clock } from '../../core/platform/clock.ts'
import type { Disk } from '../../core/platform/disk.ts'
import { tlsErrors } from '../../core/tls/errors.ts'
import { type TlsFile, TlsFiles, type TlsPaths, type TlsSource } from '../../core/tls/files.ts'
import { named } from '../../proto/rpc/tls-options.ts'
import { errors } from './errors.ts'
import * as options from './options.ts'

/** How answers look is the business of whoever asks. */
export type ConnectionOptions = Omit<RedisOptions, 'replyMapping'>

export interface SentinelSettings {
  /** host:port, with commas. */
  readonly addresses: string
  /** The name under which they know the master. */
  readonly master: string
  readonly username: string | undefined
  readonly password: string | undefined
}

export interface RedisSettings {
  readonly url: string
  readonly username: string | undefined
  readonly password: string | undefined
  /** Asked where the master is: host and port of the URL do not count then. */
  readonly sentinel?: SentinelSettings | undefined
  /** Of rediss. Default: the well-known authorities, and no certificate. */
  readonly tls?: TlsSource | undefined
}

const redisPort = 6379
const sentinelPort = 26379
const sentinelPauseMs = 200

export function redisSettings(config: Config, tls?: TlsSource): RedisSettings {
  const addresses = config.get(options.haSentinels) ?? ''
  return {
    url: config.get(options.haRedisUrl),
    username: config.get(options.haRedisUser),
    password: config.get(options.haRedisPassword),
    sentinel:
      addresses.trim() === ''
        ? undefined
        : {
            addresses,
            master: config.get(options.haSentinelMaster),
            username: config.get(options.haSentinelUser),
            password: config.get(options.haSentinelPassword),
          },
    tls,
  }
}

/** Options for a connection of ours or of a queue. Throws HA_BAD_REDIS_URL, HA_BAD_SENTINEL. */
export function redisOptions({ url, username, password, sentinel, tls }: RedisSettings): ConnectionOptions {
  const parsed = parseUrl(url)
  const database = parsed.pathname.replace(/^\//, '')
  if (!/^\d*$/.test(database)) throw errors.create('BAD_REDIS_URL', { reason: 'the database is not a number' })
  const user = username ?? decodeURIComponent(parsed.username)
  const secret = password ?? decodeURIComponent(parsed.password)
  const encrypted = parsed.protocol === 'rediss:'
  const shared: ConnectionOptions = {
    ...(database === '' ? {} : { db: Number(database) }),
    ...(user === '' ? {} : { username: user }),
    ...(secret === '' ? {} : { password: secret }),
  }
  if (sentinel === undefined) {
    if (parsed.hostname === '') throw errors.create('BAD_REDIS_URL', { reason: 'it has no host' })
    const host = parsed.hostname.replace(/^\[|\]$/g, '')
    // A server may have several certificates; addresses are no names to choose one by.
    const servername = /^[\d.]+$|:/.test(host) ? undefined : host
    return {
      host,
      port: parsed.port === '' ? redisPort : Number(parsed.port),
      ...shared,
      ...(encrypted ? { tls: tlsOptions(tls, servername) } : {}),
    }
  }
  return {
    sentinels: sentinel.addresses.split(',').map((each) => sentinelAddress(each.trim())),
    name: sentinel.master,
    ...(sentinel.username === undefined ? {} : { sentinelUsername: sentinel.username }),
    ...(sentinel.password === undefined ? {} : { sentinelPassword: sentinel.password }),
    sentinelRetryStrategy: () => sentinelPauseMs,
    ...shared,
    ...(encrypted ? { tls: tlsOptions(tls), sentinelTLS: tlsOptions(tls), enableTLSForSentinelMode: true } : {}),
  }
}

/** Files for rediss. Throws TLS_NOT_SET, and HA_BAD_REDIS_URL when the URL would have nobody look at them. */
export function redisTlsPaths(config: Config): TlsPaths {
  const ca = named(config, options.haRedisCa)
  const cert = named(config, options.haRedisCert)
  const key = named(config, options.haRedisKey)
  const without = (missing: string, given: TlsFile): Error =>
    tlsErrors.create('NOT_SET', { option: missing, because: `${given.option} is` })
  if (cert !== undefined && key === undefined) throw without(options.haRedisKey.key, cert)
  if (key !== undefined && cert === undefined) throw without(options.haRedisCert.key, key)
  const set = ca ?? cert
  if (set !== undefined && parseUrl(config.get(options.haRedisUrl)).protocol !== 'rediss:') {
    throw errors.create('BAD_REDIS_URL', { reason: `${set.option} is set, and it does not begin with rediss:` })
  }
  return { ca, cert, key }
}

/** Opens the files; to be closed. Throws TLS_…. */
export function openRedisTls(
  config: Config,
  disk: Disk,
  clock: Clock,
  warn: (text: string, fields: Readonly<Record<string, unknown>>) => void,
): TlsFiles {
  return new TlsFiles(redisTlsPaths(config), disk, clock, warn)
}

function parseUrl(url: string): URL {
  let parsed: URL
  try {
    parsed = new URL(url)
  } catch {
    // The error of the runtime repeats the URL, and a password may stand in it.
    throw errors.create('BAD_REDIS_URL', { reason: 'it cannot be parsed' })
  }
  if (parsed.protocol !== 'rediss:' && parsed.protocol !== 'redis:') {
    throw errors.create('BAD_REDIS_URL', { reason: `it begins with ${parsed.protocol}` })
  }
  return parsed
}

function sentinelAddress(text: string): { host: string; port: number } {
  const match = /^(\[[^\]]+\]|[^:@/\s[\]]+)(?::(\d{1,5}))?$/.exec(text)
  const port = Number(match?.[2] ?? sentinelPort)
  const host = match?.[1]?.replace(/^\[|\]$/g, '')
  if (host === undefined || port === 0 || port > 65_535) throw errors.create('BAD_SENTINEL', { address: text })
  return { host, port }
}

/** Read anew for each connection. */
function tlsOptions(source: TlsSource | undefined, servername?: string): NonNullable<RedisOptions['tls']> {
  return {
    ...(servername === undefined ? {} : { servername }),
    get ca() {
      return source?.current.ca
    },
    get cert() {
      return source?.current.cert
    },
    get key() {
      return source?.current.key
    },
  }
}
