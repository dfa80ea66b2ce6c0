/** Some rows of a window's slice. */

import { ResultColumn } from '../aggregates/result-column.ts'
import type { WindowSlice } from '../api.ts'

/** The rows as a slice of their own; valid no longer than the whole one. */
export function pickSlice(slice: WindowSlice, rows: Int32Array): WindowSlice {
  const { numbers, accumulators } = slice
  return {
    count: rows.length,
    hashes: rows.map((row) => slice.hashes[row]),
    numbers: numbers && Float64Array.from(rows, (row) => numbers[row]),
    key: (i) => slice.key(rows[i]),
    values: slice.values.map((column) => {
      const picked = new ResultColumn(rows.length)
      for (let i = 0; i < rows.length; i++) {
        picked.bigints[i] = column.bigints[rows[i]]
        picked.none[i] = column.none[rows[i]]
      }
      return picked
    }),
    accumulators: accumulators.length === 0 ? accumulators : Array.from(rows, (row) => accumulators[row]),
  }
}
