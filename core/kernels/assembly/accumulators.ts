// Kernels of the accumulators in entries of flat state: count, sum, smallest and largest. core/kernels/state-signature.ts
// says what each does; state-twin.ts is the specification.

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
