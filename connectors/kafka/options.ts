/** How a source or sink gets to its brokers: the options that both have, checked, as those of the client. */
import type { ConnectionOptions } from '../../core/platform/tls.ts'
import { type Duration, durationMs } from '../../sdk/duration.ts'
import { isBuilding, optionOfBuild } from '../../sdk/graph/building.ts'
import { badOption } from '../errors.ts'
import { type KafkaClientOptions, parseAddress, type SaslOptions } from './client/options.ts'
import { kafkaConnectorErrors } from './errors.ts'

export interface KafkaConnection {
  /** `host:port` of some brokers, as a list or with commas; the others are learnt from them. Default: the job's option `kafka.brokers`, which `millrace run` takes from the environment and millrace.yaml too, and `millrace dev` sets to its own broker. */
  readonly brokers?: string | readonly string[]
  /** Shown in the logs of brokers. Default `millrace`. */
  readonly clientId?: string
  /** `true`: TLS with the certificates that Node trusts. */
  readonly tls?: boolean | ConnectionOptions
  readonly sasl?: SaslOptions
  /** For answers that a broker need not wait for. Default 30 s. */
  readonly requestTimeout?: Duration
}

export const connectionKeys: readonly string[] = ['brokers', 'clientId', 'tls', 'sasl', 'requestTimeout']
const mechanisms: readonly string[] = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']

export function clientOptions(factory: string, options: KafkaConnection): KafkaClientOptions {
  const { brokers = defaultBrokers(factory), clientId, tls, sasl, requestTimeout } = options
  const list = (typeof brokers === 'string' ? brokers.split(',') : [...brokers]).map((text) => String(text).trim())
  const wrong = list.find((text) => parseAddress(text) === undefined)
  if (wrong !== undefined || list.length === 0) throw badOption(factory, 'brokers', wrong ?? 'empty', 'host:port')
  if (sasl !== undefined) {
    if (!mechanisms.includes(sasl.mechanism))
      throw badOption(factory, 'sasl.mechanism', sasl.mechanism, mechanisms.join(', '))
    if (typeof sasl.username !== 'string' || typeof sasl.password !== 'string')
      throw badOption(factory, 'sasl', 'incomplete', 'a username and a password')
  }
  return {
    brokers: list,
    ...(clientId === undefined ? {} : { clientId }),
    ...(tls === undefined ? {} : { tls }),
    ...(sasl === undefined ? {} : { sasl }),
    ...(requestTimeout === undefined ? {} : { requestTimeoutMs: durationMs(requestTimeout) }),
  }
}

function defaultBrokers(factory: string): string {
  const brokers = optionOfBuild('kafka.brokers')
  if (brokers === undefined && isBuilding()) throw kafkaConnectorErrors.create('NO_BROKERS', { connector: factory })
  return brokers ?? '127.0.0.1:9092'
}

/** One topic or several, checked. */
export function topicNames(factory: string, topic: unknown): readonly string[] {
  const names: readonly unknown[] = Array.isArray(topic) ? topic : [topic]
  for (const name of names)
    if (typeof name !== 'string' || !/^[A-Za-z0-9._-]{1,249}$/.test(name) || name === '.' || name === '..')
      throw badOption(factory, 'topic', name, 'the name of a topic: letters, digits, dots, _ and -')
  if (names.length === 0) throw badOption(factory, 'topic', 'empty', 'at least one topic')
  return names as readonly string[]
}
