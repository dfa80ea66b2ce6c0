/**
 * Writes the fields of Kafka messages. Small fields go into blocks of memory that are filled one frame after another and
 * then left to the collector; large byte strings are kept by reference, so that a fetch response copies no records.
 * Between `begin` and `finish` one frame is written; what `finish` gives stays valid for ever. One writer serves one
 * thread, for any number of connections, one frame at a time.
 */
import { assert } from '../../core/assert.ts'
import { kafkaWireErrors } from './reader.ts'

/** Records as they are written: parts that follow each other count as one. Readers always give one Buffer. */
export type KafkaRecords = Buffer | readonly Buffer[] | null

const blockBytes = 65_536
/** A shorter frame than this is not worth a new block. */
const blockTailMin = 512
/** Shorter byte strings are cheaper copied than as a part of their own. */
export const referenceBytesMin = 2048

/** `value`, which the version to be written cannot leave out. */
export function present<T>(value: T | null, field: string, version: number): T {
  if (value === null) throw kafkaWireErrors.create('NULL_VALUE', { field, version })
  return value
}

export class KafkaWriter {
  #block: Buffer = Buffer.allocUnsafeSlow(blockBytes)
  /** Where the bytes of the frame that no part holds yet begin. */
  #start = 0
  #at = 0
  #parts: Buffer[] = []
  #partsBytes = 0
  /** Four bytes for the size of the frame. */
  #sizeBlock: Buffer = this.#block
  #sizeAt = -1

  /** Bytes of the frame so far, its size included. */
  get length(): number {
    return this.#partsBytes + this.#at - this.#start
  }

  /** Begins a frame with its size. Drops what was begun before. */
  begin(): void {
    this.beginBare()
    this.#grow(4)
    this.#sizeBlock = this.#block
    this.#sizeAt = this.#start
  }

  /** Begins a message without a size in front: a record of an internal topic. */
  beginBare(): void {
    if (this.#parts.length > 0) this.#parts = []
    this.#partsBytes = 0
    // A frame that was never finished is written over.
    this.#at = this.#start
    this.#sizeAt = -1
    if (this.#block.length - this.#start < blockTailMin) this.#freshBlock(blockBytes)
  }

  /** The frame in parts that follow each other. */
  finish(): Buffer[] {
    const bytes = this.length
    this.#flush()
    if (this.#sizeAt >= 0) this.#sizeBlock.writeInt32BE(bytes - 4, this.#sizeAt)
    const parts = this.#parts
    this.#parts = []
    this.#partsBytes = 0
    return parts
  }

  /** Copies the frame, of no long byte strings, to `target`, instead of `finish`: its memory is used again. */
  copyTo(target: Buffer, at: number): void {
    assert(this.#parts.length === 0, 'a frame with references is not copied')
    if (this.#sizeAt >= 0) this.#sizeBlock.writeInt32BE(this.length - 4, this.#sizeAt)
    this.#block.copy(target, at, this.#start, this.#at)
    this.#at = this.#start
    this.#sizeAt = -1
  }

  /** The frame in one Buffer; copies only when there are several parts. */
  finishOne(): Buffer {
    const parts = this.finish()
    return parts.length === 1 ? parts[0] : Buffer.concat(parts)
  }

  bool(value: boolean): void {
    const at = this.#grow(1)
    this.#block[at] = value ? 1 : 0
  }

  int8(value: number): void {
    const at = this.#grow(1)
    this.#block[at] = value
  }

  int16(value: number): void {
    const at = this.#grow(2)
    const block = this.#block
    block[at] = value >> 8
    block[at + 1] = value
  }

  uint16(value: number): void {
    this.int16(value)
  }

  int32(value: number): void {
    const at = this.#grow(4)
    const block = this.#block
    block[at] = value >> 24
    block[at + 1] = value >> 16
    block[at + 2] = value >> 8
    block[at + 3] = value
  }

  uint32(value: number): void {
    this.int32(value | 0)
  }

  /** A safe whole number. */
  int64(value: number): void {
    const high = Math.floor(value / 0x1_0000_0000)
    this.int32(high)
    this.int32((value - high * 0x1_0000_0000) | 0)
  }

  float64(value: number): void {
    const at = this.#grow(8)
    this.#block.writeDoubleBE(value, at)
  }

  /** Sixteen bytes, given in base64url. */
  uuid(value: string): void {
    const at = this.#grow(16)
    const written = this.#block.write(value, at, 16, 'base64url')
    assert(written === 16, 'a uuid is 16 bytes in base64url')
  }

  unsignedVarint(value: number): void {
    let rest = value >>> 0
    let at = this.#grow(rest < 0x80 ? 1 : rest < 0x4000 ? 2 : rest < 0x20_0000 ? 3 : rest < 0x1000_0000 ? 4 : 5)
    while (rest >= 0x80) {
      this.#block[at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.#block[at] = rest
  }

  string(value: string, flexible: boolean): void {
    const length = value.length
    // Short texts of ASCII, which is nearly all of them, are not worth a native call.
    if (length < 64) {
      const mark = this.#at - this.#start
      if (flexible) this.unsignedVarint(length + 1)
      else this.int16(length)
      const at = this.#grow(length)
      const block = this.#block
      let index = 0
      for (; index < length; index++) {
        const code = value.charCodeAt(index)
        if (code > 0x7f) break
        block[at + index] = code
      }
      if (index === length) return
      this.#at = this.#start + mark
    }
    this.#longString(value, flexible)
  }

  nullableString(value: string | null, flexible: boolean): void {
    if (value !== null) this.string(value, flexible)
    else if (flexible) this.unsignedVarint(0)
    else this.int16(-1)
  }

  bytes(value: Buffer, flexible: boolean): void {
    if (flexible) this.unsignedVarint(value.length + 1)
    else this.int32(value.length)
    this.rawPart(value)
  }

  nullableBytes(value: Buffer | null, flexible: boolean): void {
    if (value !== null) this.bytes(value, flexible)
    else if (flexible) this.unsignedVarint(0)
    else this.int32(-1)
  }

  /** Records in one Buffer or several; kept by reference, so they must not change until the frame has left. */
  records(value: KafkaRecords, flexible: boolean): void {
    if (value === null || Buffer.isBuffer(value)) {
      this.nullableBytes(value, flexible)
      return
    }
    let bytes = 0
    for (let index = 0; index < value.length; index++) bytes += value[index].length
    if (flexible) this.unsignedVarint(bytes + 1)
    else this.int32(bytes)
    this.raw(value)
  }

  arrayLength(count: number, flexible: boolean): void {
    if (flexible) this.unsignedVarint(count + 1)
    else this.int32(count)
  }

  nullArray(flexible: boolean): void {
    if (flexible) this.unsignedVarint(0)
    else this.int32(-1)
  }

  /** Bytes as they are, without a length. Long ones are kept by reference. */
  raw(parts: readonly Buffer[]): void {
    for (let index = 0; index < parts.length; index++) this.rawPart(parts[index])
  }

  /** As `raw`, of one Buffer. */
  rawPart(value: Buffer): void {
    const length = value.length
    if (length < referenceBytesMin) {
      const at = this.#grow(length)
      value.copy(this.#block, at)
      return
    }
    this.#flush()
    this.#parts.push(value)
    this.#partsBytes += length
  }

  /** Begins a field whose size stands in front of it. No references may be written before `endSized`. */
  beginSized(): number {
    const at = this.#grow(1)
    return at - this.#start
  }

  /** Puts the size in front of the field begun at `mark`. */
  endSized(mark: number): void {
    const from = this.#start + mark + 1
    const size = this.#at - from
    assert(size >= 0, 'no references inside of a sized field')
    if (size < 0x80) {
      this.#block[from - 1] = size
      return
    }
    const sizeBytes = size < 0x4000 ? 2 : size < 0x20_0000 ? 3 : size < 0x1000_0000 ? 4 : 5
    this.#grow(sizeBytes - 1)
    // Growing may have moved everything.
    const place = this.#start + mark
    this.#block.copyWithin(place + sizeBytes, place + 1, place + 1 + size)
    const end = this.#at
    this.#at = place
    this.unsignedVarint(size)
    this.#at = end
  }

  #longString(value: string, flexible: boolean): void {
    const length = Buffer.byteLength(value, 'utf8')
    if (flexible) this.unsignedVarint(length + 1)
    else {
      if (length > 32_767) throw kafkaWireErrors.create('STRING_TOO_LONG', { length })
      this.int16(length)
    }
    const at = this.#grow(length)
    this.#block.utf8Write(value, at, length)
  }

  #flush(): void {
    if (this.#at === this.#start) return
    this.#parts.push(this.#block.subarray(this.#start, this.#at))
    this.#partsBytes += this.#at - this.#start
    this.#start = this.#at
  }

  // May replace the block: callers ask for room before they touch it.
  #grow(count: number): number {
    const at = this.#at
    if (at + count <= this.#block.length) {
      this.#at = at + count
      return at
    }
    const used = at - this.#start
    const { start, block } = { start: this.#start, block: this.#block }
    const sizeHere = this.#sizeAt >= 0 && this.#parts.length === 0
    this.#freshBlock(Math.max(blockBytes, 2 * (used + count)))
    block.copy(this.#block, 0, start, at)
    if (sizeHere) {
      this.#sizeBlock = this.#block
      this.#sizeAt = 0
    }
    this.#at = used + count
    return used
  }

  #freshBlock(bytes: number): void {
    this.#block = Buffer.allocUnsafeSlow(bytes)
    this.#start = 0
    this.#at = 0
  }
}
