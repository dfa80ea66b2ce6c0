/**
 * Rows that outgrew their batch, outside of the arena, and their way back into it as several batches: as many rows in each
 * as fit a segment, in their order. Where no segment is free the rows are handed on as plain records instead, so that
 * memory which others hold never stops a source half-way. Only a row that no segment could ever take is an error.
 *
 * Concurrency: belongs to one thread; uses the scratch memory of its owner (part 0).
 */
import type { Arena } from '../arena/arena.ts'
import { spareOnly } from '../arena/reserves.ts'
import { bitSetBytes, type Column, columnFlags, maxBatchRows, type RecordBatch } from './batch.ts'
import { encodeRows } from './encode.ts'
import { columnErrors } from './errors.ts'
import { gapMarks } from './gaps.ts'
import { headerBytes, nodeBytes, pad16, SegmentBuilder, shapeOf } from './layout.ts'
import type { Field, Schema } from './schema.ts'
import { fromWtf8, writeStrings } from './strings.ts'

/** A column on the heap. Where it has `gaps` (gaps.ts) some rows have no value. */
export type HeapColumn =
  /** Numbers as they lie in a batch, `width` bytes each. */
  (
    | { readonly kind: 'fixed'; readonly bytes: Uint8Array<ArrayBuffer>; readonly width: 4 | 8 }
    /** Booleans, a byte each. */
    | { readonly kind: 'flags'; readonly bytes: Uint8Array }
    /** Strings that lie in `pool`; `flags` as of a column, undefined: UTF-8 that nobody has looked at. */
    | {
        readonly kind: 'slices'
        readonly pool: Uint8Array
        readonly starts: Int32Array
        readonly lengths: Int32Array
        readonly flags: number | undefined
      }
    /** Strings and the bytes that each takes. */
    | { readonly kind: 'strings'; readonly values: readonly string[]; readonly lengths: Int32Array }
    /** Values of any type; undefined: absent. */
    | { readonly kind: 'values'; readonly values: readonly unknown[] }
  ) & { readonly gaps?: Uint8Array }

export interface HeapRows {
  readonly schema: Schema
  readonly count: number
  /** One per field of the schema. */
  readonly columns: readonly HeapColumn[]
  readonly timestamps: Float64Array | undefined
  /** The column that serves as timestamps, or -1. */
  readonly timestampColumn: number
}

/** Plain records with their event times (epoch ms); the arrays are the receiver's. */
export interface EmittedRows {
  readonly rows: readonly unknown[]
  readonly count: number
  readonly timestamps: Float64Array | undefined
}

export interface SplitTarget {
  readonly arena: Arena
  readonly owner: number
  /** The batches carry their schema. */
  readonly describe: boolean
  /** Is given each batch, with a reference. */
  emit(batch: RecordBatch): void
  /** Is given the rows for which no segment is free; absent: that is COLUMNS_NO_SEGMENT. */
  readonly emitRows: ((rows: EmittedRows) => void) | undefined
}

/** Bytes that a string takes in a column, lone surrogates included. */
export function stringLengths(values: readonly string[], rows: number): Int32Array {
  const lengths = new Int32Array(rows)
  // A lone surrogate counts as U+FFFD, which has three bytes as well.
  for (let i = 0; i < rows; i++) lengths[i] = Buffer.byteLength(values[i])
  return lengths
}

/**
 * Emits all rows. Throws COLUMNS_RECORD_TOO_LARGE for a row that fits no segment, and then nothing has been emitted;
 * COLUMNS_NO_SEGMENT when none is free and rows are not taken.
 */
export function emitSplit(rows: HeapRows, target: SplitTarget): void {
  const { arena, owner } = target
  if (rows.columns.some(({ kind, gaps }) => kind === 'values' || gaps !== undefined)) {
    emitRecords(recordsOf(rows, 0, rows.count), rows.schema, target)
    return
  }
  for (const { from, count, bytes } of cut(rows, target)) {
    const segment =
      target.emitRows === undefined ? arena.allocate(owner, bytes) : arena.allocate(owner, bytes, spareOnly)
    if (segment >= 0) target.emit(batchOf(rows, from, count, segment, target))
    else if (target.emitRows !== undefined) target.emitRows(recordsOf(rows, from, count))
    else throw columnErrors.create('NO_SEGMENT', { bytes })
  }
}

/** Rows that have more to them than numbers and texts go the way that records go: seldom is one so long. */
function emitRecords(
  records: EmittedRows,
  schema: Schema,
  { arena, owner, describe, emit, emitRows }: SplitTarget,
): void {
  if (emitRows !== undefined) {
    emitRows(records)
    return
  }
  const { rows, count, timestamps } = records
  for (let from = 0; from < count; ) {
    const encoded = encodeRows(arena, owner, describe ? undefined : schema, rows, from, count, timestamps)
    if (encoded === undefined) throw columnErrors.create('NO_SEGMENT', { bytes: arena.segmentBytes })
    from += encoded.consumed
    emit(encoded.batch)
  }
}

interface Part {
  readonly from: number
  readonly count: number
  /** Of the segment that it needs. */
  readonly bytes: number
}

function cut(rows: HeapRows, { arena, describe }: SplitTarget): Part[] {
  const parts: Part[] = []
  if (rows.count === 0) return [{ from: 0, count: 0, bytes: arena.segmentBytes }]
  const largest = arena.handle.largeSegments > 0 ? arena.largeSegmentBytes : arena.segmentBytes
  for (let from = 0; from < rows.count; ) {
    let bytes = arena.segmentBytes
    let fit = fitting(rows, from, bytes, describe)
    if (fit.count === 0 && largest > bytes) {
      bytes = largest
      fit = fitting(rows, from, bytes, describe)
    }
    if (fit.count === 0) throw columnErrors.create('RECORD_TOO_LARGE', { bytes: fit.needed, limit: bytes })
    parts.push({ from, count: fit.count, bytes })
    from += fit.count
  }
  return parts
}

/** How many rows a batch of `capacity` bytes takes from `from` on, and the bytes that one more would have needed. */
function fitting(rows: HeapRows, from: number, capacity: number, describe: boolean): { count: number; needed: number } {
  const { schema, columns, timestamps } = rows
  const shape = shapeOf(schema)
  const head = pad16(headerBytes + shape.nodes * nodeBytes) + (describe ? room(shape.bytes.length) : 0)
  const strings = columns.filter((column) => column.kind === 'slices' || column.kind === 'strings')
  const texts = new Float64Array(strings.length)
  let count = 0
  let needed = 0
  while (from + count < rows.count && count < maxBatchRows) {
    const next = count + 1
    needed = head + (timestamps === undefined ? 0 : room(next * 8))
    for (const column of columns) {
      if (column.kind === 'fixed') needed += room(next * column.width)
      else if (column.kind === 'flags') needed += room(bitSetBytes(next))
    }
    for (let i = 0; i < strings.length; i++) {
      texts[i] += strings[i].lengths[from + count]
      needed += room(next * 4 + 4) + room(texts[i])
    }
    if (needed > capacity) break
    count = next
  }
  return { count, needed }
}

/** Bytes that a `take` uses. */
const room = (bytes: number): number => Math.ceil(bytes / 16) * 16 + 16

function batchOf(rows: HeapRows, from: number, count: number, segment: number, target: SplitTarget): RecordBatch {
  const { arena, owner } = target
  const builder = new SegmentBuilder(arena, owner, segment, rows.schema, target.describe)
  let done = false
  try {
    const columns = rows.schema.fields.map((field, index) =>
      writeColumn(builder, field, rows.columns[index], from, count),
    )
    let times = rows.timestampColumn < 0 ? 0 : columns[rows.timestampColumn].data
    if (rows.timestamps !== undefined) {
      times = builder.take(count * 8)
      arena.f64.set(rows.timestamps.subarray(from, from + count), times >>> 3)
    }
    const batch = builder.finish(count, columns, times, 0)
    done = true
    return batch
  } finally {
    if (!done) arena.release(segment, owner)
  }
}

function writeColumn(builder: SegmentBuilder, field: Field, from: HeapColumn, first: number, count: number): Column {
  const { arena, owner } = builder
  const none = { field, rowCount: count, offsets: 0, validity: 0, missing: 0, flags: 0, children: [] }
  switch (from.kind) {
    case 'fixed': {
      const dataBytes = count * from.width
      const data = builder.take(dataBytes)
      arena.u8.set(from.bytes.subarray(first * from.width, first * from.width + dataBytes), data)
      return { ...none, data, dataBytes }
    }
    case 'flags': {
      const dataBytes = bitSetBytes(count)
      const data = builder.take(dataBytes)
      const at = arena.scratch(owner, 0)
      arena.u8.set(from.bytes.subarray(first, first + count), at)
      arena.u8.fill(0, data, data + dataBytes)
      arena.kernels.packBits(at, count, data)
      return { ...none, data, dataBytes }
    }
    case 'values':
      throw new Error('values are emitted as records')
    case 'strings':
      return { ...none, ...writeStrings(builder, from.values.slice(first, first + count), count) }
    case 'slices': {
      const { pool, starts, lengths } = from
      const offsets = builder.take(count * 4 + 4)
      let dataBytes = 0
      for (let i = 0; i < count; i++) {
        arena.i32[(offsets >>> 2) + i] = dataBytes
        dataBytes += lengths[first + i]
      }
      arena.i32[(offsets >>> 2) + count] = dataBytes
      const data = builder.take(dataBytes)
      let at = data
      for (let row = first; row < first + count; row++) {
        arena.u8.set(pool.subarray(starts[row], starts[row] + lengths[row]), at)
        at += lengths[row]
      }
      const flags = from.flags ?? (arena.kernels.isAscii(data, dataBytes) === 1 ? columnFlags.ascii : 0)
      return { ...none, data, dataBytes, offsets, flags }
    }
  }
}

function recordsOf(rows: HeapRows, from: number, count: number): EmittedRows {
  const { schema } = rows
  const readers = schema.fields.map((field, index) => readerOf(field, rows.columns[index]))
  const records = Array.from({ length: count }, (_, i): unknown => {
    if (schema.record === 'value') return readers[0](from + i)
    // Unlike an assignment this makes an own property of any name.
    const entries: [string, unknown][] = []
    for (let index = 0; index < readers.length; index++) {
      const value = readers[index](from + i)
      if (value !== undefined) entries.push([schema.fields[index].name, value])
    }
    return Object.fromEntries(entries)
  })
  const times = rows.timestampColumn < 0 ? rows.timestamps : float64Of(rows.columns[rows.timestampColumn])
  return { rows: records, count, timestamps: times?.slice(from, from + count) }
}

/** Undefined: absent. */
function readerOf(field: Field, column: HeapColumn): (row: number) => unknown {
  const { gaps } = column
  const read = valueReaderOf(field, column)
  if (gaps === undefined) return read
  return (row) => (gaps[row] === gapMarks.value ? read(row) : gaps[row] === gapMarks.null ? null : undefined)
}

function valueReaderOf({ type }: Field, column: HeapColumn): (row: number) => unknown {
  switch (column.kind) {
    case 'values':
      return (row) => column.values[row]
    case 'flags':
      return (row) => column.bytes[row] !== 0
    case 'strings':
      return (row) => column.values[row]
    case 'slices': {
      const { pool, starts, lengths } = column
      const bytes = Buffer.from(pool.buffer, pool.byteOffset, pool.byteLength)
      return ((column.flags ?? 0) & columnFlags.illFormed) === 0
        ? (row) => bytes.utf8Slice(starts[row], starts[row] + lengths[row])
        : (row) => fromWtf8(bytes, starts[row], starts[row] + lengths[row])
    }
    case 'fixed': {
      if (type.kind === 'int32') {
        const numbers = new Int32Array(column.bytes.buffer)
        return (row) => numbers[row]
      }
      if (type.kind === 'int64') {
        const numbers = new BigInt64Array(column.bytes.buffer)
        return (row) => numbers[row]
      }
      const numbers = float64Of(column)
      return type.kind === 'date' ? (row) => new Date(numbers?.[row] ?? Number.NaN) : (row) => numbers?.[row]
    }
  }
}

const float64Of = (column: HeapColumn): Float64Array | undefined =>
  column.kind === 'fixed' ? new Float64Array(column.bytes.buffer) : undefined
