/**
 * What a reader emits into: records gathered as rows, or columns written straight into the arena. Both become one batch
 * per poll and output, with event times, seen by the watermark tracker, passed on at the end of the poll.
 *
 * Open writers are kept from one poll to the next, so that a poll begins only when every output it may write columns to
 * has its segments: a poll never fails half-way for want of memory.
 */
import { StringPools } from '../../core/columns/pools.ts'
import { UnreadColumns } from '../../core/columns/unread-columns.ts'
import type { BatchWriter } from '../../core/columns/writer.ts'
import { schemaOf } from '../../sdk/schema.ts'
import type { ColumnWriter, Source, SourceOutput } from '../../sdk/source.ts'
import type { TypeDef } from '../../sdk/types.ts'
import { operatorErrors } from './errors.ts'
import type { EventTimes } from './event-time.ts'
import type { OperatorContext, Output } from './operator.ts'
import { outputCheck } from './output-check.ts'
import { RowBuffer } from './rows.ts'
import { ColumnOutput } from './source-columns.ts'
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
  /** Writers of side outputs that nobody reads. */
  readonly #unread = new Map<string, UnreadColumns>()
  readonly #pools: StringPools
  readonly #check: ((record: unknown) => void) | undefined
  readonly #sideChecks = new Map<string, ((record: unknown) => void) | undefined>()
  /** Rows of one split lie together in `#main`: where the current split's began. */
  #split = ''
  #splitFrom = 0
  #finished: string[] = []

  constructor(context: OperatorContext, source: Source<unknown>, times: EventTimes, watermarks: WatermarkTracker) {
    this.#context = context
    this.#source = source
    this.#times = times
    this.#watermarks = watermarks
    this.#pools = new StringPools(context.arena, context.owner)
    this.#check = outputCheck(source.type)
    for (const tag of context.sides.keys()) this.#sideChecks.set(tag, outputCheck(this.#sideType(tag)))
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
      this.#check?.(record)
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
    let time: number
    try {
      this.#sideChecks.get(tag)?.(record)
      time = this.#times.ofSide(record, timestamp ?? Number.NaN)
    } catch (error) {
      this.#context.poison(error, record, undefined)
      return
    }
    buffer.push(record, time)
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
    const type = this.#sideType(tag)
    if (type === undefined) throw operatorErrors.create('NO_SIDE_OUTPUT', { tag })
    const output = this.#context.sides.get(tag)
    return output === undefined ? this.#unreadWriter(tag, type) : this.#writer(tag, type, splitId, output)
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
    this.#pools.close()
  }

  #sideType(tag: string): TypeDef<unknown> | undefined {
    return this.#source.sideOutputs?.[tag as never]
  }

  #observe(): void {
    const { count } = this.#main
    if (count > this.#splitFrom) this.#watermarks.observe(this.#split, this.#main.times, this.#splitFrom, count)
    this.#splitFrom = count
  }

  #writer(tag: string, type: TypeDef<unknown>, splitId: string, output: Output): BatchWriter {
    let columns = this.#columns.get(tag)
    if (columns === undefined) {
      const side = tag !== ''
      const passed = (count: number, times: Float64Array | undefined, of: string, highest: number): void => {
        this.#context.metrics.recordsOut += count
        if (times === undefined || side) return
        if (highest === highest) this.#watermarks.observeHighest(of, highest, times)
        else this.#watermarks.observe(of, times, 0, times.length)
      }
      columns = new ColumnOutput({
        context: this.#context,
        type,
        wanted: this.#context.operator.wanted?.[tag],
        side,
        times: this.#times,
        pools: this.#pools,
        output,
        passed,
      })
      this.#columns.set(tag, columns)
    }
    const writer = columns.take(splitId)
    if (writer === undefined) throw noSegment
    return writer
  }

  #unreadWriter(tag: string, type: TypeDef<unknown>): UnreadColumns {
    let unread = this.#unread.get(tag)
    if (unread === undefined) {
      unread = new UnreadColumns(schemaOf(type).fields, (count) => {
        this.#context.metrics.recordsOut += count
      })
      this.#unread.set(tag, unread)
    }
    return unread
  }
}
