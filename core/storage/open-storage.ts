/**
 * From a location, as people write it, to the storage there: files of this machine, S3, or a kind that somebody registered.
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
import type { BlobStorage } from './storage.ts'

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
