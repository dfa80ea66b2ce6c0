/**
 * The connection of a verb to a broker: flags first, then the environment, then the file (--config, or millrace.yaml
 * here), then the broker of a `millrace dev` that runs in this folder, then 127.0.0.1:9092. Errors of brokers that mean
 * "there is no such thing" or "not now" become errors of the command line, with its exit codes.
 */
import {
  KafkaAdmin,
  type KafkaClientOptions,
  KafkaCluster,
  type TopicInfo,
} from '../../connectors/kafka/client/index.ts'
import type { Config } from '../../core/config/index.ts'
import { nearest } from '../../core/config/index.ts'
import { systemDisk } from '../../core/platform/disk.ts'
import { kafkaError } from '../../proto/kafka/error-codes.ts'
import { parseDefinitions } from '../cluster.ts'
import { devBrokerAddress } from '../dev/dev-broker.ts'
import { cliErrors } from '../errors.ts'
import { processConfig } from '../process-config.ts'
import * as options from './options.ts'

export interface KafkaFlags {
  /** `-b host:port`, several with commas. */
  readonly bootstrap?: string
  readonly config?: string
  readonly tls?: boolean
  readonly tlsCa?: string
  readonly tlsCert?: string
  readonly tlsKey?: string
  /** `name` or `name:password`. */
  readonly user?: string
  readonly saslMechanism?: string
  readonly define?: readonly string[]
}

/** Requests that may succeed later are tried again for so long, once a broker has answered at all. */
const retryTimeoutMs = 30_000

/** Throws CONFIG_… and CLI_…. */
export function clientOptions(flags: KafkaFlags): KafkaClientOptions {
  const definitions = parseDefinitions(flags.define)
  const given: readonly (readonly [string, string | undefined])[] = [
    [options.kafkaBrokers.key, flags.bootstrap],
    [options.kafkaTls.key, flags.tls === true ? 'true' : undefined],
    [options.kafkaTlsCa.key, flags.tlsCa],
    [options.kafkaTlsCert.key, flags.tlsCert],
    [options.kafkaTlsKey.key, flags.tlsKey],
    [options.kafkaSaslMechanism.key, flags.saslMechanism?.toUpperCase()],
    [options.kafkaSaslUsername.key, flags.user?.split(':')[0]],
    [
      options.kafkaSaslPassword.key,
      flags.user?.includes(':') ? flags.user.slice(flags.user.indexOf(':') + 1) : undefined,
    ],
  ]
  for (const [key, value] of given) if (value !== undefined) definitions[key] = value
  const config = processConfig(flags.config, definitions)
  const running = config.has(options.kafkaBrokers) ? undefined : devBrokerAddress()
  const tls = tlsOf(config)
  const sasl = saslOf(config)
  return {
    brokers: (running ?? config.get(options.kafkaBrokers))
      .split(',')
      .map((each) => each.trim())
      .filter((each) => each !== ''),
    clientId: 'millrace-cli',
    connectTimeoutMs: 5000,
    retryTimeoutMs,
    ...(tls === undefined ? {} : { tls }),
    ...(sasl === undefined ? {} : { sasl }),
  }
}

function tlsOf(config: Config): KafkaClientOptions['tls'] | undefined {
  const [ca, cert, key] = [options.kafkaTlsCa, options.kafkaTlsCert, options.kafkaTlsKey].map((each) => {
    const path = config.get(each)
    return path === undefined ? undefined : readFile(path)
  })
  if (ca === undefined && cert === undefined && key === undefined) return config.get(options.kafkaTls) || undefined
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  }
}

function saslOf(config: Config): KafkaClientOptions['sasl'] {
  const username = config.get(options.kafkaSaslUsername)
  if (username === undefined) return undefined
  const password = config.get(options.kafkaSaslPassword)
  if (password === undefined) {
    throw cliErrors.create('BAD_ARGUMENT', {
      problem: `the user ${username} has no password: MILLRACE_KAFKA_SASL_PASSWORD, kafka.sasl.password in a file, or --user ${username}:PASSWORD`,
    })
  }
  return { mechanism: config.get(options.kafkaSaslMechanism) as 'PLAIN', username, password }
}

/** Throws CLI_NO_SUCH_FILE and CLI_UNREADABLE. */
export function readFile(path: string): Buffer {
  if (!systemDisk.exists(path)) throw cliErrors.create('NO_SUCH_FILE', { file: path, suggestion: '' })
  try {
    return systemDisk.read(path)
  } catch (cause) {
    throw cliErrors.create('UNREADABLE', { file: path, reason: (cause as Error).message }, { cause })
  }
}

export interface Kafka {
  readonly cluster: KafkaCluster
  readonly admin: KafkaAdmin
}

/**
 * Runs `work` with a client and closes it. A broker that does not answer is an error at once; one that goes away later
 * is waited for. Throws KAFKA_….
 */
export async function withKafka<T>(flags: KafkaFlags, work: (kafka: Kafka) => Promise<T>): Promise<T> {
  const cluster = new KafkaCluster(clientOptions(flags))
  try {
    await cluster.refresh([])
    return await work({ cluster, admin: new KafkaAdmin(cluster) })
  } finally {
    await cluster.close()
  }
}

/** The code of a broker behind an error, if it is one. */
export function brokerCode(error: unknown): number | undefined {
  const context = (error as { readonly context?: { readonly code?: unknown } } | null)?.context
  return typeof context?.code === 'number' ? context.code : undefined
}

/** A topic that must exist. Throws CLI_NO_SUCH_TOPIC with the name that was probably meant. */
export async function existingTopic({ cluster, admin }: Kafka, name: string): Promise<TopicInfo> {
  try {
    return await cluster.describeTopic(name)
  } catch (error) {
    const code = brokerCode(error)
    if (code !== kafkaError.UNKNOWN_TOPIC_OR_PARTITION && code !== kafkaError.INVALID_TOPIC_EXCEPTION) throw error
    const near = nearest(
      name,
      (await admin.listTopics()).map((topic) => topic.name),
    )
    const suggestion = near === undefined ? howToMake(name, code) : `Did you mean ${near}?`
    throw cliErrors.create('NO_SUCH_TOPIC', { topic: name, suggestion }, { cause: error })
  }
}

function howToMake(name: string, code: number): string {
  if (code === kafkaError.INVALID_TOPIC_EXCEPTION)
    return 'Names of topics are made of letters, digits, dots, underscores and dashes.'
  return name.startsWith('__')
    ? 'The broker makes topics of its own when they are needed.'
    : `Make it: millrace topic create ${name}`
}

/** `key=value` as often as given. Throws CLI_BAD_ARGUMENT. */
export function pairs(given: readonly string[] = [], what = '--config'): [string, string][] {
  return given.map((each) => {
    const at = each.indexOf('=')
    if (at < 1) throw cliErrors.create('BAD_ARGUMENT', { problem: `${what} ${each}: expected name=value` })
    return [each.slice(0, at).trim(), each.slice(at + 1)]
  })
}
