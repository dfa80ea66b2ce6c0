/** What snapshots that renew a part of a key table ask of it. One thread. */
import type { KeyRanges } from '../../../proto/checkpoint/ranges.ts'
import type { KeyTable } from '../key-table.ts'

const keysPerStep = 4096
const keysLookedAt = 1024

/** Marks all keys of these ranges as changed, some in each step. */
export function* markRanges(table: KeyTable, { from, to }: KeyRanges): Generator<void> {
  for (let first = 0; first < table.idLimit; first += keysPerStep) {
    const { u32 } = table.memory
    const end = Math.min(first + keysPerStep, table.idLimit)
    for (let id = first; id < end; id++) {
      const range = u32[(table.entry(id) >>> 2) + 2] >>> 16
      if (range >= from && range < to) table.markOne(id)
    }
    yield
  }
}

/** About how many entries of flat states a table has: those of some keys are counted. */
export function entriesIn(table: KeyTable): number {
  const { u32 } = table.memory
  const step = Math.max(1, Math.floor(table.idLimit / keysLookedAt))
  let keys = 0
  let entries = 0
  for (let id = 0; id < table.idLimit; id += step) {
    if (!table.inUse(id)) continue
    keys++
    for (let bits = u32[(table.entry(id) >>> 2) + 3]; bits !== 0; bits &= bits - 1) entries++
  }
  return keys === 0 ? 0 : (table.size * entries) / keys
}
