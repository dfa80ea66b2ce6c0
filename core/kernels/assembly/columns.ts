// Copies of columns: gather, slices, offsets. Strings are copied in words of 16 bytes that may run over by 15.

// A loop's end is as random as the lengths are, and a wrong guess costs more than the copy. So the strings of a column mostly
// take the same way: words from the front and words up to the last byte, which overlap.
// @ts-ignore: decorator
@inline
function copyWords(to: usize, from: usize, bytes: usize): void {
  v128.store(to, v128.load(from))
  if (bytes <= 16) return
  if (bytes <= 48) {
    v128.store(to, v128.load(from, 16), 16)
    v128.store(to + bytes - 16, v128.load(from + bytes - 16))
    return
  }
  v128.store(to, v128.load(from, 16), 16)
  v128.store(to, v128.load(from, 32), 32)
  let at: usize = 48
  // The last 48 bytes are copied below.
  for (; at + 48 < bytes; at += 16) v128.store(to + at, v128.load(from + at))
  const toEnd = to + bytes - 48
  const fromEnd = from + bytes - 48
  v128.store(toEnd, v128.load(fromEnd))
  v128.store(toEnd, v128.load(fromEnd, 16), 16)
  v128.store(toEnd, v128.load(fromEnd, 32), 32)
}

export function gather4(src: usize, selection: usize, count: i32, dst: usize): void {
  if (selection == 0) {
    memory.copy(dst, src, <usize>count << 2)
    return
  }
  for (let i = 0; i < count; i++) {
    store<i32>(dst, load<i32>(src + (<usize>load<i32>(selection) << 2)))
    selection += 4
    dst += 4
  }
}

export function gather8(src: usize, selection: usize, count: i32, dst: usize): void {
  if (selection == 0) {
    memory.copy(dst, src, <usize>count << 3)
    return
  }
  for (let i = 0; i < count; i++) {
    store<i64>(dst, load<i64>(src + (<usize>load<i32>(selection) << 3)))
    selection += 4
    dst += 8
  }
}

export function stringBytes(offsets: usize, selection: usize, count: i32): i32 {
  if (selection == 0) return load<i32>(offsets + (<usize>count << 2)) - load<i32>(offsets)
  let sum = 0
  for (let i = 0; i < count; i++) {
    const at = offsets + (<usize>load<i32>(selection + (<usize>i << 2)) << 2)
    sum += load<i32>(at, 4) - load<i32>(at)
  }
  return sum
}

export function gatherStrings(offsets: usize, data: usize, selection: usize, count: i32, dstOffsets: usize, dstData: usize, position: i32): i32 {
  if (selection == 0) {
    const start = load<i32>(offsets)
    const bytes = load<i32>(offsets + (<usize>count << 2)) - start
    add32(offsets, count + 1, position - start, dstOffsets)
    memory.copy(dstData + <usize>position, data + <usize>start, <usize>bytes)
    return position + bytes
  }
  for (let i = 0; i < count; i++) {
    const at = offsets + (<usize>load<i32>(selection) << 2)
    const start = load<i32>(at)
    const bytes = load<i32>(at, 4) - start
    store<i32>(dstOffsets, position)
    if (bytes > 0) copyWords(dstData + <usize>position, data + <usize>start, <usize>bytes)
    position += bytes
    selection += 4
    dstOffsets += 4
  }
  store<i32>(dstOffsets, position)
  return position
}

export function sliceStrings(pool: usize, starts: usize, lengths: usize, count: i32, dstOffsets: usize, dstData: usize, position: i32): i32 {
  for (let i = 0; i < count; i++) {
    const start = load<i32>(starts)
    const bytes = load<i32>(lengths)
    store<i32>(dstOffsets, position)
    if (bytes > 0) copyWords(dstData + <usize>position, pool + <usize>start, <usize>bytes)
    position += bytes
    starts += 4
    lengths += 4
    dstOffsets += 4
  }
  store<i32>(dstOffsets, position)
  return position
}

export function sum32(src: usize, count: i32): i32 {
  let lanes = i32x4.splat(0)
  let i = 0
  for (; i + 4 <= count; i += 4) lanes = i32x4.add(lanes, v128.load(src + (<usize>i << 2)))
  let sum = i32x4.extract_lane(lanes, 0) + i32x4.extract_lane(lanes, 1) + i32x4.extract_lane(lanes, 2) + i32x4.extract_lane(lanes, 3)
  for (; i < count; i++) sum += load<i32>(src + (<usize>i << 2))
  return sum
}

export function greatest(src: usize, count: i32): f64 {
  // A lane that has seen NaN stays NaN.
  let lanes = f64x2.splat(-Infinity)
  let i = 0
  for (; i + 2 <= count; i += 2) lanes = f64x2.max(lanes, v128.load(src + (<usize>i << 3)))
  let most = max<f64>(f64x2.extract_lane(lanes, 0), f64x2.extract_lane(lanes, 1))
  if (i < count) most = max<f64>(most, load<f64>(src + (<usize>i << 3)))
  return most
}

export function add32(src: usize, count: i32, delta: i32, dst: usize): void {
  const step = i32x4.splat(delta)
  let i = 0
  for (; i + 4 <= count; i += 4) v128.store(dst + (<usize>i << 2), i32x4.add(v128.load(src + (<usize>i << 2)), step))
  for (; i < count; i++) store<i32>(dst + (<usize>i << 2), load<i32>(src + (<usize>i << 2)) + delta)
}

export function isAscii(address: usize, bytes: i32): i32 {
  let i = 0
  for (; i + 16 <= bytes; i += 16) if (i8x16.bitmask(v128.load(address + <usize>i)) != 0) return 0
  for (; i < bytes; i++) if (load<u8>(address + <usize>i) >= 128) return 0
  return 1
}

export function rising(offsets: usize, count: i32): i32 {
  let i = 0
  for (; i + 4 <= count; i += 4) {
    const at = offsets + (<usize>i << 2)
    if (v128.any_true(i32x4.gt_s(v128.load(at), v128.load(at, 4)))) return 0
  }
  for (; i < count; i++) if (load<i32>(offsets + (<usize>i << 2)) > load<i32>(offsets + (<usize>i << 2), 4)) return 0
  return 1
}

export function utf16Offsets(offsets: usize, data: usize, count: i32, dst: usize): void {
  let units = 0
  let at = load<i32>(offsets)
  store<i32>(dst, 0)
  for (let i = 1; i <= count; i++) {
    const end = load<i32>(offsets + (<usize>i << 2))
    for (; at < end; at++) {
      const byte = <i32>load<u8>(data + <usize>at)
      // One unit per leading byte, one more for a leading byte of four.
      units += <i32>((byte & 0xc0) != 0x80) + <i32>(byte >= 0xf0)
    }
    store<i32>(dst + (<usize>i << 2), units)
  }
}

export function utf8Offsets(data: usize, lengths: usize, count: i32, position: i32, dst: usize): void {
  let at = position
  for (let i = 0; i < count; i++) {
    let units = load<i32>(lengths + (<usize>i << 2))
    store<i32>(dst + (<usize>i << 2), at)
    while (units > 0) {
      const byte = <i32>load<u8>(data + <usize>at)
      if (byte < 0x80) {
        at += 1
        units -= 1
      } else if (byte < 0xe0) {
        at += 2
        units -= 1
      } else if (byte < 0xf0) {
        at += 3
        units -= 1
      } else {
        at += 4
        units -= 2
      }
    }
  }
  store<i32>(dst + (<usize>count << 2), at)
}
