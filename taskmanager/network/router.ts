/**
 * Which channel a row goes to. One router per edge and producer subtask; `createRouter` picks it by the partitioner.
 *
 * Promises: the rows of one key always go to the same channel, whether they come as columns or as objects; what `split`
 * and `prepare` return is valid until the next call. Concurrency: one thread.
 */
import type { RecordBatch } from '../../core/columns/batch.ts'
import { rowReader } from '../../core/columns/rows.ts'
import type { RowBatch, Selection } from '../operators/operator.ts'
import { networkErrors } from './errors.ts'
import { HashRouter, type HashRouterOptions } from './hash-router.ts'
import type { Lane } from './lane.ts'

/** Rows of one channel: the first `count` numbers of `rows`. */
export interface Part {
  rows: Int32Array
  count: number
}

export interface Router {
  /** The edge ships a computed key as column `$key`. */
  readonly computedKeys: boolean
  /** The batch with what the edge adds to it; undefined when there is no memory for that. `original` has all fields. */
  prepare(batch: RecordBatch, original: RecordBatch, selection: Selection | undefined): RecordBatch | undefined
  /** The channel for the whole batch, or -1: `split` decides by row. */
  wholeBatch(batch: RecordBatch, count: number): number
  split(batch: RecordBatch, selection: Selection | undefined): readonly Part[]
  routeRows(rows: RowBatch, lanes: readonly Lane[]): void
  /** The batch of the last `prepare` has been given on. */
  done(): void
  /** Gives back memory that it can do without. */
  trim(): void
  close(): void
}

export type RouterPlan =
  | { readonly kind: 'turns' }
  | {
      readonly kind: 'custom'
      readonly partition: (record: unknown, channels: number) => number
      readonly name: string
    }
  | ({ readonly kind: 'hash' } & HashRouterOptions)

/** How an edge with this partitioner distributes: broadcast is one lane, its channel does the rest. */
export function createRouter(plan: RouterPlan, channels: number): Router {
  if (plan.kind === 'hash') return new HashRouter(plan, channels)
  if (plan.kind === 'custom') return new CustomRouter(plan.partition, plan.name, channels)
  return new TurnsRouter(channels)
}

/** A channel after the other; few rows stay together, so that batches do not become tiny. */
const rowsPerTurn = 64

class TurnsRouter implements Router {
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

class CustomRouter implements Router {
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
