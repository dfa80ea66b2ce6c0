/** Routing of rows that nobody wants at a certain place: channels in turn. One thread. */
import type { RecordBatch } from '../../core/columns/batch.ts'
import type { RowBatch } from '../operators/operator.ts'
import type { Lane } from './lane.ts'
import type { Part, Router } from './router.ts'

/** A channel after the other; few rows stay together, so that batches do not become tiny. */
const rowsPerTurn = 64

export class TurnsRouter implements Router {
  readonly computedKeys = false
  readonly #channels: number
  #turn = 0
  #rows = 0

  constructor(channels: number) {
    this.#channels = channels
  }

  prepare(batch: RecordBatch): RecordBatch {
    return batch
  }

  wholeBatch(_batch: RecordBatch, count: number): number {
    return this.#next(count)
  }

  #next(count: number): number {
    if (this.#rows >= rowsPerTurn) {
      this.#turn = (this.#turn + 1) % this.#channels
      this.#rows = 0
    }
    this.#rows += count
    return this.#turn
  }

  split(): readonly Part[] {
    return []
  }

  routeRows(rows: RowBatch, lanes: readonly Lane[]): void {
    const lane = lanes[this.#next(rows.count)]
    const pending = lane.rowsGroup()
    const { timestamps } = rows
    for (let i = 0; i < rows.count; i++)
      pending.push(rows.rows[i], timestamps === undefined ? Number.NaN : timestamps[i])
    lane.rows += rows.count
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
}
