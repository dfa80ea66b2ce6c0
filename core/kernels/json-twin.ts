/**
 * The kernel of JSON in plain TypeScript: its specification, and what a machine without WebAssembly SIMD runs. Promises the
 * same bytes as core/kernels/assembly/json.ts. Over what the memory has when called: make another after it grew.
 */
import { nestedEnd, textEnd } from './json-nested.ts'
import {
  type JsonKernels,
  jsonField,
  jsonFieldBytes,
  jsonKinds,
  jsonNulls,
  jsonPlan,
  jsonStates,
} from './json-signature.ts'

const skip = 0
const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
const isDigit = (byte: number): boolean => byte >= 48 && byte < 58

export function createJsonTwin(memory: WebAssembly.Memory): JsonKernels {
  const u8 = new Uint8Array(memory.buffer)
  const i32 = new Int32Array(memory.buffer)
  const u32 = new Uint32Array(memory.buffer)
  const f64 = new Float64Array(memory.buffer)
  const i64 = new BigInt64Array(memory.buffer)
  const same = (a: number, b: number, bytes: number): boolean => {
    for (let i = 0; i < bytes; i++) if (u8[a + i] !== u8[b + i]) return false
    return true
  }
  const spaces = (from: number, end: number): number => {
    let at = from
    while (at < end && isSpace(u8[at])) at++
    return at
  }

  const matches = (at: number, f: number): boolean => {
    for (let i = 0; i < 32; i++)
      if (((u8[at + i] ^ u8[f + jsonField.pattern + i]) & u8[f + jsonField.mask + i]) !== 0) return false
    return true
  }

  const fieldNamed = (plan: number, name: number, bytes: number): number => {
    const count = i32[(plan >>> 2) + jsonPlan.fieldCount]
    const fields = u32[(plan >>> 2) + jsonPlan.fields]
    for (let field = 0; field < count; field++) {
      const f = fields + field * jsonFieldBytes
      if (i32[(f + jsonField.nameLength) >>> 2] === bytes && same(u32[(f + jsonField.name) >>> 2], name, bytes))
        return field
    }
    return -1
  }

  /** The number at `at`: its value and the place behind it; undefined when it is not for here. */
  const readNumber = (from: number): { value: number; at: number } | undefined => {
    let at = from
    const negative = u8[at] === 0x2d
    if (negative) at++
    const first = at
    if (!isDigit(u8[at])) return undefined
    if (u8[at] === 48 && isDigit(u8[at + 1])) return undefined
    while (isDigit(u8[at])) at++
    let digits = at - first
    let fraction = 0
    if (u8[at] === 0x2e) {
      const point = ++at
      while (isDigit(u8[at])) at++
      fraction = at - point
      if (fraction === 0) return undefined
      digits += fraction
    }
    if (u8[at] === 0x65 || u8[at] === 0x45 || digits > 18) return undefined
    let whole = 0n
    for (let i = first; i < at; i++) if (u8[i] !== 0x2e) whole = whole * 10n + BigInt(u8[i] - 48)
    if (whole > 9007199254740992n) return undefined
    const value = Number(whole) / 10 ** fraction
    return { value: negative ? -value : value, at }
  }

  /** The time at `at`, where it is written as Date writes it, with milliseconds or without. */
  const readTime = (at: number): { value: number; bytes: number } | undefined => {
    const bytes = u8[at + 19] === 0x5a ? 20 : 24
    let text = ''
    for (let i = 0; i < bytes; i++) text += String.fromCharCode(u8[at + i])
    if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$/.test(text) || text.startsWith('0000')) return undefined
    const value = Date.parse(text)
    const again = Number.isNaN(value) ? '' : new Date(value).toISOString()
    return again === text || again.replace('.000Z', 'Z') === text ? { value, bytes } : undefined
  }

  const storeNumber = (kind: number, f: number, row: number, value: number): boolean => {
    const out = u32[(f + jsonField.out) >>> 2]
    if (kind === skip) return true
    if (kind === jsonKinds.float64 || kind === jsonKinds.timestamp) {
      f64[(out >>> 3) + row] = value
      return true
    }
    if (Math.trunc(value) !== value) return false
    if (kind === jsonKinds.int32) {
      if (value < -2147483648 || value > 2147483647) return false
      i32[(out >>> 2) + row] = value
    } else if (kind === jsonKinds.int64) {
      if (Math.abs(value) > Number.MAX_SAFE_INTEGER) return false
      i64[(out >>> 3) + row] = BigInt(value)
    } else {
      if (Math.abs(value) > 8.64e15) return false
      f64[(out >>> 3) + row] = value + 0
    }
    return true
  }

  const putSlice = (f: number, row: number, from: number, to: number): void => {
    i32[(u32[(f + jsonField.out) >>> 2] >>> 2) + row] = from
    i32[(u32[(f + jsonField.lengths) >>> 2] >>> 2) + row] = to - from
  }

  const putNothing = (f: number, row: number, mark: number): void => {
    const kind = i32[(f + jsonField.kind) >>> 2]
    const out = u32[(f + jsonField.out) >>> 2]
    if (kind === jsonKinds.int32) i32[(out >>> 2) + row] = 0
    else if (kind === jsonKinds.boolean) u8[out + row] = 0
    else if (kind === jsonKinds.string || kind === jsonKinds.raw) putSlice(f, row, 0, 0)
    else i64[(out >>> 3) + row] = 0n
    u8[u32[(f + jsonField.nulls) >>> 2] + row] = mark
    i32[(f + jsonField.marked) >>> 2]++
  }

  const highIn = (from: number, to: number): number => {
    let high = 0
    for (let i = from; i < to; i++) high |= u8[i] & 0x80
    return high
  }

  const readRow = (start: number, end: number, row: number, plan: number): number => {
    const order = u32[(plan >>> 2) + jsonPlan.order] >>> 2
    const fields = u32[(plan >>> 2) + jsonPlan.fields]
    const seen = new Set<number>()
    let high = 0
    let at = spaces(start, end)
    if (at >= end || u8[at] !== 0x7b) return jsonStates.strange
    at++
    for (let position = 0; ; position++) {
      let field = position < 64 ? i32[order + position] : -1
      if (field >= 0 && matches(at, fields + field * jsonFieldBytes))
        at += i32[(fields + field * jsonFieldBytes + jsonField.patternLength) >>> 2]
      else {
        at = spaces(at, end)
        if (at >= end || u8[at] !== 0x22) return jsonStates.strange
        const name = at + 1
        for (at = name; at < end && u8[at] !== 0x22; at++) {
          if (u8[at] === 0x5c || u8[at] < 0x20) return jsonStates.strange
          high |= u8[at] & 0x80
        }
        field = fieldNamed(plan, name, at - name)
        at = spaces(at + 1, end)
        if (at >= end || u8[at] !== 0x3a) return jsonStates.strange
        at++
        if (field >= 0 && position < 64) i32[order + position] = field
      }
      const f = fields + field * jsonFieldBytes
      if (field >= 0 && seen.has(field)) return jsonStates.strange
      if (field >= 0) seen.add(field)
      const kind = field < 0 ? skip : i32[(f + jsonField.kind) >>> 2]
      if (isSpace(u8[at])) at = spaces(at, end)
      if (at >= end) return jsonStates.strange
      const byte = u8[at]
      if (byte === 0x22) {
        if (kind === jsonKinds.date || kind === jsonKinds.timestamp) {
          const time = readTime(at + 1)
          if (time === undefined) return jsonStates.strange
          at += 1 + time.bytes
          if (at >= end || u8[at] !== 0x22) return jsonStates.strange
          at++
          f64[(u32[(f + jsonField.out) >>> 2] >>> 3) + row] = time.value
        } else if (kind === jsonKinds.string) {
          const from = ++at
          while (at < end && u8[at] !== 0x22 && u8[at] !== 0x5c && u8[at] >= 0x20) high |= u8[at++] & 0x80
          if (at >= end || u8[at] !== 0x22) return jsonStates.strange
          putSlice(f, row, from, at)
          at++
        } else {
          if (kind !== jsonKinds.raw && kind !== skip) return jsonStates.strange
          const from = at
          at = textEnd(u8, from, end)
          if (at === 0) return jsonStates.strange
          high |= highIn(from, at)
          if (kind === jsonKinds.raw) putSlice(f, row, from, at)
        }
      } else if (byte === 0x2d || isDigit(byte)) {
        if (kind === jsonKinds.string || kind === jsonKinds.boolean || kind === jsonKinds.raw) return jsonStates.strange
        const number = readNumber(at)
        if (number === undefined || !storeNumber(kind, f, row, number.value)) return jsonStates.strange
        at = number.at
      } else if (byte === 0x7b || byte === 0x5b) {
        if (kind !== skip && kind !== jsonKinds.raw) return jsonStates.strange
        const from = at
        at = nestedEnd(u8, from, end)
        if (at === 0) return jsonStates.strange
        high |= highIn(from, at)
        if (kind === jsonKinds.raw) putSlice(f, row, from, at)
      } else {
        const word = byte === 0x74 ? 'true' : byte === 0x66 ? 'false' : byte === 0x6e ? 'null' : ''
        const mayBe = word === 'null' ? i32[(f + jsonField.flags) >>> 2] === 1 : kind === jsonKinds.boolean
        if (kind !== skip && !mayBe) return jsonStates.strange
        for (let i = 0; i < word.length; i++) if (u8[at + i] !== word.charCodeAt(i)) return jsonStates.strange
        if (word === '') return jsonStates.strange
        at += word.length
        if (kind !== skip && word === 'null') putNothing(f, row, jsonNulls.null)
        else if (kind === jsonKinds.boolean) u8[u32[(f + jsonField.out) >>> 2] + row] = word === 'true' ? 1 : 0
      }
      if (isSpace(u8[at])) at = spaces(at, end)
      if (u8[at] === 0x2c) {
        at++
        if (u8[at] === 0x20) at++
      } else {
        if (u8[at] !== 0x7d || at >= end) return jsonStates.strange
        if (spaces(at + 1, end) !== end) return jsonStates.strange
        const absent = Array.from({ length: i32[plan >>> 2] }, (_, each) => each).filter((each) => !seen.has(each))
        const required = i64[(plan >>> 3) + jsonPlan.required / 2]
        if (absent.some((each) => (required >> BigInt(each)) & 1n)) return jsonStates.strange
        for (const each of absent) putNothing(fields + each * jsonFieldBytes, row, jsonNulls.absent)
        return high === 0 ? jsonStates.plain : jsonStates.high
      }
    }
  }

  return {
    jsonRows(input, starts, lengths, count, plan, states) {
      let others = 0
      for (let row = 0; row < count; row++) {
        const start = input + i32[(starts >>> 2) + row]
        const bytes = i32[(lengths >>> 2) + row]
        const state = bytes <= 0 ? jsonStates.strange : readRow(start, start + bytes, row, plan)
        u8[states + row] = state
        if (state !== jsonStates.plain) others++
      }
      return others
    },
  }
}
