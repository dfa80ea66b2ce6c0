/**
 * Decoders of batches and of the values of `any` in them. A batch is read twice, between two different fillings of the
 * memory around its segment: what is read must not depend on it, and it must not change.
 */
import { isDeepStrictEqual } from 'node:util'
import { Arena } from '../../core/arena/arena.ts'
import type { RecordBatch } from '../../core/columns/batch.ts'
import { gather } from '../../core/columns/gather.ts'
import { hashColumns } from '../../core/columns/hash.ts'
import { headerBytes, shapeOf } from '../../core/columns/layout.ts'
import { openBatch, parseSchema } from '../../core/columns/open.ts'
import { readRows } from '../../core/columns/rows.ts'
import type { Schema } from '../../core/columns/schema.ts'
import { decodeValue, encodeValue } from '../../core/columns/value-codec.ts'
import { bytesOf, declared, goldenBatches, goldenValues } from '../golden/columns/contents.ts'
import type { FuzzTarget } from './harness.ts'

const codes = ['COLUMNS_CORRUPT', 'COLUMNS_RECORD_TOO_LARGE']
const codesMin = 1
const segmentBytes = 16384

/** Three neighbours, of which the one in the middle is read; the others are for what is made of it. */
const arena = Arena.create({ bytes: 6 * segmentBytes, segmentBytes, largeSegments: 0, owner: 1 })
const [before, segment, after] = [0, 1, 2].map(() => arena.allocate(1))
const around = [before, after].map((each) => arena.u8.subarray(arena.address(each), arena.address(each) + segmentBytes))
const inside = arena.u8.subarray(arena.address(segment), arena.address(segment) + segmentBytes)

interface Read {
  readonly rows: unknown[]
  readonly timestamps: Float64Array | undefined
  readonly hashes: Int32Array | undefined
  readonly gathered: unknown[] | undefined
  readonly keys: Int32Array
}

function readBetween(
  canary: number,
  bytes: Uint8Array,
  schema: Schema | undefined,
): Read | { readonly error: unknown } {
  const canaries = Buffer.alloc(segmentBytes, canary)
  for (const each of around) each.set(canaries)
  inside.fill(0)
  inside.set(bytes.subarray(0, segmentBytes))
  let read: Read | { readonly error: unknown }
  try {
    const batch = openBatch(arena, segment, schema)
    read = {
      rows: readRows(batch),
      timestamps: batch.timestampArray()?.slice(),
      hashes: batch.hashArray()?.slice(),
      gathered: gathered(batch),
      keys: keysOf(batch),
    }
  } catch (error) {
    read = { error }
  }
  for (const each of around) if (!canaries.equals(each)) throw new Error('memory outside of the segment was written')
  return read
}

/** Every other row, backwards, in a batch of their own. */
function gathered(batch: RecordBatch): unknown[] | undefined {
  const count = batch.rowCount >>> 1
  const selection = Int32Array.from({ length: count }, (_, i) => batch.rowCount - 1 - 2 * i)
  const made = gather(arena, 1, [{ batch, selection, count }], batch.schema)
  const rows = made && readRows(made.batch)
  made?.batch.release()
  return rows
}

function keysOf(batch: RecordBatch): Int32Array {
  const at = arena.scratch(1, 3)
  const [field] = batch.schema.fields
  if (field !== undefined && batch.rowCount > 0) hashColumns(batch, [field.name], at)
  return arena.i32.slice(at >>> 2, (at >>> 2) + (field === undefined ? 0 : batch.rowCount))
}

function decode(bytes: Uint8Array, schema: Schema | undefined): unknown {
  const first = readBetween(0x00, bytes, schema)
  const second = readBetween(0xa5, bytes, schema)
  if ('error' in first) {
    if (!('error' in second)) throw new Error('memory outside of the segment decides whether a batch is one')
    throw first.error
  }
  if (!isDeepStrictEqual(first, second)) throw new Error('memory outside of the segment was read')
  return first
}

const table = (bytes: Buffer): boolean => bytes.length >= headerBytes

/** Fingerprint and size of the table, for whatever the schema says now. */
function reseal(bytes: Uint8Array): Uint8Array {
  const batch = Buffer.from(bytes)
  if (!table(batch)) return batch
  const at = batch.readUInt32LE(16)
  try {
    const shape = shapeOf(parseSchema(batch.utf8Slice(at, at + batch.readUInt32LE(20))))
    batch.writeUInt32LE(shape.nodes, 32)
    batch.writeUInt32LE(shape.fingerprint, 36)
  } catch {
    // The damage is in the schema; then the batch stays as it is.
    return batch
  }
  return batch
}

export const columnTargets: readonly FuzzTarget[] = [
  {
    name: 'batch of a declared schema',
    codes,
    codesMin,
    seeds: () => goldenBatches.filter(({ schema }) => schema !== undefined).map(bytesOf),
    decode: (bytes) => decode(bytes, declared),
  },
  {
    name: 'batch that describes itself',
    codes,
    codesMin,
    seeds: () => goldenBatches.filter(({ schema }) => schema === undefined).map(bytesOf),
    decode: (bytes) => decode(bytes, undefined),
    reseal,
  },
  {
    name: 'value of any type',
    codes,
    codesMin,
    seeds: () => [...goldenValues, goldenValues].map((value) => Uint8Array.from(encodeValue(value))),
    decode: (bytes) => decodeValue(Buffer.from(bytes)),
  },
]
