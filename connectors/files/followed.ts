/**
 * One followed path: the file that has the name now, and those that had it before and are not read to their end yet.
 * A file is known by its identity, not by its name: one that is renamed (rotated) is read on, lines that are still
 * appended to it included, until it has been quiet for a while; beside it the new file is read from its start. One that
 * is cut (copied and truncated) is read from its start: what it held and nobody had read is gone.
 *
 * Concurrency: one thread; everything is synchronous.
 */
import { basename, dirname, join } from 'node:path'
import { FileCursor, type FileCursorOptions, type FileOffset, type FileRecords, fileStart } from './cursor.ts'

/** A renamed file counts as complete when nothing has come for so long. */
export const rotatedQuietMs = 5000
/** Files that were read to their end and may be found under another name. */
const passedMax = 100

/** JSON. */
export interface FollowedOffset extends FileOffset {
  /** Files that had the name before, oldest first. */
  readonly rotated?: readonly FileOffset[]
  readonly passed?: readonly PassedFile[]
}

interface PassedFile {
  readonly id: string
  readonly fingerprint?: FileOffset['fingerprint']
}

interface Rotated {
  readonly cursor: FileCursor
  quietSinceMs: number
}

export class FollowedFile {
  readonly path: string
  readonly #options: FileCursorOptions
  #current: FileCursor
  #rotated: Rotated[] = []
  #passed: PassedFile[]

  constructor(path: string, offset: FollowedOffset, options: FileCursorOptions, nowMs: number) {
    this.path = path
    this.#options = options
    this.#passed = [...(offset.passed ?? [])]
    for (const old of offset.rotated ?? []) this.#takeUp(old, nowMs)
    const { id, ...nameless } = offset
    const now = options.disk.stat(path)?.id
    // Rotated while nobody looked.
    const other = id !== undefined && id !== now
    const moved = other && this.#takeUp(offset, nowMs)
    // One that is nowhere may have been copied to this name: what the file begins with decides, when it is opened.
    this.#current = new FileCursor(path, moved ? fileStart : other ? nameless : offset, options)
  }

  /** Reads one piece at most and gives up to `room` records, those of older files first. False: there is nothing now. */
  read(room: number, into: FileRecords, nowMs: number): boolean {
    for (const old of [...this.#rotated]) {
      const { cursor } = old
      const read = cursor.read(room, into)
      if (cursor.ended) this.#pass(old)
      else if (read) old.quietSinceMs = nowMs
      if (read) return true
    }
    return this.#current.read(room, into)
  }

  /** Looks whether the name stands for another file now, or the file for less than was read. True: there may be more to read. */
  look(nowMs: number): boolean {
    let changed = false
    for (const { cursor, quietSinceMs } of this.#rotated) {
      if (nowMs - quietSinceMs < rotatedQuietMs) continue
      cursor.finish()
      changed = true
    }
    const state = this.#current.state()
    if (state === 'same') return changed
    if (state === 'cut') this.#current.startOver()
    else {
      this.#rotated.push({ cursor: this.#current, quietSinceMs: nowMs })
      this.#current = new FileCursor(this.path, fileStart, this.#options)
    }
    return true
  }

  /** Whether the file at another path is one that this one reads or has read under its own. */
  isSame(path: string): boolean {
    const { disk } = this.#options
    const id = disk.stat(path)?.id
    if (id === undefined) return false
    if ([this.#current, ...this.#rotated.map(({ cursor }) => cursor)].some((cursor) => cursor.id === id)) return true
    // Numbers of files that were deleted are used again.
    return this.#passed.some((file) => file.id === id && FileCursor.begins(disk, path, file.fingerprint))
  }

  offset(): FollowedOffset {
    const rotated = this.#rotated.map(({ cursor }) => cursor.offset())
    return {
      ...this.#current.offset(),
      ...(rotated.length > 0 ? { rotated } : {}),
      ...(this.#passed.length > 0 ? { passed: this.#passed } : {}),
    }
  }

  close(): void {
    this.#current.close()
    for (const { cursor } of this.#rotated) cursor.close()
  }

  #pass(old: Rotated): void {
    const { id, fingerprint } = old.cursor.offset()
    this.#rotated = this.#rotated.filter((each) => each !== old)
    old.cursor.close()
    if (id === undefined) return
    this.#passed.push({ id, ...(fingerprint === undefined ? {} : { fingerprint }) })
    if (this.#passed.length > passedMax) this.#passed.shift()
  }

  /** Goes on with a file that has another name now. False: it is nowhere beside. */
  #takeUp(offset: FileOffset, nowMs: number): boolean {
    const { disk } = this.#options
    const directory = dirname(this.path)
    if (offset.id === undefined || !disk.exists(directory)) return false
    for (const name of disk.list(directory)) {
      const path = join(directory, name)
      if (name === basename(this.path) || disk.stat(path)?.id !== offset.id) continue
      if (!FileCursor.begins(disk, path, offset.fingerprint)) continue
      this.#rotated.push({ cursor: new FileCursor(path, offset, this.#options), quietSinceMs: nowMs })
      return true
    }
    return false
  }
}
