/**
 * What a reader emits into: records gathered as rows, or columns written straight into the arena. Both become one batch
 * per poll and output, with event times, seen by the watermark tracker, passed on at the end of the poll.
 *
 * Open writers are kept from one poll to the next, so that a poll begins only when every output it may write columns to
 * has its segments: a poll never fails half-way for want of memory.
 */
import type { RecordBatch } from '../../core/columns/batch.ts'
import type { EmittedRows } from '../../core/columns/split.ts'
import { type BatchWriter, BatchWriters } from '../../core/columns/writer.ts'
import { schemaOf } from '../../sdk/schema.ts'
import type { ColumnWriter, Source, SourceOutput } from '../../sdk/source.ts'
import type { TypeDef } from '../../sdk/types.ts'
import { operatorErrors } from './errors.ts'
import type { EventTimes } from './event-time.ts'
import type { OperatorContext, Output } from './operator.ts'
import { RowBuffer } from './rows.ts'
import type { WatermarkTracker } from './watermarks.ts'

/** Records per poll where they are rows. */
const rowsPerPoll = 1024

/** Thrown when an output that was never written before finds no free segment; nothing was emitted. */
export const noSegment = Symbol('no free segment')

export class SourceBatches implements SourceOutput<unknown> {
  readonly #context: OperatorContext
  readonly #source: Source<unknown>
  readonly #times: EventTimes
  readonly #watermarks: WatermarkTracker
  readonly #main = new RowBuffer()
  readonly #sides = new Map<string, RowBuffer>()
  readonly #columns = new Map<string, ColumnOutput>()
  /** Rows of one split lie together in `#main`: where the current split's began. */
  #split = ''
  #splitFrom = 0
  #finished: string[] = []

  constructor(context: OperatorContext, source: Source<unknown>, times: EventTimes, watermarks: WatermarkTracker) {
    this.#context = context
    this.#source = source
    this.#times = times
    this.#watermarks = watermarks
  }

  /** Whether a poll may begin: every output that writes columns has a writer. */
  prepare(): boolean {
    for (const output of this.#columns.values()) if (!output.open()) return false
    return true
  }

  get room(): number {
    return rowsPerPoll - this.#main.count
  }

  collect(record: unknown, splitId: string, timestamp?: number): void {
    if (splitId !== this.#split) {
      this.#observe()
      this.#split = splitId
    }
    let time: number
    try {
      time = this.#times.ofRecord(record, timestamp ?? Number.NaN)
    } catch (error) {
      this.#context.poison(error, record, undefined)
      return
    }
    this.#main.push(record, time)
  }

  collectSide(tag: string, record: unknown, _splitId: string, timestamp?: number): void {
    if (!this.#context.sides.has(tag)) return
    let buffer = this.#sides.get(tag)
    if (buffer === undefined) {
      buffer = new RowBuffer()
      this.#sides.set(tag, buffer)
    }
    buffer.push(record, this.#times.ofSide(record, timestamp ?? Number.NaN))
  }

  reject(error: Error, raw: string, where: string): void {
    this.#context.poison(error, { raw, where }, undefined)
  }

  columns(splitId: string): ColumnWriter {
    const { type } = this.#source
    if (type === undefined) throw operatorErrors.create('UNTYPED_COLUMNS', { source: this.#source.name })
    return this.#writer('', type, splitId, this.#context.output)
  }

  sideColumns(tag: string, splitId: string): ColumnWriter {
    const type = this.#source.sideOutputs?.[tag as never] as TypeDef<unknown> | undefined
    if (type === undefined) throw operatorErrors.create('NO_SIDE_OUTPUT', { tag })
    return this.#writer(tag, type, splitId, this.#context.sides.get(tag))
  }

  splitFinished(splitId: string): void {
    this.#finished.push(splitId)
  }

  /** Passes the rows of this poll on. */
  flush(): void {
    this.#observe()
    this.#context.metrics.recordsOut += this.#main.count
    this.#main.flush(this.#context.output)
    this.#splitFrom = 0
    for (const [tag, buffer] of this.#sides) {
      const side = this.#context.sides.get(tag)
      this.#context.metrics.recordsOut += buffer.count
      if (side !== undefined) buffer.flush(side)
    }
    if (this.#finished.length === 0) return
    for (const splitId of this.#finished) this.#watermarks.remove(splitId)
    this.#finished = []
  }

  close(): void {
    for (const output of this.#columns.values()) output.close()
    this.#columns.clear()
  }

  #observe(): void {
    const { count } = this.#main
    if (count > this.#splitFrom) this.#watermarks.observe(this.#split, this.#main.times, this.#splitFrom, count)
    this.#splitFrom = count
  }

  #writer(tag: string, type: TypeDef<unknown>, splitId: string, output: Output | undefined): BatchWriter {
    let columns = this.#columns.get(tag)
    if (columns === undefined) {
      columns = new ColumnOutput(this.#context, type, this.#times, {
        batch: (batch, of) => this.#emit(tag, batch, of, output),
        rows: (rows, of) => this.#emitRows(tag, rows, of, output),
      })
      this.#columns.set(tag, columns)
    }
    const writer = columns.take(splitId)
    if (writer === undefined) throw noSegment
    return writer
  }

  #emit(tag: string, batch: RecordBatch, splitId: string, output: Output | undefined): void {
    this.#context.metrics.recordsOut += batch.rowCount
    const times = tag === '' ? batch.timestampArray() : undefined
    if (times !== undefined) this.#watermarks.observe(splitId, times, 0, batch.rowCount)
    output?.batch(batch, undefined)
  }

  /** Rows written as columns for which no segment was free. */
  #emitRows(tag: string, { rows, count, timestamps }: EmittedRows, splitId: string, output: Output | undefined): void {
    this.#context.metrics.recordsOut += count
    const times = timestamps ?? new Float64Array(count)
    for (let i = 0; timestamps === undefined && i < count; i++)
      times[i] = tag === '' ? this.#times.ofRecord(rows[i], Number.NaN) : this.#times.ofSide(rows[i], Number.NaN)
    const timed = timestamps !== undefined || times.some((time) => time === time)
    if (timed && tag === '') this.#watermarks.observe(splitId, times, 0, count)
    output?.rows({ rows, count, timestamps: timed ? times : undefined })
  }
}

interface Committed {
  batch(batch: RecordBatch, splitId: string): void
  rows(rows: EmittedRows, splitId: string): void
}

/** The writers of one output: at most one is open. */
class ColumnOutput {
  readonly #context: OperatorContext
  readonly #times: EventTimes
  readonly #writers: BatchWriters
  readonly #emit: Committed
  #opened: BatchWriter | undefined
  #splitId = ''

  constructor(context: OperatorContext, type: TypeDef<unknown>, times: EventTimes, emit: Committed) {
    const schema = schemaOf(type)
    const timestampField = times.columnOf(schema)
    this.#context = context
    this.#times = times
    this.#emit = emit
    this.#writers = new BatchWriters({
      arena: context.arena,
      owner: context.owner,
      schema,
      ...(timestampField === undefined ? {} : { timestampField }),
    })
  }

  /** False when no segment is free. */
  open(): boolean {
    this.#opened ??= this.#writers.open(
      (batch) => this.#committed(batch),
      (rows) => {
        this.#opened = undefined
        this.#emit.rows(rows, this.#splitId)
      },
    )
    return this.#opened !== undefined
  }

  take(splitId: string): BatchWriter | undefined {
    if (!this.open()) return undefined
    const writer = this.#opened
    this.#splitId = splitId
    return writer
  }

  close(): void {
    this.#opened?.discard()
    this.#opened = undefined
    this.#writers.close()
  }

  #committed(batch: RecordBatch): void {
    this.#opened = undefined
    const timed = batch.timestamps === 0 ? this.#times.ofBatch(batch, this.#context) : batch
    this.#emit.batch(timed, this.#splitId)
    timed.release()
  }
}
