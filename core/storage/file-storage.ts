/**
 * Blob storage in a directory of a file system. An object is a file: written under a temporary name beside its place,
 * synced, then renamed (or linked, where it must not exist yet), then the directory is synced.
 *
 * A register is a directory that holds its values as files `.cas-<number>`; the highest number counts. Setting it is
 * linking the next number, which exactly one process can do, so that no lock can be left behind. A value that a slow
 * process links under a number long passed is not the highest and never seen.
 *
 * Concurrency: any number of threads and processes; nothing is cached. The asynchronous half never waits for the device on
 * its thread, and gives other work its turn between slices of a large write; a read takes as long as the page cache does.
 */
import { dirname, join, resolve, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Clock, systemClock } from '../platform/clock.ts'
import { type Disk, systemDisk } from '../platform/disk.ts'
import { makeDurableDirectory } from '../platform/durable-directory.ts'
import { type Random, systemRandom } from '../platform/random.ts'
import { errors } from './errors.ts'
import type { BlobBytes, BlobEntry, BlobStorage, BlobWriter, SyncBlobStorage } from './storage.ts'
import { guard, guardAsync, systemCode } from './system-error.ts'

const temporaryPrefix = '.tmp-'
const registerPrefix = '.cas-'
const registerDigits = 12
/** Bytes that are written between two turns of the event loop. */
const sliceBytes = 512 << 10
/** A reader meets a register whose values are replaced under its hands at most this often. */
const registerReadsMax = 64

export interface FileStorageOptions {
  readonly disk?: Disk
  readonly random?: Random
  readonly clock?: Clock
}

/** Storage below `directory`, which is made when something is written. */
export function fileStorage(directory: string, options: FileStorageOptions = {}): BlobStorage {
  return new FileStorage(resolve(directory), options)
}

class FileStorage implements BlobStorage {
  readonly url: string
  readonly sync: SyncBlobStorage
  readonly #root: string
  readonly #disk: Disk
  readonly #random: Random
  readonly #clock: Clock

  constructor(root: string, options: FileStorageOptions) {
    this.#root = root
    this.#disk = options.disk ?? systemDisk
    this.#random = options.random ?? systemRandom
    this.#clock = options.clock ?? systemClock
    this.url = pathToFileURL(root).href.replace(/\/+$/, '')
    this.sync = {
      put: (path, bytes) => this.#putSync(path, bytes),
      get: (path) => this.#getSync(path),
      getRange: (path, offset, length) => this.#getRangeSync(path, offset, length),
      size: (path) => this.#sizeSync(path),
    }
  }

  async put(path: string, bytes: BlobBytes): Promise<void> {
    const target = this.#locate(path)
    await guardAsync('write', target, async () => {
      const temporary = await this.#writeTemporary(target, bytes)
      this.#rename(temporary, target)
      await this.#syncDirectory(dirname(target))
    })
  }

  async putIfAbsent(path: string, bytes: BlobBytes): Promise<boolean> {
    const target = this.#locate(path)
    return guardAsync('write', target, async () => {
      if (this.#disk.exists(target)) return false
      if (!this.#linkNew(await this.#writeTemporary(target, bytes), target)) return false
      await this.#syncDirectory(dirname(target))
      return true
    })
  }

  async openWriter(path: string): Promise<BlobWriter> {
    const target = this.#locate(path)
    const temporary = this.#temporaryFor(target)
    const file = guard('write', target, () => {
      makeDurableDirectory(this.#disk, dirname(target))
      return this.#disk.open(temporary, 'wx')
    })
    let open = true
    const discard = (): void => {
      if (!open) return
      open = false
      this.#disk.close(file)
      this.#disk.remove(temporary)
    }
    return {
      write: async (bytes) => {
        try {
          guard('write', target, () => this.#disk.writeAt(file, bytes, 0, bytes.length, null))
        } catch (error) {
          discard()
          throw error
        }
      },
      finish: async () => {
        try {
          await guardAsync('write', target, async () => {
            await this.#disk.syncAsync(file)
            open = false
            this.#disk.close(file)
            this.#rename(temporary, target)
            await this.#syncDirectory(dirname(target))
          })
        } catch (error) {
          discard()
          throw error
        }
      },
      abort: async () => guard('write', target, discard),
    }
  }

  async get(path: string): Promise<Uint8Array> {
    const target = this.#locate(path)
    return this.#reading(path, target, async () => {
      try {
        return await this.#disk.readAsync(target)
      } catch (error) {
        if (systemCode(error) !== 'EISDIR') throw error
        return this.#readRegister(path, target)?.bytes ?? this.#missing(path)
      }
    })
  }

  async getRange(path: string, offset: number, length: number): Promise<Uint8Array> {
    const target = this.#locate(path)
    return this.#reading(path, target, async () => {
      const file = this.#disk.open(target, 'r')
      try {
        const into = Buffer.allocUnsafeSlow(length)
        for (let done = 0; done < length; ) {
          const read = await this.#disk.readAtAsync(file, into, done, length - done, offset + done)
          if (read === 0) throw shortRead(target, offset + length)
          done += read
        }
        return into
      } finally {
        this.#disk.close(file)
      }
    })
  }

  async size(path: string): Promise<number> {
    return this.#sizeSync(path)
  }

  async list(prefix: string): Promise<BlobEntry[]> {
    const found: BlobEntry[] = []
    // Only the directory that the prefix names can hold matches.
    const slash = prefix.lastIndexOf('/')
    const start = slash < 0 ? '' : prefix.slice(0, slash)
    const directory = start === '' ? this.#root : this.#locate(start)
    guard('list', directory, () => this.#walk(directory, start, prefix, found))
    return found.sort((a, b) => (a.path < b.path ? -1 : 1))
  }

  async delete(path: string): Promise<void> {
    const target = this.#locate(path)
    guard('delete', target, () => {
      const stat = this.#disk.stat(target)
      if (stat === undefined) return
      if (stat.isDirectory && this.#versions(target).length === 0) return
      this.#disk.remove(target)
      this.#removeEmptyDirectories(dirname(target))
    })
  }

  async exists(path: string): Promise<boolean> {
    const target = this.#locate(path)
    return guard('read', target, () => {
      const stat = this.#disk.stat(target)
      return stat !== undefined && (!stat.isDirectory || this.#versions(target).length > 0)
    })
  }

  async compareAndSet(path: string, expected: Uint8Array | null, bytes: Uint8Array): Promise<boolean> {
    const target = this.#locate(path)
    return guardAsync('write', target, async () => {
      const now = this.#readRegister(path, target)
      if (expected === null ? now !== undefined : now === undefined || Buffer.compare(now.bytes, expected) !== 0)
        return false
      const number = (now?.number ?? 0) + 1
      const own = join(target, registerName(number))
      if (!this.#linkNew(await this.#writeTemporary(own, bytes), own)) return false
      // In the same turn: while the directory is synced others may set it on top of ours again and again. Two or more numbers
      // on already, ours came too late.
      const versions = this.#versions(target)
      const behind = (versions.at(-1) ?? number) - number
      if (behind > 1) return false
      await this.#syncDirectory(target)
      for (const old of versions) if (old < number - 1) this.#disk.remove(join(target, registerName(old)))
      return true
    })
  }

  #locate(path: string): string {
    const parts = path.split('/')
    const bad = parts.some(
      (part) => part === '' || part === '.' || part === '..' || part.includes('\0') || part.includes('\\'),
    )
    if (bad || parts.some((part) => part.startsWith(temporaryPrefix) || part.startsWith(registerPrefix))) {
      throw errors.create('BAD_PATH', { path })
    }
    return join(this.#root, ...parts)
  }

  #missing(path: string): never {
    throw errors.create('NOT_FOUND', { path, storage: this.url })
  }

  #temporaryFor(target: string): string {
    return join(dirname(target), `${temporaryPrefix}${this.#random.hex(8)}`)
  }

  async #writeTemporary(target: string, bytes: BlobBytes): Promise<string> {
    const temporary = this.#temporaryFor(target)
    const file = this.#openTemporary(temporary)
    try {
      let written = 0
      for (const piece of pieces(bytes)) {
        for (let at = 0; at < piece.length; at += sliceBytes) {
          const length = Math.min(sliceBytes, piece.length - at)
          this.#disk.writeAt(file, piece, at, length, null)
          written += length
          if (written < sliceBytes) continue
          written = 0
          await new Promise<void>((resume) => this.#clock.setImmediate(resume))
        }
      }
      await this.#disk.syncAsync(file)
    } catch (error) {
      this.#disk.close(file)
      this.#disk.remove(temporary)
      throw error
    }
    this.#disk.close(file)
    return temporary
  }

  #openTemporary(temporary: string): number {
    try {
      return this.#disk.open(temporary, 'wx')
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error
      makeDurableDirectory(this.#disk, dirname(temporary))
      return this.#disk.open(temporary, 'wx')
    }
  }

  #rename(temporary: string, target: string): void {
    try {
      this.#disk.rename(temporary, target)
    } catch (error) {
      this.#disk.remove(temporary)
      throw error
    }
  }

  async #syncDirectory(path: string): Promise<void> {
    let directory: number
    try {
      directory = this.#disk.open(path, 'r')
    } catch {
      // Systems that cannot open a directory have their own way.
      this.#disk.syncDirectory(path)
      return
    }
    try {
      await this.#disk.syncAsync(directory)
    } finally {
      this.#disk.close(directory)
    }
  }

  /** False when there is something of that name. */
  #linkNew(temporary: string, target: string): boolean {
    try {
      this.#disk.link(temporary, target)
    } catch (error) {
      if (systemCode(error) === 'EEXIST') return false
      throw error
    } finally {
      this.#disk.remove(temporary)
    }
    return true
  }

  #putSync(path: string, bytes: BlobBytes): void {
    const target = this.#locate(path)
    guard('write', target, () => {
      const temporary = this.#temporaryFor(target)
      const file = this.#openTemporary(temporary)
      try {
        for (const piece of pieces(bytes)) this.#disk.writeAt(file, piece, 0, piece.length, null)
        this.#disk.sync(file)
      } catch (error) {
        this.#disk.close(file)
        this.#disk.remove(temporary)
        throw error
      }
      this.#disk.close(file)
      this.#rename(temporary, target)
      this.#disk.syncDirectory(dirname(target))
    })
  }

  #getSync(path: string): Uint8Array {
    const target = this.#locate(path)
    return this.#readingSync(path, target, () => {
      try {
        return this.#disk.read(target)
      } catch (error) {
        if (systemCode(error) !== 'EISDIR') throw error
        return this.#readRegister(path, target)?.bytes ?? this.#missing(path)
      }
    })
  }

  #getRangeSync(path: string, offset: number, length: number): Uint8Array {
    const target = this.#locate(path)
    return this.#readingSync(path, target, () => {
      const file = this.#disk.open(target, 'r')
      try {
        const into = Buffer.allocUnsafeSlow(length)
        for (let done = 0; done < length; ) {
          const read = this.#disk.readAt(file, into, done, length - done, offset + done)
          if (read === 0) throw shortRead(target, offset + length)
          done += read
        }
        return into
      } finally {
        this.#disk.close(file)
      }
    })
  }

  #sizeSync(path: string): number {
    const target = this.#locate(path)
    const stat = guard('read', target, () => this.#disk.stat(target))
    if (stat === undefined || stat.isDirectory) return this.#missing(path)
    return stat.sizeBytes
  }

  #readingSync<T>(path: string, target: string, read: () => T): T {
    return guard('read', target, () => {
      try {
        return read()
      } catch (error) {
        if (systemCode(error) === 'ENOENT') return this.#missing(path)
        throw error
      }
    })
  }

  #reading<T>(path: string, target: string, read: () => Promise<T>): Promise<T> {
    return guardAsync('read', target, async () => {
      try {
        return await read()
      } catch (error) {
        if (systemCode(error) === 'ENOENT') return this.#missing(path)
        throw error
      }
    })
  }

  /** Numbers of the values that a register has, rising; none when it is not there. */
  #versions(target: string): number[] {
    if (!this.#disk.exists(target)) return []
    const names = this.#disk.list(target).filter((name) => name.startsWith(registerPrefix))
    return names.map((name) => Number(name.slice(registerPrefix.length))).sort((a, b) => a - b)
  }

  #readRegister(path: string, target: string): { number: number; bytes: Buffer } | undefined {
    for (let attempt = 0; attempt < registerReadsMax; attempt++) {
      const number = this.#versions(target).at(-1)
      if (number === undefined) return undefined
      try {
        return { number, bytes: this.#disk.read(join(target, registerName(number))) }
      } catch (error) {
        // Replaced and removed since it was listed: look again.
        if (systemCode(error) !== 'ENOENT') throw error
      }
    }
    throw errors.create('IO', {
      action: 'read',
      path: target,
      reason: `${path} changed ${registerReadsMax} times meanwhile`,
    })
  }

  #walk(directory: string, path: string, prefix: string, found: BlobEntry[]): void {
    if (!this.#disk.exists(directory)) return
    for (const name of this.#disk.list(directory)) {
      if (name.startsWith(temporaryPrefix)) continue
      const full = join(directory, name)
      if (name.startsWith(registerPrefix)) continue
      const own = path === '' ? name : `${path}/${name}`
      const related = own.startsWith(prefix) || prefix.startsWith(own)
      const stat = related ? this.#disk.stat(full) : undefined
      if (stat === undefined) continue
      if (!stat.isDirectory) {
        if (own.startsWith(prefix)) found.push({ path: own, bytes: stat.sizeBytes, modifiedMs: stat.modifiedMs })
        continue
      }
      const value = this.#versions(full).at(-1)
      const held = value === undefined ? undefined : this.#disk.stat(join(full, registerName(value)))
      if (held !== undefined && own.startsWith(prefix)) {
        found.push({ path: own, bytes: held.sizeBytes, modifiedMs: held.modifiedMs })
      } else this.#walk(full, own, prefix, found)
    }
  }

  /** Empty directories are no objects; the root stays. A writer that needs one that just went makes it again. */
  #removeEmptyDirectories(from: string): void {
    for (let at = from; at.startsWith(this.#root + sep); at = dirname(at)) {
      try {
        this.#disk.removeDirectory(at)
      } catch {
        // Something is in it, or somebody else was faster: it is none of ours.
        return
      }
    }
  }
}

const shortRead = (path: string, end: number): Error => errors.create('SHORT_READ', { path, end })

const pieces = (bytes: BlobBytes): readonly Uint8Array[] => (bytes instanceof Uint8Array ? [bytes] : bytes)

const registerName = (number: number): string => registerPrefix + String(number).padStart(registerDigits, '0')
