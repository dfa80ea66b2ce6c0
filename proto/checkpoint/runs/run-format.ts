/**
 * Layout of a sorted run, version 2; all numbers little-endian. One without packed blocks is version 1.
 *
 *   header   16 bytes: u32 magic 'MRUN', u16 version, u16 and u64 reserved (0)
 *   blocks   one after the other, each some 64 KB of entries, plain, compressed with zstd or packed
 *   drops    dropped namespaces: u16 state, varint length, bytes
 *   index    32 bytes per block: u64 offset, u32 stored bytes, u32 raw bytes, u32 first hash, u32 entries, u32 CRC32C of
 *            the stored bytes, u32 codec (0 plain, 1 zstd, 2 packed)
 *   footer   64 bytes: u32 magic 'MRNF', u16 version (that of the header is always 1), u16 flags (bit 0: base), u64 offset of the index, u32 blocks,
 *            u32 bytes of drops, u32 drops, u32 from, u32 to, u64 entries, u32 CRC32C of the index, u32 CRC32C of the drops,
 *            u64 reserved, u32 CRC32C of the footer before it
 *
 * An entry: u32 hash, u16 state, u8 kind, varint key bytes, varint namespace bytes, for a put varint value bytes; then
 * key, namespace, value. Entries are sorted by hash (unsigned, so by range first), state, key, namespace (both as bytes,
 * a prefix first), and a drop stands before a put or tombstone of the same namespace. Nothing stands twice.
 *
 * A packed block says of each entry what differs from the one before it; before the first stands one of hash 0, without bytes. A
 * varint: twice the difference of the hashes, and one more if state, kind or a length is another; then, if so, state, kind and
 * lengths as in an entry. Key, namespace and value follow as one string of bytes, in words of eight of which the first may be
 * shorter. If the string of the entry before reaches as far from its end as the word does from its own, the bytes there are XORed
 * with those of the word. A word is a byte that says which of its bytes are not 0, the lowest bit the first, and those.
 *
 * Promises: the footer's checksum vouches for the whole file. Decoding reads nothing outside of the bytes given. Pure.
 */
import { crc32c } from '../../../core/bytes/crc32c.ts'
import { errors } from '../errors.ts'
import { rangeCount } from '../ranges.ts'

/** The newest that is read, and written where a block is packed. */
export const runVersion = 2
const unpackedVersion = 1
export const runMagic = 0x4e55524d
const footerMagic = 0x464e524d
export const headerBytes = 16
export const footerBytes = 64
export const indexEntryBytes = 32
/** Raw bytes of a block: one entry may be that large. */
export const blockBytesMax = 1 << 30
/** Raw bytes of a packed block. */
export const packedRawMax = 128 * 1024

/** How the entries of a block are stored; its number is that in the index. */
export const blockCodecs = ['plain', 'zstd', 'packed'] as const
export type BlockCodec = (typeof blockCodecs)[number]

/**
 * Of an entry. `drop`: the entries of this state and key whose namespace begins with this one are gone as far as they stand
 * in older runs; what its own run puts stays.
 */
export const entryKind = { put: 0, tombstone: 1, drop: 2 } as const
export type EntryKind = (typeof entryKind)[keyof typeof entryKind]

/** Fixed part of an entry: hash, state, kind. */
export const entryHeadBytes = 7
/** The most that stands before its key: that, and three lengths as varints. */
export const entryStartBytesMax = entryHeadBytes + 15

export interface RunFooter {
  readonly base: boolean
  /** Blocks may be packed. */
  readonly packed: boolean
  readonly indexOffset: number
  readonly blockCount: number
  readonly dropsBytes: number
  readonly dropCount: number
  readonly from: number
  readonly to: number
  readonly entries: number
  readonly indexCrc: number
  readonly dropsCrc: number
  /** CRC32C of the footer itself. */
  readonly crc: number
}

export interface BlockEntry {
  readonly offset: number
  readonly stored: number
  readonly raw: number
  readonly firstHash: number
  readonly entries: number
  readonly crc: number
  readonly codec: BlockCodec
}

/** All entries of one state and namespace, of all keys, that older runs hold are gone in the ranges of the run. */
export interface NamespaceDrop {
  readonly state: number
  readonly namespace: Uint8Array
}

export function runHeader(): Buffer {
  const header = Buffer.alloc(headerBytes)
  header.writeUInt32LE(runMagic, 0)
  header.writeUInt16LE(unpackedVersion, 4)
  return header
}

export function checkRunHeader(header: Buffer, where: string): void {
  if (header.length < 4 || header.readUInt32LE(0) !== runMagic)
    throw errors.create('WRONG_MAGIC', { where, expected: 'sorted run' })
  if (header.length < headerBytes) throw errors.create('TRUNCATED', { where, reason: `${header.length} bytes` })
  const version = header.readUInt16LE(4)
  if (version > runVersion) throw errors.create('NEWER_VERSION', { where, version, supported: runVersion })
  if (!header.equals(runHeader())) throw errors.create('ALTERED', { where, reason: 'its header was changed' })
}

export function encodeFooter(footer: Omit<RunFooter, 'crc'>): Buffer {
  const out = Buffer.alloc(footerBytes)
  out.writeUInt32LE(footerMagic, 0)
  out.writeUInt16LE(footer.packed ? runVersion : unpackedVersion, 4)
  out.writeUInt16LE(footer.base ? 1 : 0, 6)
  out.writeBigUInt64LE(BigInt(footer.indexOffset), 8)
  out.writeUInt32LE(footer.blockCount, 16)
  out.writeUInt32LE(footer.dropsBytes, 20)
  out.writeUInt32LE(footer.dropCount, 24)
  out.writeUInt32LE(footer.from, 28)
  out.writeUInt32LE(footer.to, 32)
  out.writeBigUInt64LE(BigInt(footer.entries), 36)
  out.writeUInt32LE(footer.indexCrc, 44)
  out.writeUInt32LE(footer.dropsCrc, 48)
  out.writeUInt32LE(crc32c(out.subarray(0, 60)), 60)
  return out
}

/** `fileBytes`: bytes of the whole file, which every offset is held against. */
export function decodeFooter(bytes: Buffer, fileBytes: number, where: string): RunFooter {
  if (bytes.length !== footerBytes) throw errors.create('TRUNCATED', { where, reason: `${fileBytes} bytes` })
  if (bytes.readUInt32LE(0) !== footerMagic)
    throw errors.create('TRUNCATED', { where, reason: 'there is no footer at its end' })
  const version = bytes.readUInt16LE(4)
  const crc = bytes.readUInt32LE(60)
  if (crc32c(bytes.subarray(0, 60)) !== crc)
    throw errors.create('ALTERED', { where, reason: 'checksum of the footer does not match' })
  if (version > runVersion) throw errors.create('NEWER_VERSION', { where, version, supported: runVersion })
  const footer: RunFooter = {
    base: (bytes.readUInt16LE(6) & 1) === 1,
    packed: version > unpackedVersion,
    indexOffset: Number(bytes.readBigUInt64LE(8)),
    blockCount: bytes.readUInt32LE(16),
    dropsBytes: bytes.readUInt32LE(20),
    dropCount: bytes.readUInt32LE(24),
    from: bytes.readUInt32LE(28),
    to: bytes.readUInt32LE(32),
    entries: Number(bytes.readBigUInt64LE(36)),
    indexCrc: bytes.readUInt32LE(44),
    dropsCrc: bytes.readUInt32LE(48),
    crc,
  }
  const end = footer.indexOffset + footer.blockCount * indexEntryBytes + footerBytes
  if (end !== fileBytes || footer.indexOffset - footer.dropsBytes < headerBytes)
    malformed(where, 'the footer does not fit the file')
  if (footer.from > footer.to || footer.to > rangeCount) malformed(where, 'the footer has an impossible key range')
  return footer
}

export function encodeIndex(blocks: readonly BlockEntry[]): Buffer {
  const out = Buffer.alloc(blocks.length * indexEntryBytes)
  blocks.forEach((block, i) => {
    const at = i * indexEntryBytes
    out.writeBigUInt64LE(BigInt(block.offset), at)
    out.writeUInt32LE(block.stored, at + 8)
    out.writeUInt32LE(block.raw, at + 12)
    out.writeUInt32LE(block.firstHash, at + 16)
    out.writeUInt32LE(block.entries, at + 20)
    out.writeUInt32LE(block.crc, at + 24)
    out.writeUInt32LE(blockCodecs.indexOf(block.codec), at + 28)
  })
  return out
}

/** The index: blocks stand without gaps from the header to the drops, in the order of their first hash. */
export function decodeIndex(bytes: Buffer, footer: RunFooter, where: string): BlockEntry[] {
  if (crc32c(bytes) !== footer.indexCrc)
    throw errors.create('ALTERED', { where, reason: 'checksum of the index does not match' })
  const blocks: BlockEntry[] = []
  let offset = headerBytes
  let entries = 0
  let hash = footer.from * 65536
  for (let at = 0; at < bytes.length; at += indexEntryBytes) {
    const codec = blockCodecs[bytes.readUInt32LE(at + 28)]
    const block: BlockEntry = {
      offset: Number(bytes.readBigUInt64LE(at)),
      stored: bytes.readUInt32LE(at + 8),
      raw: bytes.readUInt32LE(at + 12),
      firstHash: bytes.readUInt32LE(at + 16),
      entries: bytes.readUInt32LE(at + 20),
      crc: bytes.readUInt32LE(at + 24),
      codec,
    }
    const rawMax = codec === 'packed' ? packedRawMax : blockBytesMax
    if (block.offset !== offset || codec === undefined || block.raw > rawMax)
      malformed(where, `the index is wrong at block ${blocks.length}`)
    if (block.firstHash < hash || block.firstHash >= footer.to * 65536)
      malformed(where, `block ${blocks.length} is out of order`)
    if (codec === 'plain' && block.raw !== block.stored) malformed(where, `block ${blocks.length} has two sizes`)
    if (codec === 'packed' && (block.raw < block.stored || !footer.packed))
      malformed(where, `block ${blocks.length} cannot be packed`)
    offset += block.stored
    entries += block.entries
    hash = block.firstHash
    blocks.push(block)
  }
  if (offset !== footer.indexOffset - footer.dropsBytes) malformed(where, 'the blocks do not fill the file')
  if (entries !== footer.entries) malformed(where, `${entries} entries instead of ${footer.entries}`)
  return blocks
}

export function encodeDrops(drops: readonly NamespaceDrop[]): Buffer {
  const out = Buffer.alloc(drops.reduce((sum, drop) => sum + 7 + drop.namespace.length, 0))
  let at = 0
  for (const drop of drops) {
    at = out.writeUInt16LE(drop.state, at)
    at = writeVarint(out, at, drop.namespace.length)
    out.set(drop.namespace, at)
    at += drop.namespace.length
  }
  return out.subarray(0, at)
}

export function decodeDrops(bytes: Buffer, footer: RunFooter, where: string): NamespaceDrop[] {
  if (crc32c(bytes) !== footer.dropsCrc)
    throw errors.create('ALTERED', { where, reason: 'checksum of the drops does not match' })
  const drops: NamespaceDrop[] = []
  let at = 0
  while (at < bytes.length) {
    if (bytes.length - at < 3) malformed(where, 'a drop is cut short')
    const state = bytes.readUInt16LE(at)
    let length = 0
    let scale = 1
    at += 2
    for (;;) {
      if (at >= bytes.length || scale > 2 ** 28) malformed(where, 'a drop is cut short')
      const byte = bytes[at++]
      length += (byte & 127) * scale
      scale *= 128
      if (byte < 128) break
    }
    if (length > bytes.length - at) malformed(where, 'a drop is cut short')
    drops.push({ state, namespace: bytes.subarray(at, at + length) })
    at += length
  }
  if (drops.length !== footer.dropCount) malformed(where, `${drops.length} drops instead of ${footer.dropCount}`)
  return drops
}

/** At most five bytes, for 0 to 2^32 - 1; returns where the next byte goes. */
export function writeVarint(out: Uint8Array, at: number, value: number): number {
  let rest = value
  let to = at
  while (rest > 127) {
    out[to++] = (rest & 127) | 128
    rest >>>= 7
  }
  out[to++] = rest
  return to
}

export function malformed(where: string, reason: string): never {
  throw errors.create('MALFORMED', { where, reason })
}

/** Order of two byte strings: byte by byte, a prefix first. */
export function compareBytes(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): number {
  const aLength = aEnd - aStart
  const bLength = bEnd - bStart
  const shared = Math.min(aLength, bLength)
  for (let i = 0; i < shared; i++) {
    const difference = a[aStart + i] - b[bStart + i]
    if (difference !== 0) return difference
  }
  return aLength - bLength
}
