/** What every part of the Kafka client is told: where, as whom, how patiently, and on which clock and network. */
import type { BackoffPolicy } from '../../../core/async/index.ts'
import { type Clock, systemClock } from '../../../core/platform/clock.ts'
import { type Network, systemNetwork } from '../../../core/platform/net.ts'
import { type Random, systemRandom } from '../../../core/platform/random.ts'
import type { ConnectionOptions } from '../../../core/platform/tls.ts'
import { badOption } from '../../errors.ts'

export interface SaslOptions {
  readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'
  readonly username: string
  readonly password: string
}

export interface KafkaClientOptions {
  /** Some brokers, `host:port`; the others are learnt from them. */
  readonly brokers: readonly string[]
  /** Shown in the logs of brokers. Default `millrace`. */
  readonly clientId?: string
  /** `true` for TLS with the certificates that Node trusts. */
  readonly tls?: boolean | ConnectionOptions
  readonly sasl?: SaslOptions
  /** Default 10 s. */
  readonly connectTimeoutMs?: number
  /** For answers that the broker need not wait for. Default 30 s. */
  readonly requestTimeoutMs?: number
  /** How long requests that may succeed later are tried again. Default 60 s. */
  readonly retryTimeoutMs?: number
  /** How old the knowledge of topics and leaders may get. Default 60 s. */
  readonly metadataMaxAgeMs?: number
  readonly backoff?: BackoffPolicy
  readonly clock?: Clock
  readonly network?: Network
  readonly random?: Random
}

export interface ClientSettings extends Required<Omit<KafkaClientOptions, 'tls' | 'sasl' | 'brokers'>> {
  readonly brokers: readonly Address[]
  readonly tls: ConnectionOptions | undefined
  readonly sasl: SaslOptions | undefined
}

export interface Address {
  readonly host: string
  readonly port: number
}

/** `host:port`, with brackets around a host that has colons. */
export const showAddress = ({ host, port }: Address): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`

const defaultPort = 9092

/** Reads `host`, `host:port` or `[::1]:port`; undefined for anything else. */
export function parseAddress(text: string): Address | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]]+))(?::(\d{1,5}))?$/.exec(text.trim())
  if (match === null) return undefined
  const port = Number(match[3] ?? defaultPort)
  return port > 65_535 || port < 1 ? undefined : { host: (match[1] ?? match[2]) as string, port }
}

/** Options with their defaults; throws CONNECTOR_BAD_OPTION. */
export function clientSettings(options: KafkaClientOptions): ClientSettings {
  const brokers = options.brokers.map((text) => {
    const address = parseAddress(text)
    if (address === undefined) throw badOption('kafka', 'brokers', text, 'host:port')
    return address
  })
  if (brokers.length === 0) throw badOption('kafka', 'brokers', 'empty', 'at least one host:port')
  return {
    brokers,
    clientId: options.clientId ?? 'millrace',
    tls: options.tls === true ? {} : options.tls === false ? undefined : options.tls,
    sasl: options.sasl,
    connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
    requestTimeoutMs: options.requestTimeoutMs ?? 30_000,
    retryTimeoutMs: options.retryTimeoutMs ?? 60_000,
    metadataMaxAgeMs: options.metadataMaxAgeMs ?? 60_000,
    backoff: options.backoff ?? { initialMs: 50, maxMs: 2000, factor: 2, jitter: 0.3 },
    clock: options.clock ?? systemClock,
    network: options.network ?? systemNetwork,
    random: options.random ?? systemRandom,
  }
}
