/** What can be wrong with the settings of access. */
import { defineErrors } from '../../core/errors.ts'

export const securityErrors = defineErrors('BROKER_SECURITY', {
  USERS_FILE: {
    text: 'cannot read the users of {path}: {reason}',
    hint: 'It is a text file of lines name=password.',
    blame: 'user',
    retry: 'never',
  },
  USERS_LINE: {
    text: '{path}:{line} is not a user: {reason}',
    hint: 'Write name=password, one a line; lines that begin with # are comments.',
    blame: 'user',
    retry: 'never',
  },
  BAD_MECHANISM: {
    text: '{mechanism} is not a mechanism of SASL that is known here',
    hint: 'Known are PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512 (broker.sasl.mechanisms).',
    blame: 'user',
    retry: 'never',
  },
  BAD_PRINCIPAL: {
    text: '{principal} is not a principal',
    hint: 'Write User:name, several with semicolons (broker.super-users).',
    blame: 'user',
    retry: 'never',
  },
  NO_USERS: {
    text: 'the listener {listener} wants SASL, and there is no user',
    hint: 'Name a file of users: broker.sasl.users-file.',
    blame: 'user',
    retry: 'never',
  },
})
