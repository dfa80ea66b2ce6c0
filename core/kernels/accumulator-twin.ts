/**
 * The kernels of accumulators in plain TypeScript: their specification, and what a machine without WebAssembly SIMD runs.
 * Promises the same bytes as accumulators.ts in core/kernels/assembly. Reads the views anew on each call, since the memory
 * grows.
 */
import { type AccumulatorKernels, noValueHigh, noValueLow } from './state-signature.ts'
import type { StateViews } from './state-views.ts'

const nanHigh = 0x7ff80000

export function createAccumulatorTwin(views: StateViews): AccumulatorKernels {
  const number = new Float64Array(1)
  const halves = new Uint32Array(number.buffer)

  const isValid = (validity: number, i: number): boolean =>
    validity === 0 || ((views.u8[validity + (i >>> 3)] >>> (i & 7)) & 1) !== 0

  /** Takes `value` into the extreme at word `at`. */
  const better = (at: number, value: number, max: number): void => {
    const { u32 } = views
    if (Number.isNaN(value)) {
      u32[at] = 0
      u32[at + 1] = nanHigh
      return
    }
    if (u32[at] !== noValueLow || u32[at + 1] !== noValueHigh) {
      halves[0] = u32[at]
      halves[1] = u32[at + 1]
      const was = number[0]
      if (!(max !== 0 ? value > was : value < was)) return
    }
    number[0] = value
    u32[at] = halves[0]
    u32[at + 1] = halves[1]
  }

  /** Copies 8 bytes; an accumulator without a value becomes NaN. */
  const readTo = (at: number, out: number): void => {
    const { u32 } = views
    const empty = u32[at] === noValueLow && u32[at + 1] === noValueHigh
    u32[out] = empty ? 0 : u32[at]
    u32[out + 1] = empty ? nanHigh : u32[at + 1]
  }

  /** Index of the first word of the accumulator of row `i` in arrays of 8 bytes. */
  const wordOf = (addresses: number, offset: number, i: number): number =>
    (views.u32[(addresses >>> 2) + i] + offset) >>> 3

  const addWide = (at: number, value: bigint): void => {
    const { i64 } = views
    const sum = wideAt(i64, at) + value
    // Storing keeps the low 64 bits.
    i64[at] = sum
    i64[at + 1] = sum >> 64n
  }

  const isInt64 = (at: number): boolean => views.i64[at + 1] === views.i64[at] >> 63n

  const takeI64 = (at: number, value: bigint, max: number): void => {
    const { i64 } = views
    if (i64[at + 1] !== 0n && !(max !== 0 ? value > i64[at] : value < i64[at])) return
    i64[at] = value
    i64[at + 1] = 1n
  }

  const readExtreme = (at: number, out: number, none: number, i: number): void => {
    const { i64, u8 } = views
    i64[(out >>> 3) + i] = i64[at]
    u8[none + i] = i64[at + 1] === 0n ? 1 : 0
  }

  return {
    stateCount(addresses, offset, n, validity, out) {
      const { u32, f64 } = views
      for (let i = 0; i < n; i++) {
        const at = (u32[(addresses >>> 2) + i] + offset) >>> 3
        if (isValid(validity, i)) f64[at] += 1
        if (out !== 0) f64[(out >>> 3) + i] = f64[at]
      }
    },
    stateSum(addresses, offset, values, n, validity, out) {
      const { u32, f64 } = views
      for (let i = 0; i < n; i++) {
        const at = (u32[(addresses >>> 2) + i] + offset) >>> 3
        if (isValid(validity, i)) f64[at] += f64[(values >>> 3) + i]
        if (out !== 0) f64[(out >>> 3) + i] = f64[at]
      }
    },
    stateExtreme(addresses, offset, values, n, validity, max, out) {
      const { u32, f64 } = views
      for (let i = 0; i < n; i++) {
        const at = (u32[(addresses >>> 2) + i] + offset) >>> 2
        if (isValid(validity, i)) better(at, f64[(values >>> 3) + i], max)
        if (out !== 0) readTo(at, (out >>> 2) + 2 * i)
      }
    },
    stateMergeSum(addresses, offset, sources, n) {
      const { u32, f64 } = views
      for (let i = 0; i < n; i++) {
        f64[(u32[(addresses >>> 2) + i] + offset) >>> 3] += f64[(u32[(sources >>> 2) + i] + offset) >>> 3]
      }
    },
    stateMergeExtreme(addresses, offset, sources, n, max) {
      const { u32, f64 } = views
      for (let i = 0; i < n; i++) {
        const from = (u32[(sources >>> 2) + i] + offset) >>> 2
        if (u32[from] === noValueLow && u32[from + 1] === noValueHigh) continue
        better((u32[(addresses >>> 2) + i] + offset) >>> 2, f64[from >>> 1], max)
      }
    },
    stateRead(addresses, offset, n, out) {
      const { u32 } = views
      for (let i = 0; i < n; i++) readTo((u32[(addresses >>> 2) + i] + offset) >>> 2, (out >>> 2) + 2 * i)
    },
    stateSumI64(addresses, offset, values, n, validity, out) {
      const { i64 } = views
      let beyond = n
      for (let i = 0; i < n; i++) {
        const at = wordOf(addresses, offset, i)
        if (isValid(validity, i)) addWide(at, i64[(values >>> 3) + i])
        if (out === 0) continue
        if (beyond === n && !isInt64(at)) beyond = i
        i64[(out >>> 3) + i] = i64[at]
      }
      return beyond
    },
    stateExtremeI64(addresses, offset, values, n, validity, max, out, none) {
      const { i64 } = views
      for (let i = 0; i < n; i++) {
        const at = wordOf(addresses, offset, i)
        if (isValid(validity, i)) takeI64(at, i64[(values >>> 3) + i], max)
        if (out !== 0) readExtreme(at, out, none, i)
      }
    },
    stateMergeSumI64(addresses, offset, sources, n) {
      for (let i = 0; i < n; i++) {
        addWide(wordOf(addresses, offset, i), wideAt(views.i64, wordOf(sources, offset, i)))
      }
    },
    stateMergeExtremeI64(addresses, offset, sources, n, max) {
      const { i64 } = views
      for (let i = 0; i < n; i++) {
        const from = wordOf(sources, offset, i)
        if (i64[from + 1] !== 0n) takeI64(wordOf(addresses, offset, i), i64[from], max)
      }
    },
    stateReadSumI64(addresses, offset, n, out) {
      let beyond = n
      for (let i = 0; i < n; i++) {
        const at = wordOf(addresses, offset, i)
        if (beyond === n && !isInt64(at)) beyond = i
        views.i64[(out >>> 3) + i] = views.i64[at]
      }
      return beyond
    },
    stateReadExtremeI64(addresses, offset, n, out, none) {
      for (let i = 0; i < n; i++) readExtreme(wordOf(addresses, offset, i), out, none, i)
    },
  }
}

/** The int128 of the words at index `at`. */
export const wideAt = (i64: BigInt64Array, at: number): bigint => (i64[at + 1] << 64n) | BigInt.asUintN(64, i64[at])
