/** What can be wrong with the files of keys and certificates of this process. What a peer shows is checked where it is met. */
import { defineErrors } from '../errors.ts'

export const tlsErrors = defineErrors('TLS', {
  NOT_SET: {
    text: '{option} is not set, and {because}',
    hint: 'Keys and certificates: docs/concepts/security.md',
    blame: 'user',
    retry: 'never',
  },
  UNREADABLE: {
    text: '{path} ({option}) cannot be read: {reason}',
    hint: 'The file must exist, and the user of this process must be allowed to read it.',
    blame: 'user',
    retry: 'never',
  },
  BAD_FILE: {
    text: '{path} ({option}) cannot be used: {reason}',
    hint: 'Keys and certificates are PEM. A key must not have a passphrase.',
    blame: 'user',
    retry: 'never',
  },
  KEY_MISMATCH: {
    text: 'the key in {key} does not belong to the certificate in {cert}',
    hint: 'Was one of the two files replaced without the other?',
    blame: 'user',
    retry: 'never',
  },
  EXPIRED: {
    text: 'the certificate in {path} ({option}) expired on {date}',
    hint: 'Renew it. Processes that run take the new file by themselves.',
    blame: 'user',
    retry: 'never',
  },
  NOT_YET_VALID: {
    text: 'the certificate in {path} ({option}) is valid from {date} on, which is in the future',
    hint: 'Look at the clock of this machine.',
    blame: 'user',
    retry: 'never',
  },
  NOT_SIGNED: {
    text: 'the certificate in {cert} is not signed by any of {ca}: no other process would accept it',
    hint: 'A certificate of an intermediate authority belongs behind the own one, in the same file.',
    blame: 'user',
    retry: 'never',
  },
})
