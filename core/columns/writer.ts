/**
 * Columns written by a source, without an object per record: the `ColumnWriter` of the source contract over a segment.
 * Numbers are written in place. Strings of pools and dictionaries, which are brought into the arena once, get their place
 * here and are copied when somebody reads them, by one kernel call per column and batch. A writer takes as many rows as
 * strings of the lengths seen lately allow. Where they are suddenly so long that there is no room for a column of them,
 * `commit` emits the rows as several batches.
 *
 * Concurrency: belongs to one thread; uses the scratch memory of its owner (parts 0 and 1).
 */
import type { Arena } from '../arena/arena.ts'
import { bitSetBytes, type Column, internSchema, maxBatchRows, type RecordBatch } from './batch.ts'
import { absent, encodeValues } from './encode-values.ts'
import { columnErrors } from './errors.ts'
import { gapBytes, hasGaps, withGaps } from './gaps.ts'
import { fixedRowBytes, pad16, rowsThatFit, SegmentBuilder, segmentFull } from './layout.ts'
import { LazyStrings } from './lazy-strings.ts'
import { type Dictionary, StringPools } from './pools.ts'
import type { DataType, Field, Schema } from './schema.ts'
import { type EmittedRows, emitSplit, type HeapColumn } from './split.ts'
import { sumInts } from './staging.ts'
import { type StringSupplies, StringWriter } from './string-writer.ts'
import { UnreadColumns } from './unread-columns.ts'

export interface BatchWritersOptions {
  readonly arena: Arena
  readonly owner: number
  /** Every field is written for every row; `commit` throws COLUMNS_NOT_WRITTEN otherwise. */
  readonly schema: Schema
  /** Only these fields of the schema are in the batches; the others need not be written. Absent: all. */
  readonly wanted?: readonly string[] | undefined
  /** The batches carry their schema. */
  readonly describe?: boolean
  /** Rows a batch has at most; default 4096. */
  readonly rowsMax?: number
  /** A field whose column serves as timestamps when `commit` is given none. */
  readonly timestampField?: string
  /** Pools shared with other writers of the thread, closed by whoever made them; absent: its own. */
  readonly pools?: StringPools
}

/**
 * Writers of one stream: remembers its pools and how long its strings are. `close` gives its memory back, its own pools
 * included, as far as no batch holds them.
 */
export class BatchWriters implements StringSupplies {
  readonly options: BatchWritersOptions
  /** Of the batches. */
  readonly schema: Schema
  readonly unread: UnreadColumns
  /** Column numbers by name. */
  readonly index: ReadonlyMap<string, number>
  /** A segment that the next batch may take in addition to its own, so that one whose strings are long finds room; -1: none. */
  spare = -1
  /** Bytes of strings per row, lately. */
  varBytes: number
  /**
   * The last batch refers to pools, where most strings stay: the next may have as many rows as two segments hold, so that
   * more share what a batch costs. One of copied strings stays in its segment, which can be sent as it is.
   */
  referring = false
  readonly pools: StringPools

  constructor(options: BatchWritersOptions) {
    const { schema, wanted } = options
    this.options = options
    const isWanted = ({ name }: Field): boolean => wanted === undefined || wanted.includes(name)
    this.schema = internSchema({ record: schema.record, fields: schema.fields.filter(isWanted) })
    this.unread = new UnreadColumns(schema.fields.filter((field) => !isWanted(field)))
    this.index = new Map(this.schema.fields.map(({ name }, index) => [name, index]))
    this.pools = options.pools ?? new StringPools(options.arena, options.owner)
    this.varBytes = this.schema.fields.reduce((sum, { type }) => sum + (type.kind === 'string' ? 32 : 0), 0)
  }

  /**
   * A writer for the next batch, or undefined when no segment is free. `emit` is given the batch, with a reference, on
   * `commit`; several of them where the strings do not fit one. `emitRows` takes those of the rows for which no segment is
   * free then, in their order between the batches.
   */
  open(emit: (batch: RecordBatch) => void, emitRows?: (rows: EmittedRows) => void): BatchWriter | undefined {
    const { arena, owner } = this.options
    const segment = arena.allocate(owner)
    if (segment < 0) return undefined
    if (this.spare < 0) this.spare = arena.allocate(owner)
    if (this.spare < 0) {
      arena.release(segment, owner)
      return undefined
    }
    return new BatchWriter(this, segment, emit, emitRows)
  }

  releaseSpare(): void {
    if (this.spare >= 0) this.options.arena.release(this.spare, this.options.owner)
    this.spare = -1
  }

  close(): void {
    this.releaseSpare()
    if (this.options.pools === undefined) this.pools.close()
  }
}

export class BatchWriter {
  /** Rows that fit. */
  readonly capacity: number
  readonly #writers: BatchWriters
  readonly #builder: SegmentBuilder
  readonly #emit: (batch: RecordBatch) => void
  readonly #emitRows: ((rows: EmittedRows) => void) | undefined
  /** Addresses of fixed-width columns; 0: strings. */
  readonly #fixed: number[]
  readonly #written: boolean[]
  readonly #strings: StringWriter
  readonly #unread: UnreadColumns
  readonly #flags: (Uint8Array | undefined)[]
  /** Marks of rows without a value (gaps.ts), and values that are taken apart on commit: by field, where there are any. */
  #gaps: Map<number, Uint8Array> | undefined
  #values: Map<number, readonly unknown[]> | undefined
  #valueBytes = 0
  #timestamps: number
  /** Used bytes before the first column of fixed width, and before the first string. */
  readonly #fixedStart: number
  readonly #fixedEnd: number

  constructor(
    writers: BatchWriters,
    segment: number,
    emit: (batch: RecordBatch) => void,
    emitRows: ((rows: EmittedRows) => void) | undefined,
  ) {
    const { arena, owner, describe = false, rowsMax = 4096, timestampField } = writers.options
    const { schema } = writers
    const strings = schema.fields.filter(({ type }) => type.kind === 'string').length
    this.#writers = writers
    this.#unread = writers.unread
    this.#emit = emit
    this.#emitRows = emitRows
    const builder = new SegmentBuilder(arena, owner, segment, schema, describe)
    this.#builder = builder
    const segments = writers.referring ? 2 : 1
    this.capacity = Math.min(
      rowsMax,
      maxBatchRows,
      // What is no string has to fit the first one.
      rowsThatFit(schema, arena.segmentBytes, 8 * strings),
      rowsThatFit(schema, segments * arena.segmentBytes, writers.varBytes * 1.15 + 1),
    )
    this.#fixedStart = builder.end
    this.#fixed = schema.fields.map(({ type }) => {
      const bytes = fixedBytes(type, this.capacity)
      return bytes === 0 ? 0 : builder.take(bytes)
    })
    this.#timestamps = timestampField === undefined ? builder.take(this.capacity * 8) : 0
    this.#fixedEnd = builder.end
    this.#written = new Array(schema.fields.length).fill(false)
    this.#flags = new Array(schema.fields.length).fill(undefined)
    this.#strings = new StringWriter(schema, builder, writers)
  }

  /** Whether the field has to be written; without a field: whether any has. */
  wants(field?: string): boolean {
    const { index, unread } = this.#writers
    return field === undefined ? index.size > 0 : index.has(field) || (!unread.has(field) && this.#indexOf(field) >= 0)
  }

  float64(field: string): Float64Array {
    if (this.#unread.has(field)) return this.#unread.float64(field)
    const at = this.#fixedAt(field, 'float64', 'timestamp', 'date') >>> 3
    return this.#builder.arena.f64.subarray(at, at + this.capacity)
  }

  int32(field: string): Int32Array {
    if (this.#unread.has(field)) return this.#unread.int32(field)
    const at = this.#fixedAt(field, 'int32') >>> 2
    return this.#builder.arena.i32.subarray(at, at + this.capacity)
  }

  int64(field: string): BigInt64Array {
    if (this.#unread.has(field)) return this.#unread.int64(field)
    const at = this.#fixedAt(field, 'int64') >>> 3
    return this.#builder.arena.i64.subarray(at, at + this.capacity)
  }

  boolean(field: string): Uint8Array {
    if (this.#unread.has(field)) return this.#unread.boolean(field)
    this.#fixedAt(field, 'boolean')
    const index = this.#indexOf(field)
    const bytes = this.#flags[index] ?? new Uint8Array(this.capacity)
    this.#flags[index] = bytes
    return bytes
  }

  nulls(field: string): Uint8Array {
    if (this.#unread.has(field)) return this.#unread.nulls(field)
    const index = this.#indexOf(field)
    const { type, nullable, optional } = this.#writers.schema.fields[index]
    if ((nullable !== true && optional !== true) || valueKinds.has(type.kind))
      throw columnErrors.create('WRONG_COLUMN', {
        field,
        actual: type.kind,
        expected: 'a nullable or optional number, boolean, date or string',
      })
    this.#gaps ??= new Map()
    const marks = this.#gaps.get(index) ?? new Uint8Array(this.capacity)
    this.#gaps.set(index, marks)
    return marks
  }

  values(field: string, values: readonly unknown[], rows: number): void {
    if (this.#unread.has(field)) return this.#unread.values(field)
    const index = this.#indexOf(field)
    const { kind } = this.#writers.schema.fields[index].type
    if (!valueKinds.has(kind))
      throw columnErrors.create('WRONG_COLUMN', { field, actual: kind, expected: 'a struct, list, bytes or any' })
    this.#values ??= new Map()
    this.#values.set(index, values.slice(0, rows))
    this.#written[index] = true
  }

  slices(field: string, pool: Uint8Array, starts: Int32Array, lengths: Int32Array, rows: number): void {
    if (this.#unread.has(field)) this.#unread.slices(field)
    else this.#strings.slices(this.#stringIndex(field), pool, starts, lengths, rows)
  }

  pick(field: string, dictionary: Dictionary, indices: Int32Array, rows: number): void {
    if (this.#unread.has(field)) this.#unread.pick(field)
    else this.#strings.pick(this.#stringIndex(field), dictionary, indices, rows)
  }

  utf8(field: string, bytes: Uint8Array, offsets: Int32Array, rows: number): void {
    if (this.#unread.has(field)) this.#unread.utf8(field)
    else this.#strings.utf8(this.#stringIndex(field), bytes, offsets, rows)
  }

  strings(field: string, values: readonly string[], rows: number): void {
    if (this.#unread.has(field)) this.#unread.strings(field)
    else this.#strings.strings(this.#stringIndex(field), values, rows)
  }

  /**
   * Ends the batch and hands it to `emit`. Throws COLUMNS_NOT_WRITTEN; COLUMNS_RECORD_TOO_LARGE for a row that fits no
   * segment, with nothing emitted; COLUMNS_NO_SEGMENT when there are no segments for several batches and rows are not
   * taken. The writer is closed either way.
   */
  commit(rows: number, timestamps?: Float64Array): void {
    const { arena, owner } = this.#builder
    const { schema } = this.#writers
    const { timestampField } = this.#writers.options
    const strings = this.#strings
    if (strings.outgrown) {
      this.#split(rows, timestamps)
      return
    }
    // Few rows leave holes behind their columns, and those would travel.
    if (rows < this.capacity / 2 && strings.segments.length === 0) this.#tighten(rows)
    let columns: Column[]
    try {
      columns = schema.fields.map((field, index) => this.#column(field, index, rows))
    } catch (thrown) {
      if (thrown === segmentFull) {
        this.#split(rows, timestamps)
        return
      }
      this.discard()
      throw thrown
    }
    let times = 0
    if (timestamps !== undefined) {
      times = this.#timestamps
      if (times === 0) {
        const builder = strings.room(0, rows * 2)
        if (builder === undefined) {
          this.#split(rows, timestamps)
          return
        }
        times = builder.take(rows * 8)
      }
      arena.f64.set(timestamps.length === rows ? timestamps : timestamps.subarray(0, rows), times >>> 3)
    } else if (timestampField !== undefined) times = this.#fixed[this.#indexOf(timestampField)]
    this.#learn(rows)
    const { segments, pools } = strings
    const batch = this.#builder.finish(rows, columns.map(placed), segments.length === 0 ? times : 0, 0)
    for (const segment of pools) arena.retain(segment, owner)
    this.#emit(batch.with({ columns, timestamps: times, segments: [...batch.segments, ...segments], pools }))
  }

  /** Gives everything up instead of `commit`. */
  discard(): void {
    const { arena, owner, segment } = this.#builder
    for (const each of [segment, ...this.#strings.segments.splice(0)]) arena.release(each, owner)
  }

  #learn(rows: number): void {
    if (rows < 16) return
    this.#writers.referring = this.#strings.pools.length > 0
    const recent = (this.#strings.bytes + this.#valueBytes) / rows
    this.#writers.varBytes = Math.max(recent, this.#writers.varBytes * 0.95 + recent * 0.05)
  }

  /** Moves the columns together. */
  #tighten(rows: number): void {
    const builder = this.#builder
    const { arena, base } = builder
    const { fields } = this.#writers.schema
    let to = base + this.#fixedStart
    const move = (from: number, bytes: number): number => {
      const at = to
      arena.u8.copyWithin(at, from, from + bytes)
      to += pad16(bytes) + 16
      return at
    }
    for (let index = 0; index < fields.length; index++)
      if (this.#fixed[index] !== 0) this.#fixed[index] = move(this.#fixed[index], fixedBytes(fields[index].type, rows))
    if (this.#timestamps !== 0) this.#timestamps = move(this.#timestamps, rows * 8)
    const by = base + this.#fixedEnd - to
    move(base + this.#fixedEnd, builder.end - this.#fixedEnd)
    builder.end -= by
    this.#strings.moved(by)
  }

  /** Moves the rows out of the arena, so that they come back in as many batches as they need. */
  #split(rows: number, timestamps: Float64Array | undefined): void {
    const { arena, owner } = this.#builder
    const { schema } = this.#writers
    const { describe = false, timestampField } = this.#writers.options
    let columns: HeapColumn[]
    try {
      columns = schema.fields.map((field, index) => this.#heapColumn(field, index, rows))
    } finally {
      this.discard()
      this.#writers.releaseSpare()
    }
    // What values take is not known: half as many rows are tried next.
    let bytes = this.#values === undefined ? 0 : this.#writers.varBytes * 2 * rows
    for (const column of columns) if ('lengths' in column) bytes += sumInts(column.lengths, rows)
    // The next writer of this stream takes fewer rows.
    this.#writers.varBytes = Math.max(this.#writers.varBytes, bytes / Math.max(1, rows))
    const timestampColumn =
      timestamps === undefined && timestampField !== undefined ? this.#indexOf(timestampField) : -1
    emitSplit(
      { schema, count: rows, columns, timestamps: timestamps?.slice(0, rows), timestampColumn },
      { arena, owner, describe, emit: this.#emit, emitRows: this.#emitRows },
    )
  }

  #heapColumn(field: Field, index: number, rows: number): HeapColumn {
    const values = this.#values?.get(index)
    if (values !== undefined) return { kind: 'values', values }
    const gaps = this.#gaps?.get(index)
    const column = this.#heapNumbers(field, index, rows)
    return gaps === undefined || !hasGaps(gaps, rows) ? column : { ...column, gaps }
  }

  #heapNumbers(field: Field, index: number, rows: number): HeapColumn {
    const { u8 } = this.#builder.arena
    if (!this.#written[index]) throw columnErrors.create('NOT_WRITTEN', { field: field.name })
    const strings = this.#strings.heapColumn(index, rows)
    if (strings !== undefined) return strings
    const flags = this.#flags[index]
    if (flags !== undefined) return { kind: 'flags', bytes: flags }
    const bytes = new Uint8Array(fixedBytes(field.type, rows))
    bytes.set(u8.subarray(this.#fixed[index], this.#fixed[index] + bytes.length))
    return { kind: 'fixed', bytes, width: field.type.kind === 'int32' ? 4 : 8 }
  }

  /** Throws `segmentFull` when there is no room for null bits or values; strings have found theirs before. */
  #column(field: Field, index: number, rows: number): Column {
    const values = this.#values?.get(index)
    if (values !== undefined) return this.#valueColumn(field, values, rows)
    const gaps = this.#gaps?.get(index)
    const column = this.#plainColumn(field, index, rows)
    if (gaps === undefined || !hasGaps(gaps, rows)) return column
    const builder = this.#strings.room(gapBytes(rows), rows)
    if (builder === undefined) throw segmentFull
    return withGaps(builder, column, gaps)
  }

  #valueColumn(field: Field, values: readonly unknown[], rows: number): Column {
    const builder = this.#builder
    const { end } = builder
    try {
      const given = Array.from({ length: rows }, (_, row) => (values[row] === undefined ? absent : values[row]))
      const column = encodeValues(builder, field, given, rows, field.name)
      this.#valueBytes += builder.end - end
      return column
    } catch (thrown) {
      builder.end = end
      throw thrown
    }
  }

  #plainColumn(field: Field, index: number, rows: number): Column {
    const { arena } = this.#builder
    if (!this.#written[index]) throw columnErrors.create('NOT_WRITTEN', { field: field.name })
    const strings = this.#strings.column(index, rows)
    if (strings !== undefined) return strings
    const data = this.#fixed[index]
    const flags = this.#flags[index]
    if (flags !== undefined) {
      const at = arena.scratch(this.#builder.owner, 0)
      arena.u8.set(flags, at)
      arena.u8.fill(0, data, data + bitSetBytes(rows))
      arena.kernels.packBits(at, rows, data)
    }
    const dataBytes = fixedBytes(field.type, rows)
    return { field, rowCount: rows, data, dataBytes, offsets: 0, validity: 0, missing: 0, flags: 0, children: [] }
  }

  #indexOf(field: string): number {
    const index = this.#writers.index.get(field)
    if (index !== undefined) return index
    const { fields } = this.#writers.options.schema
    throw columnErrors.create('NO_FIELD', { field, fields: fields.map(({ name }) => name).join(', ') })
  }

  #fixedAt(field: string, ...kinds: DataType['kind'][]): number {
    const index = this.#indexOf(field)
    const { kind } = this.#writers.schema.fields[index].type
    if (!kinds.includes(kind)) throw columnErrors.create('WRONG_COLUMN', { field, actual: kind, expected: kinds[0] })
    this.#written[index] = true
    return this.#fixed[index]
  }

  #stringIndex(field: string): number {
    const index = this.#indexOf(field)
    const { kind } = this.#writers.schema.fields[index].type
    if (kind !== 'string') throw columnErrors.create('WRONG_COLUMN', { field, actual: kind, expected: 'string' })
    this.#written[index] = true
    return index
  }
}

const valueKinds: ReadonlySet<string> = new Set(['struct', 'list', 'bytes', 'any'])

/** What the header says of a column: its place, without copying strings that wait to be read. */
function placed(column: Column): Column {
  if (!(column instanceof LazyStrings)) return column
  const { field, rowCount, reserved } = column
  const { offsets, data, dataBytes, flags } = reserved
  return { field, rowCount, data, dataBytes, offsets, validity: 0, missing: 0, flags, children: [] }
}

function fixedBytes(type: DataType, rows: number): number {
  if (type.kind === 'boolean') return bitSetBytes(rows)
  return type.kind === 'string' || valueKinds.has(type.kind) ? 0 : rows * fixedRowBytes([{ name: '', type }])
}
