/** Exit codes: stable, for scripts. */
import { isMillraceError } from '../core/errors.ts'

export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  noCluster: 3,
  notFound: 4,
  conflict: 5,
  /** We stopped waiting; what was asked for goes on. */
  stillRunning: 6,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** The exit code that an error ends a command with. Pure. */
export function exitCodeOf(error: unknown): ExitCode {
  if (!isMillraceError(error)) return exitCodes.failed
  const { code } = error
  if (code === 'CLI_NO_CLUSTER' || /(^|_)(UNAVAILABLE|UNREACHABLE|NO_CLUSTER|NOT_LEADER)$/.test(code)) {
    return exitCodes.noCluster
  }
  if (code === 'CLI_BAD_ARGUMENT' || code.startsWith('CONFIG_')) return exitCodes.usage
  if (/(^|_)(NOT_FOUND|NO_SUCH_[A-Z]+|UNKNOWN_CODE|UNKNOWN_JOB|NO_JOB|NO_SNAPSHOT|NO_SAVEPOINT)$/.test(code)) {
    return exitCodes.notFound
  }
  if (/CONFLICT|ALREADY|AMBIGUOUS|IN_USE|IN_PROGRESS|NOT_RUNNING|BUSY/.test(code)) return exitCodes.conflict
  return exitCodes.failed
}
