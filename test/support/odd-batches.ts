/** Batches of records that say of themselves what they are not, with the checksum that they should have. */
import { crc32c } from '../../core/bytes/index.ts'
import { buildBatch } from '../../proto/kafka/records/index.ts'

/** The same batch, its checksum made right. */
export function resealed(batch: Buffer): Buffer {
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17)
  return batch
}

/** A batch whose records, compressed with gzip by what it says, are `payload`. */
export function gzipBatch(payload: Buffer): Buffer {
  const head = buildBatch({ records: [{ key: Buffer.from('k'), value: Buffer.from('v'), timestamp: Date.now() }] })
  const batch = Buffer.concat([head.subarray(0, 61), payload])
  batch.writeInt32BE(batch.length - 12, 8)
  batch.writeInt16BE(1, 21)
  return resealed(batch)
}
