/**
 * Running declared aggregates: accumulators flat in the entries of the key table.
 */
import type { RecordBatch } from '../../core/columns/batch.ts'
import type { DeclaredAggregate } from '../../sdk/graph/nodes.ts'
import { Aggregates } from './aggregates/aggregates.ts'
import type { ResultColumn } from './aggregates/result-column.ts'
import type { AccumulatorStore } from './api.ts'
import type { KeyTable } from './key-table.ts'
import type { StateRows } from './rows.ts'
import type { FlatState } from './snapshot/flat-part.ts'

export class AccumulatorState implements AccumulatorStore, FlatState {
  readonly state: number
  readonly presence: number
  readonly copied: { readonly offset: number; readonly bytes: number }
  readonly #name: string
  readonly #aggregates: Aggregates
  readonly #idsAddress: (ids: Int32Array, n: number) => number
  #table!: KeyTable
  #rows!: StateRows

  /** `idsAddress`: where ids lie in the state's memory. */
  constructor(
    state: number,
    name: string,
    presence: number,
    aggregates: readonly DeclaredAggregate[],
    offset: number,
    idsAddress: (ids: Int32Array, n: number) => number,
  ) {
    this.state = state
    this.presence = presence
    this.#name = name
    this.#aggregates = new Aggregates(aggregates, offset)
    this.copied = { offset, bytes: this.#aggregates.bytes }
    this.#idsAddress = idsAddress
  }

  get bytes(): number {
    return this.#aggregates.bytes
  }

  attach(table: KeyTable, rows: StateRows): void {
    this.#table = table
    this.#rows = rows
    this.#aggregates.init(table.memory, table.template)
  }

  update(
    ids: Int32Array,
    n: number,
    batch: RecordBatch,
    selection: Int32Array | undefined,
    out?: readonly ResultColumn[],
  ): void {
    this.#touch(ids, n)
    this.#aggregates.update(this.#rows, n, batch, selection, out)
  }

  updateRows(ids: Int32Array, n: number, rows: readonly unknown[], out?: readonly ResultColumn[]): void {
    this.#touch(ids, n)
    this.#aggregates.updateRows(this.#rows, n, (i) => rows[i], out)
  }

  has(id: number): boolean {
    return (this.#table.memory.u32[(this.#table.entry(id) >>> 2) + 3] & this.presence) !== 0
  }

  get(id: number, index: number): number | bigint | null {
    return this.#aggregates.get(this.#table.memory, this.#table.entry(id), index)
  }

  clear(id: number): void {
    if (!this.has(id)) return
    const entry = this.#table.touchOne(id, 0)
    this.#table.memory.u32[(entry >>> 2) + 3] &= ~this.presence
    this.#aggregates.init(this.#table.memory, entry)
  }

  encode(address: number): Uint8Array {
    return this.#aggregates.encode(this.#table.memory, address)
  }

  decode(bytes: Uint8Array, start: number, end: number, address: number): boolean {
    this.#aggregates.decode(this.#table.memory, bytes, start, end, address, this.#name)
    return true
  }

  #touch(ids: Int32Array, n: number): void {
    const at = this.#idsAddress(ids, n)
    this.#table.touch(at, n, this.presence, this.#rows.addresses)
  }
}
