/** Who may connect, and who may do what. */
import { boolean, duration, oneOf, option, text } from '../../core/config/index.ts'

export const saslMechanismsOption = option({
  key: 'broker.sasl.mechanisms',
  type: text(),
  default: 'SCRAM-SHA-512,SCRAM-SHA-256,PLAIN',
  scope: 'broker',
  doc: 'Mechanisms that SASL listeners accept, with commas: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512.',
})
export const usersFile = option({
  key: 'broker.sasl.users-file',
  type: text(),
  scope: 'broker',
  doc: 'File of users and passwords, one `name=password` a line, `#` before a comment. They may use every mechanism; more users for SCRAM are added by clients (AlterUserScramCredentials).',
})
export const reauthenticateAfter = option({
  key: 'broker.sasl.max-reauth',
  type: duration(),
  default: 0,
  scope: 'broker',
  doc: 'A client has to authenticate again after so long, or its connection is closed. 0: never.',
})
export const failedAuthenticationDelay = option({
  key: 'broker.sasl.failure-delay',
  type: duration(),
  default: 100,
  scope: 'broker',
  doc: 'How late a failed authentication is answered, against guessing.',
})
export const authorizer = option({
  key: 'broker.authorizer',
  type: oneOf(['none', 'acl']),
  default: 'none',
  scope: 'broker',
  doc: 'none: every client may do everything. acl: what no entry allows is refused, but for super users.',
})
export const superUsers = option({
  key: 'broker.super-users',
  type: text(),
  default: '',
  scope: 'broker',
  doc: 'Principals that may do everything, `User:name`, several with semicolons (names of certificates have commas).',
})
export const allowWithoutEntries = option({
  key: 'broker.authorizer.allow-without-acl',
  type: boolean(),
  default: false,
  scope: 'broker',
  doc: 'Whether everybody may use a resource that no entry names.',
})

export const securityOptions = [
  saslMechanismsOption,
  usersFile,
  reauthenticateAfter,
  failedAuthenticationDelay,
  authorizer,
  superUsers,
  allowWithoutEntries,
] as const
