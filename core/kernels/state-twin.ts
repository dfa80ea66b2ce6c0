/**
 * The kernels of flat state in plain TypeScript: their specification, and what a machine without WebAssembly SIMD runs.
 * Promises the same bytes as state.ts in core/kernels/assembly; accumulators have a file of their own. Reads the views anew on
 * each call, since the memory grows.
 */
import { createAccumulatorTwin } from './accumulator-twin.ts'
import { type StateKernels, stateTable, stopped } from './state-signature.ts'
import { type StateViews, tableEntry } from './state-views.ts'

const nanHigh = 0x7ff80000

/** Class of a block for a key of so many bytes: multiples of 16 up to 1 KB, then powers of two. */
export const blockClass = (bytes: number): number =>
  bytes <= 1024 ? (bytes === 0 ? 0 : (bytes - 1) >>> 4) : 64 + (21 - Math.clz32(bytes - 1))
export const blockBytes = (cls: number): number => (cls < 64 ? (cls + 1) << 4 : 1024 << (cls - 63))

export function createStateTwin(views: StateViews): StateKernels {
  const number = new Float64Array(1)
  const halves = new Uint32Array(number.buffer)

  const entryOf = (table: number, id: number): number => tableEntry(views.u32, table, id)

  const subTable = (table: number, h: number): number => {
    const { u32 } = views
    const bits = u32[(table >>> 2) + 1]
    const sub = bits === 0 ? 0 : Math.imul(h, 0x9e3779b1) >>> (32 - bits)
    return (u32[table >>> 2] + (sub << 4)) >>> 2
  }

  const takeId = (table: number): number => {
    const { u32 } = views
    const at = table >>> 2
    const free = u32[at + stateTable.freeCount]
    let id: number
    if (free > 0) {
      id = u32[(u32[at + stateTable.freeStack] >>> 2) + free - 1]
      u32[at + stateTable.freeCount] = free - 1
    } else {
      id = u32[at + stateTable.nextId]
      if (id >= u32[at + stateTable.idLimit]) return -1
      u32[at + stateTable.nextId] = id + 1
    }
    const entry = entryOf(table, id) >>> 2
    const template = u32[at + stateTable.template] >>> 2
    const words = u32[at + stateTable.stride] >>> 2
    for (let i = 0; i < words; i++) u32[entry + i] = u32[template + i]
    return id
  }

  /** Finds or inserts one key: `same(entry)` compares, `fill(entry)` writes the key of a new one (false: no room). Returns -2 to stop. */
  const find = (
    table: number,
    h: number,
    insert: number,
    same: (entry: number) => boolean,
    prepare: () => boolean,
    fill: (entry: number) => void,
  ): number => {
    const { u32 } = views
    const at = table >>> 2
    const sub = subTable(table, h)
    const slots = u32[sub] >>> 2
    const mask = u32[sub + 1]
    for (let place = (h & mask) >>> 0; ; place = (place + 1) & mask) {
      const tag = u32[slots + 2 * place + 1]
      if (tag === 0) {
        if (insert === 0) return -1
        if (u32[sub + 2] >= u32[sub + 3]) {
          u32[at + stateTable.stopped] = ((sub << 2) - u32[at]) >>> 4
          return -2
        }
        if (!prepare()) {
          u32[at + stateTable.stopped] = stopped.blocks
          return -2
        }
        const id = takeId(table)
        if (id < 0) {
          u32[at + stateTable.stopped] = stopped.ids
          return -2
        }
        u32[sub + 2]++
        u32[slots + 2 * place] = h
        u32[slots + 2 * place + 1] = id + 1
        const entry = entryOf(table, id)
        fill(entry)
        u32[(entry >>> 2) + 2] = h
        return id
      }
      if (u32[slots + 2 * place] === h) {
        if (same(entryOf(table, tag - 1))) return tag - 1
      }
    }
  }

  const setKeyBits = (value: number): void => {
    if (Number.isNaN(value)) {
      halves[0] = 0
      halves[1] = nanHigh
    } else number[0] = value + 0
  }

  return {
    ...createAccumulatorTwin(views),
    stateFindF64(table, keys, hashes, from, n, insert, ids) {
      const { u32, f64 } = views
      for (let i = from; i < n; i++) {
        setKeyBits(f64[(keys >>> 3) + i])
        const low = halves[0]
        const high = halves[1]
        const id = find(
          table,
          u32[(hashes >>> 2) + i],
          insert,
          (entry) => u32[entry >>> 2] === low && u32[(entry >>> 2) + 1] === high,
          () => true,
          (entry) => {
            u32[entry >>> 2] = low
            u32[(entry >>> 2) + 1] = high
          },
        )
        if (id === -2) return i
        u32[(ids >>> 2) + i] = id
      }
      return n
    },
    stateFindBytes(table, offsets, data, hashes, from, n, insert, ids) {
      const { u8, u32 } = views
      const t = table >>> 2
      for (let i = from; i < n; i++) {
        const start = u32[(offsets >>> 2) + i]
        const bytes = u32[(offsets >>> 2) + i + 1] - start
        const key = data + start
        const cls = blockClass(bytes)
        const head = t + stateTable.blockHeads + cls
        const id = find(
          table,
          u32[(hashes >>> 2) + i],
          insert,
          (entry) => {
            if (u32[(entry >>> 2) + 1] !== bytes) return false
            const at = u32[entry >>> 2]
            for (let b = 0; b < bytes; b++) if (u8[at + b] !== u8[key + b]) return false
            return true
          },
          () => u32[head] !== 0 || u32[t + stateTable.blockEnd] - u32[t + stateTable.blockCursor] >= blockBytes(cls),
          (entry) => {
            let block = u32[head]
            if (block !== 0) u32[head] = u32[block >>> 2]
            else {
              block = u32[t + stateTable.blockCursor]
              u32[t + stateTable.blockCursor] = block + blockBytes(cls)
            }
            u8.copyWithin(block, key, key + bytes)
            u32[entry >>> 2] = block
            u32[(entry >>> 2) + 1] = bytes
          },
        )
        if (id === -2) return i
        u32[(ids >>> 2) + i] = id
      }
      return n
    },
    stateFindShared(table, entries, hashes, from, n, ids) {
      const { u8, u32 } = views
      for (let i = from; i < n; i++) {
        const source = u32[(entries >>> 2) + i] >>> 2
        const block = u32[source]
        const bytes = u32[source + 1]
        const id = find(
          table,
          u32[(hashes >>> 2) + i],
          1,
          (entry) => {
            if (u32[(entry >>> 2) + 1] !== bytes) return false
            const at = u32[entry >>> 2]
            for (let b = 0; b < bytes; b++) if (u8[at + b] !== u8[block + b]) return false
            return true
          },
          () => true,
          (entry) => {
            u32[entry >>> 2] = block
            u32[(entry >>> 2) + 1] = bytes
          },
        )
        if (id === -2) return i
        u32[(ids >>> 2) + i] = id
      }
      return n
    },
    stateRehash(table, slots, count) {
      const { u32 } = views
      for (let i = 0; i < count; i++) {
        const at = (slots >>> 2) + 2 * i
        if (u32[at + 1] === 0) continue
        const sub = subTable(table, u32[at])
        const to = u32[sub] >>> 2
        const mask = u32[sub + 1]
        let place = (u32[at] & mask) >>> 0
        while (u32[to + 2 * place + 1] !== 0) place = (place + 1) & mask
        u32[to + 2 * place] = u32[at]
        u32[to + 2 * place + 1] = u32[at + 1]
        u32[sub + 2]++
      }
      return 0
    },
    stateRelease(table, ids, n) {
      const { u8, u32 } = views
      const t = table >>> 2
      const frozen = u32[t + stateTable.frozenBits]
      const dirty = u32[t + stateTable.dirty]
      let released = 0
      for (let i = 0; i < n; i++) {
        const id = u32[(ids >>> 2) + i]
        const entry = entryOf(table, id) >>> 2
        if (u32[entry + 3] !== 0 || u32[entry + 4] !== 0 || u32[entry + 5] !== 0) continue
        const bit = 1 << (id & 7)
        if (frozen !== 0 && (u8[frozen + (id >>> 3)] & bit) !== 0) continue
        if (dirty !== 0) u8[dirty + (id >>> 3)] &= ~bit
        const sub = subTable(table, u32[entry + 2])
        const slots = u32[sub] >>> 2
        const mask = u32[sub + 1]
        let hole = (u32[entry + 2] & mask) >>> 0
        while (u32[slots + 2 * hole + 1] !== id + 1) hole = (hole + 1) & mask
        for (let at = (hole + 1) & mask; u32[slots + 2 * at + 1] !== 0; at = (at + 1) & mask) {
          const home = u32[slots + 2 * at] & mask
          if (((at - home) & mask) < ((at - hole) & mask)) continue
          u32[slots + 2 * hole] = u32[slots + 2 * at]
          u32[slots + 2 * hole + 1] = u32[slots + 2 * at + 1]
          hole = at
        }
        u32[slots + 2 * hole] = 0
        u32[slots + 2 * hole + 1] = 0
        u32[sub + 2]--
        if (u32[t + stateTable.bytesKeys] !== 0) {
          const head = t + stateTable.blockHeads + blockClass(u32[entry + 1])
          u32[u32[entry] >>> 2] = u32[head]
          u32[head] = u32[entry]
        }
        u32[entry + 3] = 0xffffffff
        u32[(u32[t + stateTable.freeStack] >>> 2) + u32[t + stateTable.freeCount]] = id
        u32[t + stateTable.freeCount]++
        released++
      }
      return released
    },
    stateTouch(table, ids, from, n, presence, addresses) {
      const { u8, u32 } = views
      const t = table >>> 2
      const dirty = u32[t + stateTable.dirty]
      const frozen = u32[t + stateTable.frozenPages]
      for (let i = from; i < n; i++) {
        const id = u32[(ids >>> 2) + i]
        const entry = entryOf(table, id)
        if (dirty !== 0) {
          if (frozen !== 0 && u8[frozen + (id >>> 6)] !== 0) {
            const bytes = u32[t + stateTable.stride] << 6
            const to = u32[t + stateTable.shadowCursor]
            if (u32[t + stateTable.shadowEnd] - to < bytes) return i
            const page = entryOf(table, id & ~63)
            u8.copyWithin(to, page, page + bytes)
            u32[t + stateTable.shadowCursor] = to + bytes
            u32[(u32[t + stateTable.shadows] >>> 2) + (id >>> 6)] = to
            u8[frozen + (id >>> 6)] = 0
          }
          u8[dirty + (id >>> 3)] |= 1 << (id & 7)
        }
        u32[(entry >>> 2) + 3] |= presence
        u32[(addresses >>> 2) + i] = entry
      }
      return n
    },
    stateMarkedPages(bits, n, pages) {
      const { u8, u32 } = views
      for (let i = 0, at = bits >>> 2; i < n; i++, at += 2) u8[pages + i] = (u32[at] | u32[at + 1]) === 0 ? 0 : 1
    },
    stateEntries(table, from, n, addresses, keys, hashes) {
      const { u32 } = views
      let found = 0
      for (let id = from; id < from + n; id++) {
        const entry = entryOf(table, id)
        const word = entry >>> 2
        if (u32[word + 3] === 0 || u32[word + 3] === 0xffffffff) continue
        u32[(addresses >>> 2) + found] = entry
        if (keys !== 0) {
          u32[(keys >>> 2) + 2 * found] = u32[word]
          u32[(keys >>> 2) + 2 * found + 1] = u32[word + 1]
        }
        u32[(hashes >>> 2) + found] = u32[word + 2]
        found++
      }
      return found
    },
    statePane(timestamps, from, n, paneMs, offsetMs, pane) {
      const { f64 } = views
      const at = timestamps >>> 3
      const start = Math.floor((f64[at + from] - offsetMs) / paneMs) * paneMs + offsetMs
      f64[pane >>> 3] = start
      let i = from + 1
      while (i < n && f64[at + i] >= start && f64[at + i] < start + paneMs) i++
      return i
    },
  }
}
