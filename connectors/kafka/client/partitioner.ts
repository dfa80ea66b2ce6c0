/** Which partition a key belongs to, as Java's clients decide it, so that both put the same key into the same place. Pure. */

const seed = 0x9747b28c | 0
const m = 0x5bd1e995
const r = 24

/** Murmur2 of Java's clients, 32 bits, signed. */
export function murmur2(bytes: Uint8Array): number {
  const length = bytes.length
  let h = seed ^ length
  const whole = length & ~3
  for (let at = 0; at < whole; at += 4) {
    let k = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)
    k = Math.imul(k, m)
    k ^= k >>> r
    k = Math.imul(k, m)
    h = Math.imul(h, m)
    h ^= k
  }
  const rest = length & 3
  if (rest === 3) h ^= bytes[whole + 2] << 16
  if (rest >= 2) h ^= bytes[whole + 1] << 8
  if (rest >= 1) {
    h ^= bytes[whole]
    h = Math.imul(h, m)
  }
  h ^= h >>> 13
  h = Math.imul(h, m)
  h ^= h >>> 15
  return h
}

/** The partition of a key, 0 to `partitions` - 1. */
export function partitionOfKey(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fff_ffff) % partitions
}
