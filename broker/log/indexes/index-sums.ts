/**
 * Checksums of the index files of a log, which by themselves have none: they stand at the end of the producer snapshot, behind what
 * Kafka's reader looks at, and speak of the entries below the offset of that snapshot. An index that does not match is made anew
 * from the batches.
 *
 * Pure.
 */
import { crc32c } from '../../../core/bytes/crc32c.ts'
import { int64At, writeInt64At } from '../batch-fields.ts'

/** The first `bytes` of a file have this checksum; entries behind them are younger. */
export interface FileSum {
  readonly bytes: number
  readonly crc: number
}

export interface SegmentSums {
  /** Size of the log file when the segment was sealed, -1 when it was the active one: compaction makes another with its name. */
  readonly sealedBytes: number
  /** Of offset index, time index and transaction index. */
  readonly files: readonly [FileSum, FileSum, FileSum]
}

/** By base offset of the segment. */
export type IndexSums = ReadonlyMap<number, SegmentSums>

const magic = 0x4d52_4953
const segmentBytes = 40
const footBytes = 8
const crcAt = 2
const crcFrom = 6

export function sumOf(bytes: Uint8Array): FileSum {
  return { bytes: bytes.length, crc: crc32c(bytes) }
}

export function matches(bytes: Uint8Array, sum: FileSum): boolean {
  return bytes.length >= sum.bytes && crc32c(bytes.subarray(0, sum.bytes)) === sum.crc
}

/** The snapshot with these sums at its end, its own checksum made anew. */
export function withIndexSums(snapshot: Buffer, sums: IndexSums): Buffer {
  const bytes = Buffer.allocUnsafe(snapshot.length + sums.size * segmentBytes + footBytes)
  let at = snapshot.copy(bytes)
  for (const [base, { sealedBytes, files }] of sums) {
    writeInt64At(bytes, base, at)
    writeInt64At(bytes, sealedBytes, at + 8)
    at += 16
    for (const { bytes: length, crc } of files) {
      bytes.writeUInt32BE(length, at)
      bytes.writeUInt32BE(crc, at + 4)
      at += 8
    }
  }
  bytes.writeUInt32BE(sums.size, at)
  bytes.writeUInt32BE(magic, at + 4)
  bytes.writeUInt32BE(crc32c(bytes.subarray(crcFrom)), crcAt)
  return bytes
}

/** Of a snapshot whose checksum is right; empty when it has none. */
export function indexSumsOf(snapshot: Buffer): IndexSums {
  const sums = new Map<number, SegmentSums>()
  const foot = snapshot.length - footBytes
  if (foot < 0 || snapshot.readUInt32BE(foot + 4) !== magic) return sums
  const count = snapshot.readUInt32BE(foot)
  let at = foot - count * segmentBytes
  if (at < 0) return sums
  const file = (from: number): FileSum => ({ bytes: snapshot.readUInt32BE(from), crc: snapshot.readUInt32BE(from + 4) })
  for (let i = 0; i < count; i++, at += segmentBytes) {
    sums.set(int64At(snapshot, at), {
      sealedBytes: int64At(snapshot, at + 8),
      files: [file(at + 16), file(at + 24), file(at + 32)],
    })
  }
  return sums
}
