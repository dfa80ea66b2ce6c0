/** The kernels and their TypeScript twins. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { instantiateKernels } from '../../../../core/kernels/kernels.ts'
import type { Kernels } from '../../../../core/kernels/signature.ts'
import { createTwin } from '../../../../core/kernels/twin.ts'

const memories = [0, 1].map(() => new WebAssembly.Memory({ initial: 4, maximum: 4, shared: true }))
const native = instantiateKernels(memories[0]) as unknown as Kernels
const twin = createTwin(memories[1])
const start = 65536
const out = 65536 * 3

/** Runs a kernel both ways on the same bytes; the results and `bytes` at `out` must be the same. */
function both(
  input: Uint8Array,
  bytes: number | ((result: number) => number),
  run: (kernels: Kernels) => unknown,
): void {
  const results = [native, twin].map((kernels, which) => {
    const u8 = new Uint8Array(memories[which].buffer)
    u8.fill(0xaa, start)
    u8.set(input, start)
    const result = run(kernels)
    return { result, bytes: [...u8.subarray(out, out + (typeof bytes === 'number' ? bytes : bytes(result as number)))] }
  })
  expect(results[0]).toEqual(results[1])
}

const bytesOf = (array: Int32Array | Float64Array | BigInt64Array | Uint8Array): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
const pad = (n: number): number => (n + 31) & ~15

/** Arrays one after the other from `start` on, and their addresses. */
function lay(...arrays: Uint8Array[]): { input: Uint8Array; at: number[] } {
  const at: number[] = []
  let end = 0
  for (const array of arrays) {
    at.push(start + end)
    end += pad(array.length)
  }
  const input = new Uint8Array(end)
  for (let i = 0; i < arrays.length; i++) input.set(arrays[i], at[i] - start)
  return { input, at }
}

const odd = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.constantFrom(0, -0, NaN, Infinity, -Infinity, 123, 246, 2 ** 31, -(2 ** 31)),
)
const numbers = fc.array(odd, { maxLength: 70 }).map((n) => Float64Array.from(n))
const ints = fc.array(fc.integer(), { maxLength: 70 }).map((n) => Int32Array.from(n))
const texts = fc.array(
  // Every length of string has its own way of being copied.
  fc.oneof(
    fc.string({ maxLength: 40 }),
    fc.nat(200).map((length) => 'abcdefghij'.repeat(20).slice(0, length)),
    fc.string({ unit: 'grapheme', maxLength: 12 }),
    fc.constant(''),
  ),
  { maxLength: 40 },
)
const picks = fc.option(fc.array(fc.nat(), { maxLength: 80 }))

const selectionOf = (pick: number[] | null, rows: number): Int32Array | undefined =>
  pick === null ? undefined : Int32Array.from(rows === 0 ? [] : pick, (n) => n % rows)

function columnOf(values: readonly string[]): { offsets: Int32Array; data: Uint8Array } {
  const offsets = new Int32Array(values.length + 1)
  values.forEach((value, i) => {
    offsets[i + 1] = offsets[i] + Buffer.byteLength(value)
  })
  return { offsets, data: Buffer.from(values.join('')) }
}

const check = <T>(arbitrary: fc.Arbitrary<T>, run: (value: T) => void): void => {
  fc.assert(
    fc.property(arbitrary, (value) => {
      run(value)
    }),
    { numRuns: 150 },
  )
}

describe('a kernel and its twin agree on', () => {
  test('every name', () => {
    expect(Object.keys(twin).filter((name) => typeof native[name as keyof Kernels] !== 'function')).toEqual([])
  })

  test('steps of the arena', () => {
    const word = fc.integer({ min: -2, max: 3 })
    check(fc.tuple(word, word, fc.integer(), fc.integer(), fc.nat(31)), ([ref, total, free, seen, bit]) => {
      const { input } = lay(bytesOf(Int32Array.of(0)))
      const counts = (run: (k: Kernels) => unknown): void =>
        both(input, 16, (k) => {
          const memory = memories[k === native ? 0 : 1]
          new Int32Array(memory.buffer, out, 4).set([ref, total, free, 0])
          return run(k)
        })
      counts((k) => k.segmentTake(out + 8, seen, 1 << bit, out, out + 4))
      counts((k) => k.segmentTake(out + 8, free, 1 << bit, out, out + 4))
      counts((k) => k.segmentRetain(out, out + 4))
      counts((k) => k.segmentRelease(out, out + 4, out + 8, 1 << bit))
      counts((k) => k.segmentTransfer(out, out + 4))
    })
  })

  test('gather of fixed widths', () => {
    check(fc.tuple(numbers, picks), ([values, pick]) => {
      const selection = selectionOf(pick, values.length)
      const { input, at } = lay(bytesOf(values), bytesOf(selection ?? new Int32Array()))
      const count = selection?.length ?? values.length
      both(input, count * 8 + 8, (k) => k.gather8(at[0], selection ? at[1] : 0, count, out))
      both(input, count * 4 + 8, (k) => k.gather4(at[0], selection ? at[1] : 0, count, out))
    })
  })

  test('gather, slices, sizes and hashes of strings', () => {
    check(fc.tuple(texts, picks, fc.nat(50)), ([values, pick, position]) => {
      const { offsets, data } = columnOf(values)
      const selection = selectionOf(pick, values.length)
      const count = selection?.length ?? values.length
      const starts = offsets.subarray(0, values.length).slice()
      const lengths = Int32Array.from(values, (value) => Buffer.byteLength(value))
      const units = Int32Array.from(values, (value) => value.length)
      const { input, at } = lay(
        bytesOf(offsets),
        data,
        bytesOf(selection ?? new Int32Array()),
        bytesOf(starts),
        bytesOf(lengths),
        bytesOf(units),
      )
      const chosen = selection ? at[2] : 0
      const text = out + 4096
      both(input, 0, (k) => k.stringBytes(at[0], chosen, count))
      both(input, 0, (k) => k.sum32(at[4], values.length))
      both(input, count * 4 + 4, (k) => k.gatherStrings(at[0], at[1], chosen, count, out, text, position))
      // The bytes themselves, without the slack behind the last.
      both(
        input,
        (end) => end,
        (k) => k.gatherStrings(at[0], at[1], chosen, count, text, out, 0),
      )
      both(input, values.length * 4 + 4, (k) => k.sliceStrings(at[1], at[3], at[4], values.length, out, text, position))
      both(
        input,
        (end) => end,
        (k) => k.sliceStrings(at[1], at[3], at[4], values.length, text, out, 0),
      )
      // Offsets written over the references.
      both(input, count * 4 + 4, (k) => {
        if (chosen !== 0) k.gather4(chosen, 0, count, out)
        return k.gatherStrings(at[0], at[1], chosen === 0 ? 0 : out, count, out, text, position)
      })
      both(input, values.length * 4 + 4, (k) => {
        k.gather4(at[3], 0, values.length, out)
        return k.sliceStrings(at[1], out, at[4], values.length, out, text, position)
      })
      both(input, values.length * 4, (k) => k.hashStrings(at[0], at[1], values.length, 0x73747269, out))
      both(input, values.length * 4 + 4, (k) => k.utf16Offsets(at[0], at[1], values.length, out))
      both(input, values.length * 4 + 4, (k) => k.utf8Offsets(at[1], at[5], values.length, 0, out))
      both(input, 0, (k) => k.isAscii(at[1], data.length))
      both(input, 0, (k) => k.rising(at[0], values.length))
    })
  })

  test('bits', () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 30 })
    check(fc.tuple(bytes, picks, fc.nat(20), fc.boolean()), ([bits, pick, dstBit, ones]) => {
      const rows = bits.length * 8 - (dstBit % 8)
      const selection = selectionOf(pick, rows)
      const count = selection?.length ?? rows
      const { input, at } = lay(bits, bytesOf(selection ?? new Int32Array()))
      const chosen = selection ? at[1] : 0
      both(input, 64, (k) => k.gatherBits(ones ? 0 : at[0], ones ? 0 : chosen, count, out, dstBit))
      both(input, (bits.length + 7) >>> 3, (k) => k.packBits(at[0], bits.length, out))
      both(input, rows * 4, (k) => k.hashBits(at[0], rows, out))
      both(input, rows * 4, (k) => k.hashNulls(ones ? 0 : at[0], ones ? at[0] : at[0] + 1, rows - 8, out))
    })
  })

  test('hashes of numbers, partition and addition', () => {
    check(
      fc.tuple(numbers, ints, picks, fc.nat(6), fc.integer({ min: 1, max: 300 })),
      ([values, whole, pick, op, parallelism]) => {
        const some = selectionOf(pick, whole.length)
        const { input, at } = lay(bytesOf(values), bytesOf(whole), bytesOf(some ?? new Int32Array()))
        const picked = some ? at[2] : 0
        const n = values.length
        const counted = some?.length ?? whole.length
        both(input, 0, (k) => k.greatest(at[0], n))
        both(input, n * 4, (k) => k.hashF64(at[0], n, out))
        both(input, n * 4, (k) => k.hashI64(at[0], n, out))
        both(input, whole.length * 4, (k) => k.hashI32(at[1], whole.length, out))
        both(input, 0, (k) => k.hashCombine(at[1], at[1], whole.length, op))
        both(input, counted * 4, (k) => k.partition(at[1], picked, counted, parallelism, out + 8192, out))
        both(input, parallelism * 4, (k) => k.partition(at[1], picked, counted, parallelism, out, out + 8192))
        both(input, whole.length * 4, (k) => k.add32(at[1], whole.length, op, out))
      },
    )
  })
})
