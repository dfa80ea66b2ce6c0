/**
 * The kernels of snapshots in plain TypeScript: their specification, and what a machine without WebAssembly SIMD runs. Promises
 * the same bytes as run.ts in core/kernels/assembly, but for those behind what is written. Reads the views anew on each call.
 */
import { encoded, encodedKeys, encodedOp, encodedState, encoding, filling, type RunKernels } from './run-signature.ts'
import { stateTable } from './state-signature.ts'
import type { StateViews } from './state-views.ts'

const headBytes = 7
const put = 0
const tombstone = 1
const drop = 2
const persisted = 1

/** The lengths that an entry begins with, and where its key begins. */
interface EntryHead {
  readonly key: number
  readonly keyBytes: number
  readonly namespaceBytes: number
  readonly end: number
}

export function createRunTwin(views: StateViews): RunKernels {
  const number = new Float64Array(1)
  const bytesOfNumber = new Uint8Array(number.buffer)

  const putU32 = (at: number, value: number): void => {
    for (let i = 0; i < 4; i++) views.u8[at + i] = value >>> (8 * i)
  }
  const readU32 = (at: number): number => {
    const { u8 } = views
    return (u8[at] | (u8[at + 1] << 8) | (u8[at + 2] << 16) | (u8[at + 3] << 24)) >>> 0
  }
  const putVarint = (at: number, value: number): number => {
    let to = at
    for (let rest = value; ; rest >>>= 7) {
      views.u8[to++] = rest > 127 ? (rest & 127) | 128 : rest
      if (rest < 128) return to
    }
  }
  const copy = (to: number, from: number, bytes: number): number => {
    views.u8.copyWithin(to, from, from + bytes)
    return to + bytes
  }
  const isInt32 = (value: number): boolean => (value | 0) === value && !Object.is(value, -0)

  const putNumber = (at: number, value: number): number => {
    const { u8 } = views
    if (isInt32(value)) {
      u8[at] = 0x69
      putU32(at + 1, value)
      return at + 5
    }
    u8[at] = 0x66
    number[0] = value
    u8.set(bytesOfNumber, at + 1)
    return at + 9
  }

  const opBytes = (op: number, entry: number): number => {
    const { u32, f64 } = views
    const kind = u32[op]
    if (kind === encodedOp.literal || kind === encodedOp.raw) return u32[op + 2]
    if (kind === encodedOp.number) return isInt32(f64[(entry + u32[op + 1]) >>> 3]) ? 5 : 9
    return kind === encodedOp.boolean ? 1 : 9
  }

  const putOp = (at: number, op: number, entry: number): number => {
    const { u8, u32, f64 } = views
    const from = u32[op + 1]
    switch (u32[op]) {
      case encodedOp.literal:
        return copy(at, from, u32[op + 2])
      case encodedOp.raw:
        return copy(at, entry + from, u32[op + 2])
      case encodedOp.number:
        return putNumber(at, f64[(entry + from) >>> 3])
      case encodedOp.boolean:
        u8[at] = f64[(entry + from) >>> 3] !== 0 ? 0x54 : 0x46
        return at + 1
      default:
        u8[at] = u32[op] === encodedOp.int64 ? 0x49 : 0x44
        return copy(at + 1, entry + from, 8)
    }
  }

  /** The canonical key of an entry, whole in two pieces: `prefix` bytes at the control block's, `bytes` bytes at `at`. */
  const keyOf = (control: number, entry: number): { prefix: number; at: number; bytes: number } | undefined => {
    const { u8, u32, f64 } = views
    const e = control >>> 2
    const given = u32[e + encoding.keyBytes]
    if (given !== 0) return { prefix: 0, at: u32[e + encoding.key], bytes: given }
    const prefixAt = control + 4 * encoding.prefix
    if (u32[e + encoding.keys] === encodedKeys.numbers)
      return { prefix: putNumber(prefixAt, f64[entry >>> 3]) - prefixAt, at: 0, bytes: 0 }
    const at = u32[entry >>> 2]
    const bytes = u32[(entry >>> 2) + 1]
    if (u32[e + encoding.keys] === encodedKeys.canonical) return { prefix: 0, at, bytes }
    for (let i = at; i < at + bytes; i++) if (u8[i] > 127) return undefined
    u8[prefixAt] = 0x4c
    return { prefix: putVarint(prefixAt + 1, bytes) - prefixAt, at, bytes }
  }

  const headOf = (entry: number): EntryHead => {
    const { u8 } = views
    let at = entry + headBytes
    const varint = (): number => {
      let value = 0
      for (let shift = 0; ; shift += 7) {
        const byte = u8[at++]
        value += (byte & 127) * 2 ** shift
        if (byte < 128 || shift > 28) return value
      }
    }
    const keyBytes = varint()
    const namespaceBytes = varint()
    const valueBytes = u8[entry + 6] === put ? varint() : 0
    return { key: at, keyBytes, namespaceBytes, end: at + keyBytes + namespaceBytes + valueBytes }
  }

  const compareBytes = (a: number, aBytes: number, b: number, bBytes: number): number => {
    const { u8 } = views
    for (let i = 0; i < aBytes && i < bBytes; i++) if (u8[a + i] !== u8[b + i]) return u8[a + i] - u8[b + i]
    return aBytes - bBytes
  }

  const compare = (a: number, b: number): number => {
    const { u8 } = views
    const state = (u8[a + 4] | (u8[a + 5] << 8)) - (u8[b + 4] | (u8[b + 5] << 8))
    if (state !== 0) return state
    const x = headOf(a)
    const y = headOf(b)
    return (
      compareBytes(x.key, x.keyBytes, y.key, y.keyBytes) ||
      compareBytes(x.key + x.keyBytes, x.namespaceBytes, y.key + y.keyBytes, y.namespaceBytes) ||
      Number(u8[b + 6] === drop) - Number(u8[a + 6] === drop)
    )
  }

  return {
    stateEncode(control) {
      const { u32, f64, u8 } = views
      const e = control >>> 2
      const t = u32[e + encoding.table] >>> 2
      const stride = u32[t + stateTable.stride]
      const states = u32[e + encoding.states] >>> 2
      const stateCount = u32[e + encoding.stateCount]
      const chunk = u32[(u32[t + stateTable.chunks] >>> 2) + (u32[e + encoding.next] >>> 12)]
      for (; u32[e + encoding.next] < u32[e + encoding.end]; u32[e + encoding.next]++) {
        const id = u32[e + encoding.next]
        const pass = (): void => {
          if ((id & 63) === 63) u8[u32[t + stateTable.frozenPages] + (id >>> 6)] = 0
        }
        const live = chunk + (id & 4095) * stride
        const shadow = u32[(u32[t + stateTable.shadows] >>> 2) + (id >>> 6)]
        const entry = shadow === 0 ? live : shadow + (id & 63) * stride
        const frozen = (u8[u32[t + stateTable.frozenBits] + (id >>> 3)] >>> (id & 7)) & 1
        if (frozen === 0 || u32[(entry >>> 2) + 3] === 0xffffffff) {
          pass()
          continue
        }
        if (Math.max(u32[e + encoding.idleCount], u32[e + encoding.goneCount]) >= u32[e + encoding.listRoom])
          return encoded.full
        const presence = u32[(entry >>> 2) + 3]
        const marks = (live >>> 2) + 5
        const was = (u32[marks] & persisted) !== 0 && u32[marks] >>> 8 <= u32[e + encoding.heardTo]
        if (presence === 0 && !was) {
          u32[marks] = 0
          u32[(u32[e + encoding.idle] >>> 2) + u32[e + encoding.idleCount]++] = id
          pass()
          continue
        }
        const key = keyOf(control, entry)
        if (key === undefined) return encoded.key
        const need = u32[e + encoding.bytesMax] + stateCount * (key.prefix + key.bytes)
        let out = u32[e + encoding.out]
        if (out + need > u32[e + encoding.outEnd]) return encoded.full
        u32[e + encoding.keyBytes] = 0
        let any = false
        for (let s = 0; s < stateCount; s++) {
          const state = states + 8 * s
          const time = u32[state + encodedState.time]
          const age = time === 0 ? 0 : f64[e / 2 + encoding.now / 2] - f64[(entry + time) >>> 3]
          const expired = time !== 0 && age >= f64[(state + encodedState.ttl) >>> 1]
          const here = (presence & u32[state + encodedState.presence]) !== 0 && !expired
          any ||= here
          if (!here && !(was && u32[e + encoding.tombstones] !== 0)) continue
          putU32(out, u32[(entry >>> 2) + 2])
          u8[out + 4] = u32[state]
          u8[out + 5] = u32[state] >>> 8
          u8[out + 6] = here ? put : tombstone
          const ops = u32[state + encodedState.ops] >>> 2
          const opsEnd = ops + 3 * u32[state + encodedState.opCount]
          let at = putVarint(out + headBytes, key.prefix + key.bytes)
          at = putVarint(at, u32[e + encoding.namespaceBytes])
          if (here) {
            let bytes = 0
            for (let op = ops; op < opsEnd; op += 3) bytes += opBytes(op, entry)
            at = putVarint(at, bytes)
          }
          at = copy(at, control + 4 * encoding.prefix, key.prefix)
          at = copy(at, key.at, key.bytes)
          at = copy(at, u32[e + encoding.namespace], u32[e + encoding.namespaceBytes])
          if (here) for (let op = ops; op < opsEnd; op += 3) at = putOp(at, op, entry)
          out = at
          u32[e + encoding.entries]++
        }
        u32[e + encoding.out] = out
        if (any) {
          if (!was) u32[marks] = (u32[marks] & 0xff) | persisted | (u32[e + encoding.snapshot] << 8)
        } else u32[(u32[e + encoding.gone] >>> 2) + u32[e + encoding.goneCount]++] = id
        pass()
      }
      return encoded.all
    },
    runDeal(from, to, low, shift, count, lanes) {
      const { u32 } = views
      let at = from
      while (at < to) {
        const number = ((readU32(at) - low) >>> 0) >>> shift
        if (number >= count) return 0
        const lane = (lanes >>> 2) + 2 * number
        const bytes = headOf(at).end - at
        if (u32[lane + 1] - u32[lane] < bytes) break
        u32[lane] = copy(u32[lane], at, bytes)
        at += bytes
      }
      return at
    },
    runCount(from, to, low, shift, buckets, counts) {
      const { u32 } = views
      let n = 0
      for (let at = from; at < to; at = headOf(at).end, n++) {
        const bucket = ((readU32(at) - low) >>> 0) >>> shift
        if (bucket >= buckets) return -1
        u32[(counts >>> 2) + bucket]++
      }
      return n
    },
    runScatter(from, to, low, shift, places, pairs) {
      const { u32 } = views
      for (let at = from; at < to; at = headOf(at).end) {
        const hash = readU32(at)
        const pair = u32[(places >>> 2) + (((hash - low) >>> 0) >>> shift)]++
        u32[(pairs >>> 2) + 2 * pair] = hash
        u32[(pairs >>> 2) + 2 * pair + 1] = at
      }
    },
    runOrder(pairs, n, _bits, _scratch) {
      const { u32 } = views
      const at = pairs >>> 2
      const sorted = Array.from({ length: n }, (_, i) => ({ hash: u32[at + 2 * i], entry: u32[at + 2 * i + 1] }))
      sorted.sort((a, b) => a.hash - b.hash || compare(a.entry, b.entry))
      sorted.forEach(({ hash, entry }, i) => {
        const next = sorted[i + 1]
        const again = next !== undefined && next.hash === hash && compare(entry, next.entry) === 0
        u32[at + 2 * i] = hash
        u32[at + 2 * i + 1] = again ? 0 : entry
      })
    },
    runFill(pairs, from, n, base, control) {
      const { u8, u32 } = views
      const f = control >>> 2
      for (let i = from; i < n; i++) {
        const entry = u32[(pairs >>> 2) + 2 * i + 1]
        if (entry === 0 || (base !== 0 && u8[entry + 6] === tombstone)) continue
        const bytes = headOf(entry).end - entry
        if (u32[f + filling.outEnd] - u32[f + filling.out] < bytes) return i
        u32[f + filling.out] = copy(u32[f + filling.out], entry, bytes)
        u32[f + filling.entries]++
      }
      return n
    },
  }
}
