/** Batches that a topic does not keep as they came: stamped by the broker's clock, or compressed in another way. */
import { crc32c } from '../../core/bytes/crc32c.ts'
import { attributesOf, checksumStart, codecBits, controlBit, timestampTypeBit, writeInt64At } from './batch-fields.ts'
import type { CompressionType, LogConfig } from './config.ts'
import { recompressed } from './open-batch.ts'

const codecs: Readonly<Record<Exclude<CompressionType, 'producer'>, number>> = {
  uncompressed: 0,
  gzip: 1,
  snappy: 2,
  lz4: 3,
  zstd: 4,
}

/** The batch as the topic wants it: itself in most cases, changed in place or anew. Undefined when its records cannot be read. */
export function adapted(batch: Buffer, config: LogConfig, nowMs: number): Buffer | undefined {
  let result: Buffer | undefined = batch
  const attributes = attributesOf(batch, 0)
  if (config.compressionType !== 'producer' && (attributes & controlBit) === 0) {
    const codec = codecs[config.compressionType]
    if ((attributes & codecBits) !== codec) result = recompressed(batch, codec, config.segmentBytes)
  }
  if (result !== undefined && config.timestampType === 'append') {
    result.writeInt16BE(attributesOf(result, 0) | timestampTypeBit, 21)
    writeInt64At(result, nowMs, 35)
    result.writeUInt32BE(crc32c(result.subarray(checksumStart)), 17)
  }
  return result
}
