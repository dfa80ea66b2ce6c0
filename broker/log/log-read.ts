/** Reads of a log: from the tail at once, from the files by a promise; and which aborted transactions overlap what was read. */
import { faulty } from '../../core/faults.ts'
import { kafkaError } from '../../proto/kafka/error-codes.ts'
import type { AbortedTransaction, LogRead, ReadOptions } from './partition-log.ts'
import { inOrderOfBatches } from './producers/aborted-order.ts'
import type { SegmentedLog } from './segmented-log.ts'

export function readLog(
  log: SegmentedLog,
  offset: number,
  maxBytes: number,
  options: ReadOptions,
): LogRead | Promise<LogRead> {
  if (offset < log.logStartOffset || offset > log.logEndOffset) return { kind: 'out-of-range' }
  const end = log.endFor(options.isolation)
  if (offset >= end) return nothing(offset, options)
  return offset >= log.tail.firstOffset
    ? readTail(log, offset, offset, end, maxBytes, options)
    : readCold(log, offset, end, maxBytes, options)
}

function nothing(offset: number, options: ReadOptions): LogRead {
  const empty = { kind: 'data' as const, buffers: [], sizeBytes: 0, nextOffset: offset }
  return options.isolation === 'read-committed' ? { ...empty, aborted: [] } : empty
}

function readTail(
  log: SegmentedLog,
  asked: number,
  offset: number,
  end: number,
  maxBytes: number,
  options: ReadOptions,
): LogRead {
  const place = log.tail.find(offset)
  if (place < 0) return nothing(asked, options)
  const { buffers, sizeBytes, nextOffset } = log.tail.gather(
    place,
    end,
    maxBytes,
    options.atLeastOne,
    options.lend === true,
  )
  if (sizeBytes === 0) return nothing(asked, options)
  return data(log, asked, buffers, sizeBytes, nextOffset, options)
}

function data(
  log: SegmentedLog,
  asked: number,
  buffers: Buffer[],
  sizeBytes: number,
  nextOffset: number,
  options: ReadOptions,
): LogRead {
  if (options.isolation !== 'read-committed') return { kind: 'data', buffers, sizeBytes, nextOffset }
  const aborted = inOrderOfBatches(abortedBetween(log, asked, nextOffset), buffers, asked)
  return { kind: 'data', buffers, sizeBytes, nextOffset, aborted }
}

async function readCold(
  log: SegmentedLog,
  asked: number,
  end: number,
  maxBytes: number,
  options: ReadOptions,
): Promise<LogRead> {
  let offset = asked
  try {
    while (offset < end) {
      if (offset >= log.tail.firstOffset) return readTail(log, asked, offset, end, maxBytes, options)
      const place = floorSegment(log, offset)
      const segment = log.segments[place]
      const read = await log.host.cold.read(segment, offset, end, maxBytes, options.atLeastOne, options.lend === true)
      switch (read.kind) {
        case 'data':
          return data(log, asked, [read.buffer], read.buffer.length, read.nextOffset, options)
        case 'too-large':
          return nothing(asked, options)
        case 'damaged': {
          const message = `${segment.path}.log is damaged at byte ${read.position}: ${read.reason}`
          log.host.note(message, undefined)
          return { kind: 'failed', error: kafkaError.CORRUPT_MESSAGE, message }
        }
        case 'nothing': {
          // Compaction leaves gaps, also at the end of a segment. Segments may have been replaced meanwhile.
          const next = log.segments.find((each) => each.baseOffset > Math.max(offset, segment.baseOffset))
          if (next === undefined) return nothing(asked, options)
          offset = next.baseOffset
        }
      }
    }
    return nothing(asked, options)
  } catch (cause) {
    log.host.note(`reading ${log.directory} failed`, cause)
    return { kind: 'failed', error: kafkaError.KAFKA_STORAGE_ERROR, message: (cause as Error).message, cause }
  }
}

/** Place of the segment in which `offset` lies; the first one for an offset below. */
export function floorSegment(log: SegmentedLog, offset: number): number {
  const { segments } = log
  let low = 0
  let high = segments.length - 1
  while (low < high) {
    const middle = (low + high + 1) >>> 1
    if (segments[middle].baseOffset <= offset) low = middle
    else high = middle - 1
  }
  return low
}

/** Aborted transactions with a record in [from, to), by first offset. */
export function abortedBetween(log: SegmentedLog, from: number, to: number): AbortedTransaction[] {
  const found: AbortedTransaction[] = []
  if (faulty('lose-abort')) return found
  search: for (let place = floorSegment(log, from); place < log.segments.length; place++) {
    const index = log.segments[place].aborted(log.host)
    if (index === undefined) continue
    for (const entry of index.entries) {
      if (entry.lastOffset >= from && entry.firstOffset < to) {
        found.push({ producerId: entry.producerId, firstOffset: entry.firstOffset })
      }
      if (entry.lastStableOffset >= to) break search
    }
  }
  return found.sort((a, b) => a.firstOffset - b.firstOffset)
}
