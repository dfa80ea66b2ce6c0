/**
 * Records from files: NDJSON, a JSON array, or CSV with a header. A split is a file; its offset is a byte, so that a
 * restore goes on at the next record. Bounded: what the files have now. Following: new files and appended lines as
 * well; a file that is renamed and replaced (rotated) is read to its end, under whatever name, and the new one from its
 * start; one that is cut is read from its start.
 *
 * A record that is broken goes where the error policy of the operator says, with file and line. Reading is synchronous,
 * one piece of 256 KB per poll.
 */
import { systemClock, type TimerHandle } from '../../core/platform/clock.ts'
import { type Disk, systemDisk } from '../../core/platform/disk.ts'
import type { Source, SourceContext, SourceOutput, SourceReader, SplitState } from '../../sdk/source.ts'
import type { TypeDef } from '../../sdk/types.ts'
import { badOption, checkOptions, connectorErrors, hashText } from '../errors.ts'
import { FileCursor, type FileFormat, type FileOffset, type FileRecords, fileStart } from './cursor.ts'
import { FollowedFile, type FollowedOffset } from './followed.ts'
import { findFiles, isPattern } from './paths.ts'

export interface FilesSourceOptions<T> {
  /** A file, a directory, or a pattern with `*`, `?`, `**`. */
  readonly path: string
  readonly format: FileFormat
  /** Declared type of a record: values that do not fit are broken records; other fields are left out. */
  readonly type?: TypeDef<T>
  /** Waits for new files and appended lines, without end. Not for the format json. */
  readonly follow?: boolean
  /** Records per second of each subtask, to replay a file; absent: as fast as they are taken. */
  readonly rate?: number
}

const factory = 'source.files'
const known = ['path', 'format', 'type', 'follow', 'rate']
const formats: readonly string[] = ['ndjson', 'json', 'csv']
/** How often a followed path is looked at. */
const lookEveryMs = 200
const rateTickMs = 5
/** What a rotated file has behind its name. */
const rotatedName = /(?:[.-]\d+)+$/

export function files<T = unknown>(options: FilesSourceOptions<T>, disk: Disk = systemDisk): Source<T> {
  checkOptions(factory, options, known)
  const { path, format, type, follow = false, rate } = options
  if (typeof path !== 'string' || path === '')
    throw badOption(factory, 'path', path, 'a file, a directory or a pattern')
  if (!formats.includes(format)) throw badOption(factory, 'format', format, formats.join(', '))
  if (follow && format === 'json')
    throw badOption(factory, 'follow', follow, 'a format of lines: an array cannot be appended to (ndjson, csv)')
  if (rate !== undefined && !(rate > 0)) throw badOption(factory, 'rate', rate, 'records per second above 0')
  return {
    kind: 'source',
    name: `files ${path}`,
    bounded: !follow,
    type,
    discoverSplits: () => {
      const found = findFiles(disk, path)
      if (found.length === 0 && !follow && !isPattern(path) && !disk.exists(path))
        throw connectorErrors.create('NO_SUCH_PATH', { path })
      return found.map((each) => ({ splitId: each, offset: fileStart }))
    },
    ...(follow ? { discoveryIntervalMs: 1000 } : {}),
    // A file and its successors (log, log.1, log-20260101) go to one subtask, which knows what it has read of them.
    owner: (splitId, parallelism) => hashText(follow ? splitId.replace(rotatedName, '') : splitId) % parallelism,
    createReader: (context) => new FilesReader(context, disk, { format, type, follow, rate }),
  }
}

interface FileSplit {
  readonly cursor: FileCursor | FollowedFile
  finished: boolean
}

interface ReaderOptions {
  readonly format: FileFormat
  readonly type: TypeDef<unknown> | undefined
  readonly follow: boolean
  readonly rate: number | undefined
}

class FilesReader<T> implements SourceReader<T>, FileRecords {
  readonly #context: SourceContext
  readonly #disk: Disk
  readonly #options: ReaderOptions
  readonly #splits: FileSplit[] = []
  /** Splits that need no reading and were not reported as finished yet. */
  readonly #renamed: string[] = []
  /** The file whose turn it is. */
  #turn = 0
  #lookedMs = Number.NEGATIVE_INFINITY
  #timer: TimerHandle | undefined
  #output: SourceOutput<T> | undefined
  #path = ''
  /** Rate: records given since `#startMs`. */
  #given = 0
  #startMs = Number.NaN

  constructor(context: SourceContext, disk: Disk, options: ReaderOptions) {
    this.#context = context
    this.#disk = disk
    this.#options = options
  }

  addSplits(splits: readonly SplitState[]): void {
    const options = { disk: this.#disk, ...this.#options }
    const nowMs = this.#context.now()
    for (const { splitId, offset, finished } of splits) {
      if (!this.#options.follow) {
        this.#splits.push({
          cursor: new FileCursor(splitId, offset as FileOffset, options),
          finished: finished === true,
        })
        continue
      }
      // A file that we read under another name: its records have been given, or will be.
      const renamed =
        finished !== true && (offset as FileOffset).byte === 0 && this.#followed().some((file) => file.isSame(splitId))
      if (renamed) this.#renamed.push(splitId)
      const cursor = new FollowedFile(splitId, offset as FollowedOffset, options, nowMs)
      this.#splits.push({ cursor, finished: finished === true || renamed })
    }
  }

  poll(output: SourceOutput<T>): 'more' | 'idle' | 'end' {
    this.#output = output
    for (const path of this.#renamed.splice(0)) output.splitFinished?.(path)
    const room = Math.min(output.room, this.#due())
    if (room <= 0) {
      this.#lookLater(rateTickMs)
      return 'idle'
    }
    // One file after the other; when following, the first that has something.
    for (let tried = 0; tried < this.#splits.length; tried++) {
      const split = this.#splits[this.#turn]
      this.#path = split.cursor.path
      const { cursor } = split
      const read = !split.finished && cursor.read(room, this, this.#context.now())
      if (!split.finished && cursor instanceof FileCursor && cursor.ended) this.#finish(split, output)
      if (read) return 'more'
      this.#turn = (this.#turn + 1) % this.#splits.length
    }
    if (!this.#options.follow) return 'end'
    if (this.#look()) return 'more'
    this.#lookLater(lookEveryMs)
    return 'idle'
  }

  record(value: unknown): void {
    this.#given++
    this.#output?.collect(value as T, this.#path)
  }

  reject(error: Error, raw: string, where: string): void {
    this.#output?.reject(error, raw, where)
  }

  snapshot(): readonly SplitState[] {
    return this.#splits.map(({ cursor, finished }) => ({
      splitId: cursor.path,
      offset: cursor.offset(),
      ...(finished ? { finished } : {}),
    }))
  }

  close(): void {
    systemClock.clearTimeout(this.#timer)
    this.#timer = undefined
    for (const { cursor } of this.#splits) cursor.close()
  }

  #finish(split: FileSplit, output: SourceOutput<T>): void {
    split.finished = true
    split.cursor.close()
    output.splitFinished?.(split.cursor.path)
  }

  #followed(): FollowedFile[] {
    return this.#splits.flatMap(({ cursor, finished }) => (cursor instanceof FollowedFile && !finished ? cursor : []))
  }

  /** Files that were rotated or cut. True: there may be more to read. */
  #look(): boolean {
    const nowMs = this.#context.now()
    if (nowMs - this.#lookedMs < lookEveryMs) return false
    this.#lookedMs = nowMs
    let changed = false
    for (const file of this.#followed()) if (file.look(nowMs)) changed = true
    return changed
  }

  /** Records that the rate allows now. */
  #due(): number {
    const { rate } = this.#options
    if (rate === undefined) return Number.POSITIVE_INFINITY
    const now = this.#context.now()
    if (Number.isNaN(this.#startMs)) this.#startMs = now
    return Math.floor(((now - this.#startMs) * rate) / 1000) + 1 - this.#given
  }

  #lookLater(afterMs: number): void {
    if (this.#timer !== undefined) return
    this.#timer = systemClock.setTimeout(() => {
      this.#timer = undefined
      this.#context.wake()
    }, afterMs)
  }
}
