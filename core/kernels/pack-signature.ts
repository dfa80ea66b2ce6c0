/**
 * The kernels that pack blocks of sorted runs (proto/checkpoint/runs/run-format.ts says what a packed block is) and give back the entries.
 * In WebAssembly or as the plain twin; both give the same bytes.
 *
 * Arguments are byte addresses. Up to `packSlack` bytes behind what is read are read, and behind what is written are written.
 */

export const packSlack = 64

/** Bytes of the tables that the WebAssembly kernels read: `writePackTables` makes them. */
export const packTableBytes = 4096

export interface PackKernels {
  /**
   * Packs the entries that stand one after the other at `from` to `to` - 1, which nobody checks. Returns where what was written to
   * `out` ends, or 0 when it may not end below `outEnd`.
   */
  packEntries(from: number, to: number, out: number, outEnd: number, tables: number): number
  /** Entries out of a packed block, checked: they fill `out` to `outEnd` - 1 and are all of the block, or false (0). */
  unpackEntries(from: number, to: number, out: number, outEnd: number, tables: number): number
}

/**
 * For each set of bytes of a word, a bit for each: where they come from when they are moved together, and for each byte of the word
 * which of those moved together it is. 128 and above: a zero.
 */
export function writePackTables(u8: Uint8Array, at: number): void {
  u8.fill(128, at, at + packTableBytes)
  for (let set = 0; set < 256; set++) {
    let together = 0
    for (let byte = 0; byte < 8; byte++) {
      if ((set & (1 << byte)) === 0) continue
      u8[at + set * 8 + byte + packTableBytes / 2] = together
      u8[at + set * 8 + together++] = byte
    }
  }
}
