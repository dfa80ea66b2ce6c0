/**
 * The column kernels in plain TypeScript: their specification, and what a machine without WebAssembly SIMD runs. Promises the
 * same bytes as core/kernels/assembly. No state but the views of the memory; any thread may make its own.
 */
import { combineHash, fmix, hashHalves } from './mix.ts'
import type { Kernels } from './signature.ts'

const nullHash = fmix(0x6e756c6c)
const missingHash = fmix(0x756e6465)
const rotate = (x: number, by: number): number => (x << by) | (x >>> (32 - by))

/** The kernels over `memory`, without WebAssembly code. Over what a memory has when called: make another after it grew. */
export function createTwin(memory: WebAssembly.Memory): Kernels {
  const u8 = new Uint8Array(memory.buffer)
  const i32 = new Int32Array(memory.buffer)
  const f64 = new Float64Array(memory.buffer)
  const words = (address: number): number => address >>> 2
  const rowAt = (selection: number, i: number): number => (selection === 0 ? i : i32[(selection >>> 2) + i])
  const bitAt = (bits: number, i: number): number => (u8[bits + (i >>> 3)] >>> (i & 7)) & 1
  const number = new Float64Array(1)
  const halves = new Int32Array(number.buffer)
  const hashNumber = (value: number): number => {
    if (Number.isNaN(value)) return hashHalves(0, 0x7ff80000)
    number[0] = value + 0
    return hashHalves(halves[0], halves[1])
  }

  const drop = (ref: number): boolean => {
    if (Atomics.sub(i32, words(ref), 1) > 0) return true
    Atomics.add(i32, words(ref), 1)
    return false
  }

  return {
    segmentTake(free, seen, bit, ref, total) {
      if (Atomics.compareExchange(i32, words(free), seen, seen & ~bit) !== seen) return 0
      Atomics.store(i32, words(ref), 1)
      Atomics.store(i32, words(total), 1)
      return 1
    },
    segmentRetain(ref, total) {
      Atomics.add(i32, words(total), 1)
      Atomics.add(i32, words(ref), 1)
    },
    segmentRelease(ref, total, free, bit) {
      if (!drop(ref)) return 0
      if (Atomics.sub(i32, words(total), 1) === 1) Atomics.or(i32, words(free), bit)
      return 1
    },
    segmentTransfer(from, to) {
      if (!drop(from)) return 0
      Atomics.add(i32, words(to), 1)
      return 1
    },
    gather4(src, selection, count, dst) {
      for (let i = 0; i < count; i++) i32[words(dst) + i] = i32[words(src) + rowAt(selection, i)]
    },
    gather8(src, selection, count, dst) {
      // As words: a float64 that is not a number must keep its bits.
      for (let i = 0; i < count; i++) {
        const from = words(src) + 2 * rowAt(selection, i)
        i32[words(dst) + 2 * i] = i32[from]
        i32[words(dst) + 2 * i + 1] = i32[from + 1]
      }
    },
    stringBytes(offsets, selection, count) {
      let sum = 0
      for (let i = 0; i < count; i++) {
        const at = words(offsets) + rowAt(selection, i)
        sum += i32[at + 1] - i32[at]
      }
      return sum
    },
    gatherStrings(offsets, data, selection, count, dstOffsets, dstData, position) {
      let end = position
      for (let i = 0; i < count; i++) {
        const at = words(offsets) + rowAt(selection, i)
        i32[words(dstOffsets) + i] = end
        u8.copyWithin(dstData + end, data + i32[at], data + i32[at + 1])
        end += i32[at + 1] - i32[at]
      }
      i32[words(dstOffsets) + count] = end
      return end
    },
    sliceStrings(pool, starts, lengths, count, dstOffsets, dstData, position) {
      let end = position
      for (let i = 0; i < count; i++) {
        const start = pool + i32[words(starts) + i]
        const bytes = i32[words(lengths) + i]
        i32[words(dstOffsets) + i] = end
        u8.copyWithin(dstData + end, start, start + bytes)
        end += bytes
      }
      i32[words(dstOffsets) + count] = end
      return end
    },
    sum32(src, count) {
      let sum = 0
      for (let i = 0; i < count; i++) sum = (sum + i32[words(src) + i]) | 0
      return sum
    },
    greatest(src, count) {
      let most = Number.NEGATIVE_INFINITY
      for (let i = 0; i < count; i++) most = Math.max(most, f64[(src >>> 3) + i])
      return most
    },
    add32(src, count, delta, dst) {
      for (let i = 0; i < count; i++) i32[words(dst) + i] = i32[words(src) + i] + delta
    },
    gatherBits(src, selection, count, dst, dstBit) {
      for (let i = 0; i < count; i++) {
        const at = dst + ((dstBit + i) >>> 3)
        const mask = 1 << ((dstBit + i) & 7)
        if (src === 0 || bitAt(src, rowAt(selection, i)) === 1) u8[at] |= mask
        else u8[at] &= ~mask
      }
    },
    packBits(src, count, dst) {
      for (let i = 0; i < count; i += 8) {
        let byte = 0
        for (let b = 0; b < 8 && i + b < count; b++) if (u8[src + i + b] !== 0) byte |= 1 << b
        u8[dst + (i >>> 3)] = byte
      }
    },
    hashF64(src, count, dst) {
      for (let i = 0; i < count; i++) i32[words(dst) + i] = hashNumber(f64[(src >>> 3) + i])
    },
    hashI32(src, count, dst) {
      for (let i = 0; i < count; i++) i32[words(dst) + i] = hashNumber(i32[words(src) + i])
    },
    hashI64(src, count, dst) {
      for (let i = 0; i < count; i++) {
        const at = words(src) + 2 * i
        i32[words(dst) + i] = fmix(hashHalves(i32[at], i32[at + 1]) ^ 0x62696769)
      }
    },
    hashBits(src, count, dst) {
      for (let i = 0; i < count; i++) i32[words(dst) + i] = fmix(0x626f6f00 + bitAt(src, i))
    },
    hashStrings(offsets, data, count, seed, dst) {
      for (let i = 0; i < count; i++) {
        let at = data + i32[words(offsets) + i]
        const bytes = i32[words(offsets) + i + 1] - i32[words(offsets) + i]
        let left = bytes
        let h = seed
        for (; left >= 4; left -= 4) {
          const word = u8[at] | (u8[at + 1] << 8) | (u8[at + 2] << 16) | (u8[at + 3] << 24)
          h =
            (Math.imul(rotate(h ^ Math.imul(rotate(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593), 13), 5) +
              0xe6546b64) |
            0
          at += 4
        }
        if (left > 0) {
          let tail = u8[at]
          if (left > 1) tail |= u8[at + 1] << 8
          if (left > 2) tail |= u8[at + 2] << 16
          h ^= Math.imul(rotate(Math.imul(tail, 0xcc9e2d51), 15), 0x1b873593)
        }
        i32[words(dst) + i] = fmix(h ^ bytes)
      }
    },
    hashCombine(dst, src, count, salt) {
      for (let i = 0; i < count; i++) i32[words(dst) + i] = combineHash(i32[words(dst) + i], i32[words(src) + i] ^ salt)
    },
    hashNulls(validity, missing, count, dst) {
      for (let i = 0; i < count; i++) {
        if (missing !== 0 && bitAt(missing, i) === 1) i32[words(dst) + i] = missingHash
        else if (validity !== 0 && bitAt(validity, i) === 0) i32[words(dst) + i] = nullHash
      }
    },
    partition(hashes, selection, count, parallelism, counts, out) {
      const c = words(counts)
      i32.fill(0, c, c + parallelism)
      for (let i = 0; i < count; i++) {
        i32[c + (((i32[words(hashes) + rowAt(selection, i)] >>> 16) * parallelism) >>> 16)]++
      }
      let start = 0
      for (let p = 0; p < parallelism; p++) {
        const n = i32[c + p]
        i32[c + p] = start
        start += n
      }
      for (let i = 0; i < count; i++) {
        const row = rowAt(selection, i)
        const to = c + (((i32[words(hashes) + row] >>> 16) * parallelism) >>> 16)
        i32[words(out) + i32[to]++] = row
      }
      for (let p = parallelism - 1; p > 0; p--) i32[c + p] -= i32[c + p - 1]
    },
    isAscii(address, bytes) {
      for (let i = 0; i < bytes; i++) if (u8[address + i] >= 128) return 0
      return 1
    },
    rising(offsets, count) {
      for (let i = 0; i < count; i++) if (i32[words(offsets) + i + 1] < i32[words(offsets) + i]) return 0
      return 1
    },
    utf16Offsets(offsets, data, count, dst) {
      let units = 0
      let at = i32[words(offsets)]
      i32[words(dst)] = 0
      for (let i = 1; i <= count; i++) {
        for (const end = i32[words(offsets) + i]; at < end; at++) {
          const byte = u8[data + at]
          if ((byte & 0xc0) !== 0x80) units++
          if (byte >= 0xf0) units++
        }
        i32[words(dst) + i] = units
      }
    },
    utf8Offsets(data, lengths, count, position, dst) {
      let at = position
      for (let i = 0; i < count; i++) {
        let units = i32[words(lengths) + i]
        i32[words(dst) + i] = at
        for (; units > 0; units--) {
          const byte = u8[data + at]
          if (byte < 0x80) at += 1
          else if (byte < 0xe0) at += 2
          else if (byte < 0xf0) at += 3
          else {
            at += 4
            units--
          }
        }
      }
      i32[words(dst) + count] = at
    },
  }
}
