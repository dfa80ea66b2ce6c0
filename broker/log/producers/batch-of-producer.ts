/** What the state of producers says of a batch that is to be appended, and what is remembered of one that was. */
import { kafkaError } from '../../../proto/kafka/error-codes.ts'
import { producerProblem, refused } from '../append-check.ts'
import {
  attributesOf,
  baseSequenceOf,
  lastOffsetDeltaOf,
  lastSequenceOf,
  producerEpochOf,
  producerIdOf,
  transactionalBit,
} from '../batch-fields.ts'
import type { LogConfig } from '../config.ts'
import type { AppendOptions, AppendResult } from '../partition-log.ts'
import { isDuplicate, mayAppend, type ProducerStates } from './producer-state.ts'

/** Undefined when it may be appended. */
export function checkProducer(
  states: ProducerStates,
  batch: Buffer,
  { transactionVerified }: AppendOptions,
  config: LogConfig,
): AppendResult | undefined {
  const producerId = producerIdOf(batch, 0)
  if (producerId < 0) return undefined
  const epoch = producerEpochOf(batch, 0)
  const sequence = baseSequenceOf(batch, 0)
  const lastSequence = lastSequenceOf(sequence, lastOffsetDeltaOf(batch, 0))
  const answer = states.check(producerId, epoch, sequence, lastSequence, isTransactional(batch), transactionVerified)
  if (answer === mayAppend) return undefined
  if (answer !== isDuplicate) return refused(answer, producerProblem(answer, producerId, epoch, sequence))
  const { duplicate } = states
  if (duplicate === undefined) return refused(kafkaError.DUPLICATE_SEQUENCE_NUMBER, 'the batch was appended before')
  const { baseOffset, lastOffset, timestamp } = duplicate
  const logAppendTimeMs = config.timestampType === 'append' ? timestamp : -1
  return { kind: 'duplicate', baseOffset, lastOffset, logAppendTimeMs }
}

export function rememberBatch(
  states: ProducerStates,
  batch: Buffer,
  baseOffset: number,
  lastOffset: number,
  nowMs: number,
): void {
  const producerId = producerIdOf(batch, 0)
  if (producerId < 0) return
  const sequence = baseSequenceOf(batch, 0)
  const lastSequence = lastSequenceOf(sequence, lastOffsetDeltaOf(batch, 0))
  const epoch = producerEpochOf(batch, 0)
  states.appended(producerId, epoch, sequence, lastSequence, baseOffset, lastOffset, nowMs, isTransactional(batch))
}

function isTransactional(batch: Buffer): boolean {
  return (attributesOf(batch, 0) & transactionalBit) !== 0
}
