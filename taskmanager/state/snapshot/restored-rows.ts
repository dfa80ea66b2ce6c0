/**
 * Blocks of runs on their way into key tables: a block is copied into the state's memory, kernels decode it, find or insert its keys, and
 * take the values from where they stand. No JavaScript value is made of an entry, unless its state wants to decode it itself.
 *
 * Promises: rows of a block that is none are refused, and nothing outside of it is read. Memory is given back by `free`. One thread.
 */
import {
  restoreRow,
  restoreRowBytes,
  restoreState,
  restoreStateBytes,
} from '../../../core/kernels/restore-signature.ts'
import type { ChainRun, RunBlock } from '../../../proto/checkpoint/runs/run.ts'
import type { KeyShape } from '../api.ts'
import type { KeyTable } from '../key-table.ts'
import type { StateMemory } from '../memory.ts'
import { StateRows } from '../rows.ts'
import { type FlatStates, markRestored, type RestoredValue } from './flat-part.ts'

/** What is known before the first block. */
export interface BlocksToRestore {
  /** Numbers of states in the runs (`oldId`) and now; negative: left out. Empty: they are the same. */
  readonly states: readonly { readonly oldId: number; readonly id: number }[]
  /** No chain of ours has the entries yet. */
  readonly rewrite: boolean
  /** Newest first, as everywhere. */
  readonly runs: readonly ChainRun[]
  /** Of one block. */
  readonly bytesMax: number
  readonly entriesMax: number
}

/** Takes the blocks of a chain, oldest run first. */
export interface BlockTaker {
  take(block: RunBlock): void
  /** That was the last block; what is left to be done, in steps. */
  end(): Iterable<void>
}

/** Where values of a state go (core/kernels/restore-signature.ts). */
export interface RowsInto {
  readonly presence: number
  readonly copied?: { readonly offset: number; readonly bytes: number } | undefined
}

export class RestoredRows {
  readonly memory: StateMemory
  readonly rows: StateRows
  /** Where the block stands that was decoded last, and its rows. */
  readonly block: number
  readonly entries: number
  readonly rewrite: boolean
  /** Numbers of states as they are now, by those that they had. */
  readonly numbers: readonly number[]
  readonly #blocks: { address: number; bytes: number }[] = []
  readonly #into: number

  /** `own`: the states that there are now, by number. */
  constructor(memory: StateMemory, shape: KeyShape, own: ReadonlyMap<number, RowsInto>, restored: BlocksToRestore) {
    this.memory = memory
    this.rewrite = restored.rewrite
    this.rows = new StateRows(memory, shape)
    this.rows.reserve(restored.entriesMax)
    const numbers: number[] = []
    const same = Array.from(own.keys(), (id) => ({ oldId: id, id }))
    for (const { oldId, id } of restored.states.length === 0 ? same : restored.states) numbers[oldId] = id
    this.numbers = numbers
    this.block = this.allocate(restored.bytesMax)
    this.entries = this.allocate(restored.entriesMax * restoreRowBytes)
    this.#into = this.allocate(numbers.length * restoreStateBytes)
    numbers.forEach((number, oldId) => {
      const into = own.get(number)
      if (into === undefined) return
      const at = (this.#into + oldId * restoreStateBytes) >>> 2
      memory.u32[at + restoreState.presence] = into.presence
      memory.u32[at + restoreState.offset] = into.copied?.offset ?? 0
      memory.u32[at + restoreState.bytes] = into.copied?.bytes ?? 0
    })
  }

  /** How many rows of our states a block has: at `entries`, with their hashes in `rows`. */
  decode(block: RunBlock): number {
    const { memory } = this
    memory.u8.set(block.bytes, this.block)
    const n = memory.kernels.restoreDecode(
      this.block,
      block.bytes.length,
      block.entries,
      block.from,
      block.to,
      this.#into,
      this.numbers.length,
      this.rows.hashes,
      this.entries,
    )
    return n < 0 ? block.broken() : n
  }

  /** Takes `n` rows at `entries`, whose hashes are in `rows`, into a table, which has their ids then. Whether some have expired. */
  take(table: KeyTable, states: FlatStates, entries: number, n: number, bytes: Uint8Array): boolean {
    const { rows } = this
    const { kernels } = this.memory
    rows.loadRestored(entries, n, this.block, bytes)
    rows.find(table, 0, n, true)
    let expired = false
    for (let i = 0; ; i++) {
      i = kernels.restoreValues(table.address, entries, i, n, rows.ids, this.#into, this.rewrite ? 0 : 1)
      if (i === n) return expired
      if (!this.#decodeValue(table, states, entries, i, bytes)) expired = true
    }
  }

  /** Releases those of the `n` keys that were taken last which have nothing left. */
  release(table: KeyTable, n: number): void {
    const { u32 } = this.memory
    const ids = this.rows.ids >>> 2
    const empty = this.rows.addresses >>> 2
    let count = 0
    for (let i = 0; i < n; i++) {
      const id = u32[ids + i]
      const entry = table.entry(id) >>> 2
      if (u32[entry + 3] !== 0) continue
      // The newest snapshot has nothing of it either.
      u32[entry + 5] = 0
      u32[empty + count++] = id
    }
    table.release(this.rows.addresses, count)
  }

  /** Memory until `free`. */
  allocate(bytes: number): number {
    const address = this.memory.allocateZeroed(bytes)
    this.#blocks.push({ address, bytes })
    return address
  }

  free(): void {
    this.rows.free()
    for (const { address, bytes } of this.#blocks) this.memory.free(address, bytes)
  }

  /** Takes the value of a row as its state does it; false: it has expired. */
  #decodeValue(table: KeyTable, states: FlatStates, entries: number, row: number, bytes: Uint8Array): boolean {
    const { u32 } = this.memory
    const at = (entries + row * restoreRowBytes) >>> 2
    const oldId = u32[at + restoreRow.state]
    const id = u32[(this.rows.ids >>> 2) + row]
    const value: RestoredValue = {
      bytes,
      namespaceEnd: u32[at + restoreRow.valueStart] - this.block,
      valueEnd: u32[at + restoreRow.valueEnd] - this.block,
    }
    if (states.restore(this.numbers[oldId], value, id)) {
      markRestored(table, id, this.rewrite)
      return true
    }
    // What an older run said is gone with it.
    const presence = u32[((this.#into + oldId * restoreStateBytes) >>> 2) + restoreState.presence]
    u32[(table.entry(id) >>> 2) + 3] &= ~presence
    return false
  }
}
