/**
 * Compression of a block of a run on another thread: the thread that asks spends a tenth of what it would take itself.
 */
import { constants, zstdCompress } from 'node:zlib'

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
