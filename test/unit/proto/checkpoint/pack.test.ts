/** Packed blocks give back what was packed, by the kernels as by their twin, and refuse what is none. */
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Packer } from '../../../../proto/checkpoint/runs/pack.ts'
import { entryKind, entryStartBytesMax, packedRawMax } from '../../../../proto/checkpoint/runs/run-format.ts'
import { writeEntryHead } from '../../../../proto/checkpoint/runs/run-writer.ts'

interface Entry {
  readonly hash: number
  readonly state: number
  readonly kind: number
  readonly key: Uint8Array
  readonly namespace: Uint8Array
  readonly value: Uint8Array
}

function encoded(entries: readonly Entry[]): Buffer {
  return Buffer.concat(
    entries.map(({ hash, state, kind, key, namespace, value }) => {
      const put = kind === entryKind.put
      const head = Buffer.alloc(entryStartBytesMax)
      const end = writeEntryHead(head, 0, hash, state, kind, key.length, namespace.length, put ? value.length : 0)
      return Buffer.concat([head.subarray(0, end), key, namespace, ...(put ? [value] : [])])
    }),
  )
}

const few = fc.uint8Array({ maxLength: 12 })
const bytes = fc.oneof({ weight: 8, arbitrary: few }, { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }) })
/** Numbers as states have them: most bytes are 0, or those of the number before. */
const numbers = fc
  .array(fc.oneof(fc.nat(9), fc.double(), fc.integer()), { maxLength: 5 })
  .map((each) => new Uint8Array(Float64Array.from(each).buffer))
const entry: fc.Arbitrary<Entry> = fc.record({
  hash: fc.oneof(fc.nat(300), fc.integer({ min: 0, max: 0xffffffff }), fc.constant(0xffffffff)),
  state: fc.oneof(fc.nat(2), fc.nat(65535)),
  kind: fc.constantFrom(0, 0, 0, 0, 1, 2),
  key: few,
  namespace: fc.oneof(fc.constant(new Uint8Array(0)), few),
  value: fc.oneof(numbers, bytes),
})
const inOrder = fc
  .array(entry, { minLength: 1, maxLength: 60 })
  .map((entries) => encoded(entries.toSorted((a, b) => a.hash - b.hash)))

const kernels = new Packer()
const twin = new Packer(true)

/** Undefined: it was refused. */
function unpacked(packer: Packer, stored: Uint8Array, bytes: number): Buffer | undefined {
  const raw = Buffer.alloc(bytes)
  try {
    packer.unpack(stored, raw)
  } catch (error) {
    expect(String(error)).toContain('not packed entries')
    return undefined
  }
  return raw
}

/** Entries that differ in little: they always pack. */
const alike = encoded(
  Array.from({ length: 40 }, (_, i) => ({
    hash: i * 1000,
    state: 1,
    kind: 0,
    key: Buffer.from([102, i, 1, 2, 3]),
    namespace: new Uint8Array(0),
    value: new Uint8Array(Float64Array.of(i, i / 3, 7).buffer),
  })),
)

describe('a packed block', () => {
  test('gives back what was packed, and kernels and twin write the same', () => {
    fc.assert(
      fc.property(inOrder, (raw) => {
        const packed = kernels.pack(raw)
        expect(twin.pack(raw)).toEqual(packed)
        if (packed === undefined) return
        expect(packed.length).toBeLessThanOrEqual(raw.length - (raw.length >>> 3))
        for (const packer of [kernels, twin]) {
          expect(unpacked(packer, packed, raw.length)?.equals(raw)).toBe(true)
        }
      }),
      { numRuns: 400 },
    )
  })

  test('that is changed, cut or of another length gives the same by kernel and twin, or is refused by both', () => {
    const packed = kernels.pack(alike) as Buffer
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(packed.length - 1), fc.nat(255)), { maxLength: 4 }),
        fc.nat(packed.length),
        fc.integer({ min: -9, max: 9 }),
        (changes, cut, longer) => {
          const garbage = Buffer.from(packed)
          for (const [at, byte] of changes) garbage[at] = byte
          const stored = garbage.subarray(0, cut < 40 ? packed.length : cut)
          const length = Math.max(stored.length, alike.length + (cut % 3 === 0 ? longer : 0))
          const results = [kernels, twin].map((packer) => unpacked(packer, stored, length))
          expect(results[0]).toEqual(results[1])
        },
      ),
      { numRuns: 1000 },
    )
  })

  test('that ends early or holds more than was asked for is refused', () => {
    const packed = kernels.pack(alike) as Buffer
    for (const packer of [kernels, twin]) {
      for (let cut = 0; cut < packed.length; cut++)
        expect(unpacked(packer, packed.subarray(0, cut), alike.length)).toBeUndefined()
      expect(unpacked(packer, packed, alike.length - 1)).toBeUndefined()
      expect(unpacked(packer, packed, alike.length + 1)).toBeUndefined()
      expect(unpacked(packer, Buffer.concat([packed, Buffer.alloc(1)]), alike.length)).toBeUndefined()
    }
  })

  test('of random bytes is refused, or is what its length says', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 200, max: 2000 }), (garbage, length) => {
        const results = [kernels, twin].map((packer) => unpacked(packer, garbage, length))
        expect(results[0]).toEqual(results[1])
      }),
      { numRuns: 1000 },
    )
  })

  test('is not made of what does not become smaller, nor of what is long', () => {
    const value = createHash('shake256', { outputLength: 5000 }).update('noise').digest()
    const one = { hash: 1, state: 0, kind: 0, key: Buffer.from('k'), namespace: new Uint8Array(0), value }
    expect(kernels.pack(encoded([one]))).toBeUndefined()
    expect(kernels.pack(encoded([{ ...one, value: Buffer.alloc(packedRawMax) }]))).toBeUndefined()
    const zeros = { ...one, value: Buffer.alloc(5000) }
    expect(kernels.pack(encoded([zeros, zeros, zeros]))?.length).toBeLessThan(2000)
  })
})
