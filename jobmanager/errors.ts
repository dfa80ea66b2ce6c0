/** Failures that the JobManager answers with or writes into a job's history. */
import { defineErrors } from '../core/errors.ts'

export const errors = defineErrors('JOBMANAGER', {
  PORT_IN_USE: {
    text: 'port {port} on {host} is in use by another process',
    hint: 'Is a JobManager running already? Otherwise choose another port: -D jobmanager.rpc.port=...',
    blame: 'user',
    retry: 'never',
  },
  CANNOT_LISTEN: { text: 'cannot listen on {host}:{port}: {reason}', blame: 'user', retry: 'never' },
  INSECURE_ADDRESS: {
    text: '{host} is not a loopback address, and connections are neither encrypted nor authenticated',
    hint: 'Whoever reaches the port can run code. To listen there all the same: -D security.allow-insecure=true',
    blame: 'user',
    retry: 'never',
  },
  STORE_UNREADABLE: {
    text: 'the job store has {path}, which cannot be read: {reason}',
    hint: 'Repair the file, or move the directory of that job away to go on without it.',
    blame: 'external',
    retry: 'never',
  },
  NO_SUCH_JOB: { text: 'there is no job {job}', hint: 'Jobs there are: millrace list', blame: 'user', retry: 'never' },
  AMBIGUOUS_JOB: { text: '{job} may be any of {ids}', hint: 'Give more of the id.', blame: 'user', retry: 'never' },
  JOB_ENDED: { text: 'job {job} is {state}', blame: 'user', retry: 'never' },
  NOT_RUNNING: {
    text: 'job {job} is {state}: this needs a running job',
    hint: 'Try again when it runs.',
    blame: 'user',
    retry: 'backoff',
  },
  NO_CHECKPOINTING: {
    text: 'job {job} takes no checkpoints, so it cannot take a snapshot either',
    hint: 'Set execution.checkpointing.interval when submitting the job.',
    blame: 'user',
    retry: 'never',
  },
  BAD_PLAN: { text: 'the plan that was submitted is not one: {reason}', blame: 'internal', retry: 'never' },
  BUNDLE_TOO_LARGE: {
    text: 'the bundle has {bytes} bytes, more than the {limit} allowed',
    hint: 'Leave out what the job does not need, or raise jobmanager.bundle.max-size.',
    blame: 'user',
    retry: 'never',
  },
  BUNDLE_CUT: { text: 'the bundle ended after {bytes} of {expected} bytes', blame: 'internal', retry: 'now' },
  NO_SUCH_BUNDLE: { text: 'there is no bundle {bundle}', blame: 'internal', retry: 'never' },
  SHUTTING_DOWN: { text: 'the JobManager is shutting down', blame: 'external', retry: 'backoff' },
  TASKMANAGER_LOST: {
    text: 'TaskManager {id} is gone: {reason}',
    hint: 'Its log says why. A slot needs memory beside its heap: see taskmanager.memory.*',
    blame: 'external',
    retry: 'backoff',
  },
  TASKMANAGER_REPLACED: { text: 'another TaskManager registered with the id {id}', blame: 'user', retry: 'never' },
  REGISTRATION_EXPECTED: { text: 'a TaskManager must register first', blame: 'internal', retry: 'never' },
  CHECKPOINT_FAILED: { text: '{kind} {checkpoint} failed: {reason}', blame: 'external', retry: 'backoff' },
  CHECKPOINTS_FAILING: {
    text: '{failures} checkpoints failed one after the other, the last one: {reason}',
    hint: 'execution.checkpointing.tolerable-failed-checkpoints says how many may fail.',
    blame: 'external',
    retry: 'backoff',
  },
  STOP_FAILED: {
    text: 'job {job} could not be stopped: {reason}',
    hint: 'It goes on from its newest checkpoint. Try again.',
    blame: 'external',
    retry: 'backoff',
  },
  RESULTS_LOST: {
    text: 'results {from} to {last} of {uid} (subtask {subtask}) are lost',
    hint: 'Nobody read them before the buffer ran over (jobmanager.results.buffer-size), or before the JobManager of a job that had ended went away. For results that must stay, use a sink that writes them.',
    blame: 'user',
    retry: 'never',
  },
  SUBTASK_FAILED: { text: '{reason}', blame: 'internal', retry: 'backoff' },
})
