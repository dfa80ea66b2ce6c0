/**
 * Accumulators of numbers: a float64, and a second one for the count of an average. Without any value a sum is 0 and the
 * others are NaN; NaN counts.
 */
import { assert } from '../../../core/assert.ts'
import type { Column, RecordBatch } from '../../../core/columns/batch.ts'
import { noValueHigh, noValueLow } from '../../../core/kernels/state-signature.ts'
import type { DeclaredAggregate } from '../../../sdk/graph/nodes.ts'
import type { StateMemory } from '../memory.ts'
import { isNumberColumn, type StateRows } from '../rows.ts'
import { type Accumulator, notNumbers } from './accumulator.ts'
import type { ResultColumn } from './result-column.ts'

export class NumberAccumulator implements Accumulator {
  readonly aggregate: DeclaredAggregate
  readonly bytes: number
  readonly #offset: number
  /** Of the count of an average. */
  readonly #countOffset: number

  /** `offset`: from the start of an entry. */
  constructor(aggregate: DeclaredAggregate, offset: number) {
    assert(aggregate.fn === 'count' || aggregate.field !== undefined, `${aggregate.fn} has a field`)
    this.aggregate = aggregate
    this.#offset = offset
    this.#countOffset = offset + 8
    this.bytes = aggregate.fn === 'avg' ? 16 : 8
  }

  init({ u32, f64 }: StateMemory, entry: number): void {
    const { fn } = this.aggregate
    const at = (entry + this.#offset) >>> 3
    f64[at] = 0
    if (fn === 'avg') f64[at + 1] = 0
    if (fn === 'min' || fn === 'max') {
      u32[2 * at] = noValueLow
      u32[2 * at + 1] = noValueHigh
    }
  }

  load(rows: StateRows, batch: RecordBatch, column: Column, selection: Int32Array | undefined, n: number): boolean {
    if (this.aggregate.fn === 'count') return column.field.type.kind !== 'any'
    if (!isNumberColumn(column)) return false
    rows.numbers(batch, column, selection, n, rows.values)
    return true
  }

  put(rows: StateRows, i: number, value: unknown): void {
    if (this.aggregate.fn === 'count') return
    rows.memory.f64[(rows.values >>> 3) + i] = this.#toNumber(value)
  }

  apply(rows: StateRows, n: number, validity: number, out: ResultColumn | undefined): void {
    const { kernels } = rows.memory
    const { addresses, values } = rows
    const to = out === undefined ? 0 : rows.out
    switch (this.aggregate.fn) {
      case 'count':
        kernels.stateCount(addresses, this.#offset, n, validity, to)
        break
      case 'sum':
        kernels.stateSum(addresses, this.#offset, values, n, validity, to)
        break
      case 'avg':
        kernels.stateSum(addresses, this.#offset, values, n, validity, to)
        kernels.stateCount(addresses, this.#countOffset, n, validity, out === undefined ? 0 : values)
        break
      default:
        kernels.stateExtreme(addresses, this.#offset, values, n, validity, this.#isMax, to)
    }
    if (out === undefined) return
    const { f64 } = rows.memory
    out.numbers.set(f64.subarray(to >>> 3, (to >>> 3) + n))
    if (this.aggregate.fn === 'avg') for (let i = 0; i < n; i++) out.numbers[i] /= f64[(values >>> 3) + i]
  }

  merge({ kernels }: StateMemory, addresses: number, sources: number, n: number): void {
    const { fn } = this.aggregate
    if (fn === 'min' || fn === 'max') {
      kernels.stateMergeExtreme(addresses, this.#offset, sources, n, this.#isMax)
      return
    }
    kernels.stateMergeSum(addresses, this.#offset, sources, n)
    if (fn === 'avg') kernels.stateMergeSum(addresses, this.#countOffset, sources, n)
  }

  read({ kernels, f64 }: StateMemory, addresses: number, n: number, scratch: number, { numbers }: ResultColumn): void {
    const from = scratch >>> 3
    kernels.stateRead(addresses, this.#offset, n, scratch)
    numbers.set(f64.subarray(from, from + n))
    if (this.aggregate.fn !== 'avg') return
    kernels.stateRead(addresses, this.#countOffset, n, scratch)
    for (let i = 0; i < n; i++) numbers[i] /= f64[from + i]
  }

  get({ f64 }: StateMemory, entry: number): number {
    const value = f64[(entry + this.#offset) >>> 3]
    return this.aggregate.fn === 'avg' ? value / f64[(entry + this.#countOffset) >>> 3] : value
  }

  set({ f64 }: StateMemory, entry: number, value: number, count: number): void {
    const { fn } = this.aggregate
    if (count > 0 || fn === 'sum') f64[(entry + this.#offset) >>> 3] = fn === 'count' ? count : value
    if (fn === 'avg') f64[(entry + this.#countOffset) >>> 3] = count
  }

  get #isMax(): number {
    return this.aggregate.fn === 'max' ? 1 : 0
  }

  #toNumber(value: unknown): number {
    if (typeof value === 'number') return value
    if (typeof value === 'bigint') return Number(value)
    if (value instanceof Date) return value.getTime()
    throw notNumbers(this.aggregate, typeof value)
  }
}
