/**
 * What the kernel of JSON is: from rows of bytes to columns, in WebAssembly or as the plain twin. Both give the same bytes
 * for the same input, and where they take a row, the values are those of `JSON.parse`.
 *
 * Taken are objects with every field of the plan once, in any order and with others between them, strings without escapes,
 * numbers of up to 18 digits without exponent whose digits are at most 2^53; null, and fields that are absent, where the
 * field allows it. Of a nested value the place of its JSON is told, checked to be some. Every other row is left alone; what
 * then stands in the columns at its place is undefined.
 *
 * Addresses are bytes of one memory. Nothing is checked; up to 32 bytes behind a row may be read. The plan is written to:
 * it remembers the order of the fields. One thread per plan.
 */

/** Words (4 bytes each) of a plan. */
export const jsonPlan = {
  /** At most 64. */
  fieldCount: 0,
  /** Address of 64 Int32: the field that stood at this position lately; -1: none. */
  order: 1,
  /** Address of the fields, `jsonFieldBytes` each. */
  fields: 2,
  /** 64 bits, one for each field. */
  allSeen: 4,
  /** 64 bits, one for each field that may not be absent. */
  required: 6,
} as const
export const jsonPlanBytes = 32

/** Byte offsets in a field. */
export const jsonField = {
  /** One of `jsonKinds`. */
  kind: 0,
  /** Bytes of `"name":`; names that are longer than 29 bytes have a pattern that nothing is like. */
  patternLength: 4,
  /** Address of the column: float64, timestamp and date 8 bytes a row, int32 4, int64 8, boolean 1, string and raw 4 (addresses). */
  out: 8,
  /** Address of the lengths of strings and raws, 4 bytes a row. */
  lengths: 12,
  /** `"name":`, 32 bytes. */
  pattern: 16,
  /** 255 for bytes of the pattern that count, 32 bytes. */
  mask: 48,
  /** Address of the name. */
  name: 80,
  nameLength: 84,
  /** Address of one byte of `jsonNulls` a row, all 0 before the call; where the field is neither nullable nor optional it is not used. */
  nulls: 88,
  /** 1: it may be null. */
  flags: 92,
  /** Counts rows that got a mark; some of them may not have been taken. */
  marked: 96,
} as const
export const jsonFieldBytes = 112

/** Why a row has no value. */
export const jsonNulls = { value: 0, null: 1, absent: 2 } as const

/**
 * `date` is whole milliseconds that a Date can have. It and `timestamp` are read from texts like `2001-02-03T04:05:06.789Z`
 * too, with three digits of a second or none. `raw` is the JSON of a value: an object, an array or a string with its quotes.
 */
export const jsonKinds = {
  float64: 1,
  int32: 2,
  int64: 3,
  boolean: 4,
  string: 5,
  date: 6,
  timestamp: 7,
  raw: 8,
} as const

/** What became of a row: taken, taken but its bytes must be checked to be UTF-8, not taken. */
export const jsonStates = { plain: 0, high: 1, strange: 2 } as const

export interface JsonKernels {
  /**
   * Row i is `lengths[i]` bytes at `input + starts[i]` (none at all when that is below 1). Writes columns, and one byte of
   * `jsonStates` per row at `states`; returns how many are not `plain`.
   */
  jsonRows(input: number, starts: number, lengths: number, count: number, plan: number, states: number): number
}
