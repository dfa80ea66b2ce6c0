/** What a slot says, as it travels to the JobManager. Pure. */
import { unreachable } from '../../core/assert.ts'
import type { FromTaskManager } from '../../proto/generated/shapes.ts'
import type { FromSlot } from '../slot/messages.ts'

type Forwarded = Exclude<FromSlot, { kind: 'ready' | 'released' | 'warning' }>

export function fromSlot(jobId: string, message: Forwarded): FromTaskManager {
  switch (message.kind) {
    case 'state': {
      const { attempt, vertex, subtask, state, cause } = message
      return { kind: 'taskState', jobId, attempt, vertex, subtask, state, ...(cause === undefined ? {} : { cause }) }
    }
    case 'ended': {
      const { attempt, vertex, subtask } = message
      return { kind: 'inputEnded', jobId, attempt, vertex, subtask }
    }
    case 'ack': {
      const { attempt, checkpointId, vertex, subtask, snapshot } = message
      const of = { jobId, attempt, checkpointId, vertex, subtask }
      try {
        return { kind: 'ack', ...of, snapshotJson: Buffer.from(JSON.stringify(snapshot)) }
      } catch (error) {
        // What a source or a sink of the user keeps is the user's.
        return { kind: 'decline', ...of, reason: `the state of a source or a sink is no JSON: ${String(error)}` }
      }
    }
    case 'decline': {
      const { attempt, checkpointId, vertex, subtask, reason } = message
      return { kind: 'decline', jobId, attempt, checkpointId, vertex, subtask, reason }
    }
    case 'metrics': {
      const subtasks = message.subtasks.map(({ watermark, aligned, ...rest }) => ({
        ...rest,
        aligned: aligned ?? [],
        ...(watermark === null ? {} : { watermark }),
      }))
      return { kind: 'metrics', jobId, attempt: message.attempt, subtasks }
    }
    case 'print':
      return { kind: 'print', jobId, attempt: message.attempt, uid: message.uid, lines: message.lines }
    case 'results': {
      const { attempt, uid, subtask, sequence, records } = message
      return {
        kind: 'results',
        jobId,
        attempt,
        uid,
        subtask,
        sequence,
        recordsJson: Buffer.from(JSON.stringify(records, readable)),
      }
    }
    default:
      return unreachable(message)
  }
}

/** JSON has no bigint: one that a number would round becomes a text. */
function readable(_: string, value: unknown): unknown {
  if (typeof value !== 'bigint') return value
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
}
