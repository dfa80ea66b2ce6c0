/**
 * Reads a sorted run: only the blocks of the key ranges that are asked for, each checked before it is looked at.
 *
 * Promises: an entry is either as it was written or a coded error; nothing outside of the bytes given is touched. What is read ahead is
 * read once more where the storage has it in two places and the first gave something else than was written. A cursor
 * is one object for all entries; its views are valid until the next `next`. A reader may have several cursors; all on one
 * thread.
 */
import { crc32c } from '../../../core/bytes/crc32c.ts'
import { isMillraceError } from '../../../core/errors.ts'
import type { BlobStorage } from '../../../core/storage/storage.ts'
import { errors } from '../errors.ts'
import type { RunHandle } from '../manifest.ts'
import { type KeyRanges, rangeCount } from '../ranges.ts'
import { expandBlock } from './compress.ts'
import type { Inflater } from './inflater.ts'
import type { BlocksAhead } from './run-ahead.ts'
import { RunCursor } from './run-cursor.ts'
import {
  type BlockEntry,
  checkRunHeader,
  decodeDrops,
  decodeFooter,
  decodeIndex,
  footerBytes,
  headerBytes,
  indexEntryBytes,
  malformed,
  type NamespaceDrop,
  type RunFooter,
} from './run-format.ts'

/** Bytes that a cursor reads at a time, at least one block. */
const readAheadBytes = 1 << 20
/** What opening reads at first: the footer and, of most runs, the index. */
const tailBytes = 16384

export class RunReader {
  /** Names the run in errors. */
  readonly where: string
  readonly footer: RunFooter
  readonly blocks: readonly BlockEntry[]
  /** Dropped namespaces: what they hide is in older runs. */
  readonly drops: readonly NamespaceDrop[]
  /** Where cursors look for a block before they read it themselves. */
  ahead: BlocksAhead | undefined
  readonly #read: (offset: number, length: number) => Uint8Array
  readonly #readLater: (offset: number, length: number) => Promise<Uint8Array>
  readonly #load: ((from: number, to: number) => Promise<void>) | undefined
  readonly #trusted: RunSource['trusted']

  private constructor(
    source: RunSource,
    footer: RunFooter,
    blocks: readonly BlockEntry[],
    drops: readonly NamespaceDrop[],
  ) {
    this.where = source.where
    this.footer = footer
    this.blocks = blocks
    this.drops = drops
    this.#read = source.readNow
    this.#readLater = source.readLater
    this.#load = source.load
    this.#trusted = source.trusted
  }

  /** Opens the run of a handle; one that is not what the handle says is CHECKPOINT_RUN_MISMATCH. */
  static async open(storage: BlobStorage, handle: RunHandle): Promise<RunReader> {
    if (handle.inline !== undefined)
      return checkHandle(RunReader.fromBytes(Buffer.from(handle.inline, 'base64'), 'an inline run'), handle)
    const where = `${storage.url}/${handle.path}`
    const source = storageSource(storage, handle.path, where)
    return source.trusted(async () => checkHandle(await RunReader.#openSource(source, handle.bytes), handle))
  }

  /** Opens a file of which nothing is known, for tools. */
  static async openPath(storage: BlobStorage, path: string): Promise<RunReader> {
    return RunReader.#openSource(storageSource(storage, path, `${storage.url}/${path}`), await storage.size(path))
  }

  static fromBytes(bytes: Uint8Array, where: string): RunReader {
    const source = bytesSource(bytes, where)
    const tail = tailOf(bytes.length)
    const bounds = decodeTail(source.readNow(bytes.length - tail, tail), bytes.length, where)
    const meta = source.readNow(bounds.metaOffset, bytes.length - footerBytes - bounds.metaOffset)
    return RunReader.#assemble(source, bounds.footer, source.readNow(0, Math.min(headerBytes, bytes.length)), meta)
  }

  static async #openSource(source: RunSource, bytes: number): Promise<RunReader> {
    const { where } = source
    try {
      const header = await source.readLater(0, Math.min(headerBytes, bytes))
      checkRunHeader(asBuffer(header), where)
      const tail = tailOf(bytes)
      const end = await source.readLater(bytes - tail, tail)
      const { footer, metaOffset } = decodeTail(end, bytes, where)
      const metaBytes = bytes - footerBytes - metaOffset
      const inTail = metaOffset - (bytes - tail)
      const meta =
        inTail >= 0 ? end.subarray(inTail, tail - footerBytes) : await source.readLater(metaOffset, metaBytes)
      return RunReader.#assemble(source, footer, header, meta)
    } catch (cause) {
      if (isMillraceError(cause, 'STORAGE_SHORT_READ'))
        throw errors.create('TRUNCATED', { where, reason: cause.message }, { cause })
      throw cause
    }
  }

  static #assemble(source: RunSource, footer: RunFooter, header: Uint8Array, meta: Uint8Array): RunReader {
    const { where } = source
    checkRunHeader(asBuffer(header), where)
    const blocks = decodeIndex(asBuffer(meta.subarray(footer.dropsBytes)), footer, where)
    const drops = decodeDrops(asBuffer(meta.subarray(0, footer.dropsBytes)), footer, where)
    return new RunReader(source, footer, blocks, drops)
  }

  /** Blocks have to be fetched before they are read (`load`). */
  get loads(): boolean {
    return this.#load !== undefined
  }

  /** Fetches the blocks of these ranges, for storage that cannot block. Does nothing where `ranges` can read by itself. */
  async load(from = 0, to = rangeCount): Promise<void> {
    const { first, end } = this.blocksOf(from, to)
    if (first === end || this.#load === undefined) return
    await this.#load(this.blocks[first].offset, this.blocks[end - 1].offset + this.blocks[end - 1].stored)
  }

  /** A cursor before the first entry of key ranges `from` to `to` - 1. */
  cursor(from = 0, to = rangeCount): RunCursor {
    return new RunCursor(this, from, to)
  }

  /** Entries of key ranges `from` to `to` - 1 in order. It is the same object each time. */
  *ranges(from = 0, to = rangeCount): Generator<RunCursor, void, void> {
    const cursor = this.cursor(from, to)
    while (cursor.next()) yield cursor
  }

  /** Numbers of the blocks that may hold entries of these ranges. */
  blocksOf(from: number, to: number): { first: number; end: number } {
    const low = from * 65536
    const first = Math.max(0, this.#firstAtOrAbove(low) - 1)
    const end = Math.max(first, this.#firstAtOrAbove(to * 65536))
    return from < to ? { first, end } : { first, end: first }
  }

  /** Entries in the blocks of the ranges that are in both: some too many at either end. */
  entriesIn(a: KeyRanges, b: KeyRanges): number {
    const { first, end } = this.blocksOf(Math.max(a.from, b.from), Math.min(a.to, b.to))
    let entries = 0
    for (let number = first; number < end; number++) entries += this.blocks[number].entries
    return entries
  }

  /** Reads block `number` and as many after it, below `end`, as are worth one read; bytes are checked by `openBlock`. */
  readBlocks(number: number, end: number): Uint8Array {
    const start = this.blocks[number].offset
    let until = start + this.blocks[number].stored
    for (let next = number + 1; next < end && until + this.blocks[next].stored - start <= readAheadBytes; next++) {
      until += this.blocks[next].stored
    }
    try {
      return this.#read(start, until - start)
    } catch (cause) {
      throw this.#readError(cause)
    }
  }

  /** Bytes of the file, from any storage; to be checked by whoever opens them. */
  async readLater(offset: number, length: number): Promise<Uint8Array> {
    try {
      return await this.#readLater(offset, length)
    } catch (cause) {
      throw this.#readError(cause)
    }
  }

  /** Entries of a block, out of its stored bytes. */
  openBlock(number: number, stored: Uint8Array): Uint8Array {
    const block = this.#checked(number, stored)
    if (block.codec === 'plain') return stored
    try {
      return this.#inflated(number, expandBlock(stored, block.raw, block.codec))
    } catch (cause) {
      throw this.#inflateError(number, cause)
    }
  }

  /** Entries of blocks `first` to `end` - 1, of which there is one at least, from any storage. */
  openBlocksLater(first: number, end: number, inflater: Inflater): Promise<Uint8Array[]> {
    return this.#trusted(async () => {
      const start = this.blocks[first].offset
      const bytes = await this.readLater(start, this.blocks[end - 1].offset + this.blocks[end - 1].stored - start)
      // None is inflated before all are known to be right: a decoder that fails is lost for all.
      const checked = this.blocks.slice(first, end).map(({ offset, stored }, i) => {
        const block = bytes.subarray(offset - start, offset - start + stored)
        this.#checked(first + i, block)
        return block
      })
      const opened = await Promise.all(checked.map((block, i) => this.#inflateLater(first + i, block, inflater)))
      if (!opened.some((block, i) => block === checked[i])) giveBack(bytes)
      return opened
    })
  }

  async #inflateLater(number: number, stored: Uint8Array, inflater: Inflater): Promise<Uint8Array> {
    const { codec, raw } = this.blocks[number]
    if (codec === 'plain') return stored
    try {
      return codec === 'packed' ? inflater.unpack(stored, raw) : await inflater.inflate(stored, raw)
    } catch (cause) {
      throw this.#inflateError(number, cause)
    }
  }

  #checked(number: number, stored: Uint8Array): BlockEntry {
    const block = this.blocks[number]
    if (crc32c(stored) !== block.crc)
      throw errors.create('ALTERED', { where: this.where, reason: `checksum of block ${number} does not match` })
    return block
  }

  #inflated(number: number, raw: Uint8Array): Uint8Array {
    if (raw.length === this.blocks[number].raw) return raw
    return malformed(this.where, `block ${number} inflates to another size`)
  }

  #inflateError(number: number, cause: unknown): unknown {
    if (isMillraceError(cause)) return cause
    return errors.create('MALFORMED', { where: this.where, reason: `block ${number} does not inflate` }, { cause })
  }

  #readError(cause: unknown): unknown {
    if (!isMillraceError(cause, 'STORAGE_SHORT_READ')) return cause
    return errors.create('TRUNCATED', { where: this.where, reason: cause.message }, { cause })
  }

  #firstAtOrAbove(hash: number): number {
    let low = 0
    let high = this.blocks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.blocks[middle].firstHash < hash) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** Where the bytes of a run come from. */
interface RunSource {
  readonly where: string
  readonly readNow: (offset: number, length: number) => Uint8Array
  readonly readLater: (offset: number, length: number) => Promise<Uint8Array>
  readonly load: ((from: number, to: number) => Promise<void>) | undefined
  /** Reads; and once more, from elsewhere, if there is such a place and what was read is not what was written. */
  readonly trusted: <T>(read: () => Promise<T>) => Promise<T>
}

function storageSource(storage: BlobStorage, path: string, where: string): RunSource {
  const readLater = (offset: number, length: number): Promise<Uint8Array> => storage.getRange(path, offset, length)
  const trusted: RunSource['trusted'] = async (read) => {
    try {
      return await read()
    } catch (error) {
      if (storage.distrust === undefined) throw error
      await storage.distrust(path)
      return read()
    }
  }
  const { sync } = storage
  if (sync !== undefined)
    return {
      where,
      readLater,
      readNow: (offset, length) => sync.getRange(path, offset, length),
      load: undefined,
      trusted,
    }
  let loaded: { offset: number; bytes: Uint8Array } = { offset: 0, bytes: new Uint8Array(0) }
  return {
    where,
    readLater,
    readNow: (offset, length) => {
      const at = offset - loaded.offset
      if (at < 0 || at + length > loaded.bytes.length) throw errors.create('NOT_LOADED', { where })
      return loaded.bytes.subarray(at, at + length)
    },
    load: async (from, to) => {
      loaded = { offset: from, bytes: await readLater(from, to - from) }
    },
    trusted,
  }
}

function bytesSource(bytes: Uint8Array, where: string): RunSource {
  const readNow = (offset: number, length: number): Uint8Array => bytes.subarray(offset, offset + length)
  return {
    where,
    readNow,
    readLater: async (offset, length) => readNow(offset, length),
    load: undefined,
    trusted: (read) => read(),
  }
}

const tailOf = (bytes: number): number => Math.min(bytes, tailBytes)

function decodeTail(tail: Uint8Array, bytes: number, where: string): { footer: RunFooter; metaOffset: number } {
  const footer = decodeFooter(asBuffer(tail.subarray(Math.max(0, tail.length - footerBytes))), bytes, where)
  return { footer, metaOffset: bytes - footerBytes - footer.blockCount * indexEntryBytes - footer.dropsBytes }
}

function checkHandle(reader: RunReader, handle: RunHandle): RunReader {
  const { footer, where } = reader
  const base = footer.base ? 'base' : 'delta'
  if (footer.crc !== handle.crc) throw errors.create('RUN_MISMATCH', { where, reason: 'its checksum is another' })
  if (footer.entries !== handle.entries)
    throw errors.create('RUN_MISMATCH', { where, reason: `it has ${footer.entries} entries` })
  if (base !== handle.kind) throw errors.create('RUN_MISMATCH', { where, reason: `it is a ${base}` })
  return reader
}

/** Frees memory that nobody reads any more, unless others are in it too: otherwise it waits for the garbage collector, which it calls. */
function giveBack({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0)
}

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
