import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  baseSequenceOf,
  batchBytesOf,
  checksumOf,
  int64At,
  lastOffsetOf,
  writeInt64At,
} from '../../../../broker/log/batch-fields.ts'

test('numbers are read as they were written, of either sign and up to 2^53', () => {
  const whole = fc.oneof(fc.maxSafeInteger(), fc.constantFrom(-1, 0, 2 ** 31, 2 ** 32 - 1, 2 ** 32, -(2 ** 32) - 1))
  fc.assert(
    fc.property(whole, fc.nat(9), (value, at) => {
      const buffer = Buffer.alloc(20)
      buffer.writeBigInt64BE(BigInt(value), at)
      expect(int64At(buffer, at)).toBe(value)
      writeInt64At(buffer, value, at)
      expect(buffer.readBigInt64BE(at)).toBe(BigInt(value))
    }),
  )
})

test('fields of a header are those of any bytes at their places', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 61, maxLength: 61 }), (bytes) => {
      const buffer = Buffer.from(bytes)
      expect(batchBytesOf(buffer, 0)).toBe(buffer.readInt32BE(8) + 12)
      expect(checksumOf(buffer, 0)).toBe(buffer.readUInt32BE(17))
      expect(baseSequenceOf(buffer, 0)).toBe(buffer.readInt32BE(53))
      expect(lastOffsetOf(buffer, 0)).toBe(Number(buffer.readBigInt64BE(0)) + buffer.readInt32BE(23))
    }),
  )
})
