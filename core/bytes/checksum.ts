/** Checksums and content ids. */
import { createHash } from 'node:crypto'
import { crc32c as native } from '@node-rs/crc32'

/** CRC-32C (Castagnoli, RFC 3720) as an unsigned 32-bit number; `initial` continues an earlier one. */
export function crc32c(bytes: Uint8Array, initial?: number): number {
  // The native function refuses views on shared memory.
  const own = bytes.buffer instanceof SharedArrayBuffer ? Uint8Array.from(bytes) : bytes
  return initial === undefined ? native(own) : native(own, initial)
}

/** SHA-256 in hex: the id of content. */
export function sha256(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex')
}
