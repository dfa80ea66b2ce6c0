/**
 * Compaction of one log. First the last offset of each key in the part that was not compacted yet is found, as far as the map holds;
 * then all segments up to there are written anew, some together in one, and take the places of the old by renames that a start can
 * finish (leftovers.ts).
 *
 * Only what is inactive, decided, and below the recovery point is touched; appends and reads go on meanwhile. Errors leave the log as
 * it was.
 */

import { RecordTable, readBatchHeader } from '../../../proto/kafka/records/index.ts'
import {
  attributesOf,
  baseOffsetOf,
  baseTimestampOf,
  controlBit,
  lastOffsetOf,
  maxTimestampOf,
  producerIdOf,
  transactionalBit,
} from '../batch-fields.ts'
import { cleanedEnding, renameSwapped, swapEnding } from '../directory/leftovers.ts'
import type { OffsetIndex } from '../indexes/offset-index.ts'
import type { TimeIndex } from '../indexes/time-index.ts'
import { type AbortedEntry, TransactionIndex } from '../indexes/transaction-index.ts'
import { eachBatch } from '../log-times.ts'
import { indexKinds, Segment } from '../segment.ts'
import type { SegmentedLog } from '../segmented-log.ts'
import { CompactedTransactions, type CompactionRules, compactBatch } from './compact-batch.ts'
import type { OffsetMap } from './offset-map.ts'
import { deleteSegment, segmentEnd } from './retention.ts'

const openedBytesMax = 256 * 1024 * 1024
const writeBytes = 1024 * 1024
const table = new RecordTable()

/** Where compaction could begin and end now, and how much it would read. */
export interface Cleanable {
  readonly from: number
  readonly to: number
  readonly dirtyBytes: number
  readonly cleanBytes: number
  /** The oldest uncompacted data is older than `max.compaction.lag.ms`. */
  readonly overdue: boolean
}

export function cleanable(log: SegmentedLog, nowMs: number): Cleanable | undefined {
  const { active, config, segments } = log
  if (active === undefined || log.state.kind !== 'ok' || log.maintenance) return undefined
  const from = Math.max(log.cleanedOffset, segments[0].baseOffset)
  const limit = Math.min(active.baseOffset, log.lastStableOffset, log.durableRecoveryPoint)
  let to = from
  let dirtyBytes = 0
  let cleanBytes = 0
  let overdue = false
  for (let place = 0; place < segments.length - 1; place++) {
    const segment = segments[place]
    const end = segmentEnd(log, place)
    if (end <= from) {
      cleanBytes += segment.sizeBytes
      continue
    }
    const timestamp = segment.lastTimestamp(log.host)
    if (end > limit || (config.minCompactionLagMs > 0 && timestamp > nowMs - config.minCompactionLagMs)) break
    if (to === from) overdue = timestamp >= 0 && nowMs - timestamp > config.maxCompactionLagMs
    dirtyBytes += segment.sizeBytes
    to = end
  }
  return to > from ? { from, to, dirtyBytes, cleanBytes, overdue } : undefined
}

/** Compacts as far as the map holds. Rejects with the reason when it could not. */
export async function compactLog(log: SegmentedLog, work: Cleanable, map: OffsetMap): Promise<void> {
  log.maintenance = true
  try {
    const aborted = abortedEntries(log, work.to)
    map.clear()
    const to = await fillMap(log, work, map, new CompactedTransactions(aborted))
    const transactions = new CompactedTransactions(aborted)
    const nowMs = log.host.clock.now()
    for (const group of groups(log, to)) {
      await compactGroup(log, group, map, transactions, nowMs)
      if (log.state.kind !== 'ok') return
    }
    log.cleanedOffset = Math.max(log.cleanedOffset, to)
    await log.host.saveCleanerOffsets()
  } finally {
    log.maintenance = false
  }
}

function abortedEntries(log: SegmentedLog, to: number): AbortedEntry[] {
  const entries: AbortedEntry[] = []
  for (const segment of log.segments) {
    for (const entry of segment.aborted(log.host)?.entries ?? []) if (entry.firstOffset < to) entries.push(entry)
  }
  return entries
}

/** Returns up to where the map is complete. */
async function fillMap(
  log: SegmentedLog,
  work: Cleanable,
  map: OffsetMap,
  transactions: CompactedTransactions,
): Promise<number> {
  let to = work.to
  await eachBatch(log, Math.max(work.from, log.logStartOffset), work.to, (buffer, at) => {
    const attributes = attributesOf(buffer, at)
    if ((attributes & controlBit) !== 0) return false
    const base = baseOffsetOf(buffer, at)
    if ((attributes & transactionalBit) !== 0 && transactions.isAborted(producerIdOf(buffer, at), base)) return false
    table.read(buffer, readBatchHeader(buffer, at), at, openedBytesMax)
    if (map.size + table.count > map.capacity && base > work.from) {
      to = base
      return true
    }
    for (let i = 0; i < table.count && !map.isFull; i++) {
      if (table.keyLength[i] < 0) continue
      map.put(table.bytes, table.keyAt[i], table.keyLength[i], table.baseOffset + table.offsetDelta[i])
    }
    return false
  })
  return to
}

/** Neighbours below `to` that fit into one segment together. */
function groups(log: SegmentedLog, to: number): Segment[][] {
  const result: Segment[][] = []
  let group: Segment[] = []
  let bytes = 0
  for (let place = 0; place < log.segments.length - 1; place++) {
    const segment = log.segments[place]
    if (segment.baseOffset >= to) break
    const range = segmentEnd(log, place) - (group[0]?.baseOffset ?? segment.baseOffset)
    if (group.length > 0 && (bytes + segment.sizeBytes > log.config.segmentBytes || range > 0x7fff_ffff)) {
      result.push(group)
      group = []
      bytes = 0
    }
    group.push(segment)
    bytes += segment.sizeBytes
  }
  if (group.length > 0) result.push(group)
  return result
}

async function compactGroup(
  log: SegmentedLog,
  group: Segment[],
  map: OffsetMap,
  transactions: CompactedTransactions,
  nowMs: number,
): Promise<void> {
  const { host, directory } = log
  const first = group[0]
  const end = segmentEnd(log, log.segments.indexOf(group[group.length - 1]))
  const target = new Segment(directory, first.baseOffset, 0, false, nowMs)
  const logPath = `${target.path}.log`
  for (const ending of ['log', ...indexKinds.map(([name]) => name)])
    host.disk.remove(`${target.path}.${ending}${cleanedEnding}`)
  target.file.path = logPath + cleanedEnding
  host.files.create(target.file)
  host.files.pin(target.file)
  target.exists = true
  const markers = new Set<number>()
  let lastOffset = -1
  try {
    const last = group[group.length - 1]
    const index = last.offsets(host)
    const near = index.length === 0 ? last.baseOffset : last.baseOffset + index.relativeOffsetAt(index.length - 1)
    await eachBatch(log, near, end, (buffer, at) => {
      lastOffset = lastOffsetOf(buffer, at)
      return false
    })
    const rules: CompactionRules = {
      nowMs,
      deleteRetentionMs: log.config.deleteRetentionMs,
      mustStay: (producerId, offset) => offset === lastOffset || isLastOf(log, producerId, offset),
    }
    let queue: Buffer[] = []
    let queuedBytes = 0
    const write = (): void => {
      host.disk.writevAt(host.files.use(target.file), queue, target.writtenBytes)
      target.writtenBytes += queuedBytes
      queue = []
      queuedBytes = 0
    }
    await eachBatch(log, first.baseOffset, end, (buffer, at) => {
      const left = compactBatch(buffer, at, map, transactions, rules)
      if (left === undefined) return false
      if ((attributesOf(left, 0) & controlBit) !== 0) markers.add(baseOffsetOf(left, 0))
      target.appended(
        left.length,
        lastOffsetOf(left, 0),
        baseTimestampOf(left, 0),
        maxTimestampOf(left, 0),
        log.config.indexIntervalBytes,
      )
      queue.push(left)
      queuedBytes += left.length
      if (queuedBytes >= writeBytes) write()
      return false
    })
    if (queue.length > 0) write()
    target.seal()
    target.adoptTransactions(remaining(log, group, markers), true)
    await host.disk.syncAsync(host.files.use(target.file))
    await writeIndexes(log, target)
    if (log.state.kind !== 'ok') return
    swap(log, group, target)
  } finally {
    host.files.unpin(target.file)
    if (!log.segments.includes(target)) {
      host.files.close(target.file)
      host.disk.remove(logPath + cleanedEnding)
    }
  }
  await host.disk.syncDirectoryAsync(directory)
}

/** Aborted transactions whose marker is still there. */
function remaining(log: SegmentedLog, group: readonly Segment[], markers: ReadonlySet<number>): TransactionIndex {
  const index = new TransactionIndex()
  for (const segment of group) {
    for (const entry of segment.aborted(log.host)?.entries ?? []) if (markers.has(entry.lastOffset)) index.append(entry)
  }
  return index
}

function isLastOf(log: SegmentedLog, producerId: number, lastOffset: number): boolean {
  if (producerId < 0) return false
  const window = log.producerStates.get(producerId)?.window
  return window !== undefined && window.length > 0 && window[window.length - 1].lastOffset === lastOffset
}

async function writeIndexes(log: SegmentedLog, target: Segment): Promise<void> {
  const { host } = log
  const offsets = target.offsets(host)
  const times = target.times(host)
  const parts: (OffsetIndex | TimeIndex | TransactionIndex)[] = [offsets, times, target.abortedForWriting(host)]
  for (let kind = 0; kind < parts.length; kind++) {
    // The index of transactions is written even when it is empty: its presence tells a start how far the swap had come.
    const file = host.disk.open(`${target.path}.${indexKinds[kind][0]}${cleanedEnding}`, 'w')
    try {
      const bytes = parts[kind].encode()
      host.disk.writeAt(file, bytes, 0, bytes.length, 0)
      await host.disk.syncAsync(file)
    } finally {
      host.disk.close(file)
    }
  }
  target.adopt(offsets, times, offsets.length, times.length)
}

/** From here on it happens in one turn: readers find either the old segments or the new one. */
function swap(log: SegmentedLog, group: readonly Segment[], target: Segment): void {
  const { disk, cold } = log.host
  const place = log.segments.indexOf(group[0])
  // Topic deleted or records deleted meanwhile: the old ones are not all there any more.
  if (place < 0 || log.segments[place + group.length - 1] !== group[group.length - 1]) return
  try {
    for (const [ending] of indexKinds) {
      disk.rename(`${target.path}.${ending}${cleanedEnding}`, `${target.path}.${ending}${swapEnding}`)
    }
    disk.rename(`${target.path}.log${cleanedEnding}`, `${target.path}.log${swapEnding}`)
    disk.syncDirectory(log.directory)
    for (const segment of group) deleteSegment(log, segment)
    renameSwapped(disk, target.path)
  } catch (cause) {
    log.fail('the swap of compaction', cause)
    return
  }
  target.file.path = `${target.path}.log`
  log.sumsUnsaved = true
  log.segments = [...log.segments.slice(0, place), target, ...log.segments.slice(place + group.length)]
  for (const segment of group) cold.forget(segment)
  // What memory still has of them may miss the aborted transactions that are forgotten now.
  log.tail.dropBelow(segmentEnd(log, place))
}
