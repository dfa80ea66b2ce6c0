/**
 * The data directory of a broker: its logs, opened and recovered at the start, made, deleted, checkpointed and closed. What is in a
 * directory is found by looking at it; what should be in it, the metadata says.
 *
 * Promises: after `close` the next start reads no log; after any other end it reads them from their recovery points. A log that failed
 * is reported in `failures` and leaves the others alone. One process at a time; one thread.
 */
import { inBackground, Mutex } from '../../../core/async/index.ts'
import type { Logger } from '../../../core/log.ts'
import type { Clock, TimerHandle } from '../../../core/platform/clock.ts'
import type { Disk } from '../../../core/platform/disk.ts'
import { Cleaner } from '../cleaning/cleaner.ts'
import { applyRetention } from '../cleaning/retention.ts'
import { ColdReader } from '../cold-read.ts'
import { type LogConfig, parseLogConfig } from '../config.ts'
import { logErrors } from '../errors.ts'
import { Flusher } from '../flush.ts'
import { LeaderEpochs } from '../indexes/leader-epochs.ts'
import { LentMemory } from '../lent-memory.ts'
import { OpenFiles } from '../open-files.ts'
import { defaultLogDirectoryOptions, type LogDirectoryOptions } from '../options.ts'
import type { PartitionLog } from '../partition-log.ts'
import { ProducerStates } from '../producers/producer-state.ts'
import { type RecoveredLog, recoverLog } from '../recovery/recovery.ts'
import { SegmentedLog } from '../segmented-log.ts'
import { TailMemory } from '../tail.ts'
import { checkpointLog, removeOldSnapshots } from './checkpoint.ts'
import {
  cleanerFile,
  encodeOffsets,
  highWatermarkFile,
  logStartFile,
  partitionKey,
  readOffsets,
  readProperties,
  recoveryPointFile,
} from './checkpoint-files.ts'
import {
  claimDirectory,
  type DirectoryIdentity,
  lockDirectory,
  nextLeaderEpoch,
  type ProcessIdentity,
  unlockDirectory,
} from './directory-owner.ts'
import type { LogHost } from './log-host.ts'

const cleanMarker = '.kafka_cleanshutdown'
const partitionFile = 'partition.metadata'
const removedPrefix = '.deleted-'
const producerCheckMs = 600_000
/** Logs that are recovered at the same time. */
const recoveryLanes = 4
/** Logs that are checkpointed at the same time: their syncs share the journal's. */
const checkpointLanes = 16

export interface LogDirectoryInput {
  readonly clock: Clock
  readonly disk: Disk
  readonly log: Logger
  readonly process: ProcessIdentity
  readonly options?: Partial<LogDirectoryOptions>
  /** What the directory must be; a new one becomes it. */
  readonly clusterId?: string | undefined
  readonly nodeId?: number | undefined
  /** Id for the cluster of a new directory when none is asked for. */
  readonly newClusterId: () => string
  /** Of logs that nobody has configured yet. */
  readonly config?: LogConfig
}

/** What the start found, for the log of the broker and for tests. */
export interface OpenReport {
  readonly clean: boolean
  readonly logs: number
  readonly scannedBytes: number
  readonly cutBytes: number
  readonly elapsedMs: number
}

export class LogDirectory implements LogHost {
  readonly disk: Disk
  readonly clock: Clock
  readonly root: string
  readonly files: OpenFiles
  /** What readers borrow; they give it back here. */
  readonly lent = new LentMemory()
  readonly tail: TailMemory
  readonly flusher: Flusher
  readonly cold: ColdReader
  readonly identity: DirectoryIdentity
  readonly options: LogDirectoryOptions
  leaderEpoch = 0
  report: OpenReport | undefined
  readonly cleaner: Cleaner
  readonly #log: Logger
  readonly #config: LogConfig
  readonly #logs = new Map<string, SegmentedLog>()
  readonly #failures = new Map<string, Error>()
  readonly #waiting = new Set<SegmentedLog>()
  readonly #files = new Mutex()
  readonly #checkpoints = new Set<SegmentedLog>()
  #checkpointing = false
  #timers: TimerHandle[] = []
  #removed = 0
  #rootSync: Promise<void> = Promise.resolve()
  #nextRootSync: Promise<void> | undefined
  #closed = false

  private constructor(root: string, input: LogDirectoryInput) {
    this.root = root
    this.disk = input.disk
    this.clock = input.clock
    this.#log = input.log
    this.options = { ...defaultLogDirectoryOptions, ...input.options }
    this.#config = input.config ?? parseLogConfig({})
    this.files = new OpenFiles(this.disk, this.options.openFilesMax)
    this.tail = new TailMemory(this.options.tailBytes, this.lent)
    this.flusher = new Flusher(this.clock, this.options.syncConcurrency)
    this.cold = new ColdReader(this.disk, this.files, this.lent, {
      verify: this.options.verifyReads,
      cursors: this.options.readAheadPieces,
    })
    this.cleaner = new Cleaner(this, this.options.cleanerBufferBytes)
    try {
      makeDurable(this.disk, root)
      lockDirectory(this.disk, root, input.process)
    } catch (cause) {
      if (logErrors.is(cause)) throw cause
      throw logErrors.create('DIRECTORY_UNUSABLE', { path: root, reason: (cause as Error).message }, { cause })
    }
    this.identity = claimDirectory(this.disk, root, input, input.newClusterId)
  }

  /**
   * Locks the directory and recovers what is in it. Throws BROKER_LOG_DIRECTORY_LOCKED, BROKER_LOG_DIRECTORY_UNUSABLE,
   * BROKER_LOG_WRONG_CLUSTER, BROKER_LOG_NEWER_FORMAT, BROKER_LOG_BAD_FILE, or the system's error.
   */
  static async open(path: string, input: LogDirectoryInput): Promise<LogDirectory> {
    const directory = new LogDirectory(input.disk.absolute(path), input)
    await directory.#recover()
    directory.#startTimers()
    return directory
  }

  get(topic: string, partition: number): PartitionLog | undefined {
    return this.#logs.get(partitionKey(topic, partition))
  }

  list(): IterableIterator<SegmentedLog> {
    return this.#logs.values()
  }

  /** Logs that take nothing any more, by `topic partition`. */
  get failures(): ReadonlyMap<string, Error> {
    return this.#failures
  }

  /** Logs that wait until the system has room. */
  get waitingCount(): number {
    return this.#waiting.size
  }

  /**
   * The log of a partition, with this configuration: the one that is there, or a new one, whose files are made at its first append.
   * Throws BROKER_LOG_TOPIC_EXISTS when another topic's files are in its place.
   */
  create(topic: string, topicId: string, partition: number, config: LogConfig): PartitionLog {
    const key = partitionKey(topic, partition)
    const existing = this.#logs.get(key)
    if (existing !== undefined) {
      if (existing.topicId === '') {
        existing.topicId = topicId
        this.disk.writeAtomic(this.partitionFileOf(existing), partitionText(topicId))
      }
      if (existing.topicId !== topicId) throw logErrors.create('TOPIC_EXISTS', { topic, partition })
      existing.configure(config)
      return existing
    }
    const directory = `${this.root}/${topic}-${partition}`
    const found: RecoveredLog = {
      segments: [],
      logStartOffset: 0,
      logEndOffset: 0,
      recoveryPoint: 0,
      producers: new ProducerStates(),
      epochs: new LeaderEpochs(),
      damage: undefined,
    }
    const log = new SegmentedLog(this, { topic, partition, topicId, directory }, config, found, false)
    this.#logs.set(key, log)
    return log
  }

  /** Takes the log out at once; its files go in the background. Nothing when there is none. */
  async delete(topic: string, partition: number): Promise<void> {
    const key = partitionKey(topic, partition)
    const log = this.#logs.get(key)
    if (log === undefined) return
    this.#logs.delete(key)
    this.#failures.delete(key)
    log.state = { kind: 'closed' }
    this.goesOn(log)
    await log.checkpointing
    log.release()
    // Readers that wait for more learn that there will be none.
    log.notify()
    if (!log.directoryExists) return
    const path = `${this.root}/${removedPrefix}${this.clock.now()}-${this.#removed++}`
    this.disk.rename(log.directory, path)
    log.directory = path
    await this.disk.syncDirectoryAsync(this.root)
    inBackground(this.disk.removeAsync(path), (error) => this.note(`could not remove ${path}`, error))
  }

  /** Syncs every log and moves all recovery points. */
  async checkpoint(): Promise<void> {
    await inLanes([...this.#logs.values()], checkpointLanes, checkpointLog)
    await this.#saveCheckpoints()
  }

  /** Applies retention to every log; returns how many segments went. */
  async applyRetention(): Promise<number> {
    let count = 0
    for (const log of this.#logs.values()) count += applyRetention(log, this.clock.now())
    if (count > 0) await this.#saveCheckpoints()
    return count
  }

  /** Writes everything, so that the next start reads no log. A log that failed makes that start recover. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    for (const timer of this.#timers) this.clock.clearTimeout(timer)
    await this.cleaner.stop()
    await inLanes([...this.#logs.values()], checkpointLanes, (log) => log.close())
    try {
      await this.#saveCheckpoints()
      if (this.#failures.size === 0) this.disk.writeAtomic(`${this.root}/${cleanMarker}`, '{"version":0}')
    } catch (error) {
      this.note('the end of the logs could not be written down; the next start recovers them', error)
    }
    unlockDirectory(this.disk, this.root)
  }

  waits(log: SegmentedLog, error: Error): void {
    this.#waiting.add(log)
    // Mostly all of them do, for the same reason.
    if (this.#waiting.size > 1) return
    const fields = { error, topic: log.topic, partition: log.partition }
    this.#log.warn(fields, 'logs take nothing until the system has room; they try again')
  }

  goesOn(log: SegmentedLog): void {
    if (this.#waiting.delete(log) && this.#waiting.size === 0) this.#log.info('all logs go on')
  }

  failed(log: SegmentedLog, error: Error): void {
    this.#waiting.delete(log)
    this.#failures.set(partitionKey(log.topic, log.partition), error)
    this.#log.error({ error, topic: log.topic, partition: log.partition }, 'a log takes nothing any more')
  }

  madeAnew(path: string): void {
    this.#log.warn({ path }, 'an index did not match its log and was made anew from the batches')
  }

  note(message: string, error: unknown): void {
    this.#log.warn({ error }, message)
  }

  createDirectory(log: SegmentedLog): void {
    this.disk.makeDirectory(log.directory)
    this.disk.write(this.partitionFileOf(log), partitionText(log.topicId))
  }

  partitionFileOf(log: SegmentedLog): string {
    return `${log.directory}/${partitionFile}`
  }

  /** One sync for everybody who asks while another is on its way. */
  syncRoot(): Promise<void> {
    if (this.#nextRootSync === undefined) {
      const before = this.#rootSync
      const next = before
        .catch(() => undefined)
        .then(() => {
          this.#nextRootSync = undefined
          return this.disk.syncDirectoryAsync(this.root)
        })
      this.#rootSync = next
      this.#nextRootSync = next
    }
    return this.#nextRootSync
  }

  checkpointSoon(log: SegmentedLog): void {
    this.#checkpoints.add(log)
    if (this.#checkpointing || this.#closed) return
    this.#checkpointing = true
    this.clock.setImmediate(() =>
      inBackground(this.#checkpointAsked(), (error) => this.note('checkpoint failed', error)),
    )
  }

  saveLogStarts(): Promise<void> {
    return this.#save(logStartFile, (log) => (log.logStartOffset > 0 ? log.logStartOffset : undefined))
  }

  saveCleanerOffsets(): Promise<void> {
    return this.#save(cleanerFile, (log) => (log.cleanedOffset > 0 ? log.cleanedOffset : undefined))
  }

  jitter(maxMs: number, baseOffset: number): number {
    return maxMs === 0 ? 0 : (Math.imul(baseOffset + 1, 0x9e3779b1) >>> 0) % maxMs
  }

  async #checkpointAsked(): Promise<void> {
    try {
      while (this.#checkpoints.size > 0 && !this.#closed) {
        const logs = [...this.#checkpoints]
        this.#checkpoints.clear()
        for (const log of logs) await checkpointLog(log)
        await this.#saveCheckpoints()
      }
    } finally {
      this.#checkpointing = false
    }
  }

  async #saveCheckpoints(): Promise<void> {
    const points = new Map([...this.#logs.values()].map((log) => [log, log.recoveryPoint]))
    await this.saveLogStarts()
    await this.#save(highWatermarkFile, (log) => (log.directoryExists ? log.highWatermark : undefined))
    await this.#save(recoveryPointFile, (log) => (log.directoryExists ? (points.get(log) ?? 0) : undefined))
    for (const [log, point] of points) {
      if (point <= log.durableRecoveryPoint) continue
      log.durableRecoveryPoint = point
      if (log.state.kind !== 'failed') await removeOldSnapshots(log, point)
    }
  }

  #save(name: string, offsetOf: (log: SegmentedLog) => number | undefined): Promise<void> {
    return this.#files.run(() => {
      const offsets = new Map<string, number>()
      for (const [key, log] of this.#logs) {
        const offset = offsetOf(log)
        if (offset !== undefined) offsets.set(key, offset)
      }
      return this.disk.writeAtomicAsync(`${this.root}/${name}`, encodeOffsets(offsets))
    })
  }

  async #recover(): Promise<void> {
    const { disk, clock, root } = this
    const startMs = clock.monotonic()
    const clean = disk.exists(`${root}/${cleanMarker}`)
    this.leaderEpoch = nextLeaderEpoch(disk, root, clean)
    // From here on an end is unclean until `close` says otherwise.
    disk.remove(`${root}/${cleanMarker}`)
    disk.syncDirectory(root)
    const recoveryPoints = readOffsets(disk, `${root}/${recoveryPointFile}`)
    const starts = readOffsets(disk, `${root}/${logStartFile}`)
    const cleaned = readOffsets(disk, `${root}/${cleanerFile}`)
    let scannedBytes = 0
    let cutBytes = 0
    const open = async (name: string): Promise<void> => {
      const match = /^(.+)-(\d+)$/.exec(name)
      if (name.startsWith(removedPrefix) || name.endsWith('.tmp')) return disk.remove(`${root}/${name}`)
      if (match === null || disk.stat(`${root}/${name}`)?.isDirectory !== true) return
      const [, topic, number] = match
      const partition = Number(number)
      const key = partitionKey(topic, partition)
      const directory = `${root}/${name}`
      const found = await recoverLog(this, {
        directory,
        clean,
        recoveryPoint: recoveryPoints.get(key) ?? 0,
        logStartOffset: starts.get(key) ?? 0,
        nowMs: clock.now(),
      })
      const id = readProperties(disk, `${directory}/${partitionFile}`)?.get('topic_id') ?? ''
      // A crash at the first append may have torn it.
      const topicId = /^[\w-]{22}$/.test(id) ? id : ''
      const log = new SegmentedLog(this, { topic, partition, topicId, directory }, this.#config, found, true)
      log.durableRecoveryPoint = recoveryPoints.get(key) ?? 0
      log.cleanedOffset = cleaned.get(key) ?? 0
      this.#logs.set(key, log)
      scannedBytes += found.report.scannedBytes
      cutBytes += found.report.cutBytes
      if (found.damage !== undefined) this.failed(log, found.damage)
      if (found.report.cutBytes > 0) {
        const fields = { topic, partition, bytes: found.report.cutBytes, endOffset: log.logEndOffset }
        this.#log.warn(fields, 'the end of the log was not whole and has been cut off')
      }
    }
    await inLanes(disk.list(root), recoveryLanes, open)
    const elapsedMs = clock.monotonic() - startMs
    this.report = { clean, logs: this.#logs.size, scannedBytes, cutBytes, elapsedMs }
  }

  #startTimers(): void {
    const { options } = this
    const every = (intervalMs: number, work: () => Promise<unknown>): void => {
      const run = (): void => inBackground(work, (error) => this.note('maintenance of the logs failed', error))
      const timer = this.clock.setInterval(run, intervalMs)
      timer.unref()
      this.#timers.push(timer)
    }
    every(options.checkpointIntervalMs, () => this.checkpoint())
    every(options.retentionIntervalMs, () => this.applyRetention())
    if (options.cleanerEnabled) every(options.cleanerIntervalMs, () => this.cleaner.round())
    every(producerCheckMs, async () => {
      const before = this.clock.now() - options.producerExpirationMs
      for (const log of this.#logs.values()) log.producerStates.expire(before)
    })
    every(1000, async () => this.#flushByTime())
  }

  /** Topics with `flush.ms`. */
  #flushByTime(): void {
    for (const log of this.#logs.values()) {
      if (log.config.flushMs > 24 * 3_600_000 || log.syncedOffset >= log.writtenOffset) continue
      log.syncWanted = true
      this.flusher.sync(log)
    }
  }
}

/** Makes a directory and those above it, so that a crash does not take them away. */
function makeDurable(disk: Disk, path: string): void {
  if (disk.exists(path)) return
  const parent = disk.absolute(`${path}/..`)
  if (parent !== path) makeDurable(disk, parent)
  disk.makeDirectory(path)
  disk.syncDirectory(parent)
}

function partitionText(topicId: string): string {
  return `version: 0\ntopic_id: ${topicId}\n`
}

async function inLanes<T>(items: readonly T[], lanes: number, work: (item: T) => Promise<void>): Promise<void> {
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < items.length) await work(items[next++])
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}
