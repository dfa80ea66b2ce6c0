/** Failures that the control thread of a TaskManager reports. */
import { defineErrors } from '../../core/errors.ts'

export const errors = defineErrors('TASKMANAGER', {
  SLOT_OUT_OF_MEMORY: {
    text: 'slot {slot} of {id} needed more than {limit} of heap',
    hint: 'Raise taskmanager.memory.task.heap.size, or keep less in objects of your own: state belongs into declared state.',
    blame: 'user',
    retry: 'backoff',
  },
  SLOT_DIED: { text: 'the thread of slot {slot} of {id} ended: {reason}', blame: 'internal', retry: 'backoff' },
  SLOT_BUSY: { text: 'slot {slot} of {id} is not free', blame: 'internal', retry: 'backoff' },
  STUCK: {
    text: '{what} {operator} has not returned for {timeout}',
    hint: 'User code must not block. If it really takes that long, raise task.watchdog.timeout.',
    blame: 'user',
    retry: 'backoff',
  },
  STUCK_IMPORTING: {
    text: 'the module of the job has not been imported after {timeout}',
    hint: 'Its top-level code, or the function given to defineJob, loops or waits for something that never comes. If it really takes that long, raise task.watchdog.timeout.',
    blame: 'user',
    retry: 'backoff',
  },
  STUCK_OPENING: {
    text: 'the operators of the job were not open after {timeout}: state restored, splits found, connections made',
    hint: 'A source, a sink or a function blocks or waits for something that never comes. If it really takes that long, raise task.watchdog.timeout (it blocks) or task.open.timeout (it waits).',
    blame: 'user',
    retry: 'backoff',
  },
  CANCELLATION_TIMEOUT: {
    text: 'slot {slot} of {id} did not give the job up within {timeout} and was replaced',
    blame: 'internal',
    retry: 'backoff',
  },
  BUNDLE_ALTERED: {
    text: 'the bundle that arrived is not the one that was asked for ({bundle})',
    blame: 'external',
    retry: 'backoff',
  },
  INSECURE_ADDRESS: {
    text: '{host} is not a loopback address, and data connections are neither encrypted nor authenticated',
    hint: 'Turn TLS on (security.ssl.internal.enabled), or accept it: -D security.allow-insecure=true',
    blame: 'user',
    retry: 'never',
  },
  SLOT_DID_NOT_START: { text: 'slot {slot} did not start: {reason}', blame: 'internal', retry: 'never' },
  OLD_EPOCH: {
    text: 'the JobManager at {address} has epoch {epoch}, but one with epoch {known} was here before: either another one has taken over, or this one has lost its data directory',
    hint: 'If another JobManager leads, end this one. If the data directory (jobmanager.data-dir) is lost, restart the TaskManagers: they then take the new one, and jobs are submitted again from their newest checkpoints (millrace run -s PATH).',
    blame: 'external',
    retry: 'backoff',
  },
})
