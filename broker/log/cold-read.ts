/**
 * Reads from segment files: whole batches in pieces of 64 KB to 1 MB, and for whoever reads on where it stopped the next piece before
 * it is asked for. Each batch is looked at before it is handed out; damage is said, not served.
 *
 * Pieces lie in memory that is lent: a piece belongs to the read or the cursor that has it, until it is dropped. One thread.
 */
import { crc32c } from '../../core/bytes/crc32c.ts'
import type { Disk } from '../../core/platform/disk.ts'
import {
  baseOffsetOf,
  batchBytesOf,
  batchHeaderBytes,
  checksumOf,
  checksumStart,
  lastOffsetOf,
  magicOf,
} from './batch-fields.ts'
import { type Block, blockBytes, type LentMemory } from './lent-memory.ts'
import type { OpenFiles } from './open-files.ts'
import type { Segment, SegmentHost } from './segment.ts'

const minPieceBytes = 64 * 1024
const maxPieceBytes = blockBytes
/** A shorter piece has memory of its own. */
const sharedPieceBytesMin = maxPieceBytes / 4

export type ColdRead =
  | { readonly kind: 'data'; readonly buffer: Buffer; readonly nextOffset: number }
  /** Nothing from the offset up to the end of the segment, or the limit comes first. */
  | { readonly kind: 'nothing' }
  /** The first batch is larger than allowed. */
  | { readonly kind: 'too-large' }
  | { readonly kind: 'damaged'; readonly position: number; readonly reason: string }

/** Where somebody stopped reading. */
interface Cursor {
  readonly segment: Segment
  readonly offset: number
  readonly position: number
  readonly piece: Promise<Piece> | Piece
}

interface Piece {
  readonly at: number
  readonly bytes: Buffer
  /** Undefined for memory of its own. */
  readonly block: Block | undefined
}

export interface ColdReaderOptions {
  /** Check the CRC of each batch. */
  readonly verify: boolean
  /** Pieces that are kept for whoever reads on. */
  readonly cursors: number
}

export class ColdReader {
  readonly #disk: Disk
  readonly #files: OpenFiles
  readonly #host: SegmentHost
  readonly #lent: LentMemory
  readonly #options: ColdReaderOptions
  /** Oldest first. */
  #cursors: Cursor[] = []

  constructor(disk: Disk, files: OpenFiles, lent: LentMemory, options: ColdReaderOptions) {
    this.#lent = lent
    this.#disk = disk
    this.#files = files
    this.#host = { disk, files }
    this.#options = options
  }

  /**
   * Batches from the one that holds `offset` or follows it, below `endOffset`. `lend`: the reader gives the buffer back. Rejects
   * with the system's error.
   */
  async read(
    segment: Segment,
    offset: number,
    endOffset: number,
    maxBytes: number,
    atLeastOne: boolean,
    lend: boolean,
  ): Promise<ColdRead> {
    const cursor = this.#take(segment, offset)
    // Index entries are believed when the batch there is the one that they name.
    let expected = -1
    let position = 0
    if (cursor === undefined) {
      const index = segment.offsets(this.#host)
      const entry = index.floor(offset - segment.baseOffset)
      if (entry >= 0) {
        position = index.positionAt(entry)
        expected = segment.baseOffset + index.relativeOffsetAt(entry)
      }
    } else position = cursor.position
    let piece = cursor === undefined ? undefined : await cursor.piece
    const wanted = cursor === undefined ? Math.min(Math.max(maxBytes, minPieceBytes), maxPieceBytes) : maxPieceBytes
    let size = 0
    for (;;) {
      if (position + batchHeaderBytes > segment.writtenBytes) return { kind: 'nothing' }
      if (!holds(piece, position, batchHeaderBytes)) {
        this.#drop(piece)
        piece = await this.#load(segment, position, wanted)
      }
      if (!holds(piece, position, batchHeaderBytes)) return damaged(position, 'the file ends within a batch')
      const at = position - piece.at
      const problem = this.#headerProblem(piece.bytes, at, segment, position)
      if (expected >= 0) {
        const right = problem === undefined && lastOffsetOf(piece.bytes, at) === expected
        expected = -1
        if (!right) {
          segment.rebuild(this.#host, 4096)
          position = segment.offsets(this.#host).positionFor(offset - segment.baseOffset)
          continue
        }
      }
      if (problem !== undefined) return damaged(position, problem)
      if (baseOffsetOf(piece.bytes, at) >= endOffset) return { kind: 'nothing' }
      size = batchBytesOf(piece.bytes, at)
      if (lastOffsetOf(piece.bytes, at) >= offset) break
      position += size
    }
    if (size > maxBytes && !atLeastOne) return { kind: 'too-large' }
    if (!holds(piece, position, size)) {
      this.#drop(piece)
      piece = await this.#load(segment, position, Math.max(size, wanted))
    }
    if (!holds(piece, position, size)) return damaged(position, 'the file ends within a batch')
    return this.#collect(segment, piece, position, endOffset, maxBytes, cursor !== undefined, lend)
  }

  /** Forgets what belongs to a segment that goes. */
  forget(segment: Segment): void {
    this.#cursors = this.#cursors.filter((cursor) => cursor.segment !== segment)
  }

  #collect(
    segment: Segment,
    piece: Piece,
    position: number,
    endOffset: number,
    maxBytes: number,
    sequential: boolean,
    lend: boolean,
  ): ColdRead {
    const { bytes } = piece
    const start = position - piece.at
    let end = start
    let nextOffset = -1
    while (end + batchHeaderBytes <= bytes.length) {
      const problem = this.#headerProblem(bytes, end, segment, piece.at + end)
      const size = problem === undefined ? batchBytesOf(bytes, end) : 0
      // What comes before the damage is handed out; the next read meets it.
      if (problem !== undefined) break
      if (end + size > bytes.length || baseOffsetOf(bytes, end) >= endOffset) break
      if (end > start && end + size - start > maxBytes) break
      if (this.#options.verify && checksumOf(bytes, end) !== crc32c(bytes.subarray(end + checksumStart, end + size))) {
        if (end > start) break
        return damaged(piece.at + end, 'the checksum of a batch does not match its bytes')
      }
      nextOffset = lastOffsetOf(bytes, end) + 1
      end += size
    }
    const buffer = this.#lent.handOut(bytes.subarray(start, end), piece.block, lend)
    const next = piece.at + end
    const readsOn = next < segment.writtenBytes
    const loads = sequential && bytes.length - end < maxBytes
    if (readsOn) {
      this.#keep({ segment, offset: nextOffset, position: next, piece: loads ? this.#ahead(segment, next) : piece })
    }
    if (!readsOn || loads) this.#drop(piece)
    return { kind: 'data', buffer, nextOffset }
  }

  #headerProblem(bytes: Buffer, at: number, segment: Segment, position: number): string | undefined {
    const size = batchBytesOf(bytes, at)
    if (size < batchHeaderBytes || position + size > segment.writtenBytes) return `a batch of ${size} bytes`
    if (magicOf(bytes, at) !== 2) return `record format ${magicOf(bytes, at)}`
    if (baseOffsetOf(bytes, at) < segment.baseOffset) return `offset ${baseOffsetOf(bytes, at)}`
    return undefined
  }

  async #load(segment: Segment, position: number, wanted: number): Promise<Piece> {
    const length = Math.min(wanted, segment.writtenBytes - position)
    const block = length < sharedPieceBytesMin || length > blockBytes ? undefined : this.#lent.take()
    const bytes = block === undefined ? Buffer.allocUnsafeSlow(length) : block.bytes.subarray(0, length)
    const file = this.#files.pin(segment.file)
    try {
      let done = 0
      while (done < length) {
        const count = await this.#disk.readAtAsync(file, bytes, done, length - done, position + done)
        if (count === 0) break
        done += count
      }
      return { at: position, bytes: done === length ? bytes : bytes.subarray(0, done), block }
    } finally {
      this.#files.unpin(segment.file)
    }
  }

  #ahead(segment: Segment, position: number): Promise<Piece> {
    const piece = this.#load(segment, position, maxPieceBytes)
    // Whoever reads on meets the failure by reading itself.
    return piece.catch(() => ({ at: position, bytes: Buffer.alloc(0), block: undefined }))
  }

  #take(segment: Segment, offset: number): Cursor | undefined {
    for (let i = this.#cursors.length - 1; i >= 0; i--) {
      const cursor = this.#cursors[i]
      if (cursor.segment !== segment || cursor.offset !== offset) continue
      this.#cursors.splice(i, 1)
      return cursor
    }
    return undefined
  }

  #keep(cursor: Cursor): void {
    this.#cursors.push(cursor)
    if (this.#cursors.length <= this.#options.cursors) return
    const oldest = this.#cursors.shift()?.piece
    // What is still being read goes its own way, to the collector.
    if (oldest !== undefined && !(oldest instanceof Promise)) this.#drop(oldest)
  }

  #drop(piece: Piece | undefined): void {
    this.#lent.drop(piece?.block)
  }
}

function holds(piece: Piece | undefined, position: number, length: number): piece is Piece {
  return piece !== undefined && position >= piece.at && position + length <= piece.at + piece.bytes.length
}

function damaged(position: number, reason: string): ColdRead {
  return { kind: 'damaged', position, reason }
}
