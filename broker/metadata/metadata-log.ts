/**
 * The metadata log: one partition whose records, replayed, are the cluster. Changes are decided one after the other, each on the
 * image that all before it have left, and become visible when they are durable.
 *
 * When the log has grown to many times what the image needs, the image is written again between a begin and an end, and
 * what is older goes. A begin without its end, as a crash leaves it, counts for nothing.
 */
import { inBackground, Mutex } from '../../core/async/index.ts'
import type { Clock } from '../../core/platform/clock.ts'
import { kafkaErrorName } from '../../proto/kafka/error-codes.ts'
import { buildBatch, readBatchHeader, readRecords } from '../../proto/kafka/records/index.ts'
import { brokerErrors } from '../errors.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import { MetadataImage } from './image.ts'
import { decodeRecord, encodeRecord, type MetadataRecord } from './records.ts'

export const metadataTopic = '__cluster_metadata'
/** Never given to a topic of a user. */
export const metadataTopicId = 'AAAAAAAAAAAAAAAAAAAAAQ'

export interface MetadataLogOptions {
  readonly clock: Clock
  /** Writes the image again when the log has so many records more than it. */
  readonly slackRecords?: number
}

const readBytes = 1024 * 1024
const recordsPerBatch = 500

/** Told of each change after it was applied. */
export type MetadataListener = (records: readonly MetadataRecord[]) => void

export class MetadataLog {
  readonly #log: PartitionLog
  readonly #clock: Clock
  readonly #slackRecords: number
  readonly #turn = new Mutex()
  readonly #listeners: MetadataListener[] = []
  #image = new MetadataImage()

  private constructor(log: PartitionLog, options: MetadataLogOptions) {
    this.#log = log
    this.#clock = options.clock
    this.#slackRecords = options.slackRecords ?? 10_000
  }

  /** Replays the log. Throws BROKER_METADATA_UNREADABLE, BROKER_METADATA_NEWER. */
  static async open(log: PartitionLog, options: MetadataLogOptions): Promise<MetadataLog> {
    const metadata = new MetadataLog(log, options)
    await metadata.#load()
    return metadata
  }

  /** As it is now. Keep no copies of what may change; topics may be kept. */
  get image(): MetadataImage {
    return this.#image
  }

  subscribe(listener: MetadataListener): void {
    this.#listeners.push(listener)
  }

  /** Resolves when the records are durable and applied, all or none. Throws BROKER_METADATA_FAILED. */
  write(records: readonly MetadataRecord[]): Promise<void> {
    return this.change(() => ({ records, result: undefined }))
  }

  /**
   * Decides on a change when nothing else is changing, writes it and gives the decision's result. `decide` must not
   * change the image itself.
   */
  change<T>(
    decide: (image: MetadataImage) => { readonly records: readonly MetadataRecord[]; readonly result: T },
  ): Promise<T> {
    return this.#turn.run(async () => {
      const { records, result } = decide(this.#image)
      if (records.length > 0) {
        const from = await this.#append(records)
        for (const [index, record] of records.entries()) this.#image.apply(record, from + index)
        for (const listener of this.#listeners) listener(records)
        this.#compactSoon()
      }
      return result
    })
  }

  /** Resolves when nothing is being written any more. */
  async settled(): Promise<void> {
    await this.#turn.run(() => undefined)
  }

  async #append(records: readonly MetadataRecord[]): Promise<number> {
    let first = -1
    let last = -1
    for (let start = 0; start < records.length; start += recordsPerBatch) {
      const timestamp = this.#clock.now()
      const batch = buildBatch({
        records: records
          .slice(start, start + recordsPerBatch)
          .map((record) => ({ key: null, value: encodeRecord(record), timestamp, headers: [] })),
        codec: 'none',
        baseOffset: 0,
      })
      let result = this.#log.append(batch, { origin: 'coordinator', requireKeys: false })
      if (result.kind === 'refused' && last >= 0 && (await this.#committed(last)) === 0) {
        // The log waited for room in the middle of the change: what it has of it is whole only with the rest.
        result = this.#log.append(batch, { origin: 'coordinator', requireKeys: false })
      }
      if (result.kind === 'refused') throw brokerErrors.create('METADATA_FAILED', { reason: result.message })
      if (first < 0) first = result.baseOffset
      last = result.lastOffset
    }
    const error = await this.#committed(last)
    if (error !== 0) throw brokerErrors.create('METADATA_FAILED', { reason: kafkaErrorName(error) })
    return first
  }

  #committed(offset: number): Promise<number> {
    return new Promise((resolve) => this.#log.onCommitted(offset, resolve))
  }

  #compactSoon(): void {
    const records = this.#log.highWatermark - this.#log.logStartOffset
    const image = this.#image
    if (records < image.topics.size + image.acls.size + this.#slackRecords) return
    inBackground(
      this.#turn.run(() => this.#compact()),
      // The log says itself that it has failed; the next write tells it to whoever writes.
      () => undefined,
    )
  }

  async #compact(): Promise<void> {
    const image = this.#image
    const records = this.#log.highWatermark - this.#log.logStartOffset
    if (records >= image.topics.size + image.acls.size + this.#slackRecords) await this.#snapshot()
  }

  async #snapshot(): Promise<void> {
    const records = this.#image.toRecords()
    const begin = await this.#append([{ kind: 'snapshot-begin' }, ...records, { kind: 'snapshot-end' }])
    await this.#log.deleteRecordsBefore(begin)
  }

  async #load(): Promise<void> {
    const log = this.#log
    let offset = log.logStartOffset
    /** The snapshot that is being read. */
    let rebuilt: MetadataImage | undefined
    const take = (record: MetadataRecord, at: number): void => {
      if (record.kind === 'snapshot-begin') rebuilt = new MetadataImage()
      else if (record.kind === 'snapshot-end') {
        if (rebuilt !== undefined) this.#image = rebuilt
        rebuilt = undefined
      } else (rebuilt ?? this.#image).apply(record, at)
    }
    while (offset < log.highWatermark) {
      const read = await log.read(offset, readBytes, { atLeastOne: true, isolation: 'read-uncommitted' })
      if (read.kind !== 'data' || read.buffers.length === 0) {
        const reason = read.kind === 'failed' ? read.message : 'it ends early'
        throw brokerErrors.create('METADATA_UNREADABLE', { offset, reason })
      }
      for (const buffer of read.buffers) {
        for (let at = 0; at < buffer.length; ) {
          const header = readBatchHeader(buffer, at)
          const batch = buffer.subarray(at, at + header.sizeBytes)
          at += header.sizeBytes
          for (const record of readRecords(batch, header)) {
            if (record.offset < offset || record.value === null) continue
            take(decodeRecord(record.value, record.offset), record.offset)
          }
          offset = header.lastOffset + 1
        }
      }
    }
    // A crash left a begin without its end. What is written from here on must not seem to be part of it.
    if (rebuilt !== undefined) await this.#snapshot()
  }
}
