/**
 * Writes the frozen entries of a key table one by one, for contents that only their owner knows how to write. One thread.
 */
import type { KeyShape } from '../api.ts'
import type { KeyTable } from '../key-table.ts'
import { entryKey, type FrozenWriter } from './flat-part.ts'

/** An entry as it was when it was frozen. */
export interface FrozenEntry {
  readonly id: number
  /** Of the entry, or of its copy. */
  readonly address: number
  readonly hash: number
  /** Canonical bytes; lent. */
  readonly key: Uint8Array
  /** Some snapshot may hold some of it. */
  readonly was: boolean
}

export class EachEntry implements FrozenWriter {
  readonly idsPerStep = 64
  readonly #table: KeyTable
  readonly #type: KeyShape['type']
  readonly #write: (entry: FrozenEntry) => boolean

  /** `write`: writes what the entry holds, and that what it held is gone. Returns false when it holds nothing. */
  constructor(table: KeyTable, type: KeyShape['type'], write: (entry: FrozenEntry) => boolean) {
    this.#table = table
    this.#type = type
    this.#write = write
  }

  write(from: number, to: number, gone: number[], idle: number[]): void {
    const table = this.#table
    const base = table.frozenPage(from >>> 6)
    if (base < 0) return
    const { u32 } = table.memory
    for (let id = from; id < to; id++) {
      if (!table.isFrozen(id)) continue
      const address = base + (id - from) * table.stride
      const presence = u32[(address >>> 2) + 3]
      if (presence === 0xffffffff) continue
      const marks = (table.entry(id) >>> 2) + 5
      const was = table.isHeard(u32[marks])
      if (presence === 0 && !was) {
        u32[marks] = 0
        idle.push(id)
        continue
      }
      const key = entryKey(table, this.#type, address)
      if (this.#write({ id, address, hash: u32[(address >>> 2) + 2], key, was })) table.heard(id)
      else gone.push(id)
    }
    table.passPage(from >>> 6)
  }

  free(): void {
    // Nothing is kept.
  }
}
