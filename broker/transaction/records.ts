/** Transactional ids as records of `__transaction_state`, in Kafka's own schema. Single-threaded. */
import {
  readTransactionLogKey,
  readTransactionLogValue,
  writeTransactionLogKey,
  writeTransactionLogValue,
} from '../../proto/kafka/messages/transaction-log.ts'
import { KafkaReader } from '../../proto/kafka/reader.ts'
import { KafkaWriter } from '../../proto/kafka/writer.ts'
import { coordinatorErrors } from '../coordinator/errors.ts'
import type { CoordinatorRecord } from '../coordinator/log.ts'
import { endedBy, noEpoch, type TransactionState, type TransactionStatus, transactionStatus } from './state.ts'

export const transactionTopic = '__transaction_state'

const keyVersion = 0
const valueVersion = 1

const writer = new KafkaWriter()

function keyOf(transactionalId: string): Buffer {
  writer.beginBare()
  writer.int16(keyVersion)
  writeTransactionLogKey(writer, { transactionalId }, keyVersion)
  return writer.finishOne()
}

export function transactionRecord(state: TransactionState): CoordinatorRecord {
  const key = keyOf(state.transactionalId)
  const partitions =
    state.status === transactionStatus.Empty
      ? null
      : [...state.partitions].map(([topic, numbers]) => ({ topic, partitionIds: [...numbers] }))
  writer.beginBare()
  writer.int16(valueVersion)
  writeTransactionLogValue(
    writer,
    {
      producerId: state.producerId,
      previousProducerId: state.previousProducerId,
      nextProducerId: state.nextProducerId,
      producerEpoch: state.producerEpoch,
      transactionTimeoutMs: state.timeoutMs,
      transactionStatus: state.status,
      transactionPartitions: partitions,
      transactionLastUpdateTimestampMs: state.lastUpdateMs,
      transactionStartTimestampMs: state.startMs,
      clientTransactionVersion: state.form,
    },
    valueVersion,
  )
  return { key, value: writer.finishOne() }
}

export function transactionTombstone(transactionalId: string): CoordinatorRecord {
  return { key: keyOf(transactionalId), value: null }
}

/** The id of a record and its state, null when it was forgotten. Undefined for keys of a later version. */
export function readTransactionRecord(
  key: Buffer,
  value: Buffer | null,
  offset: number,
): { readonly transactionalId: string; readonly state: TransactionState | null } | undefined {
  const keyReader = new KafkaReader(key)
  if (keyReader.int16() !== keyVersion) return undefined
  const { transactionalId } = readTransactionLogKey(keyReader, keyVersion)
  if (value === null) return { transactionalId, state: null }
  const reader = new KafkaReader(value)
  const version = reader.int16()
  if (version < 0 || version > valueVersion) {
    throw coordinatorErrors.create('UNKNOWN_RECORD', { offset, topic: transactionTopic, version })
  }
  const read = readTransactionLogValue(reader, version)
  const state = {
    transactionalId,
    producerId: read.producerId,
    previousProducerId: read.previousProducerId,
    nextProducerId: read.nextProducerId,
    producerEpoch: read.producerEpoch,
    timeoutMs: read.transactionTimeoutMs,
    status: read.transactionStatus as TransactionStatus,
    form: read.clientTransactionVersion,
    partitions: new Map(
      (read.transactionPartitions ?? []).map((each) => [each.topic, new Set(each.partitionIds)] as const),
    ),
    lastUpdateMs: read.transactionLastUpdateTimestampMs,
    startMs: read.transactionStartTimestampMs,
  }
  return { transactionalId, state: { ...state, lastProducerEpoch: endedBy(state)?.producerEpoch ?? noEpoch } }
}
