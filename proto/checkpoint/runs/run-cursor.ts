/**
 * A cursor over the entries of a run: one object whose fields change from entry to entry, so that millions of entries cost
 * no garbage. Key, namespace and value stand in `bytes`; the getters make views of them. Valid until the next `next`; only the
 * bytes that `bytes` referred to are never written again.
 */
import { RunEntry } from './run-entry.ts'
import { type BlockEntry, compareBytes, entryKind, malformed } from './run-format.ts'
import type { RunReader } from './run-reader.ts'

const nothing = new Uint8Array(0)

export class RunCursor extends RunEntry {
  private readonly reader: RunReader
  private readonly low: number
  private readonly high: number
  private readonly endBlock: number
  private nextBlock: number
  private stored: Uint8Array = nothing
  private storedAt = 0
  private offset = 0
  private left = 0

  constructor(reader: RunReader, from: number, to: number) {
    super()
    const { first, end } = reader.blocksOf(from, to)
    this.reader = reader
    this.low = from * 65536
    this.high = to * 65536
    this.nextBlock = first
    this.endBlock = end
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
    this.offset = 0
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
    if (!this.read(this.offset)) this.broken()
    this.offset = this.valueEnd
    if (--this.left === 0 && this.valueEnd !== this.bytes.length) this.broken()
  }

  private broken(): never {
    return malformed(this.reader.where, `an entry of block ${this.nextBlock - 1} is not one`)
  }
}
