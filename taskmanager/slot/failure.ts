/** An error as the reason why a subtask failed: the operator it happened in, and the user's own lines first in the stack. */
import { isMillraceError } from '../../core/errors.ts'
import { errors as checkpointErrors } from '../../proto/checkpoint/errors.ts'
import type { RestoreAssignment } from '../../proto/checkpoint/restore-plan.ts'
import { networkErrors } from '../network/errors.ts'
import { OperatorFailure } from '../operators/operator-failure.ts'
import { stateErrors } from '../state/errors.ts'
import type { FailureCause } from './messages.ts'

// A folder of the user may be called core, too.
const root = decodeURIComponent(new URL('../../', import.meta.url).pathname).replace(/dist\/$/, '')
const rooms = ['core', 'proto', 'sdk', 'connectors', 'taskmanager'].flatMap((room) => [
  `${root}${room}/`,
  `${root}dist/${room}/`,
])

const codeOfUser = 'TASK_USER_CODE_FAILED'

/** `madeAt`: where in the user's file the operator of a node was made, for errors whose stack has no line of the user. */
export function failureCause(
  error: unknown,
  where?: { readonly operator: string; readonly uid: string },
  madeAt: (node: number) => string | undefined = () => undefined,
): FailureCause {
  const failure = error instanceof OperatorFailure ? error : undefined
  const inner = failure === undefined ? error : failure.cause
  const place = failure === undefined ? where : { operator: failure.operator.name, uid: failure.operator.uid }
  const ours = isMillraceError(inner)
  const message = inner instanceof Error ? inner.message : String(inner)
  const stack = inner instanceof Error ? inner.stack : undefined
  return {
    code: ours ? inner.code : codeOfUser,
    message: inner instanceof Error && !ours && inner.name !== 'Error' ? `${inner.name}: ${message}` : message,
    ...(ours && inner.hint !== undefined ? { hint: inner.hint } : {}),
    ...(place === undefined ? {} : place),
    ...(stack === undefined
      ? {}
      : { stack: userFramesFirst(stack, failure?.operator.name, failure && madeAt(failure.operator.node)) }),
  }
}

/** Whether the same deployment would fail again in the same way. */
export function isHopeless(error: unknown, restore: Readonly<Record<string, RestoreAssignment>>): boolean {
  return networkErrors.is(error, 'MEMORY_TOO_SMALL') || restoreIsHopeless(error, restore)
}

/**
 * Whether restoring would fail again in the same way: by the user's code (a migration that throws), or by a damaged snapshot
 * that the job was given. A damaged checkpoint of its own is tried again: what was read may have been hurt on its way, and the
 * file can be brought back while the job waits.
 */
export function restoreIsHopeless(error: unknown, restore: Readonly<Record<string, RestoreAssignment>>): boolean {
  const inner = error instanceof OperatorFailure ? error.cause : error
  if (!stateErrors.is(inner) && !checkpointErrors.is(inner)) return false
  if (inner.retry !== 'never') return false
  if (inner.blame === 'user') return true
  return Object.values(restore).some(({ operators }) => operators.some(({ rewrite }) => rewrite))
}

/** Frames of the engine and of Node stand behind those of the job; where there is none of the job, behind the line that made the operator. */
function userFramesFirst(stack: string, operator: string | undefined, madeAt: string | undefined): string {
  const lines = stack.split('\n')
  const first = lines.findIndex((line) => /^\s+at /.test(line))
  if (first < 0) return stack
  const frames = lines.slice(first)
  const own = (frame: string): boolean =>
    /node:|node_modules|evalmachine|<anonymous>/.test(frame) || rooms.some((room) => frame.includes(room))
  const users = frames.filter((frame) => !own(frame))
  if (users.length === 0 && madeAt !== undefined) users.push(`    at ${operator} (${madeAt})`)
  return [...lines.slice(0, first), ...users, ...frames.filter(own)].join('\n')
}
