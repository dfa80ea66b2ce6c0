/**
 * Blocks of runs in and out of zstd, on the thread that asks: to hand a block of usual length to another one takes a third of the
 * time, and the other one then needs twice of it. Who reads whole runs has inflater.ts.
 */
import { constants, zstdCompress, zstdCompressSync, zstdDecompressSync } from 'node:zlib'

/** Fast: more makes blocks little smaller. */
const blockParameters = { params: { [constants.ZSTD_c_compressionLevel]: 1 } } as const

/** A frame of its own. */
export function compressBlock(raw: Uint8Array): Buffer {
  return zstdCompressSync(raw, compressing(raw.length))
}

/** The same on another thread, for a long block. The bytes given must not change until then. */
export function compressLater(raw: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    zstdCompress(raw, compressing(raw.length), (error, small) => {
      if (error === null) resolve(small)
      else reject(error)
    })
  })
}

/**
 * Who knows the length takes tables of its size, and room for a result that is one piece even where it is a little longer: half of what
 * it costs otherwise.
 */
function compressing(bytes: number): { params: Record<number, number>; pledgedSrcSize: number; chunkSize: number } {
  return { ...blockParameters, pledgedSrcSize: bytes, chunkSize: Math.max(64, bytes + (bytes >>> 6) + 64) }
}

/** At most `rawBytes` bytes out of a frame; throws when there are more. */
export function inflateBlock(stored: Uint8Array, rawBytes: number): Buffer {
  return zstdDecompressSync(stored, inflating(rawBytes))
}

/** Room for all of it and a little more: then it takes one step. Large blocks come in pieces. */
function inflating(rawBytes: number): { maxOutputLength: number; chunkSize: number } {
  return { maxOutputLength: Math.max(1, rawBytes), chunkSize: Math.min(rawBytes + 64, 1 << 20) }
}
