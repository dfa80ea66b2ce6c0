/**
 * Canonical keys straight from columns: what `canonicalKey` gives for the value, or the object of values, of a row, without
 * making it. For numbers and ASCII strings without nulls; everything else takes the long way.
 */
import { type Column, columnFlags, type RecordBatch } from '../../core/columns/batch.ts'
import type { KeyShape } from './api.ts'
import { canonicalKey } from './keys.ts'

const tagFloat64 = 0x66
const tagInt32 = 0x69
const tagLatin1 = 0x4c
const tagObject = 0x7b

export interface CanonicalColumns {
  /** In the order of the properties, with the bytes that stand before the value of each. */
  readonly columns: readonly { readonly column: Column; readonly before: Uint8Array }[]
  /** Most bytes that all rows of the batch take. */
  readonly bytesMax: number
}

/** How to read the keys of a batch quickly; undefined when its columns do not allow it. */
export function canonicalColumns(batch: RecordBatch, shape: KeyShape): CanonicalColumns | undefined {
  const fields = shape.single ? shape.fields : [...shape.fields].sort()
  const columns: { column: Column; before: Uint8Array }[] = []
  let bytesMax = 0
  for (const field of fields) {
    const column = batch.column(field)
    if (column.validity !== 0 || column.missing !== 0) return undefined
    const { kind } = column.field.type
    if (kind === 'string') {
      if ((column.flags & columnFlags.ascii) === 0) return undefined
      bytesMax += column.dataBytes + 6 * batch.rowCount
    } else if (kind === 'float64' || kind === 'timestamp' || kind === 'int32') bytesMax += 9 * batch.rowCount
    else return undefined
    const name = shape.single ? new Uint8Array(0) : new Uint8Array(canonicalKey(field))
    const before = columns.length === 0 && !shape.single ? Uint8Array.of(tagObject, fields.length, ...name) : name
    bytesMax += before.length * batch.rowCount
    columns.push({ column, before })
  }
  return fields.length < 128 ? { columns, bytesMax } : undefined
}

const number = new Float64Array(1)
const bytes = new Uint8Array(number.buffer)

/** Writes the keys one after the other at `to`, and n + 1 offsets from there at word `offsets`. There is room. */
export function writeCanonical(
  keys: CanonicalColumns,
  batch: RecordBatch,
  selection: Int32Array | undefined,
  n: number,
  u8: Uint8Array,
  to: number,
  i32: Int32Array,
  offsets: number,
): void {
  const { arena } = batch
  let at = to
  for (let i = 0; i < n; i++) {
    const row = selection === undefined ? i : selection[i]
    i32[offsets + i] = at - to
    for (let c = 0; c < keys.columns.length; c++) {
      const { column, before } = keys.columns[c]
      for (let b = 0; b < before.length; b++) u8[at++] = before[b]
      const { kind } = column.field.type
      if (kind === 'string') {
        const place = (column.offsets >>> 2) + row
        const end = column.data + arena.i32[place + 1]
        let from = column.data + arena.i32[place]
        u8[at++] = tagLatin1
        let length = end - from
        for (; length >= 128; length >>>= 7) u8[at++] = (length & 127) | 128
        u8[at++] = length
        while (from < end) u8[at++] = arena.u8[from++]
        continue
      }
      const value = kind === 'int32' ? arena.i32[(column.data >>> 2) + row] : arena.f64[(column.data >>> 3) + row]
      const integer = value | 0
      if (integer === value) {
        u8[at] = tagInt32
        u8[at + 1] = integer
        u8[at + 2] = integer >>> 8
        u8[at + 3] = integer >>> 16
        u8[at + 4] = integer >>> 24
        at += 5
        continue
      }
      // One form of NaN.
      number[0] = Number.isNaN(value) ? Number.NaN : value
      u8[at++] = tagFloat64
      for (let b = 0; b < 8; b++) u8[at++] = bytes[b]
    }
  }
  i32[offsets + n] = at - to
}
