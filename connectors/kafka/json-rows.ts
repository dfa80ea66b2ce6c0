/**
 * Values in JSON to columns of a declared type. The kernel reads what is plain, null and absent fields included; a row that
 * it leaves alone is read by JSON.parse and put into the columns. Fields that are objects, arrays or bytes are found by the
 * kernel and read one by one. Half a surrogate pair, which no column of bytes can have, makes the whole batch records. A row
 * that cannot be read at all is refused and left out.
 *
 * Belongs to one thread. Rows are gathered, decoded, then written or read; then `begin` again.
 */
import { isUtf8 } from 'node:buffer'
import type { Field } from '../../core/columns/schema.ts'
import { JsonMemory, jsonFieldsMax, jsonKindOf } from '../../core/kernels/json.ts'
import { jsonKinds, jsonNulls, jsonStates } from '../../core/kernels/json-signature.ts'
import type { RecordTable } from '../../proto/kafka/records/index.ts'
import type { ColumnWriter } from '../../sdk/source.ts'
import type { TypeDef } from '../../sdk/types.ts'
import { jsonFieldParser, jsonParser, type Parse } from '../files/parse.ts'

const rowsMax = 4096
const inputBytes = 512 * 1024

interface Nested {
  readonly index: number
  readonly parse: Parse
  readonly values: unknown[]
}

/** Called for a row that cannot be read. */
export type Refuse = (error: unknown, text: string, row: number) => void

export class JsonRows {
  count = 0
  /** Of each row; written by `add`. */
  readonly timestamps = new Float64Array(rowsMax)
  readonly offsets = new Float64Array(rowsMax)
  readonly #fields: readonly Field[]
  readonly #memory: JsonMemory
  readonly #parse: Parse
  /** How fields are read of which the kernel only tells the place, and their values by row. */
  readonly #nested: readonly Nested[]
  readonly #keyStarts: Int32Array | undefined
  readonly #keyLengths: Int32Array | undefined
  /** Records of rows that were read by JSON.parse, while they are known. */
  readonly #parsed = new Map<number, unknown>()
  #used = 0

  /** Whether records of this type are read here: objects without a check of the user's and without fields of any type. */
  static takes(type: TypeDef<unknown>): boolean {
    if (type.validate !== undefined || type.nullable || type.optional || type.dataType.kind !== 'struct') return false
    const { fields } = type.dataType
    return (
      fields.length > 0 && fields.length <= jsonFieldsMax && fields.every((field) => jsonKindOf(field) !== undefined)
    )
  }

  constructor(type: TypeDef<unknown>, withKeys: boolean) {
    this.#fields = type.dataType.kind === 'struct' ? type.dataType.fields : []
    this.#memory = new JsonMemory({ fields: this.#fields, rowsMax, inputBytes })
    this.#parse = jsonParser(type)
    this.#nested = this.#memory.columns.flatMap(({ kind }, index) =>
      kind === jsonKinds.raw
        ? [{ index, parse: jsonFieldParser(this.#fields[index]), values: new Array(rowsMax) }]
        : [],
    )
    this.#keyStarts = withKeys ? new Int32Array(rowsMax) : undefined
    this.#keyLengths = withKeys ? new Int32Array(rowsMax) : undefined
  }

  begin(): void {
    this.count = 0
    this.#used = 0
    this.#parsed.clear()
  }

  /** Takes records `from` to `to` - 1, as many as there is room for, up to `limit` rows in all. Returns how many. */
  add(table: RecordTable, from: number, to: number, limit: number): number {
    const { i32, u8, starts, lengths, input } = this.#memory
    const { valueAt, valueLength, keyAt, keyLength, timestamp, offsetDelta, baseOffset, endAt } = table
    const base = table.startOf(from)
    const last = Math.min(to, from + Math.min(limit, rowsMax) - this.count)
    const room = base + inputBytes - this.#used
    const delta = this.#used - base
    const startsAt = starts >>> 2
    const lengthsAt = lengths >>> 2
    let row = this.count
    let at = from
    for (; at < last && endAt[at] <= room; at++) {
      i32[startsAt + row] = valueAt[at] + delta
      i32[lengthsAt + row] = valueLength[at]
      this.timestamps[row] = timestamp[at]
      this.offsets[row] = baseOffset + offsetDelta[at]
      if (this.#keyStarts !== undefined && this.#keyLengths !== undefined) {
        this.#keyStarts[row] = input + keyAt[at] + delta
        this.#keyLengths[row] = keyLength[at]
      }
      row++
    }
    if (at === from) return 0
    const bytes = endAt[at - 1] - base
    u8.set(table.bytes.subarray(base, base + bytes), input + this.#used)
    this.#used += bytes
    this.count = row
    return at - from
  }

  /** Whether the rows are columns now; otherwise they are to be read as `records`. Refused rows are left out. */
  decode(refuse: Refuse): boolean {
    const memory = this.#memory
    const isPlain = memory.run(this.count) === 0
    if (isPlain && this.#nested.length === 0) return this.#keysAreColumns()
    const { u8, states, input, i32 } = memory
    if (this.#nested.length > 0) for (let row = 0; row < this.count; row++) this.#readNested(row)
    const refused: number[] = []
    let areColumns = true
    for (let row = 0; row < this.count; row++) {
      const state = u8[states + row]
      if (state === jsonStates.plain) continue
      const start = input + i32[(memory.starts >>> 2) + row]
      const bytes = i32[(memory.lengths >>> 2) + row]
      if (state === jsonStates.high && isUtf8(u8.subarray(start, start + bytes))) continue
      const record = this.#read(row, refuse)
      if (record === undefined) refused.push(row)
      else if (areColumns) areColumns = this.#put(row, record as Readonly<Record<string, unknown>>)
    }
    if (refused.length > 0) this.#leaveOut(refused)
    return areColumns && this.#keysAreColumns()
  }

  /** The record of a row, by JSON.parse. */
  recordOf(row: number): unknown {
    return this.#parsed.get(row) ?? this.#parse(this.#textOf(row))
  }

  keyOf(row: number): string | null {
    if (this.#keyStarts === undefined || this.#keyLengths === undefined || this.#keyLengths[row] < 0) return null
    return this.#memory.buffer.utf8Slice(this.#keyStarts[row], this.#keyStarts[row] + this.#keyLengths[row])
  }

  /** Writes the columns of the type. */
  write(writer: ColumnWriter): void {
    const memory = this.#memory
    const { columns, f64, i32, i64, u8 } = memory
    const rows = this.count
    for (const { index, values } of this.#nested) writer.values(this.#fields[index].name, values, rows)
    this.#fields.forEach(({ name, type }, index) => {
      if (!writer.wants(name)) return
      const { at, lengths, nulls } = columns[index]
      if (nulls !== 0 && columns[index].kind !== jsonKinds.raw && memory.mayLack(index))
        writer.nulls(name).set(u8.subarray(nulls, nulls + rows))
      switch (type.kind) {
        case 'float64':
        case 'timestamp':
        case 'date':
          writer.float64(name).set(f64.subarray(at >>> 3, (at >>> 3) + rows))
          break
        case 'int32':
          writer.int32(name).set(i32.subarray(at >>> 2, (at >>> 2) + rows))
          break
        case 'int64':
          writer.int64(name).set(i64.subarray(at >>> 3, (at >>> 3) + rows))
          break
        case 'boolean':
          writer.boolean(name).set(u8.subarray(at, at + rows))
          break
        case 'string':
          this.#writeStrings(writer, name, at, lengths)
          break
        default:
          // Written above.
          break
      }
    })
  }

  /** Writes the keys as a column of strings. */
  writeKeys(writer: ColumnWriter, field: string): void {
    const { i32, columns, starts, lengths } = this.#memory
    if (this.#keyStarts === undefined || this.#keyLengths === undefined || columns.length === 0) return
    let marks: Uint8Array | undefined
    for (let row = 0; row < this.count; row++) {
      const length = this.#keyLengths[row]
      i32[(starts >>> 2) + row] = this.#keyStarts[row]
      i32[(lengths >>> 2) + row] = Math.max(0, length)
      if (length >= 0) continue
      marks ??= writer.nulls(field)
      marks[row] = jsonNulls.null
    }
    this.#writeStrings(writer, field, starts, lengths)
  }

  #writeStrings(writer: ColumnWriter, name: string, starts: number, lengths: number): void {
    const { kernels, u8, i32, packed, offsets } = this.#memory
    const rows = this.count
    const bytes = kernels.sliceStrings(0, starts, lengths, rows, offsets, packed, 0)
    const offsetsAt = offsets >>> 2
    writer.utf8(name, u8.subarray(packed, packed + bytes), i32.subarray(offsetsAt, offsetsAt + rows + 1), rows)
  }

  /** Keys that are no UTF-8 have to become such. */
  #keysAreColumns(): boolean {
    if (this.#keyStarts === undefined || this.#keyLengths === undefined) return true
    const { u8 } = this.#memory
    for (let row = 0; row < this.count; row++) {
      const start = this.#keyStarts[row]
      if (!isUtf8(u8.subarray(start, start + Math.max(0, this.#keyLengths[row])))) return false
    }
    return true
  }

  #textOf(row: number): string {
    const { i32, starts, lengths, input, buffer } = this.#memory
    const start = input + i32[(starts >>> 2) + row]
    return buffer.utf8Slice(start, start + Math.max(0, i32[(lengths >>> 2) + row]))
  }

  /** Reads the fields of a row that the kernel took. A row with one that does not fit is left to JSON.parse, which says why. */
  #readNested(row: number): void {
    const { columns, i32, u8, states, buffer } = this.#memory
    if (u8[states + row] === jsonStates.strange) return
    for (const { index, parse, values } of this.#nested) {
      const { at, lengths, nulls } = columns[index]
      const mark = nulls === 0 ? jsonNulls.value : u8[nulls + row]
      if (mark !== jsonNulls.value) {
        values[row] = mark === jsonNulls.null ? null : undefined
        continue
      }
      const start = i32[(at >>> 2) + row]
      try {
        values[row] = parse(buffer.utf8Slice(start, start + i32[(lengths >>> 2) + row]))
      } catch {
        // Not said here: the message is to be of the whole record.
        u8[states + row] = jsonStates.strange
        return
      }
    }
  }

  #read(row: number, refuse: Refuse): unknown {
    const text = this.#textOf(row)
    try {
      const record = this.#parse(text)
      this.#parsed.set(row, record)
      return record
    } catch (error) {
      refuse(error, text, row)
      return undefined
    }
  }

  /** Puts a record that JSON.parse has read into its row. False when columns cannot hold it. */
  #put(row: number, record: Readonly<Record<string, unknown>>): boolean {
    const { columns, f64, i32, i64, u8 } = this.#memory
    for (const { index, values } of this.#nested) values[row] = record[this.#fields[index].name]
    for (let index = 0; index < columns.length; index++) {
      const value = record[this.#fields[index].name]
      const { kind, at, lengths, nulls } = columns[index]
      if (kind === jsonKinds.raw) continue
      if (nulls !== 0) {
        const mark = value === undefined ? jsonNulls.absent : value === null ? jsonNulls.null : jsonNulls.value
        this.#memory.mark(index, row, mark)
        if (mark !== jsonNulls.value) {
          if (kind === jsonKinds.string) i32[(at >>> 2) + row] = i32[(lengths >>> 2) + row] = 0
          continue
        }
      }
      if (kind === jsonKinds.string) {
        if (!this.#putString(value as string, (at >>> 2) + row, (lengths >>> 2) + row)) return false
      } else if (kind === jsonKinds.int32) i32[(at >>> 2) + row] = value as number
      else if (kind === jsonKinds.int64) i64[(at >>> 3) + row] = value as bigint
      else if (kind === jsonKinds.boolean) u8[at + row] = value === true ? 1 : 0
      else f64[(at >>> 3) + row] = kind === jsonKinds.date ? (value as Date).getTime() : (value as number)
    }
    return true
  }

  #putString(value: string, startAt: number, lengthAt: number): boolean {
    const { i32, buffer, input } = this.#memory
    // Half a surrogate pair has no UTF-8; without room the rows are records.
    if (!value.isWellFormed() || this.#used + value.length * 3 > inputBytes) return false
    const at = input + this.#used
    const bytes = buffer.utf8Write(value, at, value.length * 3)
    i32[startAt] = at
    i32[lengthAt] = bytes
    this.#used += bytes
    return true
  }

  /** Moves the rows together. Rare, so one after the other. */
  #leaveOut(refused: readonly number[]): void {
    const out = new Set(refused)
    const kept: number[] = []
    for (let row = 0; row < this.count; row++) if (!out.has(row)) kept.push(row)
    const { columns, starts, lengths, i32, f64, u8 } = this.#memory
    const move = (array: Int32Array | Float64Array | Uint8Array | undefined, at: number): void => {
      if (array !== undefined) for (let to = 0; to < kept.length; to++) array[at + to] = array[at + kept[to]]
    }
    move(i32, starts >>> 2)
    move(i32, lengths >>> 2)
    move(this.timestamps, 0)
    move(this.offsets, 0)
    move(this.#keyStarts, 0)
    move(this.#keyLengths, 0)
    for (const { values } of this.#nested) for (let to = 0; to < kept.length; to++) values[to] = values[kept[to]]
    for (const { kind, at, lengths: sizes, nulls } of columns) {
      if (nulls !== 0) move(u8, nulls)
      if (kind === jsonKinds.raw) continue
      if (kind === jsonKinds.string || kind === jsonKinds.int32) move(i32, at >>> 2)
      else if (kind === jsonKinds.boolean) move(u8, at)
      else if (kind === jsonKinds.int64) this.#moveWide(at, kept)
      else move(f64, at >>> 3)
      if (sizes !== 0) move(i32, sizes >>> 2)
    }
    const parsed = new Map(this.#parsed)
    this.#parsed.clear()
    kept.forEach((row, to) => {
      if (parsed.has(row)) this.#parsed.set(to, parsed.get(row))
    })
    this.count = kept.length
  }

  #moveWide(at: number, kept: readonly number[]): void {
    const { i64 } = this.#memory
    for (let to = 0; to < kept.length; to++) i64[(at >>> 3) + to] = i64[(at >>> 3) + kept[to]]
  }
}
