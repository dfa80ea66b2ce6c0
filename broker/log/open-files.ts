/**
 * The open files of a data directory, at most so many at a time: the one not used for longest is closed to open another. A file with
 * unsynced bytes or a read on its way is pinned and stays.
 *
 * One thread. A descriptor from `use` is good until the next call, or as long as the file is pinned.
 */
import type { Disk } from '../../core/platform/disk.ts'

/** A file that may be open. Owned by whoever made it; only `OpenFiles` touches `descriptor`. */
export class LogFile {
  path: string
  descriptor = -1
  pins = 0
  /** Close when the last pin goes. */
  closing = false

  constructor(path: string) {
    this.path = path
  }
}

export class OpenFiles {
  readonly #disk: Disk
  readonly #max: number
  /** In order of use. */
  readonly #open = new Set<LogFile>()

  constructor(disk: Disk, max: number) {
    this.#disk = disk
    this.#max = max
  }

  get count(): number {
    return this.#open.size
  }

  /** Descriptor for reading and writing; the file must exist. Throws the system's error. */
  use(file: LogFile): number {
    if (file.descriptor < 0) this.#opened(file, 'r+')
    else if (this.#open.size > this.#max >>> 1) {
      // Order matters only when something is about to be closed.
      this.#open.delete(file)
      this.#open.add(file)
    }
    return file.descriptor
  }

  /** The same for a file that must not exist. */
  create(file: LogFile): number {
    this.#opened(file, 'wx+')
    return file.descriptor
  }

  pin(file: LogFile): number {
    const descriptor = this.use(file)
    file.pins++
    return descriptor
  }

  unpin(file: LogFile): void {
    file.pins--
    if (file.pins === 0 && file.closing) this.close(file)
  }

  /** Now, or when nobody uses it any more. */
  close(file: LogFile): void {
    if (file.pins > 0) {
      file.closing = true
      return
    }
    file.closing = false
    if (file.descriptor < 0) return
    const descriptor = file.descriptor
    file.descriptor = -1
    this.#open.delete(file)
    this.#disk.close(descriptor)
  }

  #opened(file: LogFile, mode: 'r+' | 'wx+'): void {
    if (this.#open.size >= this.#max) {
      for (const each of this.#open) {
        if (each.pins > 0) continue
        this.close(each)
        if (this.#open.size < this.#max) break
      }
    }
    file.descriptor = this.#disk.open(file.path, mode)
    this.#open.add(file)
  }
}
