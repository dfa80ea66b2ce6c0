/**
 * Key hashes: 32 bits, the same for a value whichever way it travels, as a JavaScript value (`hashValue`) or as a column
 * (`hashColumns`). They decide which subtask owns a key and stand in snapshots: a format for ever, held by
 * test/golden/key-hash.json. With `mix` = fmix of MurmurHash3:
 *
 * - numbers of every kind (int32, float64, timestamp): as float64, -0 as 0, one NaN: mix(high ^ rotl(low * 9e3779b1, 15));
 * - string: MurmurHash3_x86_32 of its UTF-8 (WTF-8) bytes, seed 73747269; bytes: the same, seed 62797465;
 * - bigint: as for numbers over the halves of its int64, then mix(h ^ 62696769); beyond int64: its decimal digits, seed 62696769;
 * - boolean mix(626f6f00 + b); null mix(6e756c6c); undefined mix(756e6465); Date: mix(number hash of its time ^ 64617465);
 * - array: from mix(6c697374), combine with each item; object: from mix(6f626a65), per property in the order of its names
 *   (UTF-16) combine with hash(value) ^ hash(name); Map, Set: from mix(73657473) plus the sum of the hashes of [key, value] or
 *   of the items. combine(h, x) = mix(31 * h + x).
 *
 * Pure apart from the destination; `hashColumns` uses the scratch memory of the batch's owner (part 0).
 */
import type { Arena } from '../arena/arena.ts'
import { combineHash, fmix, hashHalves } from '../kernels/mix.ts'
import type { Column, RecordBatch } from './batch.ts'
import { readValue } from './rows.ts'
import { wtf8 } from './strings.ts'
import { notAValue } from './value-codec.ts'

const stringSeed = 0x73747269
const bytesSeed = 0x62797465
const bigintSeed = 0x62696769
const dateSalt = 0x64617465
const listStart = fmix(0x6c697374)
const objectStart = fmix(0x6f626a65)
const setStart = fmix(0x73657473)
const nullHash = fmix(0x6e756c6c)
const undefinedHash = fmix(0x756e6465)
const trueHash = fmix(0x626f6f01)
const falseHash = fmix(0x626f6f00)

const number = new Float64Array(1)
const halves = new Int32Array(number.buffer)

/** The hash of one value, a signed 32-bit integer. Throws COLUMNS_NOT_A_VALUE. */
export function hashValue(value: unknown): number {
  switch (typeof value) {
    case 'number':
      return hashNumber(value)
    case 'string':
      return hashString(value)
    case 'boolean':
      return value ? trueHash : falseHash
    case 'bigint':
      return hashBigint(value)
    case 'undefined':
      return undefinedHash
    case 'object':
      return value === null ? nullHash : hashObject(value)
    default:
      throw notAValue(value)
  }
}

function hashNumber(value: number): number {
  if (Number.isNaN(value)) return hashHalves(0, 0x7ff80000)
  number[0] = value + 0
  return hashHalves(halves[0], halves[1])
}

function hashString(value: string): number {
  const { length } = value
  let h = stringSeed
  let i = 0
  // ASCII without leaving JavaScript; anything else through its bytes.
  for (; i + 4 <= length; i += 4) {
    const a = value.charCodeAt(i)
    const b = value.charCodeAt(i + 1)
    const c = value.charCodeAt(i + 2)
    const d = value.charCodeAt(i + 3)
    if ((a | b | c | d) > 127) return murmur(wtf8(value), stringSeed)
    h = round(h, a | (b << 8) | (c << 16) | (d << 24))
  }
  let tail = 0
  for (let shift = 0; i < length; i++, shift += 8) {
    const code = value.charCodeAt(i)
    if (code > 127) return murmur(wtf8(value), stringSeed)
    tail |= code << shift
  }
  return fmix(h ^ scramble(tail) ^ length)
}

const scramble = (word: number): number => {
  const k = Math.imul(word, 0xcc9e2d51)
  return Math.imul((k << 15) | (k >>> 17), 0x1b873593)
}

const round = (h: number, word: number): number => {
  const x = h ^ scramble(word)
  return (Math.imul((x << 13) | (x >>> 19), 5) + 0xe6546b64) | 0
}

function murmur(bytes: Uint8Array, seed: number): number {
  let h = seed
  let i = 0
  for (; i + 4 <= bytes.length; i += 4)
    h = round(h, bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24))
  let tail = 0
  for (let shift = 0; i < bytes.length; i++, shift += 8) tail |= bytes[i] << shift
  return fmix(h ^ scramble(tail) ^ bytes.length)
}

function hashBigint(value: bigint): number {
  const low64 = BigInt.asIntN(64, value)
  if (low64 !== value) return murmur(Buffer.from(value.toString()), bigintSeed)
  const low = Number(BigInt.asIntN(32, value))
  const high = Number(BigInt.asIntN(32, value >> 32n))
  return fmix(hashHalves(low, high) ^ bigintSeed)
}

function hashObject(value: object): number {
  if (Array.isArray(value)) {
    let h = listStart
    for (let i = 0; i < value.length; i++) h = combineHash(h, hashValue(value[i]))
    return h
  }
  if (value instanceof Date) return fmix(hashNumber(value.getTime()) ^ dateSalt)
  if (value instanceof Uint8Array) return murmur(value, bytesSeed)
  if (value instanceof Map) {
    let h = setStart
    for (const entry of value) h = (h + hashValue(entry)) | 0
    return fmix(h)
  }
  if (value instanceof Set) {
    let h = setStart
    for (const item of value) h = (h + hashValue(item)) | 0
    return fmix(h)
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) throw notAValue(value)
  let h = objectStart
  for (const name of Object.keys(value).sort())
    h = combineHash(h, hashValue((value as Record<string, unknown>)[name]) ^ hashString(name))
  return h
}

/**
 * Hashes the key of every row into `dst` (address of rowCount Int32). `single`: the key is the bare value of the one
 * field; otherwise it is the object of the fields, as `hashValue` of it. Throws COLUMNS_NO_FIELD.
 */
export function hashColumns(
  batch: RecordBatch,
  fields: readonly string[],
  dst: number,
  single: boolean = fields.length === 1,
): void {
  const { arena, rowCount } = batch
  if (single) {
    hashColumn(arena, batch.column(fields[0]), dst)
    return
  }
  arena.i32.fill(objectStart, dst >>> 2, (dst >>> 2) + rowCount)
  const part = arena.scratch(batch.owner, 0)
  for (const name of [...new Set(fields)].sort()) {
    hashColumn(arena, batch.column(name), part)
    arena.kernels.hashCombine(dst, part, rowCount, hashString(name))
  }
}

/** Hashes the values of one column into `dst` (address of rowCount Int32). */
export function hashColumn(arena: Arena, column: Column, dst: number): void {
  const { kernels, i32 } = arena
  const { rowCount, data } = column
  switch (column.field.type.kind) {
    case 'float64':
    case 'timestamp':
      kernels.hashF64(data, rowCount, dst)
      break
    case 'date':
      kernels.hashF64(data, rowCount, dst)
      for (let i = dst >>> 2, end = i + rowCount; i < end; i++) i32[i] = fmix(i32[i] ^ dateSalt)
      break
    case 'int32':
      kernels.hashI32(data, rowCount, dst)
      break
    case 'int64':
      kernels.hashI64(data, rowCount, dst)
      break
    case 'boolean':
      kernels.hashBits(data, rowCount, dst)
      break
    case 'string':
      kernels.hashStrings(column.offsets, data, rowCount, stringSeed, dst)
      break
    case 'bytes':
      kernels.hashStrings(column.offsets, data, rowCount, bytesSeed, dst)
      break
    case 'struct':
    case 'list':
    case 'any':
      for (let i = 0; i < rowCount; i++) i32[(dst >>> 2) + i] = hashValue(readValue(arena, column, i))
      return
  }
  if (column.validity !== 0) kernels.hashNulls(column.validity, column.missing, rowCount, dst)
}

/**
 * Rows by the subtask that owns their hash: element p is the selection of subtask p, its rows in order. `hashes` is the
 * address of Int32 hashes; `selection` (address, 0 for all) and `count` (at most `maxBatchRows`) say which rows. The
 * arrays are views of the owner's scratch memory (part 1), lent until the next call.
 */
export function partition(
  arena: Arena,
  owner: number,
  hashes: number,
  selection: number,
  count: number,
  parallelism: number,
  out: Int32Array[],
): Int32Array[] {
  const counts = arena.scratch(owner, 0)
  const rows = arena.scratch(owner, 1)
  arena.kernels.partition(hashes, selection, count, parallelism, counts, rows)
  let at = rows >>> 2
  for (let p = 0; p < parallelism; p++) {
    const n = arena.i32[(counts >>> 2) + p]
    out[p] = arena.i32.subarray(at, at + n)
    at += n
  }
  return out
}
