/**
 * Sockets. Whoever talks TCP takes a `Network`, so that a test can cut, delay and reorder connections.
 * A listener on port 0 gets a free port; read it from `address()`.
 */
import { connect, createServer, type NetConnectOpts, type Server, type ServerOpts, type Socket } from 'node:net'

export type { AddressInfo, NetConnectOpts, OnReadOpts, Server, ServerOpts, Socket } from 'node:net'

export interface Network {
  createServer(options: ServerOpts, onConnection: (socket: Socket) => void): Server
  connect(options: NetConnectOpts): Socket
}

export const systemNetwork: Network = {
  createServer: (options, onConnection) => createServer(options, onConnection),
  connect: (options) => connect(options),
}
