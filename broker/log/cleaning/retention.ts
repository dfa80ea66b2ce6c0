/**
 * Retention: whole segments go, oldest first, never the active one, never beyond the high watermark. Files get the ending
 * `.deleted` at once and are removed later; readers that are at it finish.
 */
import type { Segment } from '../segment.ts'
import { indexKinds } from '../segment.ts'
import type { SegmentedLog } from '../segmented-log.ts'

export const deletedEnding = '.deleted'

/** First offset after a segment. */
export function segmentEnd(log: SegmentedLog, place: number): number {
  return place + 1 < log.segments.length ? log.segments[place + 1].baseOffset : log.logEndOffset
}

/**
 * Applies the limits of time and size. Returns how many segments went. `saveLogStarts` must follow (a crash in between is fine: the
 * log starts where its first segment does).
 */
export function applyRetention(log: SegmentedLog, nowMs: number): number {
  if (!log.isOpen || log.maintenance) return 0
  const { config } = log
  let start = log.logStartOffset
  if (config.cleanup.delete) {
    rollExpired(log, nowMs)
    let size = log.sizeBytes
    for (let place = 0; place < log.segments.length - 1; place++) {
      const segment = log.segments[place]
      const end = segmentEnd(log, place)
      if (end > log.highWatermark) break
      const old = config.retentionMs >= 0 && nowMs - ageStamp(segment, log) > config.retentionMs
      const excess = config.retentionBytes >= 0 && size - segment.sizeBytes >= config.retentionBytes
      if (!old && !excess) break
      size -= segment.sizeBytes
      start = Math.max(start, end)
    }
  }
  if (start > log.logStartOffset) {
    log.logStartOffset = start
    log.epochs.truncateBelow(start)
    log.epochsUnsaved = true
    log.notify()
  }
  return dropSegmentsBelow(log, log.logStartOffset)
}

/** A log that nobody writes to any more: its last segment ages too. */
function rollExpired(log: SegmentedLog, nowMs: number): void {
  const { active, config } = log
  if (active === undefined || active.sizeBytes === 0 || config.retentionMs < 0) return
  if (log.highWatermark < log.logEndOffset) return
  if (nowMs - ageStamp(active, log) > config.retentionMs) log.roll(nowMs)
}

function ageStamp(segment: Segment, log: SegmentedLog): number {
  const timestamp = segment.lastTimestamp(log.host)
  return timestamp >= 0 ? timestamp : segment.createdMs
}

/** Drops segments that end at or below `offset`. */
export function dropSegmentsBelow(log: SegmentedLog, offset: number): number {
  if (log.maintenance) return 0
  let count = 0
  while (count < log.segments.length - 1 && log.segments[count + 1].baseOffset <= offset) count++
  if (count === 0) return 0
  const gone = log.segments.slice(0, count)
  log.segments = log.segments.slice(count)
  log.tail.dropBelow(log.segments[0].baseOffset)
  for (const segment of gone) deleteSegment(log, segment)
  return count
}

/** Renames the files and removes them after the topic's delay. */
export function deleteSegment(log: SegmentedLog, segment: Segment): void {
  const { disk, clock, files } = log.host
  if (!segment.exists) return
  const doomed: string[] = []
  try {
    for (const ending of ['log', ...indexKinds.map(([name]) => name)]) {
      const path = `${segment.path}.${ending}`
      if (!disk.exists(path)) continue
      disk.rename(path, path + deletedEnding)
      doomed.push(path + deletedEnding)
    }
  } catch (cause) {
    log.fail('removal of a segment', cause)
    return
  }
  segment.file.path = `${segment.path}.log${deletedEnding}`
  const remove = (): void => {
    files.close(segment.file)
    for (const path of doomed) {
      // What stays is removed at the next start.
      disk.removeAsync(path).catch((error: unknown) => log.host.note(`could not remove ${path}`, error))
    }
  }
  if (log.config.fileDeleteDelayMs === 0) remove()
  else clock.setTimeout(remove, log.config.fileDeleteDelayMs).unref()
}
