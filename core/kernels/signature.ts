/**
 * What the column kernels are: functions over addresses of one memory, in WebAssembly or as the plain twin that is
 * their specification. Promise: both give the same bytes for the same input.
 *
 * All arguments are numbers: byte addresses (up to 4 GB), counts, bit positions. A `selection` is the address of Int32
 * row numbers, or 0 for rows 0 to count - 1. `offsets` of strings are count + 1 Int32. Bit sets have the least
 * significant bit first, as Arrow's. A kernel may read and write up to 16 bytes past the end of string bytes (slack).
 * Kernels check nothing: whoever calls them has checked. No state, so any thread may call them on any memory.
 */

export interface Kernels {
  /**
   * Steps of the arena, each whole even if its thread is terminated meanwhile (of the native ones only). `ref` is the address
   * of the count of one owner, `total` of that of all, `free` of 32 bits of free segments. Results are 1, or 0 when nothing
   * was changed because `free` is not `seen` any more or the owner holds no reference.
   */
  segmentTake(free: number, seen: number, bit: number, ref: number, total: number): number
  segmentRetain(ref: number, total: number): void
  segmentRelease(ref: number, total: number, free: number, bit: number): number
  segmentTransfer(from: number, to: number): number
  /** dst[i] = src[selection[i]], 4 bytes each. */
  gather4(src: number, selection: number, count: number, dst: number): void
  /** The same, 8 bytes each. */
  gather8(src: number, selection: number, count: number, dst: number): void
  /** Sum of the byte lengths of the selected strings. */
  stringBytes(offsets: number, selection: number, count: number): number
  /**
   * Appends the selected strings at dstData + position; writes count + 1 offsets, the first of them `position`. Returns
   * the position after the last. `dstOffsets` may be `selection`.
   */
  gatherStrings(
    offsets: number,
    data: number,
    selection: number,
    count: number,
    dstOffsets: number,
    dstData: number,
    position: number,
  ): number
  /** The same from a pool: string i is bytes starts[i] to starts[i] + lengths[i]. `dstOffsets` may be `starts`. */
  sliceStrings(
    pool: number,
    starts: number,
    lengths: number,
    count: number,
    dstOffsets: number,
    dstData: number,
    position: number,
  ): number
  /** Sum of `count` Int32. */
  sum32(src: number, count: number): number
  /** The greatest of `count` Float64; NaN when one is NaN, -Infinity when there is none. */
  greatest(src: number, count: number): number
  /** dst[i] = src[i] + delta, Int32. */
  add32(src: number, count: number, delta: number, dst: number): void
  /** Bits dstBit... of dst = the selected bits of src; src 0: ones. Other bits of dst are kept. */
  gatherBits(src: number, selection: number, count: number, dst: number, dstBit: number): void
  /** Packs one byte per row (0 or not 0) into bits 0 to count - 1; the rest of the last byte is 0. */
  packBits(src: number, count: number, dst: number): void
  /** Key hashes: see columns/hash.ts for what they are. */
  hashF64(src: number, count: number, dst: number): void
  hashI32(src: number, count: number, dst: number): void
  hashI64(src: number, count: number, dst: number): void
  hashBits(src: number, count: number, dst: number): void
  hashStrings(offsets: number, data: number, count: number, seed: number, dst: number): void
  /** dst[i] = combine(dst[i], src[i] ^ salt). */
  hashCombine(dst: number, src: number, count: number, salt: number): void
  /** dst[i] = the hash of null or undefined where the bits say so (addresses may be 0). */
  hashNulls(validity: number, missing: number, count: number, dst: number): void
  /**
   * Rows by subtask, in order: rows of subtask p are out[counts[0] + ... + counts[p - 1]] onwards, counts[p] of them.
   * `selection` as everywhere; `hashes` are indexed by row.
   */
  partition(hashes: number, selection: number, count: number, parallelism: number, counts: number, out: number): void
  /** 1 when all bytes are below 128. */
  isAscii(address: number, bytes: number): number
  /** 1 when none of the count + 1 offsets is below the one before. */
  rising(offsets: number, count: number): number
  /** UTF-16 units before string i, for i = 0 to count, of well-formed UTF-8. */
  utf16Offsets(offsets: number, data: number, count: number, dst: number): void
  /** Byte offsets of consecutive strings in well-formed UTF-8 at `data`, from their lengths in UTF-16 units (`dst` may be `lengths`); first is `position`. */
  utf8Offsets(data: number, lengths: number, count: number, position: number, dst: number): void
}
