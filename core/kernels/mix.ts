/**
 * The 32-bit mixing functions that key hashes are made of. A format for ever: test/golden/key-hash.json holds them.
 * All take and return 32-bit integers (signed). Pure.
 */

/** The finaliser of MurmurHash3 (https://github.com/aappleby/smhasher). */
export function fmix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/** Hash of a 64-bit pattern by its halves: exact for every float64 pattern whose low half is 0 (small whole numbers). */
export function hashHalves(low: number, high: number): number {
  const l = Math.imul(low, 0x9e3779b1)
  return fmix(high ^ ((l << 15) | (l >>> 17)))
}

/** Order matters: the hash so far and the hash of the next part. */
export function combineHash(h: number, part: number): number {
  return fmix((Math.imul(h, 31) + part) | 0)
}
