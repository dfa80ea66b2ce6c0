/**
 * Writes a sorted run: entries go in in order, bytes come out in chunks. The writer holds one open block and whatever
 * chunks were not taken yet; who writes a large run takes them as it goes.
 *
 * Promises: entries out of order, twice or outside of the run's ranges are a bug and assert. Bytes given are copied at
 * once. One caller at a time.
 */
import { assert } from '../../../core/assert.ts'
import { crc32c } from '../../../core/bytes/crc32c.ts'
import type { BlobStorage, SyncBlobStorage } from '../../../core/storage/storage.ts'
import { errors } from '../errors.ts'
import type { RunHandle } from '../manifest.ts'
import { BlockCompressor, type CompressedBlock } from './compress.ts'
import {
  type BlockEntry,
  blockBytesMax,
  compareBytes,
  type EntryKind,
  encodeDrops,
  encodeFooter,
  encodeIndex,
  entryHeadBytes,
  entryKind,
  entryStartBytesMax,
  footerBytes,
  type NamespaceDrop,
  runHeader,
  writeVarint,
} from './run-format.ts'

export interface RunOptions {
  /** Ranges that the run covers: its entries are within. */
  readonly from: number
  readonly to: number
  /** A base hides nothing older and takes neither tombstones nor drops. */
  readonly kind: 'base' | 'delta'
  /** Raw bytes at which a block is closed. Default 64 KB. */
  readonly blockBytes?: number
  /** Default `small`: packed or zstd, and only where that makes a block at least an eighth smaller. */
  readonly compression?: 'small' | 'none'
}

/** A block that was made elsewhere: its entries are in order and none is twice. */
export interface WholeBlock {
  /** Lent. */
  readonly raw: Buffer
  readonly entries: number
  /** Of its last entry. */
  readonly lastHash: number
}

/** A run that is not stored yet. */
export type FinishedRun = Omit<RunHandle, 'path' | 'inline'>

/** Runs up to this size stand in the manifest itself. */
export const inlineBytesMaxDefault = 2048

/** Room for an entry that makes a block a little longer. */
const blockSlack = 4096
/** Shorter blocks stay as they are. */
const compressedFrom = 256

const nothing = new Uint8Array(0)

export class RunWriter {
  readonly options: RunOptions
  /** Entries appended so far. */
  entries = 0
  /** Bytes in chunks that were not taken yet. */
  pendingBytes = 0
  private readonly blockBytes: number
  private readonly low: number
  private readonly high: number
  private readonly blocks: BlockEntry[] = []
  private readonly compressor = new BlockCompressor()
  private readonly drops: NamespaceDrop[] = []
  private chunks: Uint8Array[] = []
  private offset = 0
  private block: Buffer
  private used = 0
  private blockEntries = 0
  private firstHash = 0
  private lastHash = -1
  private lastState = 0
  private lastKind = 0
  private lastKeyStart = 0
  private lastKeyEnd = 0
  private lastNamespaceEnd = 0
  /** Of a block before the open one, to be filled again. */
  private spare: Buffer | undefined
  /** Holds the last entry: the open block, or the one before when the open block is empty. */
  private lastBlock: Buffer
  private finished: FinishedRun | undefined

  constructor(options: RunOptions) {
    this.options = options
    this.blockBytes = options.blockBytes ?? 65536
    this.low = options.from * 65536
    this.high = options.to * 65536
    this.block = Buffer.allocUnsafeSlow(this.blockBytes + blockSlack)
    this.lastBlock = this.block
    this.emit(runHeader())
  }

  /** `hash` may be given signed. `value` is ignored unless the kind is put. */
  append(
    hash: number,
    state: number,
    kind: EntryKind,
    key: Uint8Array,
    namespace: Uint8Array,
    value: Uint8Array = nothing,
  ): void {
    const valueLength = kind === entryKind.put ? value.length : 0
    const payload = key.length + namespace.length + valueLength
    this.reserve(entryStartBytesMax + payload, state)
    const { block } = this
    const start = this.used
    let at = writeEntryHead(block, start, hash, state, kind, key.length, namespace.length, valueLength)
    const keyStart = at
    block.set(key, at)
    at += key.length
    block.set(namespace, at)
    at += namespace.length
    if (valueLength > 0) block.set(value, at)
    this.commit(
      hash >>> 0,
      state,
      kind,
      keyStart,
      keyStart + key.length,
      keyStart + key.length + namespace.length,
      at + valueLength,
    )
  }

  /** Appends an entry as it stands, encoded, in `source` from `start` to `end`; its key begins at `keyStart`. */
  appendEncoded(
    source: Uint8Array,
    start: number,
    end: number,
    hash: number,
    state: number,
    kind: EntryKind,
    keyStart: number,
    keyEnd: number,
    namespaceEnd: number,
  ): void {
    this.reserve(end - start, state)
    const at = this.used
    copy(source, start, end, this.block, at)
    const shift = at - start
    this.commit(hash >>> 0, state, kind, keyStart + shift, keyEnd + shift, namespaceEnd + shift, at + end - start)
  }

  /** All entries of this state and namespace in older runs are gone, whatever their key. Any time before `finish`. */
  dropNamespace(state: number, namespace: Uint8Array): void {
    assert(this.options.kind === 'delta', 'a base drops nothing')
    this.drops.push({ state, namespace: namespace.slice() })
  }

  /** Chunks that are complete, in order; they are the caller's now. */
  take(): Uint8Array[] {
    const { chunks } = this
    this.chunks = []
    this.pendingBytes = 0
    return chunks
  }

  /** Closes the run; what `take` gives afterwards is its end. */
  finish(): FinishedRun {
    if (this.finished !== undefined) return this.finished
    this.closeBlock()
    const drops = encodeDrops(this.drops)
    const index = encodeIndex(this.blocks)
    const indexOffset = this.offset + drops.length
    const footer = encodeFooter({
      base: this.options.kind === 'base',
      packed: this.blocks.some(({ codec }) => codec === 'packed'),
      indexOffset,
      blockCount: this.blocks.length,
      dropsBytes: drops.length,
      dropCount: this.drops.length,
      from: this.options.from,
      to: this.options.to,
      entries: this.entries,
      indexCrc: crc32c(index),
      dropsCrc: crc32c(drops),
    })
    this.emit(drops)
    this.emit(index)
    this.emit(footer)
    const { from, to, kind } = this.options
    this.finished = {
      bytes: this.offset,
      entries: this.entries,
      crc: footer.readUInt32LE(footerBytes - 4),
      from,
      to,
      kind,
    }
    return this.finished
  }

  private reserve(bytes: number, state: number): void {
    assert(this.finished === undefined, 'the run is finished')
    if (this.used > 0 && this.used + bytes > this.blockBytes) this.closeBlock()
    if (this.used + bytes <= this.block.length) return
    if (bytes > blockBytesMax) throw errors.create('ENTRY_TOO_LARGE', { state, bytes, limit: blockBytesMax })
    this.block = Buffer.allocUnsafeSlow(bytes)
  }

  private commit(
    hash: number,
    state: number,
    kind: number,
    keyStart: number,
    keyEnd: number,
    namespaceEnd: number,
    end: number,
  ): void {
    const { block } = this
    assert(hash >= this.low && hash < this.high, 'the entry is outside of the ranges of the run')
    assert(kind === entryKind.put || this.options.kind === 'delta', 'a base holds values only')
    if (hash <= this.lastHash) {
      assert(
        hash === this.lastHash && this.compareLast(state, kind, keyStart, keyEnd, namespaceEnd) < 0,
        'entries are out of order',
      )
    }
    if (this.blockEntries === 0) this.firstHash = hash
    this.lastHash = hash
    this.lastState = state
    this.lastKind = kind
    this.lastBlock = block
    this.lastKeyStart = keyStart
    this.lastKeyEnd = keyEnd
    this.lastNamespaceEnd = namespaceEnd
    this.used = end
    this.blockEntries++
    this.entries++
  }

  private compareLast(state: number, kind: number, keyStart: number, keyEnd: number, namespaceEnd: number): number {
    if (this.lastState !== state) return this.lastState - state
    const key = compareBytes(this.lastBlock, this.lastKeyStart, this.lastKeyEnd, this.block, keyStart, keyEnd)
    if (key !== 0) return key
    const namespace = compareBytes(
      this.lastBlock,
      this.lastKeyEnd,
      this.lastNamespaceEnd,
      this.block,
      keyEnd,
      namespaceEnd,
    )
    if (namespace !== 0) return namespace
    return this.lastKind === entryKind.drop && kind !== entryKind.drop ? -1 : 0
  }

  /** Appends a block behind all entries so far. `small`: it in zstd, by whoever has done so. */
  addBlock({ raw, entries, lastHash }: WholeBlock, small?: Buffer): void {
    assert(this.blockEntries === 0 && this.finished === undefined, 'no other block is open')
    const firstHash = raw.readUInt32LE(0)
    assert(firstHash >= this.low && lastHash < this.high, 'the block is outside of the ranges of the run')
    assert(this.lastHash <= firstHash && firstHash <= lastHash, 'blocks are out of order')
    this.lastHash = lastHash
    this.entries += entries
    const given = small && { stored: small, codec: 'zstd' as const }
    const block = this.compressed(raw, given) ?? { stored: Buffer.from(raw), codec: 'plain' }
    this.store(block, raw.length, firstHash, entries)
  }

  private closeBlock(): void {
    if (this.blockEntries === 0) return
    const raw = this.block.subarray(0, this.used)
    const small = this.compressed(raw)
    this.store(small ?? { stored: raw, codec: 'plain' }, raw.length, this.firstHash, this.blockEntries)
    // The last entry stays readable for the order check: this block is filled again after the next one, unless it was given away.
    const next = this.spare ?? Buffer.allocUnsafeSlow(this.blockBytes + blockSlack)
    this.spare = small !== undefined && this.block.length === next.length ? this.block : undefined
    this.block = next
    this.used = 0
    this.blockEntries = 0
  }

  /** Undefined: it is better left as it is. */
  private compressed(raw: Buffer, small?: CompressedBlock): CompressedBlock | undefined {
    if (this.options.compression === 'none' || raw.length < compressedFrom) return undefined
    const result = small ?? this.compressor.compress(raw)
    return result.stored.length < raw.length - (raw.length >>> 3) ? result : undefined
  }

  private store({ stored, codec }: CompressedBlock, raw: number, firstHash: number, entries: number): void {
    this.blocks.push({
      offset: this.offset,
      stored: stored.length,
      raw,
      firstHash,
      entries,
      crc: crc32c(stored),
      codec,
    })
    this.emit(stored)
  }

  private emit(chunk: Uint8Array): void {
    if (chunk.length === 0) return
    this.chunks.push(chunk)
    this.pendingBytes += chunk.length
    this.offset += chunk.length
  }
}

/** Writes the fixed part and the lengths; returns where the key goes. */
export function writeEntryHead(
  out: Uint8Array,
  start: number,
  hash: number,
  state: number,
  kind: number,
  keyLength: number,
  namespaceLength: number,
  valueLength: number,
): number {
  out[start] = hash
  out[start + 1] = hash >>> 8
  out[start + 2] = hash >>> 16
  out[start + 3] = hash >>> 24
  out[start + 4] = state
  out[start + 5] = state >>> 8
  out[start + 6] = kind
  let at = writeVarint(out, start + entryHeadBytes, keyLength)
  at = writeVarint(out, at, namespaceLength)
  return kind === entryKind.put ? writeVarint(out, at, valueLength) : at
}

/** A loop wins for the few bytes that an entry usually has; a native copy for more. */
function copy(source: Uint8Array, start: number, end: number, target: Uint8Array, at: number): void {
  if (end - start > 96) {
    target.set(source.subarray(start, end), at)
    return
  }
  for (let from = start, to = at; from < end; from++, to++) target[to] = source[from]
}

/** Finishes and stores a run that is small enough for memory; up to `inlineBytesMax` it becomes part of its handle. */
export async function saveRun(
  storage: BlobStorage,
  path: string,
  writer: RunWriter,
  inlineBytesMax: number = inlineBytesMaxDefault,
): Promise<RunHandle> {
  const run = writer.finish()
  const chunks = writer.take()
  if (run.bytes <= inlineBytesMax) return inlineHandle(run, chunks)
  await storage.put(path, chunks)
  return { path, ...run }
}

/** The same, blocking. */
export function saveRunSync(
  storage: SyncBlobStorage,
  path: string,
  writer: RunWriter,
  inlineBytesMax: number = inlineBytesMaxDefault,
): RunHandle {
  const run = writer.finish()
  const chunks = writer.take()
  if (run.bytes <= inlineBytesMax) return inlineHandle(run, chunks)
  storage.put(path, chunks)
  return { path, ...run }
}

function inlineHandle(run: FinishedRun, chunks: readonly Uint8Array[]): RunHandle {
  return { path: '', ...run, inline: Buffer.concat(chunks).toString('base64') }
}
