/**
 * Blob storage: named immutable objects plus a few small registers that change by compare-and-set. It knows nothing of
 * what the objects mean.
 *
 * Promises: an object is seen whole or not at all; when `put`, `putIfAbsent` or `compareAndSet` returns, the object
 * survives the loss of power. Paths are relative, '/'-separated, without empty, '.' or '..' parts. A name is used either
 * as an object or as a register (`compareAndSet`), never as both. Any number of processes may use the same storage at the
 * same time. Every failure is a coded error of the room STORAGE; one that may or may not have taken effect says so.
 */
import { fileURLToPath, pathToFileURL } from 'node:url'
import { faultOrdersObeyed } from '../fault-orders.ts'
import { systemDisk } from '../platform/disk.ts'
import { errors } from './errors.ts'
import { failingStorage } from './failing-storage.ts'
import { fileStorage } from './file-storage.ts'
import { parseS3Location, s3Url } from './s3/location.ts'
import { s3InUse } from './s3/options.ts'
import { S3Storage } from './s3/s3-storage.ts'

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
  /** Exactly `length` bytes from `offset`; throws STORAGE_SHORT_READ when the object ends before that. */
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

const others = new Map<string, (location: string) => BlobStorage>()

/** Storage of a kind that is not known here: from now on `open` is given every location that begins with `scheme:`. */
export function registerStorage(scheme: string, open: (location: string) => BlobStorage): void {
  others.set(scheme, open)
}

/**
 * Opens storage at a `file:` or `s3:` URL or at a path of this machine; a relative path counts from the working directory.
 * Nothing is read or created yet; how S3 is reached was said with `useS3`. Throws STORAGE_UNKNOWN_SCHEME, STORAGE_BAD_LOCATION, STORAGE_BAD_S3_LOCATION.
 */
export function openStorage(location: string): BlobStorage {
  const other = otherOf(location)
  if (other !== undefined) return other(location)
  if (isS3(location)) return new S3Storage(parseS3Location(location), s3InUse())
  const files = fileStorage(localPath(location))
  return faultOrdersObeyed() ? failingStorage(files) : files
}

/** Removes a directory of this machine that held objects, unless something is in it. Elsewhere there are none. */
export function removeEmptyDirectory(location: string): void {
  if (otherOf(location) !== undefined || isS3(location)) return
  try {
    systemDisk.removeDirectory(localPath(location))
  } catch {
    // It is somebody's: of another object, a mount, or not ours to remove.
  }
}

const otherOf = (location: string): ((location: string) => BlobStorage) | undefined =>
  others.size === 0 ? undefined : others.get(location.slice(0, Math.max(0, location.indexOf(':'))))

/** Absolute URL of a location, in the one form that `BlobStorage.url` has. */
export function storageUrl(location: string): string {
  if (otherOf(location) !== undefined) return location.replace(/\/+$/, '')
  if (isS3(location)) return s3Url(parseS3Location(location))
  return pathToFileURL(localPath(location)).href.replace(/\/+$/, '')
}

const isS3 = (location: string): boolean => /^s3:/i.test(location)

function localPath(location: string): string {
  if (location === '') throw errors.create('EMPTY_LOCATION', {})
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(location)
  if (scheme === null) return location
  if (scheme[1].toLowerCase() !== 'file') throw errors.create('UNKNOWN_SCHEME', { location, scheme: scheme[1] })
  try {
    return fileURLToPath(location)
  } catch (cause) {
    throw errors.create('BAD_LOCATION', { location }, { cause })
  }
}
