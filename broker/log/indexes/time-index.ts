/**
 * The sparse time index of a segment: pairs of (largest timestamp so far, last offset of the batch that has it), ascending in
 * both. On disk 12 bytes each, big end first: timestamp as int64, offset relative to the segment's base.
 *
 * In memory for the active segment; read when asked for others. One thread.
 */
import { int64At, writeInt64At } from '../batch-fields.ts'

export const timeEntryBytes = 12

export class TimeIndex {
  length = 0
  #timestamps = new Float64Array(16)
  #offsets = new Int32Array(16)

  get sizeBytes(): number {
    return this.#timestamps.byteLength + this.#offsets.byteLength
  }

  /** Timestamp of the last entry, or -1. */
  get lastTimestamp(): number {
    return this.length === 0 ? -1 : this.#timestamps[this.length - 1]
  }

  /** Relative offset of the last entry, or -1. */
  get lastRelativeOffset(): number {
    return this.length === 0 ? -1 : this.#offsets[this.length - 1]
  }

  /** Ignores what is not later than the last entry. */
  append(timestamp: number, relativeOffset: number): void {
    if (timestamp <= this.lastTimestamp || relativeOffset <= this.lastRelativeOffset) return
    if (this.length === this.#offsets.length) {
      const timestamps = new Float64Array(this.length * 2)
      timestamps.set(this.#timestamps)
      this.#timestamps = timestamps
      const offsets = new Int32Array(this.length * 2)
      offsets.set(this.#offsets)
      this.#offsets = offsets
    }
    this.#timestamps[this.length] = timestamp
    this.#offsets[this.length] = relativeOffset
    this.length++
  }

  timestampAt(entry: number): number {
    return this.#timestamps[entry]
  }

  relativeOffsetAt(entry: number): number {
    return this.#offsets[entry]
  }

  /** Relative offset from which to look for a record at or after `timestamp`. */
  offsetFor(timestamp: number): number {
    let low = 0
    let high = this.length - 1
    while (low <= high) {
      const middle = (low + high) >>> 1
      if (this.#timestamps[middle] < timestamp) low = middle + 1
      else high = middle - 1
    }
    return high < 0 ? 0 : this.#offsets[high]
  }

  /** Drops entries of offsets at or above `relativeOffset`. */
  truncateFrom(relativeOffset: number): void {
    while (this.length > 0 && this.#offsets[this.length - 1] >= relativeOffset) this.length--
  }

  /** Entries of offsets below `relativeOffset`. */
  countBelow(relativeOffset: number): number {
    let count = this.length
    while (count > 0 && this.#offsets[count - 1] >= relativeOffset) count--
    return count
  }

  encode(from = 0, to = this.length): Buffer {
    const bytes = Buffer.allocUnsafe((to - from) * timeEntryBytes)
    for (let i = from, at = 0; i < to; i++, at += timeEntryBytes) {
      writeInt64At(bytes, this.#timestamps[i], at)
      bytes.writeInt32BE(this.#offsets[i], at + 8)
    }
    return bytes
  }

  /** Undefined when the entries do not ascend or one is not whole. */
  static decode(bytes: Buffer): TimeIndex | undefined {
    if (bytes.length % timeEntryBytes !== 0) return undefined
    const index = new TimeIndex()
    for (let at = 0; at < bytes.length; at += timeEntryBytes) {
      const length = index.length
      index.append(int64At(bytes, at), bytes.readInt32BE(at + 8))
      if (index.length === length) return undefined
    }
    return index
  }
}
