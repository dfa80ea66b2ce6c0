/**
 * What a batch must be before a log takes it, apart from its producer's state: whole, of format v2, with the checksum it says, of
 * an allowed size and time. What is refused carries Kafka's error code and a sentence.
 *
 * Pure; allocates nothing for a good batch.
 */
import { crc32c } from '../../core/bytes/crc32c.ts'
import { kafkaError } from '../../proto/kafka/error-codes.ts'
import {
  attributesOf,
  baseSequenceOf,
  baseTimestampOf,
  batchBytesOf,
  batchHeaderBytes,
  checksumOf,
  checksumStart,
  codecBits,
  controlBit,
  lastOffsetDeltaOf,
  magicOf,
  maxTimestampOf,
  producerEpochOf,
  producerIdOf,
  recordCountOf,
  transactionalBit,
} from './batch-fields.ts'
import type { LogConfig } from './config.ts'
import { hasNullKey } from './open-batch.ts'
import type { AppendOptions, AppendRefused, LogState } from './partition-log.ts'

export function refused(error: number, message: string): AppendRefused {
  return { kind: 'refused', error, message }
}

/** Undefined when the batch is good. `nowMs` is epoch ms. */
export function checkBatch(
  batch: Buffer,
  options: AppendOptions,
  config: LogConfig,
  nowMs: number,
): AppendRefused | undefined {
  if (batch.length < batchHeaderBytes)
    return refused(kafkaError.CORRUPT_MESSAGE, `a batch of ${batch.length} bytes is not whole`)
  if (magicOf(batch, 0) !== 2) {
    return refused(kafkaError.INVALID_RECORD, `record format ${magicOf(batch, 0)} is not taken; only 2 is`)
  }
  if (batchBytesOf(batch, 0) !== batch.length) {
    const message = `the batch says ${batchBytesOf(batch, 0)} bytes and ${batch.length} came`
    return refused(kafkaError.CORRUPT_MESSAGE, message)
  }
  const client = options.origin === 'client'
  const limit = options.maxMessageBytes ?? config.maxMessageBytes
  if (client && batch.length > limit) {
    return refused(kafkaError.MESSAGE_TOO_LARGE, `a batch of ${batch.length} bytes; the largest allowed is ${limit}`)
  }
  if (batch.length > config.segmentBytes) {
    return refused(kafkaError.RECORD_LIST_TOO_LARGE, `a batch of ${batch.length} bytes does not fit into a segment`)
  }
  if (checksumOf(batch, 0) !== crc32c(batch.subarray(checksumStart))) {
    return refused(kafkaError.CORRUPT_MESSAGE, 'the checksum of the batch does not match its bytes')
  }
  const attributes = attributesOf(batch, 0)
  const count = recordCountOf(batch, 0)
  if (count <= 0 || lastOffsetDeltaOf(batch, 0) !== count - 1) {
    return refused(
      kafkaError.INVALID_RECORD,
      `${count} records and a last offset delta of ${lastOffsetDeltaOf(batch, 0)}`,
    )
  }
  if ((attributes & codecBits) > 4)
    return refused(kafkaError.UNSUPPORTED_COMPRESSION_TYPE, 'an unknown compression codec')
  if (client) {
    if ((attributes & controlBit) !== 0)
      return refused(kafkaError.INVALID_RECORD, 'clients may not write control batches')
    const { isSafeInteger } = Number
    const isSafe =
      isSafeInteger(baseTimestampOf(batch, 0)) &&
      isSafeInteger(maxTimestampOf(batch, 0)) &&
      isSafeInteger(producerIdOf(batch, 0))
    // Who reads the log with the same care as it was written could not read such a batch.
    if (!isSafe) return refused(kafkaError.INVALID_RECORD, 'a timestamp or producer id beyond 2^53')
    const producer = checkProducerFields(batch, attributes)
    if (producer !== undefined) return producer
    if (config.timestampType === 'create') {
      const problem = checkTimestamps(batch, config, nowMs)
      if (problem !== undefined) return problem
    }
  }
  if (options.requireKeys ?? config.cleanup.compact) {
    const problem = hasNullKey(batch, config.segmentBytes)
    if (problem !== undefined) return refused(kafkaError.INVALID_RECORD, problem)
  }
  return undefined
}

function checkProducerFields(batch: Buffer, attributes: number): AppendRefused | undefined {
  if (producerIdOf(batch, 0) < 0) {
    if ((attributes & transactionalBit) === 0) return undefined
    return refused(kafkaError.INVALID_RECORD, 'a transactional batch without a producer id')
  }
  if (baseSequenceOf(batch, 0) < 0 || producerEpochOf(batch, 0) < 0) {
    return refused(kafkaError.INVALID_RECORD, 'a producer id without epoch and sequence')
  }
  return undefined
}

function checkTimestamps(batch: Buffer, config: LogConfig, nowMs: number): AppendRefused | undefined {
  const largest = maxTimestampOf(batch, 0)
  if (largest > nowMs + config.timestampAfterMaxMs) {
    return refused(kafkaError.INVALID_TIMESTAMP, `timestamp ${largest} lies too far in the future`)
  }
  const base = baseTimestampOf(batch, 0)
  if (base >= 0 && base < nowMs - config.timestampBeforeMaxMs) {
    return refused(kafkaError.INVALID_TIMESTAMP, `timestamp ${base} lies too far in the past`)
  }
  return undefined
}

/** By a log that takes nothing, or could not open its files just now. */
export function refusedIn(state: LogState): AppendRefused {
  switch (state.kind) {
    case 'ok':
      return refused(kafkaError.KAFKA_STORAGE_ERROR, 'the system has no room to open a file')
    case 'closed':
      return refused(kafkaError.KAFKA_STORAGE_ERROR, 'the log is closed')
    default:
      return refused(kafkaError.KAFKA_STORAGE_ERROR, state.message)
  }
}

/** Sentence for an error code of the producer state. */
export function producerProblem(error: number, producerId: number, epoch: number, sequence: number): string {
  const who = `producer ${producerId} in epoch ${epoch}`
  switch (error) {
    case kafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER:
      return `${who}: sequence ${sequence} does not follow the last one`
    case kafkaError.DUPLICATE_SEQUENCE_NUMBER:
      return `${who}: sequence ${sequence} was appended long ago`
    case kafkaError.INVALID_PRODUCER_EPOCH:
      return `${who}: a newer epoch has written here`
    case kafkaError.TRANSACTION_COORDINATOR_FENCED:
      return `${who}: a newer coordinator has written here`
    default:
      return `${who}: the batch does not belong to an ongoing transaction of this partition`
  }
}
