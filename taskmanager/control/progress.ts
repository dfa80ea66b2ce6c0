/**
 * How far the subtasks in a slot are, kept where they run: a JobManager that takes over did not hear what they said. Pure.
 */
import type { SubtaskStatus } from '../../proto/generated/shapes.ts'
import type { FromSlot } from '../slot/messages.ts'

const keyOf = (vertex: number, subtask: number): string => `${vertex}/${subtask}`

export function progressOf(
  subtasks: readonly { readonly vertex: number; readonly subtask: number }[],
): Map<string, SubtaskStatus> {
  return new Map(
    subtasks.map(({ vertex, subtask }) => [
      keyOf(vertex, subtask),
      { vertex, subtask, state: 'deploying', inputEnded: false },
    ]),
  )
}

export function noteProgress(progress: Map<string, SubtaskStatus>, message: FromSlot): void {
  if (message.kind !== 'state' && message.kind !== 'ended') return
  const key = keyOf(message.vertex, message.subtask)
  const before = progress.get(key)
  if (before === undefined) return
  progress.set(key, message.kind === 'state' ? { ...before, state: message.state } : { ...before, inputEnded: true })
}
