/**
 * A batch of records as columns at addresses of an arena: what operators, exchanges and kernels pass around.
 *
 * Ownership: a batch is lent for the duration of a call. Who keeps it longer calls `retain` and later `release`; views
 * (`project`, `withColumns`) share the segments of their origin, and retaining a view retains those. Buffers are written
 * once, before a batch is handed on, and never after; strings of a source when they are first read (lazy-strings.ts).
 *
 * Columns: `float64`, `timestamp` and `date` are Float64 (an invalid date is NaN), `int32` Int32, `int64` BigInt64,
 * `boolean` a bit set; `string` (UTF-8), `bytes` and `any` (value-codec) are bytes with `rowCount` + 1 offsets; `list` has
 * offsets into its one child; `struct` has a child per field and no data. A row is null where the bit of `validity` is 0,
 * and undefined or absent instead of null where the bit of `missing` is 1 as well. With the flag `explicitUndefined`
 * another bit set follows `missing` (at `undefinedBits`): 1 where the property exists and is undefined.
 */
import type { Arena } from '../arena/arena.ts'
import { columnErrors } from './errors.ts'
import type { Field, Schema } from './schema.ts'

/** Rows a batch may have. */
export const maxBatchRows = 16384

export const columnFlags = {
  /** All bytes of the strings are below 128. */
  ascii: 1,
  /** Strings hold lone surrogates, written as three bytes each (WTF-8). */
  illFormed: 2,
  explicitUndefined: 4,
} as const

/** Not to be copied by `...`: reading is what writes a lazy one. See `withField`. */
export interface Column {
  readonly field: Field
  readonly rowCount: number
  /** Byte address; 0 for struct and list. */
  readonly data: number
  readonly dataBytes: number
  /** Address of rowCount + 1 Int32 for string, bytes, any and list; otherwise 0. */
  readonly offsets: number
  /** Address of a bit set, or 0: no row is null or missing. */
  readonly validity: number
  /** Address of a bit set, or 0: no row is missing. */
  readonly missing: number
  /** `columnFlags`. */
  readonly flags: number
  readonly children: readonly Column[]
}

/** The same column as another field. */
export const withField = (column: Column, field: Field): Column => ({
  field,
  rowCount: column.rowCount,
  data: column.data,
  dataBytes: column.dataBytes,
  offsets: column.offsets,
  validity: column.validity,
  missing: column.missing,
  flags: column.flags,
  children: column.children,
})

/** Bytes of a bit set of `rows` rows in a batch, padded so that another may follow. */
export const bitSetBytes = (rows: number): number => ((rows + 127) >>> 7) << 4

/** Address of the bits that tell undefined from absent, or 0. */
export const undefinedBits = (column: Column): number =>
  (column.flags & columnFlags.explicitUndefined) === 0 ? 0 : column.missing + bitSetBytes(column.rowCount)

export interface RecordBatchParts {
  readonly arena: Arena
  /** Whose references `retain` and `release` count. */
  readonly owner: number
  readonly schema: Schema
  readonly rowCount: number
  readonly columns: readonly Column[]
  readonly timestamps: number
  readonly hashes: number
  readonly segments: readonly number[]
  /** Absent: none. */
  readonly pools?: readonly number[]
}

export class RecordBatch {
  readonly kind = 'columns'
  readonly arena: Arena
  readonly owner: number
  readonly schema: Schema
  readonly rowCount: number
  readonly columns: readonly Column[]
  /** Address of a Float64 column of epoch ms, or 0. */
  readonly timestamps: number
  /** Address of an Int32 column of key hashes, or 0. */
  readonly hashes: number
  readonly segments: readonly number[]
  /** Segments that strings which nobody has read yet come from: held as long as the batch is. */
  readonly pools: readonly number[]

  constructor(parts: RecordBatchParts) {
    this.arena = parts.arena
    this.owner = parts.owner
    this.schema = parts.schema
    this.rowCount = parts.rowCount
    this.columns = parts.columns
    this.timestamps = parts.timestamps
    this.hashes = parts.hashes
    this.segments = parts.segments
    this.pools = parts.pools ?? none
  }

  /** Throws COLUMNS_NO_FIELD. */
  column(name: string): Column {
    for (const column of this.columns) if (column.field.name === name) return column
    throw noField(this.schema, name)
  }

  /** The same rows with only these columns, in this order; lent. Throws COLUMNS_NO_FIELD. */
  project(fields: readonly (string | number)[]): RecordBatch {
    const columns = fields.map((at) => {
      const column = typeof at === 'number' ? this.columns[at] : this.column(at)
      if (column === undefined) throw noField(this.schema, String(at))
      return column
    })
    return this.withColumns(columns)
  }

  /** The same rows, timestamps and hashes with other columns; lent. `segments` are those that the columns need in addition. */
  withColumns(columns: readonly Column[], segments: readonly number[] = []): RecordBatch {
    const schema = internSchema({ record: this.schema.record, fields: columns.map((column) => column.field) })
    return this.with({
      schema,
      columns,
      segments: segments.length === 0 ? this.segments : [...this.segments, ...segments],
    })
  }

  /** A view with some parts replaced; lent. */
  with(parts: Partial<RecordBatchParts>): RecordBatch {
    return new RecordBatch({
      arena: parts.arena ?? this.arena,
      owner: parts.owner ?? this.owner,
      schema: parts.schema ?? this.schema,
      rowCount: parts.rowCount ?? this.rowCount,
      columns: parts.columns ?? this.columns,
      timestamps: parts.timestamps ?? this.timestamps,
      hashes: parts.hashes ?? this.hashes,
      segments: parts.segments ?? this.segments,
      pools: parts.pools ?? this.pools,
    })
  }

  /** One more reference to all of its memory. */
  retain(): this {
    for (const segment of this.segments) this.arena.retain(segment, this.owner)
    for (const segment of this.pools) this.arena.retain(segment, this.owner)
    return this
  }

  release(): void {
    for (const segment of this.segments) this.arena.release(segment, this.owner)
    for (const segment of this.pools) this.arena.release(segment, this.owner)
  }

  /** Event times, or undefined; lent. */
  timestampArray(): Float64Array | undefined {
    if (this.timestamps === 0) return undefined
    return this.arena.f64.subarray(this.timestamps >>> 3, (this.timestamps >>> 3) + this.rowCount)
  }

  /** Key hashes, or undefined; lent. */
  hashArray(): Int32Array | undefined {
    if (this.hashes === 0) return undefined
    return this.arena.i32.subarray(this.hashes >>> 2, (this.hashes >>> 2) + this.rowCount)
  }

  /** A float64, timestamp or date column as an array; lent. Rows that are null hold 0. Throws COLUMNS_WRONG_COLUMN. */
  float64(name: string): Float64Array {
    const column = this.column(name)
    const { kind } = column.field.type
    if (kind !== 'float64' && kind !== 'timestamp' && kind !== 'date')
      throw columnErrors.create('WRONG_COLUMN', { field: name, actual: kind, expected: 'float64' })
    return this.arena.f64.subarray(column.data >>> 3, (column.data >>> 3) + this.rowCount)
  }
}

const none: readonly number[] = []

const noField = (schema: Schema, field: string): Error =>
  columnErrors.create('NO_FIELD', { field, fields: schema.fields.map((f) => f.name).join(', ') })

const interned = new Map<string, Schema>()
const textOf = new WeakMap<Schema, string>()
const schemasMax = 4096

/** One object per content, so that schemas compare by identity and generated code is cached by it. */
export function internSchema(schema: Schema): Schema {
  const text = schemaText(schema)
  const known = interned.get(text)
  if (known !== undefined) return known
  // Adaptive streams of ever new shapes must not grow without bound; what is dropped is only compiled again.
  if (interned.size >= schemasMax) interned.clear()
  interned.set(text, schema)
  return schema
}

/** The JSON of a schema with its keys in one order: equal schemas have equal texts. */
export function schemaText(schema: Schema): string {
  let text = textOf.get(schema)
  if (text === undefined) {
    text = JSON.stringify({ record: schema.record, fields: schema.fields.map(canonicalField) })
    textOf.set(schema, text)
  }
  return text
}

function canonicalField(field: Field): unknown {
  const { type } = field
  return {
    name: field.name,
    type:
      type.kind === 'struct'
        ? { kind: type.kind, fields: type.fields.map(canonicalField) }
        : type.kind === 'list'
          ? { kind: type.kind, item: canonicalField(type.item) }
          : { kind: type.kind },
    ...(field.nullable === true ? { nullable: true } : {}),
    ...(field.optional === true ? { optional: true } : {}),
  }
}
