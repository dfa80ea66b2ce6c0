/**
 * What one fetch of a partition brought, batch by batch, as a reader of records sees it: checked, opened, without control
 * records, without those of aborted transactions, from one offset up to another. The table is filled for one batch at a
 * time. One thread.
 */
import {
  type BatchHeader,
  RecordTable,
  readBatchHeader,
  readControlRecord,
  verifyBatch,
} from '../../proto/kafka/records/index.ts'
import type { FetchedBatches } from './client/fetcher.ts'
import { CommittedFilter } from './client/isolation.ts'
import { kafkaConnectorErrors } from './errors.ts'

export class BatchCursor {
  /** Records `index` to `end` - 1 of it are to be given. */
  readonly table = new RecordTable()
  index = 0
  end = 0
  readonly #filter = new CommittedFilter()
  #fetched: FetchedBatches | undefined
  #at = 0
  #from = 0
  #to = 0
  #readCommitted = true
  /** Behind the batch that the table is of. */
  #batchEnd = 0

  get isOpen(): boolean {
    return this.#fetched !== undefined
  }

  /** Begins with what was fetched. Records with offsets from `from` up to, not including, `to` are given. */
  open(fetched: FetchedBatches, from: number, to: number, readCommitted: boolean): void {
    this.#fetched = fetched
    this.#at = 0
    this.#from = from
    this.#to = to
    this.#readCommitted = readCommitted
    this.index = this.end = 0
    this.#batchEnd = from
    this.#filter.reset()
    this.#filter.begin(fetched.aborted)
  }

  /** Gives back what it was opened with. */
  close(): FetchedBatches | undefined {
    const fetched = this.#fetched
    this.#fetched = undefined
    this.index = this.end = 0
    // The table must not keep the answer in memory.
    this.table.count = 0
    this.table.bytes = noBytes
    return fetched
  }

  /** The offset to go on from when the records before `index` were given. */
  get position(): number {
    if (this.index < this.end) return this.table.baseOffset + this.table.offsetDelta[this.index]
    return this.#batchEnd
  }

  /** Makes sure that there are records to give. False: all of this fetch is done, and `position` is behind it. */
  advance(): boolean {
    const fetched = this.#fetched
    if (fetched === undefined) return false
    while (this.index >= this.end) {
      const { records } = fetched
      if (this.#at >= records.length || this.#batchEnd >= this.#to) {
        this.#batchEnd = Math.max(this.#batchEnd, Math.min(fetched.nextOffset, this.#to))
        return false
      }
      const problem = verifyBatch(records, this.#at)
      if (problem !== undefined) throw this.#damaged(this.#batchEnd, `a batch with a wrong ${problem}`)
      const header = readBatchHeader(records, this.#at)
      const at = this.#at
      this.#at += header.sizeBytes
      if (this.#wanted(header, at)) this.#load(header, at)
      this.#batchEnd = Math.max(this.#batchEnd, header.lastOffset + 1)
    }
    return true
  }

  #wanted(header: BatchHeader, at: number): boolean {
    if (header.isControl) {
      const records = (this.#fetched as FetchedBatches).records.subarray(at, at + header.sizeBytes)
      this.#filter.accepts(header, readControlRecord(records, header)?.kind === 'abort')
      return false
    }
    if (this.#readCommitted && !this.#filter.accepts(header, false)) return false
    return header.lastOffset >= this.#from
  }

  #load(header: BatchHeader, at: number): void {
    const { table } = this
    try {
      table.read((this.#fetched as FetchedBatches).records, header, at)
    } catch (error) {
      throw this.#damaged(header.baseOffset, (error as Error).message, error)
    }
    const { offsetDelta, baseOffset } = table
    let from = 0
    while (from < table.count && baseOffset + offsetDelta[from] < this.#from) from++
    let to = table.count
    while (to > from && baseOffset + offsetDelta[to - 1] >= this.#to) to--
    this.index = from
    this.end = to
  }

  #damaged(offset: number, problem: string, cause?: unknown): Error {
    const { topic, partition } = this.#fetched as FetchedBatches
    return kafkaConnectorErrors.create('DAMAGED', { where: whereOf(topic, partition, offset), problem }, { cause })
  }
}

const noBytes = Buffer.alloc(0)

/** How a record is named to people. */
export const whereOf = (topic: string, partition: number, offset: number): string =>
  `topic ${topic}, partition ${partition}, offset ${offset}`
