/**
 * An entry of a run as it stands in a block: numbers into `bytes`, for which one object serves millions of entries without garbage.
 * The getters make views. Checks that an entry is one; reads nothing outside of the bytes. One thread.
 */
import { entryHeadBytes, entryKind } from './run-format.ts'

const nothing = new Uint8Array(0)

export class RunEntry {
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
  private at = 0

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

  /** Reads the entry that begins at `at` of `bytes`; false: there is none. The next one begins at `valueEnd`. */
  read(at: number): boolean {
    const { bytes } = this
    const end = bytes.length
    if (end - at < entryHeadBytes + 2) return false
    this.start = at
    this.hash = (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0
    this.state = bytes[at + 4] | (bytes[at + 5] << 8)
    const kind = bytes[at + 6]
    this.kind = kind
    if (kind > entryKind.drop) return false
    this.at = at + entryHeadBytes
    const keyLength = this.varint()
    const namespaceLength = this.varint()
    const valueLength = kind === entryKind.put ? this.varint() : 0
    this.keyStart = this.at
    this.keyEnd = this.keyStart + keyLength
    this.namespaceEnd = this.keyEnd + namespaceLength
    this.valueEnd = this.namespaceEnd + valueLength
    // What is not a number has no end either.
    return this.valueEnd <= end
  }

  /** NaN: it does not end in time. */
  private varint(): number {
    const { bytes } = this
    const first = bytes[this.at++]
    if (first < 128) return first
    let value = first & 127
    let scale = 128
    for (;;) {
      if (this.at >= bytes.length || scale > 2 ** 28) return Number.NaN
      const byte = bytes[this.at++]
      value += (byte & 127) * scale
      if (byte < 128) return value
      scale *= 128
    }
  }
}
