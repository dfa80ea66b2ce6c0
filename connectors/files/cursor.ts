/**
 * One file being read: its bytes in pieces of 256 KB, records out of them, and the offset after the last record taken.
 * A record of any length is read whole, up to `recordBytesMax`. Everything is synchronous and bounded per call.
 */
import type { Disk } from '../../core/platform/disk.ts'
import type { TypeDef } from '../../sdk/types.ts'
import { connectorErrors, hashText } from '../errors.ts'
import { csvCells, csvParser, jsonParser, type Parse } from './parse.ts'
import { csvScanner, jsonArrayScanner, lineScanner, newScan, type Scanner } from './scan.ts'

export type FileFormat = 'ndjson' | 'json' | 'csv'

const pieceBytes = 256 * 1024
const recordBytesMax = 64 * 1024 * 1024
const fingerprintBytesMax = 256

/** JSON. `fingerprint` tells a file that was written anew from one that has grown; `id` stays when it is renamed. */
export interface FileOffset {
  readonly byte: number
  /** Lines before `byte`. */
  readonly line: number
  readonly fingerprint?: { readonly bytes: number; readonly hash: number }
  readonly id?: string
}

export const fileStart: FileOffset = { byte: 0, line: 0 }

const scanners: Readonly<Record<FileFormat, Scanner>> = { ndjson: lineScanner, json: jsonArrayScanner, csv: csvScanner }

export interface FileCursorOptions {
  readonly disk: Disk
  readonly format: FileFormat
  readonly type: TypeDef<unknown> | undefined
  /** An unfinished last line is waited for. */
  readonly follow: boolean
}

/** Receives what a cursor finds. */
export interface FileRecords {
  record(value: unknown): void
  reject(error: Error, raw: string, where: string): void
}

export class FileCursor {
  readonly path: string
  readonly #options: FileCursorOptions
  readonly #scanner: Scanner
  readonly #scan = newScan()
  #parse: Parse | undefined
  #file: number | undefined
  #bytes = Buffer.allocUnsafeSlow(pieceBytes)
  /** Bytes `#from` to `#to` of the buffer are unread; `#byte` is where `#from` is in the file. */
  #from = 0
  #to = 0
  #byte: number
  #line: number
  #fingerprint: FileOffset['fingerprint']
  #started = false
  #ended = false
  #follow: boolean
  #id: string | undefined

  constructor(path: string, offset: FileOffset, options: FileCursorOptions) {
    this.path = path
    this.#options = options
    this.#follow = options.follow
    this.#id = offset.id
    this.#scanner = scanners[options.format]
    this.#byte = offset.byte
    this.#line = offset.line
    this.#fingerprint = offset.fingerprint
  }

  /** Nothing more will come, unless the file is replaced. */
  get ended(): boolean {
    return this.#ended
  }

  offset(): FileOffset {
    const { bytes } = this.#fingerprint ?? { bytes: 0 }
    const { follow } = this.#options
    return {
      byte: this.#byte,
      line: this.#line,
      ...(bytes > 0 && follow ? { fingerprint: this.#fingerprint as NonNullable<FileOffset['fingerprint']> } : {}),
      ...(this.#id !== undefined && follow ? { id: this.#id } : {}),
    }
  }

  /** Reads one piece at most and gives up to `room` records. False: there is nothing now. */
  read(room: number, into: FileRecords): boolean {
    if (this.#ended) return false
    const before = this.#byte
    try {
      if (!this.#start(into)) return this.#byte !== before
      let filled = false
      let last = false
      for (let given = 0; given < room; ) {
        this.#scanner.scan(this.#bytes, this.#from, this.#to, false, this.#scan)
        if (this.#scan.found === 'more') {
          if (filled) return true
          filled = true
          if (this.#fill()) continue
          if (this.#follow && this.#options.format !== 'json') return this.#byte !== before
          // These are all bytes there are: the last record needs no line end.
          last = true
          this.#scanner.scan(this.#bytes, this.#from, this.#to, true, this.#scan)
        }
        if (this.#scan.found === 'end') {
          this.#ended = true
          return true
        }
        // What is broken at the end of an array has nothing behind it.
        if (this.#scan.found === 'broken' && last && this.#options.format === 'json') this.#ended = true
        if (this.#take(into)) given++
        if (this.#ended) return true
      }
      return true
    } catch (error) {
      if (connectorErrors.is(error) || (error as NodeJS.ErrnoException).code === undefined) throw error
      throw connectorErrors.create('READ_FAILED', { path: this.path, problem: error }, { cause: error })
    }
  }

  /** The file that is read, or will be as far as the checkpoint knows; undefined before a new one is open. */
  get id(): string | undefined {
    return this.#id
  }

  /** Following: `other`: the name stands for another file now; `cut`: this file has less than was read, or other content. */
  state(): 'same' | 'cut' | 'other' {
    const { disk } = this.#options
    const stat = disk.stat(this.path)
    if (stat === undefined || this.#file === undefined) return 'same'
    if (stat.id !== this.#id) return 'other'
    return stat.sizeBytes >= this.#byte && this.#sameFingerprint() ? 'same' : 'cut'
  }

  startOver(): void {
    this.close()
    this.#byte = this.#line = this.#from = this.#to = 0
    this.#fingerprint = undefined
    this.#id = undefined
    this.#started = this.#ended = false
  }

  /** Nothing will be appended any more: a last line needs no line end. */
  finish(): void {
    this.#follow = false
  }

  close(): void {
    if (this.#file !== undefined) this.#options.disk.close(this.#file)
    this.#file = undefined
  }

  /** Opens the file and reads what stands before its records: byte order mark, header, bracket. */
  #start(into: FileRecords): boolean {
    if (this.#started) return true
    const { disk, format, type } = this.#options
    if (this.#file === undefined) {
      this.#file = disk.open(this.path, 'r')
      if (this.#options.follow) this.#id = disk.idOf(this.#file)
    }
    const target = this.#byte
    if (target > 0 && this.#options.follow && (disk.sizeOf(this.#file) < target || !this.#sameFingerprint())) {
      // The checkpoint is of a file that is gone.
      this.#byte = this.#line = 0
      this.#fingerprint = undefined
      return this.#start(into)
    }
    this.#from = this.#to = 0
    const wanted = this.#byte
    const line = this.#line
    this.#byte = this.#line = 0
    while (this.#to < 3 && this.#fill());
    if (this.#bytes[0] === 0xef && this.#bytes[1] === 0xbb && this.#bytes[2] === 0xbf && this.#to >= 3) this.#advance(3)
    this.#remember()
    if (format === 'csv' && !this.#readHeader(into)) return false
    if (format === 'json' && !this.#readBracket(into)) return false
    if (format !== 'csv') this.#parse = jsonParser(type)
    if (wanted > this.#byte) {
      this.#from = this.#to = 0
      this.#byte = wanted
      this.#line = line
    }
    this.#started = true
    return true
  }

  #readHeader(into: FileRecords): boolean {
    for (;;) {
      this.#scanner.scan(this.#bytes, this.#from, this.#to, false, this.#scan)
      if (this.#scan.found !== 'more') break
      if (this.#fill()) continue
      if (this.#follow) {
        this.#byte = 0
        return false
      }
      this.#scanner.scan(this.#bytes, this.#from, this.#to, true, this.#scan)
      break
    }
    if (this.#scan.found === 'end' || this.#scan.found === 'more') {
      this.#ended = true
      return false
    }
    const text = this.#bytes.toString('utf8', this.#scan.start, this.#scan.end)
    try {
      this.#parse = csvParser(csvCells(text), this.#options.type)
    } catch (error) {
      this.#ended = true
      this.#reject(into, error, text, 1)
      return false
    }
    this.#line = 1
    this.#advance(this.#scan.next - this.#from)
    return true
  }

  #readBracket(into: FileRecords): boolean {
    for (;;) {
      while (this.#from < this.#to && this.#bytes[this.#from] <= 0x20) {
        if (this.#bytes[this.#from] === 0x0a) this.#line++
        this.#advance(1)
      }
      if (this.#from < this.#to) break
      if (!this.#fill()) {
        // An empty file is an empty array.
        this.#ended = true
        return false
      }
    }
    if (this.#bytes[this.#from] === 0x5b) {
      this.#advance(1)
      return true
    }
    this.#ended = true
    const raw = this.#bytes.toString('utf8', this.#from, Math.min(this.#to, this.#from + 80))
    this.#reject(
      into,
      new Error('the file is not a JSON array (one value per line is the format ndjson)'),
      raw,
      this.#line + 1,
    )
    return false
  }

  /** Hands over the record found. False when there was none in its bytes. */
  #take(into: FileRecords): boolean {
    const { found, start, end, next } = this.#scan
    const line = this.#line + 1 + (this.#options.format === 'json' ? this.#newlines(this.#from, start) : 0)
    let given = false
    if (found !== 'blank') {
      given = true
      const raw = this.#bytes.toString('utf8', start, end)
      if (found === 'broken') this.#reject(into, new Error(this.#scan.problem), raw, line)
      else {
        let value: unknown
        let failure: unknown
        try {
          value = (this.#parse as Parse)(raw)
        } catch (error) {
          failure = error ?? new Error('unknown')
        }
        // A failure of the receiver is not one of the record.
        if (failure === undefined) into.record(value)
        else this.#reject(into, failure, raw, line)
      }
    }
    this.#line += this.#options.format === 'ndjson' ? 1 : this.#newlines(this.#from, next)
    this.#advance(next - this.#from)
    return given
  }

  #reject(into: FileRecords, error: unknown, raw: string, line: number): void {
    const where = `${this.path}:${line}`
    const problem = error instanceof Error ? error.message : String(error)
    into.reject(connectorErrors.create('BROKEN_RECORD', { where, problem }, { cause: error }), raw, where)
  }

  #newlines(from: number, to: number): number {
    let count = 0
    for (let at = this.#bytes.indexOf(0x0a, from); at >= 0 && at < to; at = this.#bytes.indexOf(0x0a, at + 1)) count++
    return count
  }

  #advance(bytes: number): void {
    this.#from += bytes
    this.#byte += bytes
  }

  /** Reads the next piece behind what is unread. False: no bytes there. */
  #fill(): boolean {
    const { disk } = this.#options
    const kept = this.#to - this.#from
    if (this.#from > 0) {
      this.#bytes.copyWithin(0, this.#from, this.#to)
      this.#from = 0
      this.#to = kept
    }
    if (kept === this.#bytes.length) {
      if (kept >= recordBytesMax) {
        throw connectorErrors.create('READ_FAILED', {
          path: this.path,
          problem: `the record at line ${this.#line + 1} is longer than ${recordBytesMax} bytes`,
        })
      }
      const larger = Buffer.allocUnsafeSlow(Math.min(recordBytesMax, kept * 2))
      this.#bytes.copy(larger, 0, 0, kept)
      this.#bytes = larger
    }
    const room = this.#bytes.length - kept
    const read = disk.readAt(
      this.#file as number,
      this.#bytes,
      kept,
      kept > 0 ? room : Math.min(room, pieceBytes),
      this.#byte + kept,
    )
    this.#to += read
    return read > 0
  }

  #remember(): void {
    if (this.#fingerprint !== undefined || !this.#options.follow) return
    const bytes = Math.min(fingerprintBytesMax, this.#to)
    if (bytes > 0) this.#fingerprint = { bytes, hash: hashText(this.#bytes.toString('latin1', 0, bytes)) }
  }

  #sameFingerprint(): boolean {
    return FileCursor.begins(this.#options.disk, this.path, this.#fingerprint)
  }

  /** Whether the file at `path` begins like the one of which `fingerprint` is; without one, it may. */
  static begins(disk: Disk, path: string, fingerprint: FileOffset['fingerprint']): boolean {
    if (fingerprint === undefined) return true
    const { bytes, hash } = fingerprint
    const head = Buffer.alloc(bytes)
    const file = disk.open(path, 'r')
    try {
      return disk.readAt(file, head, 0, bytes, 0) === bytes && hashText(head.toString('latin1')) === hash
    } finally {
      disk.close(file)
    }
  }
}
