/**
 * Merges the panes of a window and emits the result in slices. A window of one pane is emitted from it as it is.
 */
import type { AggregateFunctions } from '../../../sdk/functions.ts'
import { readBytes } from '../aggregates/accumulator.ts'
import { ResultColumn } from '../aggregates/result-column.ts'
import type { KeyedRows, WindowSlice } from '../api.ts'
import type { KeyTable } from '../key-table.ts'
import { keyInMemory } from '../keys.ts'
import type { PaneView } from './pane-keeper.ts'
import { type PaneShape, paneTable, presentBit } from './panes.ts'

/** Rows of a slice at most. */
export const sliceRows = 4096

type Functions = AggregateFunctions<unknown, unknown, unknown, unknown, unknown>

/** A window that is being emitted. */
interface Firing {
  readonly start: number
  readonly end: number
  readonly table: KeyTable
  /** The table was made for this window. */
  readonly own: boolean
  /** By id, for functions. */
  readonly accumulatorOf: (id: number) => unknown
  next: number
}

export class WindowMerge {
  readonly #shape: PaneShape
  /** Addresses of entries, of other entries, keys, hashes, ids, and what reading results needs: of a slice each. */
  readonly #entries: number
  readonly #targets: number
  readonly #keys: number
  readonly #hashes: number
  readonly #ids: number
  readonly #scratch: number
  readonly #values: readonly ResultColumn[]
  #firing: Firing | undefined
  #lastSlots = 0

  constructor(shape: PaneShape) {
    this.#shape = shape
    const at = shape.memory.allocate(sliceRows * (24 + readBytes))
    this.#keys = at
    this.#entries = at + sliceRows * 8
    this.#targets = at + sliceRows * 12
    this.#hashes = at + sliceRows * 16
    this.#ids = at + sliceRows * 20
    this.#scratch = at + sliceRows * 24
    this.#values = Array.from({ length: shape.accumulators.count }, () => new ResultColumn(sliceRows))
  }

  fire(start: number, end: number, panesOf: () => readonly PaneView[], emit: (slice: WindowSlice) => boolean): boolean {
    let firing = this.#firing
    this.#firing = undefined
    if (firing !== undefined && (firing.start !== start || firing.end !== end)) {
      if (firing.own) firing.table.drop()
      firing = undefined
    }
    firing ??= this.#begin(start, end, panesOf())
    if (firing === undefined) return true
    const { table } = firing
    const { kernels } = this.#shape.memory
    while (firing.next < table.idLimit) {
      const from = firing.next
      const ids = Math.min(sliceRows, table.idLimit - from)
      const count = kernels.stateEntries(table.address, from, ids, this.#entries, this.#keys, this.#hashes)
      firing.next += ids
      if (count === 0) continue
      if (!emit(this.#slice(count, this.#accumulators(firing, from, ids)))) {
        this.#firing = firing
        return false
      }
    }
    if (firing.own) table.drop()
    return true
  }

  /** The keys that are loaded in the store's rows, in their order. */
  fireRows(panes: readonly PaneView[], source: KeyedRows, n: number, emit: (slice: WindowSlice) => void): void {
    const { memory, accumulators, aggregate, rows } = this.#shape
    const bytes = accumulators.bytes + 32
    const made = memory.allocate(n * bytes)
    const targets = memory.allocate(n * 4)
    const sources = memory.allocate(n * 4)
    const scratch = memory.allocate(n * readBytes)
    // Entries of this call only, one per row.
    for (let i = 0; i < n; i++) accumulators.init(memory, made + i * bytes)
    const objects: unknown[] = new Array(n)
    const functions = aggregate.kind === 'functions' ? aggregate.functions : undefined
    for (const pane of panes) {
      rows.find(pane.table, 0, n, false)
      const { i32, u32 } = memory
      let found = 0
      for (let i = 0; i < n; i++) {
        const id = i32[(rows.ids >>> 2) + i]
        if (id < 0) continue
        u32[(targets >>> 2) + found] = made + i * bytes
        u32[(sources >>> 2) + found] = pane.table.entry(id)
        found++
        if (functions !== undefined) objects[i] = mergeInto(functions, objects[i], pane.objects?.get(id))
      }
      accumulators.merge(memory, targets, sources, found)
    }
    for (let i = 0; i < n; i++) memory.u32[(targets >>> 2) + i] = made + i * bytes
    const values = this.#values.map(() => new ResultColumn(n))
    accumulators.read(memory, targets, n, scratch, values)
    const number = this.#shape.type === 'number'
    emit({
      count: n,
      hashes: source.hashes.subarray(0, n),
      numbers: number ? Float64Array.from({ length: n }, (_, i) => source.keys[i] as number) : undefined,
      key: (i) => source.keys[i],
      values,
      accumulators: objects,
    })
    memory.free(made, n * bytes)
    memory.free(targets, n * 4)
    memory.free(sources, n * 4)
    memory.free(scratch, n * readBytes)
  }

  #begin(start: number, end: number, panes: readonly PaneView[]): Firing | undefined {
    if (panes.length === 0) return undefined
    if (panes.length === 1) {
      const [pane] = panes
      return { start, end, table: pane.table, own: false, accumulatorOf: (id) => pane.objects?.get(id), next: 0 }
    }
    const { memory, accumulators, aggregate } = this.#shape
    // As large as the window before has become: a window of steady traffic does not grow.
    const slots = panes.reduce((most, pane) => Math.max(most, pane.table.slots), this.#lastSlots)
    const table = paneTable(this.#shape, slots)
    const merged: unknown[] = []
    const functions = aggregate.kind === 'functions' ? aggregate.functions : undefined
    for (const pane of panes) {
      for (let from = 0; from < pane.table.idLimit; from += sliceRows) {
        const ids = Math.min(sliceRows, pane.table.idLimit - from)
        const count = memory.kernels.stateEntries(
          pane.table.address,
          from,
          ids,
          this.#entries,
          this.#keys,
          this.#hashes,
        )
        table.findEntries(this.#entries, this.#keys, this.#hashes, count, this.#ids)
        table.touch(this.#ids, count, presentBit, this.#targets)
        accumulators.merge(memory, this.#targets, this.#entries, count)
        if (functions === undefined) continue
        const sources = presentIds(pane.table, from, ids)
        for (let i = 0; i < count; i++) {
          const id = memory.i32[(this.#ids >>> 2) + i]
          merged[id] = mergeInto(functions, merged[id], pane.objects?.get(sources[i]))
        }
      }
    }
    this.#lastSlots = table.size < table.slots >>> 2 ? table.slots >>> 1 : table.slots
    return { start, end, table, own: true, accumulatorOf: (id) => merged[id], next: 0 }
  }

  #accumulators(firing: Firing, from: number, ids: number): unknown[] {
    if (this.#shape.aggregate.kind === 'declared') return []
    return presentIds(firing.table, from, ids).map((id) => firing.accumulatorOf(id))
  }

  #slice(count: number, accumulators: readonly unknown[]): WindowSlice {
    const { memory, type } = this.#shape
    this.#shape.accumulators.read(memory, this.#entries, count, this.#scratch, this.#values)
    const { f64, i32, u32, buffer } = memory
    const keys = this.#keys >>> 3
    const entries = this.#entries >>> 2
    return {
      count,
      hashes: i32.subarray(this.#hashes >>> 2, (this.#hashes >>> 2) + count),
      numbers: type === 'number' ? f64.subarray(keys, keys + count) : undefined,
      key: (i) => {
        if (type === 'number') return f64[keys + i]
        const entry = u32[entries + i] >>> 2
        return keyInMemory(type, buffer, u32[entry], u32[entry + 1])
      },
      values: this.#values,
      accumulators,
    }
  }
}

/** Ids that `stateEntries` finds, in its order. */
function presentIds(table: KeyTable, from: number, count: number): number[] {
  const ids: number[] = []
  const { u32 } = table.memory
  for (let id = from; id < from + count; id++) if (u32[(table.entry(id) >>> 2) + 3] === presentBit) ids.push(id)
  return ids
}

/** The first argument of `merge` is always ours: a function may work on it in place. */
export function mergeInto(functions: Functions, into: unknown, accumulator: unknown): unknown {
  const { merge } = functions
  if (merge === undefined) return accumulator
  return merge(into === undefined ? functions.init() : into, accumulator)
}
