/** Failures of a coordinator as a whole. What one request did wrong is a Kafka error code in its response. */
import { defineErrors } from '../../core/errors.ts'

export const coordinatorErrors = defineErrors('BROKER_COORDINATOR', {
  UNREADABLE: {
    text: 'the log of a coordinator cannot be read at offset {offset}: {why}',
    hint: 'Run `millrace broker verify` on the data directory. Groups or transactions kept in this partition are not served.',
    blame: 'internal',
    retry: 'never',
  },
  UNKNOWN_RECORD: {
    text: 'the record at offset {offset} of {topic} is of version {version}, which this release does not know',
    hint: 'A newer release wrote it. Start that release.',
    blame: 'user',
    retry: 'never',
  },
})
