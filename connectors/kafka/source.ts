/**
 * Records of Kafka topics. A split is a partition; its offset is the next record's, and lives in checkpoints. What a group
 * has committed is published when a checkpoint is complete, for those who look at lag, and is read only when `start` says
 * `committed`. New partitions and topics are found while the job runs, and read from their first record.
 *
 * Read-committed unless told otherwise: records of open transactions wait, those of aborted ones are never seen. Values of a
 * declared flat type go from bytes into columns without an object per record.
 */
import { type Duration, durationMs } from '../../sdk/duration.ts'
import type { Source, SourceContext } from '../../sdk/source.ts'
import type { TypeDef } from '../../sdk/types.ts'
import { badOption, checkInteger, checkOptions } from '../errors.ts'
import { type KafkaCluster, mayPass } from './client/cluster.ts'
import { kafkaConnectorErrors } from './errors.ts'
import { clientOptions, connectionKeys, type KafkaConnection, topicNames } from './options.ts'
import { checkEnd, checkStart, type KafkaEnd, type KafkaStart, ownerOf, splitIdOf } from './positions.ts'
import { reachBrokers } from './reach.ts'
import { KafkaReader, log } from './reader.ts'
import { type KafkaField, type KafkaFormat, type KafkaMetadata, typeWith } from './records.ts'

interface KafkaSourceCommon extends KafkaConnection {
  /** One topic or several. */
  readonly topic?: string | readonly string[]
  /** All topics whose whole name it matches, also those that appear later. In place of `topic`. */
  readonly pattern?: RegExp
  /** Default `earliest`. For the first start of a job; a checkpoint knows where it was. */
  readonly start?: KafkaStart
  /** Makes the source bounded. */
  readonly end?: KafkaEnd
  /** Offsets of complete checkpoints are published for this group. */
  readonly group?: string
  /** Default `30s`: how often new partitions and topics are looked for. */
  readonly discoverEvery?: Duration
  /** Default `read-committed`. */
  readonly isolation?: 'read-committed' | 'read-uncommitted'
  /** What to do when the next record is not in the log any more. Default `fail`. */
  readonly outOfRange?: 'fail' | 'earliest' | 'latest'
  /** Of one answer of a broker; default 8 MB. */
  readonly maxRequestBytes?: number
  /** Of one partition in an answer; default 1 MB. */
  readonly maxPartitionBytes?: number
  /** What each subtask fetches ahead; default 32 MB. */
  readonly prefetchBytes?: number
  /** How long a broker waits for records before it answers; default `500ms`. */
  readonly maxWait?: Duration
}

export interface KafkaJsonSource<T, With extends KafkaField> extends KafkaSourceCommon {
  /** Declared type of the value: other fields are left out, values that do not fit are broken records. */
  readonly value?: TypeDef<T>
  readonly format?: 'json'
  /** Fields of the record beside those of the value. */
  readonly with?: readonly With[]
}

export interface KafkaTextSource extends KafkaSourceCommon {
  readonly format: 'string'
}

export interface KafkaBytesSource extends KafkaSourceCommon {
  readonly format: 'bytes'
}

export interface KafkaFormatSource<T> extends KafkaSourceCommon {
  readonly format: KafkaFormat<T>
}

/** A value with fields of its record. */
export type WithMetadata<T, With extends KafkaField> = [With] extends [never] ? T : T & Pick<KafkaMetadata, With>

interface Options extends KafkaSourceCommon {
  readonly value?: TypeDef<unknown>
  readonly format?: 'json' | 'string' | 'bytes' | KafkaFormat<unknown>
  readonly with?: readonly KafkaField[]
}

const factory = 'source.kafka'
const known = [
  ...connectionKeys,
  'topic',
  'pattern',
  'value',
  'format',
  'with',
  'start',
  'end',
  'group',
  'discoverEvery',
  'isolation',
  'outOfRange',
  'maxRequestBytes',
  'maxPartitionBytes',
  'prefetchBytes',
  'maxWait',
]
const bytesMax = 256 * 1024 * 1024

export function kafka(options: KafkaTextSource): Source<string>
export function kafka(options: KafkaBytesSource): Source<Uint8Array>
export function kafka<T>(options: KafkaFormatSource<T>): Source<T>
export function kafka<T = unknown, const With extends KafkaField = never>(
  options: KafkaJsonSource<T, With>,
): Source<WithMetadata<T, With>>
export function kafka(options: Options): Source<unknown> {
  checkOptions(factory, options, known)
  const { pattern, start = 'earliest', end, group, isolation = 'read-committed', outOfRange = 'fail' } = options
  const { format = 'json', with: fields = [] } = options
  if ((options.topic === undefined) === (pattern === undefined))
    throw badOption(factory, 'topic', options.topic, 'either topic or pattern')
  if (pattern !== undefined && !(pattern instanceof RegExp))
    throw badOption(factory, 'pattern', pattern, 'a regular expression')
  const topics = pattern === undefined ? topicNames(factory, options.topic) : []
  checkStart(factory, start, group)
  checkEnd(factory, end)
  checkOneOf('isolation', isolation, ['read-committed', 'read-uncommitted'])
  checkOneOf('outOfRange', outOfRange, ['fail', 'earliest', 'latest'])
  const isFormat = typeof format === 'object' && format !== null && typeof format.decode === 'function'
  if (!isFormat) checkOneOf('format', format, ['json', 'string', 'bytes'])
  if (format !== 'json' && (options.value !== undefined || fields.length > 0))
    throw badOption(factory, 'format', isFormat ? 'a format' : format, 'json, where value or with is given')
  for (const key of ['maxRequestBytes', 'maxPartitionBytes', 'prefetchBytes'] as const)
    checkInteger(factory, key, options[key], 1024, bytesMax)
  const client = clientOptions(factory, options)
  const type = isFormat ? (format as KafkaFormat<unknown>).type : options.value
  const readers = new WeakMap<SourceContext, KafkaReader<unknown>>()
  const readerOptions = {
    client,
    format,
    type,
    fields,
    start,
    end,
    group,
    outOfRange,
    readCommitted: isolation === 'read-committed',
    maxWaitMs: durationMs(options.maxWait ?? '500ms'),
    maxRequestBytes: options.maxRequestBytes ?? 8 * 1024 * 1024,
    maxPartitionBytes: options.maxPartitionBytes ?? 1024 * 1024,
    prefetchBytes: options.prefetchBytes ?? 32 * 1024 * 1024,
  }
  return {
    kind: 'source',
    name: `kafka ${pattern === undefined ? topics.join(', ') : String(pattern)}`,
    bounded: end !== undefined,
    type: typeWith(factory, type, fields),
    discoverSplits: async (context) => {
      const reader = readers.get(context)
      if (reader === undefined) throw new Error('splits are discovered for the context of a reader')
      try {
        return await discover(reader.cluster, topics, pattern, client.brokers)
      } catch (error) {
        // Once it runs the source reads on, with what it knows, while brokers are away or a topic is gone.
        if (!reader.isStarted || !(mayPass(error) || kafkaConnectorErrors.is(error, 'NO_TOPIC'))) throw error
        return []
      }
    },
    ...(end === undefined ? { discoveryIntervalMs: durationMs(options.discoverEvery ?? '30s') } : {}),
    owner: ownerOf,
    createReader: (context) => {
      const reader = new KafkaReader<unknown>(readerOptions, context)
      readers.set(context, reader)
      return reader
    },
  }
}

function checkOneOf(option: string, value: unknown, words: readonly string[]): void {
  if (!words.includes(value as string)) throw badOption(factory, option, value, words.join(', '))
}

async function discover(
  cluster: KafkaCluster,
  topics: readonly string[],
  pattern: RegExp | undefined,
  brokers: readonly string[],
): Promise<{ splitId: string; offset: object }[]> {
  await reachBrokers(cluster, log)
  if (pattern === undefined) await cluster.retrying(() => cluster.refresh(topics))
  const found =
    pattern === undefined
      ? topics.map((name) => {
          const topic = cluster.topic(name)
          const problem = { connector: factory, topic: name, brokers: brokers.join(', ') }
          if (topic === undefined) throw kafkaConnectorErrors.create('NO_TOPIC', problem)
          return topic
        })
      : (await cluster.listTopics())
          .filter(({ name, isInternal }) => !isInternal && matches(pattern, name))
          // Every subtask must find the same in the same order.
          .sort((a, b) => (a.name < b.name ? -1 : 1))
  return found.flatMap(({ name, leaders }) =>
    leaders.map((_, partition) => ({ splitId: splitIdOf(name, partition), offset: {} })),
  )
}

/** The whole name; flags such as `g` must not make it depend on the call before. */
function matches(pattern: RegExp, name: string): boolean {
  return new RegExp(`^(?:${pattern.source})$`, pattern.flags.replace(/[gy]/g, '')).test(name)
}
