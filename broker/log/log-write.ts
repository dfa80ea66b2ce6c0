/**
 * How a log's queue reaches its files: one call per segment, files and directory made at the first write, segments pinned from their
 * first unsynced byte to their sync. And when a new segment begins.
 */
import type { Disk } from '../../core/platform/disk.ts'
import { patiently } from './passing-failure.ts'
import type { Segment } from './segment.ts'
import type { SegmentedLog } from './segmented-log.ts'

/** Relative offsets are 31 bits. */
const offsetsPerSegment = 0x7fff_ffff

/** Whether a batch with these properties begins a new segment. Throws the system's error. */
export function mustRoll(
  log: SegmentedLog,
  active: Segment,
  bytes: number,
  lastOffsetDelta: number,
  maxTimestamp: number,
  nowMs: number,
): boolean {
  if (active.sizeBytes === 0) return false
  const { config, host } = log
  if (active.sizeBytes + bytes > config.segmentBytes) return true
  if (log.logEndOffset + lastOffsetDelta - active.baseOffset > offsetsPerSegment) return true
  if (active.offsets(host).length * 8 + 8 > config.segmentIndexBytes) return true
  const first = active.rollTimestamp(host)
  const waited = first !== undefined && first >= 0 ? maxTimestamp - first : nowMs - active.createdMs
  // Only closed segments are compacted.
  const limit = config.cleanup.compact ? Math.min(config.segmentMs, config.maxCompactionLagMs) : config.segmentMs
  return waited > limit - host.jitter(config.segmentJitterMs, active.baseOffset)
}

/**
 * Writes what is queued. Throws the system's error; nobody knows then what the file has behind what was written before. May be called
 * again: the same bytes go to the same places.
 */
export function writeQueued(log: SegmentedLog): void {
  const { tail } = log
  const { disk, files } = log.host
  for (let pending = tail.pending(); pending !== undefined; pending = tail.pending()) {
    const { segment, buffers, bytes } = pending
    if (!segment.exists) createFiles(log, segment)
    if (!segment.unsynced) {
      files.pin(segment.file)
      segment.unsynced = true
      log.unsynced.push(segment)
    }
    disk.writevAt(files.use(segment.file), buffers, segment.writtenBytes)
    segment.writtenBytes += bytes
    tail.wrote(pending)
  }
}

function createFiles(log: SegmentedLog, segment: Segment): void {
  if (!log.directoryExists) {
    log.host.createDirectory(log)
    log.directoryExists = true
  }
  log.host.files.create(segment.file)
  segment.exists = true
  log.namesUnsynced = true
}

/**
 * Syncs segments, oldest first, and the names of new files. Rejects with the system's error; waits where a file cannot be opened now.
 * `overlaps`: another one is on its way. The system tells each descriptor once that something could not be written, so that two syncs
 * of one could each take what is the other's.
 */
export async function syncFiles(log: SegmentedLog, segments: readonly Segment[], overlaps: boolean): Promise<void> {
  const { clock, disk, files } = log.host
  // What is written from here on belongs to the next sync, which pins for itself.
  for (const segment of segments) segment.unsynced = false
  const names = log.namesUnsynced
  log.namesUnsynced = false
  try {
    for (const { file } of segments) {
      // Pinned: its descriptor is there.
      if (!overlaps) await disk.syncAsync(files.use(file))
      else await patiently(clock, () => syncByOwnDescriptor(disk, file.path))
    }
    if (!names) return
    if (!log.identitySynced) {
      log.identitySynced = true
      await patiently(clock, () => syncByOwnDescriptor(disk, log.host.partitionFileOf(log)))
    }
    await patiently(clock, () => disk.syncDirectoryAsync(log.directory))
    await patiently(clock, () => log.host.syncRoot())
  } finally {
    for (const segment of segments) files.unpin(segment.file)
  }
}

async function syncByOwnDescriptor(disk: Disk, path: string): Promise<void> {
  const descriptor = disk.open(path, 'r+')
  try {
    await disk.syncAsync(descriptor)
  } finally {
    disk.close(descriptor)
  }
}

/** The same of all that is unsynced, without a pause. Throws the system's error; then everything is as unsynced as before. */
export function syncFilesNow(log: SegmentedLog): void {
  const { disk, files, root } = log.host
  for (const { file } of log.unsynced) disk.sync(files.use(file))
  if (log.namesUnsynced) {
    if (!log.identitySynced) {
      const file = disk.open(log.host.partitionFileOf(log), 'r+')
      try {
        disk.sync(file)
      } finally {
        disk.close(file)
      }
    }
    disk.syncDirectory(log.directory)
    disk.syncDirectory(root)
    log.identitySynced = true
    log.namesUnsynced = false
  }
  for (const segment of log.unsynced.splice(0)) {
    segment.unsynced = false
    files.unpin(segment.file)
  }
}
