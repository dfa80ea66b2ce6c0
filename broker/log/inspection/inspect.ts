/**
 * Looking at the file of a segment from outside, for people and tools. Reads only; the broker may be running (what it writes
 * meanwhile may then look torn at the very end).
 *
 * Synchronous: for a command line, not for the broker itself.
 */
import type { Disk } from '../../../core/platform/disk.ts'
import {
  type BatchHeader,
  type RecordView,
  readBatchHeader,
  readRecords,
  verifyBatch,
} from '../../../proto/kafka/records/index.ts'
import { batchHeaderBytes } from '../batch-fields.ts'

export interface DumpedBatch {
  readonly position: number
  readonly header: BatchHeader
  /** What is wrong with it: then its records are not given. */
  readonly problem: string | undefined
  /** The whole batch as it lies in the file. */
  readonly bytes: Buffer
  /** Opened on demand. Throws KAFKA_RECORDS_* for records that are damaged. */
  records(): RecordView[]
}

const pieceBytes = 1024 * 1024

/**
 * The batches of a segment file, in order. Ends at the first place where no further batch can be found; that one comes with its
 * problem. Throws the system's error.
 */
export function* dumpSegment(disk: Disk, path: string): Generator<DumpedBatch> {
  const file = disk.open(path, 'r')
  try {
    const size = disk.sizeOf(file)
    let piece = Buffer.alloc(0)
    let pieceAt = 0
    for (let position = 0; position < size; ) {
      const load = (wanted: number): void => {
        piece = Buffer.allocUnsafe(Math.min(size - position, Math.max(wanted, pieceBytes)))
        piece = piece.subarray(0, disk.readAt(file, piece, 0, piece.length, position))
        pieceAt = position
      }
      if (position + batchHeaderBytes > pieceAt + piece.length) load(batchHeaderBytes)
      if (piece.length - (position - pieceAt) < batchHeaderBytes) {
        yield torn(position, size - position)
        return
      }
      const header = readHeader(piece, position - pieceAt)
      if (header === undefined || header.sizeBytes < batchHeaderBytes || position + header.sizeBytes > size) {
        yield torn(position, size - position)
        return
      }
      if (position + header.sizeBytes > pieceAt + piece.length) load(header.sizeBytes)
      const bytes = piece.subarray(position - pieceAt, position - pieceAt + header.sizeBytes)
      const problem = verifyBatch(bytes)
      yield {
        position,
        header,
        problem,
        bytes,
        records: () => (problem === undefined ? readRecords(bytes, header) : []),
      }
      position += header.sizeBytes
    }
  } finally {
    disk.close(file)
  }
}

const none = Buffer.alloc(0)
const noHeader = readBatchHeader(Buffer.alloc(batchHeaderBytes))

function torn(position: number, bytes: number): DumpedBatch {
  return {
    position,
    header: noHeader,
    problem: `the last ${bytes} bytes are not a batch`,
    bytes: none,
    records: () => [],
  }
}

function readHeader(bytes: Buffer, at: number): BatchHeader | undefined {
  try {
    return readBatchHeader(bytes, at)
  } catch {
    // Numbers that cannot be: damage, which the caller reports by its place.
    return undefined
  }
}
