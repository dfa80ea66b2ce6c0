/**
 * Reads the splits of one subtask: takes what the fetcher brought, and emits it as columns where the type allows that, as
 * records otherwise. A poll emits one batch of one split. Nothing waits: while brokers are away the reader is idle and says
 * so in the log.
 *
 * Belongs to the slot's thread.
 */
import { inBackground } from '../../core/async/index.ts'
import { createLogger } from '../../core/log.ts'
import { kafkaError } from '../../proto/kafka/error-codes.ts'
import type {
  ColumnWriter,
  SourceContext,
  SourceOutput,
  SourceReader,
  SplitState,
  StringDictionary,
} from '../../sdk/source.ts'
import type { TypeDef } from '../../sdk/types.ts'
import { BatchCursor, whereOf } from './batch-cursor.ts'
import { KafkaAdmin } from './client/admin.ts'
import { KafkaCluster, mayPass } from './client/cluster.ts'
import { type FetchFailure, KafkaFetcher } from './client/fetcher.ts'
import { commitOffsets } from './client/groups.ts'
import type { KafkaClientOptions } from './client/options.ts'
import { kafkaConnectorErrors } from './errors.ts'
import { JsonRows } from './json-rows.ts'
import { type KafkaOffset, type KafkaSplit, type Placing, placeSplits, splitIdOf } from './positions.ts'
import { type KafkaField, type KafkaFormat, type ReadRecord, recordReader } from './records.ts'
import { Waits } from './waits.ts'

export interface ReaderOptions extends Placing {
  readonly client: KafkaClientOptions
  readonly format: 'json' | 'string' | 'bytes' | KafkaFormat<unknown>
  /** Of the value alone. */
  readonly type: TypeDef<unknown> | undefined
  readonly fields: readonly KafkaField[]
  readonly outOfRange: 'fail' | 'earliest' | 'latest'
  readonly maxWaitMs: number
  readonly maxRequestBytes: number
  readonly maxPartitionBytes: number
  readonly prefetchBytes: number
}

const outOfRangeCode = 1
export const log = createLogger('kafka-source')
/** Positions of checkpoints that nobody has heard of any more. */
const snapshotsMax = 16

export class KafkaReader<T> implements SourceReader<T> {
  readonly cluster: KafkaCluster
  readonly #options: ReaderOptions
  readonly #context: SourceContext
  readonly #fetcher: KafkaFetcher
  readonly #waits: Waits
  readonly #splits = new Map<string, KafkaSplit>()
  #cursor = new BatchCursor()
  #paused: ReadonlySet<string> = new Set()
  /** What was being read of splits that are paused. */
  readonly #held = new Map<string, BatchCursor>()
  readonly #read: ReadRecord
  readonly #rows: JsonRows | undefined
  readonly #topics = new Map<string, StringDictionary>()
  readonly #snapshots = new Map<number, readonly KafkaSplit[]>()
  /** Splits that ended without a record. */
  readonly #finished: string[] = []
  #current: KafkaSplit | undefined
  #trouble: Error | undefined
  #failure: unknown
  #started = false
  #committing = false

  constructor(options: ReaderOptions, context: SourceContext) {
    this.#options = options
    this.#context = context
    this.cluster = new KafkaCluster(options.client)
    this.#waits = new Waits(context.waiting)
    this.cluster.onTrouble = (of, trouble) => this.#waits.set(of, trouble)
    this.#fetcher = new KafkaFetcher(this.cluster, {
      readCommitted: options.readCommitted,
      maxWaitMs: options.maxWaitMs,
      maxBytes: options.maxRequestBytes,
      partitionMaxBytes: options.maxPartitionBytes,
      prefetchBytes: options.prefetchBytes,
      onProgress: () => this.#context.wake(),
    })
    this.#read = recordReader(options.format, options.type, options.fields)
    const { type, format, fields } = options
    const isPlain = format === 'json' && type !== undefined && !fields.includes('headers') && JsonRows.takes(type)
    this.#rows = isPlain ? new JsonRows(type, fields.includes('key')) : undefined
  }

  get isStarted(): boolean {
    return this.#started
  }

  async addSplits(splits: readonly SplitState[]): Promise<void> {
    // What appears later, or while the job was away, is new: all of its records are.
    const isKnown = splits.some(({ offset }) => (offset as KafkaOffset).next !== undefined)
    const isFirst = !this.#started && this.#context.restored !== true && !isKnown
    this.#started = true
    const placing = isFirst ? this.#options : { ...this.#options, start: 'earliest' as const }
    for (const split of await placeSplits(this.cluster, splits, placing)) {
      this.#splits.set(split.splitId, split)
      if (split.finished) this.#finished.push(split.splitId)
      else this.#fetcher.assign(split.topic, split.partition, split.next, split.topicId)
    }
  }

  poll(output: SourceOutput<T>): 'more' | 'idle' | 'end' {
    if (this.#failure !== undefined) throw this.#failure
    for (const splitId of this.#finished.splice(0)) output.splitFinished?.(splitId)
    this.#watchTrouble()
    const split = this.#next()
    if (split === undefined) return this.#ended() ? 'end' : 'idle'
    if (this.#rows === undefined || !this.#emitColumns(output, split, this.#rows)) this.#emitRecords(output, split)
    this.#moved(output, split)
    return 'more'
  }

  pauseSplits(splitIds: ReadonlySet<string>): void {
    for (const { splitId, topic, partition } of this.#splits.values())
      if (splitIds.has(splitId) !== this.#paused.has(splitId))
        this.#fetcher.pause(topic, partition, splitIds.has(splitId))
    this.#paused = new Set(splitIds)
  }

  snapshot(checkpointId?: number): readonly SplitState[] {
    if (checkpointId !== undefined && this.#options.group !== undefined) {
      this.#snapshots.set(
        checkpointId,
        [...this.#splits.values()].map((split) => ({ ...split })),
      )
      for (const id of this.#snapshots.keys()) if (this.#snapshots.size > snapshotsMax) this.#snapshots.delete(id)
    }
    return [...this.#splits.values()].map(({ splitId, next, end, topicId, finished }) => {
      const offset: KafkaOffset = {
        next,
        ...(Number.isFinite(end) ? { end } : {}),
        ...(topicId === '' ? {} : { topicId }),
      }
      return { splitId, offset, ...(finished ? { finished } : {}) }
    })
  }

  /** Publishes the offsets of the checkpoint for those who look at lag. They are not what a restore goes by. */
  notifyCheckpointComplete(checkpointId: number): void {
    const { group } = this.#options
    const splits = this.#snapshots.get(checkpointId)
    for (const id of this.#snapshots.keys()) if (id <= checkpointId) this.#snapshots.delete(id)
    if (group === undefined || splits === undefined || splits.length === 0 || this.#committing) return
    this.#committing = true
    const offsets = splits.map(({ topic, partition, next }) => ({ topic, partition, offset: next }))
    const commit = async (): Promise<void> => {
      try {
        await commitOffsets(this.cluster, group, offsets)
      } finally {
        this.#committing = false
      }
    }
    inBackground(commit, (error) => {
      if (!this.cluster.isClosed)
        log.warn({ group, reason: (error as Error).message }, 'offsets of the group were not published')
    })
  }

  async close(): Promise<void> {
    this.#fetcher.close()
    this.#cursor.close()
    for (const cursor of this.#held.values()) cursor.close()
    this.#held.clear()
    await this.cluster.close()
  }

  #ended(): boolean {
    if (this.#options.end === undefined) return false
    for (const { finished } of this.#splits.values()) if (!finished) return false
    return true
  }

  /** The split that has records to give. */
  #next(): KafkaSplit | undefined {
    if (this.#paused.size > 0 || this.#held.size > 0) this.#exchangeHeld()
    for (;;) {
      if (this.#cursor.isOpen && this.#current !== undefined) {
        if (this.#cursor.advance()) return this.#current
        this.#current.next = Math.max(this.#current.next, this.#cursor.position)
        this.#closeCursor()
        this.#finishAtEnd(this.#current)
      }
      const taken = this.#fetcher.take(this.#paused.size === 0 ? undefined : this.#mayTake)
      if (taken === undefined) return undefined
      const split = this.#splits.get(`${taken.topic}/${taken.partition}`)
      if (split === undefined || split.finished) continue
      if (taken.kind === 'failed') {
        this.#failed(taken, split)
        continue
      }
      this.#current = split
      this.#cursor.open(taken, split.next, split.end, this.#options.readCommitted)
    }
  }

  readonly #mayTake = (topic: string, partition: number): boolean => !this.#paused.has(splitIdOf(topic, partition))

  /** Puts aside what is read of a paused split, and goes on with one that is not paused any more. */
  #exchangeHeld(): void {
    if (this.#cursor.isOpen && this.#current !== undefined && this.#paused.has(this.#current.splitId)) {
      this.#held.set(this.#current.splitId, this.#cursor)
      this.#cursor = new BatchCursor()
      this.#current = undefined
    }
    if (this.#cursor.isOpen) return
    for (const [splitId, cursor] of this.#held) {
      if (this.#paused.has(splitId)) continue
      this.#held.delete(splitId)
      this.#cursor = cursor
      this.#current = this.#splits.get(splitId)
      return
    }
  }

  /** Formats of the user may keep bytes of what came; nobody else does. */
  #closeCursor(): void {
    const fetched = this.#cursor.close()
    if (fetched !== undefined && typeof this.#options.format !== 'object') this.#fetcher.release(fetched)
  }

  #finishAtEnd(split: KafkaSplit): void {
    if (split.finished || split.next < split.end) return
    split.finished = true
    this.#fetcher.remove(split.topic, split.partition)
    this.#finished.push(split.splitId)
    this.#context.wake()
  }

  /** After records were emitted: a split that is read to its end says so with them. */
  #moved(output: SourceOutput<T>, split: KafkaSplit): void {
    const cursor = this.#cursor
    const more = cursor.advance()
    split.next = Math.max(split.next, cursor.position)
    if (more) return
    this.#closeCursor()
    this.#finishAtEnd(split)
    for (const splitId of this.#finished.splice(0)) output.splitFinished?.(splitId)
  }

  /** False when the next record is too large to be one of many. */
  #emitColumns(output: SourceOutput<T>, split: KafkaSplit, rows: JsonRows): boolean {
    const cursor = this.#cursor
    const writer = output.columns(split.splitId)
    rows.begin()
    while (rows.count < writer.capacity) {
      const taken = rows.add(cursor.table, cursor.index, cursor.end, writer.capacity)
      cursor.index += taken
      if (taken === 0 || (cursor.index >= cursor.end && !cursor.advance())) break
    }
    if (rows.count === 0) return false
    const areColumns = rows.decode((error, text, row) =>
      this.#reject(output, error, text, whereOf(split.topic, split.partition, rows.offsets[row])),
    )
    if (rows.count === 0) return true
    if (areColumns) this.#commit(writer, split, rows)
    else this.#collect(output, split, rows)
    return true
  }

  #commit(writer: ColumnWriter, { topic, partition }: KafkaSplit, rows: JsonRows): void {
    const { count, timestamps, offsets } = rows
    rows.write(writer)
    for (const field of this.#options.fields) {
      if (field === 'offset') writer.float64(field).set(offsets.subarray(0, count))
      else if (field === 'timestamp') writer.float64(field).set(timestamps.subarray(0, count))
      else if (field === 'partition') writer.int32(field).fill(partition, 0, count)
      else if (field === 'key') rows.writeKeys(writer, field)
      else writer.pick(field, this.#topicName(topic), new Int32Array(count), count)
    }
    writer.commit(count, timestamps.subarray(0, count))
  }

  /** Rows that columns cannot hold. */
  #collect(output: SourceOutput<T>, { splitId, topic, partition }: KafkaSplit, rows: JsonRows): void {
    const { fields } = this.#options
    for (let row = 0; row < rows.count; row++) {
      const record = rows.recordOf(row) as Record<string, unknown>
      for (const field of fields) {
        if (field === 'offset') record[field] = rows.offsets[row]
        else if (field === 'timestamp') record[field] = rows.timestamps[row]
        else if (field === 'partition') record[field] = partition
        else record[field] = field === 'key' ? rows.keyOf(row) : topic
      }
      output.collect(record as T, splitId, rows.timestamps[row])
    }
  }

  #emitRecords(output: SourceOutput<T>, split: KafkaSplit): void {
    const cursor = this.#cursor
    const { splitId, topic, partition } = split
    for (let left = output.room; left > 0; left--) {
      const { table, index } = cursor
      let record: unknown
      let failure: unknown
      try {
        record = this.#read(table, index, topic, partition)
      } catch (error) {
        failure = error ?? new Error('unknown')
      }
      cursor.index++
      if (failure !== undefined) {
        const at = table.valueAt[index]
        const text = table.bytes.toString('utf8', at, at + Math.max(0, table.valueLength[index]))
        const where = whereOf(topic, partition, table.baseOffset + table.offsetDelta[index])
        this.#reject(output, failure, text, where)
      } else if (record !== undefined) output.collect(record as T, splitId, table.timestamp[index])
      if (cursor.index >= cursor.end && !cursor.advance()) return
    }
  }

  #reject(output: SourceOutput<T>, error: unknown, text: string, where: string): void {
    const problem = error instanceof Error ? error.message : String(error)
    output.reject(kafkaConnectorErrors.create('BROKEN_RECORD', { where, problem }, { cause: error }), text, where)
  }

  #topicName(topic: string): StringDictionary {
    let dictionary = this.#topics.get(topic)
    if (dictionary === undefined) {
      const bytes = Buffer.from(topic)
      dictionary = { values: [topic], bytes, offsets: Int32Array.of(0, bytes.length) }
      this.#topics.set(topic, dictionary)
    }
    return dictionary
  }

  #failed({ code, fetchOffset, error, topic, partition }: FetchFailure, split: KafkaSplit): void {
    const { outOfRange } = this.#options
    const where = whereOf(topic, partition, fetchOffset)
    if (code === kafkaError.INCONSISTENT_TOPIC_ID) throw kafkaConnectorErrors.create('OTHER_TOPIC', { where })
    if (code !== outOfRangeCode) throw error
    if (outOfRange === 'fail') throw kafkaConnectorErrors.create('OFFSET_GONE', { where }, { cause: error })
    const goOn = async (): Promise<void> => {
      const [found] = await new KafkaAdmin(this.cluster).listOffsets([{ topic, partition, at: outOfRange }], true)
      log.warn(
        { topic, partition, from: fetchOffset, to: found.offset },
        'the offset is out of range: reading elsewhere',
      )
      split.next = found.offset
      this.#fetcher.assign(topic, partition, found.offset, split.topicId)
    }
    inBackground(goOn, (failure) => {
      this.#failure = failure
      this.#context.wake()
    })
  }

  /** Tells once that brokers are away, and once that they are back. What will not pass fails the source. */
  #watchTrouble(): void {
    const { trouble } = this.#fetcher
    if (trouble === this.#trouble) return
    const was = this.#trouble
    this.#trouble = trouble
    if (trouble === undefined) {
      log.info('records come again')
      this.#waits.set(this.#fetcher, undefined)
      return
    }
    if (!mayPass(trouble)) throw trouble
    this.#waits.set(this.#fetcher, trouble)
    if (was === undefined) log.warn({ reason: trouble.message }, 'no records come: trying again')
  }
}
