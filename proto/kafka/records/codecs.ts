/**
 * Compression of records: gzip, snappy (raw, and in the frame that Java's library puts around it), LZ4 frames, zstd. What
 * comes from outside opens to `limitBytes` at most and gives a KAFKA_RECORDS_* error when it is damaged. Synchronous: a
 * batch is small, and its order in the log is decided in the same turn.
 */
import { createRequire } from 'node:module'
import { constants, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { isMillraceError } from '../../../core/errors.ts'
import { type CodecName, codecNames } from './batch.ts'
import { kafkaRecordErrors } from './errors.ts'
import { lz4FrameBytes } from './lz4-size.ts'

interface Snappy {
  compressSync(bytes: Buffer): Buffer
  uncompressSync(bytes: Buffer, options: { asBuffer: true }): Buffer
}

interface Lz4 {
  compressFrameSync(bytes: Buffer): Buffer
  decompressFrameSync(bytes: Buffer): Buffer
}

/** What records open to at most, unless whoever opens them says otherwise. */
export const openedBytesMax = 128 * 1024 * 1024

const xerialMagic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
const xerialHeadBytes = 16
const xerialBlockBytes = 65_536

// Loaded when first used: most processes never open a batch, and a machine without a build can still serve the others.
const load = createRequire(import.meta.url)
const libraries = new Map<string, unknown>()

function library<Library>(name: string, codec: CodecName): Library {
  let found = libraries.get(name)
  if (found === undefined) {
    try {
      found = load(name)
    } catch (cause) {
      throw kafkaRecordErrors.create('NO_CODEC', { codec, library: name }, { cause })
    }
    libraries.set(name, found)
  }
  return found as Library
}

/** The number of a codec in the attributes of a batch. */
export function codecId(codec: CodecName): number {
  return codecNames.indexOf(codec)
}

/** Compresses what stands behind the header of a batch. `none` gives the bytes themselves. */
export function compress(codec: CodecName, bytes: Buffer): Buffer {
  switch (codec) {
    case 'none':
      return bytes
    case 'gzip':
      return gzipSync(bytes)
    case 'snappy':
      return compressXerial(bytes)
    case 'lz4':
      return library<Lz4>('lz4-napi', codec).compressFrameSync(bytes)
    case 'zstd':
      return zstdCompressSync(bytes)
  }
}

/** Opens what stands behind the header of a batch. `none` gives the bytes themselves. */
export function decompress(codec: CodecName, bytes: Buffer, limitBytes = openedBytesMax): Buffer {
  try {
    switch (codec) {
      case 'none':
        return bytes
      case 'gzip':
        return gunzipSync(bytes, { maxOutputLength: limitBytes })
      case 'snappy':
        return uncompressSnappy(bytes, limitBytes)
      case 'lz4':
        return openLz4(bytes, limitBytes)
      case 'zstd':
        return zstdDecompressSync(bytes, {
          maxOutputLength: limitBytes,
          params: { [constants.ZSTD_d_windowLogMax]: 27 },
        })
    }
  } catch (cause) {
    if (isMillraceError(cause)) throw cause
    if ((cause as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(codec, limitBytes)
    throw kafkaRecordErrors.create('CORRUPT_COMPRESSION', { codec, reason: (cause as Error).message }, { cause })
  }
}

const tooLarge = (codec: CodecName, limitBytes: number): Error =>
  kafkaRecordErrors.create('TOO_LARGE', { codec, limitBytes })

const corrupt = (codec: CodecName, reason: string): Error =>
  kafkaRecordErrors.create('CORRUPT_COMPRESSION', { codec, reason })

function openLz4(bytes: Buffer, limitBytes: number): Buffer {
  const size = lz4FrameBytes(bytes, limitBytes)
  if (size === undefined) throw corrupt('lz4', 'this is no LZ4 frame')
  if (size > limitBytes) throw tooLarge('lz4', limitBytes)
  return library<Lz4>('lz4-napi', 'lz4').decompressFrameSync(bytes)
}

function compressXerial(bytes: Buffer): Buffer {
  const snappy = library<Snappy>('snappy', 'snappy')
  const head = Buffer.alloc(xerialHeadBytes)
  xerialMagic.copy(head)
  head.writeInt32BE(1, 8)
  head.writeInt32BE(1, 12)
  const parts: Buffer[] = [head]
  for (let at = 0; at < bytes.length; at += xerialBlockBytes) {
    const block = snappy.compressSync(bytes.subarray(at, at + xerialBlockBytes))
    const size = Buffer.alloc(4)
    size.writeInt32BE(block.length)
    parts.push(size, block)
  }
  return Buffer.concat(parts)
}

function uncompressSnappy(bytes: Buffer, limitBytes: number): Buffer {
  if (bytes.length < xerialHeadBytes || xerialMagic.compare(bytes, 0, xerialMagic.length) !== 0) {
    return uncompressBlock(bytes, limitBytes)
  }
  const parts: Buffer[] = []
  let left = limitBytes
  for (let at = xerialHeadBytes; at < bytes.length; ) {
    if (bytes.length - at < 4) throw corrupt('snappy', 'a block is cut off')
    const size = bytes.readInt32BE(at)
    at += 4
    if (size < 0 || size > bytes.length - at) throw corrupt('snappy', 'a block is cut off')
    const part = uncompressBlock(bytes.subarray(at, at + size), left)
    left -= part.length
    parts.push(part)
    at += size
  }
  return parts.length === 1 ? parts[0] : Buffer.concat(parts)
}

function uncompressBlock(bytes: Buffer, limitBytes: number): Buffer {
  // The length of what comes out stands in front.
  let length = 0
  let at = 0
  for (let factor = 1; ; factor *= 128) {
    if (at >= bytes.length || at >= 5) throw corrupt('snappy', 'the length in front does not end')
    const byte = bytes[at++]
    length += (byte & 0x7f) * factor
    if (byte < 0x80) break
  }
  if (length > limitBytes) throw tooLarge('snappy', limitBytes)
  // One byte of snappy makes 64 at most: a length beyond that is a lie that would be allocated.
  if (length > (bytes.length - at) * 64) throw corrupt('snappy', 'the length in front is too long')
  return library<Snappy>('snappy', 'snappy').uncompressSync(bytes, { asBuffer: true })
}
