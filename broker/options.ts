/** Options of the broker. Those of topics are defaults: a topic may have its own (metadata/topic-configs.ts). */
import { boolean, duration, integer, oneOf, option, size, text } from '../core/config/index.ts'

const mb = 1024 * 1024

export const brokerId = option({
  key: 'broker.id',
  type: integer({ min: 0, max: 0x7fff_ffff }),
  default: 1,
  scope: 'broker',
  doc: 'Number of this broker, as clients see it. It stays with the data directory.',
})
export const clusterId = option({
  key: 'broker.cluster-id',
  type: text(),
  scope: 'broker',
  doc: 'Id of the cluster. Default: that of the data directory, or a new one. Another one than that of the data directory stops the start.',
})
export const dataDirectory = option({
  key: 'broker.data-dir',
  type: text(),
  default: '.millrace/broker',
  scope: 'broker',
  doc: 'Directory of the log. One broker at a time uses it.',
})
export const listeners = option({
  key: 'broker.listeners',
  type: text(),
  default: 'PLAINTEXT://127.0.0.1:9092',
  scope: 'broker',
  doc: 'Where clients connect: `[NAME=]PROTOCOL://host:port`, several with commas. Protocols: PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL. Port 0 takes a free one.',
})
export const advertisedListeners = option({
  key: 'broker.advertised-listeners',
  type: text(),
  default: '',
  scope: 'broker',
  doc: 'Addresses that clients are told, `NAME://host:port` by the name of the listener, several with commas. Default: where it listens.',
})
export const allowInsecure = option({
  key: 'broker.listener.allow-insecure',
  type: boolean(),
  default: false,
  scope: 'broker',
  doc: 'Listen on addresses that others reach without TLS and authentication.',
})
export const tlsKey = option({
  key: 'broker.tls.key',
  type: text(),
  scope: 'broker',
  doc: 'File of the private key, PEM.',
})
export const tlsCert = option({
  key: 'broker.tls.cert',
  type: text(),
  scope: 'broker',
  doc: 'File of the certificate and its chain, PEM.',
})
export const tlsCa = option({
  key: 'broker.tls.ca',
  type: text(),
  scope: 'broker',
  doc: 'File of the certificates that sign those of clients, PEM.',
})
export const tlsClients = option({
  key: 'broker.tls.client-auth',
  type: oneOf(['none', 'requested', 'required']),
  default: 'none',
  scope: 'broker',
  doc: 'Whether clients show a certificate. With SSL listeners its name is the principal.',
})
export const connectionsMax = option({
  key: 'broker.connections.max',
  type: integer({ min: 1 }),
  default: 20_000,
  scope: 'broker',
  doc: 'Connections at a time; more are closed at once. Where the process may have few files open (ulimit -n), fewer: segment files keep their share.',
})
export const connectionsPerAddressMax = option({
  key: 'broker.connections.max-per-ip',
  type: integer({ min: 1 }),
  default: 20_000,
  scope: 'broker',
  doc: 'Connections at a time from one address.',
})
export const idleTimeout = option({
  key: 'broker.connections.max-idle',
  type: duration(),
  default: 10 * 60_000,
  scope: 'broker',
  doc: 'A connection that says nothing for so long is closed.',
})
export const writeTimeout = option({
  key: 'broker.connections.write-timeout',
  type: duration(),
  default: 60_000,
  scope: 'broker',
  doc: 'A client that takes nothing of its responses for so long is closed.',
})
export const requestTimeout = option({
  key: 'broker.connections.request-timeout',
  type: duration(),
  default: 30_000,
  scope: 'broker',
  doc: 'A client that does not send the rest of a request for so long, and a second more for each 64 KB of it, is closed.',
})
export const authenticationTimeout = option({
  key: 'broker.connections.authentication-timeout',
  type: duration(),
  default: 30_000,
  scope: 'broker',
  doc: 'Where clients log in, one that has not after so long is closed. A TLS handshake has ten seconds.',
})
export const requestBytesMax = option({
  key: 'broker.request.max-size',
  type: size(),
  default: 100 * mb,
  scope: 'broker',
  doc: 'Largest request.',
})
export const heldBytesMax = option({
  key: 'broker.request.queued-max-size',
  type: size(),
  default: 512 * mb,
  scope: 'broker',
  doc: 'Bytes that requests in work and responses on their way may hold; beyond it connections are not read from.',
})
export const fetchBytesMax = option({
  key: 'broker.fetch.max-size',
  type: size(),
  default: 55 * mb,
  scope: 'broker',
  doc: 'Largest response to a Fetch, but for a single batch that is larger.',
})
export const fetchSessionsMax = option({
  key: 'broker.fetch.max-sessions',
  type: integer({ min: 0 }),
  default: 1000,
  scope: 'broker',
  doc: 'Incremental fetch sessions that are kept. Clients without one send all their partitions with each Fetch.',
})
export const autoCreateTopics = option({
  key: 'broker.topics.auto-create',
  type: boolean(),
  default: true,
  scope: 'broker',
  doc: 'Make topics that clients ask for by name.',
})
export const defaultPartitions = option({
  key: 'broker.topics.default-partitions',
  type: integer({ min: 1, max: 10_000 }),
  default: 1,
  scope: 'broker',
  doc: 'Partitions of a topic that names no number.',
})
export const topicsMax = option({
  key: 'broker.topics.max',
  type: integer({ min: 1 }),
  default: 10_000,
  scope: 'broker',
  doc: 'Topics that this broker keeps.',
})
export const partitionsMax = option({
  key: 'broker.partitions.max',
  type: integer({ min: 1 }),
  default: 20_000,
  scope: 'broker',
  doc: 'Partitions that this broker keeps, of all topics.',
})
export const shutdownTimeout = option({
  key: 'broker.shutdown.timeout',
  type: duration(),
  default: 5_000,
  scope: 'broker',
  doc: 'How long requests that have begun may take when the broker stops.',
})

export const brokerOptions = [
  brokerId,
  clusterId,
  dataDirectory,
  listeners,
  advertisedListeners,
  allowInsecure,
  tlsKey,
  tlsCert,
  tlsCa,
  tlsClients,
  connectionsMax,
  connectionsPerAddressMax,
  idleTimeout,
  writeTimeout,
  requestTimeout,
  authenticationTimeout,
  requestBytesMax,
  heldBytesMax,
  fetchBytesMax,
  fetchSessionsMax,
  autoCreateTopics,
  defaultPartitions,
  topicsMax,
  partitionsMax,
  shutdownTimeout,
] as const
