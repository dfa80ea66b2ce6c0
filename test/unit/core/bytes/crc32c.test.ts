/** CRC32C: the check value of the standard, and the twin without native code. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crc32c, crc32cByTable } from '../../../../core/bytes/crc32c.ts'

describe('crc32c', () => {
  it('has the check value of RFC 3720', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283)
    expect(crc32cByTable(Buffer.from('123456789'))).toBe(0xe3069283)
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa)
  })

  it('takes views on shared memory', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(16), 3, 9)
    shared.set(Buffer.from('123456789'))
    expect(crc32c(shared)).toBe(0xe3069283)
  })

  it('is the same by table, in one piece or several', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), (bytes, at) => {
        const whole = crc32c(bytes)
        expect(crc32cByTable(bytes)).toBe(whole)
        expect(crc32cByTable(bytes.subarray(at), crc32cByTable(bytes.subarray(0, at)))).toBe(whole)
        expect(crc32c(bytes.subarray(at), crc32c(bytes.subarray(0, at)))).toBe(whole)
      }),
    )
  })
})
