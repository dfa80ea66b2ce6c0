/**
 * Options of Kafka clients: of the verbs that talk to a broker, and (where the brokers are) of jobs. The file, the
 * environment and flags set them; see connect.ts.
 */
import { boolean, oneOf, option, text } from '../../core/config/index.ts'

export const kafkaBrokers = option({
  key: 'kafka.brokers',
  type: text(),
  default: '127.0.0.1:9092',
  scope: 'job',
  doc: 'Brokers of `source.kafka` and `sink.kafka` that name none (a job has no default), and of `topic`, `produce`, `consume`, `groups`: `host:port`, several with commas.',
})
export const kafkaTls = option({
  key: 'kafka.tls',
  type: boolean(),
  default: false,
  scope: 'client',
  doc: 'Talk TLS to the brokers. Naming one of the files below turns it on, too.',
})
export const kafkaTlsCa = option({
  key: 'kafka.tls.ca',
  type: text(),
  scope: 'client',
  doc: 'File of the certificates that sign those of the brokers, PEM. Default: the well-known ones.',
})
export const kafkaTlsCert = option({
  key: 'kafka.tls.cert',
  type: text(),
  scope: 'client',
  doc: 'File of the certificate of the client, PEM.',
})
export const kafkaTlsKey = option({
  key: 'kafka.tls.key',
  type: text(),
  scope: 'client',
  doc: 'File of the private key of the client, PEM.',
})
export const kafkaSaslMechanism = option({
  key: 'kafka.sasl.mechanism',
  type: oneOf(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']),
  default: 'SCRAM-SHA-512',
  scope: 'client',
  doc: 'How a client logs in that has a user.',
})
export const kafkaSaslUsername = option({
  key: 'kafka.sasl.username',
  type: text(),
  scope: 'client',
  doc: 'User of the client. Without one it does not log in.',
})
export const kafkaSaslPassword = option({
  key: 'kafka.sasl.password',
  type: text(),
  scope: 'client',
  doc: 'Password of the user. Better in a file than on a command line, which others can see.',
})

export const kafkaClientOptions = [
  kafkaBrokers,
  kafkaTls,
  kafkaTlsCa,
  kafkaTlsCert,
  kafkaTlsKey,
  kafkaSaslMechanism,
  kafkaSaslUsername,
  kafkaSaslPassword,
] as const
