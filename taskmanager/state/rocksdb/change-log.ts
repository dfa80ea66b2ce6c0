/**
 * Versions of entries that have left the cache and that some snapshot has yet to take: files beside RocksDB, one per epoch, which
 * are read once from end to end, as encoded as runs have them, and removed. In RocksDB each of them would be written, merged,
 * read one by one and deleted.
 *
 * An entry that leaves the cache often is there as often: the files are bounded, and whoever is refused uses RocksDB until
 * all that is there has been taken. Nothing is synced: after a crash the directory is thrown away. One thread.
 */
import type { Disk } from '../../../core/platform/disk.ts'
import { entryKind, entryStartBytesMax, writeEntryHead } from '../../../proto/checkpoint/run.ts'
import { stateErrors } from '../errors.ts'

/** Entries of one epoch. */
interface EpochFile {
  readonly path: string
  readonly file: number
  /** Bytes in the file. */
  end: number
  /** Of all entries. */
  bytes: number
  /** The frame that is being filled: its head, and entries. */
  frame: Buffer
  used: number
  entries: number
  gone: boolean
}

/** Some entries as they stand in runs. Valid until the next one. */
export interface LoggedEntries {
  readonly bytes: Uint8Array
  readonly entries: number
  /** Some of them say that an entry is gone. */
  readonly gone: boolean
}

/** A frame: bytes of its entries, their number, whether some are gone. */
const frameHead = 12
const frameBytes = 64 * 1024

export class ChangeLog {
  readonly #disk: Disk
  readonly #directory: string
  readonly #bytesMax: number
  readonly #files = new Map<number, EpochFile>()
  #bytes = 0

  /** `directory`: made when it is needed. */
  constructor(disk: Disk, directory: string, bytesMax: number) {
    this.#disk = disk
    this.#directory = directory
    this.#bytesMax = bytesMax
  }

  /** Notes a version, undefined for an entry that is gone. False: there is no room. Throws STATE_ROCKSDB_FAILED. */
  append(
    epoch: number,
    hash: number,
    state: number,
    key: Uint8Array,
    namespace: Uint8Array,
    value: Uint8Array | undefined,
  ): boolean {
    if (this.#bytes >= this.#bytesMax) return false
    const valueBytes = value?.length ?? 0
    const bytes = entryStartBytesMax + key.length + namespace.length + valueBytes
    const into = this.#files.get(epoch) ?? this.#trying(() => this.#open(epoch))
    if (into.used + bytes > into.frame.length) this.#makeRoom(into, bytes)
    const { frame } = into
    const kind = value === undefined ? entryKind.tombstone : entryKind.put
    let at = writeEntryHead(frame, into.used, hash, state, kind, key.length, namespace.length, valueBytes)
    frame.set(key, at)
    at += key.length
    frame.set(namespace, at)
    at += namespace.length
    if (value === undefined) into.gone = true
    else frame.set(value, at)
    at += valueBytes
    this.#bytes += at - into.used
    into.bytes += at - into.used
    into.used = at
    into.entries++
    return true
  }

  /** What there is now of these epochs, oldest first. */
  read(from: number, through: number): Iterator<LoggedEntries> {
    const parts: { readonly file: number; readonly end: number }[] = []
    for (let epoch = from; epoch <= through; epoch++) {
      const each = this.#files.get(epoch)
      if (each === undefined) continue
      this.#writeFrame(each)
      parts.push({ file: each.file, end: each.end })
    }
    return this.#frames(parts)
  }

  /** Forgets the epochs before this one. */
  dropBefore(floor: number): void {
    for (const [epoch, { file, path, bytes }] of this.#files) {
      if (epoch >= floor) continue
      this.#files.delete(epoch)
      this.#bytes -= bytes
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
    const frame = Buffer.allocUnsafeSlow(1024)
    const made = { path, file, end: 0, bytes: 0, frame, used: frameHead, entries: 0, gone: false }
    this.#files.set(epoch, made)
    return made
  }

  /** Frames grow up to their size, and past it for one entry that is larger. */
  #makeRoom(into: EpochFile, bytes: number): void {
    if (into.used + bytes > frameBytes) this.#writeFrame(into)
    if (into.used + bytes <= into.frame.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(into.used + bytes, Math.min(frameBytes, into.frame.length * 2)))
    into.frame.copy(grown, 0, 0, into.used)
    into.frame = grown
  }

  #writeFrame(of: EpochFile): void {
    if (of.entries === 0) return
    of.frame.writeUInt32LE(of.used - frameHead, 0)
    of.frame.writeUInt32LE(of.entries, 4)
    of.frame.writeUInt32LE(of.gone ? 1 : 0, 8)
    this.#trying(() => this.#disk.writeAt(of.file, of.frame, 0, of.used, of.end))
    of.end += of.used
    of.used = frameHead
    of.entries = 0
    of.gone = false
  }

  *#frames(parts: readonly { readonly file: number; readonly end: number }[]): Generator<LoggedEntries, undefined> {
    const head = Buffer.allocUnsafeSlow(frameHead)
    let body = Buffer.allocUnsafeSlow(frameBytes)
    for (const { file, end } of parts) {
      for (let at = 0; at < end; ) {
        this.#readAll(file, head, frameHead, at)
        const bytes = head.readUInt32LE(0)
        if (bytes > body.length) body = Buffer.allocUnsafeSlow(bytes)
        this.#readAll(file, body, bytes, at + frameHead)
        at += frameHead + bytes
        yield { bytes: body.subarray(0, bytes), entries: head.readUInt32LE(4), gone: head.readUInt32LE(8) === 1 }
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
