/**
 * Making what belongs to a log anew from its batches: indexes, lists of aborted transactions, snapshots of producers. Batches are only
 * read; a log in which one is damaged is left as it is, for whoever decides what becomes of its records.
 *
 * Takes the data directory for itself: no broker runs meanwhile.
 */
import type { Disk } from '../../../core/platform/disk.ts'
import { partitionKey, readOffsets, recoveryPointFile } from '../directory/checkpoint-files.ts'
import { lockDirectory, type ProcessIdentity, unlockDirectory } from '../directory/directory-owner.ts'
import { type SegmentSums, withIndexSums } from '../indexes/index-sums.ts'
import { type Finding, type Verification, verifyDirectory } from '../inspection/verify.ts'
import { OpenFiles } from '../open-files.ts'
import { decodeProducerSnapshot, encodeProducerSnapshot } from '../producers/producer-snapshot.ts'
import { ProducerStates } from '../producers/producer-state.ts'
import { readOptional, Segment, segmentName } from '../segment.ts'
import { followSegment } from './rebuild-transactions.ts'

export interface Repair {
  /** What was found, before anything was done. */
  readonly found: Verification
  /** Files that were made anew or removed. */
  readonly repaired: readonly string[]
  /** What is still wrong. */
  readonly left: readonly Finding[]
}

const intervalBytes = 4096
const openFilesMax = 64

/** Throws BROKER_LOG_DIRECTORY_LOCKED while a broker runs, and the system's error. */
export async function repairDirectory(
  disk: Disk,
  root: string,
  owner: ProcessIdentity,
  nowMs: number,
): Promise<Repair> {
  lockDirectory(disk, root, owner)
  try {
    const found = verifyDirectory(disk, root)
    const points = readOffsets(disk, `${root}/${recoveryPointFile}`)
    const repaired: string[] = []
    const damaged = found.findings.filter((each) => each.kind === 'damaged')
    for (const directory of new Set(damaged.map(({ path }) => path.slice(0, path.lastIndexOf('/'))))) {
      if (damaged.some(({ path }) => path.startsWith(`${directory}/`) && path.endsWith('.log'))) continue
      const match = /([^/]+)-(\d+)$/.exec(directory)
      if (match === null) continue
      const recoveryPoint = points.get(partitionKey(match[1], Number(match[2]))) ?? 0
      repaired.push(...(await repairLog(disk, directory, recoveryPoint, nowMs)))
    }
    const left = repaired.length === 0 ? found.findings : verifyDirectory(disk, root).findings
    return { found, repaired, left }
  } finally {
    unlockDirectory(disk, root)
  }
}

async function repairLog(disk: Disk, directory: string, recoveryPoint: number, nowMs: number): Promise<string[]> {
  const repaired: string[] = []
  const host = { disk, files: new OpenFiles(disk, openFilesMax) }
  const write = (path: string, bytes: Buffer): void => {
    if (readOptional(disk, path)?.equals(bytes) === true) return
    disk.writeAtomic(path, bytes)
    repaired.push(path)
  }
  const names = disk.list(directory)
  const segments = names
    .filter((name) => /^\d{20}\.log$/.test(name))
    .map((name) => {
      const size = disk.stat(`${directory}/${name}`)?.sizeBytes ?? 0
      return new Segment(directory, Number.parseInt(name, 10), size, true, nowMs)
    })
  let states = new ProducerStates()
  const sums = new Map<number, SegmentSums>()
  try {
    for (const [place, segment] of segments.entries()) {
      const aborted = await followSegment(host, directory, segment, states, { end: recoveryPoint, nowMs })
      segment.rebuild(host, intervalBytes)
      segment.adoptTransactions(aborted, false)
      write(`${segment.path}.index`, segment.offsets(host).encode())
      write(`${segment.path}.timeindex`, segment.times(host).encode())
      const list = `${segment.path}.txnindex`
      if (aborted.length > 0 || disk.exists(list)) write(list, aborted.encode())
      const end = segments[place + 1]?.baseOffset ?? Number.POSITIVE_INFINITY
      const known =
        segment.baseOffset < recoveryPoint ? segment.sumsBelow(recoveryPoint, end <= recoveryPoint) : undefined
      if (known !== undefined) sums.set(segment.baseOffset, known)
    }
  } finally {
    for (const segment of segments) host.files.close(segment.file)
  }
  const newest = `${segmentName(recoveryPoint)}.snapshot`
  for (const name of names.filter((each) => each.endsWith('.snapshot'))) {
    const path = `${directory}/${name}`
    const known = decodeProducerSnapshot(disk.read(path))
    // It also knows producers whose batches have been compacted away.
    if (name === newest && known !== undefined) states = known
    if (name === newest || known !== undefined) continue
    disk.remove(path)
    repaired.push(path)
  }
  if (segments.length > 0) write(`${directory}/${newest}`, withIndexSums(encodeProducerSnapshot(states), sums))
  disk.syncDirectory(directory)
  return repaired
}
