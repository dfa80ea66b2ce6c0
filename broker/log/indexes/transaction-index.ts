/**
 * The aborted transactions whose marker lies in a segment, by marker. On disk 34 bytes each, big end first: version (0), producer
 * id, first offset, last offset (of the marker), last stable offset when it was aborted.
 *
 * In memory as long as the segment is; small, since only aborts are in it. One thread.
 */
import { int64At, writeInt64At } from '../batch-fields.ts'

export const transactionEntryBytes = 34

export interface AbortedEntry {
  readonly producerId: number
  readonly firstOffset: number
  /** Offset of the abort marker. */
  readonly lastOffset: number
  readonly lastStableOffset: number
}

export class TransactionIndex {
  readonly entries: AbortedEntry[] = []

  get length(): number {
    return this.entries.length
  }

  append(entry: AbortedEntry): void {
    this.entries.push(entry)
  }

  /** Drops entries whose marker lies at or above `offset`. */
  truncateFrom(offset: number): void {
    while (this.entries.length > 0 && this.entries[this.entries.length - 1].lastOffset >= offset) this.entries.pop()
  }

  /** Entries whose marker lies below `offset`. */
  countBelow(offset: number): number {
    let count = this.entries.length
    while (count > 0 && this.entries[count - 1].lastOffset >= offset) count--
    return count
  }

  encode(from = 0, to = this.entries.length): Buffer {
    const bytes = Buffer.allocUnsafe((to - from) * transactionEntryBytes)
    for (let i = from, at = 0; i < to; i++, at += transactionEntryBytes) {
      const entry = this.entries[i]
      bytes.writeInt16BE(0, at)
      writeInt64At(bytes, entry.producerId, at + 2)
      writeInt64At(bytes, entry.firstOffset, at + 10)
      writeInt64At(bytes, entry.lastOffset, at + 18)
      writeInt64At(bytes, entry.lastStableOffset, at + 26)
    }
    return bytes
  }

  /** Undefined when an entry is not whole, of another version, or out of order. */
  static decode(bytes: Buffer): TransactionIndex | undefined {
    const index = TransactionIndex.decodeWhole(bytes)
    return index.length * transactionEntryBytes === bytes.length ? index : undefined
  }

  /** The entries before the first that is not a good one: a crash leaves the last one torn, and those before it are true. */
  static decodeWhole(bytes: Buffer): TransactionIndex {
    const index = new TransactionIndex()
    let last = -1
    for (let at = 0; at + transactionEntryBytes <= bytes.length; at += transactionEntryBytes) {
      const entry: AbortedEntry = {
        producerId: int64At(bytes, at + 2),
        firstOffset: int64At(bytes, at + 10),
        lastOffset: int64At(bytes, at + 18),
        lastStableOffset: int64At(bytes, at + 26),
      }
      if (bytes.readInt16BE(at) !== 0 || entry.lastOffset <= last || entry.firstOffset > entry.lastOffset) break
      index.append(entry)
      last = entry.lastOffset
    }
    return index
  }
}
