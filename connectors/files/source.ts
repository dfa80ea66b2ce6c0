/**
 * Records from files: NDJSON, a JSON array, or CSV with a header. A split is a file; its offset is a byte, so that a
 * restore goes on at the next record. Bounded: what the files have now. Following: new files and appended lines as
 * well; a file that is cut or replaced (rotated) is read from its start.
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
    owner: (splitId, parallelism) => hashText(splitId) % parallelism,
    createReader: (context) => new FilesReader(context, disk, { format, type, follow, rate }),
  }
}

interface FileSplit {
  readonly cursor: FileCursor
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
  /** The file whose turn it is. */
  #turn = 0
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
    for (const { splitId, offset, finished } of splits) {
      this.#splits.push({ cursor: new FileCursor(splitId, offset as FileOffset, options), finished: finished === true })
    }
  }

  poll(output: SourceOutput<T>): 'more' | 'idle' | 'end' {
    this.#output = output
    const room = Math.min(output.room, this.#due())
    if (room <= 0) {
      this.#lookLater(rateTickMs)
      return 'idle'
    }
    // One file after the other; when following, the first that has something.
    for (let tried = 0; tried < this.#splits.length; tried++) {
      const split = this.#splits[this.#turn]
      this.#path = split.cursor.path
      if (!split.finished && split.cursor.read(room, this)) {
        if (split.cursor.ended && !this.#options.follow) this.#finish(split, output)
        return 'more'
      }
      if (!split.finished && split.cursor.ended && !this.#options.follow) this.#finish(split, output)
      this.#turn = (this.#turn + 1) % this.#splits.length
    }
    if (!this.#options.follow) return 'end'
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
      if (this.#options.follow) for (const { cursor } of this.#splits) cursor.checkReplaced()
      this.#context.wake()
    }, afterMs)
  }
}
