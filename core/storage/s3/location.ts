/** `s3://bucket/prefix`. Pure. */
import { errors } from '../errors.ts'

export interface S3Location {
  readonly bucket: string
  /** Without slashes at its ends; may be empty. */
  readonly prefix: string
}

/** Throws STORAGE_BAD_S3_LOCATION. */
export function parseS3Location(location: string): S3Location {
  const bad = (reason: string): Error => errors.create('BAD_S3_LOCATION', { location, reason })
  const match = /^s3:\/\/([^/?#]+)((?:\/[^?#]*)?)$/i.exec(location)
  if (match === null) throw bad('it has no bucket')
  const bucket = match[1] as string
  if (!/^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/.test(bucket))
    throw bad('the name of a bucket has 3 to 63 lower-case letters, digits, dots and hyphens')
  const parts = (match[2] as string).split('/').filter((part) => part !== '')
  if (parts.some((part) => part === '.' || part === '..')) throw bad("its path has '.' or '..'")
  return { bucket, prefix: parts.join('/') }
}

export const s3Url = ({ bucket, prefix }: S3Location): string =>
  prefix === '' ? `s3://${bucket}` : `s3://${bucket}/${prefix}`
