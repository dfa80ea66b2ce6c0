/**
 * Collects entries in any order and gives them to a run in its order: a radix sort by hash, then a comparison of the few
 * that share one. Entries are kept encoded, one after the other.
 *
 * Promises: of two entries of the same state, key and namespace the later one stands, unless one of them is a drop. Bytes
 * given are copied at once; at most 4 GiB. One caller at a time.
 */
import { assert } from '../../core/assert.ts'
import { compareBytes, type EntryKind, entryHeadBytes, entryKind } from './run-format.ts'
import { type FinishedRun, type RunOptions, RunWriter, writeEntryHead } from './run-writer.ts'

const builderBytesMax = 0xffff_ffff

export class RunBuilder {
  /** Entries added so far, replaced ones included. */
  count = 0
  /** Bytes that they take. */
  bytes = 0
  private data: Uint8Array
  private hashes: Uint32Array
  private starts: Uint32Array
  private readonly order: EntryOrder

  constructor(expectedEntries = 1024, expectedEntryBytes = 64) {
    this.data = Buffer.allocUnsafeSlow(Math.max(4096, expectedEntries * expectedEntryBytes))
    this.hashes = new Uint32Array(Math.max(16, expectedEntries))
    this.starts = new Uint32Array(this.hashes.length)
    this.order = new EntryOrder()
  }

  /** `hash` may be given signed. `value` is ignored unless the kind is put. */
  add(hash: number, state: number, kind: EntryKind, key: Uint8Array, namespace: Uint8Array, value?: Uint8Array): void {
    const valueLength = value === undefined || kind !== entryKind.put ? 0 : value.length
    const start = this.reserve(hash, key.length + namespace.length + valueLength)
    let at = writeEntryHead(this.data, start, hash, state, kind, key.length, namespace.length, valueLength)
    this.data.set(key, at)
    at += key.length
    this.data.set(namespace, at)
    at += namespace.length
    if (value !== undefined && valueLength > 0) this.data.set(value, at)
    this.bytes = at + valueLength
  }

  /** The same from one array: key, namespace and value stand in `source` at [keyStart, keyEnd), and so on. No views are made. */
  addSlices(
    hash: number,
    state: number,
    kind: EntryKind,
    source: Uint8Array,
    keyStart: number,
    keyEnd: number,
    namespaceStart: number,
    namespaceEnd: number,
    valueStart: number,
    valueEnd: number,
  ): void {
    const valueLength = kind === entryKind.put ? valueEnd - valueStart : 0
    const keyLength = keyEnd - keyStart
    const namespaceLength = namespaceEnd - namespaceStart
    const start = this.reserve(hash, keyLength + namespaceLength + valueLength)
    const { data } = this
    let at = writeEntryHead(data, start, hash, state, kind, keyLength, namespaceLength, valueLength)
    for (let from = keyStart; from < keyEnd; from++) data[at++] = source[from]
    for (let from = namespaceStart; from < namespaceEnd; from++) data[at++] = source[from]
    if (valueLength > 64) {
      data.set(source.subarray(valueStart, valueEnd), at)
      at += valueLength
    } else for (let i = 0; i < valueLength; i++) data[at++] = source[valueStart + i]
    this.bytes = at
  }

  /** Appends all entries to `writer` in order and forgets them. `base`: nothing is older, tombstones have done their work. */
  writeTo(writer: RunWriter, base = false): void {
    const { data, hashes, starts, count, order } = this
    const sorted = sortByHash(hashes, count)
    order.data = data
    order.starts = starts
    for (let i = 0; i < count; ) {
      const hash = hashes[sorted[i]]
      let end = i + 1
      while (end < count && hashes[sorted[end]] === hash) end++
      if (end - i > 1) order.sort(sorted, i, end)
      for (; i < end; i++) {
        if (i + 1 < end && order.same(sorted[i], sorted[i + 1])) continue
        const entry = sorted[i]
        const start = starts[entry]
        order.readA(entry)
        if (base && order.kind === entryKind.tombstone) continue
        const stop = entry + 1 < count ? starts[entry + 1] : this.bytes
        writer.appendEncoded(
          data,
          start,
          stop,
          hash,
          order.state,
          order.kind as EntryKind,
          order.keyStart,
          order.keyEnd,
          order.end,
        )
      }
    }
    this.clear()
  }

  clear(): void {
    this.count = 0
    this.bytes = 0
  }

  private reserve(hash: number, payload: number): number {
    const start = this.bytes
    const need = start + entryHeadBytes + 15 + payload
    if (need > this.data.length) {
      assert(need <= builderBytesMax, 'a builder holds at most 4 GiB')
      const grown = Buffer.allocUnsafeSlow(Math.min(builderBytesMax, Math.max(need, this.data.length * 2)))
      grown.set(this.data.subarray(0, start))
      this.data = grown
    }
    if (this.count === this.hashes.length) {
      this.hashes = grow(this.hashes)
      this.starts = grow(this.starts)
    }
    this.hashes[this.count] = hash
    this.starts[this.count++] = start
    return start
  }
}

/** Encodes entries that stand in any order as one run. */
export function writeRun(entries: RunBuilder, options: RunOptions): { run: FinishedRun; chunks: Uint8Array[] } {
  const writer = new RunWriter(options)
  entries.writeTo(writer)
  const run = writer.finish()
  return { run, chunks: writer.take() }
}

/** Numbers of the entries in the order of their hashes; equal ones stay in the order in which they were added. */
function sortByHash(hashes: Uint32Array, count: number): Uint32Array {
  let order = new Uint32Array(count)
  for (let i = 0; i < count; i++) order[i] = i
  if (count < 64) return order.sort((a, b) => hashes[a] - hashes[b] || a - b)
  let other = new Uint32Array(count)
  const counts = new Uint32Array(2048)
  for (let shift = 0; shift < 33; shift += 11) {
    counts.fill(0)
    for (let i = 0; i < count; i++) counts[(hashes[i] >>> shift) & 2047]++
    let sum = 0
    for (let i = 0; i < 2048; i++) {
      const size = counts[i]
      counts[i] = sum
      sum += size
    }
    for (let i = 0; i < count; i++) {
      const entry = order[i]
      other[counts[(hashes[entry] >>> shift) & 2047]++] = entry
    }
    const swap = order
    order = other
    other = swap
  }
  return order
}

/** Compares encoded entries that have the same hash. */
class EntryOrder {
  data: Uint8Array = new Uint8Array(0)
  starts: Uint32Array = new Uint32Array(0)
  state = 0
  kind = 0
  keyStart = 0
  keyEnd = 0
  end = 0
  private at = 0

  sort(order: Uint32Array, from: number, to: number): void {
    order.subarray(from, to).sort((a, b) => this.compare(a, b) || a - b)
  }

  same(a: number, b: number): boolean {
    return this.compare(a, b) === 0
  }

  readA(entry: number): void {
    const { data } = this
    const start = this.starts[entry]
    this.state = data[start + 4] | (data[start + 5] << 8)
    this.kind = data[start + 6]
    this.at = start + entryHeadBytes
    const key = this.varint()
    const namespace = this.varint()
    if (this.kind === entryKind.put) this.varint()
    this.keyStart = this.at
    this.keyEnd = this.at + key
    this.end = this.keyEnd + namespace
  }

  private compare(a: number, b: number): number {
    this.readA(a)
    const { data, state, kind, keyStart, keyEnd, end } = this
    this.readA(b)
    if (state !== this.state) return state - this.state
    const key = compareBytes(data, keyStart, keyEnd, data, this.keyStart, this.keyEnd)
    if (key !== 0) return key
    const namespace = compareBytes(data, keyEnd, end, data, this.keyEnd, this.end)
    if (namespace !== 0) return namespace
    return (kind === entryKind.drop ? 0 : 1) - (this.kind === entryKind.drop ? 0 : 1)
  }

  private varint(): number {
    let value = 0
    let scale = 1
    for (;;) {
      const byte = this.data[this.at++]
      value += (byte & 127) * scale
      if (byte < 128) return value
      scale *= 128
    }
  }
}

function grow(array: Uint32Array): Uint32Array<ArrayBuffer> {
  const grown = new Uint32Array(array.length * 2)
  grown.set(array)
  return grown
}
