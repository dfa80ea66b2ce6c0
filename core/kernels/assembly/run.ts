// Kernels of snapshots. core/kernels/run-signature.ts says what each does; run-twin.ts is the specification.

const HEAD: usize = 7

// @ts-ignore: decorator
@inline
function putVarint(at: usize, value: u32): usize {
  while (value > 127) {
    store<u8>(at++, (value & 127) | 128)
    value >>>= 7
  }
  store<u8>(at, value)
  return at + 1
}

// Sixteen bytes at a time: up to fifteen more than asked for.
// @ts-ignore: decorator
@inline
function copyOver(to: usize, from: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += 16) v128.store(to + i, v128.load(from + i))
}

// Whether the number goes as int32 by the value codec: no fraction, not -0.
// @ts-ignore: decorator
@inline
function isInt32(value: f64): bool {
  if (!(value >= -2147483648.0 && value <= 2147483647.0)) return false
  const whole = <i32>value
  return <f64>whole == value && (whole != 0 || reinterpret<u64>(value) == 0)
}

function isAscii(at: usize, bytes: u32): bool {
  const end = at + <usize>bytes
  for (; at + 8 <= end; at += 8) if (load<u64>(at) & 0x8080808080808080) return false
  for (; at < end; at++) if (load<u8>(at) > 127) return false
  return true
}

function valueBytes(ops: usize, count: u32, entry: usize): u32 {
  let bytes: u32 = 0
  for (let i: u32 = 0; i < count; i++, ops += 12) {
    const kind = load<u32>(ops)
    if (kind <= 1) bytes += load<u32>(ops, 8)
    else if (kind == 2) bytes += isInt32(load<f64>(entry + <usize>load<u32>(ops, 4))) ? 5 : 9
    else bytes += kind == 3 ? 1 : 9
  }
  return bytes
}

function putValue(at: usize, ops: usize, count: u32, entry: usize): usize {
  for (let i: u32 = 0; i < count; i++, ops += 12) {
    const kind = load<u32>(ops)
    const from = <usize>load<u32>(ops, 4)
    const bytes = <usize>load<u32>(ops, 8)
    if (kind == 0) {
      copyOver(at, from, bytes)
      at += bytes
    } else if (kind == 1) {
      copyOver(at, entry + from, bytes)
      at += bytes
    } else if (kind == 2) at = putNumber(at, load<f64>(entry + from))
    else if (kind == 3) {
      store<u8>(at, load<f64>(entry + from) != 0 ? 0x54 : 0x46)
      at++
    } else {
      store<u8>(at, kind == 4 ? 0x49 : 0x44)
      store<u64>(at, load<u64>(entry + from), 1)
      at += 9
    }
  }
  return at
}

function putNumber(at: usize, value: f64): usize {
  if (isInt32(value)) {
    store<u8>(at, 0x69)
    store<i32>(at, <i32>value, 1)
    return at + 5
  }
  store<u8>(at, 0x66)
  store<f64>(at, value, 1)
  return at + 9
}

export function stateEncode(e: usize): i32 {
  const table = <usize>load<u32>(e)
  const stride = <usize>load<u32>(table, 12)
  const frozen = <usize>load<u32>(table, 72)
  const shadows = <usize>load<u32>(table, 68)
  const pages = <usize>load<u32>(table, 52)
  let id = load<u32>(e, 4)
  const end = load<u32>(e, 8)
  const chunk = <usize>load<u32>(<usize>load<u32>(table, 8) + (<usize>(id >>> 12) << 2))
  let out = <usize>load<u32>(e, 12)
  const outEnd = <usize>load<u32>(e, 16)
  const tombstones = load<u32>(e, 20) != 0
  const keys = load<u32>(e, 24)
  const states = <usize>load<u32>(e, 28)
  const stateCount = load<u32>(e, 32)
  const namespace = <usize>load<u32>(e, 36)
  const namespaceBytes = load<u32>(e, 40)
  const bytesMax = <usize>load<u32>(e, 44)
  const listRoom = load<u32>(e, 64)
  let entries = load<u32>(e, 68)
  const now = load<f64>(e, 80)
  const snapshot = load<u32>(e, 88)
  const heardTo = load<u32>(e, 92)
  const prefix = e + 96
  let why: i32 = 0
  while (id < end) {
    const page = <usize>(id >>> 6)
    const bits = load<u64>(frozen + (page << 3)) >>> <u64>(id & 63)
    if (bits == 0) {
      store<u8>(pages + page, 0)
      id = (<u32>page + 1) << 6
      continue
    }
    id += <u32>ctz(bits)
    const live = chunk + <usize>(id & 4095) * stride
    const shadow = <usize>load<u32>(shadows + (page << 2))
    const entry = shadow != 0 ? shadow + <usize>(id & 63) * stride : live
    const presence = load<u32>(entry, 12)
    const marks = load<u32>(live, 20)
    const was = (marks & 1) != 0 && marks >>> 8 <= heardTo
    // All ones: not in use.
    if (presence != 0xffffffff) {
      if (load<u32>(e, 52) >= listRoom || load<u32>(e, 60) >= listRoom) {
        why = 1
        break
      }
      if (presence == 0 && !was) {
        const idle = load<u32>(e, 52)
        store<u32>(live, 0, 20)
        store<u32>(<usize>load<u32>(e, 48) + (<usize>idle << 2), id)
        store<u32>(e, idle + 1, 52)
      } else {
        // The key is `prefixBytes` at `prefix` and `keyBytes` at `key`.
        let prefixBytes: usize = 0
        let key = <usize>load<u32>(e, 72)
        let keyBytes = load<u32>(e, 76)
        if (keyBytes == 0) {
          if (keys == 0) prefixBytes = putNumber(prefix, load<f64>(entry)) - prefix
          else {
            key = <usize>load<u32>(entry)
            keyBytes = load<u32>(entry, 4)
            if (keys == 2) {
              if (!isAscii(key, keyBytes)) {
                why = 2
                break
              }
              store<u8>(prefix, 0x4c)
              prefixBytes = putVarint(prefix + 1, keyBytes) - prefix
            }
          }
        }
        const wholeKey = <u32>prefixBytes + keyBytes
        if (out + bytesMax + <usize>(stateCount * wholeKey) > outEnd) {
          why = 1
          break
        }
        store<u32>(e, 0, 76)
        const hash = load<u32>(entry, 8)
        let any = false
        for (let s: u32 = 0, state = states; s < stateCount; s++, state += 32) {
          const time = <usize>load<u32>(state, 16)
          const here = (presence & load<u32>(state, 4)) != 0 && (time == 0 || !(now - load<f64>(entry + time) >= load<f64>(state, 24)))
          if (here) any = true
          else if (!was || !tombstones) continue
          store<u32>(out, hash)
          store<u16>(out, load<u32>(state), 4)
          store<u8>(out, here ? 0 : 1, 6)
          let at = putVarint(out + HEAD, wholeKey)
          at = putVarint(at, namespaceBytes)
          const ops = <usize>load<u32>(state, 8)
          const opCount = load<u32>(state, 12)
          if (here) at = putVarint(at, valueBytes(ops, opCount, entry))
          v128.store(at, v128.load(prefix))
          at += prefixBytes
          copyOver(at, key, <usize>keyBytes)
          at += <usize>keyBytes
          if (namespaceBytes != 0) {
            copyOver(at, namespace, <usize>namespaceBytes)
            at += <usize>namespaceBytes
          }
          out = here ? putValue(at, ops, opCount, entry) : at
          entries++
        }
        if (any) {
          if (!was) store<u32>(live, (marks & 0xff) | 1 | (snapshot << 8), 20)
        } else {
          const gone = load<u32>(e, 60)
          store<u32>(<usize>load<u32>(e, 56) + (<usize>gone << 2), id)
          store<u32>(e, gone + 1, 60)
        }
      }
    }
    id++
    if ((id & 63) == 0) store<u8>(pages + page, 0)
  }
  store<u32>(e, id, 4)
  store<u32>(e, <u32>out, 12)
  store<u32>(e, entries, 68)
  return why
}

let cursor: usize = 0

// @ts-ignore: decorator
@inline
function varint(): u32 {
  const byte = <u32>load<u8>(cursor++)
  return byte < 128 ? byte : longVarint(byte & 127)
}

function longVarint(value: u32): u32 {
  let byte: u32 = 128
  for (let shift: u32 = 7; byte > 127; shift += 7) {
    byte = <u32>load<u8>(cursor++)
    value |= (byte & 127) << shift
  }
  return value
}

// The lengths of an entry: where its key begins is in `cursor` afterwards.
let keyLength: u32 = 0
let namespaceLength: u32 = 0

// Bytes of an entry.
// @ts-ignore: decorator
@inline
function entryBytes(entry: usize): usize {
  cursor = entry + HEAD
  keyLength = varint()
  namespaceLength = varint()
  const value = load<u8>(entry, 6) == 0 ? varint() : 0
  return cursor + <usize>(keyLength + namespaceLength + value) - entry
}

export function runDeal(from: usize, to: usize, low: u32, shift: u32, count: u32, lanes: usize): usize {
  let at = from
  while (at < to) {
    const number = (load<u32>(at) - low) >>> shift
    if (number >= count) return 0
    const lane = lanes + (<usize>number << 3)
    const end = <usize>load<u32>(lane)
    const bytes = entryBytes(at)
    // Differences: an address plus a size may pass 4 GB.
    if (<usize>load<u32>(lane, 4) - end < bytes) break
    copyOver(end, at, bytes)
    store<u32>(lane, <u32>(end + bytes))
    at += bytes
  }
  return at
}

export function runCount(from: usize, to: usize, low: u32, shift: u32, buckets: u32, counts: usize): i32 {
  let n = 0
  for (let at = from; at < to; at += entryBytes(at), n++) {
    const bucket = (load<u32>(at) - low) >>> shift
    if (bucket >= buckets) return -1
    const count = counts + (<usize>bucket << 2)
    store<u32>(count, load<u32>(count) + 1)
  }
  return n
}

export function runScatter(from: usize, to: usize, low: u32, shift: u32, places: usize, pairs: usize): void {
  for (let at = from; at < to; at += entryBytes(at)) {
    const hash = load<u32>(at)
    const place = places + (<usize>((hash - low) >>> shift) << 2)
    const pair = load<u32>(place)
    store<u64>(pairs + (<usize>pair << 3), <u64>hash | (<u64>at << 32))
    store<u32>(place, pair + 1)
  }
}

// Byte by byte, a prefix first.
function compareBytes(a: usize, aBytes: u32, b: usize, bBytes: u32): i32 {
  const shared = min(aBytes, bBytes)
  for (let i: u32 = 0; i < shared; i++) {
    const difference = <i32>load<u8>(a + <usize>i) - <i32>load<u8>(b + <usize>i)
    if (difference != 0) return difference
  }
  return aBytes < bBytes ? -1 : <i32>(aBytes > bBytes)
}

// Entries of the same hash.
function compareEntries(a: usize, b: usize): i32 {
  const state = <i32>load<u16>(a, 4) - <i32>load<u16>(b, 4)
  if (state != 0) return state
  entryBytes(a)
  const aKey = cursor
  const aKeyBytes = keyLength
  const aNamespaceBytes = namespaceLength
  entryBytes(b)
  const key = compareBytes(aKey, aKeyBytes, cursor, keyLength)
  if (key != 0) return key
  const namespace = compareBytes(aKey + <usize>aKeyBytes, aNamespaceBytes, cursor + <usize>keyLength, namespaceLength)
  if (namespace != 0) return namespace
  return <i32>(load<u8>(b, 6) == 2) - <i32>(load<u8>(a, 6) == 2)
}

// A stable sort of pairs that have the same hash: stretches of eight, which are merged.
function sortEqual(pairs: usize, n: usize, scratch: usize): void {
  for (let start: usize = 0; start < n; start += 8) {
    const stop = min(start + 8, n)
    for (let i = start + 1; i < stop; i++) {
      const pair = load<u64>(pairs + (i << 3))
      let at = i
      for (; at > start; at--) {
        const before = load<u64>(pairs + ((at - 1) << 3))
        if (compareEntries(<usize>(before >>> 32), <usize>(pair >>> 32)) <= 0) break
        store<u64>(pairs + (at << 3), before)
      }
      store<u64>(pairs + (at << 3), pair)
    }
  }
  for (let width: usize = 8; width < n; width <<= 1) {
    for (let start: usize = 0; start + width < n; start += width << 1) {
      const middle = start + width
      const stop = min(middle + width, n)
      memory.copy(scratch, pairs + (start << 3), width << 3)
      let left: usize = 0
      let right = middle
      for (let at = start; left < width; at++) {
        const a = load<u64>(scratch + (left << 3))
        if (right < stop) {
          const b = load<u64>(pairs + (right << 3))
          if (compareEntries(<usize>(a >>> 32), <usize>(b >>> 32)) > 0) {
            store<u64>(pairs + (at << 3), b)
            right++
            continue
          }
        }
        store<u64>(pairs + (at << 3), a)
        left++
      }
    }
  }
}

const DIGIT_BITS: u32 = 10
const DIGITS: usize = 1 << DIGIT_BITS
const FEW: u32 = 32

// Puts pairs into the order of one digit of their hash; returns how many have the most frequent one.
function sortDigit(from: usize, to: usize, n: usize, shift: u32, places: usize): u32 {
  memory.fill(places, 0, DIGITS << 2)
  for (let i: usize = 0; i < n; i++) {
    const place = places + (((<usize>load<u32>(from + (i << 3)) >>> shift) & (DIGITS - 1)) << 2)
    store<u32>(place, load<u32>(place) + 1)
  }
  let sum: u32 = 0
  let most: u32 = 0
  for (let digit: usize = 0; digit < DIGITS; digit++) {
    const size = load<u32>(places + (digit << 2))
    store<u32>(places + (digit << 2), sum)
    sum += size
    most = max(most, size)
  }
  for (let i: usize = 0; i < n; i++) {
    const pair = load<u64>(from + (i << 3))
    const place = places + (((<usize>pair >>> shift) & (DIGITS - 1)) << 2)
    const index = load<u32>(place)
    store<u32>(place, index + 1)
    store<u64>(to + (<usize>index << 3), pair)
  }
  return most
}

// Stable, for pairs that are nearly where they belong.
function insertByHash(pairs: usize, n: usize): void {
  for (let i: usize = 1; i < n; i++) {
    const pair = load<u64>(pairs + (i << 3))
    let at = pairs + (i << 3)
    while (at > pairs && load<u32>(at - 8) > <u32>pair) {
      store<u64>(at, load<u64>(at - 8))
      at -= 8
    }
    store<u64>(at, pair)
  }
}

export function runOrder(pairs: usize, n: i32, bits: u32, scratch: usize): void {
  const count = <usize>n
  const places = scratch + (count << 3)
  // Hashes are mixed well: by their upper digit most stand alone.
  if (sortDigit(pairs, scratch, count, bits > DIGIT_BITS ? bits - DIGIT_BITS : 0, places) <= FEW) {
    memory.copy(pairs, scratch, count << 3)
    insertByHash(pairs, count)
  } else {
    let from = pairs
    let to = scratch
    for (let shift: u32 = 0; shift < bits; shift += DIGIT_BITS) {
      sortDigit(from, to, count, shift, places)
      const swap = from
      from = to
      to = swap
    }
    if (from != pairs) memory.copy(pairs, from, count << 3)
  }
  for (let i: usize = 0; i < count; ) {
    const hash = load<u32>(pairs + (i << 3))
    let end = i + 1
    while (end < count && load<u32>(pairs + (end << 3)) == hash) end++
    if (end - i > 1) {
      sortEqual(pairs + (i << 3), end - i, scratch)
      for (let later = i + 1; later < end; later++) {
        const earlier = pairs + ((later - 1) << 3)
        if (compareEntries(<usize>load<u32>(earlier, 4), <usize>load<u32>(earlier, 12)) == 0) store<u32>(earlier, 0, 4)
      }
    }
    i = end
  }
}

// Entries are all over the memory, and memory answers many questions at a time: those of the next entries are asked at once.
const AHEAD: i32 = 32

function touchAhead(pairs: usize, from: i32, to: i32, control: usize): void {
  let touched: u32 = 0
  for (let i = from; i < to; i++) touched += load<u8>(<usize>load<u32>(pairs + (<usize>i << 3), 4), 32)
  store<u32>(control, touched, 12)
}

export function runFill(pairs: usize, from: i32, n: i32, base: i32, control: usize): i32 {
  let out = <usize>load<u32>(control)
  const end = <usize>load<u32>(control, 4)
  let entries = load<u32>(control, 8)
  let i = from
  let ahead = from
  for (; i < n; i++) {
    if (i == ahead) {
      ahead = min(n, i + AHEAD)
      touchAhead(pairs, i, ahead, control)
    }
    const entry = <usize>load<u32>(pairs + (<usize>i << 3), 4)
    if (entry == 0 || (base != 0 && load<u8>(entry, 6) == 1)) continue
    const bytes = entryBytes(entry)
    // Differences: an address plus a size may pass 4 GB.
    if (end - out < bytes) break
    copyOver(out, entry, bytes)
    out += bytes
    entries++
  }
  store<u32>(control, <u32>out)
  store<u32>(control, entries, 8)
  return i
}
