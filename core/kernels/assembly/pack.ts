// Kernels of packed blocks. core/kernels/pack-signature.ts says what each does; pack-twin.ts is the specification.

// Head of an entry behind its hash: state, kind, lengths.
const HASH: usize = 4
const LENGTHS: usize = 3
const SPREAD: usize = 2048

// Bytes of key, namespace and value, by the lengths that were read last.
let bodyBytes: u64 = 0

// Reads the lengths of the head at `head`; returns where they end, or 0 when one is longer than 32 bits.
// @ts-ignore: decorator
@inline
function readLengths(head: usize): usize {
  let at = head + LENGTHS
  const count = load<u8>(head, 2) == 0 ? 3 : 2
  let sum: u64 = 0
  for (let i = 0; i < count; i++) {
    let byte = <u64>load<u8>(at++)
    sum += byte & 127
    for (let shift: u64 = 7; byte > 127; shift += 7) {
      if (shift > 28) return 0
      byte = <u64>load<u8>(at++)
      sum += (byte & 127) << shift
    }
  }
  bodyBytes = sum
  return at
}

// Heads hardly ever have more than eight bytes.
// @ts-ignore: decorator
@inline
function sameBytes(a: usize, b: usize, bytes: usize): bool {
  let i: usize = 0
  for (; i + 8 <= bytes; i += 8) if (load<u64>(a + i) != load<u64>(b + i)) return false
  return (load<u64>(a + i) ^ load<u64>(b + i)) << (64 - (<u64>(bytes - i) << 3)) == 0 || i == bytes
}

// Up to seven bytes more than asked for.
// @ts-ignore: decorator
@inline
function copyOver(to: usize, from: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += 8) store<u64>(to + i, load<u64>(from + i))
}

export function packEntries(from: usize, to: usize, out: usize, outEnd: usize, tables: usize): usize {
  let hash: u32 = 0
  let head: usize = from
  let headBytes: usize = 0
  let before: usize = from
  let beforeBytes: usize = 0
  for (let at = from; at < to; ) {
    const next = at + HASH
    const body = readLengths(next)
    const nextBytes = body - next
    const bytes = <usize>bodyBytes
    if (outEnd - out < 32 + bytes + (bytes >>> 3)) return 0
    const same = nextBytes == headBytes && sameBytes(next, head, headBytes)
    let step = (<u64>(load<u32>(at) - hash) << 1) | <u64>!same
    for (; step > 127; step >>>= 7) store<u8>(out++, <u8>step | 128)
    store<u8>(out++, <u8>step)
    if (!same) {
      copyOver(out, next, nextBytes)
      out += nextBytes
    }
    hash = load<u32>(at)
    head = next
    headBytes = nextBytes
    const end = body + bytes
    at = body
    for (let n: usize = bytes & 7; at < end; at += n, n = 8) {
      if (n == 0) n = 8
      let word = load<u64>(at)
      if (end - at <= beforeBytes) word ^= load<u64>(before - (end - at))
      if (n < 8) word &= (<u64>1 << (<u64>n << 3)) - 1
      const bytesOf = i64x2.splat(word)
      const set = i8x16.bitmask(i8x16.ne(bytesOf, i64x2.splat(0))) & 255
      store<u8>(out, <u8>set)
      v128.store(out + 1, v128.swizzle(bytesOf, v128.load_zero<u64>(tables + (<usize>set << 3))))
      out += 1 + <usize>popcnt(set)
    }
    before = end
    beforeBytes = bytes
  }
  return out
}

export function unpackEntries(from: usize, to: usize, out: usize, outEnd: usize, tables: usize): i32 {
  let hash: u64 = 0
  let head: usize = 0
  let headBytes: usize = 0
  let bytes: usize = 0
  let before: usize = out
  let beforeBytes: usize = 0
  let at = from
  while (out < outEnd) {
    if (at >= to) return 0
    let byte = <u64>load<u8>(at++)
    let step = byte & 127
    for (let shift: u64 = 7; byte > 127; shift += 7) {
      if (shift > 28) return 0
      byte = <u64>load<u8>(at++)
      step |= (byte & 127) << shift
    }
    hash += step >>> 1
    if (hash > 0xffffffff) return 0
    if (step & 1) {
      head = at
      if (to - at < LENGTHS) return 0
      at = readLengths(head)
      if (at == 0 || at > to) return 0
      headBytes = at - head
      if (bodyBytes > <u64>(outEnd - out)) return 0
      bytes = <usize>bodyBytes
    } else if (headBytes == 0) return 0
    if (outEnd - out < HASH + headBytes + bytes) return 0
    store<u32>(out, <u32>hash)
    out += HASH
    copyOver(out, head, headBytes)
    out += headBytes
    const end = out + bytes
    for (let n: usize = bytes & 7; out < end; out += n, n = 8) {
      if (n == 0) n = 8
      if (at >= to) return 0
      const set = <u32>load<u8>(at)
      if (n < 8 && set >>> <u32>n != 0) return 0
      const spread = v128.load_zero<u64>(tables + SPREAD + (<usize>set << 3))
      let word = <u64>i64x2.extract_lane(v128.swizzle(v128.load(at + 1), spread), 0)
      at += 1 + <usize>popcnt(set)
      if (end - out <= beforeBytes) word ^= load<u64>(before - (end - out))
      store<u64>(out, word)
    }
    before = end
    beforeBytes = bytes
  }
  return at == to ? 1 : 0
}
