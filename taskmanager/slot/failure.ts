/** An error as the reason why a subtask failed: the operator it happened in, and the user's own lines first in the stack. */
import { isMillraceError } from '../../core/errors.ts'
import { OperatorFailure } from '../task/poison.ts'
import type { FailureCause } from './messages.ts'

const codeOfUser = 'TASK_USER_CODE_FAILED'

export function failureCause(
  error: unknown,
  where?: { readonly operator: string; readonly uid: string },
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
    ...(stack === undefined ? {} : { stack: userFramesFirst(stack) }),
  }
}

/** Frames of the engine and of Node stand behind those of the job. */
function userFramesFirst(stack: string): string {
  const lines = stack.split('\n')
  const first = lines.findIndex((line) => /^\s+at /.test(line))
  if (first < 0) return stack
  const frames = lines.slice(first)
  const own = (frame: string): boolean =>
    /node:|node_modules|[/\\](?:taskmanager|core|sdk)[/\\][\w/\\-]+\.[jt]s|evalmachine|<anonymous>/.test(frame)
  return [...lines.slice(0, first), ...frames.filter((frame) => !own(frame)), ...frames.filter(own)].join('\n')
}
