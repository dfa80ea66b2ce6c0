/** What the command line may report by itself; everything else comes from the rooms below. */
import { defineErrors } from '../core/errors.ts'

export const cliErrors = defineErrors('CLI', {
  NO_SUCH_FILE: { text: 'there is no file {file}', hint: '{suggestion}', blame: 'user', retry: 'never' },
  UNREADABLE: { text: '{file} cannot be read: {reason}', blame: 'user', retry: 'never' },
  DOES_NOT_COMPILE: { text: '{file} does not compile:\n{messages}', blame: 'user', retry: 'never' },
  NATIVE_ADDON: {
    text: '{file} needs a native addon ({addon}), which cannot travel in a bundle',
    hint: 'Use a package that is plain JavaScript or WebAssembly.',
    blame: 'user',
    retry: 'never',
  },
  NO_DEFAULT_EXPORT: {
    text: '{file} has no default export',
    hint: "A job is one: export default defineJob('name', (env) => { … })",
    blame: 'user',
    retry: 'never',
  },
  NOT_A_JOB: {
    text: 'the default export of {file} is {found}, not a job',
    hint: "Make it one: export default defineJob('name', (env) => { … })",
    blame: 'user',
    retry: 'never',
  },
  JOB_THROWS: { text: '{file} throws while the job is built: {reason}', blame: 'user', retry: 'never' },
  BAD_ARGUMENT: { text: '{problem}', blame: 'user', retry: 'never' },
  NO_SUCH_TOPIC: { text: 'there is no topic {topic}', hint: '{suggestion}', blame: 'user', retry: 'never' },
  NO_SUCH_PARTITION: {
    text: 'the topic {topic} has no partition {partition}',
    hint: 'Its partitions are 0 to {last}.',
    blame: 'user',
    retry: 'never',
  },
  TOPIC_EXISTS: {
    text: 'there is a topic {topic} already',
    hint: 'Look at it: millrace topic describe {topic}',
    blame: 'user',
    retry: 'never',
  },
  NO_SUCH_GROUP: { text: 'there is no group {group}', hint: '{suggestion}', blame: 'user', retry: 'never' },
  GROUP_IN_USE: {
    text: 'the group {group} has members',
    hint: 'Stop them first: what a member commits next would undo it.',
    blame: 'user',
    retry: 'backoff',
  },
  BAD_INPUT: { text: '{where}: {problem}', blame: 'user', retry: 'never' },
  DAMAGED_FILES: {
    text: '{count} places in {path} are damaged',
    hint: 'What was synced and is wrong now was lost by the disk. Nothing was changed. `broker repair` makes indexes and snapshots anew.',
    blame: 'external',
    retry: 'never',
  },
  DAMAGE_LEFT: {
    text: '{count} places in {path} are still damaged',
    hint: 'Batches are never changed. Records before the damage can be read; `topic delete-records` gives up what lies before an offset.',
    blame: 'external',
    retry: 'never',
  },
  UNKNOWN_CODE: { text: 'no error is called {error}.{suggestion}', blame: 'user', retry: 'never' },
  NOT_IN_SNAPSHOT: {
    text: 'the snapshot has no {what} called {name}',
    hint: '{suggestion}',
    blame: 'user',
    retry: 'never',
  },
  NOT_UPGRADABLE: {
    text: 'the job {job} is {state}: only a job that runs can be upgraded',
    hint: 'Start the new version from its savepoint or checkpoint: millrace run -s PATH job.ts',
    blame: 'user',
    retry: 'never',
  },
  STILL_RUNS: {
    text: 'the job {job} is {state}: it cannot be run again beside itself',
    hint: 'Stop it first, or give the file of a job.',
    blame: 'user',
    retry: 'never',
  },
  NOT_ENDED: {
    text: 'the new version ({job}) could not be ended',
    hint: 'Look at it with millrace info {job}; the old version must not start while it runs.',
    blame: 'external',
    retry: 'backoff',
  },
  NO_WAY_BACK: {
    text: 'the new version ({job}) completed a checkpoint while it was given up: what it has written is visible, and the old version would write it again',
    hint: 'Start the new version from its last checkpoint (millrace info {job}), or, accepting that, the old one from {savepoint}.',
    blame: 'user',
    retry: 'never',
  },
  JOB_FAILED: { text: 'the job {job} failed', blame: 'user', retry: 'never' },
  JOB_CANCELED: { text: 'the job {job} was canceled', blame: 'user', retry: 'never' },
})
