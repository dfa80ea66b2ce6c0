/**
 * Routing by key: the key column is hashed once for the whole batch, the hashes travel with the rows, and selection
 * vectors split them. A key that a function computes travels as column `$key`.
 *
 * Concurrency: one thread.
 */
import type { Arena } from '../../core/arena/arena.ts'
import type { Column, RecordBatch } from '../../core/columns/batch.ts'
import { encodeRows } from '../../core/columns/encode.ts'
import { hashColumns, hashValue, partition } from '../../core/columns/hash.ts'
import { rowReader } from '../../core/columns/rows.ts'
import type { Schema } from '../../core/columns/schema.ts'
import type { KeySelector } from '../../sdk/graph/nodes.ts'
import type { RowBatch, Selection } from '../operators/operator.ts'
import { ColumnSpace } from './column-space.ts'
import { keyColumn, wireSchema } from './computed-key.ts'
import type { Lane } from './lane.ts'
import type { Part, Router } from './router.ts'

export interface HashRouterOptions {
  readonly arena: Arena
  readonly selector: KeySelector
  /** Declared schema of the edge, with `$key` when the key is computed. */
  readonly schema: Schema | undefined
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
  /** Segment of computed keys that the last `prepare` holds; -1: none. */
  #keySegment = -1
  readonly computedKeys: boolean

  constructor(options: HashRouterOptions, channels: number) {
    const { arena, selector, schema } = options
    this.#arena = arena
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
    let keyed = batch
    if (this.#selector.kind === 'function') {
      const keys = this.#computeKeys(original, selection)
      const attached = this.#attach(batch, keys)
      if (attached === undefined) return undefined
      keyed = attached
    }
    const hashes = this.#hashes.take(batch.rowCount * 4)
    if (hashes === 0) {
      this.done()
      return undefined
    }
    const fields = this.#selector.kind === 'function' ? [keyColumn] : this.#selector.fields
    hashColumns(keyed, fields, hashes, this.#selector.kind === 'function' || this.#selector.single)
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
    for (let i = 0; i < count; i++) {
      const row = rows.rows[i]
      const key = keyOf(row)
      const hash = hashValue(key)
      const lane = lanes[((hash >>> 16) * channels) >>> 16]
      lane.rowsGroup().pushKeyed(row, timestamps === undefined ? Number.NaN : timestamps[i], hash, key)
      lane.rows++
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

  #computeKeys(batch: RecordBatch, selection: Selection | undefined): unknown[] {
    const rows = this.#rows
    const reads = this.#selector.kind === 'function' ? this.#selector.reads : undefined
    const count = selection?.count ?? batch.rowCount
    rowReader(batch.schema, reads)(batch, rows, selection?.rows, count)
    rows.length = count
    const keyOf = this.#keyOf
    if (selection === undefined) return Array.from(rows, (row) => keyOf(row))
    // Rows that do not count take the key of one that does: the column has to be full.
    const keys = new Array<unknown>(batch.rowCount).fill(keyOf(rows[0]))
    for (let i = 0; i < selection.count; i++) keys[selection.rows[i]] = keyOf(rows[i])
    return keys
  }

  /** The batch with the keys as its last column; undefined when there is no memory for them. */
  #attach(batch: RecordBatch, keys: readonly unknown[]): RecordBatch | undefined {
    const arena = this.#arena
    const encoded = encodeRows(arena, arena.owner, this.#keySchema, keys, 0, keys.length)
    if (encoded === undefined) return undefined
    const [segment] = encoded.batch.segments
    if (encoded.consumed < keys.length) {
      arena.release(segment)
      return undefined
    }
    this.#keySegment = segment
    const [values] = encoded.batch.columns
    const column: Column = { ...values, field: { ...values.field, name: keyColumn } }
    // A key that an earlier edge computed stands behind the record's columns: it is not the record's.
    const columns = [...batch.columns.slice(0, batch.schema.fields.length), column]
    const schema = wireSchema({ record: 'object', fields: columns.map((each) => each.field) })
    return batch.with({ schema, columns, segments: [...batch.segments, segment] })
  }
}

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
