/**
 * Blocks of runs made smaller, packed (pack.ts) or by zstd, on the thread that asks: to hand a block of usual length to another one
 * takes a third of the time of zstd, and the other one then needs twice of it. Who reads whole runs has inflater.ts.
 */
import { constants, zstdCompress, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { threadPacker } from './pack.ts'
import type { BlockCodec } from './run-format.ts'

/** Fast: more makes blocks little smaller. */
const blockParameters = { params: { [constants.ZSTD_c_compressionLevel]: 1 } } as const

/** Blocks for which it holds what was found out with the one before. */
const blocksAlike = 64

/** Compresses the blocks of one run: packs them as long as zstd, which takes four times as long, makes them a ninth smaller at most. */
export class BlockCompressor {
  #packs = false
  /** Blocks until both ways are tried again. */
  #left = 0

  /** Whole entries; what comes out may be longer. */
  compress(raw: Uint8Array): CompressedBlock {
    if (this.#left-- > 0) return (this.#packs ? packed(raw) : undefined) ?? inZstd(raw)
    this.#left = blocksAlike
    const small = inZstd(raw)
    const other = packed(raw)
    this.#packs = other !== undefined && other.stored.length * 8 <= small.stored.length * 9
    return this.#packs && other !== undefined ? other : small
  }
}

export interface CompressedBlock {
  readonly stored: Buffer
  readonly codec: BlockCodec
}

function packed(raw: Uint8Array): CompressedBlock | undefined {
  const stored = threadPacker().pack(raw)
  return stored && { stored, codec: 'packed' }
}

const inZstd = (raw: Uint8Array): CompressedBlock => ({ stored: compressBlock(raw), codec: 'zstd' })

/** A frame of its own. */
export function compressBlock(raw: Uint8Array): Buffer {
  const result = zstdCompressSync(raw, compressing(raw.length))
  const { buffer } = result
  // Short ones lie beside others.
  if (buffer.byteLength <= Buffer.poolSize || !(buffer instanceof ArrayBuffer)) return result
  // It was made in room for all of it: what is not needed goes back at once, not when garbage is collected.
  const small = Buffer.allocUnsafeSlow(result.length)
  result.copy(small)
  buffer.transfer(0)
  return small
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

/** At most `rawBytes` bytes out of a block; throws when there are more. */
export function expandBlock(stored: Uint8Array, rawBytes: number, codec: 'zstd' | 'packed'): Buffer {
  if (codec === 'zstd') return zstdDecompressSync(stored, inflating(rawBytes))
  const raw = Buffer.allocUnsafeSlow(rawBytes)
  threadPacker().unpack(stored, raw)
  return raw
}

/** Room for all of it and a little more: then it takes one step. Large blocks come in pieces. */
function inflating(rawBytes: number): { maxOutputLength: number; chunkSize: number } {
  return { maxOutputLength: Math.max(1, rawBytes), chunkSize: Math.min(rawBytes + 64, 1 << 20) }
}
