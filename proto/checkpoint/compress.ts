/**
 * Blocks of runs in and out of zstd, on other threads: the thread that asks spends a part of what it would take itself.
 */
import { constants, zstdCompress, zstdDecompress, zstdDecompressSync } from 'node:zlib'

/** Fast: more makes blocks little smaller. */
export const blockParameters = { params: { [constants.ZSTD_c_compressionLevel]: 1 } } as const

/** Longer than what a block becomes, so that the result is one piece. */
const outputBytes = 128 * 1024

/** A frame of its own. The bytes given must not change until then; several may be under way. */
export function compressBlock(raw: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    zstdCompress(raw, { ...blockParameters, chunkSize: outputBytes }, (error, small) => {
      if (error === null) resolve(small)
      else reject(error)
    })
  })
}

/** At most `rawBytes` bytes out of a frame; throws when there are more. The bytes given must not change until then. */
export function inflateBlock(stored: Uint8Array, rawBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    zstdDecompress(stored, inflating(rawBytes), (error, raw) => {
      if (error === null) resolve(raw)
      else reject(error)
    })
  })
}

/** The same, at once. */
export function inflateBlockNow(stored: Uint8Array, rawBytes: number): Buffer {
  return zstdDecompressSync(stored, inflating(rawBytes))
}

/** Room for all of it and a little more: then it takes one step. Large blocks come in pieces. */
function inflating(rawBytes: number): { maxOutputLength: number; chunkSize: number } {
  return { maxOutputLength: Math.max(1, rawBytes), chunkSize: Math.min(rawBytes + 64, 1 << 20) }
}
