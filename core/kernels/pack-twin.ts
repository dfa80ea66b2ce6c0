/**
 * The kernels of packed blocks in plain TypeScript: their specification, and what a machine without WebAssembly SIMD runs. Promises
 * the same bytes as pack.ts in core/kernels/assembly, but for those behind what is written. Reads the views anew on each call.
 */
import type { PackKernels } from './pack-signature.ts'

const hashBytes = 4
/** State and kind: lengths follow. */
const lengthsAt = 3

interface Head {
  readonly bytes: number
  /** Of key, namespace and value together. */
  readonly body: number
}

/** State, kind and lengths at `at`; undefined when a length has more than 32 bits. */
function readHead(u8: Uint8Array, at: number): Head | undefined {
  let end = at + lengthsAt
  let body = 0
  for (let left = u8[at + 2] === 0 ? 3 : 2; left > 0; left--) {
    let scale = 1
    for (;;) {
      const byte = u8[end++]
      body += (byte & 127) * scale
      if (byte < 128) break
      scale *= 128
      if (scale > 2 ** 28) return undefined
    }
  }
  return { bytes: end - at, body }
}

export function createPackTwin(views: { readonly u8: Uint8Array }): PackKernels {
  const readHash = (at: number): number => new DataView(views.u8.buffer).getUint32(at, true)
  const same = (a: number, b: number, bytes: number): boolean => {
    for (let i = 0; i < bytes; i++) if (views.u8[a + i] !== views.u8[b + i]) return false
    return true
  }
  return {
    packEntries(from, to, out, outEnd) {
      const { u8 } = views
      let o = out
      let hash = 0
      let head = from
      let headBytes = 0
      let before = from
      let beforeBytes = 0
      for (let at = from; at < to; ) {
        const next = at + hashBytes
        const { bytes: nextBytes, body } = readHead(u8, next) as Head
        if (outEnd - o < 32 + body + (body >>> 3)) return 0
        const other = nextBytes !== headBytes || !same(next, head, headBytes)
        let step = (readHash(at) - hash) * 2 + (other ? 1 : 0)
        for (; step > 127; step = Math.floor(step / 128)) u8[o++] = (step % 128) + 128
        u8[o++] = step
        if (other) {
          u8.copyWithin(o, next, next + nextBytes)
          o += nextBytes
        }
        hash = readHash(at)
        head = next
        headBytes = nextBytes
        const end = next + nextBytes + body
        at = next + nextBytes
        for (let n = body & 7 || 8; at < end; n = 8) {
          const shift = end - at <= beforeBytes ? end - before : 0
          const set = o++
          u8[set] = 0
          for (let i = 0; i < n; i++) {
            const byte = u8[at + i] ^ (shift > 0 ? u8[at + i - shift] : 0)
            if (byte === 0) continue
            u8[set] |= 1 << i
            u8[o++] = byte
          }
          at += n
        }
        before = end
        beforeBytes = body
      }
      return o
    },

    unpackEntries(from, to, out, outEnd) {
      const { u8 } = views
      let at = from
      let o = out
      let hash = 0
      let head = 0
      let headBytes = 0
      let body = 0
      let before = out
      let beforeBytes = 0
      while (o < outEnd) {
        if (at >= to) return 0
        let step = 0
        for (let scale = 1; ; scale *= 128) {
          if (scale > 2 ** 28) return 0
          const byte = u8[at++]
          step += (byte & 127) * scale
          if (byte < 128) break
        }
        hash += Math.floor(step / 2)
        if (hash > 0xffffffff) return 0
        if (step % 2 === 1) {
          if (to - at < lengthsAt) return 0
          const found = readHead(u8, at)
          if (found === undefined || at + found.bytes > to) return 0
          head = at
          headBytes = found.bytes
          body = found.body
          at += headBytes
        } else if (headBytes === 0) return 0
        if (outEnd - o < hashBytes + headBytes + body) return 0
        new DataView(u8.buffer).setUint32(o, hash, true)
        u8.copyWithin(o + hashBytes, head, head + headBytes)
        o += hashBytes + headBytes
        const end = o + body
        for (let n = body & 7 || 8; o < end; n = 8) {
          if (at >= to) return 0
          const set = u8[at++]
          if (set >>> n !== 0) return 0
          const shift = end - o <= beforeBytes ? end - before : 0
          for (let i = 0; i < n; i++) {
            const byte = (set & (1 << i)) !== 0 ? u8[at++] : 0
            u8[o + i] = byte ^ (shift > 0 ? u8[o + i - shift] : 0)
          }
          o += n
        }
        before = end
        beforeBytes = body
      }
      return at === to ? 1 : 0
    },
  }
}
