/** What can go wrong with the broker's files, as sentences. What clients see is a Kafka error code beside it. */
import { defineErrors } from '../../core/errors.ts'

export const logErrors = defineErrors('BROKER_LOG', {
  UNKNOWN_CONFIG: { text: 'a topic has no setting called {name}', blame: 'user', retry: 'never' },
  BAD_CONFIG: { text: '{name}: {reason}', blame: 'user', retry: 'never' },
  DIRECTORY_LOCKED: {
    text: 'another broker uses {path} (process {owner})',
    hint: 'Stop it, or give this broker a directory of its own.',
    blame: 'user',
    retry: 'never',
  },
  DIRECTORY_UNUSABLE: {
    text: '{path} cannot be used as the data directory of a broker: {reason}',
    hint: 'It must be a directory that this user may read and write.',
    blame: 'external',
    retry: 'never',
  },
  WRONG_CLUSTER: {
    text: '{path} belongs to the cluster {found}, this broker to {expected}',
    hint: 'Give the broker the directory of its own cluster, or an empty one.',
    blame: 'user',
    retry: 'never',
  },
  NEWER_FORMAT: {
    text: '{path} was written in format {found}; this version reads up to {known}',
    hint: 'Use the version of Millrace that wrote it, or a newer one.',
    blame: 'user',
    retry: 'never',
  },
  BAD_FILE: { text: '{path} is damaged: {reason}', blame: 'external', retry: 'never' },
  DAMAGED_LOG: {
    text: '{path} is damaged at byte {position}, below offset {recoveryPoint} up to which it was synced: {reason}',
    hint: 'Nothing was removed. Records before the damage can be read.',
    blame: 'external',
    retry: 'never',
  },
  TOPIC_EXISTS: { text: '{topic}-{partition} exists with another topic id', blame: 'internal', retry: 'never' },
  CLOSED: { text: 'the log {path} is closed', blame: 'internal', retry: 'never' },
  WRITE_WAITS: {
    text: 'the log {path} takes nothing until the system has room for it: {reason}',
    hint: 'It goes on by itself when there is space on the disk and a descriptor to open files with.',
    blame: 'external',
    retry: 'backoff',
  },
  WRITE_FAILED: {
    text: 'the log {path} takes nothing any more: {reason}',
    hint: 'What is durable can still be read. See to the disk, then restart the broker.',
    blame: 'external',
    retry: 'never',
  },
})
