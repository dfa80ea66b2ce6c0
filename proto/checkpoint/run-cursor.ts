/**
 * A cursor over the entries of a run: one object whose fields change from entry to entry, so that millions of entries cost
 * no garbage. Key, namespace and value stand in `bytes`; the getters make views of them. Valid until the next `next`; only the
 * bytes that `bytes` referred to are never written again.
 */
import { type BlockEntry, compareBytes, entryHeadBytes, entryKind, malformed } from './run-format.ts'
import type { RunReader } from './run-reader.ts'

const nothing = new Uint8Array(0)

export class RunCursor {
  /** Unsigned. */
  hash = 0
  state = 0
  /** One of `entryKind`. */
  kind = 0
  /** Holds the entry from `start` to `valueEnd`: head, then key, namespace and value without gaps. */
  bytes: Uint8Array = nothing
  start = 0
  keyStart = 0
  keyEnd = 0
  namespaceEnd = 0
  /** Equals `namespaceEnd` for tombstones and drops. */
  valueEnd = 0
  private readonly reader: RunReader
  private readonly low: number
  private readonly high: number
  private readonly endBlock: number
  private nextBlock: number
  private stored: Uint8Array = nothing
  private storedAt = 0
  private at = 0
  private left = 0

  constructor(reader: RunReader, from: number, to: number) {
    const { first, end } = reader.blocksOf(from, to)
    this.reader = reader
    this.low = from * 65536
    this.high = to * 65536
    this.nextBlock = first
    this.endBlock = end
  }

  get key(): Uint8Array {
    return this.bytes.subarray(this.keyStart, this.keyEnd)
  }

  get namespace(): Uint8Array {
    return this.bytes.subarray(this.keyEnd, this.namespaceEnd)
  }

  /** Empty for tombstones and drops. */
  get value(): Uint8Array {
    return this.bytes.subarray(this.namespaceEnd, this.valueEnd)
  }

  /** Goes to the next entry; false when there is none. */
  next(): boolean {
    for (;;) {
      if (this.left === 0) {
        if (!this.openNext()) return false
        continue
      }
      this.decode()
      if (this.hash < this.low) continue
      if (this.hash < this.high) return true
      this.left = 0
      this.nextBlock = this.endBlock
      return false
    }
  }

  /** Negative when this entry stands before that of `other`, 0 when it is about the same thing. */
  compare(other: RunCursor): number {
    if (this.hash !== other.hash) return this.hash < other.hash ? -1 : 1
    if (this.state !== other.state) return this.state - other.state
    const key = compareBytes(this.bytes, this.keyStart, this.keyEnd, other.bytes, other.keyStart, other.keyEnd)
    if (key !== 0) return key
    const namespace = compareBytes(
      this.bytes,
      this.keyEnd,
      this.namespaceEnd,
      other.bytes,
      other.keyEnd,
      other.namespaceEnd,
    )
    if (namespace !== 0) return namespace
    return (this.kind === entryKind.drop ? 0 : 1) - (other.kind === entryKind.drop ? 0 : 1)
  }

  private openNext(): boolean {
    const number = this.nextBlock
    if (number >= this.endBlock) {
      this.bytes = nothing
      this.stored = nothing
      return false
    }
    const block = this.reader.blocks[number]
    this.bytes = this.reader.ahead?.get(number) ?? this.readBlock(number, block)
    this.at = 0
    this.left = block.entries
    this.nextBlock = number + 1
    if (block.entries === 0 && block.raw > 0) malformed(this.reader.where, `block ${number} has no entries`)
    return true
  }

  private readBlock(number: number, block: BlockEntry): Uint8Array {
    let from = block.offset - this.storedAt
    if (from < 0 || from + block.stored > this.stored.length) {
      this.stored = this.reader.readBlocks(number, this.endBlock)
      this.storedAt = block.offset
      from = 0
    }
    return this.reader.openBlock(number, this.stored.subarray(from, from + block.stored))
  }

  private decode(): void {
    const { bytes, at } = this
    const end = bytes.length
    if (end - at < entryHeadBytes + 2) this.broken()
    this.start = at
    this.hash = (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0
    this.state = bytes[at + 4] | (bytes[at + 5] << 8)
    const kind = bytes[at + 6]
    this.kind = kind
    if (kind > entryKind.drop) this.broken()
    this.at = at + entryHeadBytes
    const keyLength = this.varint()
    const namespaceLength = this.varint()
    const valueLength = kind === entryKind.put ? this.varint() : 0
    this.keyStart = this.at
    this.keyEnd = this.keyStart + keyLength
    this.namespaceEnd = this.keyEnd + namespaceLength
    this.valueEnd = this.namespaceEnd + valueLength
    if (this.valueEnd > end) this.broken()
    this.at = this.valueEnd
    if (--this.left === 0 && this.valueEnd !== end) this.broken()
  }

  private varint(): number {
    const { bytes } = this
    const first = bytes[this.at++]
    if (first < 128) return first
    let value = (first ?? this.broken()) & 127
    let scale = 128
    for (;;) {
      if (this.at >= bytes.length || scale > 2 ** 28) this.broken()
      const byte = bytes[this.at++]
      value += (byte & 127) * scale
      if (byte < 128) return value
      scale *= 128
    }
  }

  private broken(): never {
    return malformed(this.reader.where, `an entry of block ${this.nextBlock - 1} is not one`)
  }
}
