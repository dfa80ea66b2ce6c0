/**
 * The random numbers of Nexmark rows: every event has a sequence of its own, seeded with its number, so that any event
 * can be made alone and two engines make the same ones. 32-bit arithmetic throughout.
 */

/** The finaliser of MurmurHash3. */
export function fmix(value: number): number {
  let h = value ^ (value >>> 16)
  h = Math.imul(h, 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2ae35)
  return h ^ (h >>> 16)
}

export class Draw {
  state = 0

  /** Starts the sequence of number `n` (0 to 2^53). */
  seed(n: number): this {
    this.state = fmix(n >>> 0) ^ fmix((Math.floor(n / 0x1_0000_0000) + 1) | 0)
    return this
  }

  /** An integer from 0 to `limit` - 1; `limit` at most 2^20. */
  int(limit: number): number {
    this.state = (this.state + 0x9e3779b9) | 0
    let z = this.state
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return Math.floor(((z ^ (z >>> 15)) >>> 0) * limit * 2 ** -32)
  }
}

/** A text of 3 to `max` - 1 letters; `special` instead of some of them. Spaces are trimmed from the ends. */
export function text(draw: Draw, max: number, special: ' ' | '_'): string {
  let made = ''
  for (let left = 3 + draw.int(max - 3); left > 0; left--) {
    made += draw.int(13) === 0 ? special : letters[draw.int(26)]
  }
  return special === ' ' ? trimSpaces(made) : made
}

const letters = 'abcdefghijklmnopqrstuvwxyz'
const trimSpaces = (value: string): string => value.replace(/^ +| +$/g, '')
