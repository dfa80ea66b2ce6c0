/** Options that both ends of a connection read. Names are Flink 2's where Flink has the option. */
import { boolean, integer, option, size, text } from '../../core/config/index.ts'

export const rpcAddress = option({
  key: 'jobmanager.rpc.address',
  type: text(),
  default: '127.0.0.1',
  scope: 'cluster',
  doc: 'Host on which the JobManager listens and at which TaskManagers and clients find it.',
})
export const rpcPort = option({
  key: 'jobmanager.rpc.port',
  type: integer({ min: 0, max: 65535 }),
  default: 6123,
  scope: 'cluster',
  doc: 'Port for TaskManagers and clients. 0 takes a free one.',
})
export const rpcAddresses = option({
  key: 'jobmanager.rpc.addresses',
  type: text(),
  scope: 'cluster',
  doc: 'host:port of all JobManagers, separated by commas, where several stand in for each other: TaskManagers find the leader among them. Default: jobmanager.rpc.address and its port.',
})
export const allowInsecure = option({
  key: 'security.allow-insecure',
  type: boolean(),
  default: false,
  scope: 'cluster',
  doc: 'Listen on addresses other than loopback without encryption and authentication.',
})
export const messageBytesMax = option({
  key: 'rpc.max-message-size',
  type: size(),
  default: 64 * 1024 * 1024,
  scope: 'cluster',
  doc: 'Largest message between processes.',
})
