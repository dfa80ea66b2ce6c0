/**
 * Columns written by a source, without an object per record: the `ColumnWriter` of the source contract over a segment.
 * Numbers are written in place, strings are copied by one kernel call per column and batch, from pools that are brought
 * into the arena once. A writer takes as many rows as strings of the lengths seen lately allow. Where they are suddenly
 * so long that there is no room for a column of them, `commit` emits the rows as several batches.
 *
 * Concurrency: belongs to one thread; uses the scratch memory of its owner (parts 0 and 1).
 */
import type { Arena } from '../arena/arena.ts'
import { bitSetBytes, type Column, columnFlags, maxBatchRows, type RecordBatch } from './batch.ts'
import { columnErrors } from './errors.ts'
import { gather } from './gather.ts'
import { fixedBatchBytes, fixedRowBytes, rowsThatFit, SegmentBuilder, segmentFull } from './layout.ts'
import { type Dictionary, StringPools } from './pools.ts'
import type { DataType, Field, Schema } from './schema.ts'
import { type EmittedRows, emitSplit, type HeapColumn, stringLengths } from './split.ts'
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

/** Writers of one stream: remembers its pools and how long its strings are. `close` gives its own pools' memory back. */
export class BatchWriters {
  readonly options: BatchWritersOptions
  /** Bytes of strings per row, lately. */
  varBytes: number
  readonly pools: StringPools

  constructor(options: BatchWritersOptions) {
    this.options = options
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
    const spare = arena.allocate(owner)
    if (spare < 0) {
      arena.release(segment, owner)
      return undefined
    }
    return new BatchWriter(this, segment, spare, emit, emitRows)
  }

  close(): void {
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
  readonly #index = new Map<string, number>()
  /** Addresses of fixed-width columns; 0: written otherwise. */
  readonly #fixed: number[]
  readonly #written: boolean[]
  readonly #strings: (StringBuffers | undefined)[]
  /** String columns for which there was no room: the batch will be split. */
  readonly #deferred: (HeapColumn | undefined)[] = []
  readonly #flags: (Uint8Array | undefined)[]
  readonly #timestamps: number
  readonly #extra: number[] = []
  #spare: number
  #overflow: SegmentBuilder | undefined

  constructor(
    writers: BatchWriters,
    segment: number,
    spare: number,
    emit: (batch: RecordBatch) => void,
    emitRows: ((rows: EmittedRows) => void) | undefined,
  ) {
    const { arena, owner, schema, describe = false, rowsMax = 4096, timestampField } = writers.options
    this.#writers = writers
    this.#emit = emit
    this.#emitRows = emitRows
    this.#spare = spare
    this.#builder = new SegmentBuilder(arena, owner, segment, schema, describe)
    this.capacity = Math.min(
      rowsMax,
      maxBatchRows,
      rowsThatFit(schema, arena.segmentBytes, writers.varBytes * 1.15 + 1),
    )
    this.#fixed = schema.fields.map(({ type }, index) => {
      this.#index.set(schema.fields[index].name, index)
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
    const lengthsAt = stage(arena, arena.scratch(owner, 1), lengths, rows)
    const bytes = rows * pool.length < 2 ** 31 ? arena.kernels.sum32(lengthsAt, rows) : sum(lengths, rows)
    const builder = this.#room(bytes, rows)
    if (builder === undefined) {
      this.#deferSlices(index, pool, starts.slice(0, rows), lengths.slice(0, rows))
      return
    }
    const offsets = builder.take(rows * 4 + 4)
    const data = builder.take(bytes)
    if (kept !== undefined) {
      const startsAt = stage(arena, arena.scratch(owner, 0), starts, rows)
      arena.kernels.sliceStrings(kept.address, startsAt, lengthsAt, rows, offsets, data, 0)
    } else {
      let end = 0
      for (let i = 0; i < rows; i++) {
        arena.i32[(offsets >>> 2) + i] = end
        arena.u8.set(pool.subarray(starts[i], starts[i] + lengths[i]), data + end)
        end += lengths[i]
      }
      arena.i32[(offsets >>> 2) + rows] = end
    }
    const ascii = kept?.ascii ?? arena.kernels.isAscii(data, bytes) === 1
    this.#deferred[index] = undefined
    this.#strings[index] = { offsets, data, dataBytes: bytes, flags: ascii ? columnFlags.ascii : 0 }
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
    const selection = stage(arena, arena.scratch(owner, 0), indices, rows)
    const bytes = rows === 0 ? 0 : arena.kernels.stringBytes(offsetsOf.address, selection, rows)
    const builder = this.#room(bytes, rows)
    if (builder === undefined) {
      const { starts, lengths } = StringPools.picked(dictionary, indices, rows)
      this.#deferSlices(index, dictionary.bytes, starts, lengths)
      return
    }
    const offsets = builder.take(rows * 4 + 4)
    const data = builder.take(bytes)
    // No rows: the kernel takes a selection of 0 for all of them.
    if (rows === 0) arena.i32[offsets >>> 2] = 0
    else arena.kernels.gatherStrings(offsetsOf.address, bytesOf.address, selection, rows, offsets, data, 0)
    this.#deferred[index] = undefined
    this.#strings[index] = { offsets, data, dataBytes: bytes, flags: bytesOf.ascii ? columnFlags.ascii : 0 }
  }

  strings(field: string, values: readonly string[], rows: number): void {
    const index = this.#stringIndex(field)
    const { end } = this.#builder
    try {
      this.#strings[index] = writeStrings(this.#builder, values, rows)
      this.#deferred[index] = undefined
    } catch (thrown) {
      if (thrown !== segmentFull) throw thrown
      this.#builder.end = end
      const lengths = stringLengths(values, rows)
      const builder = this.#room(sum(lengths, rows), rows)
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
    const { arena, owner, base } = this.#builder
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
    const inOne = this.#overflow === undefined
    this.#learn(rows)
    let batch = this.#builder.finish(
      rows,
      columns,
      inOne || (times >= base && times < base + this.#builder.capacity) ? times : 0,
      0,
    )
    batch = batch.with({ timestamps: times, segments: [...batch.segments, ...this.#extra] })
    if (this.#spare >= 0) arena.release(this.#spare, owner)
    this.#spare = -1
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
    if (this.#spare >= 0) arena.release(this.#spare, owner)
    this.#spare = -1
  }

  #learn(rows: number): void {
    if (rows < 16) return
    let bytes = 0
    for (const strings of this.#strings) bytes += strings?.dataBytes ?? 0
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
    }
    let bytes = 0
    for (const column of columns) if ('lengths' in column) bytes += sum(column.lengths, rows)
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

  #deferSlices(index: number, pool: Uint8Array, starts: Int32Array, lengths: Int32Array): void {
    this.#deferred[index] = { kind: 'slices', pool, starts, lengths, flags: undefined }
  }

  #column(field: Field, index: number, rows: number): Column {
    const { arena } = this.#builder
    const none = { field, rowCount: rows, validity: 0, missing: 0, flags: 0, children: [] }
    if (!this.#written[index]) throw columnErrors.create('NOT_WRITTEN', { field: field.name })
    const strings = this.#strings[index]
    if (strings !== undefined) return { ...none, ...strings }
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
    const needed = rows * 4 + 4 + bytes + 80
    if (this.#builder.room >= needed) return this.#builder
    if (this.#overflow !== undefined && this.#overflow.room >= needed) return this.#overflow
    const { arena, owner } = this.#builder
    const { schema } = this.#writers.options
    let segment = this.#spare
    if (segment >= 0 && arena.capacity(segment) >= needed + fixedBatchBytes(schema)) this.#spare = -1
    else segment = arena.allocate(owner, needed + fixedBatchBytes(schema))
    if (segment < 0) return undefined
    this.#extra.push(segment)
    this.#overflow = new SegmentBuilder(arena, owner, segment, schema, false)
    return this.#overflow
  }

  #indexOf(field: string): number {
    const index = this.#index.get(field)
    if (index !== undefined) return index
    throw columnErrors.create('NO_FIELD', { field, fields: [...this.#index.keys()].join(', ') })
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

/** Address of the first `rows` numbers, copied to `to` unless they lie in the arena. */
function stage(arena: Arena, to: number, numbers: Int32Array, rows: number): number {
  if (numbers.buffer === arena.memory.buffer) return numbers.byteOffset
  arena.i32.set(numbers.length === rows ? numbers : numbers.subarray(0, rows), to >>> 2)
  return to
}

/** Unlike that of the kernel it does not end at 2 GB. */
function sum(numbers: Int32Array, count: number): number {
  let total = 0
  for (let i = 0; i < count; i++) total += numbers[i]
  return total
}

function fixedBytes(type: DataType, rows: number): number {
  if (type.kind === 'boolean') return bitSetBytes(rows)
  return type.kind === 'string' ? 0 : rows * fixedRowBytes([{ name: '', type }])
}
