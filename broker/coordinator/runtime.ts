/**
 * Runs a deterministic state machine over one partition of an internal topic: loads it by replaying the whole log,
 * appends what the coordinator decides, applies it, and says when it is durable.
 *
 * Promises: records are applied in the order in which they were written; a write that was refused changed nothing; what
 * was acknowledged is found again by `load`. State runs ahead of the disk by the writes under way, so an answer that
 * tells state waits for `settled()`. After the log failed nothing is accepted any more, because state and log may differ.
 *
 * Single-threaded; no call is re-entrant from `replay`.
 */
import type { Clock } from '../../core/platform/clock.ts'
import { kafkaError } from '../../proto/kafka/error-codes.ts'
import { buildBatch, readBatchHeader, readControlRecord, readRecords } from '../../proto/kafka/records/index.ts'
import type { AppendAccepted, LogRead } from '../log/partition-log.ts'
import { coordinatorErrors } from './errors.ts'
import type { CoordinatorLog, CoordinatorLogSource, CoordinatorMachine, CoordinatorRecord, MarkerKind } from './log.ts'

export type RuntimeState = 'idle' | 'loading' | 'active' | 'failed' | 'closed'

export interface RuntimeOptions {
  readonly machine: CoordinatorMachine
  readonly logs: CoordinatorLogSource
  readonly clock: Clock
  /** Largest batch that is written, bytes. */
  readonly maxBatchBytes: number
}

export interface WriteOptions {
  /** The records belong to a transaction of this producer and count once its commit marker is written. */
  readonly producer?: { readonly id: number; readonly epoch: number }
  /** False when the caller changes the state by itself, after the write is durable. Default true. */
  readonly replay?: boolean
}

const readBytes = 1024 * 1024

export class CoordinatorRuntime {
  readonly #machine: CoordinatorMachine
  readonly #logs: CoordinatorLogSource
  readonly #clock: Clock
  readonly #maxBatchBytes: number
  #log: CoordinatorLog | undefined
  #state: RuntimeState = 'idle'
  #loading: Promise<void> | undefined
  /** Offset of the last record that was written here, -1 before the first. */
  #lastWritten = -1

  constructor(options: RuntimeOptions) {
    this.#machine = options.machine
    this.#logs = options.logs
    this.#clock = options.clock
    this.#maxBatchBytes = options.maxBatchBytes
  }

  get state(): RuntimeState {
    return this.#state
  }

  /** Goes into control records; a coordinator of an older epoch is fenced by the partitions. */
  get epoch(): number {
    return this.#log?.leaderEpoch ?? 0
  }

  /** Kafka error of a request that comes now, 0 when the coordinator serves. */
  get unavailable(): number {
    switch (this.#state) {
      case 'active':
        return kafkaError.NONE
      case 'idle':
      case 'loading':
        return kafkaError.COORDINATOR_LOAD_IN_PROGRESS
      default:
        return kafkaError.NOT_COORDINATOR
    }
  }

  /** Replays the log. Throws when the log cannot be read or holds what no version of the machine wrote. */
  load(): Promise<void> {
    this.#loading ??= this.#load()
    return this.#loading
  }

  /**
   * Appends and applies records, all or none. Resolves with 0 once they are durable, with a Kafka error code when they
   * were refused or the log failed. Applied before it returns, unless `replay` is false.
   */
  write(records: readonly CoordinatorRecord[], options: WriteOptions = {}): Promise<number> {
    const refused = this.unavailable
    if (refused !== kafkaError.NONE) return Promise.resolve(refused)
    if (records.length === 0) return this.settled() ?? Promise.resolve(kafkaError.NONE)
    const timestampMs = this.#clock.now()
    const producer = options.producer
    const batch = buildBatch({
      records: records.map((record) => ({ key: record.key, value: record.value, timestamp: timestampMs, headers: [] })),
      codec: 'none',
      baseOffset: 0,
      ...(producer === undefined
        ? {}
        : { producerId: producer.id, producerEpoch: producer.epoch, transactional: true }),
    })
    if (batch.length > this.#maxBatchBytes) return Promise.resolve(coordinatorErrorOf(kafkaError.MESSAGE_TOO_LARGE))
    const log = this.#open()
    if (typeof log === 'number') return Promise.resolve(log)
    const result = log.append(batch, { origin: 'coordinator' })
    if (result.kind === 'refused') return Promise.resolve(coordinatorErrorOf(result.error))
    if (options.replay !== false) {
      let offset = result.baseOffset
      for (const record of records) {
        this.#machine.replay({
          key: record.key,
          value: record.value,
          timestampMs,
          offset: offset++,
          producerId: producer?.id ?? -1,
          producerEpoch: producer?.epoch ?? -1,
          isTransactional: producer !== undefined,
        })
      }
    }
    return this.#committed(log, result)
  }

  /** Appends and applies the end of a transaction. Resolves as `write`. */
  writeMarker(
    producerId: number,
    producerEpoch: number,
    coordinatorEpoch: number,
    kind: MarkerKind,
    raised = false,
  ): Promise<number> {
    const refused = this.unavailable
    if (refused !== kafkaError.NONE) return Promise.resolve(refused)
    const log = this.#open()
    if (typeof log === 'number') return Promise.resolve(log)
    const result = log.writeMarker(producerId, producerEpoch, coordinatorEpoch, kind, raised)
    if (result.kind === 'refused') return Promise.resolve(result.error)
    this.#machine.replayMarker(producerId, producerEpoch, kind)
    return this.#committed(log, result)
  }

  /** Undefined when all that was applied is durable, else a promise as that of `write`. */
  settled(): Promise<number> | undefined {
    const log = this.#log
    if (this.#state === 'failed') return Promise.resolve(kafkaError.NOT_COORDINATOR)
    if (log === undefined || this.#lastWritten < log.highWatermark) return undefined
    return this.#whenCommitted(log, this.#lastWritten)
  }

  /** No request is accepted afterwards. The log belongs to whoever opened it. */
  close(): void {
    this.#state = 'closed'
  }

  #open(): CoordinatorLog | number {
    this.#log ??= this.#logs.create()
    return this.#log ?? kafkaError.COORDINATOR_NOT_AVAILABLE
  }

  #committed(log: CoordinatorLog, result: AppendAccepted): Promise<number> {
    this.#lastWritten = Math.max(this.#lastWritten, result.lastOffset)
    return this.#whenCommitted(log, result.lastOffset)
  }

  #whenCommitted(log: CoordinatorLog, offset: number): Promise<number> {
    return new Promise((resolve) => {
      log.onCommitted(offset, (error) => {
        if (error !== kafkaError.NONE && this.#state === 'active') this.#state = 'failed'
        resolve(error === kafkaError.NONE ? error : coordinatorErrorOf(error))
      })
    })
  }

  async #load(): Promise<void> {
    this.#state = 'loading'
    try {
      const log = this.#logs.existing()
      if (log !== undefined) await this.#replayAll(log)
      this.#log = log
      // Closed meanwhile: it stays closed.
      if ((this.#state as RuntimeState) === 'loading') this.#state = 'active'
    } catch (error) {
      this.#state = 'failed'
      throw error
    }
  }

  async #replayAll(log: CoordinatorLog): Promise<void> {
    let offset = log.logStartOffset
    while (offset < log.highWatermark && this.#state === 'loading') {
      const read: LogRead = await log.read(offset, readBytes, { atLeastOne: true, isolation: 'read-uncommitted' })
      if (read.kind !== 'data') {
        throw coordinatorErrors.create('UNREADABLE', {
          offset,
          why: read.kind === 'failed' ? read.message : 'it is gone',
        })
      }
      const before = offset
      for (const buffer of read.buffers) offset = this.#replayBuffer(buffer, offset)
      if (offset === before) offset = read.nextOffset
      // Compaction may leave nothing at the end of a log.
      if (offset === before) break
    }
    this.#lastWritten = -1
  }

  #replayBuffer(buffer: Buffer, from: number): number {
    let next = from
    for (let at = 0; at < buffer.length; ) {
      const header = readBatchHeader(buffer, at)
      const batch = at === 0 && header.sizeBytes === buffer.length ? buffer : buffer.subarray(at, at + header.sizeBytes)
      at += header.sizeBytes
      if (header.isControl) {
        const control = readControlRecord(batch, header)
        if (control !== undefined) this.#machine.replayMarker(header.producerId, header.producerEpoch, control.kind)
      } else {
        for (const record of readRecords(batch, header)) {
          if (record.offset < from || record.key === null) continue
          this.#machine.replay({
            // State must not hold on to whole reads.
            key: record.key,
            value: record.value,
            timestampMs: record.timestamp,
            offset: record.offset,
            producerId: header.producerId,
            producerEpoch: header.producerEpoch,
            isTransactional: header.isTransactional,
          })
        }
      }
      next = header.lastOffset + 1
    }
    return next
  }
}

/** What a client of a coordinator is told when the coordinator's own partition refuses. */
export function coordinatorErrorOf(logError: number): number {
  switch (logError) {
    case kafkaError.NONE:
      return kafkaError.NONE
    case kafkaError.UNKNOWN_TOPIC_OR_PARTITION:
    case kafkaError.NOT_ENOUGH_REPLICAS:
    case kafkaError.REQUEST_TIMED_OUT:
      return kafkaError.COORDINATOR_NOT_AVAILABLE
    case kafkaError.NOT_LEADER_OR_FOLLOWER:
    case kafkaError.KAFKA_STORAGE_ERROR:
      return kafkaError.NOT_COORDINATOR
    case kafkaError.MESSAGE_TOO_LARGE:
    case kafkaError.RECORD_LIST_TOO_LARGE:
      return kafkaError.UNKNOWN_SERVER_ERROR
    default:
      return logError
  }
}
