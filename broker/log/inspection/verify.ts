/**
 * Whether everything in a data directory is as it should be: every checksum, offset, index entry and snapshot, the lists of aborted
 * transactions against the batches themselves. Reads only; the broker may be running.
 *
 * Synchronous: for a command line, not for the broker itself.
 */
import type { Disk } from '../../../core/platform/disk.ts'
import { logStartFile, partitionKey, readOffsets, recoveryPointFile } from '../directory/checkpoint-files.ts'
import { type IndexSums, indexSumsOf } from '../indexes/index-sums.ts'
import { decodeProducerSnapshot } from '../producers/producer-snapshot.ts'
import { SeenTransactions } from '../producers/seen-transactions.ts'
import { segmentName } from '../segment.ts'
import { dumpSegment } from './inspect.ts'
import { verifyIndexes } from './verify-indexes.ts'

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
  const names = disk.list(directory)
  let sums: IndexSums = new Map()
  for (const name of names.filter((each) => each.endsWith('.snapshot'))) {
    const path = `${directory}/${name}`
    const bytes = disk.read(path)
    if (decodeProducerSnapshot(bytes) === undefined) {
      findings.push({ path, kind: 'damaged', position: 0, problem: 'the checksum of the snapshot does not match' })
    } else if (Number.parseInt(name, 10) <= recoveryPoint) sums = indexSumsOf(bytes)
  }
  const transactions = new SeenTransactions()
  for (const name of names) {
    const path = `${directory}/${name}`
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
      transactions.see(header, batch.bytes)
    }
    const segment = { base, ends, largest, aborted: transactions.take(), sums: sums.get(base), end: next }
    verifyIndexes(disk, `${directory}/${segmentName(base)}`, segment, Math.min(recoveryPoint, next), findings)
  }
}
