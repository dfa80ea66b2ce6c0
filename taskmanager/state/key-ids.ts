/**
 * The keys that have an id: their table in flat memory, and the ways from rows and snapshots to ids and from ids to keys. One
 * thread.
 */
import { assert } from '../../core/assert.ts'
import type { KeyShape } from './api.ts'
import { KeyTable } from './key-table.ts'
import { keyInMemory } from './keys.ts'
import type { StateMemory } from './memory.ts'
import { StateRows } from './rows.ts'
import { entryKey } from './snapshot/flat-part.ts'

export class KeyIds {
  readonly memory: StateMemory
  readonly rows: StateRows
  readonly type: KeyShape['type']
  #table: KeyTable | undefined
  #lastIds: Int32Array | undefined
  #key = Buffer.allocUnsafeSlow(256)

  constructor(memory: StateMemory, shape: KeyShape) {
    this.memory = memory
    this.rows = new StateRows(memory, shape)
    this.type = shape.type
  }

  /** Makes the table, with so many bytes of payload in each entry. `tracked`: changes of them are marked for snapshots. */
  open(payloadBytes: number, tracked: boolean): void {
    this.#table = new KeyTable(this.memory, { payloadBytes, bytesKeys: this.type !== 'number', tracked })
  }

  get isOpen(): boolean {
    return this.#table !== undefined
  }

  get table(): KeyTable {
    assert(this.#table !== undefined, 'the backend is open')
    return this.#table
  }

  close(): void {
    this.#table = undefined
  }

  /** Ids of the first `n` of the rows that are loaded; the array is used again. */
  find(n: number): Int32Array {
    this.rows.find(this.table, 0, n, true)
    this.#lastIds = this.#found(n)
    return this.#lastIds
  }

  /** The ids that were found last, when the memory may have grown. */
  again(n: number): Int32Array {
    this.#lastIds = this.#found(n)
    return this.#lastIds
  }

  /** Id of a key given as in snapshots. */
  idOf(hash: number, key: Uint8Array): number {
    this.rows.loadCanonical(hash, key)
    this.rows.find(this.table, 0, 1, true)
    this.#lastIds = undefined
    return this.memory.i32[this.rows.ids >>> 2]
  }

  /** Where ids lie in the state's memory. */
  idsAddress(ids: Int32Array, n: number): number {
    const { rows } = this
    if (ids !== this.#lastIds) {
      rows.reserve(n)
      this.#lastIds = undefined
      this.memory.i32.set(ids.length === n ? ids : ids.subarray(0, n), rows.ids >>> 2)
    }
    return rows.ids
  }

  get size(): number {
    return this.table.size
  }

  *ids(): IterableIterator<number> {
    for (let id = 0; id < this.table.idLimit; id++) if (this.table.inUse(id)) yield id
  }

  valueOf(id: number): unknown {
    const { f64, u32, buffer } = this.memory
    const entry = this.table.entry(id)
    if (this.type === 'number') return f64[entry >>> 3]
    return keyInMemory(this.type, buffer, u32[entry >>> 2], u32[(entry >>> 2) + 1])
  }

  hashOf(id: number): number {
    return this.memory.i32[(this.table.entry(id) >>> 2) + 2]
  }

  /** Canonical bytes; lent until the next call. */
  canonicalOf(id: number): Uint8Array {
    const bytes = entryKey(this.table, this.type, this.table.entry(id))
    // Keys of maps are encoded in the same place.
    if (bytes.length > this.#key.length) this.#key = Buffer.allocUnsafeSlow(bytes.length * 2)
    this.#key.set(bytes)
    return this.#key.subarray(0, bytes.length)
  }

  #found(n: number): Int32Array {
    const at = this.rows.ids >>> 2
    return this.memory.i32.subarray(at, at + n)
  }
}
