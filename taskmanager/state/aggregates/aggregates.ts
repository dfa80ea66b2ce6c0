/**
 * Declared aggregates as accumulators in the entries of a key table, one behind the other. One kernel pass per accumulator.
 *
 * In a run: the accumulators as they lie in memory, in order; part of the snapshot format (proto/FORMATS.md).
 */
import type { RecordBatch } from '../../../core/columns/batch.ts'
import { readColumn } from '../../../core/columns/rows.ts'
import type { DeclaredAggregate } from '../../../sdk/graph/nodes.ts'
import { stateErrors } from '../errors.ts'
import type { StateMemory } from '../memory.ts'
import type { StateRows } from '../rows.ts'
import type { Accumulator } from './accumulator.ts'
import { Int64Accumulator } from './int64-accumulator.ts'
import { NumberAccumulator } from './number-accumulator.ts'
import type { ResultColumn } from './result-column.ts'

export class Aggregates {
  readonly bytes: number
  readonly #offset: number
  readonly #accumulators: readonly Accumulator[]

  /** `offset`: of the first accumulator in an entry. */
  constructor(aggregates: readonly DeclaredAggregate[], offset: number) {
    this.#offset = offset
    let at = offset
    this.#accumulators = aggregates.map((aggregate) => {
      const accumulator = aggregate.int64 ? new Int64Accumulator(aggregate, at) : new NumberAccumulator(aggregate, at)
      at += accumulator.bytes
      return accumulator
    })
    this.bytes = at - offset
  }

  get count(): number {
    return this.#accumulators.length
  }

  /** Writes the accumulators of a new entry. */
  init(memory: StateMemory, entry: number): void {
    for (const accumulator of this.#accumulators) accumulator.init(memory, entry)
  }

  /** Adds rows of a batch to the entries at `rows.addresses`. `out`: gets the results after each row, per aggregate. */
  update(
    rows: StateRows,
    n: number,
    batch: RecordBatch,
    selection: Int32Array | undefined,
    out: readonly ResultColumn[] | undefined,
  ): void {
    for (let a = 0; a < this.#accumulators.length; a++) {
      const accumulator = this.#accumulators[a]
      const { field } = accumulator.aggregate
      let validity = 0
      if (field !== undefined) {
        const column = batch.column(field)
        if (accumulator.load(rows, batch, column, selection, n)) validity = rows.validBits(batch, column, selection, n)
        else {
          const values = readColumn(batch, field)
          validity = putAll(accumulator, rows, n, (i) => values[selection === undefined ? i : selection[i]])
        }
      }
      accumulator.apply(rows, n, validity, out?.[a])
    }
  }

  /** The same from plain rows. */
  updateRows(
    rows: StateRows,
    n: number,
    records: (i: number) => unknown,
    out: readonly ResultColumn[] | undefined,
  ): void {
    for (let a = 0; a < this.#accumulators.length; a++) {
      const accumulator = this.#accumulators[a]
      const { field } = accumulator.aggregate
      const validity = field === undefined ? 0 : putAll(accumulator, rows, n, (i) => fieldOf(records(i), field))
      accumulator.apply(rows, n, validity, out?.[a])
    }
  }

  /** Adds the accumulators of entries at `sources` to those at `addresses` (addresses of arrays of addresses). */
  merge(memory: StateMemory, addresses: number, sources: number, n: number): void {
    for (const accumulator of this.#accumulators) accumulator.merge(memory, addresses, sources, n)
  }

  /** Results of the entries at `addresses`, one column per aggregate. `scratch`: address of n * `readBytes` bytes. */
  read(memory: StateMemory, addresses: number, n: number, scratch: number, out: readonly ResultColumn[]): void {
    for (let a = 0; a < this.#accumulators.length; a++)
      this.#accumulators[a].read(memory, addresses, n, scratch, out[a])
  }

  /** Result of one entry; null: an int64 that there is not. */
  get(memory: StateMemory, entry: number, index: number): number | bigint | null {
    return this.#accumulators[index].get(memory, entry)
  }

  /** Makes aggregate `index` of a new entry what `count` values gave: a sum, a least or greatest one, or nothing for a count. */
  set(memory: StateMemory, entry: number, index: number, value: number, count: number): void {
    this.#accumulators[index].set(memory, entry, value, count)
  }

  /** Accumulators of the entry at `address`, for a run; lent. */
  encode(memory: StateMemory, address: number): Uint8Array {
    return memory.u8.subarray(address + this.#offset, address + this.#offset + this.bytes)
  }

  /** Takes what `encode` gave, at `start` to `end` of `bytes`. Throws STATE_MALFORMED. */
  decode(memory: StateMemory, bytes: Uint8Array, start: number, end: number, address: number, state: string): void {
    if (end - start !== this.bytes) throw wrongLength(state, end - start, this.bytes)
    const { u8 } = memory
    const to = address + this.#offset
    for (let i = 0; i < this.bytes; i++) u8[to + i] = bytes[start + i]
  }
}

/** Of an entry in a run. */
export function wrongLength(state: string, actual: number, expected: number): Error {
  return stateErrors.create('MALFORMED', {
    state,
    reason: `an entry has ${actual / 8} accumulators instead of ${expected / 8}`,
  })
}

/** Values one by one; returns the address of their validity bits. */
function putAll(accumulator: Accumulator, rows: StateRows, n: number, valueAt: (i: number) => unknown): number {
  const { u8 } = rows.memory
  u8.fill(0, rows.validity, rows.validity + ((n + 7) >>> 3))
  for (let i = 0; i < n; i++) {
    const value = valueAt(i)
    if (value === undefined || value === null) continue
    u8[rows.validity + (i >>> 3)] |= 1 << (i & 7)
    accumulator.put(rows, i, value)
  }
  return rows.validity
}

/** A field of a record; the record itself where the field is ''. */
function fieldOf(record: unknown, field: string): unknown {
  if (field === '') return record
  return typeof record === 'object' && record !== null ? (record as Record<string, unknown>)[field] : undefined
}
