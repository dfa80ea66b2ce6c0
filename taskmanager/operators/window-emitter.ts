/**
 * Results of windows as output: columns when key and aggregates are numbers and a segment is free, plain objects
 * otherwise. Their event time is the last instant of their window. Asks to pause after a few slices, so that the task
 * loop can pass on what was emitted before more is made.
 */
import type { Field, Schema } from '../../core/columns/schema.ts'
import type { AggregateSpec } from '../../sdk/graph/nodes.ts'
import type { TypeDef } from '../../sdk/types.ts'
import type { SessionSlice, WindowSlice } from '../state/api.ts'
import { batchOf, NumberColumns, numberColumn, objectSchema, resultColumn, resultValue } from './columns-out.ts'
import { keyFieldsOf, keyRecord, outputField } from './keyed.ts'
import type { OperatorContext } from './operator.ts'
import { outputCheck } from './output-check.ts'
import { RowBuffer } from './rows.ts'

/** Rows emitted before the loop gets a turn. */
const rowsPerTurn = 16384

export class WindowEmitter {
  readonly #context: OperatorContext
  readonly #aggregate: AggregateSpec
  readonly #results: readonly Field[]
  readonly #keyRecord: (key: unknown) => Record<string, unknown>
  readonly #schema: Schema
  /** Holds what the user's `emit` returns to its declared type. */
  readonly #check: ((record: unknown) => void) | undefined
  readonly #out = new RowBuffer()
  #emitted = 0

  constructor(context: OperatorContext, aggregate: AggregateSpec, type: TypeDef<unknown> | undefined) {
    this.#context = context
    this.#aggregate = aggregate
    this.#check = aggregate.kind === 'functions' ? outputCheck(type) : undefined
    this.#results =
      aggregate.kind === 'declared'
        ? aggregate.aggregates.map((each) => outputField(context, each.as, each.result))
        : []
    this.#keyRecord = keyRecord(context)
    const time = (name: string) => ({ name, type: { kind: 'timestamp' } }) as const
    this.#schema = objectSchema([
      outputField(context, keyFieldsOf(context)[0]),
      ...this.#results,
      time('windowStart'),
      time('windowEnd'),
    ])
  }

  /** A slice of one window. Returns false when the store is to pause behind it. */
  emit(slice: WindowSlice, start: number, end: number): boolean {
    return this.#emit(slice, undefined, undefined, start, end)
  }

  /** A slice of sessions, each with its own window. */
  emitSessions(slice: SessionSlice): boolean {
    return this.#emit(slice, slice.starts, slice.ends, 0, 0)
  }

  #emit(
    slice: WindowSlice,
    starts: Float64Array | undefined,
    ends: Float64Array | undefined,
    start: number,
    end: number,
  ): boolean {
    const { metrics, output } = this.#context
    if (
      this.#aggregate.kind === 'declared' &&
      slice.numbers !== undefined &&
      this.#emitColumns(slice, starts, ends, start, end)
    ) {
      metrics.recordsOut += slice.count
    } else {
      const out = this.#out
      for (let i = 0; i < slice.count; i++) {
        const window = { start: starts === undefined ? start : starts[i], end: ends === undefined ? end : ends[i] }
        try {
          out.push(this.#record(slice, i, window), window.end - 1)
        } catch (error) {
          this.#context.poison(error, { key: slice.key(i), window }, window.end - 1)
        }
      }
      metrics.recordsOut += out.count
      out.flush(output)
    }
    this.#emitted += slice.count
    if (this.#emitted < rowsPerTurn) return true
    this.#emitted = 0
    return false
  }

  #record(slice: WindowSlice, i: number, window: { start: number; end: number }): unknown {
    if (this.#aggregate.kind === 'functions') {
      const result = this.#aggregate.functions.emit(slice.accumulators[i], { key: slice.key(i), window } as never)
      this.#check?.(result)
      return result
    }
    const record = this.#keyRecord(slice.key(i))
    const results = this.#results
    for (let a = 0; a < results.length; a++) record[results[a].name] = resultValue(results[a], slice.values[a], i)
    record.windowStart = window.start
    record.windowEnd = window.end
    return record
  }

  #emitColumns(
    slice: WindowSlice,
    starts: Float64Array | undefined,
    ends: Float64Array | undefined,
    start: number,
    end: number,
  ): boolean {
    const { arena, owner, output } = this.#context
    const rooms = this.#allocate(slice.count)
    if (rooms === undefined) return false
    const { fields } = this.#schema
    let from = 0
    for (const room of rooms) {
      const to = from + room.rowCount
      const put = (values: Float64Array): number => room.put(values.subarray(from, to))
      const [keyField] = fields
      const [startField, endField] = fields.slice(-2)
      const columns = [
        numberColumn(room, keyField, put(slice.numbers as Float64Array)),
        ...this.#results.map((field, a) => resultColumn(room, field, slice.values[a], from)),
        numberColumn(room, startField, starts === undefined ? room.fill(start) : put(starts)),
        numberColumn(room, endField, ends === undefined ? room.fill(end) : put(ends)),
      ]
      const times = room.take()
      const { f64 } = arena
      for (let i = from; i < to; i++) f64[(times >>> 3) + i - from] = (ends === undefined ? end : ends[i]) - 1
      output.batch(batchOf(room, owner, this.#schema, columns, times), undefined)
      arena.release(room.segment, owner)
      from = to
    }
    return true
  }

  /** Segments for all rows: ordinary ones, several if there are many aggregates. Undefined when they are not free. */
  #allocate(count: number): NumberColumns[] | undefined {
    const { arena, owner } = this.#context
    const columns = this.#results.length + 4
    const rowsMax = NumberColumns.rowsThatFit(arena, columns)
    const rooms: NumberColumns[] = []
    for (let from = 0; from < count; from += rowsMax) {
      const room = NumberColumns.allocate(arena, owner, columns, Math.min(rowsMax, count - from))
      if (room === undefined) {
        for (const each of rooms) arena.release(each.segment, owner)
        return undefined
      }
      rooms.push(room)
    }
    return rooms
  }
}
