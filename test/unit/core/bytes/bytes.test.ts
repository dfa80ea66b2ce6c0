import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteReader, ByteWriter, canonicalJson, crc32c, safeNumber } from '../../../../core/bytes/index.ts'

describe('bytes', () => {
  it('read back what was written', () => {
    const safe = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
    const signed = fc.integer({ min: -(2 ** 51), max: 2 ** 51 })
    fc.assert(
      fc.property(
        safe,
        signed,
        fc.double(),
        fc.string({ unit: 'grapheme' }),
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        (v, z, d, s, b) => {
          const writer = new ByteWriter(1)
          writer.varint(v)
          writer.zigzag(z)
          writer.float64(d)
          writer.varint(Buffer.byteLength(s))
          writer.utf8(s)
          writer.int64(b)
          writer.float64Le(d)
          const reader = new ByteReader(writer.finish())
          expect(reader.varint()).toBe(v)
          expect(reader.zigzag()).toBe(z === 0 ? 0 : z)
          expect(reader.float64()).toBe(d)
          expect(reader.utf8(reader.varint())).toBe(s)
          expect(reader.int64()).toBe(b)
          expect(reader.float64Le()).toBe(d)
          expect(reader.remaining).toBe(0)
        },
      ),
    )
  })

  it('never read past their end, whatever stands in them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => {
        const reader = new ByteReader(bytes)
        try {
          for (;;) reader.utf8(reader.varint())
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^BYTES_(TRUNCATED|VARINT_TOO_LONG|NOT_SAFE)$/) })
        }
      }),
    )
    expect(() => new ByteReader(new Uint8Array(4)).bytes(-1)).toThrow(
      expect.objectContaining({ code: 'BYTES_TRUNCATED' }),
    )
    expect(() => new ByteReader(new Uint8Array(4)).bytes(Number.NaN)).toThrow()
  })

  it('turn a 64-bit value into a number only without loss', () => {
    expect(safeNumber(123n)).toBe(123)
    expect(() => safeNumber(2n ** 53n)).toThrow(expect.objectContaining({ code: 'BYTES_NOT_SAFE' }))
  })

  it('have the checksum of the standard, in pieces and in shared memory too', () => {
    const text = Buffer.from('123456789')
    expect(crc32c(text).toString(16)).toBe('e3069283')
    expect(crc32c(text.subarray(4), crc32c(text.subarray(0, 4))).toString(16)).toBe('e3069283')
    const shared = new Uint8Array(new SharedArrayBuffer(9))
    shared.set(text)
    expect(crc32c(shared).toString(16)).toBe('e3069283')
  })

  it('spell JSON in one way', () => {
    expect(canonicalJson({ b: 1, a: [undefined, null, 'x'], c: undefined })).toBe('{"a":[null,null,"x"],"b":1}')
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse())
        expect(canonicalJson(reversed)).toBe(canonicalJson(value))
      }),
    )
  })
})
