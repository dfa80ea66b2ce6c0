/** A data directory on a disk in memory, batches to put into it, and what is in it as a list. */

import { type LogConfig, parseLogConfig } from '../../broker/log/config.ts'
import { LogDirectory } from '../../broker/log/directory/log-directory.ts'
import type { LogDirectoryOptions } from '../../broker/log/options.ts'
import type { AppendResult, PartitionLog } from '../../broker/log/partition-log.ts'
import type { Logger } from '../../core/log.ts'
import { createLogger } from '../../core/log.ts'
import { ManualClock } from '../../core/platform/manual-clock.ts'
import { ManualDisk } from '../../core/platform/manual-disk.ts'
import { buildBatch, readBatchHeader, readRecords } from '../../proto/kafka/records/index.ts'

export const startMs = 1_800_000_000_000
export const topicId = 'AAAAAAAAAAAAAAAAAAAAAg'
const silent: Logger = createLogger('test', { level: 'silent' })

export interface TestLog {
  readonly disk: ManualDisk
  readonly clock: ManualClock
  readonly directory: LogDirectory
  readonly log: PartitionLog
}

export async function openDirectory(
  disk: ManualDisk,
  clock: ManualClock,
  options: Partial<LogDirectoryOptions> = {},
): Promise<LogDirectory> {
  const opening = LogDirectory.open('/data', {
    disk,
    clock,
    log: silent,
    options,
    process: { id: 1, isAlive: () => false },
    newClusterId: () => 'test-cluster',
  })
  return opening
}

export async function openLog(
  settings: Readonly<Record<string, string>> = {},
  {
    disk = new ManualDisk(),
    clock = new ManualClock(startMs),
    options = {},
  }: { disk?: ManualDisk; clock?: ManualClock; options?: Partial<LogDirectoryOptions> } = {},
): Promise<TestLog> {
  const directory = await openDirectory(disk, clock, options)
  const log = directory.create('events', topicId, 0, config(settings))
  return { disk, clock, directory, log }
}

export function config(settings: Readonly<Record<string, string>> = {}): LogConfig {
  return parseLogConfig({ 'file.delete.delay.ms': '0', ...settings })
}

/** Lets the turn end: writes, syncs and what follows from them. */
export async function settle(clock: ManualClock): Promise<void> {
  for (let turn = 0; turn < 30; turn++) {
    clock.advance(0)
    for (let i = 0; i < 8; i++) await Promise.resolve()
  }
}

export interface BatchInput {
  readonly values: readonly (string | null)[]
  readonly keys?: readonly (string | null)[]
  readonly timestamp?: number
  readonly producerId?: number
  readonly epoch?: number
  readonly sequence?: number
  readonly transactional?: boolean
  readonly codec?: 'none' | 'gzip'
}

export function batch(input: BatchInput): Buffer {
  const { values, keys, timestamp = startMs, producerId = -1, epoch = 0, sequence = 0 } = input
  return buildBatch({
    codec: input.codec ?? 'none',
    producerId,
    producerEpoch: producerId < 0 ? -1 : epoch,
    baseSequence: producerId < 0 ? -1 : sequence,
    transactional: input.transactional ?? false,
    records: values.map((value, i) => ({
      key: keys?.[i] == null ? null : Buffer.from(keys[i]),
      value: value === null ? null : Buffer.from(value),
      timestamp,
    })),
  })
}

export function append(log: PartitionLog, input: BatchInput): AppendResult {
  return log.append(batch(input), { origin: 'client' })
}

export interface ReadRecord {
  readonly offset: number
  readonly key: string | null
  readonly value: string | null
  readonly control: boolean
  readonly producerId: number
}

/** Everything from `from` on, in reads of `maxBytes`; with read-committed, aborted records are dropped as a client does it. */
export async function readAll(
  log: PartitionLog,
  from = log.logStartOffset,
  isolation: 'read-uncommitted' | 'read-committed' = 'read-uncommitted',
  maxBytes = 1 << 20,
): Promise<ReadRecord[]> {
  const records: ReadRecord[] = []
  let offset = from
  for (;;) {
    const read = await log.read(offset, maxBytes, { isolation, atLeastOne: true })
    if (read.kind !== 'data') throw new Error(`${read.kind} at ${offset}: ${JSON.stringify(read)}`)
    if (read.sizeBytes === 0) return records
    const aborted = [...(read.aborted ?? [])]
    const dropping = new Set<number>()
    for (const buffer of read.buffers) {
      for (let at = 0; at < buffer.length; ) {
        const header = readBatchHeader(buffer, at)
        const bytes = buffer.subarray(at, at + header.sizeBytes)
        while (aborted.length > 0 && aborted[0].firstOffset <= header.lastOffset) {
          dropping.add((aborted.shift() as { producerId: number }).producerId)
        }
        const views = readRecords(bytes, header)
        if (header.isControl) {
          if (views[0].key?.readInt16BE(2) === 0) dropping.delete(header.producerId)
        } else if (header.isTransactional && dropping.has(header.producerId)) {
          at += header.sizeBytes
          continue
        }
        for (const view of views) {
          if (view.offset < offset) continue
          records.push({
            offset: view.offset,
            key: view.key === null ? null : view.key.toString(),
            value: header.isControl ? null : view.value === null ? null : view.value.toString(),
            control: header.isControl,
            producerId: header.producerId,
          })
        }
        at += header.sizeBytes
      }
    }
    offset = read.nextOffset
  }
}

export async function values(log: PartitionLog, from?: number): Promise<(string | null)[]> {
  return (await readAll(log, from)).filter((each) => !each.control).map((each) => each.value)
}
