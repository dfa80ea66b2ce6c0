// Bit sets, least significant bit first.

// @ts-ignore: decorator
@inline
function put(dst: usize, bit: i32, value: i32): void {
  const at = dst + <usize>(bit >>> 3)
  const mask = 1 << (bit & 7)
  const old = <i32>load<u8>(at)
  store<u8>(at, value ? old | mask : old & ~mask)
}

export function gatherBits(src: usize, selection: usize, count: i32, dst: usize, dstBit: i32): void {
  if (src == 0) {
    let i = 0
    for (; i < count && ((dstBit + i) & 7) != 0; i++) put(dst, dstBit + i, 1)
    const bytes = (count - i) >>> 3
    memory.fill(dst + <usize>((dstBit + i) >>> 3), 0xff, <usize>bytes)
    i += bytes << 3
    for (; i < count; i++) put(dst, dstBit + i, 1)
    return
  }
  if (selection == 0) {
    if ((dstBit & 7) == 0) {
      const bytes = count >>> 3
      memory.copy(dst + <usize>(dstBit >>> 3), src, <usize>bytes)
      for (let i = bytes << 3; i < count; i++) put(dst, dstBit + i, (<i32>load<u8>(src + <usize>(i >>> 3)) >>> (i & 7)) & 1)
      return
    }
    for (let i = 0; i < count; i++) put(dst, dstBit + i, (<i32>load<u8>(src + <usize>(i >>> 3)) >>> (i & 7)) & 1)
    return
  }
  for (let i = 0; i < count; i++) {
    const row = load<i32>(selection + (<usize>i << 2))
    put(dst, dstBit + i, (<i32>load<u8>(src + <usize>(row >>> 3)) >>> (row & 7)) & 1)
  }
}

export function packBits(src: usize, count: i32, dst: usize): void {
  let i = 0
  const zero = i8x16.splat(0)
  for (; i + 16 <= count; i += 16) {
    store<u16>(dst + <usize>(i >>> 3), <u16>i8x16.bitmask(i8x16.ne(v128.load(src + <usize>i), zero)))
  }
  for (; i < count; i += 8) {
    let byte = 0
    const end = min(8, count - i)
    for (let b = 0; b < end; b++) byte |= <i32>(load<u8>(src + <usize>(i + b)) != 0) << b
    store<u8>(dst + <usize>(i >>> 3), byte)
  }
}
