/** Offsets by time: the time index says where to look, the batches say which record. */
import { baseOffsetOf, batchBytesOf, leaderEpochOf, maxTimestampOf } from './batch-fields.ts'
import { segmentEnd } from './cleaning/retention.ts'
import { logErrors } from './errors.ts'
import { readLog } from './log-read.ts'
import { firstRecordSince } from './open-batch.ts'
import type { TimestampOffset } from './partition-log.ts'
import type { SegmentedLog } from './segmented-log.ts'

const pieceBytes = 256 * 1024

/** The first record at or after `timestampMs`, below `end`. */
export async function findTimestamp(
  log: SegmentedLog,
  timestampMs: number,
  end: number,
): Promise<TimestampOffset | undefined> {
  const segments = [...log.segments]
  for (let place = 0; place < segments.length; place++) {
    const segment = segments[place]
    const upTo = Math.min(end, place + 1 < segments.length ? segments[place + 1].baseOffset : end)
    if (upTo <= log.logStartOffset || segment.lastTimestamp(log.host) < timestampMs) continue
    const from = segment.baseOffset + segment.times(log.host).offsetFor(timestampMs)
    let found: TimestampOffset | undefined
    await eachBatch(log, Math.max(from, log.logStartOffset), upTo, (buffer, at) => {
      if (maxTimestampOf(buffer, at) < timestampMs) return false
      const record = firstRecordSince(buffer, at, log.logStartOffset, timestampMs)
      if (record !== undefined) found = { ...record, leaderEpoch: leaderEpochOf(buffer, at) }
      return found !== undefined
    })
    if (found !== undefined) return found
  }
  return undefined
}

/** The record with the largest timestamp below `end`; of several, the first in its batch. */
export async function findMaxTimestamp(log: SegmentedLog, end: number): Promise<TimestampOffset | undefined> {
  let best: TimestampOffset | undefined
  const places = log.segments.map((segment, place) => ({ segment, place }))
  // The segment that promises most first: the others are mostly not read at all.
  places.sort((a, b) => b.segment.lastTimestamp(log.host) - a.segment.lastTimestamp(log.host))
  for (const { segment, place } of places) {
    if (best !== undefined && segment.lastTimestamp(log.host) <= best.timestamp) break
    const times = segment.times(log.host)
    let entry = times.length - 1
    while (entry >= 0 && segment.baseOffset + times.relativeOffsetAt(entry) >= end) entry--
    const from = entry < 0 ? segment.baseOffset : segment.baseOffset + times.relativeOffsetAt(entry)
    await eachBatch(log, Math.max(from, log.logStartOffset), Math.min(end, segmentEnd(log, place)), (buffer, at) => {
      const timestamp = maxTimestampOf(buffer, at)
      if (timestamp < 0 || (best !== undefined && timestamp <= best.timestamp)) return false
      const record = firstRecordSince(buffer, at, log.logStartOffset, timestamp)
      if (record !== undefined) best = { ...record, leaderEpoch: leaderEpochOf(buffer, at) }
      return false
    })
  }
  return best
}

/** Calls `visit` with each batch that has an offset in [from, end), until it returns true. Throws when the log cannot be read. */
export async function eachBatch(
  log: SegmentedLog,
  from: number,
  end: number,
  visit: (buffer: Buffer, at: number) => boolean,
): Promise<void> {
  let offset = from
  while (offset < end) {
    const read = await readLog(log, offset, pieceBytes, { isolation: 'read-uncommitted', atLeastOne: true })
    if (read.kind === 'failed') {
      throw logErrors.create('BAD_FILE', { path: log.directory, reason: read.message }, { cause: read.cause })
    }
    if (read.kind === 'out-of-range') {
      // The start of the log moved meanwhile.
      if (offset >= log.logStartOffset) return
      offset = log.logStartOffset
      continue
    }
    if (read.sizeBytes === 0) return
    for (const buffer of read.buffers) {
      for (let at = 0; at < buffer.length; at += batchBytesOf(buffer, at)) {
        if (baseOffsetOf(buffer, at) >= end || visit(buffer, at)) return
      }
    }
    offset = read.nextOffset
  }
}
