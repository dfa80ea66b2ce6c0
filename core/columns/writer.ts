/**
 * Columns written by a source, without an object per record: the `ColumnWriter` of the source contract over a segment.
 * Numbers are written in place. Strings of pools and dictionaries, which are brought into the arena once, get their place
 * here and are copied when somebody reads them, by one kernel call per column and batch. A writer takes as many rows as strings of the lengths seen lately allow. Where they are suddenly
 * so long that there is no room for a column of them, `commit` emits the rows as several batches.
 *
 * Concurrency: belongs to one thread; uses the scratch memory of its owner (parts 0 and 1).
 */
import type { Arena } from '../arena/arena.ts'
import { bitSetBytes, type Column, columnFlags, maxBatchRows, type RecordBatch } from './batch.ts'
import { columnErrors } from './errors.ts'
import { gather } from './gather.ts'
import { fixedBatchBytes, fixedRowBytes, rowsThatFit, SegmentBuilder, segmentFull } from './layout.ts'
import { LazyStrings, type LazyStringsFrom } from './lazy-strings.ts'
import { type Dictionary, StringPools } from './pools.ts'
import type { DataType, Field, Schema } from './schema.ts'
import { type EmittedRows, emitSplit, type HeapColumn, stringLengths } from './split.ts'
import { putInts, stageInts, sumInts } from './staging.ts'
import { type StringBuffers, writeStrings } from './strings.ts'

export interface BatchWritersOptions {
  readonly arena: Arena
  readonly owner: number
  /**
   * Every field is written for every row: there is no way to write null or undefined, and none to write a field of
   * struct, list, bytes or any (`commit` then throws COLUMNS_NOT_WRITTEN).
   */
  readonly schema: Schema
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
 * included; batches of its writers must have been read or retained by then (lazy-strings.ts).
 */
export class BatchWriters {
  readonly options: BatchWritersOptions
  /** Column numbers by name. */
  readonly index: ReadonlyMap<string, number>
  /** A segment that the next batch may take in addition to its own, so that one whose strings are long finds room; -1: none. */
  spare = -1
  /** Bytes of strings per row, lately. */
  varBytes: number
  readonly pools: StringPools

  constructor(options: BatchWritersOptions) {
    this.options = options
    this.index = new Map(options.schema.fields.map(({ name }, index) => [name, index]))
    this.pools = options.pools ?? new StringPools(options.arena, options.owner)
    this.varBytes = options.schema.fields.reduce((sum, { type }) => sum + (type.kind === 'string' ? 32 : 0), 0)
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
  /** Addresses of fixed-width columns; 0: written otherwise. */
  readonly #fixed: number[]
  readonly #written: boolean[]
  readonly #strings: (StringBuffers | LazyStrings | undefined)[]
  /** String columns for which there was no room: the batch will be split. */
  readonly #deferred: (HeapColumn | undefined)[] = []
  readonly #flags: (Uint8Array | undefined)[]
  readonly #timestamps: number
  readonly #extra: number[] = []
  #overflow: SegmentBuilder | undefined

  constructor(
    writers: BatchWriters,
    segment: number,
    emit: (batch: RecordBatch) => void,
    emitRows: ((rows: EmittedRows) => void) | undefined,
  ) {
    const { arena, owner, schema, describe = false, rowsMax = 4096, timestampField } = writers.options
    this.#writers = writers
    this.#emit = emit
    this.#emitRows = emitRows
    this.#builder = new SegmentBuilder(arena, owner, segment, schema, describe)
    this.capacity = Math.min(
      rowsMax,
      maxBatchRows,
      rowsThatFit(schema, arena.segmentBytes, writers.varBytes * 1.15 + 1),
    )
    this.#fixed = schema.fields.map(({ type }) => {
      const bytes = fixedBytes(type, this.capacity)
      return bytes === 0 ? 0 : this.#builder.take(bytes)
    })
    this.#timestamps = timestampField === undefined ? this.#builder.take(this.capacity * 8) : 0
    this.#written = schema.fields.map(() => false)
    this.#strings = schema.fields.map(() => undefined)
    this.#flags = schema.fields.map(() => undefined)
  }

  float64(field: string): Float64Array {
    const at = this.#fixedAt(field, 'float64', 'timestamp', 'date') >>> 3
    return this.#builder.arena.f64.subarray(at, at + this.capacity)
  }

  int32(field: string): Int32Array {
    const at = this.#fixedAt(field, 'int32') >>> 2
    return this.#builder.arena.i32.subarray(at, at + this.capacity)
  }

  int64(field: string): BigInt64Array {
    const at = this.#fixedAt(field, 'int64') >>> 3
    return this.#builder.arena.i64.subarray(at, at + this.capacity)
  }

  boolean(field: string): Uint8Array {
    this.#fixedAt(field, 'boolean')
    const index = this.#indexOf(field)
    const bytes = this.#flags[index] ?? new Uint8Array(this.capacity)
    this.#flags[index] = bytes
    return bytes
  }

  slices(field: string, pool: Uint8Array, starts: Int32Array, lengths: Int32Array, rows: number): void {
    const index = this.#stringIndex(field)
    const { arena, owner } = this.#builder
    const kept = this.#writers.pools.pool(pool)
    const lengthsAt = stageInts(arena, arena.scratch(owner, 1), lengths, rows)
    const bytes = rows * pool.length < 2 ** 31 ? arena.kernels.sum32(lengthsAt, rows) : sumInts(lengths, rows)
    const builder = this.#room(bytes, rows)
    if (builder === undefined) {
      this.#deferSlices(index, pool, starts.slice(0, rows), lengths.slice(0, rows))
      return
    }
    const offsets = builder.take(rows * 4 + 4)
    const data = builder.take(bytes)
    if (kept !== undefined) {
      const lengthsKept = builder.take(rows * 4)
      putInts(arena, starts, rows, offsets)
      putInts(arena, lengths, rows, lengthsKept)
      const from: LazyStringsFrom = { kind: 'slices', pool: kept.address, lengths: lengthsKept }
      this.#lazy(index, rows, { offsets, data, dataBytes: bytes, flags: kept.ascii ? columnFlags.ascii : 0 }, from)
      return
    }
    let end = 0
    for (let i = 0; i < rows; i++) {
      arena.i32[(offsets >>> 2) + i] = end
      arena.u8.set(pool.subarray(starts[i], starts[i] + lengths[i]), data + end)
      end += lengths[i]
    }
    arena.i32[(offsets >>> 2) + rows] = end
    this.#put(index, { offsets, data, dataBytes: bytes, flags: this.#flagsOf(data, bytes) })
  }

  pick(field: string, dictionary: Dictionary, indices: Int32Array, rows: number): void {
    const index = this.#stringIndex(field)
    const { arena, owner } = this.#builder
    const bytesOf = this.#writers.pools.pool(dictionary.bytes)
    const offsetsOf = this.#writers.pools.offsets(dictionary)
    if (bytesOf === undefined || offsetsOf === undefined || rows * dictionary.bytes.length >= 2 ** 31) {
      const { starts, lengths } = StringPools.picked(dictionary, indices, rows)
      this.slices(field, dictionary.bytes, starts, lengths, rows)
      return
    }
    const selection = stageInts(arena, arena.scratch(owner, 0), indices, rows)
    // No rows: the kernel takes a selection of 0 for all of them.
    const bytes = rows === 0 ? 0 : arena.kernels.stringBytes(offsetsOf.address, selection, rows)
    const builder = this.#room(bytes, rows)
    if (builder === undefined) {
      const { starts, lengths } = StringPools.picked(dictionary, indices, rows)
      this.#deferSlices(index, dictionary.bytes, starts, lengths)
      return
    }
    const offsets = builder.take(rows * 4 + 4)
    const data = builder.take(bytes)
    putInts(arena, indices, rows, offsets)
    const from: LazyStringsFrom = { kind: 'picked', offsets: offsetsOf.address, bytes: bytesOf.address }
    this.#lazy(index, rows, { offsets, data, dataBytes: bytes, flags: bytesOf.ascii ? columnFlags.ascii : 0 }, from)
  }

  utf8(field: string, bytes: Uint8Array, offsets: Int32Array, rows: number): void {
    const index = this.#stringIndex(field)
    const { arena } = this.#builder
    const [first] = offsets
    const size = offsets[rows] - first
    const builder = this.#room(size, rows)
    if (builder === undefined) {
      const starts = offsets.slice(0, rows)
      this.#deferSlices(
        index,
        bytes.slice(first, first + size),
        starts.map((start) => start - first),
        starts.map((start, i) => offsets[i + 1] - start),
      )
      return
    }
    const at = builder.take(rows * 4 + 4)
    const data = builder.take(size)
    putInts(arena, offsets, rows + 1, at)
    if (first !== 0) arena.kernels.add32(at, rows + 1, -first, at)
    arena.u8.set(bytes.subarray(first, first + size), data)
    this.#put(index, { offsets: at, data, dataBytes: size, flags: this.#flagsOf(data, size) })
  }

  strings(field: string, values: readonly string[], rows: number): void {
    const index = this.#stringIndex(field)
    const { end } = this.#builder
    try {
      this.#put(index, writeStrings(this.#builder, values, rows))
    } catch (thrown) {
      if (thrown !== segmentFull) throw thrown
      this.#builder.end = end
      const lengths = stringLengths(values, rows)
      const builder = this.#room(sumInts(lengths, rows), rows)
      if (builder !== undefined) this.#strings[index] = writeStrings(builder, values, rows)
      this.#deferred[index] =
        builder === undefined ? { kind: 'strings', values: values.slice(0, rows), lengths } : undefined
    }
  }

  /**
   * Ends the batch and hands it to `emit`. Throws COLUMNS_NOT_WRITTEN; COLUMNS_RECORD_TOO_LARGE for a row that fits no
   * segment, with nothing emitted; COLUMNS_NO_SEGMENT when there are no segments for several batches and rows are not
   * taken. The writer is closed either way.
   */
  commit(rows: number, timestamps?: Float64Array): void {
    const { arena, owner } = this.#builder
    const { schema, describe = false, timestampField } = this.#writers.options
    if (this.#deferred.some((column) => column !== undefined)) {
      this.#split(rows, timestamps)
      return
    }
    let columns: Column[]
    try {
      columns = schema.fields.map((field, index) => this.#column(field, index, rows))
    } catch (thrown) {
      this.discard()
      throw thrown
    }
    let times = 0
    if (timestamps !== undefined) {
      times = this.#timestamps
      if (times === 0) {
        const builder = this.#room(0, rows * 2)
        if (builder === undefined) {
          this.#split(rows, timestamps)
          return
        }
        times = builder.take(rows * 8)
      }
      arena.f64.set(timestamps.length === rows ? timestamps : timestamps.subarray(0, rows), times >>> 3)
    } else if (timestampField !== undefined) times = this.#fixed[this.#indexOf(timestampField)]
    this.#learn(rows)
    let batch = this.#builder.finish(rows, columns.map(written), this.#overflow === undefined ? times : 0, 0)
    batch = batch.with({ columns, timestamps: times, segments: [...batch.segments, ...this.#extra] })
    // Few rows leave holes behind their columns, and those would travel.
    if (rows > 0 && rows < this.capacity / 2) {
      const tight = gather(arena, owner, [{ batch, selection: undefined, count: rows }], schema, describe)
      if (tight !== undefined && tight.consumed === rows) {
        batch.release()
        batch = tight.batch
      } else tight?.batch.release()
    }
    this.#emit(batch)
  }

  /** Gives everything up instead of `commit`. */
  discard(): void {
    const { arena, owner, segment } = this.#builder
    for (const each of [segment, ...this.#extra.splice(0)]) arena.release(each, owner)
  }

  #learn(rows: number): void {
    if (rows < 16) return
    let bytes = 0
    // References that wait to be read take 4 bytes a row.
    for (const strings of this.#strings)
      if (strings !== undefined) bytes += strings.dataBytes + (strings instanceof LazyStrings ? rows * 4 : 0)
    const recent = bytes / rows
    this.#writers.varBytes = Math.max(recent, this.#writers.varBytes * 0.95 + recent * 0.05)
  }

  /** Moves the rows out of the arena, so that they come back in as many batches as they need. */
  #split(rows: number, timestamps: Float64Array | undefined): void {
    const { arena, owner } = this.#builder
    const { schema, describe = false, timestampField } = this.#writers.options
    let columns: HeapColumn[]
    try {
      columns = schema.fields.map((field, index) => this.#heapColumn(field, index, rows))
    } finally {
      this.discard()
      this.#writers.releaseSpare()
    }
    let bytes = 0
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
    const { u8, i32 } = this.#builder.arena
    if (!this.#written[index]) throw columnErrors.create('NOT_WRITTEN', { field: field.name })
    const deferred = this.#deferred[index]
    if (deferred !== undefined) return deferred
    const strings = this.#strings[index]
    if (strings !== undefined) {
      const at = strings.offsets >>> 2
      const starts = i32.slice(at, at + rows)
      const lengths = starts.map((start, i) => i32[at + i + 1] - start)
      const pool = u8.slice(strings.data, strings.data + strings.dataBytes)
      return { kind: 'slices', pool, starts, lengths, flags: strings.flags }
    }
    const flags = this.#flags[index]
    if (flags !== undefined) return { kind: 'flags', bytes: flags }
    const bytes = new Uint8Array(fixedBytes(field.type, rows))
    bytes.set(u8.subarray(this.#fixed[index], this.#fixed[index] + bytes.length))
    return { kind: 'fixed', bytes, width: field.type.kind === 'int32' ? 4 : 8 }
  }

  #put(index: number, strings: StringBuffers | LazyStrings): void {
    this.#strings[index] = strings
    this.#deferred[index] = undefined
  }

  #lazy(index: number, rows: number, reserved: StringBuffers, from: LazyStringsFrom): void {
    const { schema, arena } = this.#writers.options
    this.#put(index, new LazyStrings(arena, schema.fields[index], rows, reserved, from))
  }

  #flagsOf(data: number, bytes: number): number {
    return this.#builder.arena.kernels.isAscii(data, bytes) === 1 ? columnFlags.ascii : 0
  }

  #deferSlices(index: number, pool: Uint8Array, starts: Int32Array, lengths: Int32Array): void {
    this.#deferred[index] = { kind: 'slices', pool, starts, lengths, flags: undefined }
  }

  #column(field: Field, index: number, rows: number): Column {
    const { arena } = this.#builder
    const none = { field, rowCount: rows, validity: 0, missing: 0, flags: 0, children: [] }
    if (!this.#written[index]) throw columnErrors.create('NOT_WRITTEN', { field: field.name })
    const strings = this.#strings[index]
    if (strings instanceof LazyStrings && strings.rowCount === rows) return strings
    if (strings !== undefined) {
      const { offsets, data, dataBytes, flags } = strings
      return { ...none, offsets, data, dataBytes, flags }
    }
    const data = this.#fixed[index]
    const flags = this.#flags[index]
    if (flags !== undefined) {
      const at = arena.scratch(this.#builder.owner, 0)
      arena.u8.set(flags, at)
      arena.u8.fill(0, data, data + bitSetBytes(rows))
      arena.kernels.packBits(at, rows, data)
    }
    return { ...none, data, dataBytes: fixedBytes(field.type, rows), offsets: 0 }
  }

  /**
   * A builder with room for `bytes` of strings of `rows` rows: this segment, or another that the batch holds as well;
   * undefined when there is none.
   */
  #room(bytes: number, rows: number): SegmentBuilder | undefined {
    const needed = rows * 8 + 4 + bytes + 112
    if (this.#builder.room >= needed) return this.#builder
    if (this.#overflow !== undefined && this.#overflow.room >= needed) return this.#overflow
    const { arena, owner } = this.#builder
    const { schema } = this.#writers.options
    let segment = this.#writers.spare
    if (segment >= 0 && arena.capacity(segment) >= needed + fixedBatchBytes(schema)) this.#writers.spare = -1
    else segment = arena.allocate(owner, needed + fixedBatchBytes(schema))
    if (segment < 0) return undefined
    this.#extra.push(segment)
    this.#overflow = new SegmentBuilder(arena, owner, segment, schema, false)
    return this.#overflow
  }

  #indexOf(field: string): number {
    const index = this.#writers.index.get(field)
    if (index !== undefined) return index
    throw columnErrors.create('NO_FIELD', { field, fields: [...this.#writers.index.keys()].join(', ') })
  }

  #fixedAt(field: string, ...kinds: DataType['kind'][]): number {
    const index = this.#indexOf(field)
    const { kind } = this.#writers.options.schema.fields[index].type
    if (!kinds.includes(kind)) throw columnErrors.create('WRONG_COLUMN', { field, actual: kind, expected: kinds[0] })
    this.#written[index] = true
    return this.#fixed[index]
  }

  #stringIndex(field: string): number {
    const index = this.#indexOf(field)
    const { kind } = this.#writers.options.schema.fields[index].type
    if (kind !== 'string') throw columnErrors.create('WRONG_COLUMN', { field, actual: kind, expected: 'string' })
    this.#written[index] = true
    return index
  }
}

/** What the header says of a column: its place, without writing a lazy one. */
const written = (column: Column): Column => (column instanceof LazyStrings ? { ...column, ...column.reserved } : column)

function fixedBytes(type: DataType, rows: number): number {
  if (type.kind === 'boolean') return bitSetBytes(rows)
  return type.kind === 'string' ? 0 : rows * fixedRowBytes([{ name: '', type }])
}
