/**
 * A window read from RocksDB: the entries of its panes side by side in the order of hash and key, merged key by key, a slice
 * at a time. Memory: a slice, and a read-ahead per pane. Sees the panes as they were when it was made. One thread.
 */
import { readBytes } from '../aggregates/accumulator.ts'
import { ResultColumn } from '../aggregates/result-column.ts'
import type { WindowSlice } from '../api.ts'
import { entryHeaderBytes } from '../key-table.ts'
import { keyOfBytes } from '../keys.ts'
import { decodeStateValue } from '../values.ts'
import type { PaneShape } from '../windows/panes.ts'
import { mergeInto, sliceRows } from '../windows/window-merge.ts'
import type { KeyScan, KeyValues } from './binding.ts'
import { epochBytes, paneEntryHead, paneStart, prefixEnd, readU32 } from './layout.ts'

const entriesPerRead = 512

/** Where the scan of a pane stands. */
class PaneHead {
  readonly #scan: KeyScan
  #entries: readonly Buffer[] = []
  #at = 0
  #ended = false
  /** Hash and key of the entry; undefined: there is none. */
  key: Buffer | undefined
  value: Buffer = Buffer.alloc(0)

  constructor(scan: KeyScan) {
    this.#scan = scan
    this.next()
  }

  next(): void {
    if (this.#at === this.#entries.length && !this.#ended) {
      this.#entries = this.#scan.next(entriesPerRead)
      this.#ended = this.#entries.length < 2 * entriesPerRead
      this.#at = 0
    }
    if (this.#at === this.#entries.length) {
      this.key = undefined
      return
    }
    this.key = this.#entries[this.#at++].subarray(paneEntryHead)
    this.value = this.#entries[this.#at++].subarray(epochBytes)
  }

  close(): void {
    this.#scan.close()
  }
}

export class PaneScan {
  readonly start: number
  readonly end: number
  readonly #shape: PaneShape
  readonly #heads: readonly PaneHead[]
  /** Addresses of a slice of entries, of one more, of their addresses, and of what reading results needs. */
  readonly #entries: number
  readonly #other: number
  readonly #addresses: number
  readonly #scratch: number
  /** Address of two addresses. */
  readonly #pair: number
  readonly #entryBytes: number
  readonly #bytes: number
  readonly #hashes = new Int32Array(sliceRows)
  readonly #keys: Float64Array | undefined
  readonly #values: readonly ResultColumn[]
  #closed = false

  constructor(
    shape: PaneShape,
    store: KeyValues,
    start: number,
    end: number,
    panes: readonly { readonly start: number }[],
  ) {
    const { memory, accumulators, type } = shape
    this.start = start
    this.end = end
    this.#shape = shape
    this.#heads = panes.map((pane) => {
      const prefix = paneStart(pane.start)
      return new PaneHead(store.scan(prefix, prefixEnd(prefix)))
    })
    // Accumulators stand where they stand in entries of tables.
    this.#entryBytes = entryHeaderBytes + accumulators.bytes
    this.#bytes = (sliceRows + 1) * this.#entryBytes + sliceRows * (4 + readBytes) + 8
    this.#entries = memory.allocate(this.#bytes)
    this.#other = this.#entries + sliceRows * this.#entryBytes
    this.#pair = this.#other + this.#entryBytes
    this.#addresses = this.#pair + 8
    this.#scratch = this.#addresses + sliceRows * 4
    this.#keys = type === 'number' ? new Float64Array(sliceRows) : undefined
    this.#values = Array.from({ length: accumulators.count }, () => new ResultColumn(sliceRows))
  }

  /** The next slice; undefined at the end. */
  next(): WindowSlice | undefined {
    const { accumulators, memory, aggregate } = this.#shape
    const functions = aggregate.kind === 'functions' ? aggregate.functions : undefined
    const keys: Buffer[] = []
    const objects: unknown[] = []
    let count = 0
    for (; count < sliceRows; count++) {
      const key = this.#least()
      if (key === undefined) break
      const at = this.#entries + count * this.#entryBytes
      let first = true
      for (const head of this.#heads) {
        if (head.key === undefined || (head.key !== key && !head.key.equals(key))) continue
        if (functions !== undefined) {
          const { value } = decodeStateValue(head.value, this.#shape.name)
          objects[count] = first ? value : mergeInto(functions, objects[count], value)
        } else if (first) accumulators.decode(memory, head.value, 0, head.value.length, at, this.#shape.name)
        else this.#merge(at, head.value)
        first = false
        head.next()
      }
      memory.u32[(this.#addresses >>> 2) + count] = at
      this.#hashes[count] = readU32(key, 0)
      if (this.#keys === undefined) keys.push(key)
      else this.#keys[count] = keyOfBytes(key.subarray(4)) as number
    }
    if (count === 0) return undefined
    accumulators.read(memory, this.#addresses, count, this.#scratch, this.#values)
    const numbers = this.#keys
    return {
      count,
      hashes: this.#hashes.subarray(0, count),
      numbers: numbers?.subarray(0, count),
      key: (i) => (numbers === undefined ? keyOfBytes(keys[i].subarray(4)) : numbers[i]),
      values: this.#values,
      accumulators: objects,
    }
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    for (const head of this.#heads) head.close()
    this.#shape.memory.free(this.#entries, this.#bytes)
  }

  #least(): Buffer | undefined {
    let least: Buffer | undefined
    for (const { key } of this.#heads)
      if (key !== undefined && (least === undefined || Buffer.compare(key, least) < 0)) least = key
    return least
  }

  #merge(into: number, value: Buffer): void {
    const { accumulators, memory, name } = this.#shape
    accumulators.decode(memory, value, 0, value.length, this.#other, name)
    memory.u32[this.#pair >>> 2] = into
    memory.u32[(this.#pair >>> 2) + 1] = this.#other
    accumulators.merge(memory, this.#pair, this.#pair + 4, 1)
  }
}
