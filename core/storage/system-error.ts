/** Turns errors of the operating system into those of storage, which say what to do. Pure. */
import { isMillraceError } from '../errors.ts'
import { errors } from './errors.ts'

type Action = 'read' | 'write' | 'list' | 'delete'

/** 'ENOENT' and so on, or undefined for what is no error of the operating system. */
export function systemCode(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : undefined
}

export function guard<T>(action: Action, path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw translate(action, path, error)
  }
}

export async function guardAsync<T>(action: Action, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw translate(action, path, error)
  }
}

function translate(action: Action, path: string, cause: unknown): unknown {
  if (isMillraceError(cause)) return cause
  switch (systemCode(cause)) {
    case undefined:
      return cause
    case 'ENOSPC':
    case 'EDQUOT':
      return errors.create('DISK_FULL', { path }, { cause })
    case 'EACCES':
    case 'EPERM':
      return errors.create('PERMISSION', { action, path }, { cause })
    case 'EROFS':
      return errors.create('READ_ONLY', { path }, { cause })
    case 'ENOTDIR':
    case 'EEXIST':
      return errors.create('NOT_A_DIRECTORY', { path }, { cause })
    case 'EMFILE':
    case 'ENFILE':
      return errors.create('TOO_MANY_FILES', { action, path }, { cause })
    default:
      return errors.create(
        'IO',
        { action, path, reason: cause instanceof Error ? cause.message : String(cause) },
        { cause },
      )
  }
}
