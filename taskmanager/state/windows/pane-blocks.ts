/**
 * Restores the panes of a window store from whole blocks of runs, oldest run first: the rows of a block are dealt to their panes, and go
 * into their tables as those of flat state do (restored-rows.ts); accumulators of functions wait until somebody reads them (unread.ts).
 *
 * Promises: a newer run counts over an older one; a pane that a run drops goes before the entries of that run come, in the key
 * ranges in which the run counts. One thread.
 */
import { elsewhere, restoreRow, restoreRowBytes } from '../../../core/kernels/restore-signature.ts'
import type { ChainRun, RunBlock } from '../../../proto/checkpoint/runs/run.ts'
import type { KeyShape } from '../api.ts'
import { entryHeaderBytes } from '../key-table.ts'
import { type BlocksToRestore, type BlockTaker, RestoredRows, type RowsInto } from '../snapshot/restored-rows.ts'
import { startOfPane } from './pane-drops.ts'
import { type Pane, type PaneShape, presentBit } from './panes.ts'

/** Where panes are. */
export interface RestoredPanes {
  /** Finds or makes a pane. */
  at(start: number): Pane
  find(start: number): Pane | undefined
  all(): Iterable<Pane>
  /** Forgets a pane, as if it had never been. */
  remove(pane: Pane): void
}

interface Group {
  readonly pane: Pane
  count: number
  /** Where its rows begin. */
  first: number
}

const rowWords = restoreRowBytes / 4
const namespaceBytes = 8

export class PaneBlocks implements BlockTaker {
  readonly #panes: RestoredPanes
  readonly #state: number
  /** The number that it had. */
  readonly #oldState: number
  readonly #restored: RestoredRows
  /** Runs whose drops have not been seen to, oldest first. */
  #runs: readonly ChainRun[]
  /** Rows and hashes, those of a pane together. */
  readonly #sorted: number
  readonly #hashes: number
  readonly #groups = new Map<number, Group>()
  readonly #groupOf: Group[] = []

  constructor(panes: RestoredPanes, shape: PaneShape, key: KeyShape, restored: BlocksToRestore) {
    this.#panes = panes
    this.#state = shape.state
    this.#runs = restored.runs.toReversed()
    const into: RowsInto =
      shape.aggregate.kind === 'functions'
        ? { presence: elsewhere }
        : { presence: presentBit, copied: { offset: entryHeaderBytes, bytes: shape.accumulators.bytes } }
    this.#restored = new RestoredRows(shape.memory, key, new Map([[shape.state, into]]), restored)
    this.#oldState = this.#restored.numbers.indexOf(shape.state)
    this.#sorted = this.#restored.allocate(restored.entriesMax * restoreRowBytes)
    this.#hashes = this.#restored.allocate(restored.entriesMax * 4)
  }

  take(block: RunBlock): void {
    this.#dropUpTo(this.#runs.findIndex(({ reader }) => reader === block.reader))
    const restored = this.#restored
    const count = restored.decode(block)
    this.#deal(block, count)
    const { memory } = restored
    const { u32 } = memory
    const { bytes } = block
    for (const { pane, first, count: n } of this.#groups.values()) {
      const hashes = this.#hashes >>> 2
      u32.copyWithin(restored.rows.hashes >>> 2, hashes + first, hashes + first + n)
      const rows = this.#sorted + first * restoreRowBytes
      restored.take(pane.table, pane.states, rows, n, bytes)
      const kept = { memory, bytes, address: restored.block, rows, ids: restored.rows.ids, count: n }
      pane.objects?.unread.take(kept, this.#oldState)
      if (block.delta) restored.release(pane.table, n)
      pane.persisted ||= !restored.rewrite
    }
  }

  *end(): Generator<void, void> {
    this.#dropUpTo(this.#runs.length - 1)
    this.#restored.free()
    for (const { objects } of this.#panes.all())
      if (objects !== undefined) yield* objects.unread.ended(this.#restored.rewrite, () => undefined)
  }

  /** Puts the rows of each pane together. */
  #deal(block: RunBlock, count: number): void {
    const { memory, entries, rows } = this.#restored
    const { u32 } = memory
    this.#groups.clear()
    const view = new DataView(memory.u8.buffer)
    for (let i = 0; i < count; i++) {
      const row = (entries + i * restoreRowBytes) >>> 2
      const at = u32[row + restoreRow.keyEnd]
      if (u32[row + restoreRow.valueStart] - at !== namespaceBytes) block.broken()
      const start = view.getFloat64(at, true)
      let group = this.#groups.get(start)
      if (group === undefined) {
        group = { pane: this.#panes.at(start), count: 0, first: 0 }
        this.#groups.set(start, group)
      }
      group.count++
      this.#groupOf[i] = group
    }
    let first = 0
    for (const group of this.#groups.values()) {
      group.first = first
      first += group.count
      group.count = 0
    }
    for (let i = 0; i < count; i++) {
      const group = this.#groupOf[i]
      const to = group.first + group.count++
      const from = (entries >>> 2) + i * rowWords
      const into = (this.#sorted >>> 2) + to * rowWords
      for (let word = 0; word < rowWords; word++) u32[into + word] = u32[from + word]
      u32[(this.#hashes >>> 2) + to] = u32[(rows.hashes >>> 2) + i]
    }
  }

  /** Sees to the drops of the first runs of those that are left, `last` included. */
  #dropUpTo(last: number): void {
    for (const { reader, from, to } of this.#runs.slice(0, last + 1)) {
      for (const { state, namespace } of reader.drops) {
        const start = this.#restored.numbers[state] === this.#state ? startOfPane(namespace) : undefined
        const pane = start === undefined ? undefined : this.#panes.find(start)
        if (pane === undefined) continue
        this.#empty(pane, from, to)
      }
    }
    this.#runs = this.#runs.slice(last + 1)
  }

  /** Takes the keys of ranges `from` to `to` - 1 out of a pane. */
  #empty(pane: Pane, from: number, to: number): void {
    const { table } = pane
    const { u32 } = table.memory
    const dropped: number[] = []
    for (let id = 0; id < table.idLimit; id++) {
      const range = u32[(table.entry(id) >>> 2) + 2] >>> 16
      if (table.inUse(id) && range >= from && range < to) dropped.push(id)
    }
    if (dropped.length === table.size) {
      this.#panes.remove(pane)
      return
    }
    for (const id of dropped) {
      pane.objects?.unread.forget(id)
      const entry = table.entry(id) >>> 2
      u32[entry + 3] = 0
      u32[entry + 5] = 0
      table.releaseOne(id)
    }
  }
}
