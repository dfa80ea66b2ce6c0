/**
 * Declared aggregates as accumulators in the entries of a key table: eight bytes each, two for an average. One kernel
 * pass per accumulator. null and undefined are skipped, NaN counts; without any value sum is 0 and the others are NaN.
 *
 * In a run: the accumulators as float64, little-endian, in order; part of the snapshot format (proto/FORMATS.md).
 */
import { assert } from '../../core/assert.ts'
import type { RecordBatch } from '../../core/columns/batch.ts'
import { readColumn } from '../../core/columns/rows.ts'
import { noValueHigh, noValueLow } from '../../core/kernels/state-signature.ts'
import type { DeclaredAggregate } from '../../sdk/graph/nodes.ts'
import { stateErrors } from './errors.ts'
import type { StateMemory } from './memory.ts'
import { isNumberColumn, type StateRows } from './rows.ts'

interface Accumulator {
  readonly aggregate: DeclaredAggregate
  /** Bytes from the start of an entry. */
  readonly offset: number
  /** Of the count of an average. */
  readonly countOffset: number
}

export class Aggregates {
  readonly bytes: number
  readonly #offset: number
  readonly #accumulators: readonly Accumulator[]

  /** `offset`: of the first accumulator in an entry. */
  constructor(aggregates: readonly DeclaredAggregate[], offset: number) {
    this.#offset = offset
    let at = offset
    this.#accumulators = aggregates.map((aggregate) => {
      assert(aggregate.fn === 'count' || aggregate.field !== undefined, `${aggregate.fn} has a field`)
      const accumulator = { aggregate, offset: at, countOffset: at + 8 }
      at += aggregate.fn === 'avg' ? 16 : 8
      return accumulator
    })
    this.bytes = at - offset
  }

  get count(): number {
    return this.#accumulators.length
  }

  /** Writes the accumulators of a new entry. */
  init(memory: StateMemory, entry: number): void {
    const { u32, f64 } = memory
    for (const { aggregate, offset } of this.#accumulators) {
      const at = (entry + offset) >>> 3
      f64[at] = 0
      if (aggregate.fn === 'avg') f64[at + 1] = 0
      if (aggregate.fn === 'min' || aggregate.fn === 'max') {
        u32[2 * at] = noValueLow
        u32[2 * at + 1] = noValueHigh
      }
    }
  }

  /** Adds rows of a batch to the entries at `rows.addresses`. `out`: byte addresses in the batch's arena, or undefined. */
  update(
    rows: StateRows,
    n: number,
    batch: RecordBatch,
    selection: Int32Array | undefined,
    out: readonly number[] | undefined,
  ): void {
    for (let a = 0; a < this.#accumulators.length; a++) {
      const { aggregate } = this.#accumulators[a]
      let validity = 0
      if (aggregate.field !== undefined) {
        const column = batch.column(aggregate.field)
        if (aggregate.fn === 'count' && column.field.type.kind !== 'any') {
          validity = rows.validBits(batch, column, selection, n)
        } else if (isNumberColumn(column)) {
          rows.numbers(batch, column, selection, n, rows.values)
          validity = rows.validBits(batch, column, selection, n)
        } else {
          const values = readColumn(batch, aggregate.field)
          validity = this.#values(rows, n, aggregate, (i) => values[selection === undefined ? i : selection[i]])
        }
      }
      this.#apply(rows, n, a, validity, out !== undefined)
      if (out !== undefined) {
        const from = rows.out >>> 3
        batch.arena.f64.set(rows.memory.f64.subarray(from, from + n), out[a] >>> 3)
      }
    }
  }

  /** The same from plain rows. */
  updateRows(
    rows: StateRows,
    n: number,
    records: (i: number) => unknown,
    out: readonly Float64Array[] | undefined,
  ): void {
    for (let a = 0; a < this.#accumulators.length; a++) {
      const { aggregate } = this.#accumulators[a]
      const { field } = aggregate
      const validity = field === undefined ? 0 : this.#values(rows, n, aggregate, (i) => fieldOf(records(i), field))
      this.#apply(rows, n, a, validity, out !== undefined)
      if (out !== undefined) {
        const from = rows.out >>> 3
        out[a].set(rows.memory.f64.subarray(from, from + n))
      }
    }
  }

  /** Adds the accumulators of entries at `sources` to those at `addresses` (addresses of arrays of addresses). */
  merge(memory: StateMemory, addresses: number, sources: number, n: number): void {
    const { kernels } = memory
    for (const { aggregate, offset, countOffset } of this.#accumulators) {
      if (aggregate.fn === 'min' || aggregate.fn === 'max') {
        kernels.stateMergeExtreme(addresses, offset, sources, n, aggregate.fn === 'max' ? 1 : 0)
      } else {
        kernels.stateMergeSum(addresses, offset, sources, n)
        if (aggregate.fn === 'avg') kernels.stateMergeSum(addresses, countOffset, sources, n)
      }
    }
  }

  /** Results of the entries at `addresses`, one array per aggregate. `scratch`: address of 8 * n bytes. */
  read(memory: StateMemory, addresses: number, n: number, scratch: number, out: readonly Float64Array[]): void {
    const { kernels } = memory
    const from = scratch >>> 3
    this.#accumulators.forEach(({ aggregate, offset, countOffset }, a) => {
      kernels.stateRead(addresses, offset, n, scratch)
      out[a].set(memory.f64.subarray(from, from + n))
      if (aggregate.fn !== 'avg') return
      kernels.stateRead(addresses, countOffset, n, scratch)
      for (let i = 0; i < n; i++) out[a][i] /= memory.f64[from + i]
    })
  }

  /** Result of one entry. */
  get(memory: StateMemory, entry: number, index: number): number {
    const { aggregate, offset, countOffset } = this.#accumulators[index]
    const value = memory.f64[(entry + offset) >>> 3]
    return aggregate.fn === 'avg' ? value / memory.f64[(entry + countOffset) >>> 3] : value
  }

  /** Makes aggregate `index` of a new entry what `count` values gave: a sum, a least or greatest one, or nothing for a count. */
  set(memory: StateMemory, entry: number, index: number, value: number, count: number): void {
    const { aggregate, offset, countOffset } = this.#accumulators[index]
    const { fn } = aggregate
    if (count > 0 || fn === 'sum') memory.f64[(entry + offset) >>> 3] = fn === 'count' ? count : value
    if (fn === 'avg') memory.f64[(entry + countOffset) >>> 3] = count
  }

  /** Accumulators of the entry at `address`, for a run; lent. */
  encode(memory: StateMemory, address: number): Uint8Array {
    return memory.u8.subarray(address + this.#offset, address + this.#offset + this.bytes)
  }

  /** Takes what `encode` gave, at `start` to `end` of `bytes`. Throws STATE_MALFORMED. */
  decode(memory: StateMemory, bytes: Uint8Array, start: number, end: number, address: number, state: string): void {
    if (end - start !== this.bytes) {
      throw stateErrors.create('MALFORMED', {
        state,
        reason: `an entry has ${(end - start) / 8} accumulators instead of ${this.bytes / 8}`,
      })
    }
    const { u8 } = memory
    const to = address + this.#offset
    for (let i = 0; i < this.bytes; i++) u8[to + i] = bytes[start + i]
  }

  #apply(rows: StateRows, n: number, index: number, validity: number, running: boolean): void {
    const { kernels } = rows.memory
    const { aggregate, offset, countOffset } = this.#accumulators[index]
    const { addresses, values } = rows
    const out = running ? rows.out : 0
    switch (aggregate.fn) {
      case 'count':
        kernels.stateCount(addresses, offset, n, validity, out)
        return
      case 'sum':
        kernels.stateSum(addresses, offset, values, n, validity, out)
        return
      case 'min':
      case 'max':
        kernels.stateExtreme(addresses, offset, values, n, validity, aggregate.fn === 'max' ? 1 : 0, out)
        return
      default: {
        kernels.stateSum(addresses, offset, values, n, validity, out)
        kernels.stateCount(addresses, countOffset, n, validity, running ? values : 0)
        if (!running) return
        const { f64 } = rows.memory
        for (let i = 0; i < n; i++) f64[(out >>> 3) + i] /= f64[(values >>> 3) + i]
      }
    }
  }

  /** Numbers one by one; returns the address of their validity bits. */
  #values(rows: StateRows, n: number, aggregate: DeclaredAggregate, valueAt: (i: number) => unknown): number {
    const { f64, u8 } = rows.memory
    const at = rows.values >>> 3
    u8.fill(0, rows.validity, rows.validity + ((n + 7) >>> 3))
    for (let i = 0; i < n; i++) {
      const value = valueAt(i)
      if (value === undefined || value === null) continue
      u8[rows.validity + (i >>> 3)] |= 1 << (i & 7)
      if (aggregate.fn !== 'count') f64[at + i] = toNumber(value, aggregate)
    }
    return rows.validity
  }
}

function toNumber(value: unknown, aggregate: DeclaredAggregate): number {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof Date) return value.getTime()
  throw stateErrors.create('NOT_NUMBERS', { aggregate: aggregate.as, field: aggregate.field, actual: typeof value })
}

/** What an aggregate with a field adds for a record: undefined for null and undefined; 0 where it only counts. */
export function numberOf(record: unknown, aggregate: DeclaredAggregate): number | undefined {
  const value = fieldOf(record, aggregate.field ?? '')
  if (value === undefined || value === null) return undefined
  return aggregate.fn === 'count' ? 0 : toNumber(value, aggregate)
}

/** A field of a record; the record itself where the field is ''. */
function fieldOf(record: unknown, field: string): unknown {
  if (field === '') return record
  return typeof record === 'object' && record !== null ? (record as Record<string, unknown>)[field] : undefined
}
