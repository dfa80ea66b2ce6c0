/**
 * The sparse offset index of a segment: pairs of (last offset of a batch, where the batch begins), one per some kilobytes of
 * log, ascending. On disk 8 bytes each, big end first: offset relative to the segment's base, position.
 *
 * In memory for the active segment; read when asked for others. One thread.
 */

export const offsetEntryBytes = 8

export class OffsetIndex {
  /** Entries. */
  length = 0
  #entries: Int32Array

  constructor(capacity = 16) {
    this.#entries = new Int32Array(capacity * 2)
  }

  get sizeBytes(): number {
    return this.#entries.byteLength
  }

  /** Both grow from entry to entry. */
  append(relativeOffset: number, position: number): void {
    if (this.length * 2 === this.#entries.length) {
      const grown = new Int32Array(this.#entries.length * 2)
      grown.set(this.#entries)
      this.#entries = grown
    }
    this.#entries[this.length * 2] = relativeOffset
    this.#entries[this.length * 2 + 1] = position
    this.length++
  }

  relativeOffsetAt(entry: number): number {
    return this.#entries[entry * 2]
  }

  positionAt(entry: number): number {
    return this.#entries[entry * 2 + 1]
  }

  /** The last entry whose offset is at most `relativeOffset`, or -1. */
  floor(relativeOffset: number): number {
    let low = 0
    let high = this.length - 1
    while (low <= high) {
      const middle = (low + high) >>> 1
      if (this.#entries[middle * 2] <= relativeOffset) low = middle + 1
      else high = middle - 1
    }
    return high
  }

  /** Where to begin looking for the batch with this offset: at or before it. */
  positionFor(relativeOffset: number): number {
    const entry = this.floor(relativeOffset)
    return entry < 0 ? 0 : this.#entries[entry * 2 + 1]
  }

  truncate(length: number): void {
    this.length = Math.min(this.length, length)
  }

  /** The entries from `from` up to `to` as they stand in the file. */
  encode(from = 0, to = this.length): Buffer {
    const bytes = Buffer.allocUnsafe((to - from) * offsetEntryBytes)
    for (let i = from * 2; i < to * 2; i++) bytes.writeInt32BE(this.#entries[i], (i - from * 2) * 4)
    return bytes
  }

  /** Undefined when the bytes cannot be the index of a log of `logBytes`: not ascending, beyond the end, a part of an entry. */
  static decode(bytes: Buffer, logBytes: number): OffsetIndex | undefined {
    if (bytes.length % offsetEntryBytes !== 0) return undefined
    const index = new OffsetIndex(Math.max(16, bytes.length / offsetEntryBytes))
    let lastOffset = -1
    let lastPosition = -1
    for (let at = 0; at < bytes.length; at += offsetEntryBytes) {
      const offset = bytes.readInt32BE(at)
      const position = bytes.readInt32BE(at + 4)
      if (offset <= lastOffset || position <= lastPosition || position >= logBytes) return undefined
      index.append(offset, position)
      lastOffset = offset
      lastPosition = position
    }
    return index
  }
}
