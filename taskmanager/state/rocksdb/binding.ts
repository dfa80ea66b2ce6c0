/**
 * The one door to RocksDB: what the state backend needs of an ordered key-value store, on `@nxtedition/rocksdb`
 * (docs/decisions/0021). Another library takes its place by another `openKeyValues`.
 *
 * Promises: everything but opening and closing is synchronous. Written keys and values are copied at once; what is put or
 * deleted is read back after `flush`. Not durable: after a crash the directory is thrown away. One thread.
 */
import { createRequire } from 'node:module'
import { stateErrors } from '../errors.ts'
import { asciiLength, bytesOfAscii, fromAscii, toAscii } from './ascii.ts'
import { Slab } from './slab.ts'

export interface KeyScan {
  /** Up to `limit` entries, key and value in turn; fewer only at the end. Values are lent until the next call. */
  next(limit: number): readonly Buffer[]
  close(): void
}

export interface KeyValues {
  /** Undefined where a key is not there. Values are lent until the next call. */
  getMany(keys: readonly Buffer[]): readonly (Buffer | undefined)[]
  put(key: Uint8Array, value: Uint8Array): void
  delete(key: Uint8Array): void
  /** Writes what was put and deleted since the last call, in one batch. */
  flush(): void
  /** Operations that wait for `flush`. */
  readonly waiting: number
  /** Entries with from <= key < to in order, as they are now. Close it. */
  scan(from: Uint8Array, to: Uint8Array): KeyScan
  /** Everything with from <= key < to, at once. */
  deleteRange(from: Uint8Array, to: Uint8Array): void
  /** Bytes in memory that the library reports: memtables, block cache, open files. */
  readonly memoryBytes: number
  /** About the bytes on disk of what was not replaced or deleted. */
  readonly dataBytes: number
  /** Closes open scans too. */
  close(): Promise<void>
}

/** What of the library is used. Its underscored methods are the synchronous half. */
interface Level {
  open(): Promise<void>
  close(): Promise<void>
  batch(): LevelBatch
  getProperty(name: string): string
  _getManySync(keys: readonly Uint8Array[], options: object): (string | undefined)[]
  _iterator(options: object): LevelIterator
  _clear(options: object, callback: (error?: Error | null) => void): void
}
interface LevelBatch {
  _put(key: Uint8Array, value: Uint8Array, options: object): void
  _del(key: Uint8Array, options: object): void
  _writeSync(options: object): void
  _clear(): void
}
interface LevelIterator {
  /** Key and value in turn. */
  _nextvSync(limit: number): { rows: (Buffer | string)[]; finished: boolean }
  _closeSync(): void
}
type Library = { readonly RocksLevel: new (directory: string, options: object) => Level }

const noOptions = {}
const getOptions = { fillCache: true, valueEncoding: 'utf8' }
const scanOptions = { keys: true, values: true, keyEncoding: 'buffer', valueEncoding: 'utf8', fillCache: true }
const blockSize = 1024
const scanBytesMax = 4 * 1024 * 1024
/** Few merges are worth more than many decoded entries. */
const memtableShare = 1 / 4
const blockCacheShare = 3 / 8
/** Of the configured memory; the rest of it (memtables that wait, open files) is RocksDB's. */
export const cacheShare = 1 / 4

let library: Library | undefined

function load(): Library {
  try {
    library ??= createRequire(import.meta.url)('@nxtedition/rocksdb') as Library
    return library
  } catch (cause) {
    const platform = `${process.platform}-${process.arch}`
    // What was looked for, without where.
    const [reason] = (cause as Error).message.split('\n')
    throw stateErrors.create('ROCKSDB_ABSENT', { platform, reason }, { cause })
  }
}

/** Opens or makes a store in an own directory. Throws STATE_ROCKSDB_ABSENT, STATE_ROCKSDB_FAILED. */
export async function openKeyValues(directory: string, memoryBytes: number): Promise<KeyValues> {
  const { RocksLevel } = load()
  const level = new RocksLevel(directory, {
    createIfMissing: true,
    keyEncoding: 'buffer',
    valueEncoding: 'buffer',
    // Up to one and a half times of this while a flush is behind.
    memtableMemoryBudget: Math.max(1 << 20, Math.floor(memoryBytes * memtableShare)),
    compaction: 'universal',
    compression: false,
    // Its log is never read: it need not be small.
    walCompression: false,
    cacheSize: Math.max(1 << 20, Math.floor(memoryBytes * blockCacheShare)),
    // Indexes and filters grow with the state: only so are they within the limit.
    cacheIndexAndFilterBlocks: true,
    // Most reads are of single keys at random: a block is read and looked through for one of them.
    optimize: 'point-lookup',
    blockSize,
    // To make a ribbon filter, as the above would have it, takes 20 bytes for each key of a file at once, and more time.
    filterPolicy: 'bloomfilter:10:false',
    parallelism: 2,
  })
  try {
    await level.open()
  } catch (cause) {
    throw failed(directory, cause)
  }
  return new RocksKeyValues(directory, level)
}

const failed = (directory: string, cause: unknown): Error =>
  stateErrors.create('ROCKSDB_FAILED', { directory, reason: (cause as Error).message }, { cause })

function valueIn(slab: Slab, text: string): Buffer {
  const value = slab.take(bytesOfAscii(text.length))
  fromAscii(text, value, 0)
  return value
}

class RocksKeyValues implements KeyValues {
  waiting = 0
  readonly #directory: string
  readonly #level: Level
  readonly #scans = new Set<KeyScan>()
  readonly #found = new Slab()
  #batch: LevelBatch
  #text: Buffer = Buffer.allocUnsafeSlow(1024)
  /** Of a call that could not throw it: the next one does. */
  #failure: Error | undefined

  constructor(directory: string, level: Level) {
    this.#directory = directory
    this.#level = level
    this.#batch = level.batch()
  }

  getMany(keys: readonly Buffer[]): readonly (Buffer | undefined)[] {
    const found = this.#trying(() => this.#level._getManySync(keys, getOptions))
    this.#found.clear()
    return found.map((text) => (text === undefined ? undefined : valueIn(this.#found, text)))
  }

  put(key: Uint8Array, value: Uint8Array): void {
    const length = asciiLength(value.length)
    if (length > this.#text.length) this.#text = Buffer.allocUnsafeSlow(length * 2)
    this.#batch._put(key, this.#text.subarray(0, toAscii(value, this.#text)), noOptions)
    this.waiting++
  }

  delete(key: Uint8Array): void {
    this.#batch._del(key, noOptions)
    this.waiting++
  }

  flush(): void {
    if (this.waiting === 0) return
    this.#trying(() => this.#batch._writeSync(noOptions))
    this.#batch._clear()
    this.waiting = 0
  }

  scan(from: Uint8Array, to: Uint8Array): KeyScan {
    const iterator = this.#trying(() =>
      this.#level._iterator({ ...scanOptions, gte: from, lt: to, limit: -1, highWaterMarkBytes: scanBytesMax }),
    )
    let ended = false
    const values = new Slab()
    const scan: KeyScan = {
      next: (limit) => {
        const entries: Buffer[] = []
        values.clear()
        // The library may stop early, at so many bytes.
        while (!ended && entries.length < 2 * limit) {
          const { rows, finished } = this.#trying(() => iterator._nextvSync(limit - entries.length / 2))
          for (const row of rows) entries.push(typeof row === 'string' ? valueIn(values, row) : row)
          ended = finished
        }
        return entries
      },
      close: () => {
        if (this.#scans.delete(scan)) iterator._closeSync()
      },
    }
    this.#scans.add(scan)
    return scan
  }

  deleteRange(from: Uint8Array, to: Uint8Array): void {
    this.#level._clear({ gte: from, lt: to, keyEncoding: 'buffer', limit: -1 }, (error) => {
      if (error !== undefined && error !== null) this.#failure ??= failed(this.#directory, error)
    })
  }

  get memoryBytes(): number {
    const names = ['rocksdb.size-all-mem-tables', 'rocksdb.block-cache-usage', 'rocksdb.estimate-table-readers-mem']
    return names.reduce((sum, name) => sum + Number(this.#level.getProperty(name)), 0)
  }

  get dataBytes(): number {
    return Number(this.#level.getProperty('rocksdb.estimate-live-data-size'))
  }

  async close(): Promise<void> {
    for (const scan of this.#scans) scan.close()
    await this.#level.close()
  }

  #trying<T>(call: () => T): T {
    if (this.#failure !== undefined) throw this.#failure
    try {
      return call()
    } catch (cause) {
      throw failed(this.#directory, cause)
    }
  }
}
