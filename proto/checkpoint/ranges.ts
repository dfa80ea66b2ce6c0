/**
 * Ranges of the key space. A hash has 32 bits, its upper 16 are the key's range, 0 to 65535; a subtask of parallelism p owns
 * the ranges r with floor(r * p / 65536) = subtask. A format for ever. Pure.
 */
export const rangeCount = 65536

/** Ranges `from` to `to` - 1, 0 <= from <= to <= 65536. */
export interface KeyRanges {
  readonly from: number
  readonly to: number
}

/** What a subtask owns. Empty when there are more subtasks than ranges. */
export function rangesOf(subtask: number, parallelism: number): KeyRanges {
  return {
    from: Math.ceil((subtask * rangeCount) / parallelism),
    to: Math.ceil(((subtask + 1) * rangeCount) / parallelism),
  }
}

/** What is in both, or undefined when nothing is. */
export function intersect(a: KeyRanges, b: KeyRanges): KeyRanges | undefined {
  const from = Math.max(a.from, b.from)
  const to = Math.min(a.to, b.to)
  return from < to ? { from, to } : undefined
}
