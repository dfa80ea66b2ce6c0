/**
 * Looking at log files from outside, for people and tools: what is in a segment, and whether everything in a data directory is as it
 * should be. Reads only; the broker may be running (what it writes meanwhile may then look torn at the very end).
 *
 * Synchronous: for a command line, not for the broker itself.
 */
import type { Disk } from '../../core/platform/disk.ts'
import {
  type BatchHeader,
  type RecordView,
  readBatchHeader,
  readRecords,
  verifyBatch,
} from '../../proto/kafka/records/index.ts'
import { batchHeaderBytes } from './batch-fields.ts'
import { logStartFile, partitionKey, readOffsets, recoveryPointFile } from './checkpoint-files.ts'
import { OffsetIndex } from './offset-index.ts'
import { decodeProducerSnapshot } from './producer-snapshot.ts'
import { readOptional, segmentName } from './segment.ts'
import { TimeIndex } from './time-index.ts'
import { TransactionIndex } from './transaction-index.ts'

export interface DumpedBatch {
  readonly position: number
  readonly header: BatchHeader
  /** What is wrong with it: then its records are not given. */
  readonly problem: string | undefined
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
      yield { position, header, problem, records: () => (problem === undefined ? readRecords(bytes, header) : []) }
      position += header.sizeBytes
    }
  } finally {
    disk.close(file)
  }
}

const noHeader = readBatchHeader(Buffer.alloc(batchHeaderBytes))

function torn(position: number, bytes: number): DumpedBatch {
  return { position, header: noHeader, problem: `the last ${bytes} bytes are not a batch`, records: () => [] }
}

function readHeader(bytes: Buffer, at: number): BatchHeader | undefined {
  try {
    return readBatchHeader(bytes, at)
  } catch {
    // Numbers that cannot be: damage, which the caller reports by its place.
    return undefined
  }
}

export interface Finding {
  readonly path: string
  /** 'torn': at the end, above the recovery point, a start cuts it off. 'damaged': it should not be so. */
  readonly kind: 'torn' | 'damaged'
  readonly position: number
  readonly problem: string
}

export interface Verification {
  readonly logs: number
  readonly segments: number
  readonly batches: number
  readonly records: number
  readonly bytes: number
  readonly findings: readonly Finding[]
}

/** Checks every checksum, offset, index entry and snapshot of a data directory. Throws the system's error. */
export function verifyDirectory(disk: Disk, root: string): Verification {
  const totals = { logs: 0, segments: 0, batches: 0, records: 0, bytes: 0 }
  const findings: Finding[] = []
  const points = readOffsets(disk, `${root}/${recoveryPointFile}`)
  readOffsets(disk, `${root}/${logStartFile}`)
  for (const name of disk.list(root)) {
    const match = /^(.+)-(\d+)$/.exec(name)
    if (match === null || name.startsWith('.') || disk.stat(`${root}/${name}`)?.isDirectory !== true) continue
    totals.logs++
    verifyLog(disk, `${root}/${name}`, points.get(partitionKey(match[1], Number(match[2]))) ?? 0, totals, findings)
  }
  return { ...totals, findings }
}

type Totals = { logs: number; segments: number; batches: number; records: number; bytes: number }

function verifyLog(disk: Disk, directory: string, recoveryPoint: number, totals: Totals, findings: Finding[]): void {
  let next = 0
  for (const name of disk.list(directory)) {
    const path = `${directory}/${name}`
    if (name.endsWith('.snapshot') && decodeProducerSnapshot(disk.read(path)) === undefined) {
      findings.push({ path, kind: 'damaged', position: 0, problem: 'the checksum of the snapshot does not match' })
    }
    const match = /^(\d{20})\.log$/.exec(name)
    if (match === null) continue
    totals.segments++
    totals.bytes += disk.stat(path)?.sizeBytes ?? 0
    const base = Number(match[1])
    const report = (position: number, problem: string, below: boolean): void => {
      findings.push({ path, kind: below ? 'damaged' : 'torn', position, problem })
    }
    if (base < next) report(0, `it begins at offset ${base}, the one before ends at ${next}`, true)
    next = Math.max(next, base)
    const ends = new Map<number, number>()
    let largest = -1
    for (const batch of dumpSegment(disk, path)) {
      const { header, position, problem } = batch
      if (problem !== undefined) {
        report(position, problem, next < recoveryPoint)
        continue
      }
      totals.batches++
      totals.records += header.recordCount
      if (header.baseOffset < next) report(position, `offset ${header.baseOffset} after ${next - 1}`, true)
      next = header.lastOffset + 1
      ends.set(position, header.lastOffset)
      largest = Math.max(largest, header.maxTimestamp)
    }
    verifyIndexes(disk, `${directory}/${segmentName(base)}`, base, ends, largest, findings)
  }
}

function verifyIndexes(
  disk: Disk,
  path: string,
  base: number,
  ends: ReadonlyMap<number, number>,
  largest: number,
  findings: Finding[],
): void {
  const damaged = (ending: string, position: number, problem: string): void => {
    findings.push({ path: `${path}.${ending}`, kind: 'damaged', position, problem })
  }
  const bytes = readOptional(disk, `${path}.index`)
  const index = bytes === undefined ? undefined : OffsetIndex.decode(bytes, Number.POSITIVE_INFINITY)
  if (bytes !== undefined && index === undefined) damaged('index', 0, 'its entries do not ascend')
  for (let i = 0; index !== undefined && i < index.length; i++) {
    const offset = base + index.relativeOffsetAt(i)
    if (ends.get(index.positionAt(i)) === offset) continue
    damaged('index', i * 8, `no batch at byte ${index.positionAt(i)} ends at offset ${offset}`)
  }
  const timeBytes = readOptional(disk, `${path}.timeindex`)
  const times = timeBytes === undefined ? undefined : TimeIndex.decode(timeBytes)
  if (timeBytes !== undefined && times === undefined) damaged('timeindex', 0, 'its entries do not ascend')
  if (times !== undefined && times.lastTimestamp > largest) {
    damaged('timeindex', timeBytes?.length ?? 0, `no record is as late as ${times.lastTimestamp}`)
  }
  const transactions = readOptional(disk, `${path}.txnindex`)
  if (transactions !== undefined && TransactionIndex.decode(transactions) === undefined) {
    damaged('txnindex', 0, 'its entries are not those of aborted transactions')
  }
}
