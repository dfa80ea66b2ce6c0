/**
 * The string columns of one batch that is being written. Strings of pools and dictionaries get their place here and are
 * copied when somebody reads them (lazy-strings.ts); other bytes are copied at once. What the batch's own segment has no
 * room for goes into another that the batch holds as well; columns for which there is none are kept on the heap, and the
 * batch is split.
 *
 * Concurrency: belongs to one thread; uses the scratch memory of its owner (parts 0 and 1).
 */
import { spareOnly } from '../arena/reserves.ts'
import { type Column, columnFlags } from './batch.ts'
import { fixedBatchBytes, SegmentBuilder, segmentFull } from './layout.ts'
import { LazyStrings, type LazyStringsFrom } from './lazy-strings.ts'
import { type Dictionary, type Pool, StringPools } from './pools.ts'
import type { Field, Schema } from './schema.ts'
import { type HeapColumn, stringLengths } from './split.ts'
import { putInts, stageInts, sumInts } from './staging.ts'
import { type StringBuffers, writeStrings } from './strings.ts'

/** What the batches of one stream share. */
export interface StringSupplies {
  readonly pools: StringPools
  /** A segment that a batch may take in addition to its own; -1: none. */
  spare: number
}

interface WrittenStrings {
  readonly rows: number
  readonly buffers: StringBuffers
  /** Where the strings are copied from; undefined: they have been. */
  readonly from: LazyStringsFrom | undefined
}

const none = { validity: 0, missing: 0, children: [] }

export class StringWriter {
  /** Segments that the batch holds beside its own. */
  readonly segments: number[] = []
  /** Segments that strings are to be copied from. */
  readonly pools: number[] = []
  readonly #schema: Schema
  readonly #builder: SegmentBuilder
  readonly #supplies: StringSupplies
  readonly #written: (WrittenStrings | undefined)[]
  readonly #heap: (HeapColumn | undefined)[]
  #overflow: SegmentBuilder | undefined

  constructor(schema: Schema, builder: SegmentBuilder, supplies: StringSupplies) {
    this.#schema = schema
    this.#builder = builder
    this.#supplies = supplies
    this.#written = new Array(schema.fields.length).fill(undefined)
    this.#heap = new Array(schema.fields.length).fill(undefined)
  }

  /** Whether there is no room for some column, so that the batch must be split. */
  get outgrown(): boolean {
    for (const column of this.#heap) if (column !== undefined) return true
    return false
  }

  /** Bytes of all columns, references that wait to be read included. */
  get bytes(): number {
    let bytes = 0
    for (const column of this.#written)
      if (column !== undefined)
        bytes += column.buffers.dataBytes + (column.from?.kind === 'slices' ? column.rows * 4 : 0)
    return bytes
  }

  slices(index: number, pool: Uint8Array, starts: Int32Array, lengths: Int32Array, rows: number): void {
    const { arena, owner } = this.#builder
    const kept = this.#supplies.pools.pool(pool)
    const staged = stageInts(arena, arena.scratch(owner, 1), lengths, rows)
    const bytes = rows * pool.length < 2 ** 31 ? arena.kernels.sum32(staged, rows) : sumInts(lengths, rows)
    const builder = this.room(bytes, rows)
    if (builder === undefined) {
      this.#keep(index, pool, starts.slice(0, rows), lengths.slice(0, rows))
      return
    }
    const offsets = builder.take(rows * 4 + 4)
    const data = builder.take(bytes)
    if (kept !== undefined) {
      const lengthsAt = builder.take(rows * 4)
      putInts(arena, starts, rows, offsets)
      arena.kernels.gather4(staged, 0, rows, lengthsAt)
      const flags = kept.ascii ? columnFlags.ascii : 0
      const from: LazyStringsFrom = { kind: 'slices', pool: kept.address, lengths: lengthsAt }
      this.#refer(kept)
      this.#put(index, { rows, buffers: { offsets, data, dataBytes: bytes, flags }, from })
      return
    }
    let end = 0
    for (let i = 0; i < rows; i++) {
      arena.i32[(offsets >>> 2) + i] = end
      arena.u8.set(pool.subarray(starts[i], starts[i] + lengths[i]), data + end)
      end += lengths[i]
    }
    arena.i32[(offsets >>> 2) + rows] = end
    this.#putBytes(index, rows, offsets, data, bytes)
  }

  pick(index: number, dictionary: Dictionary, indices: Int32Array, rows: number): void {
    const { arena, owner } = this.#builder
    const { kernels } = arena
    const pool = this.#supplies.pools.pool(dictionary.bytes)
    const offsetsOf = this.#supplies.pools.offsets(dictionary)
    if (pool === undefined || offsetsOf === undefined || rows * dictionary.bytes.length >= 2 ** 31) {
      const { starts, lengths } = StringPools.picked(dictionary, indices, rows)
      this.slices(index, dictionary.bytes, starts, lengths, rows)
      return
    }
    const staged = stageInts(arena, arena.scratch(owner, 0), indices, rows)
    const bytes = kernels.stringBytes(offsetsOf.address, staged, rows)
    const builder = this.room(bytes, rows)
    if (builder === undefined) {
      const { starts, lengths } = StringPools.picked(dictionary, indices, rows)
      this.#keep(index, dictionary.bytes, starts, lengths)
      return
    }
    const offsets = builder.take(rows * 4 + 4)
    const data = builder.take(bytes)
    kernels.gather4(staged, 0, rows, offsets)
    const flags = pool.ascii ? columnFlags.ascii : 0
    const from: LazyStringsFrom = { kind: 'picked', offsets: offsetsOf.address, bytes: pool.address }
    this.#refer(pool)
    this.#refer(offsetsOf)
    this.#put(index, { rows, buffers: { offsets, data, dataBytes: bytes, flags }, from })
  }

  utf8(index: number, bytes: Uint8Array, offsets: Int32Array, rows: number): void {
    const { arena } = this.#builder
    const [first] = offsets
    const size = offsets[rows] - first
    const builder = this.room(size, rows)
    if (builder === undefined) {
      const starts = offsets.slice(0, rows)
      const lengths = starts.map((start, i) => offsets[i + 1] - start)
      const kept = bytes.slice(first, first + size)
      this.#keep(
        index,
        kept,
        starts.map((start) => start - first),
        lengths,
      )
      return
    }
    const at = builder.take(rows * 4 + 4)
    const data = builder.take(size)
    putInts(arena, offsets, rows + 1, at)
    if (first !== 0) arena.kernels.add32(at, rows + 1, -first, at)
    arena.u8.set(bytes.subarray(first, first + size), data)
    this.#putBytes(index, rows, at, data, size)
  }

  strings(index: number, values: readonly string[], rows: number): void {
    const { end } = this.#builder
    try {
      this.#put(index, { rows, buffers: writeStrings(this.#builder, values, rows), from: undefined })
    } catch (thrown) {
      if (thrown !== segmentFull) throw thrown
      this.#builder.end = end
      const lengths = stringLengths(values, rows)
      const builder = this.room(sumInts(lengths, rows), rows)
      if (builder === undefined) this.#heap[index] = { kind: 'strings', values: values.slice(0, rows), lengths }
      else this.#put(index, { rows, buffers: writeStrings(builder, values, rows), from: undefined })
    }
  }

  /** A builder with room for `bytes` of strings of `rows` rows; undefined when there is none. */
  room(bytes: number, rows: number): SegmentBuilder | undefined {
    const needed = rows * 8 + 4 + bytes + 112
    if (this.#builder.room >= needed) return this.#builder
    if (this.#overflow !== undefined && this.#overflow.room >= needed) return this.#overflow
    const { arena, owner } = this.#builder
    const supplies = this.#supplies
    let segment = supplies.spare
    if (segment >= 0 && arena.capacity(segment) >= needed + fixedBatchBytes(this.#schema)) supplies.spare = -1
    else segment = arena.allocate(owner, needed + fixedBatchBytes(this.#schema), spareOnly)
    if (segment < 0) return undefined
    this.segments.push(segment)
    this.#overflow = new SegmentBuilder(arena, owner, segment, this.#schema, false)
    return this.#overflow
  }

  /** The builder's bytes were moved down by `by`: so are the columns in them. */
  moved(by: number): void {
    this.#written.forEach((column, index) => {
      if (column === undefined) return
      const { buffers, from } = column
      this.#written[index] = {
        rows: column.rows,
        buffers: { ...buffers, offsets: buffers.offsets - by, data: buffers.data - by },
        from: from?.kind === 'slices' ? { ...from, lengths: from.lengths - by } : from,
      }
    })
  }

  /** The column of the first `rows` rows; undefined when it was not written, or is on the heap. */
  column(index: number, rows: number): Column | undefined {
    const column = this.#written[index]
    if (column === undefined) return undefined
    const field = this.#schema.fields[index]
    if (column.from !== undefined && column.rows === rows) return this.#lazy(field, column, column.from)
    const { offsets, data, dataBytes, flags } = this.#copied(index, column)
    return { ...none, field, rowCount: rows, offsets, data, dataBytes, flags }
  }

  /** The same, moved out of the arena. */
  heapColumn(index: number, rows: number): HeapColumn | undefined {
    const heap = this.#heap[index]
    const column = this.#written[index]
    if (heap !== undefined || column === undefined) return heap
    const { u8, i32 } = this.#builder.arena
    const { offsets, data, dataBytes, flags } = this.#copied(index, column)
    const at = offsets >>> 2
    const starts = i32.slice(at, at + rows)
    const lengths = starts.map((start, i) => i32[at + i + 1] - start)
    return { kind: 'slices', pool: u8.slice(data, data + dataBytes), starts, lengths, flags }
  }

  /** Where the strings are, copied now unless they have been. */
  #copied(index: number, column: WrittenStrings): StringBuffers {
    const { rows, buffers, from } = column
    if (from !== undefined) {
      this.#lazy(this.#schema.fields[index], column, from).write()
      // The references are gone: offsets stand in their place.
      this.#written[index] = { rows, buffers, from: undefined }
    }
    return buffers
  }

  #lazy(field: Field, { rows, buffers }: WrittenStrings, from: LazyStringsFrom): LazyStrings {
    return new LazyStrings(this.#builder.arena, field, rows, buffers, from)
  }

  #refer({ segment }: Pool): void {
    if (!this.pools.includes(segment)) this.pools.push(segment)
  }

  #put(index: number, column: WrittenStrings): void {
    this.#written[index] = column
    this.#heap[index] = undefined
  }

  #putBytes(index: number, rows: number, offsets: number, data: number, dataBytes: number): void {
    const flags = this.#builder.arena.kernels.isAscii(data, dataBytes) === 1 ? columnFlags.ascii : 0
    this.#put(index, { rows, buffers: { offsets, data, dataBytes, flags }, from: undefined })
  }

  #keep(index: number, pool: Uint8Array, starts: Int32Array, lengths: Int32Array): void {
    this.#heap[index] = { kind: 'slices', pool, starts, lengths, flags: undefined }
  }
}
