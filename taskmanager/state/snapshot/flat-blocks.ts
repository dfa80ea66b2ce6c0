/**
 * Restores the states of a key table from whole blocks of runs, oldest run first: flat values go into its entries (restored-rows.ts),
 * entries of objects are kept as they are until somebody reads them (unread.ts).
 *
 * Promises: a newer run counts over an older one, and what is gone leaves no key behind. Memory is given back by `end`.
 * One thread.
 */
import { elsewhere } from '../../../core/kernels/restore-signature.ts'
import type { RunBlock } from '../../../proto/checkpoint/runs/run.ts'
import type { KeyShape } from '../api.ts'
import type { KeyTable } from '../key-table.ts'
import type { FlatStates } from './flat-part.ts'
import { type BlocksToRestore, type BlockTaker, RestoredRows, type RowsInto } from './restored-rows.ts'
import type { Unread } from './unread.ts'

/** What the table holds: states in its entries, and states of objects. */
export interface TableStates {
  readonly table: KeyTable
  readonly shape: KeyShape
  readonly flat: FlatStates
  readonly objects: readonly Unread[]
}

export class FlatBlocks implements BlockTaker {
  readonly #flat: FlatStates
  readonly #table: KeyTable
  readonly #restored: RestoredRows
  /** With the numbers that their states had. */
  readonly #objects: readonly (readonly [number, Unread])[]

  constructor({ table, shape, flat, objects }: TableStates, restored: BlocksToRestore) {
    this.#flat = flat
    this.#table = table
    const own = new Map<number, RowsInto>(flat.all.map((state) => [state.state, state]))
    for (const { state } of objects) own.set(state, { presence: elsewhere })
    this.#restored = new RestoredRows(table.memory, shape, own, restored)
    this.#objects = this.#restored.numbers.flatMap((number, oldId) => {
      const unread = objects.find(({ state }) => state === number)
      return unread === undefined ? [] : [[oldId, unread] as const]
    })
  }

  take(block: RunBlock): void {
    const { memory, rows, entries, block: address } = this.#restored
    const { bytes } = block
    const count = this.#restored.decode(block)
    const expired = this.#restored.take(this.#table, this.#flat, entries, count, bytes)
    let gone = block.delta || expired
    const kept = { memory, bytes, address, rows: entries, ids: rows.ids, count }
    for (const [oldId, unread] of this.#objects) if (unread.take(kept, oldId)) gone = true
    if (gone) this.#restored.release(this.#table, count)
  }

  *end(): Generator<void, void> {
    this.#restored.free()
    const { rewrite } = this.#restored
    for (const [, unread] of this.#objects) yield* unread.ended(rewrite, (id) => this.#table.releaseOne(id))
  }
}
