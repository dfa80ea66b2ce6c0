/** What can go wrong with snapshots: files that cannot be read, restores that are refused. A pure table. */
import { defineErrors } from '../../core/errors.ts'

export const errors = defineErrors('CHECKPOINT', {
  TRUNCATED: {
    text: '{where} is cut short: {reason}',
    hint: 'restore the file from a copy, or name an older snapshot explicitly (--fromSavepoint PATH)',
    blame: 'external',
    retry: 'never',
  },
  ALTERED: {
    text: '{where} was altered after it was written: {reason}',
    hint: 'restore the file from a copy, or name an older snapshot explicitly (--fromSavepoint PATH); check the disk',
    blame: 'external',
    retry: 'never',
  },
  WRONG_MAGIC: {
    text: '{where} is not a {expected} of Millrace',
    hint: 'check the path: give the directory of a savepoint or of a checkpoint (chk-N)',
    blame: 'user',
    retry: 'never',
  },
  NEWER_VERSION: {
    text: '{where} has format version {version}; this version of Millrace reads up to {supported}',
    hint: 'use the version of Millrace that wrote it, or a later one',
    blame: 'user',
    retry: 'never',
  },
  MALFORMED: {
    text: '{where} is not well formed: {reason}',
    hint: 'it was written by something else than Millrace, or by a version with a bug: please report it with the file',
    blame: 'external',
    retry: 'never',
  },
  RUN_MISMATCH: {
    text: '{where} is not the run that the snapshot names: {reason}',
    hint: 'the file was replaced; restore it from a copy, or name an older snapshot explicitly (--fromSavepoint PATH)',
    blame: 'external',
    retry: 'never',
  },
  CHANNELS_CHANGED: {
    text: 'the snapshot has records in flight from {from} to {to}, and the job does not exchange them like that any more',
    hint: 'resume from a savepoint, which has nothing in flight: take one with the old version of the job (millrace stop JOB)',
    blame: 'user',
    retry: 'never',
  },
  NOT_LOADED: {
    text: '{where} is read before its bytes were loaded',
    hint: 'await load(from, to) before reading from storage that cannot block',
    blame: 'internal',
    retry: 'never',
  },
  ENTRY_TOO_LARGE: {
    text: 'an entry of state number {state} has {bytes} bytes; the limit is {limit}',
    hint: 'keep less in one value: a map or list state keeps its elements apart',
    blame: 'user',
    retry: 'never',
  },
  ACK_MISSING: {
    text: 'checkpoint {checkpoint} lacks the acknowledgement of subtask {subtask} of {vertex}',
    blame: 'internal',
    retry: 'never',
  },
  NO_SUCH_VERTEX: { text: 'job {job} has no vertex {vertex}', blame: 'internal', retry: 'never' },
  ID_TAKEN: {
    text: 'checkpoint {checkpoint} of job {job} is there already, written by another leader',
    hint: 'another JobManager works on this job, or worked on it before; the next checkpoint gets a higher number',
    blame: 'external',
    retry: 'now',
  },
  POINTER_MOVED: {
    text: 'the checkpoint pointer of job {job} was moved by another leader (epoch {epoch}; ours is {own})',
    hint: 'another JobManager leads this job now; this one must stop acting for it. Was a data directory copied, so that two clusters run the same job? Give one of them another execution.checkpointing.dir; nothing was deleted',
    blame: 'external',
    retry: 'never',
  },
  FOREIGN_RUN: {
    text: 'checkpoint {checkpoint} of job {job} refers to {path}, which is not a run of this job',
    hint: 'after a restore from a savepoint the first snapshot must be a new base',
    blame: 'internal',
    retry: 'never',
  },
  RUN_MISSING: {
    text: 'checkpoint {checkpoint} of job {job} refers to {path}, which has {found} bytes instead of {expected}',
    hint: 'the checkpoint is declined; check that all TaskManagers write to the same storage as the JobManager',
    blame: 'external',
    retry: 'backoff',
  },
  NO_SNAPSHOT: {
    text: 'there is no snapshot at {where}',
    hint: 'give the directory of a savepoint or of a checkpoint (chk-N); millrace savepoint list DIRECTORY shows those there are',
    blame: 'user',
    retry: 'never',
  },
  TARGET_TAKEN: {
    text: 'there is something at {where} already',
    hint: 'give a directory that does not exist yet',
    blame: 'user',
    retry: 'never',
  },
  NOT_A_SAVEPOINT: {
    text: '{where} is a checkpoint, not a savepoint: its files belong to job {job}',
    hint: 'checkpoints are deleted by their job; only savepoints are disposed of by hand',
    blame: 'user',
    retry: 'never',
  },
  STATE_LOST: {
    text: 'the restore would lose state: {states}',
    hint: 'give the operators their uids back (or say what they were: was), or allow the loss with --allowNonRestoredState; millrace build JOB --check SAVEPOINT shows what becomes of each state',
    blame: 'user',
    retry: 'never',
  },
  OTHER_JOB: {
    text: "the snapshot is of job '{job}', and nothing of it is found in '{plan}'",
    hint: 'check the path (millrace savepoint list shows whose they are); to start this job with none of its state leave --fromSavepoint out',
    blame: 'user',
    retry: 'never',
  },
  AMBIGUOUS_UID: {
    text: "both '{first}' and '{second}' take over what '{uid}' left",
    hint: 'name the former uid (was) in one of them',
    blame: 'user',
    retry: 'never',
  },
  STATE_INCOMPATIBLE: {
    text: 'the restore cannot take over state whose type has changed: {states}',
    hint: 'declare how it migrates (migrate: state.from(Old).to(New, (old) => …), or migrateKey), give it its old type back, or give it another name and drop the old one with --allowNonRestoredState',
    blame: 'user',
    retry: 'never',
  },
})
