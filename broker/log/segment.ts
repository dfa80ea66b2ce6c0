/**
 * One segment of a log: its file, its three indexes, what is known of its timestamps. The active segment is the last; the others
 * change only by compaction, which makes new ones.
 *
 * Positions are known at the append, bytes reach the file later and in order. One thread.
 */
import type { Disk } from '../../core/platform/disk.ts'
import { baseTimestampOf, batchBytesOf, batchHeaderBytes, lastOffsetOf, maxTimestampOf } from './batch-fields.ts'
import { type FileSum, matches, type SegmentSums, sumOf } from './indexes/index-sums.ts'
import { OffsetIndex, offsetEntryBytes } from './indexes/offset-index.ts'
import { TimeIndex, timeEntryBytes } from './indexes/time-index.ts'
import { TransactionIndex, transactionEntryBytes } from './indexes/transaction-index.ts'
import { LogFile, type OpenFiles } from './open-files.ts'

export interface SegmentHost {
  readonly disk: Disk
  readonly files: OpenFiles
  /** This index file was not what the log says, and was made anew. */
  madeAnew?(path: string): void
}

/** File name without the ending: the base offset in 20 digits. */
export function segmentName(baseOffset: number): string {
  return baseOffset.toString().padStart(20, '0')
}

/** Kinds of index files: ending and bytes per entry. */
export const indexKinds = [
  ['index', offsetEntryBytes],
  ['timeindex', timeEntryBytes],
  ['txnindex', transactionEntryBytes],
] as const

export class Segment {
  readonly baseOffset: number
  readonly file: LogFile
  /** Bytes given out by appends; the file may have fewer. */
  sizeBytes: number
  /** Bytes that are in the file. */
  writtenBytes: number
  /** Written and not synced: in the list of its log. */
  unsynced = false
  /** False until the file is made. */
  exists: boolean
  /** Epoch ms at which it became the active segment of this process. */
  createdMs: number
  /** Timestamp of the first batch; undefined before it is known, -1 when it has none. */
  firstTimestamp: number | undefined
  /** Of the active segment; of others as the time index says. */
  largestTimestamp = -1
  largestTimestampOffset = -1
  bytesSinceEntry = 0
  transactions: TransactionIndex | undefined
  readonly #path: string
  #offsets: OffsetIndex | undefined
  #times: TimeIndex | undefined
  /** Entries that the files have, by kind. */
  readonly #flushed = [0, 0, 0]
  #transactionsKnown: boolean
  /** The files may have entries that are not in memory any more. */
  #stale = false
  /** What the files must be, as far as it is known; of a sealed segment also what the next checkpoint says of them. */
  #sums: SegmentSums | undefined

  constructor(directory: string, baseOffset: number, sizeBytes: number, exists: boolean, nowMs: number) {
    this.baseOffset = baseOffset
    this.#path = `${directory}/${segmentName(baseOffset)}`
    this.file = new LogFile(`${this.#path}.log`)
    this.sizeBytes = sizeBytes
    this.writtenBytes = sizeBytes
    this.exists = exists
    this.createdMs = nowMs
    this.#transactionsKnown = !exists
    if (!exists) {
      this.#offsets = new OffsetIndex()
      this.#times = new TimeIndex()
      this.firstTimestamp = undefined
    }
  }

  /** Path without the ending. */
  get path(): string {
    return this.#path
  }

  offsets(host: SegmentHost): OffsetIndex {
    if (this.#offsets === undefined) this.#load(host)
    return this.#offsets as OffsetIndex
  }

  times(host: SegmentHost): TimeIndex {
    if (this.#times === undefined) this.#load(host)
    return this.#times as TimeIndex
  }

  /** A batch was given the next position. `maxTimestamp` belongs to its last offset, as Kafka keeps it. */
  appended(
    bytes: number,
    lastOffset: number,
    baseTimestamp: number,
    maxTimestamp: number,
    intervalBytes: number,
  ): void {
    const position = this.sizeBytes
    this.sizeBytes += bytes
    this.noteTimestamps(lastOffset, baseTimestamp, maxTimestamp)
    if (this.bytesSinceEntry > intervalBytes) {
      ;(this.#offsets as OffsetIndex).append(lastOffset - this.baseOffset, position)
      this.#noteTime()
      this.bytesSinceEntry = 0
    }
    this.bytesSinceEntry += bytes
  }

  noteTimestamps(lastOffset: number, baseTimestamp: number, maxTimestamp: number): void {
    if (this.firstTimestamp === undefined) this.firstTimestamp = baseTimestamp
    if (maxTimestamp > this.largestTimestamp) {
      this.largestTimestamp = maxTimestamp
      this.largestTimestampOffset = lastOffset
    }
  }

  /** The segment is not active any more: its largest timestamp becomes the last entry. */
  seal(): void {
    this.#noteTime()
  }

  #noteTime(): void {
    if (this.largestTimestamp < 0) return
    this.#times?.append(this.largestTimestamp, this.largestTimestampOffset - this.baseOffset)
  }

  /** Largest timestamp of a segment that may not have been read. */
  lastTimestamp(host: SegmentHost): number {
    return Math.max(this.largestTimestamp, this.times(host).lastTimestamp)
  }

  /** Timestamp of the first batch, read from the file when it is not known. */
  rollTimestamp(host: SegmentHost): number | undefined {
    if (this.firstTimestamp === undefined && this.writtenBytes >= batchHeaderBytes) {
      const header = Buffer.allocUnsafe(batchHeaderBytes)
      host.disk.readAt(host.files.use(this.file), header, 0, batchHeaderBytes, 0)
      this.firstTimestamp = baseTimestampOf(header, 0)
    }
    return this.firstTimestamp
  }

  /** Entries of this kind (place in `indexKinds`) that the files do not have yet. */
  hasUnflushedIndex(): boolean {
    return (
      this.#stale ||
      (this.#offsets?.length ?? 0) > this.#flushed[0] ||
      (this.#times?.length ?? 0) > this.#flushed[1] ||
      (this.transactions?.length ?? 0) > this.#flushed[2]
    )
  }

  /** Writes and syncs what the index files lack. Throws the system's error. */
  async flushIndexes(host: SegmentHost): Promise<void> {
    const parts = [this.#offsets, this.#times, this.transactions]
    for (let kind = 0; kind < parts.length; kind++) {
      const part = parts[kind]
      const from = this.#flushed[kind]
      const [ending, entryBytes] = indexKinds[kind]
      // Kafka expects the first two even when they are empty.
      const path = `${this.#path}.${ending}`
      const complete = part !== undefined && part.length === from && !this.#stale
      if (part === undefined || (complete && (kind === 2 || host.disk.exists(path)))) continue
      // No aborted transactions, no file.
      if (part.length === 0 && kind === 2 && !host.disk.exists(path)) continue
      const { length } = part
      const bytes = part.encode(from)
      const file = host.disk.open(path, host.disk.exists(path) ? 'r+' : 'wx+')
      try {
        host.disk.truncate(file, from * entryBytes)
        host.disk.writeAt(file, bytes, 0, bytes.length, from * entryBytes)
        await host.disk.syncAsync(file)
      } finally {
        host.disk.close(file)
      }
      this.#flushed[kind] = length
    }
    this.#stale = false
    this.#sums = undefined
  }

  /** What a snapshot says of the files of a segment that was opened; ignored when compaction has replaced it since. */
  adoptSums(sums: SegmentSums | undefined): void {
    if (sums === undefined || (sums.sealedBytes >= 0 && sums.sealedBytes !== this.sizeBytes)) return
    this.#sums = sums
  }

  get sums(): SegmentSums | undefined {
    return this.#sums
  }

  /**
   * Sums of the entries below `offset`, of indexes that have been flushed up to there; `whole`: the segment is sealed and ends there. Undefined when nobody knows: the files were not
   * read, or written, since they were made by an older version.
   */
  sumsBelow(offset: number, whole: boolean): SegmentSums | undefined {
    if (this.#sums !== undefined && this.#sums.sealedBytes >= 0) return this.#sums
    const offsets = this.#offsets
    const times = this.#times
    if (offsets === undefined || times === undefined || !this.#transactionsKnown) return undefined
    const below = offset - this.baseOffset
    const entries = offsets.floor(below - 1) + 1
    const files: [FileSum, FileSum, FileSum] = [
      sumOf(offsets.encode(0, entries)),
      // As recovery keeps them: without an entry in the first index none in the second.
      sumOf(times.encode(0, entries === 0 ? 0 : times.countBelow(below))),
      sumOf(this.transactions?.encode(0, this.transactions.countBelow(offset)) ?? Buffer.alloc(0)),
    ]
    const sums = { sealedBytes: whole ? this.sizeBytes : -1, files }
    if (whole) this.#sums = sums
    return sums
  }

  /** The aborted transactions were found in the log again; the file has others. */
  replaceTransactions(index: TransactionIndex): void {
    this.adoptTransactions(index, false)
    this.#stale = true
    this.#sums = undefined
  }

  /** Whether a file, `undefined` when it is not there, may be the index of this kind. */
  mayBe(kind: 0 | 1 | 2, bytes: Buffer | undefined): boolean {
    return this.#sums === undefined || matches(bytes ?? Buffer.alloc(0), this.#sums.files[kind])
  }

  /** Frees what can be read again. */
  unload(): void {
    if (this.hasUnflushedIndex()) return
    this.#offsets = undefined
    this.#times = undefined
  }

  get indexBytes(): number {
    return (this.#offsets?.sizeBytes ?? 0) + (this.#times?.sizeBytes ?? 0)
  }

  /** Aborted transactions whose marker is here. */
  aborted(host: SegmentHost): TransactionIndex | undefined {
    if (!this.#transactionsKnown) {
      this.#transactionsKnown = true
      const bytes = readOptional(host.disk, `${this.#path}.txnindex`)
      if (bytes !== undefined) this.adoptTransactions(TransactionIndex.decodeWhole(bytes), true)
    }
    return this.transactions
  }

  abortedForWriting(host: SegmentHost): TransactionIndex {
    let index = this.aborted(host)
    if (index === undefined) {
      index = new TransactionIndex()
      this.adoptTransactions(index, false)
    }
    return index
  }

  adoptTransactions(index: TransactionIndex, flushed: boolean): void {
    this.transactions = index
    this.#transactionsKnown = true
    this.#flushed[2] = flushed ? index.length : 0
  }

  /** Recovery goes on from here: entries that the files have beyond what is in memory are not true. */
  recovering(host: SegmentHost, transactionsFrom: number): void {
    this.#stale = true
    const transactions = this.abortedForWriting(host)
    transactions.truncateFrom(transactionsFrom)
    this.#flushed[2] = Math.min(this.#flushed[2], transactions.length)
  }

  /** Puts indexes in that the caller has read or built; `flushed` entries of them are in the files. */
  adopt(offsets: OffsetIndex, times: TimeIndex, flushedOffsets: number, flushedTimes: number): void {
    this.#offsets = offsets
    this.#times = times
    this.#flushed[0] = flushedOffsets
    this.#flushed[1] = flushedTimes
    if (times.length > 0 && times.lastTimestamp > this.largestTimestamp) {
      this.largestTimestamp = times.lastTimestamp
      this.largestTimestampOffset = this.baseOffset + times.lastRelativeOffset
    }
  }

  #load(host: SegmentHost): void {
    const bytes = readOptional(host.disk, `${this.#path}.index`)
    const timeBytes = readOptional(host.disk, `${this.#path}.timeindex`)
    const offsets = bytes === undefined || !this.mayBe(0, bytes) ? undefined : OffsetIndex.decode(bytes, this.sizeBytes)
    const times = timeBytes === undefined || !this.mayBe(1, timeBytes) ? undefined : TimeIndex.decode(timeBytes)
    if (offsets !== undefined && times !== undefined) {
      this.adopt(offsets, times, offsets.length, times.length)
      return
    }
    host.madeAnew?.(`${this.#path}.${offsets === undefined ? 'index' : 'timeindex'}`)
    this.rebuild(host, 4096)
    this.#stale = true
  }

  /** Makes the indexes from the log, by its headers. Stops at damage: what lies behind is found by reading on. */
  rebuild(host: SegmentHost, intervalBytes: number): void {
    const offsets = new OffsetIndex()
    const times = new TimeIndex()
    const file = host.files.use(this.file)
    const header = Buffer.allocUnsafe(batchHeaderBytes)
    let since = 0
    let largest = -1
    let largestOffset = -1
    for (let at = 0; at + batchHeaderBytes <= this.writtenBytes; ) {
      host.disk.readAt(file, header, 0, batchHeaderBytes, at)
      const bytes = batchBytesOf(header, 0)
      const last = lastOffsetOf(header, 0)
      if (bytes < batchHeaderBytes || last < this.baseOffset) break
      if (maxTimestampOf(header, 0) > largest) {
        largest = maxTimestampOf(header, 0)
        largestOffset = last
      }
      if (since > intervalBytes) {
        offsets.append(last - this.baseOffset, at)
        times.append(largest, largestOffset - this.baseOffset)
        since = 0
      }
      since += bytes
      at += bytes
    }
    if (largest >= 0) times.append(largest, largestOffset - this.baseOffset)
    this.adopt(offsets, times, 0, 0)
  }
}

export function readOptional(disk: Disk, path: string): Buffer | undefined {
  return disk.exists(path) ? disk.read(path) : undefined
}
