/**
 * Records into Kafka topics. Exactly once by transactions: what was written since a checkpoint is seen by readers of committed
 * records when the next one is complete. At least once: a checkpoint waits for the acknowledgements. Without checkpoints
 * records count when they are acknowledged, at least once.
 */
import { formatDuration } from '../../core/config/index.ts'
import { type CodecName, codecNames } from '../../proto/kafka/records/index.ts'
import { type Duration, durationMs } from '../../sdk/duration.ts'
import type { Sink, SinkContext } from '../../sdk/sink.ts'
import type { TypeDef } from '../../sdk/types.ts'
import { badOption, checkInteger, checkOptions } from '../errors.ts'
import type { NewTopic } from './client/admin.ts'
import type { TwoPhase } from './client/transactions.ts'
import { kafkaConnectorErrors } from './errors.ts'
import { clientOptions, connectionKeys, type KafkaConnection, topicNames } from './options.ts'
import { type RecordOptions, recordAppender } from './outgoing-records.ts'
import { PlainWriter } from './plain-writer.ts'
import { type KafkaCommittable, type KafkaWriterState, TransactionalWriter } from './transactional-writer.ts'

export interface KafkaSinkOptions<T> extends KafkaConnection, RecordOptions<T> {
  readonly type?: TypeDef<T>
  /** Default `exactly-once`. `none`: what was not acknowledged when the job fails may be lost. */
  readonly delivery?: 'none' | 'at-least-once' | 'exactly-once'
  /** What the transactional ids begin with; the same for every start of the job, and nobody else's. Default: from job and sink. */
  readonly transactionalIdPrefix?: string
  /**
   * How long a transaction may stay open, and so how long the job may stand still before a checkpoint cannot be committed.
   * Default: until the job decides, where the brokers allow it, as Millrace's own do; otherwise `15m`, the most that a Kafka
   * broker allows unless told otherwise. `never`: the job fails where the brokers do not allow it.
   */
  readonly transactionTimeout?: Duration | 'never'
  /** Default `none`. */
  readonly compression?: CodecName
  /** How long a batch may wait for more records; default `0ms`: until the end of the turn. */
  readonly linger?: Duration
  /** Of a batch before compression; default 512 KB. */
  readonly batchBytes?: number
  /** What may wait for acknowledgement per subtask; default 32 MB. */
  readonly bufferBytes?: number
  /** Makes topics that are missing. */
  readonly createTopic?: Omit<NewTopic, 'name'>
}

const factory = 'sink.kafka'
const known = [
  ...connectionKeys,
  'topic',
  'value',
  'key',
  'headers',
  'timestamp',
  'partition',
  'type',
  'delivery',
  'transactionalIdPrefix',
  'transactionTimeout',
  'compression',
  'linger',
  'batchBytes',
  'bufferBytes',
  'createTopic',
]
const defaultTimeoutMs = 15 * 60_000
const bytesMax = 1024 * 1024 * 1024

export function kafka<T = unknown>(options: KafkaSinkOptions<T>): Sink<T, KafkaCommittable, KafkaWriterState> {
  checkOptions(factory, options, known)
  const { topic, type, delivery = 'exactly-once', compression = 'none', createTopic, transactionalIdPrefix } = options
  if (typeof topic !== 'function') topicNames(factory, [topic])
  if (!['none', 'at-least-once', 'exactly-once'].includes(delivery))
    throw badOption(factory, 'delivery', delivery, 'none, at-least-once, exactly-once')
  if (!codecNames.includes(compression)) throw badOption(factory, 'compression', compression, codecNames.join(', '))
  checkInteger(factory, 'batchBytes', options.batchBytes, 1024, bytesMax)
  checkInteger(factory, 'bufferBytes', options.bufferBytes, 1024, bytesMax)
  const { transactionTimeout } = options
  const transactionTimeoutMs =
    transactionTimeout === undefined || transactionTimeout === 'never'
      ? defaultTimeoutMs
      : durationMs(transactionTimeout)
  // Throws for a format that has no encode.
  recordAppender(options)
  // Where brokers are is known where the job is built.
  const client = clientOptions(factory, options)
  const writerOptions = (twoPhase: TwoPhase) => ({
    client,
    records: options,
    createTopic,
    producer: {
      codec: compression,
      transactionTimeoutMs,
      twoPhase,
      lingerMs: durationMs(options.linger ?? '0ms'),
      // A record that the broker does not take for minutes is waited for: the job stands, and loses nothing.
      deliveryTimeoutMs: Math.min(transactionTimeoutMs, 600_000),
      ...(delivery === 'none' ? { idempotent: false, acks: 'leader' as const } : {}),
      ...(options.batchBytes === undefined ? {} : { batchBytes: options.batchBytes }),
      ...(options.bufferBytes === undefined ? {} : { bufferBytes: options.bufferBytes }),
    },
  })
  const writers = new WeakMap<SinkContext, TransactionalWriter<T>>()
  return {
    kind: 'sink',
    name: `kafka ${typeof topic === 'string' ? topic : 'by record'}`,
    type,
    guarantee: delivery,
    leavesOpen: delivery === 'exactly-once',
    createWriter: (context, restored) => {
      if (delivery !== 'exactly-once' || !context.checkpointing)
        return new PlainWriter(writerOptions('no'), context, delivery !== 'none')
      if (transactionTimeout !== undefined && transactionTimeout !== 'never')
        checkTimeout(transactionTimeoutMs, context.checkpointIntervalMs)
      const twoPhase = twoPhaseOf(transactionTimeout, context.checkpointIntervalMs)
      const prefix = transactionalIdPrefix ?? `millrace-${context.jobId}-${context.uid}`
      const writer = new TransactionalWriter(writerOptions(twoPhase), context, prefix, restored)
      writers.set(context, writer)
      return writer
    },
    commit: async (committables, context) => {
      await writers.get(context)?.commit(committables)
    },
  }
}

/** What expires before the next checkpoint is of no use: then two phases are not only wished for. */
function twoPhaseOf(timeout: Duration | 'never' | undefined, intervalMs: number | undefined): TwoPhase {
  if (timeout === 'never') return 'required'
  if (timeout !== undefined) return 'no'
  return intervalMs === undefined || defaultTimeoutMs > intervalMs ? 'preferred' : 'required'
}

function checkTimeout(timeoutMs: number, intervalMs: number | undefined): void {
  if (intervalMs === undefined || timeoutMs > intervalMs) return
  throw kafkaConnectorErrors.create('TRANSACTION_TIMEOUT', {
    timeout: formatDuration(timeoutMs),
    interval: formatDuration(intervalMs),
  })
}
