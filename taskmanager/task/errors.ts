/** What a running subtask may report. */
import { defineErrors } from '../../core/errors.ts'

export const taskErrors = defineErrors('TASK', {
  OPERATOR_FAILED: { text: '{operator}: {reason}', blame: 'user', retry: 'backoff' },
  SNAPSHOT_FAILED: {
    text: 'checkpoint {checkpointId} failed in {operator}: {reason}',
    blame: 'external',
    retry: 'backoff',
  },
  PLAN_DIFFERS: {
    text: 'the job builds another plan here ({here}) than where it was submitted ({there})',
    hint: 'Building the graph must not depend on the machine, the time or chance: take such values from options.',
    blame: 'user',
    retry: 'never',
  },
  NOT_A_JOB: {
    text: 'the bundle {path} exports no job',
    hint: 'Export it: export default defineJob(...).',
    blame: 'user',
    retry: 'never',
  },
  UNHANDLED: { text: 'an error that nobody handled: {reason}', blame: 'user', retry: 'backoff' },
  NO_ROOM: {
    text: 'this slot is still occupied by attempt {attempt} of another deployment',
    blame: 'internal',
    retry: 'backoff',
  },
})
