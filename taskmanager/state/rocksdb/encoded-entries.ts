/** Entries as they stand in runs, one behind the other, in memory that grows and is used again. One thread. */
import { entryKind, entryStartBytesMax, writeEntryHead } from '../../../proto/checkpoint/runs/run.ts'

const bytesMin = 1024
/** More is given back when it was taken. */
const keptBytesMax = 256 * 1024

export class EncodedEntries {
  entries = 0
  /** Some of them say that an entry is gone. */
  gone = false
  readonly #headBytes: number
  #buffer: Buffer
  #end: number

  /** `headBytes`: room before the entries, for whoever needs it. */
  constructor(headBytes = 0) {
    this.#headBytes = headBytes
    this.#buffer = Buffer.allocUnsafeSlow(bytesMin)
    this.#end = headBytes
  }

  /** The room and the entries; lent until something is added. */
  get whole(): Buffer {
    return this.#buffer.subarray(0, this.#end)
  }

  /** The entries; lent until something is added. */
  get bytes(): Buffer {
    return this.#buffer.subarray(this.#headBytes, this.#end)
  }

  get length(): number {
    return this.#end - this.#headBytes
  }

  /** A version of an entry, undefined for one that is gone. Copies. */
  add(hash: number, state: number, key: Uint8Array, namespace: Uint8Array, value: Uint8Array | undefined): void {
    const valueBytes = value?.length ?? 0
    this.#reserve(entryStartBytesMax + key.length + namespace.length + valueBytes)
    const buffer = this.#buffer
    const kind = value === undefined ? entryKind.tombstone : entryKind.put
    let at = writeEntryHead(buffer, this.#end, hash, state, kind, key.length, namespace.length, valueBytes)
    buffer.set(key, at)
    at += key.length
    buffer.set(namespace, at)
    at += namespace.length
    if (value === undefined) this.gone = true
    else buffer.set(value, at)
    this.#end = at + valueBytes
    this.entries++
  }

  clear(): void {
    if (this.#buffer.length > keptBytesMax) this.#buffer = Buffer.allocUnsafeSlow(bytesMin)
    this.#end = this.#headBytes
    this.entries = 0
    this.gone = false
  }

  #reserve(bytes: number): void {
    if (this.#end + bytes <= this.#buffer.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#end + bytes, this.#buffer.length * 2))
    this.#buffer.copy(grown, 0, 0, this.#end)
    this.#buffer = grown
  }
}
