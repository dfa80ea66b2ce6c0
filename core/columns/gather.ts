/**
 * Rows of one or several batches into one batch in a segment of its own: what an exchange sends. The exact layout is
 * computed first, then kernels copy column by column (16-byte words with slack for strings).
 *
 * Concurrency: uses the scratch memory of `owner` (parts 0 and 4); one thread at a time per owner.
 */
import type { Arena } from '../arena/arena.ts'
import {
  bitSetBytes,
  type Column,
  columnFlags,
  internSchema,
  maxBatchRows,
  type RecordBatch,
  undefinedBits,
} from './batch.ts'
import { columnErrors } from './errors.ts'
import { headerBytes, nodeBytes, pad16, SegmentBuilder, segmentFull, shapeOf } from './layout.ts'
import { LazyStrings } from './lazy-strings.ts'
import type { Field, Schema } from './schema.ts'

export { contiguous } from './layout.ts'

export interface GatherSource {
  readonly batch: RecordBatch
  /** Row numbers, at least `count` of them; undefined: the first `count` rows. */
  readonly selection: Int32Array | undefined
  readonly count: number
}

export interface Gathered {
  /** Holds one reference to its segment, of `owner`. */
  readonly batch: RecordBatch
  /** Rows taken, counted over the sources in their order. */
  readonly consumed: number
}

/** Selected rows of one column. */
interface Piece {
  readonly column: Column
  readonly count: number
  /** Address of the row numbers, 0 for all, or -1: `selection` has to be copied where a kernel can read it. */
  readonly address: number
  readonly selection: Int32Array | undefined
}

/** Row numbers that fit into one part of the scratch memory. */
const stagedMax = maxBatchRows

/**
 * One batch of as many of the selected rows as fit one segment, at least one; undefined when no segment is free.
 * Timestamps and hashes come along. Sources are taken while they have the schema, and timestamps and hashes or none, as
 * the first one has. `schema`: that of the sources; undefined: that of the first, and the batch describes itself
 * (`describe`). Throws COLUMNS_WRONG_COLUMN, COLUMNS_RECORD_TOO_LARGE.
 */
export function gather(
  arena: Arena,
  owner: number,
  sources: readonly GatherSource[],
  schema: Schema | undefined,
  describe: boolean = schema === undefined,
): Gathered | undefined {
  const first = sources[0].batch
  const target = internSchema(schema ?? first.schema)
  if (internSchema(first.schema) !== target)
    throw columnErrors.create('WRONG_COLUMN', {
      field: '(all)',
      actual: 'of another schema',
      expected: 'of the schema asked for',
    })
  const usable: GatherSource[] = []
  let rows = 0
  for (const source of sources) {
    const { batch } = source
    if (
      batch !== first &&
      (internSchema(batch.schema) !== target ||
        (batch.hashes === 0) !== (first.hashes === 0) ||
        (batch.timestamps === 0) !== (first.timestamps === 0))
    )
      break
    if (source.count === 0) continue
    usable.push(source)
    rows += source.count
    if (rows >= maxBatchRows) break
  }
  if (usable.length === 0) usable.push({ ...sources[0], count: 0 })
  let count = Math.min(rows, maxBatchRows)
  const selections = stage(arena, owner, usable, count)
  let bytes = arena.segmentBytes
  for (;;) {
    const plan = new Plan(arena, owner, usable, selections, count)
    const needed = plan.measure(target, describe)
    if (needed <= bytes) {
      const segment = arena.allocate(owner, bytes)
      if (segment < 0) return undefined
      let done = false
      try {
        const batch = plan.copy(new SegmentBuilder(arena, owner, segment, target, describe))
        done = true
        return { batch, consumed: count }
      } catch (thrown) {
        // The measure is exact.
        if (thrown === segmentFull)
          throw new Error('a gathered batch does not have the size computed for it', { cause: thrown })
        throw thrown
      } finally {
        if (!done) arena.release(segment, owner)
      }
    }
    if (count > 1) count = Math.max(1, Math.min(count - 1, Math.floor((count * bytes * 0.97) / needed)))
    else if (bytes < arena.largeSegmentBytes && arena.handle.largeSegments > 0) {
      bytes = arena.largeSegmentBytes
      count = Math.max(1, Math.min(rows, maxBatchRows, Math.floor((bytes * 0.8) / needed)))
    } else throw columnErrors.create('RECORD_TOO_LARGE', { bytes: needed, limit: bytes })
  }
}

/** Addresses of the selections, copied into the scratch memory unless they lie in the arena. */
function stage(arena: Arena, owner: number, sources: readonly GatherSource[], rows: number): number[] {
  let at = arena.scratch(owner, 0) >>> 2
  let left = rows
  return sources.map(({ selection, count }) => {
    const taken = Math.min(count, left)
    left -= taken
    if (selection === undefined) return 0
    if (selection.buffer === arena.memory.buffer) return selection.byteOffset
    const address = at * 4
    arena.i32.set(selection.length === taken ? selection : selection.subarray(0, taken), at)
    at += taken
    return address
  })
}

class Plan {
  readonly arena: Arena
  readonly owner: number
  readonly sources: readonly GatherSource[]
  readonly selections: readonly number[]
  readonly count: number

  constructor(
    arena: Arena,
    owner: number,
    sources: readonly GatherSource[],
    selections: readonly number[],
    count: number,
  ) {
    this.arena = arena
    this.owner = owner
    this.sources = sources
    this.selections = selections
    this.count = count
  }

  pieces(pick: (batch: RecordBatch) => Column): Piece[] {
    const pieces: Piece[] = []
    let left = this.count
    for (let s = 0; s < this.sources.length && left > 0; s++) {
      const { batch, count } = this.sources[s]
      const taken = Math.min(count, left)
      pieces.push({ column: pick(batch), count: taken, address: this.selections[s], selection: undefined })
      left -= taken
    }
    return pieces
  }

  /** Used bytes of the batch. */
  measure(schema: Schema, describe: boolean): number {
    const shape = shapeOf(schema)
    let bytes = pad16(headerBytes + shape.nodes * nodeBytes)
    if (describe) bytes += room(shape.bytes.length)
    const [{ batch }] = this.sources
    if (batch.timestamps !== 0) bytes += room(this.count * 8)
    if (batch.hashes !== 0) bytes += room(this.count * 4)
    schema.fields.forEach((field, index) => {
      bytes += this.#measureColumn(
        field,
        this.pieces((each) => each.columns[index]),
        this.count,
      )
    })
    return bytes
  }

  #measureColumn(field: Field, pieces: readonly Piece[], rows: number): number {
    const bits = bitSetBytes(rows)
    let bytes = 0
    if (pieces.some(({ column }) => column.validity !== 0)) bytes += room(bits)
    if (pieces.some(({ column }) => column.missing !== 0))
      bytes += room(pieces.some(({ column }) => undefinedBits(column) !== 0) ? 2 * bits : bits)
    const { type } = field
    switch (type.kind) {
      case 'int32':
        return bytes + room(rows * 4)
      case 'boolean':
        return bytes + room(bits)
      case 'string':
      case 'bytes':
      case 'any':
        return bytes + room(rows * 4 + 4) + room(this.#stringBytes(pieces))
      case 'struct':
        type.fields.forEach((child, index) => {
          bytes += this.#measureColumn(child, children(pieces, index), rows)
        })
        return bytes
      case 'list': {
        const items = this.#items(pieces)
        return bytes + room(rows * 4 + 4) + this.#measureColumn(type.item, items, total(items))
      }
      default:
        return bytes + room(rows * 8)
    }
  }

  copy(builder: SegmentBuilder): RecordBatch {
    const { arena, count } = this
    const { kernels } = arena
    const [{ batch }] = this.sources
    let timestamps = 0
    let hashes = 0
    if (batch.timestamps !== 0) {
      timestamps = builder.take(count * 8)
      this.#each((each, selection, taken, at) =>
        kernels.gather8(each.timestamps, selection, taken, timestamps + at * 8),
      )
    }
    if (batch.hashes !== 0) {
      hashes = builder.take(count * 4)
      this.#each((each, selection, taken, at) => kernels.gather4(each.hashes, selection, taken, hashes + at * 4))
    }
    const columns = batch.schema.fields.map((field, index) =>
      this.#copyColumn(
        builder,
        field,
        this.pieces((each) => each.columns[index]),
        count,
      ),
    )
    return builder.finish(count, columns, timestamps, hashes)
  }

  #each(visit: (batch: RecordBatch, selection: number, count: number, at: number) => void): void {
    let at = 0
    for (let s = 0; s < this.sources.length && at < this.count; s++) {
      const taken = Math.min(this.sources[s].count, this.count - at)
      visit(this.sources[s].batch, this.selections[s], taken, at)
      at += taken
    }
  }

  #copyColumn(builder: SegmentBuilder, field: Field, pieces: readonly Piece[], rows: number): Column {
    const { arena } = this
    const { kernels } = arena
    const nulls = this.#copyNulls(builder, pieces, rows)
    const { type } = field
    let { flags } = nulls
    let data = 0
    let dataBytes = 0
    let offsets = 0
    let inner: readonly Column[] = []
    let at = 0
    switch (type.kind) {
      case 'int32':
        dataBytes = rows * 4
        data = builder.take(dataBytes)
        for (const piece of pieces) {
          kernels.gather4(piece.column.data, this.#selectionOf(piece), piece.count, data + at * 4)
          at += piece.count
        }
        break
      case 'boolean':
        dataBytes = bitSetBytes(rows)
        data = builder.take(dataBytes)
        arena.u8.fill(0, data, data + dataBytes)
        for (const piece of pieces) {
          kernels.gatherBits(piece.column.data, this.#selectionOf(piece), piece.count, data, at)
          at += piece.count
        }
        break
      case 'string':
      case 'bytes':
      case 'any': {
        offsets = builder.take(rows * 4 + 4)
        dataBytes = this.#stringBytes(pieces)
        data = builder.take(dataBytes)
        let position = 0
        let all: number = columnFlags.ascii
        let ill = 0
        arena.i32[offsets >>> 2] = 0
        for (const piece of pieces) {
          const { column } = piece
          const selection = this.#selectionOf(piece)
          const to = offsets + at * 4
          position =
            column instanceof LazyStrings
              ? column.gather(selection, piece.count, arena.scratch(this.owner, 4), to, data, position)
              : kernels.gatherStrings(column.offsets, column.data, selection, piece.count, to, data, position)
          all &= column.flags
          ill |= column.flags & columnFlags.illFormed
          at += piece.count
        }
        if (type.kind === 'string') flags |= all | ill
        break
      }
      case 'struct':
        inner = type.fields.map((child, index) => this.#copyColumn(builder, child, children(pieces, index), rows))
        break
      case 'list': {
        offsets = builder.take(rows * 4 + 4)
        const { i32 } = arena
        let end = 0
        for (const piece of pieces) {
          const from = piece.column.offsets >>> 2
          const selection = this.#selectionOf(piece) >>> 2
          for (let i = 0; i < piece.count; i++) {
            const row = selection === 0 ? i : i32[selection + i]
            i32[(offsets >>> 2) + at++] = end
            end += i32[from + row + 1] - i32[from + row]
          }
        }
        i32[(offsets >>> 2) + at] = end
        inner = [this.#copyColumn(builder, type.item, this.#items(pieces), end)]
        break
      }
      default:
        dataBytes = rows * 8
        data = builder.take(dataBytes)
        for (const piece of pieces) {
          kernels.gather8(piece.column.data, this.#selectionOf(piece), piece.count, data + at * 8)
          at += piece.count
        }
    }
    return {
      field,
      rowCount: rows,
      data,
      dataBytes,
      offsets,
      validity: nulls.validity,
      missing: nulls.missing,
      flags,
      children: inner,
    }
  }

  #copyNulls(
    builder: SegmentBuilder,
    pieces: readonly Piece[],
    rows: number,
  ): { validity: number; missing: number; flags: number } {
    const { arena } = this
    const { kernels } = arena
    if (!pieces.some(({ column }) => column.validity !== 0)) return { validity: 0, missing: 0, flags: 0 }
    const bytes = bitSetBytes(rows)
    const bits = (pick: (column: Column) => number, to: number, ones: boolean): void => {
      arena.u8.fill(0, to, to + bytes)
      let at = 0
      for (const piece of pieces) {
        const from = pick(piece.column)
        if (from !== 0) kernels.gatherBits(from, this.#selectionOf(piece), piece.count, to, at)
        else if (ones) kernels.gatherBits(0, 0, piece.count, to, at)
        at += piece.count
      }
    }
    const validity = builder.take(bytes)
    bits((column) => column.validity, validity, true)
    let missing = 0
    let flags = 0
    if (pieces.some(({ column }) => column.missing !== 0)) {
      const explicit = pieces.some(({ column }) => undefinedBits(column) !== 0)
      missing = builder.take(explicit ? 2 * bytes : bytes)
      bits((column) => column.missing, missing, false)
      if (explicit) {
        bits(undefinedBits, missing + bytes, false)
        flags = columnFlags.explicitUndefined
      }
    }
    return { validity, missing, flags }
  }

  #stringBytes(pieces: readonly Piece[]): number {
    let bytes = 0
    for (const piece of pieces) {
      const { column, count } = piece
      const selection = this.#selectionOf(piece)
      bytes +=
        column instanceof LazyStrings
          ? column.selectedBytes(selection, count, this.arena.scratch(this.owner, 4))
          : this.arena.kernels.stringBytes(column.offsets, selection, count)
    }
    return bytes
  }

  /** Where the kernel finds the row numbers; valid until the next call for a piece that has to be copied. */
  #selectionOf(piece: Piece): number {
    if (piece.selection === undefined) return piece.address
    const address = this.arena.scratch(this.owner, 4)
    this.arena.i32.set(piece.selection, address >>> 2)
    return address
  }

  /** The items of the selected lists, in pieces that fit into the scratch memory. */
  #items(pieces: readonly Piece[]): Piece[] {
    const { i32 } = this.arena
    const items: Piece[] = []
    for (const piece of pieces) {
      const [column] = piece.column.children
      const from = piece.column.offsets >>> 2
      const selection = this.#selectionOf(piece) >>> 2
      if (selection === 0) {
        items.push({ column, count: i32[from + piece.count], address: 0, selection: undefined })
        continue
      }
      let chunk: number[] = []
      const flush = (): void => {
        if (chunk.length > 0)
          items.push({ column, count: chunk.length, address: -1, selection: Int32Array.from(chunk) })
        chunk = []
      }
      for (let i = 0; i < piece.count; i++) {
        const row = i32[selection + i]
        for (let item = i32[from + row]; item < i32[from + row + 1]; item++) {
          chunk.push(item)
          if (chunk.length === stagedMax) flush()
        }
      }
      flush()
    }
    return items
  }
}

/** Bytes a `take` uses. */
const room = (bytes: number): number => pad16(bytes) + 16

const total = (pieces: readonly Piece[]): number => pieces.reduce((sum, piece) => sum + piece.count, 0)

const children = (pieces: readonly Piece[], index: number): Piece[] =>
  pieces.map((piece) => ({ ...piece, column: piece.column.children[index] }))
