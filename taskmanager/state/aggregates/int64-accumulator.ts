/**
 * Accumulators of int64, 16 bytes: of a sum an int128, so that neither rows nor panes in any order overflow it; of a least or
 * greatest value that value, and 1 when there is one. A sum that no int64 holds is an error when it is read.
 */
import type { Column, RecordBatch } from '../../../core/columns/batch.ts'
import { wideAt } from '../../../core/kernels/accumulator-twin.ts'
import type { DeclaredAggregate } from '../../../sdk/graph/nodes.ts'
import { stateErrors } from '../errors.ts'
import type { StateMemory } from '../memory.ts'
import type { StateRows } from '../rows.ts'
import { type Accumulator, notNumbers } from './accumulator.ts'
import type { ResultColumn } from './result-column.ts'

export class Int64Accumulator implements Accumulator {
  readonly aggregate: DeclaredAggregate
  readonly bytes = 16
  readonly #offset: number
  readonly #isSum: boolean
  readonly #max: number

  /** `offset`: from the start of an entry. */
  constructor(aggregate: DeclaredAggregate, offset: number) {
    this.aggregate = aggregate
    this.#offset = offset
    this.#isSum = aggregate.fn === 'sum'
    this.#max = aggregate.fn === 'max' ? 1 : 0
  }

  init({ i64 }: StateMemory, entry: number): void {
    const at = (entry + this.#offset) >>> 3
    i64[at] = 0n
    i64[at + 1] = 0n
  }

  load(rows: StateRows, batch: RecordBatch, column: Column, selection: Int32Array | undefined, n: number): boolean {
    const { kind } = column.field.type
    if (kind !== 'int64' && kind !== 'int32') return false
    rows.int64s(batch, column, selection, n, rows.values)
    return true
  }

  put(rows: StateRows, i: number, value: unknown): void {
    const whole = toInt64(value)
    if (whole === undefined) throw notNumbers(this.aggregate, `a ${typeof value} and no int64`)
    rows.memory.i64[(rows.values >>> 3) + i] = whole
  }

  apply(rows: StateRows, n: number, validity: number, out: ResultColumn | undefined): void {
    const { kernels, i64, u8 } = rows.memory
    const { addresses, values, none } = rows
    const to = out === undefined ? 0 : rows.out
    if (this.#isSum) {
      const fit = kernels.stateSumI64(addresses, this.#offset, values, n, validity, to)
      if (fit < n) throw this.#tooLarge(rows.memory, addresses, fit)
    } else kernels.stateExtremeI64(addresses, this.#offset, values, n, validity, this.#max, to, none)
    if (out === undefined) return
    out.bigints.set(i64.subarray(to >>> 3, (to >>> 3) + n))
    if (!this.#isSum) out.none.set(u8.subarray(none, none + n))
  }

  merge({ kernels }: StateMemory, addresses: number, sources: number, n: number): void {
    if (this.#isSum) kernels.stateMergeSumI64(addresses, this.#offset, sources, n)
    else kernels.stateMergeExtremeI64(addresses, this.#offset, sources, n, this.#max)
  }

  read(memory: StateMemory, addresses: number, n: number, scratch: number, { bigints, none }: ResultColumn): void {
    const { kernels, i64, u8 } = memory
    if (this.#isSum) {
      const fit = kernels.stateReadSumI64(addresses, this.#offset, n, scratch)
      if (fit < n) throw this.#tooLarge(memory, addresses, fit)
    } else {
      const flags = scratch + n * 8
      kernels.stateReadExtremeI64(addresses, this.#offset, n, scratch, flags)
      none.set(u8.subarray(flags, flags + n))
    }
    bigints.set(i64.subarray(scratch >>> 3, (scratch >>> 3) + n))
  }

  get(memory: StateMemory, entry: number): bigint | null {
    const at = (entry + this.#offset) >>> 3
    if (!this.#isSum) return memory.i64[at + 1] === 0n ? null : memory.i64[at]
    const sum = wideAt(memory.i64, at)
    if (!isInt64(sum)) throw this.#sumTooLarge(sum)
    return sum
  }

  set({ i64 }: StateMemory, entry: number, value: number, count: number): void {
    const at = (entry + this.#offset) >>> 3
    if (count === 0) return
    const whole = BigInt(value)
    i64[at] = whole
    i64[at + 1] = this.#isSum ? whole >> 64n : 1n
  }

  /** `row`: of the addresses at `addresses`. */
  #tooLarge({ u32, i64 }: StateMemory, addresses: number, row: number): Error {
    return this.#sumTooLarge(wideAt(i64, (u32[(addresses >>> 2) + row] + this.#offset) >>> 3))
  }

  #sumTooLarge(value: bigint): Error {
    const { field, as } = this.aggregate
    return stateErrors.create('SUM_TOO_LARGE', { field, aggregate: as, value })
  }
}

const isInt64 = (value: bigint): boolean => BigInt.asIntN(64, value) === value

/** A value as the int64 that it is; undefined: it is none. */
export function toInt64(value: unknown): bigint | undefined {
  const whole = typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : value
  return typeof whole === 'bigint' && isInt64(whole) ? whole : undefined
}
