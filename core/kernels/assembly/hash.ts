// Key hashes and partition. The numbers here are a format for ever: core/columns/hash.ts says what they mean.

// @ts-ignore: decorator
@inline
function fmix(h: u32): u32 {
  h = (h ^ (h >>> 16)) * 0x85ebca6b
  h = (h ^ (h >>> 13)) * 0xc2b2ae35
  return h ^ (h >>> 16)
}

// @ts-ignore: decorator
@inline
function hashHalves(low: u32, high: u32): u32 {
  return fmix(high ^ rotl<u32>(low * 0x9e3779b1, 15))
}

// @ts-ignore: decorator
@inline
function hashNumber(value: f64): u32 {
  if (value != value) return hashHalves(0, 0x7ff80000)
  const bits = reinterpret<u64>(value + 0.0)
  return hashHalves(<u32>bits, <u32>(bits >>> 32))
}

export function hashF64(src: usize, count: i32, dst: usize): void {
  for (let i = 0; i < count; i++) store<u32>(dst + (<usize>i << 2), hashNumber(load<f64>(src + (<usize>i << 3))))
}

export function hashI32(src: usize, count: i32, dst: usize): void {
  for (let i = 0; i < count; i++) store<u32>(dst + (<usize>i << 2), hashNumber(<f64>load<i32>(src + (<usize>i << 2))))
}

export function hashI64(src: usize, count: i32, dst: usize): void {
  for (let i = 0; i < count; i++) {
    const bits = load<u64>(src + (<usize>i << 3))
    store<u32>(dst + (<usize>i << 2), fmix(hashHalves(<u32>bits, <u32>(bits >>> 32)) ^ 0x62696769))
  }
}

export function hashBits(src: usize, count: i32, dst: usize): void {
  for (let i = 0; i < count; i++) {
    const bit = (<u32>load<u8>(src + <usize>(i >>> 3)) >>> (i & 7)) & 1
    store<u32>(dst + (<usize>i << 2), fmix(0x626f6f00 + bit))
  }
}

export function hashStrings(offsets: usize, data: usize, count: i32, seed: u32, dst: usize): void {
  let start = load<i32>(offsets)
  for (let i = 0; i < count; i++) {
    const end = load<i32>(offsets + (<usize>(i + 1) << 2))
    let at = data + <usize>start
    let left = end - start
    let h = seed
    for (; left >= 4; left -= 4) {
      h = rotl<u32>(h ^ (rotl<u32>(load<u32>(at) * 0xcc9e2d51, 15) * 0x1b873593), 13) * 5 + 0xe6546b64
      at += 4
    }
    if (left > 0) {
      let tail: u32 = load<u8>(at)
      if (left > 1) tail |= <u32>load<u8>(at, 1) << 8
      if (left > 2) tail |= <u32>load<u8>(at, 2) << 16
      h ^= rotl<u32>(tail * 0xcc9e2d51, 15) * 0x1b873593
    }
    store<u32>(dst + (<usize>i << 2), fmix(h ^ <u32>(end - start)))
    start = end
  }
}

export function hashCombine(dst: usize, src: usize, count: i32, salt: u32): void {
  for (let i = 0; i < count; i++) {
    const at = dst + (<usize>i << 2)
    store<u32>(at, fmix(load<u32>(at) * 31 + (load<u32>(src + (<usize>i << 2)) ^ salt)))
  }
}

export function hashNulls(validity: usize, missing: usize, count: i32, dst: usize): void {
  const nothing = fmix(0x6e756c6c)
  const absent = fmix(0x756e6465)
  for (let i = 0; i < count; i++) {
    const byte = <usize>(i >>> 3)
    if (missing && (<i32>load<u8>(missing + byte) >>> (i & 7)) & 1) store<u32>(dst + (<usize>i << 2), absent)
    else if (validity && !((<i32>load<u8>(validity + byte) >>> (i & 7)) & 1)) store<u32>(dst + (<usize>i << 2), nothing)
  }
}

// Two channels: both ends stay in registers, where counters in memory would wait for each other row after row.
function partitionInTwo(hashes: usize, selection: usize, count: i32, counts: usize, out: usize): void {
  let second: u32 = 0
  if (selection) {
    for (let i = 0; i < count; i++)
      second += load<u32>(hashes + (<usize>load<u32>(selection + (<usize>i << 2)) << 2)) >>> 31
  } else for (let i = 0; i < count; i++) second += load<u32>(hashes + (<usize>i << 2)) >>> 31
  const first = <u32>count - second
  store<u32>(counts, first)
  store<u32>(counts, second, 4)
  let low = out
  let high = out + (<usize>first << 2)
  for (let i = 0; i < count; i++) {
    const row = selection ? load<u32>(selection + (<usize>i << 2)) : <u32>i
    const to = load<u32>(hashes + (<usize>row << 2)) >>> 31
    store<u32>(to ? high : low, row)
    high += <usize>(to << 2)
    low += <usize>((to ^ 1) << 2)
  }
}

export function partition(hashes: usize, selection: usize, count: i32, parallelism: i32, counts: usize, out: usize): void {
  if (parallelism == 2) {
    partitionInTwo(hashes, selection, count, counts, out)
    return
  }
  memory.fill(counts, 0, <usize>parallelism << 2)
  for (let i = 0; i < count; i++) {
    const row = selection ? load<i32>(selection + (<usize>i << 2)) : i
    const to = ((load<u32>(hashes + (<usize>row << 2)) >>> 16) * <u32>parallelism) >>> 16
    const at = counts + (<usize>to << 2)
    store<i32>(at, load<i32>(at) + 1)
  }
  let start = 0
  for (let p = 0; p < parallelism; p++) {
    const at = counts + (<usize>p << 2)
    const n = load<i32>(at)
    store<i32>(at, start)
    start += n
  }
  for (let i = 0; i < count; i++) {
    const row = selection ? load<i32>(selection + (<usize>i << 2)) : i
    const to = ((load<u32>(hashes + (<usize>row << 2)) >>> 16) * <u32>parallelism) >>> 16
    const at = counts + (<usize>to << 2)
    const position = load<i32>(at)
    store<i32>(out + (<usize>position << 2), row)
    store<i32>(at, position + 1)
  }
  // Ends back to counts.
  for (let p = parallelism - 1; p > 0; p--) {
    const at = counts + (<usize>p << 2)
    store<i32>(at, load<i32>(at) - load<i32>(at - 4))
  }
}
