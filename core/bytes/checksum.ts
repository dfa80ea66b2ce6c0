/** Checksums and content ids. */
import { createHash } from 'node:crypto'

export { crc32c } from './crc32c.ts'

/** SHA-256 in hex: the id of content. */
export function sha256(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex')
}
