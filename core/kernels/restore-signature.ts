/**
 * What the kernels of a restore are: they take the entries of a block of a sorted run (layout: proto/checkpoint/runs/run-format.ts)
 * into key tables without a JavaScript value on the way. Over one state memory, in WebAssembly or as the plain twin, which
 * give the same bytes for the same input. Arguments are byte addresses, counts and numbers.
 *
 * A block may hold anything: only `restoreDecode` reads bytes that nobody has checked, and none outside of the block. Rows
 * are `restoreRow`s; whoever calls has reserved the room.
 */

/**
 * Words of a row: where an entry stands. `kind` as in runs; addresses are of the first byte and of the one behind the last, `start` of
 * the first of all of the entry.
 */
export const restoreRow = { state: 0, kind: 1, keyStart: 2, keyEnd: 3, valueStart: 4, valueEnd: 5, start: 6 } as const
export const restoreRowBytes = 28

/**
 * Words of a state, by its number in the run. `presence`: its bit in entries; 0: it is left out. `bytes`: of a value that is
 * copied to `offset` of the entry as it stands; 0: the value is to be decoded. `elsewhere` as presence: it is not in entries, and
 * whoever calls takes its rows.
 */
export const restoreState = { presence: 0, offset: 1, bytes: 2 } as const
export const elsewhere = 0x80000000
export const restoreStateBytes = 16

export interface RestoreKernels {
  /**
   * Rows and hashes of the entries of key ranges `from` to `to` - 1 and of `states` that are not left out; returns how many, or
   * -1 when the `bytes` at `block` are not so many `entries`.
   */
  restoreDecode(
    block: number,
    bytes: number,
    entries: number,
    from: number,
    to: number,
    states: number,
    stateCount: number,
    hashes: number,
    rows: number,
  ): number
  /** The keys of rows as float64. Returns n, or the first row whose key is not a number. */
  restoreNumbers(rows: number, n: number, keys: number): number
  /**
   * The keys of rows one after the other at `data` (room for twice the bytes of the block), with n + 1 `offsets`: as they are,
   * or, with `strings`, their WTF-8. Returns n, or the first row whose key is not a string of Latin-1.
   */
  restoreBytes(rows: number, n: number, strings: number, offsets: number, data: number): number
  /**
   * Takes rows from `from` on into the entries of `ids`: values that are copied, and that states are gone. With `persisted` it
   * marks the entries so, otherwise as changed. Returns n, or the first row whose value is to be decoded.
   */
  restoreValues(
    table: number,
    rows: number,
    from: number,
    n: number,
    ids: number,
    states: number,
    persisted: number,
  ): number
}
