/**
 * Rows on their way into flat state: the keys, hashes, event times and numbers of one batch, copied into the state's memory,
 * where the kernels find them. One instance per store, reused from batch to batch; its addresses change when it grows.
 */

import { assert } from '../../core/assert.ts'
import type { Column, RecordBatch } from '../../core/columns/batch.ts'
import { readColumn, readValue } from '../../core/columns/rows.ts'
import { restoreRow, restoreRowBytes } from '../../core/kernels/restore-signature.ts'
import type { KeyShape } from './api.ts'
import { canonicalColumns, writeCanonical } from './canonical-columns.ts'
import type { KeyTable } from './key-table.ts'
import { asciiStart, canonicalKey, copyNumber, keyOfBytes, memoryKey, wrongKey } from './keys.ts'
import type { StateMemory } from './memory.ts'

const firstRows = 2048
const firstDataBytes = 64 * 1024
/** Bytes per row in the scratch block: keys 8, times 8, values 8, out 8, hashes 4, ids 4, addresses 4, validity, none 1, offsets 4. */
const rowBytes = 56

export class StateRows {
  readonly memory: StateMemory
  readonly shape: KeyShape
  /** Addresses of columns of `capacity` rows. */
  keys = 0
  times = 0
  values = 0
  out = 0
  hashes = 0
  ids = 0
  addresses = 0
  offsets = 0
  validity = 0
  /** A byte for each row of `out` that is of int64: 1 where it has no value. */
  none = 0
  capacity = 0
  #data = 0
  #dataBytes = 0
  #end = 0

  constructor(memory: StateMemory, shape: KeyShape) {
    this.memory = memory
    this.shape = shape
    this.reserve(firstRows)
    this.#dataBytes = firstDataBytes
    this.#data = memory.allocate(firstDataBytes)
  }

  get bytesKeys(): boolean {
    return this.shape.type !== 'number'
  }

  /** Room for `n` rows. What was loaded before is gone when it grows. */
  reserve(n: number): void {
    if (n <= this.capacity) return
    const old = this.capacity
    let capacity = Math.max(old, firstRows)
    while (capacity < n) capacity *= 2
    if (old > 0) this.memory.free(this.keys, old * rowBytes)
    const at = this.memory.allocate(capacity * rowBytes)
    this.capacity = capacity
    this.keys = at
    this.times = at + capacity * 8
    this.values = at + capacity * 16
    this.out = at + capacity * 24
    this.hashes = at + capacity * 32
    this.ids = at + capacity * 36
    this.addresses = at + capacity * 40
    this.validity = at + capacity * 44
    this.none = at + capacity * 45
    // One word more than rows; the block is larger than what is used of it.
    this.offsets = at + capacity * 48
  }

  /** Keys and hashes of a batch. */
  load(batch: RecordBatch, selection: Int32Array | undefined, n: number): void {
    assert(batch.hashes !== 0, 'a keyed batch has a hash column')
    this.reserve(n)
    const { i32 } = this.memory
    const source = batch.arena.i32
    const from = batch.hashes >>> 2
    const hashes = this.hashes >>> 2
    if (selection === undefined) i32.set(source.subarray(from, from + n), hashes)
    else for (let i = 0; i < n; i++) i32[hashes + i] = source[from + selection[i]]
    const { type, fields, single } = this.shape
    const column = batch.column(fields[0])
    const { kind } = column.field.type
    const whole = single && column.validity === 0 && column.missing === 0
    if (type === 'number' && whole && (kind === 'float64' || kind === 'timestamp' || kind === 'int32')) {
      this.numbers(batch, column, selection, n, this.keys)
    } else if (type === 'string' && whole && kind === 'string') this.#strings(batch, column, selection, n)
    else if (this.#canonical(batch, selection, n)) return
    else if (single) this.#keys((i) => readValue(batch.arena, column, selection === undefined ? i : selection[i]), n)
    else this.#objects(batch, selection, n)
  }

  /** Keys and hashes of plain rows. */
  loadRows(keys: readonly unknown[], hashes: Int32Array, n: number): void {
    this.reserve(n)
    this.memory.i32.set(hashes.length === n ? hashes : hashes.subarray(0, n), this.hashes >>> 2)
    this.#keys((i) => keys[i], n)
  }

  /** One key, given as in snapshots. */
  loadCanonical(hash: number, bytes: Uint8Array): void {
    this.begin()
    this.addCanonical(0, hash, bytes, 0, bytes.length)
    this.#endAt(1)
  }

  /** Keys are going to be added one after the other. */
  begin(): void {
    this.#end = 0
  }

  /** Row `i` of at most `capacity`: a key as in snapshots, which stands in `bytes`. */
  addCanonical(i: number, hash: number, bytes: Uint8Array, start: number, end: number): void {
    const { memory, shape } = this
    memory.i32[(this.hashes >>> 2) + i] = hash
    if (shape.type === 'number') {
      if (!copyNumber(bytes, start, end, memory.u8, memory.f64, this.keys + i * 8)) {
        throw wrongKey(keyOfBytes(bytes.subarray(start, end)), 'number')
      }
      return
    }
    let from = start
    if (shape.type === 'string') {
      from = asciiStart(bytes, start, end)
      if (from < 0) {
        this.#append(i, memoryKey(shape.type, keyOfBytes(bytes.subarray(start, end))))
        return
      }
    }
    const length = end - from
    this.#reserveData(this.#end + length)
    memory.i32[(this.offsets >>> 2) + i] = this.#end
    const to = this.#data + this.#end
    if (length > 64) memory.u8.set(bytes.subarray(from, end), to)
    else for (let b = 0; b < length; b++) memory.u8[to + b] = bytes[from + b]
    this.#end += length
  }

  /**
   * Keys of the `n` rows of a restore at `entries` (core/kernels/restore-signature.ts), whose hashes are there already. They stand
   * in `bytes`, and in memory at `block`.
   */
  loadRestored(entries: number, n: number, block: number, bytes: Uint8Array): void {
    const { memory, shape } = this
    this.begin()
    if (!this.bytesKeys) {
      if (memory.kernels.restoreNumbers(entries, n, this.keys) === n) return
    } else {
      // Every byte may become two.
      this.#reserveData(bytes.length * 2)
      const strings = shape.type === 'string' ? 1 : 0
      if (memory.kernels.restoreBytes(entries, n, strings, this.offsets, this.#data) === n) return
    }
    // Some key is not of Latin-1, or not of this type.
    const { u32 } = memory
    for (let i = 0; i < n; i++) {
      const at = (entries + i * restoreRowBytes) >>> 2
      const hash = u32[(this.hashes >>> 2) + i]
      this.addCanonical(i, hash, bytes, u32[at + restoreRow.keyStart] - block, u32[at + restoreRow.keyEnd] - block)
    }
    this.#endAt(n)
  }

  /** Ids of the `n` keys that were added, new ones included. */
  findAdded(table: KeyTable, n: number): void {
    this.#endAt(n)
    this.find(table, 0, n, true)
  }

  /** Gives the memory back. */
  free(): void {
    this.memory.free(this.keys, this.capacity * rowBytes)
    this.memory.free(this.#data, this.#dataBytes)
    this.capacity = 0
    this.#dataBytes = 0
  }

  /** Ids of the loaded rows `from` to `to` - 1 in a table, at `ids`. */
  find(table: KeyTable, from: number, to: number, insert: boolean): void {
    const hashes = this.hashes + from * 4
    const ids = this.ids + from * 4
    if (this.bytesKeys) table.findBytes(this.offsets + from * 4, this.#data, hashes, to - from, insert, ids)
    else table.findNumbers(this.keys + from * 8, hashes, to - from, insert, ids)
  }

  /** Numbers of a column into Float64 at `to`. */
  numbers(batch: RecordBatch, column: Column, selection: Int32Array | undefined, n: number, to: number): void {
    const { f64 } = this.memory
    const { arena } = batch
    const at = to >>> 3
    const { kind } = column.field.type
    if (kind === 'int32') {
      const from = column.data >>> 2
      for (let i = 0; i < n; i++) f64[at + i] = arena.i32[from + (selection === undefined ? i : selection[i])]
    } else if (kind === 'int64') {
      const from = column.data >>> 3
      for (let i = 0; i < n; i++) f64[at + i] = Number(arena.i64[from + (selection === undefined ? i : selection[i])])
    } else {
      const from = column.data >>> 3
      if (selection === undefined) f64.set(arena.f64.subarray(from, from + n), at)
      else for (let i = 0; i < n; i++) f64[at + i] = arena.f64[from + selection[i]]
    }
  }

  /** Whole numbers of a column, int64 or int32, into Int64 at `to`. */
  int64s(batch: RecordBatch, column: Column, selection: Int32Array | undefined, n: number, to: number): void {
    const { i64 } = this.memory
    const { arena } = batch
    const at = to >>> 3
    if (column.field.type.kind === 'int32') {
      const from = column.data >>> 2
      for (let i = 0; i < n; i++) i64[at + i] = BigInt(arena.i32[from + (selection === undefined ? i : selection[i])])
      return
    }
    const from = column.data >>> 3
    if (selection === undefined) i64.set(arena.i64.subarray(from, from + n), at)
    else for (let i = 0; i < n; i++) i64[at + i] = arena.i64[from + selection[i]]
  }

  /** Event times into `times`. */
  loadTimes(batch: RecordBatch, selection: Int32Array | undefined, n: number): void {
    assert(batch.timestamps !== 0, 'a batch in a window has event times')
    const from = batch.timestamps >>> 3
    const at = this.times >>> 3
    const { f64 } = this.memory
    if (selection === undefined) f64.set(batch.arena.f64.subarray(from, from + n), at)
    else for (let i = 0; i < n; i++) f64[at + i] = batch.arena.f64[from + selection[i]]
  }

  /** Bits of the rows whose value is neither null nor missing at `validity`, or 0: all are. */
  validBits(batch: RecordBatch, column: Column, selection: Int32Array | undefined, n: number): number {
    if (column.validity === 0) return 0
    const { u8 } = this.memory
    const from = batch.arena.u8
    u8.fill(0, this.validity, this.validity + ((n + 7) >>> 3))
    for (let i = 0; i < n; i++) {
      const row = selection === undefined ? i : selection[i]
      if ((from[column.validity + (row >>> 3)] >>> (row & 7)) & 1) u8[this.validity + (i >>> 3)] |= 1 << (i & 7)
    }
    return this.validity
  }

  /** Keeps of the loaded rows those of `rows` (ascending), of `values` and `validity` nothing. For number keys and bytes keys alike. */
  keep(rows: Int32Array, count: number): void {
    const { f64, i32 } = this.memory
    const keys = this.keys >>> 3
    const times = this.times >>> 3
    const hashes = this.hashes >>> 2
    for (let i = 0; i < count; i++) {
      const row = rows[i]
      if (!this.bytesKeys) f64[keys + i] = f64[keys + row]
      f64[times + i] = f64[times + row]
      i32[hashes + i] = i32[hashes + row]
    }
    if (!this.bytesKeys) return
    // Keys move down one after the other.
    const { u8 } = this.memory
    const offsets = this.offsets >>> 2
    let end = i32[offsets]
    for (let i = 0; i < count; i++) {
      const start = i32[offsets + rows[i]]
      const stop = i32[offsets + rows[i] + 1]
      u8.copyWithin(this.#data + end, this.#data + start, this.#data + stop)
      i32[offsets + i] = end
      end += stop - start
    }
    i32[offsets + count] = end
  }

  #keys(key: (i: number) => unknown, n: number): void {
    const { type } = this.shape
    if (type === 'number') {
      const { f64 } = this.memory
      const at = this.keys >>> 3
      for (let i = 0; i < n; i++) {
        const value = key(i)
        if (typeof value !== 'number') throw wrongKey(value, 'number')
        f64[at + i] = value
      }
      return
    }
    this.begin()
    for (let i = 0; i < n; i++) {
      const value = key(i)
      if (type === 'string' && typeof value === 'string' && value.isWellFormed()) this.#appendString(i, value)
      else this.#append(i, memoryKey(type, value))
    }
    this.#endAt(n)
  }

  #canonical(batch: RecordBatch, selection: Int32Array | undefined, n: number): boolean {
    if (this.shape.type !== 'any') return false
    const columns = canonicalColumns(batch, this.shape)
    if (columns === undefined) return false
    this.begin()
    this.#reserveData(columns.bytesMax)
    const { u8, i32 } = this.memory
    writeCanonical(columns, batch, selection, n, u8, this.#data, i32, this.offsets >>> 2)
    return true
  }

  #objects(batch: RecordBatch, selection: Int32Array | undefined, n: number): void {
    const { fields } = this.shape
    const columns = fields.map((field) => readColumn(batch, field))
    this.begin()
    for (let i = 0; i < n; i++) {
      const row = selection === undefined ? i : selection[i]
      const key: Record<string, unknown> = {}
      for (let f = 0; f < fields.length; f++) key[fields[f]] = columns[f][row]
      this.#append(i, canonicalKey(key))
    }
    this.#endAt(n)
  }

  #strings(batch: RecordBatch, column: Column, selection: Int32Array | undefined, n: number): void {
    const { arena } = batch
    const from = column.offsets >>> 2
    const first = arena.i32[from]
    const bytes = arena.i32[from + column.rowCount] - first
    this.begin()
    this.#reserveData(bytes + 16)
    const { i32, u8 } = this.memory
    const at = this.offsets >>> 2
    const data = this.#data
    if (selection === undefined) {
      u8.set(arena.u8.subarray(column.data + first, column.data + first + bytes), data)
      for (let i = 0; i <= n; i++) i32[at + i] = arena.i32[from + i] - first
      return
    }
    let end = 0
    for (let i = 0; i < n; i++) {
      const start = column.data + arena.i32[from + selection[i]]
      const stop = column.data + arena.i32[from + selection[i] + 1]
      i32[at + i] = end
      if (stop - start > 64) u8.set(arena.u8.subarray(start, stop), data + end)
      else for (let b = start, to = data + end; b < stop; b++, to++) u8[to] = arena.u8[b]
      end += stop - start
    }
    i32[at + n] = end
  }

  #append(i: number, bytes: Uint8Array): void {
    this.#reserveData(this.#end + bytes.length)
    this.memory.i32[(this.offsets >>> 2) + i] = this.#end
    this.memory.u8.set(bytes, this.#data + this.#end)
    this.#end += bytes.length
  }

  #appendString(i: number, value: string): void {
    this.#reserveData(this.#end + value.length * 3)
    this.memory.i32[(this.offsets >>> 2) + i] = this.#end
    this.#end += this.memory.buffer.utf8Write(value, this.#data + this.#end, value.length * 3)
  }

  #endAt(n: number): void {
    this.memory.i32[(this.offsets >>> 2) + n] = this.#end
  }

  #reserveData(bytes: number): void {
    if (bytes <= this.#dataBytes) return
    let grown = this.#dataBytes
    while (grown < bytes) grown *= 2
    const to = this.memory.allocate(grown)
    this.memory.u8.copyWithin(to, this.#data, this.#data + this.#end)
    this.memory.free(this.#data, this.#dataBytes)
    this.#data = to
    this.#dataBytes = grown
  }
}

/** Whether the numbers of a column can be read by `StateRows.numbers`. */
export function isNumberColumn(column: Column): boolean {
  const { kind } = column.field.type
  return kind === 'float64' || kind === 'int32' || kind === 'int64' || kind === 'timestamp' || kind === 'date'
}
