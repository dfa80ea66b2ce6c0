/**
 * The point from which a restart reads a log: data synced, then indexes, epochs and the producer state of that very offset, and only
 * then the recovery point moves. Done after a roll, every minute, and at close.
 */
import type { Disk } from '../../../core/platform/disk.ts'
import { type SegmentSums, withIndexSums } from '../indexes/index-sums.ts'
import { passes } from '../passing-failure.ts'
import { encodeProducerSnapshot } from '../producers/producer-snapshot.ts'
import { segmentName } from '../segment.ts'
import type { SegmentedLog } from '../segmented-log.ts'

export const epochsFile = 'leader-epoch-checkpoint'
export const snapshotEnding = '.snapshot'
/** Newer first; the older one is for the case that the newest is damaged. */
const keptSnapshots = 2

/** One at a time per log; resolves when the recovery point has moved, cannot now, or the log has failed. Never rejects. */
export async function checkpointLog(log: SegmentedLog): Promise<void> {
  while (log.checkpointing !== undefined) await log.checkpointing
  const work = write(log).catch((cause: unknown) => {
    if (!passes(cause)) return log.fail('checkpoint', cause)
    log.host.note(`the recovery point of ${log.directory} stays where it was`, cause)
    log.sumsUnsaved = true
    log.epochsUnsaved = true
  })
  log.checkpointing = work
  await work
  log.checkpointing = undefined
}

async function write(log: SegmentedLog): Promise<void> {
  if (log.state.kind !== 'ok' || !log.directoryExists) return
  const unflushed = log.segments.filter((segment) => segment.exists && segment.hasUnflushedIndex())
  if (log.logEndOffset === log.recoveryPoint && unflushed.length === 0 && !log.epochsUnsaved && !log.sumsUnsaved) return
  const offset = log.logEndOffset
  const snapshot = encodeProducerSnapshot(log.producerStates)
  await log.syncAll()
  if (log.state.kind !== 'ok') return
  const { disk } = log.host
  const sums = new Map<number, SegmentSums>()
  for (const [place, segment] of log.segments.entries()) {
    if (!segment.exists || segment.writtenBytes === 0) continue
    if (segment.hasUnflushedIndex() || segment === log.active) await segment.flushIndexes(log.host)
    const end = log.segments[place + 1]?.baseOffset ?? Number.POSITIVE_INFINITY
    const known = segment.baseOffset < offset ? segment.sumsBelow(offset, end <= offset) : undefined
    if (known !== undefined) sums.set(segment.baseOffset, known)
    if (end <= offset) segment.unload()
  }
  log.sumsUnsaved = false
  const epochs = `${log.directory}/${epochsFile}`
  if (log.epochsUnsaved) {
    log.epochsUnsaved = false
    await writeSynced(disk, `${epochs}.tmp`, Buffer.from(log.epochs.encode()))
    disk.rename(`${epochs}.tmp`, epochs)
  }
  const path = `${log.directory}/${segmentName(offset)}${snapshotEnding}`
  const bytes = withIndexSums(snapshot, sums)
  if (disk.exists(path)) {
    await writeSynced(disk, `${path}.tmp`, bytes)
    disk.rename(`${path}.tmp`, path)
  } else {
    // A torn snapshot is known by its checksum, so that its name may be there first.
    await writeSynced(disk, path, bytes)
  }
  await disk.syncDirectoryAsync(log.directory)
  log.recoveryPoint = Math.max(log.recoveryPoint, offset)
}

async function writeSynced(disk: Disk, path: string, data: Buffer): Promise<void> {
  const file = disk.open(path, 'w')
  try {
    disk.writeAt(file, data, 0, data.length, 0)
    await disk.syncAsync(file)
  } finally {
    disk.close(file)
  }
}

/** Removes snapshots that no restart needs any more. `durable` is the recovery point that the checkpoint file has. */
export async function removeOldSnapshots(log: SegmentedLog, durable: number): Promise<void> {
  const { disk } = log.host
  const offsets = (await disk.listAsync(log.directory))
    .filter((name) => name.endsWith(snapshotEnding))
    .map((name) => Number.parseInt(name, 10))
    .filter((offset) => offset <= durable)
    .sort((a, b) => b - a)
  for (const offset of offsets.slice(keptSnapshots)) {
    await disk.removeAsync(`${log.directory}/${segmentName(offset)}${snapshotEnding}`)
  }
}
