/**
 * Sessions on their way out: collects those that fire and reads them as a slice. Reused from slice to slice.
 */
import { readBytes } from '../aggregates/accumulator.ts'
import type { Aggregates } from '../aggregates/aggregates.ts'
import { ResultColumn } from '../aggregates/result-column.ts'
import type { KeyShape, SessionSlice } from '../api.ts'
import type { KeyTable } from '../key-table.ts'
import { keyInMemory } from '../keys.ts'
import type { StateMemory } from '../memory.ts'
import { sliceRows } from '../windows/window-merge.ts'
import { endOffset, startOffset } from './session-table.ts'

export class SessionSlices {
  count = 0
  readonly #memory: StateMemory
  readonly #table: KeyTable
  readonly #type: KeyShape['type']
  /** Undefined: of functions. */
  readonly #accumulators: Aggregates | undefined
  /** Addresses of the addresses of the keys' entries and of the sessions, and of what reading results needs. */
  readonly #entries: number
  readonly #sessions: number
  readonly #scratch: number
  readonly #starts = new Float64Array(sliceRows)
  readonly #ends = new Float64Array(sliceRows)
  readonly #keys = new Float64Array(sliceRows)
  readonly #hashes = new Int32Array(sliceRows)
  readonly #values: readonly ResultColumn[]
  #objects: unknown[] = []

  constructor(memory: StateMemory, table: KeyTable, type: KeyShape['type'], accumulators: Aggregates | undefined) {
    this.#memory = memory
    this.#table = table
    this.#type = type
    this.#accumulators = accumulators
    const at = memory.allocate(sliceRows * (8 + readBytes))
    this.#entries = at
    this.#sessions = at + sliceRows * 4
    this.#scratch = at + sliceRows * 8
    this.#values = Array.from({ length: accumulators?.count ?? 0 }, () => new ResultColumn(sliceRows))
  }

  clear(): void {
    this.count = 0
    this.#objects = []
  }

  /** A session of the key; `sliceRows` at most. Nothing may be removed until the slice was read. */
  add(id: number, address: number, object: unknown): void {
    const { u32 } = this.#memory
    u32[(this.#entries >>> 2) + this.count] = this.#table.entry(id)
    u32[(this.#sessions >>> 2) + this.count] = address
    if (this.#accumulators === undefined) this.#objects.push(object)
    this.count++
  }

  slice(): SessionSlice {
    const { i32, u32, buffer } = this.#memory
    const { count } = this
    const entries = this.#entries >>> 2
    this.#read(this.#sessions, startOffset, this.#starts)
    this.#read(this.#sessions, endOffset, this.#ends)
    if (this.#type === 'number') this.#read(this.#entries, 0, this.#keys)
    for (let i = 0; i < count; i++) this.#hashes[i] = i32[(u32[entries + i] >>> 2) + 2]
    this.#accumulators?.read(this.#memory, this.#sessions, count, this.#scratch, this.#values)
    return {
      count,
      hashes: this.#hashes.subarray(0, count),
      numbers: this.#type === 'number' ? this.#keys.subarray(0, count) : undefined,
      key: (i) => {
        if (this.#type === 'number') return this.#keys[i]
        const entry = u32[entries + i] >>> 2
        return keyInMemory(this.#type, buffer, u32[entry], u32[entry + 1])
      },
      values: this.#values,
      accumulators: this.#objects,
      starts: this.#starts,
      ends: this.#ends,
    }
  }

  /** Float64s at `offset` of the entries or sessions at `addresses`. */
  #read(addresses: number, offset: number, to: Float64Array): void {
    const { kernels, f64 } = this.#memory
    kernels.stateRead(addresses, offset, this.count, this.#scratch)
    to.set(f64.subarray(this.#scratch >>> 3, (this.#scratch >>> 3) + this.count))
  }
}
