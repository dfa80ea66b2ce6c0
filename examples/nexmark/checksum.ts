/**
 * Checksum of a result that does not depend on its order: count, sum and xor of a hash of each line. Sums of parts merge
 * into the sum of the whole.
 */
import { fmix } from './draw.ts'

export interface ChecksumParts {
  readonly count: number
  readonly sum: number
  readonly xor: number
}

export class Checksum implements ChecksumParts {
  count = 0
  sum = 0
  xor = 0

  add(line: string): void {
    this.#change(line, 1)
  }

  /** Takes back a line that was added. */
  remove(line: string): void {
    this.#change(line, -1)
  }

  #change(line: string, times: 1 | -1): void {
    let h = 0x811c9dc5
    for (let i = 0; i < line.length; i++) h = Math.imul(h ^ line.charCodeAt(i), 0x01000193)
    h = fmix(h)
    this.count += times
    this.sum = (this.sum + times * h) | 0
    this.xor ^= h
  }

  merge(other: ChecksumParts): this {
    this.count += other.count
    this.sum = (this.sum + other.sum) | 0
    this.xor ^= other.xor
    return this
  }

  /** `count:sum:xor`, the last two in hex. */
  toString(): string {
    const hex = (value: number): string => (value >>> 0).toString(16).padStart(8, '0')
    return `${this.count}:${hex(this.sum)}:${hex(this.xor)}`
  }
}
