// Kernels of the accumulators in entries of flat state: count, sum, smallest and largest. core/kernels/state-signature.ts
// says what each does; accumulator-twin.ts is the specification.

const NO_VALUE: u64 = 0xfff8dead00000001

// @ts-ignore: decorator
@inline
function valid(validity: usize, i: i32): bool {
  return validity == 0 || ((<u32>load<u8>(validity + <usize>(i >>> 3)) >>> (i & 7)) & 1) != 0
}

export function stateCount(addresses: usize, offset: usize, n: i32, validity: usize, out: usize): void {
  if (validity == 0 && out == 0) {
    for (let i = 0; i < n; i++) {
      const at = <usize>load<u32>(addresses + (<usize>i << 2)) + offset
      store<f64>(at, load<f64>(at) + 1.0)
    }
    return
  }
  for (let i = 0; i < n; i++) {
    const at = <usize>load<u32>(addresses + (<usize>i << 2)) + offset
    let value = load<f64>(at)
    if (valid(validity, i)) {
      value += 1.0
      store<f64>(at, value)
    }
    if (out) store<f64>(out + (<usize>i << 3), value)
  }
}

export function stateSum(addresses: usize, offset: usize, values: usize, n: i32, validity: usize, out: usize): void {
  for (let i = 0; i < n; i++) {
    const at = <usize>load<u32>(addresses + (<usize>i << 2)) + offset
    let value = load<f64>(at)
    if (valid(validity, i)) {
      value += load<f64>(values + (<usize>i << 3))
      store<f64>(at, value)
    }
    if (out) store<f64>(out + (<usize>i << 3), value)
  }
}

// @ts-ignore: decorator
@inline
function better(old: u64, value: f64, max: i32): u64 {
  if (value != value) return 0x7ff8000000000000
  if (old == NO_VALUE) return reinterpret<u64>(value)
  const was = reinterpret<f64>(old)
  return (max ? value > was : value < was) ? reinterpret<u64>(value) : old
}

export function stateExtreme(addresses: usize, offset: usize, values: usize, n: i32, validity: usize, max: i32, out: usize): void {
  for (let i = 0; i < n; i++) {
    const at = <usize>load<u32>(addresses + (<usize>i << 2)) + offset
    let bits = load<u64>(at)
    if (valid(validity, i)) {
      bits = better(bits, load<f64>(values + (<usize>i << 3)), max)
      store<u64>(at, bits)
    }
    if (out) store<u64>(out + (<usize>i << 3), bits == NO_VALUE ? 0x7ff8000000000000 : bits)
  }
}

export function stateMergeSum(addresses: usize, offset: usize, sources: usize, n: i32): void {
  for (let i = 0; i < n; i++) {
    const at = <usize>load<u32>(addresses + (<usize>i << 2)) + offset
    store<f64>(at, load<f64>(at) + load<f64>(<usize>load<u32>(sources + (<usize>i << 2)) + offset))
  }
}

export function stateMergeExtreme(addresses: usize, offset: usize, sources: usize, n: i32, max: i32): void {
  for (let i = 0; i < n; i++) {
    const at = <usize>load<u32>(addresses + (<usize>i << 2)) + offset
    const from = load<u64>(<usize>load<u32>(sources + (<usize>i << 2)) + offset)
    if (from != NO_VALUE) store<u64>(at, better(load<u64>(at), reinterpret<f64>(from), max))
  }
}

export function stateRead(addresses: usize, offset: usize, n: i32, out: usize): void {
  for (let i = 0; i < n; i++) {
    const bits = load<u64>(<usize>load<u32>(addresses + (<usize>i << 2)) + offset)
    store<u64>(out + (<usize>i << 3), bits == NO_VALUE ? 0x7ff8000000000000 : bits)
  }
}

// Accumulators of int64, 16 bytes: a sum is an int128, an extreme an int64 and 1 when there is one.

// @ts-ignore: decorator
@inline
function addWide(at: usize, low: u64, high: i64): void {
  const sum = load<u64>(at) + low
  store<i64>(at, load<i64>(at, 8) + high + <i64>(sum < low), 8)
  store<u64>(at, sum)
}

// @ts-ignore: decorator
@inline
function isInt64(at: usize): bool {
  return load<i64>(at, 8) == load<i64>(at) >> 63
}

export function stateSumI64(addresses: usize, offset: usize, values: usize, n: i32, validity: usize, out: usize): i32 {
  let beyond = n
  for (let i = 0; i < n; i++) {
    const at = <usize>load<u32>(addresses + (<usize>i << 2)) + offset
    if (valid(validity, i)) {
      const value = load<i64>(values + (<usize>i << 3))
      addWide(at, <u64>value, value >> 63)
    }
    if (out) {
      if (beyond == n && !isInt64(at)) beyond = i
      store<u64>(out + (<usize>i << 3), load<u64>(at))
    }
  }
  return beyond
}

// @ts-ignore: decorator
@inline
function takeI64(at: usize, value: i64, max: i32): void {
  if (load<u64>(at, 8)) {
    const was = load<i64>(at)
    if (!(max ? value > was : value < was)) return
  }
  store<i64>(at, value)
  store<u64>(at, 1, 8)
}

export function stateExtremeI64(addresses: usize, offset: usize, values: usize, n: i32, validity: usize, max: i32, out: usize, none: usize): void {
  for (let i = 0; i < n; i++) {
    const at = <usize>load<u32>(addresses + (<usize>i << 2)) + offset
    if (valid(validity, i)) takeI64(at, load<i64>(values + (<usize>i << 3)), max)
    if (out) {
      store<u64>(out + (<usize>i << 3), load<u64>(at))
      store<u8>(none + <usize>i, <u8>(load<u64>(at, 8) ^ 1))
    }
  }
}

export function stateMergeSumI64(addresses: usize, offset: usize, sources: usize, n: i32): void {
  for (let i = 0; i < n; i++) {
    const at = <usize>load<u32>(addresses + (<usize>i << 2)) + offset
    const from = <usize>load<u32>(sources + (<usize>i << 2)) + offset
    addWide(at, load<u64>(from), load<i64>(from, 8))
  }
}

export function stateMergeExtremeI64(addresses: usize, offset: usize, sources: usize, n: i32, max: i32): void {
  for (let i = 0; i < n; i++) {
    const from = <usize>load<u32>(sources + (<usize>i << 2)) + offset
    if (load<u64>(from, 8)) takeI64(<usize>load<u32>(addresses + (<usize>i << 2)) + offset, load<i64>(from), max)
  }
}

export function stateReadSumI64(addresses: usize, offset: usize, n: i32, out: usize): i32 {
  let beyond = n
  for (let i = 0; i < n; i++) {
    const at = <usize>load<u32>(addresses + (<usize>i << 2)) + offset
    if (beyond == n && !isInt64(at)) beyond = i
    store<u64>(out + (<usize>i << 3), load<u64>(at))
  }
  return beyond
}

export function stateReadExtremeI64(addresses: usize, offset: usize, n: i32, out: usize, none: usize): void {
  for (let i = 0; i < n; i++) {
    const at = <usize>load<u32>(addresses + (<usize>i << 2)) + offset
    store<u64>(out + (<usize>i << 3), load<u64>(at))
    store<u8>(none + <usize>i, <u8>(load<u64>(at, 8) ^ 1))
  }
}
