/**
 * Randomness. Whoever needs it takes a `Random`, so that a test can repeat a run from its seed.
 */
import { randomFillSync } from 'node:crypto'

export interface Random {
  /** At least 0, less than 1. */
  next(): number
  /** A whole number, at least 0, less than `limit` (1 to 2^32). */
  integer(limit: number): number
  bytes(count: number): Uint8Array
  /** `count` random bytes in hex. The system's are fit for ids and tokens. */
  hex(count: number): string
}

class SystemRandom implements Random {
  next(): number {
    return Math.random()
  }

  integer(limit: number): number {
    return Math.floor(Math.random() * limit)
  }

  bytes(count: number): Uint8Array {
    return randomFillSync(new Uint8Array(count))
  }

  hex(count: number): string {
    return Buffer.from(this.bytes(count)).toString('hex')
  }
}

export const systemRandom: Random = new SystemRandom()

/** The same sequence for the same seed (mulberry32). Not for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000
  }
  const bytes = (count: number): Uint8Array => Uint8Array.from({ length: count }, () => Math.floor(next() * 256))
  return {
    next,
    integer: (limit) => Math.floor(next() * limit),
    bytes,
    hex: (count) => Buffer.from(bytes(count)).toString('hex'),
  }
}
