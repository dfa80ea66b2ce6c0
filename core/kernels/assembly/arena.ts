// References of segments. Straight code without calls or loops: a thread that is terminated never stops within one of these,
// which no JavaScript function can promise.

export function segmentTake(free: usize, seen: i32, bit: i32, ref: usize, total: usize): i32 {
  if (atomic.cmpxchg<i32>(free, seen, seen & ~bit) != seen) return 0
  atomic.store<i32>(ref, 1)
  atomic.store<i32>(total, 1)
  return 1
}

export function segmentRetain(ref: usize, total: usize): void {
  atomic.add<i32>(total, 1)
  atomic.add<i32>(ref, 1)
}

export function segmentRelease(ref: usize, total: usize, free: usize, bit: i32): i32 {
  if (atomic.sub<i32>(ref, 1) <= 0) {
    atomic.add<i32>(ref, 1)
    return 0
  }
  if (atomic.sub<i32>(total, 1) == 1) atomic.or<i32>(free, bit)
  return 1
}

export function segmentTransfer(from: usize, to: usize): i32 {
  if (atomic.sub<i32>(from, 1) <= 0) {
    atomic.add<i32>(from, 1)
    return 0
  }
  atomic.add<i32>(to, 1)
  return 1
}
