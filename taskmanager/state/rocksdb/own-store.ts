/**
 * RocksDB in a directory of its own: empty at the start, removed at the end. State comes from the snapshot, so nothing that
 * lies there is ever read again. One thread.
 */
import type { Disk } from '../../../core/platform/disk.ts'
import type { RocksDbOptions, SnapshotTarget, StateBackendOptions } from '../api.ts'
import { stateErrors } from '../errors.ts'
import { type KeyValues, openKeyValues } from './binding.ts'
import { ChangeLog } from './change-log.ts'
import type { Spill } from './spill.ts'

const logBytesMinDefault = 1 << 20

export class OwnStore {
  readonly #options: RocksDbOptions
  readonly #disk: Disk
  #store: KeyValues | undefined
  #log: ChangeLog | undefined
  #closed = false

  constructor(options: RocksDbOptions, disk: Disk) {
    this.#options = options
    this.#disk = disk
  }

  /** Throws STATE_ROCKSDB_ABSENT, STATE_ROCKSDB_FAILED, STATE_CLOSED. */
  async open(): Promise<KeyValues> {
    const { directory, memoryBytes } = this.#options
    // Whatever a process left that died: the snapshot is what counts.
    this.#disk.remove(directory)
    this.#disk.makeDirectory(directory)
    const store = await openKeyValues(directory, memoryBytes)
    if (this.#closed) {
      await this.#remove(store)
      throw stateErrors.create('CLOSED', { work: 'RocksDB was being opened' })
    }
    this.#store = store
    return store
  }

  /** A log beside it, which ends with it, for `spill`. */
  attach(spill: Spill, store: KeyValues): void {
    this.#log = new ChangeLog(this.#disk, `${this.#options.directory}/changes`)
    const { memoryBytes, logBytesMin = Math.max(memoryBytes, logBytesMinDefault) } = this.#options
    spill.attach(store, this.#log, logBytesMin)
  }

  /** Bytes of memory that RocksDB reports. */
  get memoryBytes(): number {
    return this.#store?.memoryBytes ?? 0
  }

  close(): void {
    const store = this.#store
    this.#store = undefined
    this.#closed = true
    this.#log?.clear()
    // What cannot be closed or removed now is removed by the next process.
    if (store !== undefined) this.#remove(store).catch(() => undefined)
  }

  async #remove(store: KeyValues): Promise<void> {
    await store.close()
    this.#disk.remove(this.#options.directory)
  }
}

/** Of the memory, for the entries of a snapshot that are not stored yet. */
const snapshotShare = 1 / 4
const snapshotBytesMin = 4 << 20

/** Where snapshots go: runs are cut earlier where there is little memory. */
export function snapshotTarget({ target, rocksdb }: StateBackendOptions): SnapshotTarget | undefined {
  if (target === undefined || rocksdb === undefined) return target
  return { runBytesMax: Math.max(snapshotBytesMin, Math.floor(rocksdb.memoryBytes * snapshotShare)), ...target }
}
