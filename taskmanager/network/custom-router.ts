/** Routing by a function of the user, row by row. One thread. */
import type { RecordBatch } from '../../core/columns/batch.ts'
import { rowReader } from '../../core/columns/rows.ts'
import type { RowBatch, Selection } from '../operators/operator.ts'
import { networkErrors } from './errors.ts'
import type { Lane } from './lane.ts'
import type { Part, Router } from './router.ts'

export class CustomRouter implements Router {
  readonly computedKeys = false
  readonly #partition: (record: unknown, channels: number) => number
  readonly #name: string
  readonly #parts: Part[]
  readonly #rows: unknown[] = []

  constructor(partition: (record: unknown, channels: number) => number, name: string, channels: number) {
    this.#partition = partition
    this.#name = name
    this.#parts = Array.from({ length: channels }, () => ({ rows: new Int32Array(0), count: 0 }))
  }

  prepare(batch: RecordBatch): RecordBatch {
    return batch
  }

  wholeBatch(): number {
    return -1
  }

  split(batch: RecordBatch, selection: Selection | undefined): readonly Part[] {
    const count = selection?.count ?? batch.rowCount
    for (const part of this.#parts) {
      part.count = 0
      if (part.rows.length < count) part.rows = new Int32Array(count)
    }
    rowReader(batch.schema, undefined)(batch, this.#rows, selection?.rows, count)
    for (let i = 0; i < count; i++) {
      const part = this.#parts[this.#channelOf(this.#rows[i])]
      part.rows[part.count++] = selection === undefined ? i : selection.rows[i]
    }
    return this.#parts
  }

  routeRows(rows: RowBatch, lanes: readonly Lane[]): void {
    const { timestamps } = rows
    for (let i = 0; i < rows.count; i++) {
      const lane = lanes[this.#channelOf(rows.rows[i])]
      lane.rowsGroup().push(rows.rows[i], timestamps === undefined ? Number.NaN : timestamps[i])
      lane.rows++
    }
  }

  done(): void {
    // Adds nothing to a batch.
  }

  trim(): void {
    // Holds nothing.
  }

  close(): void {
    // Holds nothing.
  }

  #channelOf(record: unknown): number {
    const channel = this.#partition(record, this.#parts.length)
    if (Number.isInteger(channel) && channel >= 0 && channel < this.#parts.length) return channel
    throw networkErrors.create('BAD_PARTITION', {
      name: this.#name,
      value: String(channel),
      channels: this.#parts.length,
    })
  }
}
