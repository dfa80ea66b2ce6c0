/**
 * Configuration of a topic's log: names, defaults and ranges as Kafka's, plus `millrace.durability`. Values arrive as text
 * (CreateTopics, AlterConfigs), are checked one by one, and become one immutable `LogConfig` per topic.
 *
 * Pure; the objects are shared freely.
 */
import { isMillraceError } from '../../core/errors.ts'
import { logErrors } from './errors.ts'

/**
 * When an acknowledged record is safe: `group`: after an fdatasync shared by everything that was queued meanwhile; `os`: when
 * the operating system has it (survives the end of the process, not of the machine); `always`: as `group`, but each turn syncs
 * at once, before anything else happens.
 */
export type Durability = 'group' | 'os' | 'always'
export type CompressionType = 'producer' | 'uncompressed' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

export interface LogConfig {
  readonly segmentBytes: number
  readonly segmentMs: number
  readonly segmentJitterMs: number
  readonly segmentIndexBytes: number
  /** -1: for ever. */
  readonly retentionMs: number
  /** -1: without limit. */
  readonly retentionBytes: number
  readonly cleanup: { readonly delete: boolean; readonly compact: boolean }
  readonly minCleanableDirtyRatio: number
  readonly minCompactionLagMs: number
  readonly maxCompactionLagMs: number
  readonly deleteRetentionMs: number
  readonly fileDeleteDelayMs: number
  readonly maxMessageBytes: number
  readonly timestampType: 'create' | 'append'
  readonly timestampBeforeMaxMs: number
  readonly timestampAfterMaxMs: number
  readonly minInsyncReplicas: number
  readonly compressionType: CompressionType
  readonly flushMessages: number
  readonly flushMs: number
  readonly indexIntervalBytes: number
  readonly preallocate: boolean
  readonly uncleanLeaderElection: boolean
  readonly durability: Durability
}

export type ConfigKind = 'boolean' | 'string' | 'int' | 'long' | 'double' | 'list'

export interface LogConfigEntry {
  readonly name: string
  /** As DescribeConfigs reports it. */
  readonly kind: ConfigKind
  readonly default: string
  /** Name of the broker-wide setting that it is a synonym of. */
  readonly brokerName: string
  readonly doc: string
  /** Throws an Error that says what is expected. */
  readonly check: (text: string) => void
}

const maxLong = Number.MAX_SAFE_INTEGER
/** 2^63 - 1 as Kafka shows it; read as "for ever". */
const longText = '9223372036854775807'

function whole(text: string, min: number, max: number): number {
  const value = text.trim() === longText ? maxLong : /^-?\d+$/.test(text.trim()) ? Number(text) : Number.NaN
  if (!(value >= min && value <= max)) throw new Error(`${text} is not a whole number from ${min} to ${max}`)
  return value
}

const between =
  (min: number, max: number) =>
  (text: string): void => {
    whole(text, min, max)
  }

const word =
  (...words: readonly string[]) =>
  (text: string): void => {
    if (!words.includes(text.trim())) throw new Error(`${text} is not one of ${words.join(', ')}`)
  }

const ratio = (text: string): void => {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (!(value >= 0 && value <= 1)) throw new Error(`${text} is not a number from 0 to 1`)
}

const policies = (text: string): void => {
  const words = text.split(',').map((each) => each.trim())
  const known = words.every((each) => each === 'delete' || each === 'compact')
  if (!known || new Set(words).size !== words.length) {
    throw new Error(`${text} is not delete, compact, or both`)
  }
}

const int32 = 0x7fff_ffff

function entry(
  name: string,
  kind: ConfigKind,
  standard: string,
  check: (text: string) => void,
  doc: string,
  brokerName = `log.${name}`,
): LogConfigEntry {
  return { name, kind, default: standard, check, doc, brokerName }
}

/** Every setting of a topic, by name. */
export const logConfigEntries: readonly LogConfigEntry[] = [
  entry(
    'cleanup.policy',
    'list',
    'delete',
    policies,
    'delete: old segments go; compact: the last value of each key stays.',
  ),
  entry(
    'compression.type',
    'string',
    'producer',
    word('producer', 'uncompressed', 'gzip', 'snappy', 'lz4', 'zstd'),
    'Batches as the producer compressed them, or all in one way.',
    'compression.type',
  ),
  entry(
    'delete.retention.ms',
    'long',
    '86400000',
    between(0, maxLong),
    'How long a compacted log keeps tombstones.',
    'log.cleaner.delete.retention.ms',
  ),
  entry(
    'file.delete.delay.ms',
    'long',
    '60000',
    between(0, maxLong),
    'Pause between dropping a segment and removing its files.',
    'log.segment.delete.delay.ms',
  ),
  entry(
    'flush.messages',
    'long',
    longText,
    between(1, maxLong),
    'Records after which the log is synced although its durability does not ask for it.',
    'log.flush.interval.messages',
  ),
  entry(
    'flush.ms',
    'long',
    longText,
    between(0, maxLong),
    'Longest time that written records stay unsynced.',
    'log.flush.interval.ms',
  ),
  entry(
    'index.interval.bytes',
    'int',
    '4096',
    between(0, int32),
    'Bytes of log per index entry.',
    'log.index.interval.bytes',
  ),
  entry(
    'max.compaction.lag.ms',
    'long',
    longText,
    between(1, maxLong),
    'Longest time before a record is compacted.',
    'log.cleaner.max.compaction.lag.ms',
  ),
  entry('max.message.bytes', 'int', '1048588', between(0, int32), 'Largest batch, compressed.', 'message.max.bytes'),
  entry(
    'message.timestamp.after.max.ms',
    'long',
    '3600000',
    between(0, maxLong),
    'How far in the future a timestamp may lie.',
    'log.message.timestamp.after.max.ms',
  ),
  entry(
    'message.timestamp.before.max.ms',
    'long',
    longText,
    between(0, maxLong),
    'How far in the past a timestamp may lie.',
    'log.message.timestamp.before.max.ms',
  ),
  entry(
    'message.timestamp.type',
    'string',
    'CreateTime',
    word('CreateTime', 'LogAppendTime'),
    'Whose clock stamps the records.',
    'log.message.timestamp.type',
  ),
  entry(
    'millrace.durability',
    'string',
    'group',
    word('group', 'os', 'always'),
    'group: acknowledged after a shared sync; os: when the system has it; always: synced in the same turn.',
    'broker.log.durability',
  ),
  entry(
    'min.cleanable.dirty.ratio',
    'double',
    '0.5',
    ratio,
    'Share of uncompacted bytes at which compaction begins.',
    'log.cleaner.min.cleanable.ratio',
  ),
  entry(
    'min.compaction.lag.ms',
    'long',
    '0',
    between(0, maxLong),
    'Time for which a record is not compacted.',
    'log.cleaner.min.compaction.lag.ms',
  ),
  entry(
    'min.insync.replicas',
    'int',
    '1',
    between(1, int32),
    'Replicas that must have a record before it is acknowledged.',
    'min.insync.replicas',
  ),
  entry('preallocate', 'boolean', 'false', word('true', 'false'), 'Accepted, without effect.', 'log.preallocate'),
  entry(
    'retention.bytes',
    'long',
    '-1',
    between(-1, maxLong),
    'Size above which old segments go; -1: none.',
    'log.retention.bytes',
  ),
  entry(
    'retention.ms',
    'long',
    '604800000',
    between(-1, maxLong),
    'Age above which segments go; -1: none.',
    'log.retention.ms',
  ),
  entry(
    'segment.bytes',
    'int',
    '1073741824',
    between(14, int32),
    'Size at which a new segment begins.',
    'log.segment.bytes',
  ),
  entry(
    'segment.index.bytes',
    'int',
    '10485760',
    between(4, int32),
    'Size of the index at which a new segment begins.',
    'log.index.size.max.bytes',
  ),
  entry(
    'segment.jitter.ms',
    'long',
    '0',
    between(0, maxLong),
    'Chance taken off segment.ms, so that logs do not roll together.',
    'log.roll.jitter.ms',
  ),
  entry('segment.ms', 'long', '604800000', between(1, maxLong), 'Age at which a new segment begins.', 'log.roll.ms'),
  entry(
    'unclean.leader.election.enable',
    'boolean',
    'false',
    word('true', 'false'),
    'Accepted, without effect on one node.',
    'unclean.leader.election.enable',
  ),
]

const byName: ReadonlyMap<string, LogConfigEntry> = new Map(logConfigEntries.map((each) => [each.name, each]))

/** The declaration of a topic's setting, or undefined when there is none of this name. */
export function logConfigEntry(name: string): LogConfigEntry | undefined {
  return byName.get(name)
}

/** Throws BROKER_LOG_UNKNOWN_CONFIG or BROKER_LOG_BAD_CONFIG. */
export function checkLogConfig(name: string, text: string): void {
  const declared = byName.get(name)
  if (declared === undefined) throw logErrors.create('UNKNOWN_CONFIG', { name })
  try {
    declared.check(text)
  } catch (cause) {
    throw logErrors.create('BAD_CONFIG', { name, reason: (cause as Error).message }, { cause })
  }
}

/**
 * The configuration from texts by name; what is absent has `defaults` (of the broker) or Kafka's default. Throws as
 * `checkLogConfig`, or BROKER_LOG_BAD_CONFIG when two settings contradict each other.
 */
export function parseLogConfig(
  texts: Readonly<Record<string, string>>,
  defaults: Readonly<Record<string, string>> = {},
): LogConfig {
  for (const [name, text] of Object.entries(texts)) checkLogConfig(name, text)
  const text = (name: string): string =>
    (texts[name] ?? defaults[name] ?? (byName.get(name) as LogConfigEntry).default).trim()
  const number = (name: string): number => (text(name) === longText ? maxLong : Number(text(name)))
  const config: LogConfig = {
    segmentBytes: number('segment.bytes'),
    segmentMs: number('segment.ms'),
    segmentJitterMs: number('segment.jitter.ms'),
    segmentIndexBytes: number('segment.index.bytes'),
    retentionMs: number('retention.ms'),
    retentionBytes: number('retention.bytes'),
    cleanup: { delete: text('cleanup.policy').includes('delete'), compact: text('cleanup.policy').includes('compact') },
    minCleanableDirtyRatio: number('min.cleanable.dirty.ratio'),
    minCompactionLagMs: number('min.compaction.lag.ms'),
    maxCompactionLagMs: number('max.compaction.lag.ms'),
    deleteRetentionMs: number('delete.retention.ms'),
    fileDeleteDelayMs: number('file.delete.delay.ms'),
    maxMessageBytes: number('max.message.bytes'),
    timestampType: text('message.timestamp.type') === 'LogAppendTime' ? 'append' : 'create',
    timestampBeforeMaxMs: number('message.timestamp.before.max.ms'),
    timestampAfterMaxMs: number('message.timestamp.after.max.ms'),
    minInsyncReplicas: number('min.insync.replicas'),
    compressionType: text('compression.type') as CompressionType,
    flushMessages: number('flush.messages'),
    flushMs: number('flush.ms'),
    indexIntervalBytes: number('index.interval.bytes'),
    preallocate: text('preallocate') === 'true',
    uncleanLeaderElection: text('unclean.leader.election.enable') === 'true',
    durability: text('millrace.durability') as Durability,
  }
  if (config.minCompactionLagMs > config.maxCompactionLagMs) {
    const reason = 'it is larger than max.compaction.lag.ms'
    throw logErrors.create('BAD_CONFIG', { name: 'min.compaction.lag.ms', reason })
  }
  return config
}

/** True for the errors of `parseLogConfig`: what a client sent, INVALID_CONFIG on the wire. */
export function isConfigError(error: unknown): boolean {
  return isMillraceError(error, 'BROKER_LOG_UNKNOWN_CONFIG') || isMillraceError(error, 'BROKER_LOG_BAD_CONFIG')
}
