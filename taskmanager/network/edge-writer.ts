/**
 * Writes the records of one output to the subtasks that read an edge: chooses the channel of each row on whole batches,
 * and keeps what is small until it is worth a batch, the input has drained or the deadline has come.
 *
 * Promises: rows of one key keep their order; barriers and ends come behind everything emitted before them, on every
 * channel; a watermark never overtakes a row. A step may always emit: what finds no credit waits, and `available` is
 * false until it is gone.
 *
 * Concurrency: one thread.
 */
import type { Arena } from '../../core/arena/arena.ts'
import type { RecordBatch } from '../../core/columns/batch.ts'
import { internSchema, withField } from '../../core/columns/batch.ts'
import { rowReader } from '../../core/columns/rows.ts'
import type { Schema } from '../../core/columns/schema.ts'
import type { Output, RowBatch, Selection } from '../operators/operator.ts'
import type { OutputChannel } from './channel.ts'
import { keyColumn, recordSchema, wireSchema } from './computed-key.ts'
import type { EndMode } from './frame.ts'
import { frameKind } from './frame.ts'
import { Lane } from './lane.ts'
import type { PendingRows } from './pending-rows.ts'
import type { Router } from './router.ts'

export interface EdgeWriterOptions {
  readonly arena: Arena
  /** Declared schema of what crosses the edge; its fields are all that is sent. */
  readonly schema: Schema | undefined
  readonly channels: readonly OutputChannel[]
  readonly router: Router
  /** What waits is sent after this time at the latest. */
  readonly bufferTimeoutMs: number
  /** Rows that are worth a batch of their own. */
  readonly flushRows?: number
  monotonic(): number
}

const defaultFlushRows = 512
/** How long what waits may find no segment before it is moved out of the arena. */
const unloadAfterMs = 20

export class EdgeWriter implements Output {
  readonly #options: EdgeWriterOptions
  readonly #lanes: readonly Lane[]
  readonly #router: Router
  readonly #flushRows: number
  /** The schema of a batch, the columns of it that are sent, and their schema. */
  #from: Schema | undefined
  #kept: readonly number[] = []
  #to: Schema | undefined
  #recordsOut = 0
  /** Monotonic time at which what waits must go; Infinity: nothing waits. */
  #deadline = Number.POSITIVE_INFINITY
  #starvedSince = Number.POSITIVE_INFINITY
  #urgent = false

  constructor(options: EdgeWriterOptions) {
    this.#options = options
    this.#router = options.router
    this.#flushRows = options.flushRows ?? defaultFlushRows
    const { arena, schema } = options
    const interned = schema && wireSchema(schema)
    this.#lanes = options.channels.map(
      (channel) => new Lane(channel, { arena, schema: interned, computedKeys: options.router.computedKeys }),
    )
  }

  get recordsOut(): number {
    return this.#recordsOut
  }

  get deadline(): number {
    return this.#deadline
  }

  batch(batch: RecordBatch, selection: Selection | undefined): void {
    const count = selection?.count ?? batch.rowCount
    if (count === 0) return
    this.#recordsOut += count
    const lanes = this.#lanes
    const router = this.#router
    const pruned = this.#prune(batch)
    const keyed = router.prepare(pruned, batch, selection)
    if (keyed === undefined) {
      // No segment for the hashes: the records go as objects.
      this.#asRows(batch, selection)
      return
    }
    if (lanes.length === 1) {
      this.#give(lanes[0], keyed, selection?.rows, count)
    } else {
      const whole = router.wholeBatch(keyed, count)
      if (whole >= 0) this.#give(lanes[whole], keyed, selection?.rows, count)
      else {
        const parts = router.split(keyed, selection)
        for (let i = 0; i < lanes.length; i++)
          if (parts[i].count > 0) this.#give(lanes[i], keyed, parts[i].rows, parts[i].count)
      }
    }
    if (keyed !== pruned) router.done()
    this.#settle()
  }

  rows(rows: RowBatch): void {
    if (rows.count === 0) return
    this.#recordsOut += rows.count
    this.#router.routeRows(rows, this.#lanes)
    for (const lane of this.#lanes) if (lane.rows >= this.#flushRows) lane.flush()
    this.#settle()
  }

  watermark(timestampMs: number): void {
    for (const lane of this.#lanes) lane.control(frameKind.watermark, 0, timestampMs)
    this.#settle()
  }

  idle(idle: boolean): void {
    this.#control(frameKind.idle, idle ? 1 : 0, 0)
  }

  barrier(checkpointId: number): void {
    this.#control(frameKind.barrier, 0, checkpointId)
  }

  end(mode: EndMode, checkpointId: number): void {
    this.#control(frameKind.end, mode, checkpointId)
  }

  /** Everything that had to go is gone: the task may make more. */
  available(): boolean {
    if (!this.#urgent) return true
    let urgent = false
    let starved = false
    for (const lane of this.#lanes) {
      if (!lane.urgent || lane.flush()) continue
      urgent = true
      if (lane.starved) starved = true
    }
    this.#urgent = urgent
    if (!starved) this.#starvedSince = Number.POSITIVE_INFINITY
    else this.#unloadIfStuck()
    if (!urgent) this.#settle()
    return !urgent
  }

  /** Sends all that waits as far as there is room. True when something was sent. */
  flush(): boolean {
    if (this.#deadline === Number.POSITIVE_INFINITY) return false
    let sent = 0
    for (const lane of this.#lanes) {
      if (lane.empty) continue
      sent -= lane.sent
      lane.flush()
      sent += lane.sent
    }
    this.#settle()
    // Who has nothing to send leaves the memory to others.
    if (this.#deadline === Number.POSITIVE_INFINITY) this.#router.trim()
    return sent > 0
  }

  /** Sends what has waited long enough. */
  flushDue(nowMs: number): void {
    if (nowMs >= this.#deadline) this.flush()
  }

  /** What waits in large segments leaves the arena. */
  spill(): void {
    const { arena } = this.#options
    for (const lane of this.#lanes)
      lane.unload(unloadRows, ({ segments }) => segments.some((segment) => arena.isLarge(segment)))
  }

  /** Nothing waits any more. */
  get drained(): boolean {
    for (const lane of this.#lanes) if (!lane.empty) return false
    return true
  }

  close(): void {
    for (const lane of this.#lanes) lane.close()
    this.#router.close()
  }

  #give(lane: Lane, batch: RecordBatch, rows: Int32Array | undefined, count: number): void {
    if (count >= this.#flushRows && lane.rows < this.#flushRows / 4) lane.sendColumns(batch, rows, count)
    else {
      lane.addColumns(batch, rows, count)
      if (lane.rows >= this.#flushRows) lane.flush()
    }
  }

  #control(kind: 3 | 4 | 5, detail: number, value: number): void {
    for (const lane of this.#lanes) lane.control(kind, detail, value)
    this.#settle()
  }

  /** Brings `urgent` and the deadline up to date. */
  #settle(): void {
    let waits = false
    let urgent = false
    for (const lane of this.#lanes) {
      if (lane.rows >= this.#flushRows) lane.urgent = true
      if (lane.urgent) urgent = true
      if (!lane.empty) waits = true
    }
    this.#urgent = urgent
    if (!waits) this.#deadline = Number.POSITIVE_INFINITY
    else if (this.#deadline === Number.POSITIVE_INFINITY)
      this.#deadline = this.#options.monotonic() + this.#options.bufferTimeoutMs
  }

  /** Only what the edge's schema names is sent. The view's schema is made once per schema, not per batch. */
  #prune(batch: RecordBatch): RecordBatch {
    const { schema } = this.#options
    if (schema === undefined) return batch
    if (batch.schema !== this.#from) {
      const names = schema.fields
        .map((field) => field.name)
        .filter((name) => name !== keyColumn || !this.#router.computedKeys)
      this.#from = batch.schema
      this.#kept = names.map((name) => batch.columns.indexOf(batch.column(name)))
      this.#to = batch.project(names).schema
    }
    const kept = this.#kept
    // A column behind those of the record is a key that an earlier edge computed.
    if (kept.length === batch.columns.length && kept.every((column, at) => column === at)) return batch
    return batch.with({ schema: this.#to as Schema, columns: kept.map((at) => batch.columns[at]) })
  }

  #asRows(batch: RecordBatch, selection: Selection | undefined): void {
    const rows: unknown[] = []
    const count = selection?.count ?? batch.rowCount
    rowReader(batch.schema, undefined)(batch, rows, selection?.rows, count)
    this.#router.routeRows({ rows, count, timestamps: selectedTimes(batch, selection?.rows, count) }, this.#lanes)
    this.#settle()
  }

  /**
   * What waits here may hold the very segments that it is counted to have (reserves.ts), or that every other slot waits for:
   * then it has to leave the arena.
   */
  #unloadIfStuck(): void {
    const now = this.#options.monotonic()
    if (this.#starvedSince === Number.POSITIVE_INFINITY) this.#starvedSince = now
    if (now - this.#starvedSince < unloadAfterMs) return
    this.#starvedSince = now
    for (const lane of this.#lanes) if (lane.channel.room() > 0) lane.unload(unloadRows)
    this.#router.trim()
  }
}

/** Adds rows of a batch as plain records, with their times, hashes and computed keys. */
export function unloadRows(
  batch: RecordBatch,
  selection: Int32Array | undefined,
  count: number,
  into: PendingRows,
): void {
  const rows: unknown[] = []
  const key = batch.columns.findIndex((column) => column.field.name === keyColumn)
  const body = key < 0 ? batch : batch.with({ schema: recordSchema(batch.schema) })
  rowReader(body.schema, undefined)(body, rows, selection, count)
  const keys: unknown[] = []
  if (key >= 0) {
    const only = batch.withColumns([withField(batch.columns[key], { ...batch.columns[key].field, name: '' })])
    const asValue = only.with({ schema: internSchema({ record: 'value', fields: only.schema.fields }) })
    rowReader(asValue.schema, undefined)(asValue, keys, selection, count)
  }
  const times = selectedTimes(batch, selection, count)
  const hashes = batch.hashArray()
  for (let i = 0; i < count; i++) {
    const time = times === undefined ? Number.NaN : times[i]
    if (hashes === undefined) into.push(rows[i], time)
    else into.pushKeyed(rows[i], time, hashes[selection === undefined ? i : selection[i]], keys[i])
  }
}

function selectedTimes(batch: RecordBatch, selection: Int32Array | undefined, count: number): Float64Array | undefined {
  const all = batch.timestampArray()
  if (all === undefined || selection === undefined) return all?.slice(0, count)
  const times = new Float64Array(count)
  for (let i = 0; i < count; i++) times[i] = all[selection[i]]
  return times
}
