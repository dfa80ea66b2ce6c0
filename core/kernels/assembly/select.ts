// Comparisons of a column with a constant to a selection, arithmetic of a column with a constant.

// @ts-ignore: decorator
@inline
function holds<T>(a: T, op: i32, b: T): i32 {
  switch (op) {
    case 0: return <i32>(a == b)
    case 1: return <i32>(a != b)
    case 2: return <i32>(a < b)
    case 3: return <i32>(a <= b)
    case 4: return <i32>(a > b)
    default: return <i32>(a >= b)
  }
}

// @ts-ignore: decorator
@inline
function rowAt(selection: usize, i: i32): i32 {
  return selection ? load<i32>(selection + (<usize>i << 2)) : i
}

export function compareF64(src: usize, selection: usize, count: i32, op: i32, value: f64, out: usize): i32 {
  let kept = 0
  for (let i = 0; i < count; i++) {
    const row = rowAt(selection, i)
    store<i32>(out + (<usize>kept << 2), row)
    kept += holds<f64>(load<f64>(src + (<usize>row << 3)), op, value)
  }
  return kept
}

export function compareI32(src: usize, selection: usize, count: i32, op: i32, value: f64, out: usize): i32 {
  let kept = 0
  for (let i = 0; i < count; i++) {
    const row = rowAt(selection, i)
    store<i32>(out + (<usize>kept << 2), row)
    kept += holds<f64>(<f64>load<i32>(src + (<usize>row << 2)), op, value)
  }
  return kept
}

export function modEqualsF64(src: usize, selection: usize, count: i32, divisor: f64, remainder: f64, out: usize): i32 {
  let kept = 0
  const small = divisor >= 1 && divisor <= 2147483647 && trunc(divisor) == divisor
  const by = small ? <i32>divisor : 1
  for (let i = 0; i < count; i++) {
    const row = rowAt(selection, i)
    const value = load<f64>(src + (<usize>row << 3))
    store<i32>(out + (<usize>kept << 2), row)
    if (small && value > -2147483648 && value < 2147483648) {
      const whole = <i32>value
      if (<f64>whole == value) {
        kept += <i32>(<f64>(whole % by) == remainder)
        continue
      }
    }
    kept += <i32>((value % divisor) == remainder)
  }
  return kept
}

export function compareStrings(offsets: usize, data: usize, selection: usize, count: i32, op: i32, value: usize, valueBytes: i32, out: usize): i32 {
  let kept = 0
  for (let i = 0; i < count; i++) {
    const row = rowAt(selection, i)
    const at = offsets + (<usize>row << 2)
    const start = load<i32>(at)
    const bytes = load<i32>(at, 4) - start
    store<i32>(out + (<usize>kept << 2), row)
    if (op <= 1 && bytes != valueBytes) {
      kept += op
      continue
    }
    kept += holds<i32>(order(data + <usize>start, bytes, value, valueBytes), op, 0)
  }
  return kept
}

function order(a: usize, aBytes: i32, b: usize, bBytes: i32): i32 {
  const common = min(aBytes, bBytes)
  let i = 0
  for (; i + 8 <= common; i += 8) if (load<u64>(a + <usize>i) != load<u64>(b + <usize>i)) break
  for (; i < common; i++) {
    const difference = <i32>load<u8>(a + <usize>i) - <i32>load<u8>(b + <usize>i)
    if (difference != 0) return difference
  }
  return aBytes - bBytes
}

export function arithmeticF64(src: usize, count: i32, op: i32, value: f64, dst: usize): void {
  const constant = f64x2.splat(value)
  let i = 0
  if (op != 6) {
    for (; i + 2 <= count; i += 2) {
      const x = v128.load(src + (<usize>i << 3))
      let y = x
      switch (op) {
        case 0: y = f64x2.add(x, constant); break
        case 1: y = f64x2.sub(x, constant); break
        case 2: y = f64x2.mul(x, constant); break
        case 3: y = f64x2.div(x, constant); break
        case 4: y = f64x2.sub(constant, x); break
        default: y = f64x2.div(constant, x)
      }
      v128.store(dst + (<usize>i << 3), y)
    }
  }
  for (; i < count; i++) {
    const x = load<f64>(src + (<usize>i << 3))
    let y = x
    switch (op) {
      case 0: y = x + value; break
      case 1: y = x - value; break
      case 2: y = x * value; break
      case 3: y = x / value; break
      case 4: y = value - x; break
      case 5: y = value / x; break
      default: y = x % value
    }
    store<f64>(dst + (<usize>i << 3), y)
  }
}
