/**
 * What can go wrong with keyed state. Pure data.
 */
import { defineErrors } from '../../core/errors.ts'

export const stateErrors = defineErrors('STATE', {
  MEMORY_FULL: {
    text: 'the keyed state of one subtask is larger than a memory can be (4 GB)',
    hint: 'Raise the parallelism of the operator, or give its state a ttl.',
    blame: 'user',
    retry: 'never',
  },
  WRONG_KEY: {
    text: 'the key {value} is not the declared {expected}',
    hint: 'Correct the type of the key field, or declare the field as what it is.',
    blame: 'user',
    retry: 'never',
  },
  WRONG_VALUE: {
    text: 'state {state} is declared {expected}, and was set to {value}',
    hint: 'Correct the declared type (t.*) of the state, or the function that sets it.',
    blame: 'user',
    retry: 'never',
  },
  NOT_NUMBERS: {
    text: 'aggregate {aggregate} needs numbers in field {field}, which is {actual}',
    hint: 'Aggregate a number field, or write the aggregate as functions.',
    blame: 'user',
    retry: 'never',
  },
  SUM_TOO_LARGE: {
    text: 'the sum of {field} (aggregate {aggregate}) is {value}, more than an int64 holds',
    hint: 'Declare the field as t.float64(): its state is taken over, and sums are rounded instead.',
    blame: 'user',
    retry: 'never',
  },
  MALFORMED: {
    text: 'state {state} cannot be restored: {reason}',
    hint: 'The snapshot is damaged or of another program. Restore an older one.',
    blame: 'external',
    retry: 'never',
  },
  MIGRATION_FAILED: {
    text: 'the migration of state {state} of "{uid}" failed for the key {key}: {reason}',
    hint: 'Correct the function and start again from the same snapshot: nothing in it was changed.',
    blame: 'user',
    retry: 'never',
  },
  MIGRATION_RESULT: {
    text: 'the migration of state {state} of "{uid}" gave something else than it declares for the key {key}: {reason}',
    hint: 'Return a value of the type that .to(…) names, or undefined to drop the entry.',
    blame: 'user',
    retry: 'never',
  },
  KEYS_MEET: {
    text: 'the migration of the keys of "{uid}" makes {key} of two keys: {first} and {second}',
    hint: 'Keys are migrated one to one: there is no telling which state would be right.',
    blame: 'user',
    retry: 'never',
  },
  SNAPSHOT_ABORTED: { text: 'checkpoint {checkpointId} was aborted', blame: 'internal', retry: 'never' },
  CLOSED: {
    text: 'the operator was closed while {work}',
    blame: 'internal',
    retry: 'never',
  },
  ROCKSDB_ABSENT: {
    text: 'RocksDB cannot be loaded on {platform}: {reason}',
    hint: 'Install the optional dependency @nxtedition/rocksdb (built for linux-x64 with glibc and darwin-arm64), or set state.backend.type: hashmap.',
    blame: 'user',
    retry: 'never',
  },
  ROCKSDB_FAILED: {
    text: 'RocksDB failed in {directory}: {reason}',
    hint: 'Look at the space and the permissions of taskmanager.state.dir. The state itself is in the checkpoints.',
    blame: 'external',
    retry: 'backoff',
  },
  NO_TARGET: {
    text: 'checkpoint {checkpointId} was asked for, but there is no place for checkpoints',
    hint: 'Set execution.checkpointing.dir.',
    blame: 'user',
    retry: 'never',
  },
})
