/**
 * A batch in a segment: header, table of buffers, buffers. What lies in memory is also what travels, so that a segment can be
 * sent as its first `usedBytes` bytes and read wherever it arrives. Little-endian; a format (proto/FORMATS.md, version 1):
 *
 *     0 magic 'MRB1'   4 rows   8 used bytes   12 flags (1: schema follows)   16 schema offset   20 schema bytes
 *    24 timestamps   28 hashes   32 columns in the table   36 fingerprint of the schema
 *    40 table, 32 bytes per column, depth first in schema order:
 *       data, data bytes, offsets, validity, missing, flags, rows, 0
 *
 * Places are byte offsets from the header, multiples of 16, 0 for none. Every buffer has 16 bytes of slack behind it.
 *
 * Concurrency: a builder belongs to one thread; a finished segment is never written again.
 */
import type { Arena } from '../arena/arena.ts'
import { type Column, maxBatchRows, RecordBatch, schemaText } from './batch.ts'
import type { Field, Schema } from './schema.ts'

export const batchMagic = 0x3142524d
export const headerBytes = 40
export const nodeBytes = 32
export const schemaFollows = 1

/** Thrown by `SegmentBuilder.take` when the segment is full; caught by whoever started the builder. */
export const segmentFull: unique symbol = Symbol('segment full')

/** Columns of a field, its own and those inside. */
export function nodesOf(field: Field): number {
  const { type } = field
  if (type.kind === 'struct') return type.fields.reduce((sum, child) => sum + nodesOf(child), 1)
  return type.kind === 'list' ? 1 + nodesOf(type.item) : 1
}

export interface SchemaShape {
  readonly schema: Schema
  readonly nodes: number
  /** JSON in UTF-8. */
  readonly bytes: Uint8Array
  readonly fingerprint: number
}

const shapes = new WeakMap<Schema, SchemaShape>()

export function shapeOf(schema: Schema): SchemaShape {
  let shape = shapes.get(schema)
  if (shape === undefined) {
    const bytes = Buffer.from(schemaText(schema))
    let fingerprint = 0x811c9dc5
    for (const byte of bytes) fingerprint = Math.imul(fingerprint ^ byte, 0x01000193)
    shape = {
      schema,
      nodes: schema.fields.reduce((sum, field) => sum + nodesOf(field), 0),
      bytes,
      fingerprint: fingerprint >>> 0,
    }
    shapes.set(schema, shape)
  }
  return shape
}

/** Lays buffers out in one segment, one after the other. */
export class SegmentBuilder {
  readonly arena: Arena
  readonly owner: number
  readonly segment: number
  /** Address of the header. */
  readonly base: number
  readonly capacity: number
  /** Bytes used so far. */
  end: number
  /** What was asked for when the segment was full: used bytes that would have been needed. */
  needed = 0
  readonly #shape: SchemaShape
  readonly #describe: boolean

  /** `describe`: the schema travels with the batch. The batch takes over the caller's reference to `segment`. */
  constructor(arena: Arena, owner: number, segment: number, schema: Schema, describe: boolean) {
    this.arena = arena
    this.owner = owner
    this.segment = segment
    this.base = arena.address(segment)
    this.capacity = arena.capacity(segment)
    this.#shape = shapeOf(schema)
    this.#describe = describe
    this.end = pad16(headerBytes + this.#shape.nodes * nodeBytes)
    if (describe) {
      const at = this.take(this.#shape.bytes.length)
      arena.u8.set(this.#shape.bytes, at)
    } else if (this.end > this.capacity) throw this.full(0)
  }

  /** Address of `bytes` fresh bytes, aligned to 16, with slack behind them. Throws `segmentFull`. */
  take(bytes: number): number {
    const at = this.end
    const end = at + pad16(bytes) + 16
    if (end > this.capacity) throw this.full(bytes)
    this.end = end
    return this.base + at
  }

  /** Bytes that the next `take` may have. */
  get room(): number {
    return Math.max(0, ((this.capacity - this.end) & ~15) - 16)
  }

  /** Gives back what the last `take` did not need: its buffer ends at `end` (an address). */
  trim(end: number): void {
    this.end = pad16(end - this.base) + 16
  }

  full(bytes: number): typeof segmentFull {
    this.needed = this.end + bytes + 16
    return segmentFull
  }

  /** Writes the header. The batch owns the segment. */
  finish(rowCount: number, columns: readonly Column[], timestamps: number, hashes: number): RecordBatch {
    const { arena, base } = this
    const { u32 } = arena
    const shape = this.#shape
    const relative = (address: number): number => (address === 0 ? 0 : address - base)
    let at = base >>> 2
    u32[at] = batchMagic
    u32[at + 1] = rowCount
    u32[at + 2] = this.end
    u32[at + 3] = this.#describe ? schemaFollows : 0
    u32[at + 4] = this.#describe ? pad16(headerBytes + shape.nodes * nodeBytes) : 0
    u32[at + 5] = this.#describe ? shape.bytes.length : 0
    u32[at + 6] = relative(timestamps)
    u32[at + 7] = relative(hashes)
    u32[at + 8] = shape.nodes
    u32[at + 9] = shape.fingerprint
    at += headerBytes >>> 2
    const write = (column: Column): void => {
      u32[at] = relative(column.data)
      u32[at + 1] = column.dataBytes
      u32[at + 2] = relative(column.offsets)
      u32[at + 3] = relative(column.validity)
      u32[at + 4] = relative(column.missing)
      u32[at + 5] = column.flags
      u32[at + 6] = column.rowCount
      u32[at + 7] = 0
      at += nodeBytes >>> 2
      for (const child of column.children) write(child)
    }
    for (const column of columns) write(column)
    const segments = [this.segment]
    return new RecordBatch({
      arena,
      owner: this.owner,
      schema: shape.schema,
      rowCount,
      columns,
      timestamps,
      hashes,
      segments,
    })
  }
}

export const pad16 = (bytes: number): number => (bytes + 15) & ~15

/** Rows of a schema that `capacity` bytes hold at most, by their fixed-width buffers and `varBytes` per row for the rest. */
export function rowsThatFit(schema: Schema, capacity: number, varBytes: number): number {
  const perRow = fixedRowBytes(schema.fields) + 12 + varBytes
  return Math.max(1, Math.min(maxBatchRows, Math.floor((capacity - fixedBatchBytes(schema)) / perRow)))
}

/** Bytes that a batch of this schema takes however many rows it has, at most. */
export const fixedBatchBytes = (schema: Schema): number =>
  headerBytes + shapeOf(schema).nodes * (nodeBytes + 160) + shapeOf(schema).bytes.length + 256

/** Bytes a row takes in fixed-width buffers, bit sets included. */
export function fixedRowBytes(fields: readonly Field[]): number {
  let bytes = 0
  for (const { type, nullable, optional } of fields) {
    if (nullable === true || optional === true) bytes += 0.4
    if (type.kind === 'int32') bytes += 4
    else if (type.kind === 'boolean') bytes += 0.125
    else if (type.kind === 'struct') bytes += fixedRowBytes(type.fields)
    else if (type.kind === 'float64' || type.kind === 'int64' || type.kind === 'timestamp' || type.kind === 'date')
      bytes += 8
    else bytes += 4.4
  }
  return bytes
}

/**
 * True when the batch is a whole segment as a builder left it, so that the first `usedBytes` of its segment can be sent
 * as they are. `described`: the reader does not know the schema, so the batch must have it.
 */
export function contiguous(batch: RecordBatch, described = false): boolean {
  if (batch.segments.length !== 1) return false
  const { u32 } = batch.arena
  const base = batch.arena.address(batch.segments[0])
  const at = base >>> 2
  if (u32[at] !== batchMagic || u32[at + 1] !== batch.rowCount) return false
  if (described && (u32[at + 3] & schemaFollows) === 0) return false
  if (u32[at + 9] !== shapeOf(batch.schema).fingerprint) return false
  if (u32[at + 6] !== (batch.timestamps === 0 ? 0 : batch.timestamps - base)) return false
  if (u32[at + 7] !== (batch.hashes === 0 ? 0 : batch.hashes - base)) return false
  return sameNodes(batch, base)
}

/** Bytes of a contiguous batch, from its segment's first byte on; lent. */
export function batchBytes(batch: RecordBatch): Uint8Array {
  const base = batch.arena.address(batch.segments[0])
  return batch.arena.u8.subarray(base, base + batch.arena.u32[(base >>> 2) + 2])
}

function sameNodes(batch: RecordBatch, base: number): boolean {
  const { u32 } = batch.arena
  let at = (base + headerBytes) >>> 2
  const same = (column: Column): boolean => {
    const relative = (address: number): number => (address === 0 ? 0 : address - base)
    if (
      u32[at] !== relative(column.data) ||
      u32[at + 2] !== relative(column.offsets) ||
      u32[at + 3] !== relative(column.validity)
    )
      return false
    at += nodeBytes >>> 2
    return column.children.every(same)
  }
  return batch.columns.every(same)
}
