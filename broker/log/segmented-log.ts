/**
 * A partition's log over segment files. Order of events for a batch: checked and given offsets (`append`), in memory and readable by
 * nobody; written at the end of the turn; synced where the durability asks; then the high watermark moves, waiters and readers see it.
 *
 * A failed write or sync ends appends for good: the log keeps serving what is below its high watermark, and a restart finds out
 * what the disk has. Not so where the system has only no room: what is queued has its offsets, producers and coordinators count on it,
 * and the same bytes can be written to the same place again, so that nothing has to be taken back. One thread.
 */
import { kafkaError } from '../../proto/kafka/error-codes.ts'
import { buildControlBatch } from '../../proto/kafka/records/index.ts'
import { checkBatch, producerProblem, refused, refusedIn } from './append-check.ts'
import { baseTimestampOf, lastOffsetDeltaOf, maxTimestampOf, writeInt64At } from './batch-fields.ts'
import { deleteRecordsBefore } from './cleaning/delete-records.ts'
import { CommitWaiters } from './commit-waiters.ts'
import type { LogConfig } from './config.ts'
import { checkpointLog } from './directory/checkpoint.ts'
import type { LogHost } from './directory/log-host.ts'
import { logErrors } from './errors.ts'
import type { Flushable } from './flush.ts'
import type { LeaderEpochs } from './indexes/leader-epochs.ts'
import { readLog } from './log-read.ts'
import { findMaxTimestamp, findTimestamp } from './log-times.ts'
import { mustRoll, syncFiles, syncFilesNow, writeQueued } from './log-write.ts'
import type {
  AppendOptions,
  AppendResult,
  DeleteRecordsResult,
  Isolation,
  LogRead,
  LogState,
  PartitionLog,
  ProducerStateView,
  ReadOptions,
  TimestampOffset,
} from './partition-log.ts'
import { passes, pauseMs } from './passing-failure.ts'
import { checkProducer, rememberBatch } from './producers/batch-of-producer.ts'
import { noteMarker } from './producers/note-marker.ts'
import { type ProducerStates, producerView } from './producers/producer-state.ts'
import type { RecoveredLog } from './recovery/recovery.ts'
import { adapted } from './rewrite-batch.ts'
import { Segment } from './segment.ts'
import { SyncOrder } from './sync-order.ts'
import { LogTail } from './tail.ts'

/** Queued bytes that are written without waiting for the end of the turn. */
const writeNowBytes = 4 * 1024 * 1024

export class SegmentedLog implements PartitionLog, Flushable {
  readonly host: LogHost
  readonly topic: string
  readonly partition: number
  /** Empty when the disk lost it and nobody has said it again. */
  topicId: string
  readonly producerStates: ProducerStates
  readonly epochs: LeaderEpochs
  readonly tail: LogTail
  /** Changes when the topic is deleted. */
  directory: string
  config: LogConfig
  state: LogState = { kind: 'ok' }
  segments: Segment[]
  logStartOffset: number
  highWatermark: number
  lastStableOffset: number
  logEndOffset: number
  /** Everything below is synced, with indexes and a producer snapshot that let a restart begin there. */
  recoveryPoint: number
  /** The recovery point that the checkpoint file has. */
  durableRecoveryPoint = 0
  /** Compacted up to here. */
  cleanedOffset = 0
  /** Everything below is synced. */
  syncedOffset: number
  writtenOffset: number
  flushQueued = false
  syncQueued = false
  syncsRunning = 0
  /** Wanted by somebody although the durability does not ask for it. */
  syncWanted = false
  /** The checkpoint on its way, if any. */
  checkpointing: Promise<void> | undefined
  readonly unsynced: Segment[] = []
  directoryExists: boolean
  namesUnsynced = false
  identitySynced: boolean
  epochsUnsaved = false
  sumsUnsaved = false
  startUnsaved = false
  /** True while compaction replaces segments: retention waits. */
  maintenance = false
  #queuedBytes = 0
  /** Monotonic; when it began to wait. */
  #waitsSinceMs = 0
  readonly #syncs: SyncOrder
  readonly #waiters = new CommitWaiters()
  readonly #listeners = new Set<() => void>()

  constructor(
    host: LogHost,
    identity: { topic: string; partition: number; topicId: string; directory: string },
    config: LogConfig,
    found: RecoveredLog,
    directoryExists: boolean,
  ) {
    this.host = host
    this.topic = identity.topic
    this.partition = identity.partition
    this.topicId = identity.topicId
    this.directory = identity.directory
    this.config = config
    this.directoryExists = directoryExists
    this.identitySynced = directoryExists
    this.segments = found.segments
    this.producerStates = found.producers
    this.epochs = found.epochs
    this.logStartOffset = found.logStartOffset
    this.logEndOffset = found.logEndOffset
    this.highWatermark = found.logEndOffset
    this.writtenOffset = found.logEndOffset
    this.syncedOffset = found.logEndOffset
    this.#syncs = new SyncOrder(found.logEndOffset)
    this.recoveryPoint = found.recoveryPoint
    this.tail = new LogTail(host.tail, found.logEndOffset)
    this.producerStates.confirmed(this.highWatermark)
    this.lastStableOffset = this.#stableOffset()
    if (found.damage !== undefined) this.state = { kind: 'failed', message: found.damage.message, cause: found.damage }
  }

  get leaderEpoch(): number {
    return this.host.leaderEpoch
  }

  /** Neither failed nor closed. */
  get isOpen(): boolean {
    return this.state.kind === 'ok' || this.state.kind === 'waiting'
  }

  get active(): Segment | undefined {
    return this.segments[this.segments.length - 1]
  }

  get sizeBytes(): number {
    let sum = 0
    for (const segment of this.segments) sum += segment.sizeBytes
    return sum
  }

  append(sent: Buffer, options: AppendOptions): AppendResult {
    if (this.state.kind !== 'ok') return refusedIn(this.state)
    const nowMs = this.host.clock.now()
    const problem = checkBatch(sent, options, this.config, nowMs)
    if (problem !== undefined) return problem
    const known = checkProducer(this.producerStates, sent, options, this.config)
    if (known !== undefined) return known
    const batch = adapted(sent, this.config, nowMs)
    if (batch === undefined) return refused(kafkaError.INVALID_RECORD, 'the records of the batch cannot be read')
    const baseOffset = this.#place(batch, nowMs)
    if (baseOffset < 0) return refusedIn(this.state)
    const lastOffset = this.logEndOffset - 1
    rememberBatch(this.producerStates, batch, baseOffset, lastOffset, nowMs)
    const logAppendTimeMs = this.config.timestampType === 'append' ? nowMs : -1
    return { kind: 'appended', baseOffset, lastOffset, logAppendTimeMs }
  }

  writeMarker(
    producerId: number,
    producerEpoch: number,
    coordinatorEpoch: number,
    kind: 'commit' | 'abort',
    raised = false,
  ): AppendResult {
    if (this.state.kind !== 'ok') return refusedIn(this.state)
    const problem = this.producerStates.checkMarker(producerId, producerEpoch, coordinatorEpoch, raised)
    if (problem !== 0) return refused(problem, producerProblem(problem, producerId, producerEpoch, -1))
    const nowMs = this.host.clock.now()
    const offset = this.#place(buildControlBatch(kind, producerId, producerEpoch, coordinatorEpoch, nowMs), nowMs)
    if (offset < 0) return refusedIn(this.state)
    const marker = { kind, producerId, producerEpoch, coordinatorEpoch, offset, timestamp: nowMs }
    noteMarker(this.host, this.producerStates, this.active as Segment, marker)
    return { kind: 'appended', baseOffset: offset, lastOffset: offset, logAppendTimeMs: -1 }
  }

  onCommitted(offset: number, done: (error: number) => void, patienceMs = Number.POSITIVE_INFINITY): void {
    if (offset < this.highWatermark) done(0)
    else if (this.isOpen) this.#waiters.add(offset, done, patienceMs)
    else done(kafkaError.KAFKA_STORAGE_ERROR)
  }

  read(offset: number, maxBytes: number, options: ReadOptions): LogRead | Promise<LogRead> {
    return readLog(this, offset, maxBytes, options)
  }

  availableBytes(offset: number, isolation: Isolation): number {
    const end = this.endFor(isolation)
    if (offset >= end) return 0
    if (offset < this.tail.firstOffset) return Math.max(1, this.sizeBytes)
    const to = end >= this.logEndOffset ? this.tail.appendedBytes : this.tail.startOf(end)
    return Math.max(0, to - this.tail.startOf(offset))
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  offsetForTimestamp(
    timestampMs: number,
    isolation: Isolation = 'read-uncommitted',
  ): Promise<TimestampOffset | undefined> {
    return findTimestamp(this, timestampMs, this.endFor(isolation))
  }

  maxTimestamp(isolation: Isolation = 'read-uncommitted'): Promise<TimestampOffset | undefined> {
    return findMaxTimestamp(this, this.endFor(isolation))
  }

  endOffsetForEpoch(epoch: number): { epoch: number; endOffset: number } {
    return this.epochs.endOffsetFor(epoch, this.leaderEpoch, this.logEndOffset)
  }

  deleteRecordsBefore(offset: number): Promise<DeleteRecordsResult> {
    return deleteRecordsBefore(this, offset)
  }

  producers(): ProducerStateView[] {
    return Array.from(this.producerStates.values(), producerView)
  }

  openTransactions(): ProducerStateView[] {
    return this.producerStates.openTransactions().map(producerView)
  }

  configure(config: LogConfig): void {
    this.config = config
  }

  async close(): Promise<void> {
    if (this.state.kind === 'closed') return
    if (this.state.kind === 'waiting') this.#tryAgain()
    if (this.state.kind === 'ok') {
      this.writePending()
      await checkpointLog(this)
    }
    if (this.state.kind === 'waiting') this.fail('write', this.state.cause)
    if (this.state.kind === 'ok') this.state = { kind: 'closed' }
    this.release()
  }

  /** Lets go of files and memory without writing. */
  release(): void {
    for (const segment of this.unsynced.splice(0)) this.host.files.unpin(segment.file)
    for (const resolve of this.#waitForSync.splice(0)) resolve()
    for (const segment of this.segments) this.host.files.close(segment.file)
    this.#waiters.fail(kafkaError.KAFKA_STORAGE_ERROR)
    this.tail.clear(this.logEndOffset)
  }

  /** Where readers of this isolation end. */
  endFor(isolation: Isolation): number {
    return isolation === 'read-committed' ? this.lastStableOffset : this.highWatermark
  }

  // Writing

  /** True when something was written after the last sync began. */
  get needsSync(): boolean {
    if (!this.isOpen || this.writtenOffset <= this.#syncs.begunOffset) return false
    return this.syncWanted || this.config.durability !== 'os'
  }

  writePending(): boolean {
    return this.state.kind === 'ok' && this.tail.hasPending ? this.#write() : this.needsSync
  }

  #write(): boolean {
    this.#queuedBytes = 0
    try {
      writeQueued(this)
    } catch (cause) {
      if (passes(cause)) this.#wait(cause as Error)
      else this.fail('write', cause)
      return this.needsSync
    }
    if (this.state.kind === 'waiting') {
      this.state = { kind: 'ok' }
      this.host.goesOn(this)
    }
    this.writtenOffset = this.logEndOffset
    const { durability, flushMessages } = this.config
    if (durability === 'os' && this.writtenOffset - this.syncedOffset < flushMessages) {
      this.#advance(this.writtenOffset)
      return this.syncWanted
    }
    if (durability === 'always' && !this.#syncs.isBusy) {
      this.#syncNow()
      return false
    }
    this.syncWanted = true
    return true
  }

  async syncWritten(): Promise<void> {
    const overlaps = this.#syncs.isBusy
    const sync = this.#syncs.begin(this.writtenOffset)
    this.syncWanted = false
    try {
      await syncFiles(this, this.unsynced.splice(0), overlaps)
    } catch (cause) {
      this.fail('sync', cause)
      return
    }
    if (this.isOpen) this.syncedOffset = Math.max(this.syncedOffset, sync.end())
  }

  tellSynced(): void {
    if (this.isOpen) this.#advance(this.syncedOffset)
    for (const resolve of this.#waitForSync.splice(0)) resolve()
  }

  /** Resolves when everything appended so far is synced, or cannot be now. */
  async syncAll(): Promise<void> {
    const target = this.logEndOffset
    this.writePending()
    while (this.state.kind === 'ok' && this.syncedOffset < target) {
      const moved = new Promise<void>((resolve) => this.#waitForSync.push(resolve))
      // One that is on its way may be enough; another, with nothing to do, would end before it, over and over.
      if (this.#syncs.begunOffset < target) {
        this.syncWanted = true
        this.host.flusher.sync(this)
      }
      await moved
    }
  }

  readonly #waitForSync: (() => void)[] = []

  /** Nothing can be appended from here on. */
  fail(operation: string, cause: unknown): void {
    if (!this.isOpen) return
    const reason = `${operation} failed: ${(cause as Error).message}`
    const error = logErrors.create('WRITE_FAILED', { path: this.directory, reason }, { cause })
    this.state = { kind: 'failed', message: error.message, cause: error }
    this.tail.dropPending()
    this.host.failed(this, error)
    for (const resolve of this.#waitForSync.splice(0)) resolve()
    this.#waiters.fail(kafkaError.KAFKA_STORAGE_ERROR)
    this.notify()
  }

  /** Until the system has room. */
  #wait(cause: Error): void {
    const { clock } = this.host
    if (this.state.kind === 'ok') {
      this.#waitsSinceMs = clock.monotonic()
      this.host.waits(this, cause)
      // Whoever waits for a sync learns that there will be none of what is queued.
      for (const resolve of this.#waitForSync.splice(0)) resolve()
    }
    const { message } = logErrors.create('WRITE_WAITS', { path: this.directory, reason: cause.message })
    this.state = { kind: 'waiting', message, cause }
    this.#waiters.overdue(clock.monotonic() - this.#waitsSinceMs, kafkaError.REQUEST_TIMED_OUT)
    clock.setTimeout(this.#tryAgain, pauseMs).unref()
  }

  readonly #tryAgain = (): void => {
    if (this.state.kind !== 'waiting') return
    const needsSync = this.#write()
    if (needsSync) this.host.flusher.sync(this)
  }

  notify(): void {
    for (const listener of this.#listeners) listener()
  }

  /** The active segment ends here; the next batch begins a new one. */
  roll(nowMs: number): Segment {
    this.active?.seal()
    const segment = new Segment(this.directory, this.logEndOffset, 0, false, nowMs)
    this.segments.push(segment)
    // Indexes and a producer snapshot of what is closed now, so that a restart need not read it.
    if (this.segments.length > 1) this.host.checkpointSoon(this)
    return segment
  }

  /** Gives the batch its place; its first offset, or -1 when that failed. */
  #place(batch: Buffer, nowMs: number): number {
    const delta = lastOffsetDeltaOf(batch, 0)
    const baseOffset = this.logEndOffset
    const maxTimestamp = maxTimestampOf(batch, 0)
    let segment: Segment
    try {
      const active = this.active
      segment =
        active === undefined || mustRoll(this, active, batch.length, delta, maxTimestamp, nowMs)
          ? this.roll(nowMs)
          : active
    } catch (cause) {
      // Nothing has changed yet: whoever asks again may have it.
      if (!passes(cause)) this.fail('roll', cause)
      return -1
    }
    writeInt64At(batch, baseOffset, 0)
    batch.writeInt32BE(this.leaderEpoch, 12)
    if (this.epochs.latest < this.leaderEpoch) this.epochsUnsaved = this.epochs.assign(this.leaderEpoch, baseOffset)
    const lastOffset = baseOffset + delta
    segment.appended(batch.length, lastOffset, baseTimestampOf(batch, 0), maxTimestamp, this.config.indexIntervalBytes)
    this.tail.add(baseOffset, lastOffset, batch, segment)
    this.logEndOffset = lastOffset + 1
    this.#queuedBytes += batch.length
    if (this.#queuedBytes >= writeNowBytes && this.writePending()) this.host.flusher.sync(this)
    else this.host.flusher.written(this)
    return baseOffset
  }

  #syncNow(): void {
    try {
      syncFilesNow(this)
    } catch (cause) {
      if (!passes(cause)) return this.fail('sync', cause)
      // As with `group`, which waits.
      this.syncWanted = true
      this.host.flusher.sync(this)
      return
    }
    this.syncedOffset = this.writtenOffset
    this.#syncs.begunOffset = this.writtenOffset
    this.tellSynced()
  }

  #advance(offset: number): void {
    if (offset <= this.highWatermark) return
    this.highWatermark = offset
    this.producerStates.confirmed(offset)
    this.lastStableOffset = this.#stableOffset()
    this.#waiters.committed(offset)
    this.notify()
  }

  #stableOffset(): number {
    const first = this.producerStates.firstUndecided()
    return first < 0 ? this.highWatermark : Math.min(first, this.highWatermark)
  }
}
