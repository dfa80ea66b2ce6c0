/**
 * Blob storage: named immutable objects plus a few small registers that change by compare-and-set. It knows nothing of
 * what the objects mean.
 *
 * Promises: an object is seen whole or not at all; when `put`, `putIfAbsent` or `compareAndSet` returns, the object
 * survives the loss of power. Paths are relative, '/'-separated, without empty, '.' or '..' parts. A name is used either
 * as an object or as a register (`compareAndSet`), never as both. Any number of processes may use the same storage at the
 * same time. Every failure is a coded error of the room STORAGE; one that may or may not have taken effect says so.
 */
/** Bytes of an object, in one piece or in several that are written one after the other. */
export type BlobBytes = Uint8Array | readonly Uint8Array[]

export interface BlobStorage {
  /** Where it is, as `openStorage` takes it: an absolute URL without a slash at its end. */
  readonly url: string
  /** Creates or replaces an object. */
  put(path: string, bytes: BlobBytes): Promise<void>
  /** Creates an object unless there is one of that name; true when this call created it. */
  putIfAbsent(path: string, bytes: BlobBytes): Promise<boolean>
  /** An object that is written piece by piece and appears when it is finished. Replaces one of the same name. */
  openWriter(path: string): Promise<BlobWriter>
  /** The whole object, or what a register holds. Throws STORAGE_NOT_FOUND. */
  get(path: string): Promise<Uint8Array>
  /** Exactly `length` bytes from `offset`, which are the caller's; throws STORAGE_SHORT_READ when the object ends before that. */
  getRange(path: string, offset: number, length: number): Promise<Uint8Array>
  /** Bytes of an object. Throws STORAGE_NOT_FOUND. */
  size(path: string): Promise<number>
  /** All objects and registers whose path begins with `prefix`, sorted. Unfinished writes are not seen. */
  list(prefix: string): Promise<BlobEntry[]>
  /** Deletes an object or a register; nothing happens when there is none. */
  delete(path: string): Promise<void>
  exists(path: string): Promise<boolean>
  /**
   * Sets a register if it holds exactly `expected` (null: there is none); false when it holds something else. An error
   * means that the outcome is unknown: read it again.
   */
  compareAndSet(path: string, expected: Uint8Array | null, bytes: Uint8Array): Promise<boolean>
  /**
   * What was read of an object is not what was written: where there is another place to read it from, that is taken from now on. Absent:
   * there is none.
   */
  distrust?(path: string): Promise<void>
  /** The same, blocking, where the storage can: local files. Absent for storage behind a network. */
  readonly sync?: SyncBlobStorage | undefined
}

/** Blocking variants, for threads that encode and restore state. */
export interface SyncBlobStorage {
  put(path: string, bytes: BlobBytes): void
  get(path: string): Uint8Array
  getRange(path: string, offset: number, length: number): Uint8Array
  size(path: string): number
}

/** Must be finished or aborted. Not for use by two callers at once. */
export interface BlobWriter {
  /** The bytes are the caller's again when the promise is fulfilled. */
  write(bytes: Uint8Array): Promise<void>
  finish(): Promise<void>
  /** Leaves nothing behind. Does nothing after `finish`. */
  abort(): Promise<void>
}

export interface BlobEntry {
  readonly path: string
  readonly bytes: number
  /** Epoch ms of the last change, by the storage's own clock. */
  readonly modifiedMs: number
}
