/**
 * Control batches: one record that says how a transaction of a producer ended. Key: version and kind; value: version and
 * epoch of the coordinator. Kinds that are not of transactions are not known here. Pure.
 */
import type { BatchHeader } from './batch.ts'
import { buildBatch } from './encoder.ts'
import { readRecords } from './records.ts'

export type ControlKind = 'abort' | 'commit'

export interface ControlRecord {
  readonly kind: ControlKind
  readonly coordinatorEpoch: number
  readonly timestamp: number
}

const kinds: readonly ControlKind[] = ['abort', 'commit']

/** The batch that ends a transaction. */
export function buildControlBatch(
  kind: ControlKind,
  producerId: number,
  producerEpoch: number,
  coordinatorEpoch: number,
  timestamp: number,
): Buffer {
  const key = Buffer.alloc(4)
  key.writeInt16BE(kinds.indexOf(kind), 2)
  const value = Buffer.alloc(6)
  value.writeInt32BE(coordinatorEpoch, 2)
  const records = [{ key, value, timestamp }]
  return buildBatch({ records, producerId, producerEpoch, transactional: true, control: true })
}

/** What a control batch at the start of `batch` says; undefined for kinds that are not of transactions, or none. */
export function readControlRecord(batch: Buffer, header: BatchHeader): ControlRecord | undefined {
  if (!header.isControl) return undefined
  const [record] = readRecords(batch, header)
  if (record === undefined || record.key === null || record.key.length < 4) return undefined
  const kind = kinds[record.key.readInt16BE(2)]
  if (kind === undefined) return undefined
  const coordinatorEpoch = record.value !== null && record.value.length >= 6 ? record.value.readInt32BE(2) : -1
  return { kind, coordinatorEpoch, timestamp: record.timestamp }
}
