/**
 * Restores the states of a key table from whole blocks of runs, oldest run first: a block is copied into the state's memory,
 * and kernels decode it, find or insert its keys, and take the values from where they stand. No JavaScript value is made
 * of an entry, unless its state wants to decode it itself. Entries of objects are kept as they are, until somebody reads them.
 *
 * Promises: a newer run counts over an older one, and what is gone leaves no key behind. Memory is given back by `end`.
 * One thread.
 */
import {
  elsewhere,
  restoreRow,
  restoreRowBytes,
  restoreState,
  restoreStateBytes,
} from '../../core/kernels/restore-signature.ts'
import type { RunBlock } from '../../proto/checkpoint/run.ts'
import type { KeyShape } from './api.ts'
import { type FlatStates, markRestored, type RestoredValue } from './flat-part.ts'
import type { KeyTable } from './key-table.ts'
import type { StateMemory } from './memory.ts'
import { StateRows } from './rows.ts'
import type { Unread } from './unread.ts'

/** What is known before the first block. */
export interface BlocksToRestore {
  /** Numbers of states in the runs (`oldId`) and now; negative: left out. Empty: they are the same. */
  readonly states: readonly { readonly oldId: number; readonly id: number }[]
  /** No chain of ours has the entries yet. */
  readonly rewrite: boolean
  /** Of one block. */
  readonly bytesMax: number
  readonly entriesMax: number
}

/** What the table holds: states in its entries, and states of objects. */
export interface TableStates {
  readonly table: KeyTable
  readonly shape: KeyShape
  readonly flat: FlatStates
  readonly objects: readonly Unread[]
}

export class FlatBlocks {
  readonly #states: FlatStates
  /** By the number that their states had. */
  readonly #objects = new Map<number, Unread>()
  readonly #table: KeyTable
  readonly #memory: StateMemory
  readonly #rows: StateRows
  readonly #rewrite: boolean
  /** Numbers of states as they are now. */
  readonly #numbers: number[] = []
  readonly #blocks: { address: number; bytes: number }[] = []
  readonly #block: number
  readonly #entries: number
  readonly #into: number

  constructor({ table, shape, flat, objects }: TableStates, restored: BlocksToRestore) {
    this.#states = flat
    this.#table = table
    this.#memory = table.memory
    this.#rewrite = restored.rewrite
    this.#rows = new StateRows(table.memory, shape)
    this.#rows.reserve(restored.entriesMax)
    const same = [...flat.all, ...objects].map(({ state }) => ({ oldId: state, id: state }))
    for (const { oldId, id } of restored.states.length === 0 ? same : restored.states) this.#numbers[oldId] = id
    this.#block = this.#allocate(restored.bytesMax)
    this.#entries = this.#allocate(restored.entriesMax * restoreRowBytes)
    this.#into = this.#allocate(this.#numbers.length * restoreStateBytes)
    this.#describe(objects)
  }

  take(block: RunBlock): void {
    const memory = this.#memory
    const rows = this.#rows
    const { kernels } = memory
    memory.u8.set(block.bytes, this.#block)
    const n = kernels.restoreDecode(
      this.#block,
      block.bytes.length,
      block.entries,
      block.from,
      block.to,
      this.#into,
      this.#numbers.length,
      rows.hashes,
      this.#entries,
    )
    if (n < 0) block.broken()
    rows.loadRestored(this.#entries, n, this.#block, block.bytes)
    rows.find(this.#table, 0, n, true)
    let gone = block.delta
    for (let i = 0; ; i++) {
      i = kernels.restoreValues(this.#table.address, this.#entries, i, n, rows.ids, this.#into, this.#rewrite ? 0 : 1)
      if (i === n) break
      if (!this.#decode(block.bytes, i)) gone = true
    }
    const { bytes } = block
    const kept = { memory, bytes, address: this.#block, rows: this.#entries, ids: rows.ids, count: n }
    for (const [oldId, unread] of this.#objects) if (unread.take(kept, oldId)) gone = true
    if (gone) this.#release(n)
  }

  /** To be stepped through after the last block. */
  *end(): Generator<void, void> {
    this.#rows.free()
    for (const { address, bytes } of this.#blocks) this.#memory.free(address, bytes)
    for (const unread of this.#objects.values()) yield* unread.ended(this.#rewrite, (id) => this.#table.releaseOne(id))
  }

  #describe(objects: readonly Unread[]): void {
    const { u32 } = this.#memory
    this.#numbers.forEach((number, oldId) => {
      const at = (this.#into + oldId * restoreStateBytes) >>> 2
      const unread = objects.find((each) => each.state === number)
      if (unread !== undefined) {
        this.#objects.set(oldId, unread)
        u32[at + restoreState.presence] = elsewhere
      }
      const state = this.#states.find(number)
      if (state === undefined) return
      u32[at + restoreState.presence] = state.presence
      u32[at + restoreState.offset] = state.copied?.offset ?? 0
      u32[at + restoreState.bytes] = state.copied?.bytes ?? 0
    })
  }

  /** Takes the value of a row as its state does it; false: it has expired. */
  #decode(bytes: Uint8Array, row: number): boolean {
    const { u32 } = this.#memory
    const at = (this.#entries + row * restoreRowBytes) >>> 2
    const oldId = u32[at + restoreRow.state]
    const id = u32[(this.#rows.ids >>> 2) + row]
    const value: RestoredValue = {
      bytes,
      namespaceEnd: u32[at + restoreRow.valueStart] - this.#block,
      valueEnd: u32[at + restoreRow.valueEnd] - this.#block,
    }
    if (this.#states.restore(this.#numbers[oldId], value, id)) {
      markRestored(this.#table, id, this.#rewrite)
      return true
    }
    // What an older run said is gone with it.
    const presence = u32[((this.#into + oldId * restoreStateBytes) >>> 2) + restoreState.presence]
    u32[(this.#table.entry(id) >>> 2) + 3] &= ~presence
    return false
  }

  /** Releases the keys of the block that have nothing left. */
  #release(n: number): void {
    const { u32 } = this.#memory
    const ids = this.#rows.ids >>> 2
    const empty = this.#rows.addresses >>> 2
    let count = 0
    for (let i = 0; i < n; i++) {
      const id = u32[ids + i]
      const entry = this.#table.entry(id) >>> 2
      if (u32[entry + 3] !== 0) continue
      // The newest snapshot has nothing of it either.
      u32[entry + 5] = 0
      u32[empty + count++] = id
    }
    this.#table.release(this.#rows.addresses, count)
  }

  #allocate(bytes: number): number {
    const address = this.#memory.allocateZeroed(bytes)
    this.#blocks.push({ address, bytes })
    return address
  }
}
