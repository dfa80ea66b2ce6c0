/**
 * Looking inside batches, which a log otherwise keeps closed: keys, times, another compression. Opened records are bounded by the
 * size of a segment, so that a small batch cannot fill the memory. One thread: the table is shared.
 */
import { BatchEncoder, codecNames, RecordTable, readBatchHeader } from '../../proto/kafka/records/index.ts'
import { transactionalBit } from './batch-fields.ts'

const table = new RecordTable()
const encoder = new BatchEncoder()
/** No batch opens to more than this, however large segments are. */
const openedBytesMax = 256 * 1024 * 1024

/** Why the batch may not go into a compacted log, or undefined: each record has a key. */
export function hasNullKey(batch: Buffer, maxBytes: number): string | undefined {
  try {
    table.read(batch, readBatchHeader(batch), 0, Math.min(openedBytesMax, Math.max(maxBytes, batch.length)))
  } catch (error) {
    return `the records cannot be read: ${(error as Error).message}`
  }
  for (let i = 0; i < table.count; i++) {
    if (table.keyLength[i] < 0) return 'a record without a key in a compacted topic'
  }
  return undefined
}

/** The same records compressed with another codec (its number); undefined when they cannot be read. */
export function recompressed(batch: Buffer, codec: number, maxBytes: number): Buffer | undefined {
  const header = readBatchHeader(batch)
  try {
    table.read(batch, header, 0, Math.min(openedBytesMax, Math.max(maxBytes, batch.length)))
  } catch {
    // What is wrong with them is the producer's to find out: it gets INVALID_RECORD.
    return undefined
  }
  encoder.begin(header.baseTimestamp)
  for (let i = 0; i < table.count; i++) copyRecord(encoder, table, i)
  return encoder.finish({
    codec: codecNames[codec],
    producerId: header.producerId,
    producerEpoch: header.producerEpoch,
    baseSequence: header.baseSequence,
    transactional: (header.attributes & transactionalBit) !== 0,
    lastOffsetDelta: header.lastOffsetDelta,
  })
}

/** The first record of the batch at `at` with an offset of at least `from` and a time of at least `timestamp`. */
export function firstRecordSince(
  buffer: Buffer,
  at: number,
  from: number,
  timestamp: number,
): { readonly offset: number; readonly timestamp: number } | undefined {
  table.read(buffer, readBatchHeader(buffer, at), at, openedBytesMax)
  for (let i = 0; i < table.count; i++) {
    const offset = table.baseOffset + table.offsetDelta[i]
    if (offset >= from && table.timestamp[i] >= timestamp) return { offset, timestamp: table.timestamp[i] }
  }
  return undefined
}

/** Appends record `index` of the table with the offset delta and time that it has. */
export function copyRecord(to: BatchEncoder, from: RecordTable, index: number): void {
  const { bytes, headersAt, endAt } = from
  to.appendRange(
    from.offsetDelta[index],
    from.timestamp[index],
    bytes,
    from.keyAt[index],
    from.keyLength[index],
    bytes,
    from.valueAt[index],
    from.valueLength[index],
    bytes,
    headersAt[index],
    endAt[index] - headersAt[index],
    from.headerCount[index],
  )
}
