/**
 * Versions of entries that have left the cache and that some snapshot has yet to take: files beside RocksDB, one per epoch, which
 * are read once from end to end, as encoded as runs have them, and removed. In RocksDB each of them would be written, merged,
 * read one by one and deleted.
 *
 * An entry that leaves the cache often is there as often: the files are as large as what changed since the last complete
 * snapshot. Nothing is synced: after a crash the directory is thrown away. One thread.
 */
import type { Disk } from '../../../core/platform/disk.ts'
import { stateErrors } from '../errors.ts'
import { EncodedEntries } from './encoded-entries.ts'

/** Entries of one epoch. */
interface EpochFile {
  readonly path: string
  readonly file: number
  /** Bytes in the file. */
  end: number
  /** In the file and in the frame. */
  entries: number
  /** The frame that is being filled. */
  readonly frame: EncodedEntries
}

/** Some entries as they stand in runs. Valid until the next ones; whoever takes them may write to the bytes. */
export interface LoggedEntries {
  readonly bytes: Buffer
  readonly entries: number
  /** Some of them say that an entry is gone. */
  readonly gone: boolean
  /** Where they are in the log: their epoch, and how many entries of it are before them. Undefined: they were never there. */
  readonly place: { readonly epoch: number; readonly before: number } | undefined
}

/** A frame: bytes of its entries, their number, whether some are gone. */
const frameHead = 12
/** Small enough to be taken in one step of a snapshot. */
const frameBytes = 16 * 1024

export class ChangeLog {
  readonly #disk: Disk
  readonly #directory: string
  readonly #files = new Map<number, EpochFile>()

  /** `directory`: made when it is needed. */
  constructor(disk: Disk, directory: string) {
    this.#disk = disk
    this.#directory = directory
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
    const into = this.#files.get(epoch) ?? this.#trying(() => this.#open(epoch))
    into.frame.add(hash, state, key, namespace, value)
    into.entries++
    if (into.frame.length >= frameBytes) this.#writeFrame(into)
  }

  /** What there is now of these epochs, oldest first. */
  read(from: number, through: number): Iterator<LoggedEntries> {
    const parts: { readonly file: number; readonly end: number; readonly epoch: number }[] = []
    for (let epoch = from; epoch <= through; epoch++) {
      const each = this.#files.get(epoch)
      if (each === undefined) continue
      this.#writeFrame(each)
      parts.push({ file: each.file, end: each.end, epoch })
    }
    return this.#frames(parts)
  }

  /** How many entries there are now, by epoch. */
  counts(): ReadonlyMap<number, number> {
    return new Map(Array.from(this.#files, ([epoch, { entries }]) => [epoch, entries]))
  }

  /** Forgets the epochs before this one. */
  dropBefore(floor: number): void {
    for (const [epoch, { file, path }] of this.#files) {
      if (epoch >= floor) continue
      this.#files.delete(epoch)
      this.#disk.close(file)
      this.#disk.remove(path)
    }
  }

  close(): void {
    this.dropBefore(Number.POSITIVE_INFINITY)
  }

  #open(epoch: number): EpochFile {
    this.#disk.makeDirectory(this.#directory)
    const path = `${this.#directory}/${epoch}`
    const file = this.#disk.open(path, 'w+')
    const made = { path, file, end: 0, entries: 0, frame: new EncodedEntries(frameHead) }
    this.#files.set(epoch, made)
    return made
  }

  #writeFrame(of: EpochFile): void {
    const { frame } = of
    if (frame.entries === 0) return
    const { whole } = frame
    whole.writeUInt32LE(frame.length, 0)
    whole.writeUInt32LE(frame.entries, 4)
    whole.writeUInt32LE(frame.gone ? 1 : 0, 8)
    this.#trying(() => this.#disk.writeAt(of.file, whole, 0, whole.length, of.end))
    of.end += whole.length
    frame.clear()
  }

  *#frames(
    parts: readonly { readonly file: number; readonly end: number; readonly epoch: number }[],
  ): Generator<LoggedEntries, undefined> {
    const head = Buffer.allocUnsafeSlow(frameHead)
    let body = Buffer.allocUnsafeSlow(2 * frameBytes)
    for (const { file, end, epoch } of parts) {
      let before = 0
      for (let at = 0; at < end; ) {
        this.#readAll(file, head, frameHead, at)
        const bytes = head.readUInt32LE(0)
        const entries = head.readUInt32LE(4)
        if (bytes > body.length) body = Buffer.allocUnsafeSlow(bytes)
        this.#readAll(file, body, bytes, at + frameHead)
        at += frameHead + bytes
        yield { bytes: body.subarray(0, bytes), entries, gone: head.readUInt32LE(8) === 1, place: { epoch, before } }
        before += entries
      }
    }
  }

  #readAll(file: number, into: Buffer, length: number, position: number): void {
    for (let got = 0; got < length; ) {
      const n = this.#trying(() => this.#disk.readAt(file, into, got, length - got, position + got))
      if (n === 0) throw this.#failed('a file is shorter than what was written to it')
      got += n
    }
  }

  #trying<T>(call: () => T): T {
    try {
      return call()
    } catch (cause) {
      throw this.#failed((cause as Error).message, cause)
    }
  }

  #failed(reason: string, cause?: unknown): Error {
    return stateErrors.create('ROCKSDB_FAILED', { directory: this.#directory, reason }, { cause })
  }
}
