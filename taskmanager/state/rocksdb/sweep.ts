/**
 * Frees the disk of entries whose time is over: looks through all entries in RocksDB, a few at a time, and deletes what has
 * expired; compaction then gives the space back. What a snapshot has yet to hear of, the log has.
 *
 * The round takes as long as there are batches to go with it: every 16th batch 256 entries. One thread.
 */
import type { KeyValues } from './binding.ts'
import { entriesEnd, entriesStart, epochBytes, parseEntryKey } from './layout.ts'
import type { Spill, SpilledState } from './spill.ts'

const everyBatches = 16
const entriesPerLook = 256

export class Sweep {
  readonly #spill: Spill
  /** States whose entries expire, by number. */
  readonly #states: ReadonlyMap<number, SpilledState>
  #batches = 0
  #from: Buffer = entriesStart
  /** Entries deleted so far. */
  deleted = 0

  constructor(spill: Spill, states: readonly SpilledState[]) {
    this.#spill = spill
    this.#states = new Map(states.map((state) => [state.state, state]))
  }

  /** Once per batch. */
  turn(): void {
    if (this.#states.size === 0 || ++this.#batches % everyBatches !== 0) return
    this.look(this.#spill.store)
  }

  /** The next entries. */
  look(store: KeyValues): void {
    store.flush()
    const scan = store.scan(this.#from, entriesEnd)
    const found = scan.next(entriesPerLook)
    scan.close()
    for (let i = 0; i < found.length; i += 2) {
      const stored = found[i + 1]
      const state = this.#states.get(parseEntryKey(found[i]).state)
      if (state?.expired(stored.subarray(epochBytes)) !== true) continue
      store.delete(found[i])
      this.deleted++
    }
    store.flush()
    const end = found.at(-2)
    this.#from =
      found.length < 2 * entriesPerLook || end === undefined ? entriesStart : Buffer.concat([end, Buffer.of(0)])
  }
}
