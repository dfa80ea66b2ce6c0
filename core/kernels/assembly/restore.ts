// Kernels of a restore: entries of runs into key tables. core/kernels/restore-signature.ts says what each does, restore-twin.ts
// is the specification.
import { entryOf } from './entry'

const ROW_BYTES: usize = 28
const ELSEWHERE: u32 = 0x80000000
const HEAD_BYTES: usize = 7
const LATIN1: u32 = 0x4c
const INT32: u32 = 0x69
const FLOAT64: u32 = 0x66
const NOT_ASCII: u64 = 0x8080808080808080

// The number in the lower half and where it ends in the upper one; 0 when it does not end in time.
// @ts-ignore: decorator
@inline
function varint(at: usize, end: usize): u64 {
  if (at < end) {
    const first = <u64>load<u8>(at)
    if (first < 128) return first | (<u64>(at + 1) << 32)
  }
  return longVarint(at, end)
}

function longVarint(at: usize, end: usize): u64 {
  let value: u64 = 0
  for (let shift: u64 = 0; shift <= 28; shift += 7) {
    if (at >= end) return 0
    const byte = <u64>load<u8>(at++)
    value |= (byte & 127) << shift
    if (byte < 128) return value >> 32 ? 0 : value | (<u64>at << 32)
  }
  return 0
}

export function restoreDecode(block: usize, bytes: u32, entries: i32, from: u32, to: u32, states: usize, stateCount: u32, hashes: usize, rows: usize): i32 {
  const end = block + <usize>bytes
  let at = block
  let n = 0
  for (let left = entries; left > 0; left--) {
    if (end - at < HEAD_BYTES + 2) return -1
    const h = load<u32>(at)
    const state = <u32>load<u16>(at, 4)
    const kind = <u32>load<u8>(at, 6)
    if (kind > 2) return -1
    const keyBytes = varint(at + HEAD_BYTES, end)
    if (keyBytes == 0) return -1
    const namespaceBytes = varint(<usize>(keyBytes >>> 32), end)
    if (namespaceBytes == 0) return -1
    const valueBytes = kind == 0 ? varint(<usize>(namespaceBytes >>> 32), end) : namespaceBytes & 0xffffffff00000000
    if (valueBytes == 0) return -1
    const key = <u64>(valueBytes >>> 32)
    const keyEnd = key + <u64>(<u32>keyBytes)
    const value = keyEnd + <u64>(<u32>namespaceBytes)
    const valueEnd = value + <u64>(<u32>valueBytes)
    if (valueEnd > <u64>end) return -1
    const start = at
    at = <usize>valueEnd
    const range = h >>> 16
    if (range < from) continue
    if (range >= to) return n
    if (state >= stateCount || load<u32>(states + (<usize>state << 4)) == 0) continue
    store<u32>(hashes + (<usize>n << 2), h)
    const row = rows + <usize>n * ROW_BYTES
    store<u32>(row, state)
    store<u32>(row, kind, 4)
    store<u32>(row, <u32>key, 8)
    store<u32>(row, <u32>keyEnd, 12)
    store<u32>(row, <u32>value, 16)
    store<u32>(row, <u32>valueEnd, 20)
    store<u32>(row, <u32>start, 24)
    n++
  }
  return at == end ? n : -1
}

export function restoreNumbers(rows: usize, n: i32, keys: usize): i32 {
  for (let i = 0; i < n; i++) {
    const row = rows + <usize>i * ROW_BYTES
    const at = <usize>load<u32>(row, 8)
    const bytes = load<u32>(row, 12) - <u32>at
    const tag = <u32>load<u8>(at)
    const to = keys + (<usize>i << 3)
    if (tag == INT32 && bytes == 5) store<f64>(to, <f64>load<i32>(at, 1))
    else if (tag == FLOAT64 && bytes == 9) store<u64>(to, load<u64>(at, 1))
    else return i
  }
  return n
}

export function restoreBytes(rows: usize, n: i32, strings: i32, offsets: usize, data: usize): i32 {
  let to = data
  for (let i = 0; i < n; i++) {
    store<u32>(offsets + (<usize>i << 2), <u32>(to - data))
    const row = rows + <usize>i * ROW_BYTES
    let at = <usize>load<u32>(row, 8)
    const end = <usize>load<u32>(row, 12)
    if (strings != 0) {
      if (at == end || <u32>load<u8>(at) != LATIN1) return i
      const length = varint(at + 1, end)
      at = <usize>(length >>> 32)
      if (length == 0 || <usize>(<u32>length) != end - at) return i
    }
    for (; end - at >= 8; at += 8, to += 8) {
      const eight = load<u64>(at)
      if (strings != 0 && (eight & NOT_ASCII) != 0) break
      store<u64>(to, eight)
    }
    for (; at < end; at++) {
      const byte = <u32>load<u8>(at)
      if (strings != 0 && byte > 127) {
        store<u8>(to++, 0xc0 | (byte >>> 6))
        store<u8>(to++, 0x80 | (byte & 63))
      } else store<u8>(to++, byte)
    }
  }
  store<u32>(offsets + (<usize>n << 2), <u32>(to - data))
  return n
}

export function restoreValues(table: usize, rows: usize, from: i32, n: i32, ids: usize, states: usize, persisted: u32): i32 {
  const chunks = <usize>load<u32>(table, 8)
  const stride = load<u32>(table, 12)
  const template = <usize>load<u32>(table, 32)
  const dirty = <usize>load<u32>(table, 56)
  for (let i = from; i < n; i++) {
    const row = rows + <usize>i * ROW_BYTES
    const into = states + (<usize>load<u32>(row) << 4)
    const presence = load<u32>(into)
    if (presence == ELSEWHERE) continue
    const offset = <usize>load<u32>(into, 4)
    const bytes = <usize>load<u32>(into, 8)
    const id = load<u32>(ids + (<usize>i << 2))
    const entry = entryOf(chunks, stride, id)
    const payload = entry + offset
    const before = load<u32>(entry, 12)
    if (load<u32>(row, 4) != 0) {
      store<u32>(entry, before & ~presence, 12)
      for (let at: usize = 0; at < bytes; at += 8) store<u64>(payload + at, load<u64>(template + offset + at))
      continue
    }
    const value = <usize>load<u32>(row, 16)
    if (bytes == 0 || <usize>load<u32>(row, 20) - value != bytes) return i
    for (let at: usize = 0; at < bytes; at += 8) store<u64>(payload + at, load<u64>(value + at))
    store<u32>(entry, before | presence, 12)
    if (persisted) store<u32>(entry, load<u32>(entry, 20) | 1, 20)
    else if (dirty) {
      const mark = dirty + <usize>(id >>> 3)
      store<u8>(mark, <u32>load<u8>(mark) | (1 << (id & 7)))
    }
  }
  return n
}
