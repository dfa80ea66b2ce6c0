/**
 * What the golden files of columns hold: batches of all types, with and without their schema, and values of the codec of
 * `any`. Bytes are as they travel.
 */
import { Arena } from '../../../core/arena/arena.ts'
import { encodeRows } from '../../../core/columns/encode.ts'
import { batchBytes } from '../../../core/columns/layout.ts'
import type { Schema } from '../../../core/columns/schema.ts'
import { encodeValue } from '../../../core/columns/value-codec.ts'

export interface GoldenBatch {
  readonly name: string
  /** The schema declared on the edge; undefined: the batch has it. */
  readonly schema?: Schema
  readonly rows: readonly unknown[]
  readonly timestamps?: readonly number[]
  readonly hashes?: readonly number[]
}

export const declared: Schema = {
  record: 'object',
  fields: [
    { name: 'float', type: { kind: 'float64' } },
    { name: 'whole', type: { kind: 'int32' }, nullable: true },
    { name: 'long', type: { kind: 'int64' }, optional: true },
    { name: 'ok', type: { kind: 'boolean' } },
    { name: 'text', type: { kind: 'string' } },
    { name: 'ascii', type: { kind: 'string' }, nullable: true, optional: true },
    { name: 'raw', type: { kind: 'bytes' } },
    { name: 'at', type: { kind: 'timestamp' } },
    { name: 'date', type: { kind: 'date' }, nullable: true },
    {
      name: 'place',
      type: {
        kind: 'struct',
        fields: [
          { name: 'x', type: { kind: 'float64' } },
          { name: 'tag', type: { kind: 'string' }, optional: true },
        ],
      },
      nullable: true,
    },
    { name: 'list', type: { kind: 'list', item: { name: '', type: { kind: 'string' }, nullable: true } } },
    { name: 'any', type: { kind: 'any' } },
  ],
}

const full = {
  float: -0,
  whole: -2147483648,
  long: -9223372036854775808n,
  ok: true,
  text: 'Grüße 👋',
  ascii: 'plain',
  raw: new Uint8Array([0, 255, 7]),
  at: 1_700_000_000_000.5,
  date: new Date(-1),
  place: { x: 1.5, tag: 'a' },
  list: ['one', null, ''],
  any: { nested: [1n, new Map([['k', new Date(Number.NaN)]])] },
}

export const goldenBatches: readonly GoldenBatch[] = [
  {
    name: 'all types, declared',
    schema: declared,
    rows: [
      full,
      {
        float: Number.NaN,
        whole: null,
        ok: false,
        text: '',
        ascii: null,
        raw: new Uint8Array(),
        at: 0,
        date: null,
        place: null,
        list: [],
        any: null,
      },
      { ...full, long: undefined, ascii: undefined, date: new Date(Number.NaN), place: { x: 2 }, any: undefined },
    ],
    timestamps: [1_700_000_000_000, Number.NaN, -1],
    hashes: [0, -1, 2147483647],
  },
  { name: 'no rows, declared', schema: declared, rows: [] },
  {
    name: 'records that describe themselves',
    rows: Array.from({ length: 19 }, (_, i) => ({
      id: i,
      name: `n${i}`,
      lone: i === 3 ? '\ud83d' : 'é',
      deep: { list: [{ a: i }], ...(i % 2 === 0 ? { b: null } : {}) },
      mixed: i % 2 === 0 ? i : `m${i}`,
    })),
    timestamps: Array.from({ length: 19 }, (_, i) => i * 1000),
  },
  { name: 'bare values', rows: ['a', null, 'b'], hashes: [1, 2, 3] },
]

export const goldenValues: readonly unknown[] = [
  0,
  -0,
  1.5,
  Number.NaN,
  Number.NEGATIVE_INFINITY,
  -2147483648,
  2147483648,
  true,
  false,
  null,
  undefined,
  '',
  'Grüße',
  '👋 \ud800',
  'x'.repeat(200),
  1n,
  -(2n ** 63n),
  2n ** 200n,
  new Date(0),
  new Date(Number.NaN),
  new Uint8Array([1, 2, 3]),
  // biome-ignore lint/suspicious/noSparseArray: a hole is what is kept
  [1, , undefined, [null]],
  { b: 1, a: { 2: 'two' }, ['__proto__']: 3 },
  Object.assign(Object.create(null) as object, { bare: true }),
  new Map<unknown, unknown>([
    [{ key: 1 }, new Set(['x', 2n])],
    [Number.NaN, []],
  ]),
]

/** An arena of its own for one batch, whose bytes begin as zeros. */
export const smallArena = (): Arena =>
  Arena.create({ bytes: 4 * 16384, segmentBytes: 16384, largeSegments: 0, owner: 1 })

export function bytesOf({ schema, rows, timestamps, hashes }: GoldenBatch): Uint8Array {
  const arena = smallArena()
  const made = encodeRows(
    arena,
    1,
    schema,
    rows,
    0,
    rows.length,
    timestamps,
    hashes === undefined ? undefined : Int32Array.from(hashes),
  )
  if (made === undefined || made.consumed !== rows.length) throw new Error('the rows do not fit')
  return Uint8Array.from(batchBytes(made.batch))
}

/** Puts the bytes of a batch into a segment, held by the arena's owner. */
export function place(arena: Arena, bytes: Uint8Array): number {
  const segment = arena.allocate(arena.owner)
  arena.u8.set(bytes, arena.address(segment))
  return segment
}

export interface GoldenFile {
  readonly batches: readonly { readonly name: string; readonly base64: string }[]
  readonly values: readonly { readonly what: string; readonly hex: string }[]
}

export const makeGolden = (): GoldenFile => ({
  batches: goldenBatches.map((batch) => ({ name: batch.name, base64: Buffer.from(bytesOf(batch)).toString('base64') })),
  values: goldenValues.map((value) => ({
    what: Object.prototype.toString.call(value).slice(8, -1),
    hex: Buffer.from(encodeValue(value)).toString('hex'),
  })),
})

