/**
 * Records into files, each exactly once. A file is written as `.NAME.inprogress`; at a checkpoint it is synced and becomes
 * `.NAME.pending`; when the checkpoint is complete it becomes `NAME`. Whoever reads the directory without hidden files
 * sees committed records only.
 *
 * Names carry the uid, the subtask, a random part per writer and a number, so that no attempt ever writes into a file of
 * another. What an attempt left behind that is in no checkpoint is removed by its successor. Without checkpoints files
 * are finished at the end of input. One writer per subtask, on its slot's thread, synchronous.
 */
import { basename, join } from 'node:path'
import { type Disk, systemDisk } from '../../core/platform/disk.ts'
import { systemRandom } from '../../core/platform/random.ts'
import type { Sink, SinkContext, SinkWriter } from '../../sdk/sink.ts'
import type { TypeDef } from '../../sdk/types.ts'
import { badOption, checkInteger, checkOptions, connectorErrors } from '../errors.ts'
import { csvHeader, csvLine, jsonLine } from './format.ts'

export interface FilesSinkOptions<T> {
  /** Directory; made when absent. */
  readonly path: string
  readonly format: 'ndjson' | 'csv'
  readonly type?: TypeDef<T>
  /** A file is closed when it has this many bytes; 128 MB unless given. */
  readonly rollBytes?: number
}

/** A closed file that waits for its checkpoint. */
interface PendingFile {
  readonly name: string
}

/** Who wrote before: its leftovers are ours to remove. */
interface FilesWriterState {
  readonly parallelism: number
}

const factory = 'sink.files'
const bufferedBytesMax = 256 * 1024
const pendingPath = (directory: string, name: string): string => join(directory, `.${name}.pending`)
const inProgressPath = (directory: string, name: string): string => join(directory, `.${name}.inprogress`)
const plain = (text: string): string => text.replace(/[^A-Za-z0-9_-]/g, '_')

export function files<T = unknown>(
  options: FilesSinkOptions<T>,
  disk: Disk = systemDisk,
): Sink<T, PendingFile, FilesWriterState> {
  checkOptions(factory, options, ['path', 'format', 'type', 'rollBytes'])
  const { path, format, type, rollBytes = 128 * 1024 * 1024 } = options
  if (typeof path !== 'string' || path === '') throw badOption(factory, 'path', path, 'a directory')
  if (format !== 'ndjson' && format !== 'csv') throw badOption(factory, 'format', format, 'ndjson, csv')
  checkInteger(factory, 'rollBytes', rollBytes, 1)
  return {
    kind: 'sink',
    name: `files ${path}`,
    type,
    guarantee: 'exactly-once',
    createWriter: (context, restored) =>
      new FilesWriter<T>({ disk, directory: path, format, type, rollBytes }, context, restored),
    commit: (pending) => commitFiles(disk, path, pending),
  }
}

/** Renames are the commit: done again they find the finished file. */
function commitFiles(disk: Disk, directory: string, pending: readonly PendingFile[]): void {
  if (pending.length === 0) return
  for (const { name } of pending) {
    const from = pendingPath(directory, name)
    const to = join(directory, name)
    if (disk.exists(from)) disk.rename(from, to)
    else if (!disk.exists(to)) throw connectorErrors.create('PENDING_LOST', { path: to })
  }
  disk.syncDirectory(directory)
}

interface WriterOptions<T> {
  readonly disk: Disk
  readonly directory: string
  readonly format: 'ndjson' | 'csv'
  readonly type: TypeDef<T> | undefined
  readonly rollBytes: number
}

class FilesWriter<T> implements SinkWriter<T, PendingFile, FilesWriterState> {
  readonly #options: WriterOptions<T>
  readonly #context: SinkContext
  /** `JOB-uid-subtask-`: what all attempts of this subtask share. */
  readonly #family: string
  readonly #attempt = systemRandom.hex(4)
  readonly #removePending: boolean
  #cleaned = false
  #number = 0
  #name: string | undefined
  #file = -1
  #fileBytes = 0
  #text = ''
  #columns: readonly string[] | undefined
  /** Closed since the last checkpoint. */
  #closed: PendingFile[] = []

  constructor(options: WriterOptions<T>, context: SinkContext, restored: readonly FilesWriterState[]) {
    this.#options = options
    this.#context = context
    this.#family = `${plain(context.jobId).slice(-12)}-${plain(context.uid)}-${context.subtask}-`
    const { type } = options
    if (type?.dataType.kind === 'struct') this.#columns = type.dataType.fields.map((field) => field.name)
    // After a rescale another subtask may have the pending files of our number in its hands.
    this.#removePending = restored.every((state) => state.parallelism === context.parallelism)
    this.#guard(options.directory, () => options.disk.makeDirectory(options.directory))
  }

  write(records: readonly T[]): void {
    if (records.length === 0) return
    this.#clean()
    if (this.#name === undefined) this.#open(records[0])
    const columns = this.#columns
    const csv = this.#options.format === 'csv' && columns !== undefined
    for (let i = 0; i < records.length; i++) {
      this.#text += csv ? csvLine(records[i], columns) : jsonLine(records[i])
      if (this.#text.length >= bufferedBytesMax) this.#flush()
    }
    if (this.#fileBytes + this.#text.length >= this.#options.rollBytes) this.#roll()
  }

  prepareCommit(): readonly PendingFile[] {
    this.#clean()
    this.#roll()
    const closed = this.#closed
    this.#closed = []
    // The names must be there after a power cut, or the checkpoint would point to nothing.
    if (closed.length > 0)
      this.#guard(this.#options.directory, () => this.#options.disk.syncDirectory(this.#options.directory))
    return closed
  }

  snapshot(): readonly FilesWriterState[] {
    return [{ parallelism: this.#context.parallelism }]
  }

  close(): void {
    if (this.#name === undefined) return
    const { disk, directory } = this.#options
    this.#closeFile()
    disk.remove(inProgressPath(directory, this.#name))
    this.#name = undefined
  }

  #open(first: T): void {
    const { disk, directory, format } = this.#options
    this.#name = `${this.#family}${this.#attempt}-${this.#number++}.${format}`
    const path = inProgressPath(directory, this.#name)
    this.#file = this.#guard(path, () => disk.open(path, 'wx'))
    this.#fileBytes = 0
    if (format === 'csv') {
      this.#columns ??= csvHeader(first)
      this.#text = csvLine(Object.fromEntries(this.#columns.map((name) => [name, name])), this.#columns)
    }
  }

  #flush(): void {
    if (this.#text === '') return
    const bytes = Buffer.from(this.#text)
    this.#text = ''
    this.#guard(this.#options.directory, () =>
      this.#options.disk.writeAt(this.#file, bytes, 0, bytes.length, this.#fileBytes),
    )
    this.#fileBytes += bytes.length
  }

  /** Once: the number may already be that of a file or socket of somebody else in this process. */
  #closeFile(): void {
    const file = this.#file
    this.#file = -1
    if (file >= 0) this.#options.disk.close(file)
  }

  /** Ends the open file: its bytes are on the device when this returns. */
  #roll(): void {
    if (this.#name === undefined) return
    const { disk, directory } = this.#options
    const name = this.#name
    this.#flush()
    this.#guard(directory, () => {
      disk.sync(this.#file)
      this.#closeFile()
      disk.rename(inProgressPath(directory, name), pendingPath(directory, name))
    })
    this.#closed.push({ name })
    this.#name = undefined
  }

  /**
   * Removes what earlier attempts of this subtask left. Not in the constructor: what the checkpoint holds is committed
   * between that and the first call that gets here, so what is pending still is in no checkpoint.
   */
  #clean(): void {
    if (this.#cleaned) return
    this.#cleaned = true
    const { disk, directory } = this.#options
    this.#guard(directory, () => {
      for (const path of disk.list(directory)) {
        const name = basename(path)
        if (!name.startsWith(`.${this.#family}`) || name.startsWith(`.${this.#family}${this.#attempt}`)) continue
        if (name.endsWith('.inprogress') || (this.#removePending && name.endsWith('.pending')))
          disk.remove(join(directory, name))
      }
    })
  }

  #guard<R>(path: string, action: () => R): R {
    try {
      return action()
    } catch (error) {
      throw connectorErrors.create('WRITE_FAILED', { path, problem: error }, { cause: error })
    }
  }
}
