/**
 * The last offset of each key, for compaction: an open table of 128-bit hashes, 24 bytes a key, of a size that is fixed when it is made.
 * Two keys with one hash would be taken for one; with a billion keys the chance is below 10^-20.
 *
 * One thread.
 */

const slotBytes = 24
const maxLoad = 0.75

export class OffsetMap {
  readonly capacity: number
  size = 0
  readonly #mask: number
  readonly #hashes: Int32Array
  readonly #offsets: Float64Array
  readonly #hash = new Int32Array(4)

  constructor(bytes: number) {
    const slots = 2 ** Math.max(4, Math.floor(Math.log2(bytes / slotBytes)))
    this.#mask = slots - 1
    this.capacity = Math.floor(slots * maxLoad)
    this.#hashes = new Int32Array(slots * 4)
    this.#offsets = new Float64Array(slots).fill(-1)
  }

  get isFull(): boolean {
    return this.size >= this.capacity
  }

  /** Offsets of one key rise from call to call. The map must not be full. */
  put(bytes: Buffer, at: number, length: number, offset: number): void {
    const slot = this.#find(bytes, at, length)
    if (this.#offsets[slot] < 0) {
      this.size++
      this.#hashes.set(this.#hash, slot * 4)
    }
    this.#offsets[slot] = offset
  }

  /** -1 when the key is not there. */
  get(bytes: Buffer, at: number, length: number): number {
    return this.#offsets[this.#find(bytes, at, length)]
  }

  clear(): void {
    this.size = 0
    this.#offsets.fill(-1)
  }

  #find(bytes: Buffer, at: number, length: number): number {
    hash128(bytes, at, length, this.#hash)
    const [a, b, c, d] = this.#hash
    for (let slot = a & this.#mask; ; slot = (slot + 1) & this.#mask) {
      if (this.#offsets[slot] < 0) return slot
      const i = slot * 4
      const hashes = this.#hashes
      if (hashes[i] === a && hashes[i + 1] === b && hashes[i + 2] === c && hashes[i + 3] === d) return slot
    }
  }
}

/** Four lanes of 32 bits, each over all bytes with constants of its own, mixed with each other at the end. */
function hash128(bytes: Buffer, at: number, length: number, into: Int32Array): void {
  let a = 0x239b961b ^ length
  let b = 0xab0e9789 ^ length
  let c = 0x38b34ae5 ^ length
  let d = 0xa1e38b93 ^ length
  const end = at + length
  const whole = end - (length & 3)
  for (let i = at; i < end; i += 4) {
    let word = 0
    if (i < whole) word = bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24)
    else for (let j = end - 1; j >= i; j--) word = (word << 8) | bytes[j]
    a = Math.imul(rotate(a ^ Math.imul(word, 0xcc9e2d51), 15), 0x1b873593)
    b = Math.imul(rotate(b ^ Math.imul(word, 0x85ebca6b), 13), 0xc2b2ae35)
    c = Math.imul(rotate(c ^ Math.imul(word, 0x9e3779b1), 17), 0x27d4eb2f)
    d = Math.imul(rotate(d ^ Math.imul(word, 0x165667b1), 11), 0xd3a2646d)
    // Each lane sees the others: without it, all would collide together.
    a = (a + d) | 0
    b = (b + a) | 0
    c = (c + b) | 0
    d = (d + c) | 0
  }
  into[0] = finish(a + b)
  into[1] = finish(b + c)
  into[2] = finish(c + d)
  into[3] = finish(d + into[0])
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits))
}

function finish(value: number): number {
  let h = value | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}
