/**
 * Routing by key: the key column is hashed once for the whole batch, the hashes travel with the rows, and selection
 * vectors split them. A key that a function computes travels as column `$key`.
 *
 * Concurrency: one thread.
 */
import type { Arena } from '../../core/arena/arena.ts'
import { spareOnly } from '../../core/arena/reserves.ts'
import { type Column, type RecordBatch, withField } from '../../core/columns/batch.ts'
import { encodeRows } from '../../core/columns/encode.ts'
import { hashColumns, hashValue, partition } from '../../core/columns/hash.ts'
import { rowReader } from '../../core/columns/rows.ts'
import type { Schema } from '../../core/columns/schema.ts'
import type { OperatorPlan } from '../../proto/jobgraph/plan.ts'
import type { KeySelector } from '../../sdk/graph/nodes.ts'
import type { RowBatch, Selection } from '../operators/operator.ts'
import { ColumnSpace } from './column-space.ts'
import { keyColumn, wireSchema } from './computed-key.ts'
import { blamedOn, checkKeys, noKey } from './key-errors.ts'
import type { Lane } from './lane.ts'
import type { Part, Router } from './router.ts'

export interface HashRouterOptions {
  readonly arena: Arena
  readonly selector: KeySelector
  /** Declared schema of the edge, with `$key` when the key is computed. */
  readonly schema: Schema | undefined
  /** Whose key it is: who is told when a record has none. */
  readonly operator?: OperatorPlan | undefined
}

export class HashRouter implements Router {
  readonly #arena: Arena
  readonly #selector: KeySelector
  readonly #keySchema: Schema | undefined
  readonly #channels: number
  readonly #hashes: ColumnSpace
  readonly #parts: readonly Part[]
  readonly #rows: unknown[] = []
  readonly #vectors: Int32Array[] = []
  readonly #keyOf: (row: unknown) => unknown
  readonly #operator: OperatorPlan | undefined
  /** The schema of a batch, and that with the key. */
  #from: Schema | undefined
  #to: Schema | undefined
  /** Segment of computed keys that the last `prepare` holds; -1: none. */
  #keySegment = -1
  readonly computedKeys: boolean

  constructor(options: HashRouterOptions, channels: number) {
    const { arena, selector, schema, operator } = options
    this.#arena = arena
    this.#operator = operator
    this.#selector = selector
    this.#channels = channels
    this.#hashes = new ColumnSpace(arena)
    this.#parts = Array.from({ length: channels }, () => ({ rows: new Int32Array(0), count: 0 }))
    this.#keyOf = keyReader(selector)
    const key = schema?.fields.find((field) => field.name === keyColumn)
    this.#keySchema = key && { record: 'value', fields: [{ ...key, name: '' }] }
    this.computedKeys = selector.kind === 'function'
  }

  prepare(batch: RecordBatch, original: RecordBatch, selection: Selection | undefined): RecordBatch | undefined {
    const selector = this.#selector
    let keyed = batch
    if (selector.kind === 'function') {
      const column = this.#returnedColumn(original)
      const attached =
        column === undefined
          ? this.#attach(batch, this.#computeKeys(original, selection))
          : this.#withKey(batch, column)
      if (attached === undefined) return undefined
      keyed = attached
    } else checkKeys(batch, selector.fields, selection, this.#operator)
    const hashes = this.#hashes.take(batch.rowCount * 4)
    if (hashes === 0) {
      this.done()
      return undefined
    }
    const fields = selector.kind === 'function' ? [keyColumn] : selector.fields
    hashColumns(keyed, fields, hashes, selector.kind === 'function' || selector.single)
    return keyed.with({ hashes, segments: [...keyed.segments, this.#hashes.segment] })
  }

  wholeBatch(): number {
    return -1
  }

  split(batch: RecordBatch, selection: Selection | undefined): readonly Part[] {
    const arena = this.#arena
    const count = selection?.count ?? batch.rowCount
    let selected = 0
    if (selection !== undefined) {
      const { rows } = selection
      // The kernel reads row numbers in the arena.
      const there = rows.buffer === arena.memory.buffer
      selected = there ? rows.byteOffset : arena.scratch(arena.owner, 4)
      if (!there) arena.i32.set(rows.subarray(0, count), selected >>> 2)
    }
    partition(arena, arena.owner, batch.hashes, selected, count, this.#channels, this.#vectors)
    for (let i = 0; i < this.#channels; i++) {
      const part = this.#parts[i]
      part.rows = this.#vectors[i]
      part.count = part.rows.length
    }
    return this.#parts
  }

  routeRows(rows: RowBatch, lanes: readonly Lane[]): void {
    const { timestamps, count } = rows
    const keyOf = this.#keyOf
    const channels = this.#channels
    let i = 0
    try {
      for (; i < count; i++) {
        const row = rows.rows[i]
        const key = keyOf(row)
        if (key === undefined) throw noKey(this.#selector, row)
        const hash = hashValue(key)
        const lane = lanes[((hash >>> 16) * channels) >>> 16]
        lane.rowsGroup().pushKeyed(row, timestamps === undefined ? Number.NaN : timestamps[i], hash, key)
        lane.rows++
      }
    } catch (error) {
      throw blamedOn(this.#operator, rows.rows[i], error)
    }
  }

  done(): void {
    if (this.#keySegment >= 0) this.#arena.release(this.#keySegment)
    this.#keySegment = -1
  }

  trim(): void {
    this.#hashes.close()
  }

  close(): void {
    this.done()
    this.#hashes.close()
  }

  /** The column that the key function does nothing but return, in the type in which keys travel. */
  #returnedColumn(batch: RecordBatch): Column | undefined {
    const selector = this.#selector
    if (selector.kind !== 'function' || selector.field === undefined) return undefined
    if ((selector.field === '') !== (batch.schema.record === 'value')) return undefined
    const at = batch.schema.fields.findIndex((field) => field.name === selector.field)
    const column = batch.columns[at] as Column | undefined
    if (column === undefined || column.validity !== 0) return undefined
    const { kind } = column.field.type
    const declared = this.#keySchema?.fields[0].type.kind
    return declared === kind || (declared === undefined && plainKinds.has(kind)) ? column : undefined
  }

  #computeKeys(batch: RecordBatch, selection: Selection | undefined): unknown[] {
    const rows = this.#rows
    const selector = this.#selector
    const count = selection?.count ?? batch.rowCount
    rowReader(batch.schema, selector.kind === 'function' ? selector.reads : undefined)(
      batch,
      rows,
      selection?.rows,
      count,
    )
    const keyOf = this.#keyOf
    const keys = new Array<unknown>(batch.rowCount)
    let i = 0
    try {
      for (; i < count; i++) {
        const key = keyOf(rows[i])
        if (key === undefined) throw noKey(selector, rows[i])
        keys[selection === undefined ? i : selection.rows[i]] = key
      }
    } catch (error) {
      throw blamedOn(this.#operator, rows[i], error)
    }
    // Rows that do not count take the key of one that does: the column has to be full.
    if (selection !== undefined) {
      const any = keys[selection.rows[0]]
      for (let row = 0; row < keys.length; row++) if (keys[row] === undefined) keys[row] = any
    }
    rows.length = 0
    return keys
  }

  /** The batch with the keys as its last column; undefined when there is no memory for them. */
  #attach(batch: RecordBatch, keys: readonly unknown[]): RecordBatch | undefined {
    const arena = this.#arena
    // Without a segment the records go as objects: those that must have one come first.
    const { account } = arena
    arena.account = spareOnly
    const encoded = encodeRows(arena, arena.owner, this.#keySchema, keys, 0, keys.length)
    arena.account = account
    if (encoded === undefined) return undefined
    const [segment] = encoded.batch.segments
    if (encoded.consumed < keys.length) {
      arena.release(segment)
      return undefined
    }
    this.#keySegment = segment
    const keyed = this.#withKey(batch, encoded.batch.columns[0])
    return keyed.with({ segments: [...batch.segments, segment] })
  }

  #withKey(batch: RecordBatch, values: Column): RecordBatch {
    // A key that an earlier edge computed stands behind the record's columns: it is not the record's.
    const own = batch.schema.fields.length
    const last = this.#to?.fields[own]
    if (batch.schema !== this.#from || last?.type !== values.field.type) {
      const fields = [...batch.schema.fields, { ...values.field, name: keyColumn }]
      this.#from = batch.schema
      this.#to = wireSchema({ record: 'object', fields })
    }
    const schema = this.#to as Schema
    const column = withField(values, { ...values.field, name: keyColumn })
    return batch.with({ schema, columns: [...batch.columns.slice(0, own), column] })
  }
}

/** Values that are their own keys in every form. */
const plainKinds: ReadonlySet<string> = new Set(['float64', 'timestamp', 'int32', 'int64', 'boolean', 'string'])

/** The key of a plain record. */
function keyReader(selector: KeySelector): (row: unknown) => unknown {
  if (selector.kind === 'function') return selector.select
  const { fields, single } = selector
  const [first] = fields
  if (single) return (row) => (row as Record<string, unknown>)[first]
  return (row) => {
    const key: Record<string, unknown> = {}
    for (const field of fields) key[field] = (row as Record<string, unknown>)[field]
    return key
  }
}
