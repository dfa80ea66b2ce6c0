// Records in JSON to columns. Only what is plain is read here: an object, strings without escapes, numbers that are exact by
// one division, every field once, null and absent fields where they may be. Of nested values the place is told. Any other
// row is left to whoever calls. Reads up to 32 bytes past a row.

const skip = 0
const float64 = 1
const int32 = 2
const int64 = 3
const boolean = 4
const text = 5
const date = 6
const timestamp = 7
const raw = 8

const isNull = 1
const isAbsent = 2

// What a row is: plain, plain with bytes beyond ASCII, or not for here.
const plain = 0
const plainHigh = 1
const strange = 2

// @ts-ignore: decorator
@inline
function isSpace(byte: u32): bool {
  return byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09
}

// @ts-ignore: decorator
@inline
function skipSpaces(at: usize, end: usize): usize {
  while (at < end && isSpace(load<u8>(at))) at++
  return at
}

// @ts-ignore: decorator
@inline
function isDigit(byte: u32): bool {
  return byte - 48 < 10
}

// @ts-ignore: decorator
@inline
function twoDigits(at: usize): i32 {
  const tens = <u32>load<u8>(at) - 48
  const ones = <u32>load<u8>(at, 1) - 48
  // Far below what any sum of others makes up for.
  return tens > 9 || ones > 9 ? -100000 : <i32>(tens * 10 + ones)
}

// Epoch ms of `2001-02-03T04:05:06Z` or `2001-02-03T04:05:06.789Z`; NaN for anything else, days that no month has included.
function isoTime(at: usize): f64 {
  const separators = load<u8>(at, 4) == 0x2d && load<u8>(at, 7) == 0x2d && load<u8>(at, 10) == 0x54
  if (!separators || load<u8>(at, 13) != 0x3a || load<u8>(at, 16) != 0x3a) return NaN
  let year = twoDigits(at) * 100 + twoDigits(at + 2)
  const month = twoDigits(at + 5)
  const day = twoDigits(at + 8)
  const hour = twoDigits(at + 11)
  const minute = twoDigits(at + 14)
  const second = twoDigits(at + 17)
  let ms = 0
  if (load<u8>(at, 19) == 0x2e) {
    const last = <u32>load<u8>(at, 22) - 48
    ms = twoDigits(at + 20) * 10 + <i32>last
    if (last > 9 || ms < 0 || load<u8>(at, 23) != 0x5a) return NaN
  } else if (load<u8>(at, 19) != 0x5a) return NaN
  if (year < 1 || month < 1 || month > 12 || day < 1 || hour < 0 || hour > 23) return NaN
  if (minute < 0 || minute > 59 || second < 0 || second > 59) return NaN
  if (day > 28) {
    const isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    const days = month == 2 ? (isLeap ? 29 : 28) : month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31
    if (day > days) return NaN
  }
  // Years that begin with March end with the day that not every year has.
  if (month <= 2) year--
  const dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
  const era = year / 400
  const yearOfEra = year - era * 400
  const days = era * 146097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719468
  return <f64>days * 86400000 + <f64>((hour * 60 + minute) * 60 + second) * 1000 + <f64>ms
}

function sameBytes(a: usize, b: usize, bytes: i32): bool {
  for (let i: usize = 0; i < <usize>bytes; i++) if (load<u8>(a + i) != load<u8>(b + i)) return false
  return true
}

function fieldNamed(plan: usize, name: usize, bytes: i32): i32 {
  const count = load<i32>(plan)
  let f = <usize>load<u32>(plan, 8)
  for (let field = 0; field < count; field++) {
    if (load<i32>(f, 84) == bytes && sameBytes(<usize>load<u32>(f, 80), name, bytes)) return field
    f += 112
  }
  return -1
}

// The high bits of what `textEnd` and `nestedEnd` went over.
let highOf: u32 = 0

// @ts-ignore: decorator
@inline
function isHex(byte: u32): bool {
  return isDigit(byte) || (byte | 0x20) - 0x61 < 6
}

// Behind the string that begins at `at`, escapes included; 0 when it is none.
function textEnd(from: usize, end: usize): usize {
  for (let at = from + 1; at < end; at++) {
    const byte = <u32>load<u8>(at)
    if (byte == 0x22) return at + 1
    if (byte < 0x20) return 0
    highOf |= byte & 0x80
    if (byte != 0x5c) continue
    const escaped = <u32>load<u8>(++at)
    if (escaped == 0x75) {
      for (let i = 0; i < 4; i++) if (!isHex(load<u8>(++at))) return 0
    } else if (
      escaped != 0x22 && escaped != 0x5c && escaped != 0x2f && escaped != 0x62 && escaped != 0x66 && escaped != 0x6e &&
      escaped != 0x72 && escaped != 0x74
    ) return 0
  }
  return 0
}

// Behind the string, number or word at `at`; 0 when it is none.
function scalarEnd(from: usize, end: usize): usize {
  let at = from
  let byte = <u32>load<u8>(at)
  if (byte == 0x22) return textEnd(at, end)
  if (byte == 0x74) return load<u32>(at) == 0x65757274 ? at + 4 : 0
  if (byte == 0x6e) return load<u32>(at) == 0x6c6c756e ? at + 4 : 0
  if (byte == 0x66) return load<u32>(at) == 0x736c6166 && load<u8>(at, 4) == 0x65 ? at + 5 : 0
  if (byte == 0x2d) byte = <u32>load<u8>(++at)
  if (!isDigit(byte)) return 0
  at++
  if (byte != 48) while (at < end && isDigit(load<u8>(at))) at++
  if (load<u8>(at) == 0x2e) {
    if (!isDigit(load<u8>(++at))) return 0
    while (at < end && isDigit(load<u8>(at))) at++
  }
  if ((load<u8>(at) | 0x20) == 0x65) {
    const sign = <u32>load<u8>(++at)
    if (sign == 0x2b || sign == 0x2d) at++
    if (!isDigit(load<u8>(at))) return 0
    while (at < end && isDigit(load<u8>(at))) at++
  }
  return at
}

// Behind the name and colon at `at`; 0 when there are none.
function nameEnd(from: usize, end: usize): usize {
  if (from >= end || load<u8>(from) != 0x22) return 0
  let at = textEnd(from, end)
  if (at == 0) return 0
  at = skipSpaces(at, end)
  return at < end && load<u8>(at) == 0x3a ? at + 1 : 0
}

// Behind the object or array at `at`, all of which is JSON; 0 when it is none, or deeper than 60 levels.
function nestedEnd(from: usize, end: usize): usize {
  // One bit a level: 1 in an object.
  let stack: u64 = 0
  let depth = 0
  let at = from
  for (;;) {
    at = skipSpaces(at, end)
    if (at >= end) return 0
    const byte = <u32>load<u8>(at)
    if (byte == 0x7b || byte == 0x5b) {
      if (depth == 60) return 0
      depth++
      stack = (stack << 1) | <u64>(byte == 0x7b)
      at = skipSpaces(at + 1, end)
      if (at >= end) return 0
      if (load<u8>(at) != (stack & 1 ? 0x7d : 0x5d)) {
        if (stack & 1) at = nameEnd(at, end)
        if (at == 0) return 0
        continue
      }
    } else {
      at = scalarEnd(at, end)
      if (at == 0) return 0
      at = skipSpaces(at, end)
    }
    for (;;) {
      if (at >= end) return 0
      const next = <u32>load<u8>(at++)
      if (next == 0x2c) {
        if (stack & 1) at = nameEnd(skipSpaces(at, end), end)
        if (at == 0) return 0
        break
      }
      if (next != (stack & 1 ? 0x7d : 0x5d)) return 0
      stack >>= 1
      if (--depth == 0) return at
      at = skipSpaces(at, end)
    }
  }
  return 0
}

// @ts-ignore: decorator
@inline
function putSlice(f: usize, row: i32, from: usize, to: usize): void {
  const column = <usize>row << 2
  store<i32>(<usize>load<u32>(f, 8) + column, <i32>from)
  store<i32>(<usize>load<u32>(f, 12) + column, <i32>(to - from))
}

// A row without a value: `mark` says why, and the column has a zero.
function putNothing(f: usize, row: i32, mark: i32): void {
  const kind = load<i32>(f)
  const out = <usize>load<u32>(f, 8)
  if (kind == int32) store<i32>(out + (<usize>row << 2), 0)
  else if (kind == boolean) store<u8>(out + <usize>row, 0)
  else if (kind == text || kind == raw) {
    store<i32>(out + (<usize>row << 2), 0)
    store<i32>(<usize>load<u32>(f, 12) + (<usize>row << 2), 0)
  } else store<i64>(out + (<usize>row << 3), 0)
  store<u8>(<usize>load<u32>(f, 88) + <usize>row, <u8>mark)
  store<i32>(f, load<i32>(f, 96) + 1, 96)
}

function jsonRow(start: usize, end: usize, row: i32, plan: usize): i32 {
  const order = <usize>load<u32>(plan, 4)
  const fields = <usize>load<u32>(plan, 8)
  let seen: u64 = 0
  let position = 0
  let high = 0
  let at = skipSpaces(start, end)
  if (at >= end || load<u8>(at) != 0x7b) return strange
  at++
  for (;;) {
    let field = position < 64 ? load<i32>(order + (<usize>position << 2)) : -1
    let f: usize = 0
    let expected = false
    if (field >= 0) {
      f = fields + <usize>field * 112
      if (!v128.any_true(v128.and(v128.xor(v128.load(at), v128.load(f, 16)), v128.load(f, 48)))) {
        const bytes = load<i32>(f, 4)
        expected = bytes <= 16 || !v128.any_true(v128.and(v128.xor(v128.load(at, 16), v128.load(f, 32)), v128.load(f, 64)))
        if (expected) at += <usize>bytes
      }
    }
    if (!expected) {
      at = skipSpaces(at, end)
      if (at >= end || load<u8>(at) != 0x22) return strange
      const name = at + 1
      for (at = name; at < end; at++) {
        const byte = <u32>load<u8>(at)
        if (byte == 0x22) break
        if (byte == 0x5c || byte < 0x20) return strange
        high |= byte & 0x80
      }
      field = fieldNamed(plan, name, <i32>(at - name))
      at = skipSpaces(at + 1, end)
      if (at >= end || load<u8>(at) != 0x3a) return strange
      at++
      f = fields + <usize>field * 112
      if (field >= 0 && position < 64) store<i32>(order + (<usize>position << 2), field)
    }
    let kind = skip
    if (field >= 0) {
      const bit: u64 = 1 << <u64>field
      if (seen & bit) return strange
      seen |= bit
      kind = load<i32>(f)
    }
    let byte = <u32>load<u8>(at)
    if (isSpace(byte)) {
      at = skipSpaces(at, end)
      byte = <u32>load<u8>(at)
    }
    if (at >= end) return strange
    if (byte == 0x22) {
      if (kind == date || kind == timestamp) {
        const value = isoTime(at + 1)
        if (isNaN<f64>(value)) return strange
        at += load<u8>(at, 20) == 0x5a ? 21 : 25
        if (at >= end || load<u8>(at) != 0x22) return strange
        at++
        store<f64>(<usize>load<u32>(f, 8) + (<usize>row << 3), value)
        byte = <u32>load<u8>(at)
      } else if (kind == raw) {
        const from = at
        highOf = 0
        at = textEnd(from, end)
        if (at == 0) return strange
        high |= highOf
        putSlice(f, row, from, at)
      } else {
        if (kind != text && kind != skip) return strange
        const from = ++at
        for (;;) {
          const bytes = v128.load(at)
          const special = i8x16.bitmask(
            v128.or(
              v128.or(i8x16.eq(bytes, i8x16.splat(0x22)), i8x16.eq(bytes, i8x16.splat(0x5c))),
              i8x16.lt_u(bytes, i8x16.splat(0x20)),
            ),
          )
          const signs = i8x16.bitmask(bytes)
          if (special != 0) {
            const to = ctz(special)
            high |= signs & ((1 << to) - 1)
            at += <usize>to
            break
          }
          high |= signs
          at += 16
          if (at >= end) return strange
        }
        if (at >= end) return strange
        if (kind == text) {
          if (load<u8>(at) != 0x22) return strange
          putSlice(f, row, from, at)
          at++
        } else if (load<u8>(at) == 0x22) at++
        else {
          highOf = 0
          at = textEnd(from - 1, end)
          if (at == 0) return strange
          high |= highOf
        }
      }
    } else if (byte == 0x2d || isDigit(byte)) {
      if (kind == text || kind == boolean || kind == raw) return strange
      const negative = byte == 0x2d
      if (negative) byte = <u32>load<u8>(++at)
      const first = at
      if (!isDigit(byte)) return strange
      let digits: u64 = <u64>(byte - 48)
      let next = <u32>load<u8>(++at)
      if (byte == 48 && isDigit(next)) return strange
      while (isDigit(next)) {
        digits = digits * 10 + <u64>(next - 48)
        next = <u32>load<u8>(++at)
      }
      let number = at - first
      let scale: f64 = 1
      if (next == 0x2e) {
        const point = ++at
        next = <u32>load<u8>(at)
        if (!isDigit(next)) return strange
        while (isDigit(next)) {
          digits = digits * 10 + <u64>(next - 48)
          scale *= 10
          next = <u32>load<u8>(++at)
        }
        number += at - point
      }
      // Up to 18 digits nothing has overflown, and up to 2^53 one division rounds right.
      if (next == 0x65 || next == 0x45 || number > 18 || digits > 9007199254740992) return strange
      let value = <f64>digits / scale
      if (negative) value = -value
      if (kind == float64 || kind == timestamp) store<f64>(<usize>load<u32>(f, 8) + (<usize>row << 3), value)
      else if (kind != skip) {
        if (trunc<f64>(value) != value) return strange
        if (kind == int32) {
          if (value < -2147483648 || value > 2147483647) return strange
          store<i32>(<usize>load<u32>(f, 8) + (<usize>row << 2), <i32>value)
        } else if (kind == int64) {
          if (abs<f64>(value) > 9007199254740991) return strange
          store<i64>(<usize>load<u32>(f, 8) + (<usize>row << 3), <i64>value)
        } else {
          if (abs<f64>(value) > 8640000000000000) return strange
          store<f64>(<usize>load<u32>(f, 8) + (<usize>row << 3), value + 0)
        }
      }
    } else if (byte == 0x74 || byte == 0x66) {
      const yes = byte == 0x74
      if (kind != boolean && kind != skip) return strange
      if (load<u32>(at) != (yes ? 0x65757274 : 0x736c6166) || (!yes && load<u8>(at, 4) != 0x65)) return strange
      at += yes ? 4 : 5
      if (kind == boolean) store<u8>(<usize>load<u32>(f, 8) + <usize>row, <u8>yes)
    } else if (byte == 0x6e) {
      if (load<u32>(at) != 0x6c6c756e) return strange
      if (kind != skip) {
        if ((load<i32>(f, 92) & isNull) == 0) return strange
        putNothing(f, row, isNull)
      }
      at += 4
    } else if (byte == 0x7b || byte == 0x5b) {
      if (kind != skip && kind != raw) return strange
      const from = at
      highOf = 0
      at = nestedEnd(from, end)
      if (at == 0) return strange
      high |= highOf
      if (kind == raw) putSlice(f, row, from, at)
    } else return strange
    byte = <u32>load<u8>(at)
    if (isSpace(byte)) {
      at = skipSpaces(at, end)
      byte = <u32>load<u8>(at)
    }
    if (byte == 0x2c) {
      at++
      if (load<u8>(at) == 0x20) at++
      position++
    } else {
      if (byte != 0x7d || at >= end) return strange
      if (skipSpaces(at + 1, end) != end) return strange
      let absent = load<u64>(plan, 16) & ~seen
      if (absent != 0) {
        if (absent & load<u64>(plan, 24)) return strange
        for (; absent != 0; absent &= absent - 1) putNothing(fields + <usize>ctz(absent) * 112, row, isAbsent)
      }
      return high != 0 ? plainHigh : plain
    }
  }
  return strange
}

export function jsonRows(input: usize, starts: usize, lengths: usize, count: i32, plan: usize, states: usize): i32 {
  let others = 0
  for (let row = 0; row < count; row++) {
    const start = input + <usize>load<i32>(starts + (<usize>row << 2))
    const bytes = load<i32>(lengths + (<usize>row << 2))
    const state = bytes <= 0 ? strange : jsonRow(start, start + <usize>bytes, row, plan)
    store<u8>(states + <usize>row, <u8>state)
    others += <i32>(state != plain)
  }
  return others
}
