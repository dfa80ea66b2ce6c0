/** Bytes: reading and writing fields within bounds, checksums, canonical JSON. */
export { canonicalJson } from './canonical-json.ts'
export { crc32c, sha256 } from './checksum.ts'
export { ByteReader, bytesErrors, safeNumber } from './reader.ts'
export { ByteWriter } from './writer.ts'
