// Kernels of flat state: key tables and pages. core/kernels/state-signature.ts says what each does and how a table lies in
// memory; state-twin.ts is the specification.

import { entryOf } from './entry'

// Rows whose slots and entries are asked for before they are needed: memory answers many at a time, and one after the other
// a large table waits for each.
const AHEAD: i32 = 32

// @ts-ignore: decorator
@inline
function subTable(table: usize, h: u32): usize {
  return subTableOf(<usize>load<u32>(table), <u64>load<u32>(table, 4), h)
}

// @ts-ignore: decorator
@inline
function subTableOf(directory: usize, bits: u64, h: u32): usize {
  return directory + (<usize>((<u64>(h * 0x9e3779b1) << bits) >>> 32) << 4)
}

// @ts-ignore: decorator
@inline
function keyBits(value: f64): u64 {
  return value != value ? 0x7ff8000000000000 : reinterpret<u64>(value + 0.0)
}

// An id with its entry made from the template, or -1 when the chunks are full.
function takeId(table: usize): i32 {
  const free = load<u32>(table, 20)
  let id: u32
  if (free > 0) {
    id = load<u32>(<usize>load<u32>(table, 24) + (<usize>(free - 1) << 2))
    store<u32>(table, free - 1, 20)
  } else {
    id = load<u32>(table, 16)
    if (id >= load<u32>(table, 36)) return -1
    store<u32>(table, id + 1, 16)
  }
  const stride = load<u32>(table, 12)
  const entry = entryOf(load<u32>(table, 8), stride, id)
  const template = <usize>load<u32>(table, 32)
  for (let at: usize = 0; at < <usize>stride; at += 8) store<u64>(entry + at, load<u64>(template + at))
  return id
}

// Touches what rows `from` on will need of a table that no cache holds; writes anything to `out`. Returns the row behind them.
function touchAhead(table: usize, hashes: usize, from: i32, n: i32, out: usize): i32 {
  const end = min(n, from + AHEAD)
  const bits = <u64>load<u32>(table, 4)
  if (bits == 0) return n
  const directory = <usize>load<u32>(table)
  for (let i = from; i < end; i++) {
    const h = load<u32>(hashes + (<usize>i << 2))
    const sub = subTableOf(directory, bits, h)
    const slot = load<u64>(<usize>load<u32>(sub) + (<usize>(h & load<u32>(sub, 4)) << 3))
    store<u32>(out + (<usize>i << 2), <u32>slot == h ? <u32>(slot >>> 32) : 0)
  }
  const chunks = <usize>load<u32>(table, 8)
  const stride = load<u32>(table, 12)
  for (let i = from; i < end; i++) {
    const at = out + (<usize>i << 2)
    const tag = load<u32>(at)
    if (tag != 0) store<u32>(at, load<u32>(entryOf(chunks, stride, tag - 1)))
  }
  return end
}

export function stateFindF64(table: usize, keys: usize, hashes: usize, from: i32, n: i32, insert: i32, ids: usize): i32 {
  const chunks = <usize>load<u32>(table, 8)
  const stride = load<u32>(table, 12)
  const directory = <usize>load<u32>(table)
  const bits = <u64>load<u32>(table, 4)
  let ahead = from
  for (let i = from; i < n; i++) {
    if (i == ahead) ahead = touchAhead(table, hashes, i, n, ids)
    const h = load<u32>(hashes + (<usize>i << 2))
    const key = keyBits(load<f64>(keys + (<usize>i << 3)))
    const sub = subTableOf(directory, bits, h)
    const slots = <usize>load<u32>(sub)
    const mask = load<u32>(sub, 4)
    let at = h & mask
    let id: i32 = -1
    while (true) {
      const slot = load<u64>(slots + (<usize>at << 3))
      const tag = <u32>(slot >>> 32)
      if (tag == 0) {
        if (insert) {
          const count = load<u32>(sub, 8)
          if (count >= load<u32>(sub, 12)) {
            store<u32>(table, <u32>((sub - <usize>load<u32>(table)) >>> 4), 28)
            return i
          }
          id = takeId(table)
          if (id < 0) {
            store<u32>(table, 0xffffffff, 28)
            return i
          }
          store<u32>(sub, count + 1, 8)
          store<u64>(slots + (<usize>at << 3), <u64>h | (<u64>(<u32>id + 1) << 32))
          const entry = entryOf(chunks, stride, id)
          store<u64>(entry, key)
          store<u32>(entry, h, 8)
        }
        break
      }
      if (<u32>slot == h) {
        if (load<u64>(entryOf(chunks, stride, tag - 1)) == key) {
          id = tag - 1
          break
        }
      }
      at = (at + 1) & mask
    }
    store<i32>(ids + (<usize>i << 2), id)
  }
  return n
}

// @ts-ignore: decorator
@inline
function sameBytes(a: usize, b: usize, bytes: u32): bool {
  let left = bytes
  while (left >= 8) {
    if (load<u64>(a) != load<u64>(b)) return false
    a += 8
    b += 8
    left -= 8
  }
  while (left > 0) {
    if (load<u8>(a) != load<u8>(b)) return false
    a++
    b++
    left--
  }
  return true
}

// Class of a key's block: multiples of 16 up to 1 KB, then powers of two.
// @ts-ignore: decorator
@inline
function blockClass(bytes: u32): u32 {
  if (bytes <= 1024) return bytes == 0 ? 0 : (bytes - 1) >>> 4
  return 64 + (21 - clz<u32>(bytes - 1))
}

// @ts-ignore: decorator
@inline
function blockBytes(cls: u32): u32 {
  return cls < 64 ? (cls + 1) << 4 : <u32>1024 << (cls - 63)
}

export function stateFindBytes(table: usize, offsets: usize, data: usize, hashes: usize, from: i32, n: i32, insert: i32, ids: usize): i32 {
  const chunks = <usize>load<u32>(table, 8)
  const stride = load<u32>(table, 12)
  let ahead = from
  for (let i = from; i < n; i++) {
    if (i == ahead) ahead = touchAhead(table, hashes, i, n, ids)
    const h = load<u32>(hashes + (<usize>i << 2))
    const start = load<u32>(offsets + (<usize>i << 2))
    const bytes = load<u32>(offsets + (<usize>i << 2), 4) - start
    const key = data + <usize>start
    const sub = subTable(table, h)
    const slots = <usize>load<u32>(sub)
    const mask = load<u32>(sub, 4)
    let at = h & mask
    let id: i32 = -1
    while (true) {
      const slot = load<u64>(slots + (<usize>at << 3))
      const tag = <u32>(slot >>> 32)
      if (tag == 0) {
        if (insert) {
          const count = load<u32>(sub, 8)
          if (count >= load<u32>(sub, 12)) {
            store<u32>(table, <u32>((sub - <usize>load<u32>(table)) >>> 4), 28)
            return i
          }
          const cls = blockClass(bytes)
          const head = table + 128 + (<usize>cls << 2)
          let block = <usize>load<u32>(head)
          const size = blockBytes(cls)
          if (block == 0) {
            // Differences: an address plus a size may pass 4 GB.
            if (load<u32>(table, 48) - load<u32>(table, 44) < size) {
              store<u32>(table, 0xfffffffe, 28)
              return i
            }
          }
          id = takeId(table)
          if (id < 0) {
            store<u32>(table, 0xffffffff, 28)
            return i
          }
          if (block != 0) store<u32>(head, load<u32>(block))
          else {
            block = <usize>load<u32>(table, 44)
            store<u32>(table, <u32>block + size, 44)
          }
          memory.copy(block, key, <usize>bytes)
          store<u32>(sub, count + 1, 8)
          store<u64>(slots + (<usize>at << 3), <u64>h | (<u64>(<u32>id + 1) << 32))
          const entry = entryOf(chunks, stride, id)
          store<u32>(entry, <u32>block)
          store<u32>(entry, bytes, 4)
          store<u32>(entry, h, 8)
        }
        break
      }
      if (<u32>slot == h) {
        const entry = entryOf(chunks, stride, tag - 1)
        if (load<u32>(entry, 4) == bytes && sameBytes(load<u32>(entry), key, bytes)) {
          id = tag - 1
          break
        }
      }
      at = (at + 1) & mask
    }
    store<i32>(ids + (<usize>i << 2), id)
  }
  return n
}

export function stateFindShared(table: usize, entries: usize, hashes: usize, from: i32, n: i32, ids: usize): i32 {
  const chunks = <usize>load<u32>(table, 8)
  const stride = load<u32>(table, 12)
  for (let i = from; i < n; i++) {
    const h = load<u32>(hashes + (<usize>i << 2))
    const source = <usize>load<u32>(entries + (<usize>i << 2))
    const block = load<u32>(source)
    const bytes = load<u32>(source, 4)
    const sub = subTable(table, h)
    const slots = <usize>load<u32>(sub)
    const mask = load<u32>(sub, 4)
    let at = h & mask
    let id: i32 = -1
    while (true) {
      const slot = load<u64>(slots + (<usize>at << 3))
      const tag = <u32>(slot >>> 32)
      if (tag == 0) {
        const count = load<u32>(sub, 8)
        if (count >= load<u32>(sub, 12)) {
          store<u32>(table, <u32>((sub - <usize>load<u32>(table)) >>> 4), 28)
          return i
        }
        id = takeId(table)
        if (id < 0) {
          store<u32>(table, 0xffffffff, 28)
          return i
        }
        store<u32>(sub, count + 1, 8)
        store<u64>(slots + (<usize>at << 3), <u64>h | (<u64>(<u32>id + 1) << 32))
        const entry = entryOf(chunks, stride, id)
        store<u32>(entry, block)
        store<u32>(entry, bytes, 4)
        store<u32>(entry, h, 8)
        break
      }
      if (<u32>slot == h) {
        const entry = entryOf(chunks, stride, tag - 1)
        if (load<u32>(entry, 4) == bytes && sameBytes(load<u32>(entry), block, bytes)) {
          id = tag - 1
          break
        }
      }
      at = (at + 1) & mask
    }
    store<i32>(ids + (<usize>i << 2), id)
  }
  return n
}

export function stateRehash(table: usize, slots: usize, count: u32): i32 {
  for (let i: u32 = 0; i < count; i++) {
    const slot = load<u64>(slots + (<usize>i << 3))
    if (slot >>> 32 == 0) continue
    const h = <u32>slot
    const sub = subTable(table, h)
    const to = <usize>load<u32>(sub)
    const mask = load<u32>(sub, 4)
    let at = h & mask
    while (load<u32>(to + (<usize>at << 3), 4) != 0) at = (at + 1) & mask
    store<u64>(to + (<usize>at << 3), slot)
    store<u32>(sub, load<u32>(sub, 8) + 1, 8)
  }
  return 0
}

export function stateRelease(table: usize, ids: usize, n: i32): i32 {
  const chunks = <usize>load<u32>(table, 8)
  const stride = load<u32>(table, 12)
  const frozen = <usize>load<u32>(table, 72)
  const dirty = <usize>load<u32>(table, 56)
  const bytesKeys = load<u32>(table, 40)
  let released = 0
  for (let i = 0; i < n; i++) {
    const id = load<u32>(ids + (<usize>i << 2))
    const entry = entryOf(chunks, stride, id)
    if (load<u32>(entry, 12) != 0 || load<u32>(entry, 16) != 0 || load<u32>(entry, 20) != 0) continue
    const bit = <u32>1 << (id & 7)
    if (frozen && <u32>load<u8>(frozen + <usize>(id >>> 3)) & bit) continue
    if (dirty) {
      const at = dirty + <usize>(id >>> 3)
      store<u8>(at, <u32>load<u8>(at) & ~bit)
    }
    const h = load<u32>(entry, 8)
    const sub = subTable(table, h)
    const slots = <usize>load<u32>(sub)
    const mask = load<u32>(sub, 4)
    let hole = h & mask
    while (load<u32>(slots + (<usize>hole << 3), 4) != id + 1) hole = (hole + 1) & mask
    // Whoever stands behind the hole and may stand in it moves up.
    let at = hole
    while (true) {
      at = (at + 1) & mask
      const slot = load<u64>(slots + (<usize>at << 3))
      if (slot >>> 32 == 0) break
      const home = <u32>slot & mask
      if (((at - home) & mask) >= ((at - hole) & mask)) {
        store<u64>(slots + (<usize>hole << 3), slot)
        hole = at
      }
    }
    store<u64>(slots + (<usize>hole << 3), 0)
    store<u32>(sub, load<u32>(sub, 8) - 1, 8)
    if (bytesKeys) {
      const block = <usize>load<u32>(entry)
      const head = table + 128 + (<usize>blockClass(load<u32>(entry, 4)) << 2)
      store<u32>(block, load<u32>(head))
      store<u32>(head, <u32>block)
    }
    // Not in use: no state is ever all ones.
    store<u32>(entry, 0xffffffff, 12)
    const free = load<u32>(table, 20)
    store<u32>(<usize>load<u32>(table, 24) + (<usize>free << 2), id)
    store<u32>(table, free + 1, 20)
    released++
  }
  return released
}

export function stateTouch(table: usize, ids: usize, from: i32, n: i32, presence: u32, addresses: usize): i32 {
  const chunks = <usize>load<u32>(table, 8)
  const stride = load<u32>(table, 12)
  const dirty = <usize>load<u32>(table, 56)
  const frozen = <usize>load<u32>(table, 52)
  for (let i = from; i < n; i++) {
    const id = load<u32>(ids + (<usize>i << 2))
    const entry = entryOf(chunks, stride, id)
    if (dirty) {
      if (frozen && load<u8>(frozen + <usize>(id >>> 6))) {
        const bytes = stride << 6
        const to = load<u32>(table, 60)
        if (load<u32>(table, 64) - to < bytes) return i
        memory.copy(<usize>to, entryOf(chunks, stride, id & ~63), <usize>bytes)
        store<u32>(table, to + bytes, 60)
        store<u32>(<usize>load<u32>(table, 68) + (<usize>(id >>> 6) << 2), to)
        store<u8>(frozen + <usize>(id >>> 6), 0)
      }
      const at = dirty + <usize>(id >>> 3)
      store<u8>(at, <u32>load<u8>(at) | (1 << (id & 7)))
    }
    store<u32>(entry, load<u32>(entry, 12) | presence, 12)
    store<u32>(addresses + (<usize>i << 2), <u32>entry)
  }
  return n
}

export function stateMarkedPages(bits: usize, n: i32, pages: usize): void {
  for (let i: usize = 0; i < <usize>n; i++) store<u8>(pages + i, <u8>(load<u64>(bits + (i << 3)) != 0))
}

export function stateEntries(table: usize, from: u32, n: i32, addresses: usize, keys: usize, hashes: usize): i32 {
  const chunks = <usize>load<u32>(table, 8)
  const stride = load<u32>(table, 12)
  let found = 0
  for (let id = from; id < from + <u32>n; id++) {
    const entry = entryOf(chunks, stride, id)
    if (load<u32>(entry, 12) + 1 <= 1) continue
    store<u32>(addresses + (<usize>found << 2), <u32>entry)
    if (keys) store<u64>(keys + (<usize>found << 3), load<u64>(entry))
    store<u32>(hashes + (<usize>found << 2), load<u32>(entry, 8))
    found++
  }
  return found
}

// Number of the run of equal panes at the start of the rows from `from` on; the pane goes to `pane`.
export function statePane(timestamps: usize, from: i32, n: i32, paneMs: f64, offsetMs: f64, pane: usize): i32 {
  const start = Math.floor((load<f64>(timestamps + (<usize>from << 3)) - offsetMs) / paneMs) * paneMs + offsetMs
  const end = start + paneMs
  store<f64>(pane, start)
  let i = from + 1
  while (i < n) {
    const t = load<f64>(timestamps + (<usize>i << 3))
    if (!(t >= start && t < end)) break
    i++
  }
  return i
}
