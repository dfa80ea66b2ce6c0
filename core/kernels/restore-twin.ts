/**
 * The kernels of a restore in plain TypeScript: their specification, and what a machine without WebAssembly SIMD runs.
 * Promises the same bytes as core/kernels/assembly/restore.ts.
 */
import {
  elsewhere,
  type RestoreKernels,
  restoreRow,
  restoreRowBytes,
  restoreState,
  restoreStateBytes,
} from './restore-signature.ts'
import { stateTable } from './state-signature.ts'
import { type StateViews, tableEntry } from './state-views.ts'

const headBytes = 7
const tag = { latin1: 0x4c, int32: 0x69, float64: 0x66 } as const

export function createRestoreTwin(views: StateViews): RestoreKernels {
  /** Where the next number begins; -1: the one that was read does not end in time. */
  let next = 0

  const varint = (at: number, end: number): number => {
    const { u8 } = views
    let value = 0
    next = at
    for (let scale = 1; scale <= 2 ** 28; scale *= 128) {
      if (next >= end) break
      const byte = u8[next++]
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
    next = -1
    return 0
  }

  const rowOf = (rows: number, i: number): number => (rows + i * restoreRowBytes) >>> 2
  const stateOf = (states: number, state: number): number => (states + state * restoreStateBytes) >>> 2

  return {
    restoreDecode(block, bytes, entries, from, to, states, stateCount, hashes, rows) {
      const { u8, u32 } = views
      const end = block + bytes
      let at = block
      let n = 0
      for (let left = entries; left > 0; left--) {
        if (end - at < headBytes + 2) return -1
        const h = (u8[at] | (u8[at + 1] << 8) | (u8[at + 2] << 16) | (u8[at + 3] << 24)) >>> 0
        const state = u8[at + 4] | (u8[at + 5] << 8)
        const kind = u8[at + 6]
        if (kind > 2) return -1
        const keyBytes = varint(at + headBytes, end)
        if (next < 0) return -1
        const namespaceBytes = varint(next, end)
        if (next < 0) return -1
        const valueBytes = kind === 0 ? varint(next, end) : 0
        if (next < 0) return -1
        const start = at
        const key = next
        const value = key + keyBytes + namespaceBytes
        at = value + valueBytes
        if (at > end) return -1
        const range = h >>> 16
        if (range < from) continue
        if (range >= to) return n
        if (state >= stateCount || u32[stateOf(states, state) + restoreState.presence] === 0) continue
        u32[(hashes >>> 2) + n] = h
        const row = rowOf(rows, n++)
        u32[row + restoreRow.state] = state
        u32[row + restoreRow.kind] = kind
        u32[row + restoreRow.keyStart] = key
        u32[row + restoreRow.keyEnd] = key + keyBytes
        u32[row + restoreRow.valueStart] = value
        u32[row + restoreRow.valueEnd] = at
        u32[row + restoreRow.start] = start
      }
      return at === end ? n : -1
    },

    restoreNumbers(rows, n, keys) {
      const { u8, u32, f64 } = views
      for (let i = 0; i < n; i++) {
        const row = rowOf(rows, i)
        const at = u32[row + restoreRow.keyStart]
        const bytes = u32[row + restoreRow.keyEnd] - at
        const to = keys + i * 8
        if (bytes === 5 && u8[at] === tag.int32)
          f64[to >>> 3] = u8[at + 1] | (u8[at + 2] << 8) | (u8[at + 3] << 16) | (u8[at + 4] << 24)
        else if (bytes === 9 && u8[at] === tag.float64) u8.copyWithin(to, at + 1, at + 9)
        else return i
      }
      return n
    },

    restoreBytes(rows, n, strings, offsets, data) {
      const { u8, u32 } = views
      let to = data
      for (let i = 0; i < n; i++) {
        u32[(offsets >>> 2) + i] = to - data
        const row = rowOf(rows, i)
        let at = u32[row + restoreRow.keyStart]
        const end = u32[row + restoreRow.keyEnd]
        if (strings !== 0) {
          if (at === end || u8[at] !== tag.latin1) return i
          const length = varint(at + 1, end)
          if (next < 0 || length !== end - next) return i
          at = next
        }
        for (; at < end; at++) {
          const byte = u8[at]
          if (strings !== 0 && byte > 127) {
            u8[to++] = 0xc0 | (byte >>> 6)
            u8[to++] = 0x80 | (byte & 63)
          } else u8[to++] = byte
        }
      }
      u32[(offsets >>> 2) + n] = to - data
      return n
    },

    restoreValues(table, rows, from, n, ids, states, persisted) {
      const { u8, u32 } = views
      const template = u32[(table >>> 2) + stateTable.template]
      const dirty = u32[(table >>> 2) + stateTable.dirty]
      for (let i = from; i < n; i++) {
        const row = rowOf(rows, i)
        const into = stateOf(states, u32[row + restoreRow.state])
        const presence = u32[into + restoreState.presence]
        if (presence === elsewhere) continue
        const offset = u32[into + restoreState.offset]
        const bytes = u32[into + restoreState.bytes]
        const id = u32[(ids >>> 2) + i]
        const entry = tableEntry(u32, table, id)
        const word = entry >>> 2
        if (u32[row + restoreRow.kind] !== 0) {
          u32[word + 3] &= ~presence
          u8.copyWithin(entry + offset, template + offset, template + offset + bytes)
          continue
        }
        const value = u32[row + restoreRow.valueStart]
        if (bytes === 0 || u32[row + restoreRow.valueEnd] - value !== bytes) return i
        u8.copyWithin(entry + offset, value, value + bytes)
        u32[word + 3] |= presence
        if (persisted !== 0) u32[word + 5] |= 1
        else if (dirty !== 0) u8[dirty + (id >>> 3)] |= 1 << (id & 7)
      }
      return n
    },
  }
}
