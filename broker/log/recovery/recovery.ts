/**
 * Opening a log. After a clean end nothing of the log is read but its last batches. After any other end the log is read from the
 * recovery point on: every checksum, indexes and producer state made anew, and at the first batch that is not whole the log is
 * cut, because nothing above the recovery point was promised to be there. Damage below it is never cut away: the log opens for reading
 * only and says so.
 *
 * Recovery may itself be interrupted anywhere and begins again.
 */
import { crc32c } from '../../../core/bytes/crc32c.ts'
import {
  baseOffsetOf,
  baseTimestampOf,
  batchBytesOf,
  batchHeaderBytes,
  checksumOf,
  checksumStart,
  lastOffsetDeltaOf,
  lastOffsetOf,
  leaderEpochOf,
  magicOf,
  maxTimestampOf,
} from '../batch-fields.ts'
import { epochsFile, snapshotEnding } from '../directory/checkpoint.ts'
import { finishLeftovers } from '../directory/leftovers.ts'
import { logErrors } from '../errors.ts'
import { type IndexSums, indexSumsOf } from '../indexes/index-sums.ts'
import { LeaderEpochs } from '../indexes/leader-epochs.ts'
import { OffsetIndex } from '../indexes/offset-index.ts'
import { TimeIndex } from '../indexes/time-index.ts'
import { TransactionIndex } from '../indexes/transaction-index.ts'
import { followProducer } from '../producers/follow-producer.ts'
import { decodeProducerSnapshot } from '../producers/producer-snapshot.ts'
import { ProducerStates } from '../producers/producer-state.ts'
import { readOptional, Segment, type SegmentHost, segmentName } from '../segment.ts'
import { rebuildTransactions } from './rebuild-transactions.ts'

export interface RecoveryInput {
  readonly directory: string
  /** The broker closed its logs at its end. */
  readonly clean: boolean
  /** From the checkpoints, 0 when there is none. */
  readonly recoveryPoint: number
  readonly logStartOffset: number
  readonly nowMs: number
}

/** What recovery found on the disk. */
export interface RecoveredLog {
  readonly segments: Segment[]
  readonly logStartOffset: number
  readonly logEndOffset: number
  readonly recoveryPoint: number
  readonly producers: ProducerStates
  readonly epochs: LeaderEpochs
  /** Below the recovery point something is damaged: readable, not writable. */
  readonly damage: Error | undefined
}

export interface RecoveryReport {
  /** Bytes that were read to find the end. */
  readonly scannedBytes: number
  /** Bytes cut off above the recovery point. */
  readonly cutBytes: number
}

const pieceBytes = 1024 * 1024
const indexIntervalBytes = 4096

/** Throws the system's error, BROKER_LOG_BAD_FILE. */
export async function recoverLog(
  host: SegmentHost,
  input: RecoveryInput,
): Promise<RecoveredLog & { readonly report: RecoveryReport }> {
  return new Recovery(host, input).run()
}

class Recovery {
  readonly #host: SegmentHost
  readonly #input: RecoveryInput
  readonly #directory: string
  #segments: Segment[] = []
  #states = new ProducerStates()
  #epochs: LeaderEpochs
  #scannedBytes = 0
  #cutBytes = 0
  #damage: Error | undefined
  #isCut = false
  /** Where the next batch must not begin before. */
  #nextOffset = 0

  constructor(host: SegmentHost, input: RecoveryInput) {
    this.#host = host
    this.#input = input
    this.#directory = input.directory
    const text = readOptional(host.disk, `${input.directory}/${epochsFile}`)
    this.#epochs = (text === undefined ? undefined : LeaderEpochs.decode(text.toString())) ?? new LeaderEpochs()
  }

  async run(): Promise<RecoveredLog & { report: RecoveryReport }> {
    const { disk } = this.#host
    finishLeftovers(disk, this.#directory)
    this.#openSegments()
    const { recoveryPoint } = this.#input
    this.#restoreStates()
    await this.#checkTransactions()
    if (!(this.#input.clean && (await this.#isClean()))) await this.#scan()
    const first = this.#segments[0]
    const start = Math.max(this.#input.logStartOffset, first?.baseOffset ?? 0)
    let end = this.#segments.length === 0 ? start : this.#nextOffset
    if (end < start) {
      // Records were deleted up to an offset that the disk has lost: the log is empty from there on.
      this.#removeSegments(0)
      this.#states = new ProducerStates()
      disk.syncDirectory(this.#directory)
      end = start
    }
    this.#epochs.truncateFrom(end)
    this.#epochs.truncateBelow(start)
    return {
      segments: this.#segments,
      logStartOffset: start,
      logEndOffset: end,
      recoveryPoint: Math.min(recoveryPoint, end),
      producers: this.#states,
      epochs: this.#epochs,
      damage: this.#damage,
      report: { scannedBytes: this.#scannedBytes, cutBytes: this.#cutBytes },
    }
  }

  #openSegments(): void {
    const { disk } = this.#host
    for (const name of disk.list(this.#directory)) {
      const match = /^(\d{20})\.log$/.exec(name)
      if (match === null) continue
      const size = disk.stat(`${this.#directory}/${name}`)?.sizeBytes ?? 0
      this.#segments.push(new Segment(this.#directory, Number(match[1]), size, true, this.#input.nowMs))
    }
  }

  /** The end is where the checkpoint says, and the producers of that offset are known. */
  async #isClean(): Promise<boolean> {
    const { recoveryPoint } = this.#input
    const last = this.#segments[this.#segments.length - 1]
    if (last === undefined) return true
    if (!this.#hasSnapshot || this.#statesOffset !== recoveryPoint || last.baseOffset > recoveryPoint) return false
    const index = this.#loadIndexes(last, Number.POSITIVE_INFINITY)
    if (index === undefined) return false
    const position = index.length === 0 ? 0 : index.positionAt(index.length - 1)
    this.#nextOffset = last.baseOffset
    const end = await this.#scanSegment(last, position, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)
    if (end !== last.sizeBytes || this.#nextOffset !== recoveryPoint) {
      this.#damage = undefined
      this.#nextOffset = 0
      return false
    }
    return true
  }

  /**
   * Whether the lists of aborted transactions are what was written. Those of which one does not match are made anew from all batches up to
   * there: where a transaction began, only they know.
   */
  async #checkTransactions(): Promise<void> {
    const { disk, madeAnew } = this.#host
    const names = new Set(disk.list(this.#directory))
    const damaged = new Set<Segment>()
    for (const segment of this.#segments) {
      segment.adoptSums(this.#sums.get(segment.baseOffset))
      const path = `${segment.path}.txnindex`
      const bytes = names.has(`${segmentName(segment.baseOffset)}.txnindex`) ? disk.read(path) : undefined
      const last = segment === this.#segments[this.#segments.length - 1]
      // A crash may tear the end of the last one, where no sum speaks of it.
      const whole = last || bytes === undefined || TransactionIndex.decode(bytes) !== undefined
      if (segment.mayBe(2, bytes) && whole) continue
      damaged.add(segment)
      madeAnew?.call(this.#host, path)
    }
    if (damaged.size > 0) await rebuildTransactions(this.#host, this.#directory, this.#segments, damaged)
  }

  async #scan(): Promise<void> {
    const { recoveryPoint } = this.#input
    const from = Math.min(this.#statesOffset, recoveryPoint)
    let place = 0
    while (place + 1 < this.#segments.length && this.#segments[place + 1].baseOffset <= from) place++
    for (; place < this.#segments.length; place++) {
      const segment = this.#segments[place]
      // The end of the segment before is lost, although this one is there. Compaction leaves gaps only below.
      if (segment.baseOffset > recoveryPoint && segment.baseOffset !== this.#nextOffset && place > 0) {
        return this.#cut(place - 1, this.#segments[place - 1].sizeBytes)
      }
      const relative = Math.max(0, from - segment.baseOffset)
      const index = this.#loadIndexes(segment, relative)
      const position = index === undefined ? 0 : index.positionFor(relative)
      if (index === undefined) segment.adopt(new OffsetIndex(), new TimeIndex(), 0, 0)
      this.#nextOffset = Math.max(this.#nextOffset, segment.baseOffset)
      // What the checkpoint flushed of aborted transactions is trusted as the snapshot is; the rest comes from the scan.
      segment.recovering(this.#host, this.#statesOffset)
      const end = await this.#scanSegment(segment, position, recoveryPoint, this.#statesOffset)
      if (this.#damage !== undefined) return this.#stopAtDamage()
      const last = place === this.#segments.length - 1
      if (!last) segment.seal()
      if (end < segment.sizeBytes) return this.#cut(place, end)
    }
    if (this.#segments.length > 0 && this.#nextOffset < recoveryPoint) {
      this.#damage = this.#damaged(this.#segments.length - 1, 'the log ends before that offset')
    }
    this.#syncScanned()
  }

  #hasSnapshot = false
  #statesOffset = 0
  #sums: IndexSums = new Map()

  /** The newest snapshot that is not ahead of the recovery point. */
  #restoreStates(): void {
    const { disk } = this.#host
    const offsets = disk
      .list(this.#directory)
      .filter((name) => /^\d{20}\.snapshot$/.test(name))
      .map((name) => Number.parseInt(name, 10))
      .sort((a, b) => b - a)
    for (const offset of offsets) {
      const path = `${this.#directory}/${segmentName(offset)}${snapshotEnding}`
      const bytes = offset > this.#input.recoveryPoint ? undefined : disk.read(path)
      const states = bytes === undefined ? undefined : decodeProducerSnapshot(bytes)
      if (bytes === undefined || states === undefined) {
        disk.remove(path)
        continue
      }
      this.#states = states
      this.#sums = indexSumsOf(bytes)
      this.#statesOffset = offset
      this.#hasSnapshot = true
      return
    }
    this.#statesOffset = this.#segments[0]?.baseOffset ?? 0
  }

  /** Indexes with the entries below a relative offset; undefined when the files do not fit the log. */
  #loadIndexes(segment: Segment, below: number): OffsetIndex | undefined {
    const { disk } = this.#host
    const bytes = readOptional(disk, `${segment.path}.index`)
    const timeBytes = readOptional(disk, `${segment.path}.timeindex`)
    if (bytes === undefined || timeBytes === undefined) return undefined
    const offsets = segment.mayBe(0, bytes) ? OffsetIndex.decode(bytes, Number.POSITIVE_INFINITY) : undefined
    const times = segment.mayBe(1, timeBytes) ? TimeIndex.decode(timeBytes) : undefined
    if (offsets === undefined || times === undefined) {
      // Without a sum a torn end is what a crash leaves.
      const kind = offsets === undefined ? 'index' : 'timeindex'
      if (segment.sums !== undefined) this.#host.madeAnew?.(`${segment.path}.${kind}`)
      return undefined
    }
    while (offsets.length > 0 && !(offsets.relativeOffsetAt(offsets.length - 1) < below)) offsets.length--
    if (offsets.length > 0 && offsets.positionAt(offsets.length - 1) >= segment.sizeBytes) return undefined
    times.truncateFrom(offsets.length === 0 ? 0 : below)
    segment.adopt(offsets, times, offsets.length, times.length)
    return offsets
  }

  /**
   * Reads batches from `position` to the first that is not whole; returns where that is. Checks checksums from `checkedFrom` on, follows
   * producers from `statesFrom` on, adds index entries behind those that there are.
   */
  async #scanSegment(segment: Segment, position: number, checkedFrom: number, statesFrom: number): Promise<number> {
    const { files, disk } = this.#host
    const file = files.pin(segment.file)
    try {
      let piece = Buffer.alloc(0)
      let pieceAt = position
      let at = position
      for (;;) {
        let size = at + batchHeaderBytes <= pieceAt + piece.length ? batchBytesOf(piece, at - pieceAt) : 0
        if (at + Math.max(size, batchHeaderBytes) > pieceAt + piece.length && at < segment.sizeBytes) {
          const possible = size >= batchHeaderBytes && at + size <= segment.sizeBytes
          const wanted = Math.min(Math.max(pieceBytes, possible ? size : 0), segment.sizeBytes - at)
          piece = Buffer.allocUnsafe(wanted)
          piece = piece.subarray(0, await disk.readAtAsync(file, piece, 0, wanted, at))
          pieceAt = at
          this.#scannedBytes += piece.length
          size = piece.length >= batchHeaderBytes ? batchBytesOf(piece, 0) : 0
          if (size > piece.length && at + size <= segment.sizeBytes && piece.length === wanted) continue
        }
        if (at >= segment.sizeBytes) return at
        const problem = this.#problem(segment, piece, at - pieceAt, checkedFrom)
        if (problem !== undefined) {
          if (this.#nextOffset < checkedFrom) this.#damage = this.#damageAt(segment, at, problem)
          return at
        }
        this.#note(segment, piece, at - pieceAt, at, statesFrom)
        at += size
      }
    } finally {
      files.unpin(segment.file)
    }
  }

  #problem(segment: Segment, bytes: Buffer, at: number, checkedFrom: number): string | undefined {
    if (at + batchHeaderBytes > bytes.length) return 'the file ends within a batch'
    const size = batchBytesOf(bytes, at)
    if (size < batchHeaderBytes) return `a batch of ${size} bytes`
    if (at + size > bytes.length) return 'the file ends within a batch'
    if (magicOf(bytes, at) !== 2) return `record format ${magicOf(bytes, at)}`
    const base = baseOffsetOf(bytes, at)
    if (base < segment.baseOffset || lastOffsetDeltaOf(bytes, at) < 0) return `offset ${base}`
    // Within the part that is only walked over, the first batch may lie before.
    if (base < this.#nextOffset && lastOffsetOf(bytes, at) >= checkedFrom) return `offset ${base} comes again`
    if (lastOffsetOf(bytes, at) < checkedFrom) return undefined
    return checksumOf(bytes, at) === crc32c(bytes.subarray(at + checksumStart, at + size))
      ? undefined
      : 'the checksum of a batch does not match its bytes'
  }

  #note(segment: Segment, bytes: Buffer, at: number, position: number, statesFrom: number): void {
    const size = batchBytesOf(bytes, at)
    const base = baseOffsetOf(bytes, at)
    const last = lastOffsetOf(bytes, at)
    const index = segment.offsets(this.#host)
    const { firstTimestamp } = segment
    if (index.length === 0 || index.positionAt(index.length - 1) < position) {
      const whole = segment.sizeBytes
      segment.sizeBytes = position
      segment.appended(size, last, baseTimestampOf(bytes, at), maxTimestampOf(bytes, at), indexIntervalBytes)
      segment.sizeBytes = whole
    } else {
      segment.bytesSinceEntry = size
      segment.noteTimestamps(last, baseTimestampOf(bytes, at), maxTimestampOf(bytes, at))
    }
    // Only the first batch of all counts; it is read when it is needed.
    if (position > 0) segment.firstTimestamp = firstTimestamp
    this.#nextOffset = Math.max(this.#nextOffset, last + 1)
    this.#epochs.assign(leaderEpochOf(bytes, at), base)
    if (base >= statesFrom) followProducer(this.#host, this.#states, segment, bytes, at, this.#input.nowMs)
  }

  /** The log ends at `position` of this segment. */
  #cut(place: number, position: number): void {
    const { disk, files } = this.#host
    const segment = this.#segments[place]
    for (const later of this.#segments.slice(place)) this.#cutBytes += later.sizeBytes
    this.#cutBytes -= position
    // The later ones first: a log may not have a gap, whatever happens in between.
    for (let last = this.#segments.length - 1; last > place; last--) this.#removeSegments(last)
    const file = files.use(segment.file)
    disk.truncate(file, position)
    segment.sizeBytes = position
    segment.writtenBytes = position
    disk.sync(file)
    this.#isCut = true
    this.#syncScanned()
  }

  /** Nothing is changed: what was synced stays for whoever can read it, and reads of the damage say what it is. */
  #stopAtDamage(): void {
    this.#nextOffset = Math.max(this.#nextOffset, this.#input.recoveryPoint)
  }

  #syncScanned(): void {
    const { disk, files } = this.#host
    const { recoveryPoint } = this.#input
    const last = this.#segments[this.#segments.length - 1]
    // All of it was synced before the recovery point moved, and so was the name of the file: a thousand idle logs cost no sync.
    if (last !== undefined && last.baseOffset < recoveryPoint && this.#nextOffset === recoveryPoint && !this.#isCut)
      return
    for (let place = 0; place < this.#segments.length; place++) {
      // What lies below as a whole was synced before the recovery point moved.
      const next = this.#segments[place + 1]
      if (next === undefined || next.baseOffset > recoveryPoint) disk.sync(files.use(this.#segments[place].file))
    }
    disk.syncDirectory(this.#directory)
  }

  #removeSegments(from: number): void {
    const { disk, files } = this.#host
    for (const segment of this.#segments.splice(from)) {
      files.close(segment.file)
      for (const ending of ['index', 'timeindex', 'txnindex', 'log']) disk.remove(`${segment.path}.${ending}`)
    }
  }

  #damageAt(segment: Segment, position: number, reason: string): Error {
    const { recoveryPoint } = this.#input
    return logErrors.create('DAMAGED_LOG', { path: `${segment.path}.log`, position, recoveryPoint, reason })
  }

  #damaged(place: number, reason: string): Error {
    return this.#damageAt(this.#segments[place], this.#segments[place].sizeBytes, reason)
  }
}
