/** Failures of reading and building batches of records. */
import { defineErrors } from '../../../core/errors.ts'

export const kafkaRecordErrors = defineErrors('KAFKA_RECORDS', {
  TRUNCATED: {
    text: 'a batch of records ends too early: {wanted} bytes at {offset}, {left} are there',
    blame: 'external',
    retry: 'never',
  },
  MALFORMED: {
    text: 'record {index} of a batch is damaged: {problem}',
    blame: 'external',
    retry: 'never',
  },
  INT64_RANGE: {
    text: '{field} of a batch is {value}, which does not fit into a number without loss',
    blame: 'external',
    retry: 'never',
  },
  MAGIC: {
    text: 'records of format {magic} are not served, only format 2',
    hint: 'Use a client that is newer than 2017, or convert the records.',
    blame: 'external',
    retry: 'never',
  },
  UNKNOWN_CODEC: {
    text: 'compression {codec} is not known',
    blame: 'external',
    retry: 'never',
  },
  CORRUPT_COMPRESSION: {
    text: 'records compressed with {codec} cannot be opened: {reason}',
    blame: 'external',
    retry: 'never',
  },
  TOO_LARGE: {
    text: 'records compressed with {codec} open to more than {limitBytes} bytes',
    blame: 'external',
    retry: 'never',
  },
  NO_CODEC: {
    text: 'there is no {codec} for this machine',
    hint: 'Install {library}, or let the clients compress with gzip or zstd.',
    blame: 'external',
    retry: 'never',
  },
})
