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
    hint: 'write file:///absolute/path or a plain path',
    blame: 'user',
    retry: 'never',
  },
  EMPTY_LOCATION: {
    text: 'the address of the storage is empty',
    hint: 'write file:///absolute/path or a plain path',
    blame: 'user',
    retry: 'never',
  },
  UNKNOWN_SCHEME: {
    text: '{location}: storage of kind {scheme}: is not known',
    hint: 'known is file:, for example file:///var/lib/millrace',
    blame: 'user',
    retry: 'never',
  },
})
