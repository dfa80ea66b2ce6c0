/**
 * Files. Whoever keeps bytes takes a `Disk`, so that a test can lose what was not synced. The synchronous half is for
 * threads that do nothing else meanwhile (slots, tools); control threads use the asynchronous half.
 *
 * Errors are those of the operating system (`error.code` is 'ENOENT' and so on); callers put them into their own table.
 */
import * as fs from 'node:fs'
import { dirname, join, resolve } from 'node:path'

export interface FileStat {
  readonly sizeBytes: number
  /** Epoch ms. */
  readonly modifiedMs: number
  readonly isDirectory: boolean
  /** The same for a file under whatever name, other for every other file that there is at the same time. */
  readonly id: string
}

export interface DiskSpace {
  readonly totalBytes: number
  /** What this user may still write. */
  readonly usableBytes: number
}

export type OpenMode =
  /** Read; must exist. */
  | 'r'
  /** Read and write; must exist. */
  | 'r+'
  /** Write; made or emptied. */
  | 'w'
  /** Read and write; made or emptied. */
  | 'w+'
  /** Write at the end; made when absent. */
  | 'a'
  /** Write; fails with EEXIST when it exists. */
  | 'wx'
  /** Read and write; fails with EEXIST when it exists. */
  | 'wx+'

export interface Disk {
  /** The whole path of a relative one. */
  absolute(path: string): string
  exists(path: string): boolean
  /** Undefined when there is nothing. */
  stat(path: string): FileStat | undefined
  /** Names in a directory, sorted. */
  list(path: string): string[]
  read(path: string): Buffer
  /** Makes or replaces; not atomic, not synced. */
  write(path: string, data: Uint8Array | string): void
  /** Adds to the end of a file, made when absent; not synced. */
  appendFile(path: string, data: Uint8Array | string): void
  /** Makes the directory and those above it; nothing when it exists. */
  makeDirectory(path: string): void
  rename(from: string, to: string): void
  /** A second name for a file, as one step; fails with EEXIST when `to` exists. */
  link(from: string, to: string): void
  /** Removes a file or a whole directory; nothing when absent. */
  remove(path: string): void
  /** Removes an empty directory; fails with ENOTEMPTY (or EEXIST) when something is in it, ENOENT when it is absent. */
  removeDirectory(path: string): void
  open(path: string, mode: OpenMode): number
  close(file: number): void
  /** Reads up to `length` bytes at `position` (null: where the last read ended). Returns how many, 0 at the end. */
  readAt(file: number, into: Uint8Array, offset: number, length: number, position: number | null): number
  /** Writes all `length` bytes at `position` (null: at the end of what was written). */
  writeAt(file: number, from: Uint8Array, offset: number, length: number, position: number | null): void
  /** Writes all buffers one behind the other at `position`, as one call where the system allows. */
  writevAt(file: number, buffers: readonly Uint8Array[], position: number): void
  sizeOf(file: number): number
  /** As in `FileStat`. */
  idOf(file: number): string
  truncate(file: number, sizeBytes: number): void
  /** Returns when the bytes of the file are on the device. */
  sync(file: number): void
  /** Returns when the names in the directory are on the device. */
  syncDirectory(path: string): void
  /** Replaces `path` so that after a crash either the old or the new bytes stand there; synced. */
  writeAtomic(path: string, data: Uint8Array | string): void

  readAsync(path: string): Promise<Buffer>
  writeAsync(path: string, data: Uint8Array | string): Promise<void>
  writeAtomicAsync(path: string, data: Uint8Array | string): Promise<void>
  appendAsync(path: string, data: Uint8Array | string): Promise<void>
  listAsync(path: string): Promise<string[]>
  statAsync(path: string): Promise<FileStat | undefined>
  makeDirectoryAsync(path: string): Promise<void>
  renameAsync(from: string, to: string): Promise<void>
  removeAsync(path: string): Promise<void>
  syncAsync(file: number): Promise<void>
  syncDirectoryAsync(path: string): Promise<void>
  /** As `readAt`. Nobody may touch `into` meanwhile. */
  readAtAsync(file: number, into: Uint8Array, offset: number, length: number, position: number): Promise<number>
  /** Of the file system that `path` lies on. */
  spaceAsync(path: string): Promise<DiskSpace>
  /** Makes a new empty directory whose path begins with `prefix`. */
  makeTemporaryDirectory(prefix: string): string
  /** Calls `changed` after the file was written or replaced (more often rather than less). */
  watch(path: string, changed: () => void): { close(): void }
}

let temporaryNames = 0

function temporaryName(path: string): string {
  return `${path}.${process.pid}-${temporaryNames++}.tmp`
}

class SystemDisk implements Disk {
  absolute(path: string): string {
    return resolve(path)
  }

  exists(path: string): boolean {
    return fs.existsSync(path)
  }

  stat(path: string): FileStat | undefined {
    const stat = fs.statSync(path, { throwIfNoEntry: false })
    return stat === undefined ? undefined : toStat(stat)
  }

  list(path: string): string[] {
    return fs.readdirSync(path).sort()
  }

  read(path: string): Buffer {
    return fs.readFileSync(path)
  }

  write(path: string, data: Uint8Array | string): void {
    fs.writeFileSync(path, data)
  }

  appendFile(path: string, data: Uint8Array | string): void {
    fs.appendFileSync(path, data)
  }

  makeDirectory(path: string): void {
    // Node's own recursion never ends where a directory says of its children that they cannot be, as /proc does.
    const missing: string[] = []
    for (let at = resolve(path); !fs.existsSync(at); at = dirname(at)) missing.push(at)
    if (missing.length === 0) fs.mkdirSync(path, { recursive: true })
    for (const each of missing.reverse()) makeOne(each)
  }

  rename(from: string, to: string): void {
    fs.renameSync(from, to)
  }

  link(from: string, to: string): void {
    fs.linkSync(from, to)
  }

  remove(path: string): void {
    fs.rmSync(path, { recursive: true, force: true })
  }

  removeDirectory(path: string): void {
    fs.rmdirSync(path)
  }

  open(path: string, mode: OpenMode): number {
    return fs.openSync(path, mode)
  }

  close(file: number): void {
    fs.closeSync(file)
  }

  readAt(file: number, into: Uint8Array, offset: number, length: number, position: number | null): number {
    return fs.readSync(file, into, offset, length, position)
  }

  writeAt(file: number, from: Uint8Array, offset: number, length: number, position: number | null): void {
    for (let done = 0; done < length; ) {
      done += fs.writeSync(file, from, offset + done, length - done, position === null ? null : position + done)
    }
  }

  writevAt(file: number, buffers: readonly Uint8Array[], position: number): void {
    let total = 0
    for (let i = 0; i < buffers.length; i++) total += buffers[i].length
    let done = fs.writevSync(file, buffers, position)
    if (done === total) return
    // Short: the rest buffer by buffer.
    let start = 0
    for (const buffer of buffers) {
      const from = Math.max(0, done - start)
      if (from < buffer.length) {
        this.writeAt(file, buffer, from, buffer.length - from, position + start + from)
        done = start + buffer.length
      }
      start += buffer.length
    }
  }

  sizeOf(file: number): number {
    return fs.fstatSync(file).size
  }

  idOf(file: number): string {
    return toStat(fs.fstatSync(file)).id
  }

  truncate(file: number, sizeBytes: number): void {
    fs.ftruncateSync(file, sizeBytes)
  }

  sync(file: number): void {
    fs.fdatasyncSync(file)
  }

  syncDirectory(path: string): void {
    // Windows cannot open a directory; its renames are synced with the file.
    if (process.platform === 'win32') return
    const directory = fs.openSync(path, 'r')
    try {
      fs.fsyncSync(directory)
    } finally {
      fs.closeSync(directory)
    }
  }

  writeAtomic(path: string, data: Uint8Array | string): void {
    const temporary = temporaryName(path)
    const bytes = typeof data === 'string' ? Buffer.from(data) : data
    // A process with this id may have died here before.
    const file = this.open(temporary, 'w')
    try {
      this.writeAt(file, bytes, 0, bytes.length, null)
      this.sync(file)
    } finally {
      this.close(file)
    }
    this.rename(temporary, path)
    this.syncDirectory(dirname(path))
  }

  readAsync(path: string): Promise<Buffer> {
    return fs.promises.readFile(path)
  }

  writeAsync(path: string, data: Uint8Array | string): Promise<void> {
    return fs.promises.writeFile(path, data)
  }

  async writeAtomicAsync(path: string, data: Uint8Array | string): Promise<void> {
    const temporary = temporaryName(path)
    const file = await fs.promises.open(temporary, 'w')
    try {
      await file.writeFile(data)
      await file.datasync()
    } finally {
      await file.close()
    }
    await fs.promises.rename(temporary, path)
    this.syncDirectory(dirname(path))
  }

  appendAsync(path: string, data: Uint8Array | string): Promise<void> {
    return fs.promises.appendFile(path, data)
  }

  async listAsync(path: string): Promise<string[]> {
    return (await fs.promises.readdir(path)).sort()
  }

  async statAsync(path: string): Promise<FileStat | undefined> {
    try {
      return toStat(await fs.promises.stat(path))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
  }

  async makeDirectoryAsync(path: string): Promise<void> {
    this.makeDirectory(path)
  }

  renameAsync(from: string, to: string): Promise<void> {
    return fs.promises.rename(from, to)
  }

  removeAsync(path: string): Promise<void> {
    return fs.promises.rm(path, { recursive: true, force: true })
  }

  syncAsync(file: number): Promise<void> {
    return new Promise((resolve, reject) => {
      fs.fdatasync(file, (error) => (error === null ? resolve() : reject(error)))
    })
  }

  async syncDirectoryAsync(path: string): Promise<void> {
    if (process.platform === 'win32') return
    const directory = await fs.promises.open(path, 'r')
    try {
      await directory.sync()
    } finally {
      await directory.close()
    }
  }

  readAtAsync(file: number, into: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.read(file, into, offset, length, position, (error, count) => (error === null ? resolve(count) : reject(error)))
    })
  }

  async spaceAsync(path: string): Promise<DiskSpace> {
    const { bsize, blocks, bavail } = await fs.promises.statfs(path)
    return { totalBytes: bsize * blocks, usableBytes: bsize * bavail }
  }

  makeTemporaryDirectory(prefix: string): string {
    return fs.mkdtempSync(prefix)
  }

  watch(path: string, changed: () => void): { close(): void } {
    // Editors replace files, which ends a watch on the file itself: watch the directory.
    const directory = dirname(path)
    const watcher = fs.watch(directory, (_event, name) => {
      if (name === null || join(directory, name) === join(path)) changed()
    })
    return { close: () => watcher.close() }
  }
}

/** Somebody else may have made it meanwhile. */
function makeOne(path: string): void {
  try {
    fs.mkdirSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

function toStat(stat: fs.Stats): FileStat {
  const { size, mtimeMs, dev, ino } = stat
  return { sizeBytes: size, modifiedMs: mtimeMs, isDirectory: stat.isDirectory(), id: `${dev}:${ino}` }
}

export const systemDisk: Disk = new SystemDisk()
