/**
 * CRC32C (Castagnoli), as RFC 3720 defines it: native where there is a build for the machine, a table otherwise. Pure.
 */
import { createRequire } from 'node:module'

type Crc = (bytes: Uint8Array, initial?: number) => number

const table = new Int32Array(8 * 256)
for (let n = 0; n < 256; n++) {
  let crc = n
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  table[n] = crc
}
for (let n = 0; n < 256; n++) {
  for (let slice = 1; slice < 8; slice++) {
    const before = table[(slice - 1) * 256 + n]
    table[slice * 256 + n] = (before >>> 8) ^ table[before & 255]
  }
}

/** The table-driven twin: eight bytes at a time. */
export function crc32cByTable(bytes: Uint8Array, initial = 0): number {
  let crc = ~initial
  let at = 0
  const whole = bytes.length - (bytes.length & 7)
  for (; at < whole; at += 8) {
    const low = crc ^ (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24))
    crc =
      table[1792 + (low & 255)] ^
      table[1536 + ((low >>> 8) & 255)] ^
      table[1280 + ((low >>> 16) & 255)] ^
      table[1024 + (low >>> 24)] ^
      table[768 + bytes[at + 4]] ^
      table[512 + bytes[at + 5]] ^
      table[256 + bytes[at + 6]] ^
      table[bytes[at + 7]]
  }
  for (; at < bytes.length; at++) crc = (crc >>> 8) ^ table[(crc ^ bytes[at]) & 255]
  return ~crc >>> 0
}

function nativeCrc(): Crc | undefined {
  try {
    const { crc32c } = createRequire(import.meta.url)('@node-rs/crc32') as {
      crc32c: (bytes: Buffer, initial?: number) => number
    }
    return (bytes, initial) => {
      const { buffer } = bytes
      // The native function refuses views on shared memory.
      if (buffer instanceof SharedArrayBuffer) return crc32cByTable(bytes, initial)
      // A Buffer goes as it is: for a kilobyte the wrapping costs as much as the sum.
      return crc32c(bytes instanceof Buffer ? bytes : Buffer.from(buffer, bytes.byteOffset, bytes.byteLength), initial)
    }
  } catch {
    // No prebuilt binary for this machine: the table gives the same numbers.
    return undefined
  }
}

/** Checksum of `bytes`, 0 to 2^32 - 1; `initial` is the checksum of what stands before them. */
export const crc32c: Crc = nativeCrc() ?? crc32cByTable
