/**
 * Versions of entries that have left the cache and that some snapshot has yet to take: files beside RocksDB, one per epoch, which
 * are read once from end to end, as encoded as runs have them, and removed. In RocksDB each of them would be written, merged,
 * read one by one and deleted.
 *
 * An entry that leaves the cache often is there as often: the files are as large as what changed since the last complete
 * snapshot, until whoever writes to them gives them up. Nothing is synced: after a crash the directory is thrown away. No file
 * is open but that which is being read. One thread.
 */
import type { Disk } from '../../../core/platform/disk.ts'
import { stateErrors } from '../errors.ts'
import { EncodedEntries } from './encoded-entries.ts'

/** What was written of one epoch. */
interface EpochFile {
  readonly path: string
  /** Bytes in the file. */
  end: number
  /** Number of its first frame. */
  readonly first: number
}

/** Some entries as they stand in runs. Valid until the next ones; whoever takes them may write to the bytes. */
export interface LoggedEntries {
  readonly bytes: Buffer
  readonly entries: number
  /** Some of them say that an entry is gone. */
  readonly gone: boolean
  /** Number of their frame in the log. Undefined: they were never there. */
  readonly frame: number | undefined
}

/** A frame: bytes of its entries, their number, whether some are gone, its own number. */
const frameHead = 20
/** Small enough to be taken in one step of a snapshot. */
const frameBytes = 16 * 1024

export class ChangeLog {
  /** Bytes in the files, and of what is on its way there. */
  bytes = 0
  readonly #disk: Disk
  readonly #directory: string
  readonly #files = new Map<number, EpochFile>()
  /** By epoch: those that are being filled. */
  readonly #frames = new Map<number, EncodedEntries>()
  /** Frames written so far; each has the next number. */
  #written = 0
  #readings = 0
  /** To be removed when nobody reads any more. */
  #doomed: string[] = []

  /** `directory`: made when it is needed. */
  constructor(disk: Disk, directory: string) {
    this.#disk = disk
    this.#directory = directory
  }

  /** Files that there are. */
  get files(): number {
    return this.#files.size
  }

  /** Notes a version, undefined for an entry that is gone. Throws STATE_ROCKSDB_FAILED. */
  append(
    epoch: number,
    hash: number,
    state: number,
    key: Uint8Array,
    namespace: Uint8Array,
    value: Uint8Array | undefined,
  ): void {
    let frame = this.#frames.get(epoch)
    if (frame === undefined) {
      frame = new EncodedEntries(frameHead)
      this.#frames.set(epoch, frame)
    }
    this.bytes -= frame.length
    frame.add(hash, state, key, namespace, value)
    this.bytes += frame.length
    if (frame.length >= frameBytes) this.#write(epoch, frame)
  }

  /** What there is now of these epochs, oldest first, whatever is forgotten meanwhile. Close it. */
  read(from: number, through: number): LogReading {
    for (const [epoch, frame] of this.#frames) {
      if (epoch < from || epoch > through) continue
      this.#frames.delete(epoch)
      this.#write(epoch, frame)
    }
    const parts = [...this.#files]
      .filter(([epoch]) => epoch >= from && epoch <= through)
      .sort(([a], [b]) => a - b)
      .map(([, { path, end }]) => ({ path, end }))
    this.#readings++
    return new LogReading(this.#disk, this.#directory, parts, () => {
      this.#readings--
      if (this.#readings > 0) return
      for (const path of this.#doomed) this.#disk.remove(path)
      this.#doomed = []
    })
  }

  /** Frames up to this number are all that there is now, and none of what comes. */
  mark(): number {
    for (const [epoch, frame] of this.#frames) this.#write(epoch, frame)
    return this.#written
  }

  /** There is nothing in frames before this one. */
  get oldest(): number {
    let oldest = this.#written + 1
    for (const { first } of this.#files.values()) oldest = Math.min(oldest, first)
    return oldest
  }

  /** Forgets the epochs before this one. */
  dropBefore(floor: number): void {
    for (const [epoch, { path, end }] of this.#files) {
      if (epoch >= floor) continue
      this.#files.delete(epoch)
      this.bytes -= end
      if (this.#readings > 0) this.#doomed.push(path)
      else this.#disk.remove(path)
    }
    for (const [epoch, frame] of this.#frames) {
      if (epoch >= floor) continue
      this.#frames.delete(epoch)
      this.bytes -= frame.length
    }
  }

  /** Forgets everything. */
  clear(): void {
    this.dropBefore(Number.POSITIVE_INFINITY)
  }

  #write(epoch: number, frame: EncodedEntries): void {
    if (frame.entries === 0) return
    const number = ++this.#written
    const { whole } = frame
    whole.writeUInt32LE(frame.length, 0)
    whole.writeUInt32LE(frame.entries, 4)
    whole.writeUInt32LE(frame.gone ? 1 : 0, 8)
    whole.writeDoubleLE(number, 12)
    let file = this.#files.get(epoch)
    if (file === undefined) {
      file = { path: `${this.#directory}/${epoch}`, end: 0, first: number }
      this.#files.set(epoch, file)
    }
    const { path } = file
    trying(this.#directory, () => {
      if (number === 1) this.#disk.makeDirectory(this.#directory)
      this.#disk.appendFile(path, whole)
    })
    file.end += whole.length
    this.bytes += frameHead
    frame.clear()
  }
}

/** A reading of the log, frame by frame. */
export class LogReading implements Iterator<LoggedEntries, undefined> {
  readonly #disk: Disk
  readonly #directory: string
  readonly #parts: readonly { readonly path: string; readonly end: number }[]
  readonly #closed: () => void
  readonly #head = Buffer.allocUnsafeSlow(frameHead)
  #body = Buffer.allocUnsafeSlow(2 * frameBytes)
  #part = 0
  #at = 0
  #file: number | undefined
  #isClosed = false

  constructor(
    disk: Disk,
    directory: string,
    parts: readonly { readonly path: string; readonly end: number }[],
    closed: () => void,
  ) {
    this.#disk = disk
    this.#directory = directory
    this.#parts = parts
    this.#closed = closed
  }

  /** Throws STATE_ROCKSDB_FAILED. */
  next(): IteratorResult<LoggedEntries, undefined> {
    if (this.#at === this.#parts[this.#part]?.end) this.#closeFile()
    if (this.#part >= this.#parts.length) return { done: true, value: undefined }
    const { path } = this.#parts[this.#part]
    this.#file ??= trying(this.#directory, () => this.#disk.open(path, 'r'))
    const head = this.#head
    this.#readAll(this.#file, head, frameHead, this.#at)
    const bytes = head.readUInt32LE(0)
    if (bytes > this.#body.length) this.#body = Buffer.allocUnsafeSlow(bytes)
    this.#readAll(this.#file, this.#body, bytes, this.#at + frameHead)
    this.#at += frameHead + bytes
    const entries = head.readUInt32LE(4)
    const gone = head.readUInt32LE(8) === 1
    const frame = head.readDoubleLE(12)
    return { done: false, value: { bytes: this.#body.subarray(0, bytes), entries, gone, frame } }
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#closeFile()
    this.#closed()
  }

  #closeFile(): void {
    if (this.#file !== undefined) this.#disk.close(this.#file)
    this.#file = undefined
    this.#part++
    this.#at = 0
  }

  #readAll(file: number, into: Buffer, length: number, position: number): void {
    for (let got = 0; got < length; ) {
      const n = trying(this.#directory, () => this.#disk.readAt(file, into, got, length - got, position + got))
      if (n === 0) throw failed(this.#directory, 'a file is shorter than what was written to it')
      got += n
    }
  }
}

function trying<T>(directory: string, call: () => T): T {
  try {
    return call()
  } catch (cause) {
    throw failed(directory, (cause as Error).message, cause)
  }
}

const failed = (directory: string, reason: string, cause?: unknown): Error =>
  stateErrors.create('ROCKSDB_FAILED', { directory, reason }, { cause })
