/**
 * What the kernels of flat state are: functions over one state memory, in WebAssembly or as the plain twin. Both give the
 * same bytes for the same input. Arguments are byte addresses, counts and numbers; nothing is checked.
 *
 * A key table is an index of slots {hash u32, id + 1 u32} in one or 256 sub-tables (open addressing, linear probing,
 * removal by moving back), apart from entries that never move: entry `id` lies in chunk id >>> 12. An entry begins with
 * the key (float64 with one form of zero and NaN; or block address u32, bytes u32), hash u32 at 8, presence u32 at 12
 * (all ones: not in use), references u32 at 16, marks u32 at 20; what follows belongs to whoever made the table.
 *
 * Concurrency: a table has one writer. A reader on another thread may read entries of frozen pages only.
 */

/** Words (4 bytes each) of a table's control block; its size is `stateTableBytes`. */
export const stateTable = {
  /** Address of the sub-tables: {slots, mask, count, threshold}, 16 bytes each. */
  directory: 0,
  /** 0 or 8: binary logarithm of their number. */
  bits: 1,
  /** Address of the chunks' addresses. */
  chunks: 2,
  /** Bytes per entry, a multiple of 8. */
  stride: 3,
  nextId: 4,
  freeCount: 5,
  freeStack: 6,
  /** Why a find stopped: a full sub-table, or `stopped`. */
  stopped: 7,
  /** Address of the bytes of a new entry. */
  template: 8,
  idLimit: 9,
  /** 1 when keys are bytes in blocks. */
  bytesKeys: 10,
  blockCursor: 11,
  blockEnd: 12,
  /** Address of a byte per page of 64 entries: 1 while frozen. 0: none is. */
  frozenPages: 13,
  /** Address of the dirty bits by id; 0: nobody asks. */
  dirty: 14,
  shadowCursor: 15,
  shadowEnd: 16,
  /** Address of the copies of frozen pages, by page; 0 where there is none. */
  shadows: 17,
  /** Address of the bits of what a snapshot has yet to write, by id; 0: none. */
  frozenBits: 18,
  /** Heads of the lists of free key blocks, by class. */
  blockHeads: 32,
} as const

export const stateTableBytes = 512

/** Values of `stateTable.stopped` other than a sub-table. */
export const stopped = { ids: 0xffffffff, blocks: 0xfffffffe } as const

export interface StateKernels extends AccumulatorKernels {
  /**
   * Ids of keys `from` to n - 1; with `insert` new keys get one, otherwise -1. Returns n, or the row at which something has
   * to be made larger first (`stateTable.stopped`).
   */
  stateFindF64(
    table: number,
    keys: number,
    hashes: number,
    from: number,
    n: number,
    insert: number,
    ids: number,
  ): number
  /** The same for strings of bytes: n + 1 offsets into `data`. */
  stateFindBytes(
    table: number,
    offsets: number,
    data: number,
    hashes: number,
    from: number,
    n: number,
    insert: number,
    ids: number,
  ): number
  /** Finds or inserts the bytes keys of the entries at `entries`, whose blocks the table shares: it must not release keys. */
  stateFindShared(table: number, entries: number, hashes: number, from: number, n: number, ids: number): number
  /** Puts `count` slots into the sub-tables where they belong now. */
  stateRehash(table: number, slots: number, count: number): number
  /** Removes those keys that have no presence, references, marks or frozen bit; returns how many. */
  stateRelease(table: number, ids: number, n: number): number
  /**
   * Before entries are written: copies frozen pages, sets dirty bits and presence, writes the entries' addresses. Returns n,
   * or the row at which the space for copies was full.
   */
  stateTouch(table: number, ids: number, from: number, n: number, presence: number, addresses: number): number
  /** Writes a byte for each of `n` words of 64 bits: 1 where any bit is set, otherwise 0. */
  stateMarkedPages(bits: number, n: number, pages: number): void
  /** Entries in use among ids `from` to from + n - 1: addresses, keys (unless 0), hashes. Returns how many. */
  stateEntries(table: number, from: number, n: number, addresses: number, keys: number, hashes: number): number
  /** Writes the start of the pane of row `from` to `pane`; returns the first row after it that is in another one. */
  statePane(timestamps: number, from: number, n: number, paneMs: number, offsetMs: number, pane: number): number
}

/** Kernels of accumulators, which lie at `offset` in the entries at `addresses`. */
export interface AccumulatorKernels {
  /** `validity`: bits by row, or 0. `out`: Float64 after each row, or 0. */
  stateCount(addresses: number, offset: number, n: number, validity: number, out: number): void
  stateSum(addresses: number, offset: number, values: number, n: number, validity: number, out: number): void
  /** Maximum (max 1) or minimum; NaN wins. An accumulator without a value holds `noValueLow`, `noValueHigh` and reads as NaN. */
  stateExtreme(
    addresses: number,
    offset: number,
    values: number,
    n: number,
    validity: number,
    max: number,
    out: number,
  ): void
  /** Adds accumulators of the entries at `sources` to those at `addresses`. */
  stateMergeSum(addresses: number, offset: number, sources: number, n: number): void
  stateMergeExtreme(addresses: number, offset: number, sources: number, n: number, max: number): void
  /** Accumulators as Float64 at `out`. */
  stateRead(addresses: number, offset: number, n: number, out: number): void
  /**
   * Sum of Int64, as int128 (low and high word): no number of rows overflows it. `out`: Int64 after each row, or 0. Returns n,
   * or the first row of `out` whose sum no int64 holds.
   */
  stateSumI64(addresses: number, offset: number, values: number, n: number, validity: number, out: number): number
  /** Maximum or minimum: Int64, and a word that is 1 when there is one. `none`: a byte for each row of `out`, 1: no value yet. */
  stateExtremeI64(
    addresses: number,
    offset: number,
    values: number,
    n: number,
    validity: number,
    max: number,
    out: number,
    none: number,
  ): void
  stateMergeSumI64(addresses: number, offset: number, sources: number, n: number): void
  stateMergeExtremeI64(addresses: number, offset: number, sources: number, n: number, max: number): void
  /** Sums as Int64 at `out`. Returns n, or the first row whose sum no int64 holds. */
  stateReadSumI64(addresses: number, offset: number, n: number, out: number): number
  /** Extremes as Int64 at `out`, and whether there is one as in `stateExtremeI64`. */
  stateReadExtremeI64(addresses: number, offset: number, n: number, out: number, none: number): void
}

/** Bits of an accumulator of `stateExtreme` without a value: a NaN that no computation gives. */
export const noValueLow = 0x00000001
export const noValueHigh = 0xfff8dead
