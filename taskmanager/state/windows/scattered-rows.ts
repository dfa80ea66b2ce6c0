/**
 * Rows whose event times jump between panes: puts the keys of each pane together, looks them up pane by pane, and puts ids and
 * addresses back in the order of the rows. For number keys, which are quick to move.
 */

import type { StateRows } from '../rows.ts'
import type { PaneView } from './pane-keeper.ts'

const nearPanes = 256

export class ScatteredRows {
  #order: Int32Array<ArrayBuffer> = new Int32Array(0)
  #pane: Int32Array<ArrayBuffer> = new Int32Array(0)
  readonly #starts: number[] = []
  readonly #counts: number[] = []
  /** Number of a pane by its distance from that of the first row; of the others by index. */
  readonly #near = new Int32Array(nearPanes)
  readonly #far = new Map<number, number>()

  /** Rows `from` to `to` - 1 of the loaded ones: ids at `rows.ids`, addresses at `rows.addresses`. Uses `values`, `out`, `offsets`. */
  find(
    rows: StateRows,
    from: number,
    to: number,
    paneMs: number,
    offsetMs: number,
    presence: number,
    paneOf: (start: number) => PaneView,
  ): void {
    const n = to - from
    this.#group(rows, from, n, paneMs, offsetMs)
    const { memory } = rows
    const order = this.#order
    const keys = rows.values
    const hashes = rows.out
    const ids = rows.out + rows.capacity * 4
    const addresses = rows.offsets
    {
      const { f64, i32 } = memory
      for (let i = 0; i < n; i++) {
        f64[(keys >>> 3) + i] = f64[(rows.keys >>> 3) + order[i]]
        i32[(hashes >>> 2) + i] = i32[(rows.hashes >>> 2) + order[i]]
      }
    }
    for (let p = 0, at = 0; p < this.#starts.length; p++) {
      const count = this.#counts[p]
      const pane = paneOf(this.#starts[p])
      pane.table.findNumbers(keys + at * 8, hashes + at * 4, count, true, ids + at * 4)
      pane.found(ids + at * 4, count)
      pane.table.touch(ids + at * 4, count, presence, addresses + at * 4)
      at += count
    }
    const { i32 } = memory
    for (let i = 0; i < n; i++) {
      i32[(rows.ids >>> 2) + order[i]] = i32[(ids >>> 2) + i]
      i32[(rows.addresses >>> 2) + order[i]] = i32[(addresses >>> 2) + i]
    }
  }

  /** Numbers of the rows by pane, in their order within each. */
  #group(rows: StateRows, from: number, n: number, paneMs: number, offsetMs: number): void {
    const starts = this.#starts
    const counts = this.#counts
    starts.length = 0
    counts.length = 0
    this.#far.clear()
    if (this.#order.length < n) {
      this.#order = new Int32Array(rows.capacity)
      this.#pane = new Int32Array(rows.capacity)
    }
    const { f64 } = rows.memory
    const times = (rows.times >>> 3) + from
    const first = Math.floor((f64[times] - offsetMs) / paneMs)
    const near = this.#near.fill(-1)
    for (let i = 0; i < n; i++) {
      const index = Math.floor((f64[times + i] - offsetMs) / paneMs)
      // Most rows are within some panes of each other.
      const place = index - first + nearPanes / 2
      const isNear = place >= 0 && place < nearPanes
      let pane = isNear ? near[place] : (this.#far.get(index) ?? -1)
      if (pane < 0) {
        pane = starts.length
        if (isNear) near[place] = pane
        else this.#far.set(index, pane)
        starts.push(index * paneMs + offsetMs)
        counts.push(0)
      }
      this.#pane[i] = pane
      counts[pane]++
    }
    const next: number[] = []
    for (let p = 0, at = 0; p < starts.length; p++) {
      next.push(at)
      at += counts[p]
    }
    for (let i = 0; i < n; i++) this.#order[next[this.#pane[i]]++] = from + i
  }
}
