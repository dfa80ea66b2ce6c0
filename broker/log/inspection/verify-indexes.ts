/** The index files of one segment held against its batches. Pure but for reading the files. */
import type { Disk } from '../../../core/platform/disk.ts'
import { matches, type SegmentSums } from '../indexes/index-sums.ts'
import { OffsetIndex } from '../indexes/offset-index.ts'
import { TimeIndex } from '../indexes/time-index.ts'
import { TransactionIndex, transactionEntryBytes } from '../indexes/transaction-index.ts'
import type { AbortSeen } from '../producers/seen-transactions.ts'
import { indexKinds, readOptional } from '../segment.ts'
import type { Finding } from './verify.ts'

/** What the batches of a segment say. */
export interface SegmentFacts {
  readonly base: number
  /** Last offset of the batch at each position. */
  readonly ends: ReadonlyMap<number, number>
  readonly largest: number
  /** By the offset of the marker. */
  readonly aborted: ReadonlyMap<number, AbortSeen>
  readonly sums: SegmentSums | undefined
}

/** `path` without an ending. What lies at `settled` or above may be on its way. */
export function verifyIndexes(
  disk: Disk,
  path: string,
  segment: SegmentFacts,
  settled: number,
  findings: Finding[],
): void {
  const { base, ends, largest, sums } = segment
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
  const abortedBytes = readOptional(disk, `${path}.txnindex`)
  verifyTransactions(abortedBytes, segment, settled, (position, problem) => damaged('txnindex', position, problem))
  const size = disk.stat(`${path}.log`)?.sizeBytes
  if (sums === undefined || (sums.sealedBytes >= 0 && sums.sealedBytes !== size)) return
  for (const [kind, found] of [bytes, timeBytes, abortedBytes].entries()) {
    const ending = indexKinds[kind][0]
    if (findings.some((each) => each.path === `${path}.${ending}`)) continue
    if (!matches(found ?? Buffer.alloc(0), sums.files[kind])) damaged(ending, 0, 'its checksum does not match')
  }
}

function verifyTransactions(
  bytes: Buffer | undefined,
  { aborted }: SegmentFacts,
  settled: number,
  damaged: (position: number, problem: string) => void,
): void {
  const index = TransactionIndex.decodeWhole(bytes ?? Buffer.alloc(0))
  const listed = new Set<number>()
  for (const [place, { producerId, firstOffset, lastOffset }] of index.entries.entries()) {
    listed.add(lastOffset)
    const seen = aborted.get(lastOffset)
    // Compaction and retention may have removed the first records since: they were before those that are left.
    const fits =
      seen !== undefined &&
      seen.producerId === producerId &&
      firstOffset > seen.markerBefore &&
      firstOffset <= (seen.firstOffset < 0 ? lastOffset : seen.firstOffset)
    if (!fits) damaged(place * transactionEntryBytes, `no transaction was aborted from ${firstOffset} to ${lastOffset}`)
  }
  const whole = index.length * transactionEntryBytes === (bytes?.length ?? 0)
  if (!whole) damaged(index.length * transactionEntryBytes, 'its entries are not those of aborted transactions')
  for (const [offset, { firstOffset }] of aborted) {
    if (listed.has(offset) || firstOffset < 0 || offset >= settled || !whole) continue
    damaged(bytes?.length ?? 0, `the transaction aborted at offset ${offset} is missing`)
  }
}
