/**
 * Strings to and from columns: joined, one native call per column, offsets by a kernel where a character takes more than a
 * byte. Strings with lone surrogates, which UTF-8 cannot say, are written as WTF-8 (https://simonsapin.github.io/wtf-8/).
 *
 * Concurrency: works on the caller's builder or on finished columns.
 */
import type { Arena } from '../arena/arena.ts'
import { type Column, columnFlags } from './batch.ts'
import type { SegmentBuilder } from './layout.ts'

export interface StringBuffers {
  readonly offsets: number
  readonly data: number
  readonly dataBytes: number
  readonly flags: number
}

/** Writes `count` strings. Throws `segmentFull`. */
export function writeStrings(builder: SegmentBuilder, values: readonly string[], count: number): StringBuffers {
  const { arena } = builder
  const { i32, buffer } = arena
  const offsets = builder.take(count * 4 + 4)
  const joined = (values.length === count ? values : values.slice(0, count)).join('')
  const { room } = builder
  if (joined.length > room) throw builder.full(joined.length)
  // Three bytes per UTF-16 unit is the most that UTF-8 takes.
  if (joined.length * 3 > room) {
    const bytes = Buffer.byteLength(joined)
    if (bytes > room) throw builder.full(bytes)
  }
  const data = builder.take(room)
  let dataBytes = buffer.utf8Write(joined, data, room)
  let flags: number = columnFlags.ascii
  const at = offsets >>> 2
  if (dataBytes === joined.length) {
    let end = 0
    for (let i = 0; i < count; i++) {
      i32[at + i] = end
      end += values[i].length
    }
    i32[at + count] = end
  } else if (illFormed(values, count)) {
    flags = columnFlags.illFormed
    dataBytes = writeWtf8(builder, values, count, at, data, room)
  } else {
    flags = 0
    for (let i = 0; i < count; i++) i32[at + i] = values[i].length
    arena.kernels.utf8Offsets(data, offsets, count, 0, offsets)
  }
  builder.trim(data + dataBytes)
  return { offsets, data, dataBytes, flags }
}

// Asked per string: halves of a pair in two neighbours look well-formed when joined.
function illFormed(values: readonly string[], count: number): boolean {
  for (let i = 0; i < count; i++) if (!values[i].isWellFormed()) return true
  return false
}

function writeWtf8(
  builder: SegmentBuilder,
  values: readonly string[],
  count: number,
  at: number,
  data: number,
  room: number,
): number {
  const { i32, u8 } = builder.arena
  let end = 0
  for (let i = 0; i < count; i++) {
    i32[at + i] = end
    const bytes = wtf8(values[i])
    if (end + bytes.length > room) throw builder.full(end + bytes.length)
    u8.set(bytes, data + end)
    end += bytes.length
  }
  i32[at + count] = end
  return end
}

/** A string as UTF-8 in which a lone surrogate takes three bytes. */
export function wtf8(value: string): Uint8Array {
  if (value.isWellFormed()) return Buffer.from(value)
  const bytes = Buffer.alloc(value.length * 3)
  let at = 0
  for (let i = 0; i < value.length; i++) {
    const code = value.codePointAt(i) ?? 0
    if (code >= 0xd800 && code <= 0xdfff) {
      bytes[at++] = 0xe0 | (code >> 12)
      bytes[at++] = 0x80 | ((code >> 6) & 63)
      bytes[at++] = 0x80 | (code & 63)
    } else {
      at += bytes.write(String.fromCodePoint(code), at)
      if (code > 0xffff) i++
    }
  }
  return bytes.subarray(0, at)
}

const surrogate = /\xed[\xa0-\xbf]/g

/** The string of WTF-8 bytes: three-byte surrogates become single units. */
export function fromWtf8(buffer: Buffer, start: number, end: number): string {
  const bytes = buffer.latin1Slice(start, end)
  let text = ''
  let from = 0
  for (const { index } of bytes.matchAll(surrogate)) {
    if (index + 3 > bytes.length) break
    text += buffer.utf8Slice(start + from, start + index)
    text += String.fromCharCode(0xd000 | ((bytes.charCodeAt(index + 1) & 63) << 6) | (bytes.charCodeAt(index + 2) & 63))
    from = index + 3
  }
  return text + buffer.utf8Slice(start + from, end)
}

/** One string of a column. */
export function stringAt(arena: Arena, column: Column, row: number): string {
  const at = (column.offsets >>> 2) + row
  const start = column.data + arena.i32[at]
  const end = column.data + arena.i32[at + 1]
  if ((column.flags & columnFlags.ascii) !== 0) return arena.buffer.latin1Slice(start, end)
  return (column.flags & columnFlags.illFormed) !== 0
    ? fromWtf8(arena.buffer, start, end)
    : arena.buffer.utf8Slice(start, end)
}

/** A column's strings as one, to cut from: string i is `text.substring(i32[at + i], i32[at + i + 1])`. */
export interface JoinedStrings {
  readonly text: string
  /** Word index in the arena. */
  readonly at: number
}

/**
 * Joins a column; undefined where its strings must be read one by one. Offsets of columns that are not ASCII are made in
 * `into` (address of rowCount + 1 Int32), 0 when there is no room for them. Lent until `into` is used again.
 */
export function joinStrings(arena: Arena, column: Column, into: number): JoinedStrings | undefined {
  const { i32, buffer } = arena
  const at = column.offsets >>> 2
  const first = i32[at]
  const end = i32[at + column.rowCount]
  if ((column.flags & columnFlags.ascii) !== 0) {
    if (first !== 0) return undefined
    return { text: buffer.latin1Slice(column.data, column.data + end), at }
  }
  if (into === 0 || (column.flags & columnFlags.illFormed) !== 0) return undefined
  const text = buffer.utf8Slice(column.data + first, column.data + end)
  arena.kernels.utf16Offsets(column.offsets, column.data, column.rowCount, into)
  // Bytes from outside may not be UTF-8; then their replacement has other lengths.
  return i32[(into >>> 2) + column.rowCount] === text.length ? { text, at: into >>> 2 } : undefined
}
