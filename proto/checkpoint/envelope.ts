/**
 * The envelope of small snapshot files: 24 bytes of header (little-endian), then JSON in UTF-8, compressed with zstd when
 * it has more than 4 KB.
 *
 *   0  u32  magic
 *   4  u16  version
 *   6  u16  flags: bit 0 = zstd
 *   8  u32  bytes of the body as stored
 *   12 u32  bytes of the body as JSON
 *   16 u32  reserved, 0
 *   20 u32  CRC32C of bytes 0 to 19 and the stored body
 *
 * Promises: decoding reads no byte outside of those given and inflates no more than the header names, at most 1 GiB; every
 * flaw is a coded error. Pure.
 */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { crc32c } from '../../core/bytes/crc32c.ts'
import { errors } from './errors.ts'

export const envelopeMagic = { manifest: 0x464d524d, pointer: 0x5450524d } as const
const names: ReadonlyMap<number, string> = new Map([
  [envelopeMagic.manifest, 'snapshot manifest'],
  [envelopeMagic.pointer, 'checkpoint pointer'],
])

const headerBytes = 24
const compressFromBytes = 4096
const bodyBytesMax = 1 << 30
const flagZstd = 1

export function encodeEnvelope(magic: number, version: number, body: unknown): Uint8Array {
  const json = Buffer.from(JSON.stringify(body), 'utf8')
  const zstd = json.length > compressFromBytes
  const stored = zstd ? zstdCompressSync(json, { params: { [constants.ZSTD_c_compressionLevel]: 3 } }) : json
  const out = Buffer.alloc(headerBytes + stored.length)
  out.writeUInt32LE(magic, 0)
  out.writeUInt16LE(version, 4)
  out.writeUInt16LE(zstd ? flagZstd : 0, 6)
  out.writeUInt32LE(stored.length, 8)
  out.writeUInt32LE(json.length, 12)
  stored.copy(out, headerBytes)
  out.writeUInt32LE(checksum(out), 20)
  return out
}

/** The JSON value inside. Versions 1 to `supported` are taken. */
export function decodeEnvelope(bytes: Uint8Array, magic: number, supported: number, where: string): unknown {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.length >= 4 && view.readUInt32LE(0) !== magic)
    throw errors.create('WRONG_MAGIC', { where, expected: names.get(magic) ?? 'file' })
  if (view.length < headerBytes)
    throw errors.create('TRUNCATED', { where, reason: `${view.length} bytes, header has ${headerBytes}` })
  const version = view.readUInt16LE(4)
  if (version > supported) throw errors.create('NEWER_VERSION', { where, version, supported })
  const storedBytes = view.readUInt32LE(8)
  const jsonBytes = view.readUInt32LE(12)
  const end = headerBytes + storedBytes
  if (view.length < end) throw errors.create('TRUNCATED', { where, reason: `${view.length} of ${end} bytes` })
  if (view.length > end) throw errors.create('ALTERED', { where, reason: `${view.length - end} bytes follow its end` })
  if (view.readUInt32LE(20) !== checksum(view))
    throw errors.create('ALTERED', { where, reason: 'its checksum does not match' })
  const flags = view.readUInt16LE(6)
  if (version === 0 || (flags & ~flagZstd) !== 0) throw errors.create('MALFORMED', { where, reason: 'unknown flags' })
  if (jsonBytes > bodyBytesMax) throw errors.create('MALFORMED', { where, reason: `body of ${jsonBytes} bytes` })
  const stored = view.subarray(headerBytes)
  try {
    const json =
      (flags & flagZstd) === 0 ? stored : zstdDecompressSync(stored, { maxOutputLength: Math.max(1, jsonBytes) })
    if (json.length !== jsonBytes) throw new RangeError(`body of ${json.length} bytes instead of ${jsonBytes}`)
    return JSON.parse(json.toString('utf8'))
  } catch (cause) {
    throw errors.create(
      'MALFORMED',
      { where, reason: cause instanceof Error ? cause.message : String(cause) },
      { cause },
    )
  }
}

function checksum(file: Buffer): number {
  return crc32c(file.subarray(headerBytes), crc32c(file.subarray(0, 20)))
}
