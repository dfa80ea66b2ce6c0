/** What can go wrong with blob storage. A pure table. */
import { defineErrors } from '../errors.ts'

export const errors = defineErrors('STORAGE', {
  NOT_FOUND: {
    text: 'there is no object {path} in {storage}',
    hint: 'check the path; when it belonged to a snapshot, that snapshot was deleted or moved in part',
    blame: 'external',
    retry: 'never',
  },
  DISK_FULL: {
    text: 'no space left while writing {path}',
    hint: 'free some space or give the storage another directory; what was there before is unharmed',
    blame: 'external',
    retry: 'backoff',
  },
  PERMISSION: {
    text: 'no permission to {action} {path}',
    hint: 'let the user that runs this process read and write the directory, or give the storage another one',
    blame: 'external',
    retry: 'never',
  },
  READ_ONLY: {
    text: '{path} is on a file system mounted read-only',
    hint: 'give the storage a directory that can be written',
    blame: 'external',
    retry: 'never',
  },
  NOT_A_DIRECTORY: {
    text: 'a file stands in the way of {path}',
    hint: 'the storage needs a directory there: remove the file or give the storage another directory',
    blame: 'external',
    retry: 'never',
  },
  TOO_MANY_FILES: {
    text: 'this process has too many open files to {action} {path}',
    hint: 'raise the limit of open files (ulimit -n)',
    blame: 'external',
    retry: 'backoff',
  },
  IO: {
    text: 'could not {action} {path}: {reason}',
    hint: 'the disk or its mount may be failing; a write that ended like this may or may not have taken effect',
    blame: 'external',
    retry: 'backoff',
  },
  SHORT_READ: {
    text: '{path} ends before byte {end}',
    hint: 'the object was cut short; restore it from a copy, or use an older snapshot explicitly',
    blame: 'external',
    retry: 'never',
  },
  BAD_PATH: {
    text: '{path} is not a path inside of the storage',
    hint: "paths are relative and have no empty, '.' or '..' parts",
    blame: 'internal',
    retry: 'never',
  },
  BAD_LOCATION: {
    text: '{location} is not the address of a storage',
    hint: 'write file:///absolute/path, s3://bucket/prefix or a plain path',
    blame: 'user',
    retry: 'never',
  },
  EMPTY_LOCATION: {
    text: 'the address of the storage is empty',
    hint: 'write file:///absolute/path, s3://bucket/prefix or a plain path',
    blame: 'user',
    retry: 'never',
  },
  UNKNOWN_SCHEME: {
    text: '{location}: storage of kind {scheme}: is not known',
    hint: 'known are file: and s3:, for example file:///var/lib/millrace and s3://bucket/millrace',
    blame: 'user',
    retry: 'never',
  },
  BAD_S3_LOCATION: {
    text: '{location} is not a place in S3: {reason}',
    hint: 'write s3://bucket/prefix',
    blame: 'user',
    retry: 'never',
  },
  NO_BUCKET: {
    text: 'there is no bucket {bucket} at {endpoint}',
    hint: 'make the bucket, or check its name, s3.endpoint and s3.region',
    blame: 'user',
    retry: 'never',
  },
  S3_CREDENTIALS: {
    text: 'S3 does not accept the credentials for bucket {bucket}: {reason}',
    hint: 'check s3.access-key and s3.secret-key, or the credentials of the environment; temporary ones may have expired',
    blame: 'user',
    retry: 'backoff',
  },
  S3_DENIED: {
    text: 'S3 does not let these credentials {action} {path} in bucket {bucket}',
    hint: 'allow s3:GetObject, s3:PutObject, s3:DeleteObject and s3:AbortMultipartUpload on the objects, s3:ListBucket on the bucket',
    blame: 'user',
    retry: 'never',
  },
  S3_REGION: {
    text: 'the bucket {bucket} is in another region: {reason}',
    hint: 'set s3.region to the region of the bucket',
    blame: 'user',
    retry: 'never',
  },
  S3_UNREACHABLE: {
    text: 'S3 cannot be reached at {endpoint}: {reason}',
    hint: 'check s3.endpoint and that the service runs',
    blame: 'external',
    retry: 'backoff',
  },
  S3_FAILED: {
    text: 'S3 could not {action} {path} in bucket {bucket}: {reason}',
    hint: 'the service had its tries; a write that ended like this may or may not have taken effect',
    blame: 'external',
    retry: 'backoff',
  },
  NO_CONDITIONS: {
    text: 'the service of bucket {bucket} at {endpoint} ignores conditions on writes (If-None-Match)',
    hint: 'two processes could overwrite each other unseen: use a service or a version of it that keeps them',
    blame: 'user',
    retry: 'never',
  },
  NO_ANSWER: {
    text: 'storage did not answer within {timeoutMs} ms when it was to {action} {path}',
    hint: 'look whether the storage is there and how slow it is; a write that ended like this may still take effect',
    blame: 'external',
    retry: 'backoff',
  },
  UNKNOWN_OUTCOME: {
    text: 'it is not known whether {path} was written: an answer was lost, and another has written since',
    hint: 'read it again',
    blame: 'external',
    retry: 'now',
  },
})
