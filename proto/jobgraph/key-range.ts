/**
 * Who owns a key: the key space is the 65,536 values of the top 16 bits of a key hash, and each subtask owns a contiguous
 * range of it. A format for ever: snapshots are cut by it. Pure.
 */

export const keyRanges = 65536

/** 0 to 65535, of a 32-bit key hash (core/columns/hash.ts). */
export const rangeOf = (hash: number): number => hash >>> 16

/** The subtask that owns a hash at this parallelism (1 to 65,536): floor(range * parallelism / 65536). */
export const subtaskOf = (hash: number, parallelism: number): number => ((hash >>> 16) * parallelism) >>> 16

/** First range of a subtask; that of `subtask` = `parallelism` is 65536, so a subtask owns [rangeStart(s), rangeStart(s + 1)). */
export const rangeStart = (subtask: number, parallelism: number): number =>
  Math.ceil((subtask * keyRanges) / parallelism)
