/** What a running subtask may report. */
import { defineErrors } from '../../core/errors.ts'

export const taskErrors = defineErrors('TASK', {
  USER_CODE_FAILED: {
    text: '{reason}',
    hint: 'The stack begins with the lines of the job. To go on without such records, give the operator onError: skip or dead-letter.',
    blame: 'user',
    retry: 'backoff',
  },
  SNAPSHOT_FAILED: {
    text: 'checkpoint {checkpointId} failed in {operator}: {reason}',
    blame: 'external',
    retry: 'backoff',
  },
  CHECKPOINT_GIVEN_UP: {
    text: 'checkpoint {checkpointId} was given up before all of its barriers had come',
    blame: 'internal',
    retry: 'now',
  },
})
