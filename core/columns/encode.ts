/**
 * JavaScript values to a batch: the end of a lambda, the beginning of columns. Code is generated per schema; strings are
 * joined and written once per column. Promises that every value comes back exactly, or that an error says which field does not fit.
 *
 * Concurrency: one thread at a time per owner; the staging arrays are the thread's.
 */
import type { Arena } from '../arena/arena.ts'
import { internSchema, maxBatchRows, type RecordBatch } from './batch.ts'
import { type CompiledEncoder, compileEncoder, shapeMismatch } from './encode-code.ts'
import { columnErrors } from './errors.ts'
import { inferSchema } from './infer.ts'
import { fixedBatchBytes, rowsThatFit, SegmentBuilder, segmentFull } from './layout.ts'
import type { Field, Schema } from './schema.ts'

export interface Encoded {
  /** Holds one reference to its segment, of `owner`. */
  readonly batch: RecordBatch
  /** Rows taken, from `from` on. */
  readonly consumed: number
}

interface KnownSchema {
  readonly schema: Schema
  readonly encoder: CompiledEncoder
  /** Bytes a row of this schema lately took beside its fixed-width columns: so that the first attempt fits. */
  varBytes: number
}

const known = new WeakMap<Schema, KnownSchema>()

function knownSchema(schema: Schema): KnownSchema {
  let entry = known.get(schema)
  if (entry === undefined) {
    entry = { schema, encoder: compileEncoder(schema), varBytes: 0 }
    known.set(schema, entry)
  }
  return entry
}

/** Schemas inferred lately, by the shape of their first row. */
const inferred = new Map<string, Schema>()
const inferredMax = 256

/**
 * Encodes as many of the rows `from` to `to` - 1 as fit one segment, at least one; undefined when no segment is free.
 * `schema`: what the rows are declared to be, and then the batch does not describe itself; undefined: inferred from the rows
 * and sent along. `timestamps` (epoch ms) and `hashes` are indexed like `rows`. A record that fits no small
 * segment takes a large one. Throws COLUMNS_WRONG_TYPE, COLUMNS_NOT_A_VALUE, COLUMNS_RECORD_TOO_LARGE; then no segment
 * is held and no row consumed.
 */
export function encodeRows(
  arena: Arena,
  owner: number,
  schema: Schema | undefined,
  rows: readonly unknown[],
  from: number,
  to: number,
  timestamps?: ArrayLike<number>,
  hashes?: Int32Array,
): Encoded | undefined {
  const input: Input = { arena, owner, rows, from, to, timestamps, hashes }
  if (schema !== undefined) return encode(input, knownSchema(schema), false, false)
  const shape = shapeKey(rows[from])
  const last = inferred.get(shape)
  // A field that was always null so far is `any`; it may be something better now.
  if (last !== undefined && !last.fields.some(hasAny)) {
    try {
      return encode(input, knownSchema(last), true, true)
    } catch (thrown) {
      if (thrown !== shapeMismatch) throw thrown
    }
  }
  const fresh = inferSchema(rows, from, Math.min(to, from + maxBatchRows))
  if (inferred.size >= inferredMax) inferred.clear()
  inferred.set(shape, fresh)
  return encode(input, knownSchema(fresh), true, false)
}

function hasAny({ type }: Field): boolean {
  if (type.kind === 'struct') return type.fields.some(hasAny)
  return type.kind === 'any' || (type.kind === 'list' && hasAny(type.item))
}

interface Input {
  readonly arena: Arena
  readonly owner: number
  readonly rows: readonly unknown[]
  readonly from: number
  readonly to: number
  readonly timestamps: ArrayLike<number> | undefined
  readonly hashes: Int32Array | undefined
}

function shapeKey(row: unknown): string {
  return row !== null && typeof row === 'object' && !Array.isArray(row)
    ? Object.keys(row).join('\0')
    : `\0${typeof row}`
}

function encode(input: Input, target: KnownSchema, describe: boolean, strict: boolean): Encoded | undefined {
  const { arena, owner, from } = input
  const wanted = input.to - from
  let bytes = arena.segmentBytes
  let count = Math.min(wanted, rowsThatFit(target.schema, bytes, target.varBytes))
  for (;;) {
    const segment = arena.allocate(owner, bytes)
    if (segment < 0) return undefined
    let builder: SegmentBuilder | undefined
    let done = false
    try {
      builder = new SegmentBuilder(arena, owner, segment, target.schema, describe)
      const batch = encodeInto(builder, target, input, count, strict)
      done = true
      const rest = (builder.end - fixedBatchBytes(target.schema)) / count - target.encoder.fixedBytes
      target.varBytes = Math.max(rest, target.varBytes * 0.9)
      return { batch, consumed: count }
    } catch (thrown) {
      if (thrown !== segmentFull) throw thrown
    } finally {
      if (!done) arena.release(segment, owner)
    }
    const needed = builder?.needed ?? bytes + 1
    if (count > 1) {
      count = Math.max(1, Math.min(count >> 1, Math.floor((count * bytes * 0.8) / needed)))
    } else if (bytes < arena.largeSegmentBytes && arena.handle.largeSegments > 0) {
      bytes = arena.largeSegmentBytes
      count = Math.max(1, Math.min(wanted, Math.floor((bytes * 0.7) / needed)))
    } else {
      throw columnErrors.create('RECORD_TOO_LARGE', { bytes: needed, limit: bytes })
    }
  }
}

function encodeInto(
  builder: SegmentBuilder,
  target: KnownSchema,
  input: Input,
  count: number,
  strict: boolean,
): RecordBatch {
  const { arena, from, timestamps, hashes } = input
  let times = 0
  let keys = 0
  if (timestamps !== undefined) {
    times = builder.take(count * 8)
    const at = times >>> 3
    for (let i = 0; i < count; i++) arena.f64[at + i] = timestamps[from + i]
  }
  if (hashes !== undefined) {
    keys = builder.take(count * 4)
    arena.i32.set(hashes.subarray(from, from + count), keys >>> 2)
  }
  const columns = target.encoder.encode(builder, input.rows, from, count, strict)
  return builder.finish(count, columns, times, keys)
}

/** The schema that `encodeRows` gives these rows when none is declared. */
export const schemaOfRows = (rows: readonly unknown[]): Schema => internSchema(inferSchema(rows, 0, rows.length))
