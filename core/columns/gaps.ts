/**
 * Rows of a source's columns that have no value: marks, a byte a row, become the bits of a column. A column without marks
 * costs nothing. Works on the caller's builder.
 */
import { bitSetBytes, type Column, withField } from './batch.ts'
import type { SegmentBuilder } from './layout.ts'
import type { DataType } from './schema.ts'

/** What stands in the marks. */
export const gapMarks = { value: 0, null: 1, absent: 2 } as const

export function hasGaps(marks: Uint8Array, rows: number): boolean {
  for (let i = 0; i < rows; i++) if (marks[i] !== gapMarks.value) return true
  return false
}

/** The column with the bits of its marks, and zeros where it has no value. `builder` has room for two bit sets. */
export function withGaps(builder: SegmentBuilder, column: Column, marks: Uint8Array): Column {
  const { arena } = builder
  const { u8, f64, i32 } = arena
  const { rowCount, data } = column
  const { kind }: DataType = column.field.type
  const bytes = bitSetBytes(rowCount)
  const validity = builder.take(bytes)
  u8.fill(0xff, validity, validity + bytes)
  let missing = 0
  for (let i = 0; i < rowCount; i++) {
    const mark = marks[i]
    if (mark === gapMarks.value) continue
    const bit = 1 << (i & 7)
    u8[validity + (i >>> 3)] &= ~bit
    if (mark === gapMarks.absent) {
      if (missing === 0) {
        missing = builder.take(bytes)
        u8.fill(0, missing, missing + bytes)
      }
      u8[missing + (i >>> 3)] |= bit
    }
    if (kind === 'int32') i32[(data >>> 2) + i] = 0
    else if (kind === 'boolean') u8[data + (i >>> 3)] &= ~bit
    else if (kind !== 'string') f64[(data >>> 3) + i] = 0
  }
  // Strings that wait to be read are copied by this: views with bits are rare, and lazy ones know none.
  return { ...withField(column, column.field), validity, missing }
}

/** Bytes that the bits of a column take at most. */
export const gapBytes = (rows: number): number => 2 * (bitSetBytes(rows) + 32)
